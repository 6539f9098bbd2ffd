"""Handing over opens a ticket with the conversation in it."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import select
from sqlalchemy.engine import URL

from actions.handoff import ActionHumanHandoff
from shop.database import open_session
from shop.models import Ticket

EVENTS = [
    {"event": "action", "name": "action_listen"},
    {"event": "user", "text": "my lamp is broken"},
    {"event": "bot", "text": "Shall I pass you on to a person?"},
    {"event": "slot", "name": "email", "value": None},
    {"event": "user", "text": "yes please"},
]


def hand_over(before: Sequence[dict[str, Any]] = (), **slots: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The events that the action returns and the one message that it says."""
    tracker = Tracker("chat-7", slots, {"text": "yes please"}, [*before, *EVENTS], False, None, {}, "action_listen")
    dispatcher = CollectingDispatcher()
    events = asyncio.run(ActionHumanHandoff().run(dispatcher, tracker, {}))
    assert len(dispatcher.messages) == 1
    return events, dispatcher.messages[0]


def test_the_ticket_holds_the_conversation_and_its_number_is_told(empty_tickets: URL) -> None:
    events, message = hand_over()
    assert message["response"] == "utter_handoff"
    assert events[0]["name"] == "ticket_number" and events[0]["value"] == message["ticket"]
    with open_session() as session:
        ticket = session.execute(select(Ticket)).scalar_one()
        assert ticket.conversation_id == "chat-7"
        assert ticket.transcript.splitlines() == [
            "Customer: my lamp is broken",
            "Fern: Shall I pass you on to a person?",
            "Customer: yes please",
        ]


def test_a_known_email_is_where_the_answer_goes(empty_tickets: URL) -> None:
    said = {"event": "user", "text": "I'm ada.byrne@example.com and this is 10432"}
    _, message = hand_over(before=[said], order_number="10432")
    assert message["response"] == "utter_handoff_by_email"
    assert message["email"] == "ada.byrne@example.com"


@pytest.mark.parametrize("email", ["jo@mail.firm.co.uk", "bob@firm.com.au", "e_in@firm.com"])
def test_an_answer_goes_to_the_address_as_it_was_typed(empty_tickets: URL, email: str) -> None:
    said = {"event": "user", "text": f"a person please, write to {email}"}
    _, message = hand_over(before=[said], email=email.rpartition(".")[0])  # as NLU may mark it
    assert message["email"] == email
    with open_session() as session:
        assert session.execute(select(Ticket.email)).scalar_one() == email


@pytest.mark.parametrize("text", ["hold on", "idk", "is that right?", "hmm ok wait", "yes but not now", "why"])
def test_a_hesitation_after_the_offer_opens_no_ticket_and_the_offer_stands(empty_tickets: URL, text: str) -> None:
    heard = {"text": text, "intent": {"name": "affirm", "confidence": 0.97}, "entities": []}
    tracker = Tracker("chat-7", {}, heard, EVENTS, False, None, {}, "action_listen")
    dispatcher = CollectingDispatcher()
    events = asyncio.run(ActionHumanHandoff().run(dispatcher, tracker, {}))
    assert [message["response"] for message in dispatcher.messages] == ["utter_offer_stands"]
    assert [(event["name"], event["value"]) for event in events] == [("offer", "human_handoff")]
    with open_session() as session:
        assert session.execute(select(Ticket)).first() is None


def test_asking_twice_gives_the_same_number(empty_tickets: URL) -> None:
    _, first = hand_over()
    _, second = hand_over()
    assert second["response"] == "utter_handoff_again"
    assert second["ticket"] == first["ticket"]


def test_a_ticket_that_cannot_be_opened_is_told_with_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/at/all.db")
    events, message = hand_over()
    assert message["response"] == "utter_handoff_unavailable"
    assert events == []


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("can I talk to a person please", True),
        ("get me your manager NOW", True),
        ("open a ticket for me", True),
        ("please ring me on 07700 900325", True),
        ("", True),  # the button
        ("phone number", False),
        ("would I get an agent? not that I need one", False),
        ("somebody ought to phone me, no, leave it", False),
        ("the lid is loose and don't give me a human", False),
        ("useless", False),
        ("I must ring my sister before I decide", False),
        ("let me ask the children", False),
        ("I'll talk it over with him tonight", False),
        ("speak to someone at home", False),
        ("is somebody going to ring me or is it just mails?", False),
        ("call the manager", True),
        ("I want to speak with an agent", True),
    ],
)
def test_a_ticket_is_opened_at_once_only_where_a_person_is_asked_for_plainly(
    empty_tickets: URL, text: str, plain: bool
) -> None:
    heard = {"text": text, "intent": {"name": "human_handoff", "confidence": 0.97}, "entities": []}
    tracker = Tracker("chat-7", {}, heard, [], False, None, {}, "action_listen")
    dispatcher = CollectingDispatcher()
    events = asyncio.run(ActionHumanHandoff().run(dispatcher, tracker, {}))
    assert (dispatcher.messages[0]["response"] == "utter_handoff") is plain
    assert plain or "ticket_number" not in {event["name"] for event in events}
