"""A refusal of a thing is not a request for it."""

import pytest
from sqlalchemy.engine import URL

from actions.refusals import REFUSABLE, disowns
from parlance.actions.refusals import is_refusal

from .dialogue import DOMAIN, Chat


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("no, I don't want to talk to a person", "human_handoff"),
        ("not a human please", "human_handoff"),
        ("no agent, thanks", "human_handoff"),
        ("I dont need somebody to contact me", "human_handoff"),
        ("please don’t cancel it", "cancel_order"),
        ("I do not want to cancel my order", "cancel_order"),
        ("never asked you to cancel", "cancel_order"),
        ("don't delete my account", "delete_data"),
        ("I won't be returning it", "start_return"),
        ("don't swap it", "exchange_item"),
        ("no need to chase it", "parcel_missing"),
    ],
)
def test_what_is_refused_is_not_asked_for(text: str, intent: str) -> None:
    assert is_refusal(text, intent)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("I want a person, not a bot", "human_handoff"),
        ("I'm not happy, get me a human", "human_handoff"),
        ("I don't want a bot, I want a person", "human_handoff"),
        ("can I not just talk to someone", "human_handoff"),
        ("I don't want it anymore, cancel it", "cancel_order"),
        ("it did not arrive so cancel it", "cancel_order"),
        ("don't send it, cancel the order", "cancel_order"),
        ("I don't like the rug, can I return it", "start_return"),
        ("it's not what I ordered and I want to send it back", "start_return"),
        ("not the blue one. delete my account", "delete_data"),
        ("", "cancel_order"),
        ("don't find it", "order_status"),
    ],
)
def test_what_is_asked_for_is_no_refusal(text: str, intent: str) -> None:
    assert not is_refusal(text, intent)


def test_the_intents_are_fern_s() -> None:
    assert REFUSABLE.keys() <= set(DOMAIN["intents"])


def test_a_refused_person_gets_no_ticket(own_shop: URL) -> None:
    chat = Chat()
    assert chat.say("no I don't want to talk to a person", "human_handoff") == ["utter_not_wanted"]
    assert chat.slots["ticket_number"] is None


@pytest.mark.parametrize(("text", "intent"), [("don't cancel it", "cancel_order"), ("don't return it", "start_return")])
def test_a_refused_act_opens_no_form(own_shop: URL, text: str, intent: str) -> None:
    chat = Chat()
    assert chat.say(text, intent) == ["utter_not_wanted"]
    assert chat.form is None and chat.slots["form_ended"] is None


@pytest.mark.parametrize(
    ("text", "is_other"),
    [
        ("that wasn't me", True), ("no, it was not me!", True), ("I\N{RIGHT SINGLE QUOTATION MARK}m not Ada", True),
        ("hang on i am not ada", True), ("you've got the wrong person", True), ("that isn't me", True),
        ("no", False), ("no that's not it", False), ("it's not meant for you", False), ("I'm not adamant", False),
        ("i'm not happy", False), ("wasn't medium", False), ("not me, thanks", False), ("the wrong lamp came", False),
    ],
)  # fmt: skip
def test_who_says_that_they_are_somebody_else_is_understood(text: str, is_other: bool) -> None:
    assert disowns(text, "Ada") is is_other
