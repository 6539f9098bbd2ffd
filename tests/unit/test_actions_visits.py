"""One customer after another in one conversation: nothing of the first is left for the second."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from sqlalchemy import select
from sqlalchemy.engine import URL

from actions.customers import Proof, known_customer, proof_of
from actions.handoff import ActionHumanHandoff
from parlance.actions.action import Action
from parlance.actions.messages import transcript
from shop.database import open_session
from shop.identity import mint
from shop.models import OneTimeCode, Ticket, utc_now
from shop.recognition import LIFETIME_S, recognition_in, sign
from tests.unit.dialogue import Chat, recognised_as, registered_actions, sent_code

ADA, TOM = "ada.byrne@example.com", "tom.okafor@example.com"
STRANGER = "works.here@example.org"
SHE_SAID = "my daughter is ill and I need the lamp by friday"


@pytest.fixture(autouse=True)
def secrets(empty_tickets: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_SECRET", "a secret that is good for tests alone, 32 bytes")
    monkeypatch.setenv("SHOP_SECRET", "a secret of the shop that is good for tests alone")


def token(email: str, seconds: float = 60) -> str:
    made = mint(email, "", "test", seconds)
    assert made
    return made


def by_token(chat: Chat) -> None:
    chat.token = token(ADA)
    chat.say("how many points have I got", "loyalty_points")


def by_order(chat: Chat) -> None:
    chat.say(f"how many points have I got, 10433 {ADA}", "loyalty_points")


def by_code(chat: Chat) -> None:
    by_order(chat)
    chat.say("send me all my data", "export_data")
    assert chat.say(sent_code()) == ["utter_confirm_export"]
    assert chat.ask("affirm") == ["utter_export_done"]


WAYS = pytest.mark.parametrize("way", [by_token, by_order, by_code], ids=lambda way: way.__name__)


def adas(way: Callable[[Chat], None]) -> Chat:
    """A conversation with Ada, who has orders listed, likes, a story and an open question."""
    chat = Chat()
    way(chat)
    assert chat.customer.email == ADA
    chat.say("call me Lady Byrne, keep it formal", "set_preference", call_me="Lady Byrne", tone="formal")
    chat.say("what have I ordered", "list_orders")
    chat.say(SHE_SAID, "inform")
    chat.say("cancel 10434", "cancel_order", order_number="10434")
    assert chat.form == "cancel_form" and chat.slots["consent"]
    return chat


def next_is_tom(chat: Chat) -> None:
    chat.token = token(TOM)


def next_is_a_stranger(chat: Chat) -> None:
    chat.token = token(STRANGER)


def next_is_nobody(chat: Chat) -> None:
    chat.token = ""


def next_has_run_out(chat: Chat) -> None:
    chat.token = token(ADA, seconds=-1)


def what_is_left(chat: Chat) -> str:
    """All that an action of the next message could read."""
    return repr((chat.slots, chat.tracker().active_loop))


@WAYS
def test_the_next_customer_finds_nothing_of_the_first(way: Callable[[Chat], None]) -> None:
    chat = adas(way)
    next_is_tom(chat)
    assert chat.say("what have I ordered", "list_orders")[0] != "utter_orders_none"
    assert chat.customer.email == chat.slots["email"] == TOM
    assert chat.form is None
    assert "10434" not in repr(chat.said) and "10434" not in what_is_left(chat) and ADA not in what_is_left(chat)
    assert all(chat.slots[slot] is None for slot in ("consent", "order_number", "tone", "one_time_code", "offer"))


@WAYS
@pytest.mark.parametrize("yes", ["yes", "button"])
def test_the_next_customers_yes_is_not_to_the_firsts_question(way: Callable[[Chat], None], yes: str) -> None:
    chat = adas(way)
    button = f'/affirm{{"confirmation": "{chat.slots["consent"]["id"]}"}}'
    next_is_tom(chat)
    details = {} if yes == "yes" else {"confirmation": chat.slots["consent"]["id"]}
    assert chat.say("yes" if yes == "yes" else button, "affirm", **details) == ["utter_what_else"]
    assert chat.form is None and known_customer(chat.tracker()) is None  # nothing has asked who Tom is so far
    assert chat.say("how many points", "loyalty_points") and chat.customer.email == TOM


@WAYS
def test_the_next_customers_ticket_holds_nothing_of_the_first(way: Callable[[Chat], None]) -> None:
    chat = adas(way)
    next_is_tom(chat)
    chat.say("hello, I am new here", "greet")
    chat.say("get me a person", "human_handoff")
    with open_session() as session:
        ticket = session.execute(select(Ticket)).scalar_one()
        assert SHE_SAID not in ticket.transcript and ADA not in ticket.transcript
        assert "hello, I am new here" in ticket.transcript and "get me a person" in ticket.transcript
        assert ticket.email in ("", TOM) and ticket.order_number in ("", None)


@pytest.mark.parametrize("first", [next_is_tom, next_is_a_stranger, next_is_nobody, next_has_run_out])
def test_a_ticket_opened_at_once_holds_nothing_of_the_first(first: Callable[[Chat], None]) -> None:
    chat = adas(by_token)
    first(chat)
    chat.say("a person please", "human_handoff")
    with open_session() as session:
        ticket = session.execute(select(Ticket)).scalar_one()
        assert (ticket.transcript, ticket.email) == ("Customer: a person please", "")


@pytest.mark.parametrize("then", [next_is_nobody, next_has_run_out, next_is_a_stranger])
def test_who_is_not_signed_in_any_more_is_nobody(then: Callable[[Chat], None]) -> None:
    chat = adas(by_token)
    then(chat)
    assert chat.say("what have I ordered", "list_orders") == ["utter_ask_order_number"]
    assert ADA not in what_is_left(chat) and "10434" not in what_is_left(chat)


def test_a_form_that_the_first_left_open_gives_way_to_what_the_next_asks_for() -> None:
    chat = adas(by_token)
    next_is_nobody(chat)
    assert chat.say("where is my parcel", "order_status") == ["utter_ask_order_number"]
    assert (chat.form, chat.slots["request"]) == ("order_form", "order_status")
    chat = adas(by_token)
    next_is_tom(chat)
    assert "10434" not in repr([chat.say("cancel my order", "cancel_order"), chat.said])


def test_signing_in_as_the_same_customer_keeps_everything() -> None:
    chat = adas(by_order)
    chat.token = token(ADA)
    assert chat.customer.email == ADA
    assert chat.say("yes", "affirm") == ["utter_cancel_refunded"]


def test_a_visitor_who_signs_in_keeps_what_they_said_before() -> None:
    chat = Chat()
    chat.say(SHE_SAID, "inform")
    chat.say("keep it short", "set_preference", tone="short")
    chat.token = token(TOM)
    chat.say("how many points", "loyalty_points")
    assert chat.slots["tone"] == "short" and SHE_SAID in transcript(chat.tracker())


def test_a_channels_user_who_is_no_customer_can_be_recognised_by_an_order() -> None:
    chat = Chat(token=token(STRANGER))
    by_order(chat)
    chat.token = token(STRANGER, seconds=50)
    assert chat.say("how many points now", "loyalty_points") == ["utter_loyalty"]
    assert chat.customer.email == ADA


def test_a_code_proves_nothing_for_who_comes_after_a_farewell() -> None:
    chat = Chat()
    by_code(chat)
    assert chat.say("log me out", "log_out") == ["utter_logged_out"]
    by_order(chat)  # what stands on a parcel's label
    assert chat.customer.email == ADA
    assert chat.say("send me all my data", "export_data") == ["utter_ask_one_time_code"]


@pytest.mark.parametrize("said", ["that wasn't me", "I'm not Ada"])
@pytest.mark.parametrize("way", [by_order, by_code], ids=lambda way: way.__name__)
def test_who_is_not_the_customer_is_logged_out_whatever_is_asked(way: Callable[[Chat], None], said: str) -> None:
    chat = adas(way)  # who is asked whether to cancel
    assert chat.say(said, "deny") == ["utter_logged_out"]
    assert chat.form is None and ADA not in what_is_left(chat) and "10434" not in what_is_left(chat)
    assert chat.say("what have I ordered", "list_orders") == ["utter_ask_order_number"]


def test_who_is_not_the_customer_is_logged_out_once_outside_of_a_form() -> None:
    chat = Chat()
    by_order(chat)
    assert chat.say("that wasn't me", "deny") == ["utter_logged_out"]
    assert chat.slots["customer"] is None


def test_a_change_of_the_name_keeps_the_proof() -> None:
    chat = Chat()
    by_code(chat)
    before = recognition_in(chat.slots["customer"], chat.sender)
    chat.given({event["name"]: event["value"] for event in chat.customer.remembered(chat.tracker())})
    after = recognition_in(chat.slots["customer"], chat.sender)
    assert before and after and before.since == after.since
    assert asyncio.run(proof_of(chat.tracker(), chat.customer)) is Proof.CODE


@pytest.mark.parametrize(("intent", "response"), [("start_over", "utter_start_over"), ("log_out", "utter_logged_out")])
def test_a_farewell_leaves_nothing_in_a_later_ticket(intent: str, response: str) -> None:
    chat = adas(by_order)
    assert chat.say("that was all, log me out", intent) == [response]
    assert chat.form is None and ADA not in what_is_left(chat)
    chat.say("a person please", "human_handoff")
    with open_session() as session:
        assert session.execute(select(Ticket.transcript)).scalar_one().splitlines()[-1] == "Customer: a person please"
        assert SHE_SAID not in session.execute(select(Ticket.transcript)).scalar_one()


def test_who_is_signed_in_is_told_where_to_sign_out() -> None:
    chat = adas(by_token)
    assert chat.say("log out", "log_out") == ["utter_logged_out_signed_in"]
    assert chat.slots["customer"] is None


def test_every_action_begins_with_the_visit() -> None:
    for name, action in registered_actions().items():
        assert hasattr(type(action).run, "__wrapped__"), f"{name} is run without a look at who is there: {Action}"


# The token in the slot ------------------------------------------------------------------------------------------------


def forged(**claims: Any) -> str:
    kept = {"aud": "conversation", "sub": "1", "conversation": "chat-1", "first_name": "A", "email": ADA}
    all_claims = {**kept, "signed_in": "", "since": 0.0, "exp": int(time.time() + 60), **claims}
    return jwt.encode(all_claims, "a secret that somebody else has made up", algorithm="HS256")


NOT_SIGNED = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"


@pytest.mark.parametrize(
    "slot",
    [
        lambda: {"id": 1, "first_name": "Ada", "email": ADA},
        lambda: 1,
        lambda: "1",
        lambda: [ADA],
        forged,
        lambda: f"{NOT_SIGNED}.{forged().split('.')[1]}.",
        lambda: token(ADA),  # a token for signing in is none for the slot
        lambda: recognised_as(ADA, "chat-2"),
        lambda: recognised_as(ADA, seconds=-1),
        lambda: recognised_as(ADA, signed_in=ADA),  # and nobody is signed in
    ],
    ids=["dict", "number", "text", "list", "forged", "unsigned", "identity", "elsewhere", "expired", "signed_out"],
)
def test_a_slot_that_proves_nothing_is_nobody(slot: Callable[[], Any]) -> None:
    chat = Chat(customer=slot(), email=ADA)
    assert chat.say("what have I ordered", "list_orders") == ["utter_ask_order_number"]
    assert known_customer(chat.tracker()) is None
    for name, action in registered_actions().items():
        if name in ("action_export_data", "action_loyalty_points", "action_delete_data"):
            chat = Chat(customer=slot(), email=ADA, confirmed=True).hears("yes", "affirm")  # type: ignore[assignment]
            assert chat.runs(action) == ["utter_offer_person"], name


def test_a_token_of_the_slot_is_no_token_for_signing_in() -> None:
    chat = Chat(token=recognised_as(ADA))
    assert chat.say("what have I ordered", "list_orders") == ["utter_ask_order_number"]


def test_a_token_is_good_as_long_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    made = recognised_as(ADA)
    claims = jwt.decode(made, options={"verify_signature": False})
    assert LIFETIME_S - 60 < claims["exp"] - time.time() <= LIFETIME_S
    known = recognition_in(made, "chat-1")
    assert known and sign(known, "chat-1") and recognition_in(made, "chat-2") is None
    monkeypatch.setenv("SHOP_SECRET", "another secret of the shop, as long as the first")
    assert recognition_in(made, "chat-1") is None


def test_a_secret_that_cannot_be_used_makes_everybody_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = Chat(customer=recognised_as(ADA))
    monkeypatch.setenv("SHOP_SECRET", "short")
    assert known_customer(chat.tracker()) is None


def test_an_old_proof_is_none_for_a_later_recognition() -> None:
    chat = Chat()
    by_code(chat)
    with open_session() as session:
        assert session.execute(select(OneTimeCode.used_at)).scalar_one() <= utc_now()
    chat.given({"customer": recognised_as(ADA, since=time.time() + 1)})
    assert chat.say("send me all my data", "export_data") == ["utter_ask_one_time_code"]


def test_the_handoff_of_a_stranger_takes_no_address_from_the_first() -> None:
    chat = adas(by_order)
    next_is_tom(chat)
    chat.hears("a person", "human_handoff")
    assert chat.runs(ActionHumanHandoff()) in (["utter_handoff"], ["utter_handoff_by_email"])
    assert chat.slots["email"] != ADA
