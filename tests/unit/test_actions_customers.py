"""Who Fern is talking to: by an order and its e-mail address, or by the channel's signed token."""

import asyncio
from collections.abc import Iterator

import pytest
from rasa_sdk import Tracker
from sqlalchemy.engine import URL

from actions.conversation import ActionGreet, ActionRepeat, ActionStartOver
from actions.customers import recognise, recognise_if_possible
from actions.memory import ActionSetPreference
from actions.orders import ValidateAccountForm
from parlance.actions.offers import ActionAccept
from shop import preferences
from shop.customers import customer_by_email
from shop.database import open_session
from shop.errors import ShopUnavailable
from shop.identity import mint
from shop.preferences import Preferences
from shop.recognition import Recognition, sign
from tests.unit.dialogue import Conversation

ADA = "ada.byrne@example.com"
NOWHERE = "sqlite:////nowhere/at/all.db"


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch, empty_tickets: URL) -> Iterator[None]:
    monkeypatch.setenv("IDENTITY_SECRET", "a secret that is good for tests alone, 32 bytes")
    yield


def token(email: str = ADA, seconds: float = 60) -> str:
    made = mint(email, "Ada Byrne", "test", seconds)
    assert made
    return made


def remembered(email: str = ADA) -> Preferences:
    with open_session() as session:
        customer = customer_by_email(session, email)
        assert customer
        return preferences.of(session, customer.id)


def remember(**changes: object) -> None:
    with open_session() as session:
        customer = customer_by_email(session, ADA)
        assert customer
        preferences.remember(session, customer.id, **changes)  # type: ignore[arg-type]


def test_an_order_and_its_email_prove_who_it_is() -> None:
    chat = Conversation()
    chat.hears("my points please", "loyalty_points").fills(ValidateAccountForm())
    assert chat.slots["requested_slot"] == "order_number"
    assert chat.hears("10432").fills(ValidateAccountForm()) == []
    assert chat.slots["requested_slot"] == "email"
    assert chat.hears("ada at example dot com").fills(ValidateAccountForm()) == ["utter_order_not_matched"]
    assert chat.hears("sorry, ada.byrne@example.com").fills(ValidateAccountForm()) == []
    assert chat.form is None
    assert chat.customer.first_name == "Ada" and chat.slots["email"] == ADA


def test_a_wrong_pair_reveals_nothing_and_a_corrected_number_is_tried_with_the_same_email() -> None:
    said = []
    for number in ("99999", "10422"):  # no such order; somebody else's
        chat = Conversation(sender=f"chat-{number}")
        chat.hears("points", "loyalty_points").fills(ValidateAccountForm())
        said.append((chat.hears(f"{number} {ADA}").fills(ValidateAccountForm()), chat.slots["customer"]))
    assert said[0] == said[1] == (["utter_order_not_matched"], None)
    assert chat.hears("10432 then").fills(ValidateAccountForm()) == ["utter_order_number_changed"]
    assert chat.customer.email == ADA


def test_the_third_wrong_pair_offers_a_person() -> None:
    chat = Conversation()
    chat.hears("points", "loyalty_points").fills(ValidateAccountForm())
    said = [chat.hears(f"1042{n} {ADA}").fills(ValidateAccountForm())[-1] for n in (1, 2, 3)]
    assert said == ["utter_order_not_matched", "utter_order_not_matched", "utter_offer_person"]
    assert chat.form is None and chat.slots["offer"] == "human_handoff"


def test_guessing_on_in_new_forms_is_stopped_by_the_shop() -> None:
    said = []
    for _ in range(3):
        chat = Conversation(sender="the same chat")
        chat.hears("points", "loyalty_points").fills(ValidateAccountForm())
        said += [chat.hears(f"1042{n} {ADA}").fills(ValidateAccountForm())[-1] for n in (1, 2)]
    assert said[:5] == ["utter_order_not_matched"] * 5
    assert said[5] == "utter_too_many_attempts"
    assert chat.form is None and chat.slots["customer"] is None and chat.slots["offer"] == "human_handoff"


def test_a_token_of_the_channel_is_enough() -> None:
    chat = Conversation(token=token())
    assert chat.hears("how many points", "loyalty_points").fills(ValidateAccountForm()) == []
    assert chat.form is None and chat.customer.email == ADA


@pytest.mark.parametrize("bad", ["expired", "forged", "unknown"])
def test_a_token_that_is_out_of_date_forged_or_nobodys_is_worth_nothing(bad: str) -> None:
    good = token("nobody@example.com") if bad == "unknown" else token(seconds=-1 if bad == "expired" else 60)
    chat = Conversation(token=good[:-2] + ("AA" if good[-2:] != "AA" else "BB") if bad == "forged" else good)
    chat.hears("how many points", "loyalty_points").fills(ValidateAccountForm())
    assert chat.slots["requested_slot"] == "order_number" and chat.slots["customer"] is None


def test_a_known_customer_is_greeted_by_the_name_and_in_the_tone_that_they_like() -> None:
    chat = Conversation(token=token())
    assert chat.hears("hi", "greet").runs(ActionGreet()) == ["utter_greet_known"]
    assert chat.blank("name") == "Ada"
    remember(call_me="Addie", tone="short")
    chat = Conversation(token=token(), sender="the next day")
    assert chat.hears("hi", "greet").runs(ActionGreet()) == ["utter_greet_known_short"]
    assert chat.blank("name") == "Addie"
    assert chat.slots["tone"] == "short"


def test_what_was_said_before_fern_knew_who_it_is_is_kept_once_it_does() -> None:
    remember(colours=("blue",))
    chat = Conversation()
    chat.hears("I like green, keep it short", "set_preference", ("colour", "green"), ("tone", "short"))
    assert chat.runs(ActionSetPreference()) == ["utter_remembered_here"]
    chat.hears("points", "loyalty_points").fills(ValidateAccountForm())
    chat.hears(f"10432 {ADA}").fills(ValidateAccountForm())
    assert remembered() == Preferences(colours=("blue", "green"), tone="short")
    assert chat.slots["preferences"] is None and chat.slots["tone"] == "short"


def test_starting_over_forgets_who_it_was_and_how_they_like_to_be_talked_to() -> None:
    chat = Conversation(token=token(), tone="formal")
    chat.hears("hi", "greet").runs(ActionGreet())
    chat.given({"tone": "formal", "code": "WELCOME10", "order_number": "10432"})
    chat.hears("start over", "start_over").runs(ActionStartOver())
    assert chat.slots["customer"] is None and chat.slots["tone"] is None
    assert chat.slots["code"] is None and chat.slots["order_number"] is None


def test_who_is_recognised_already_needs_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", NOWHERE)
    known = sign(Recognition(1, "Ada", ADA, signed_in="", since=0.0), "chat")
    tracker = Tracker("chat", {"customer": known}, {}, [], False, None, {}, "")
    customer, events = asyncio.run(recognise(tracker))
    assert customer and customer.id == 1 and events == []


def test_a_database_that_is_down_is_told_or_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", NOWHERE)
    seen = {"event": "user", "text": "hi", "metadata": {"identity_token": token()}}
    tracker = Tracker("chat", {}, {}, [seen], False, None, {}, "")
    with pytest.raises(ShopUnavailable):
        asyncio.run(recognise(tracker))
    assert asyncio.run(recognise_if_possible(tracker)) == []
    chat = Conversation(token=token())
    assert chat.hears("hi", "greet").runs(ActionGreet()) == ["utter_greet"]
    assert chat.hears("points", "loyalty_points").fills(ValidateAccountForm()) == ["utter_unavailable"]
    assert chat.form is None and chat.slots["offer"] == "loyalty_points"


def test_an_offer_that_is_said_again_can_still_be_accepted() -> None:
    chat = Conversation().hears("points", "loyalty_points")
    chat.given({"offer": "loyalty_points"})
    chat.events.append({"event": "bot", "text": "Shall I try again?"})
    chat.hears("what?", "repeat").runs(ActionRepeat())
    assert chat.dispatcher.messages[0]["text"] == "Shall I try again?"
    chat.hears("yes", "affirm").runs(ActionAccept())
    assert [e["parse_data"]["intent"]["name"] for e in chat.returned if e["event"] == "user"] == ["loyalty_points"]
