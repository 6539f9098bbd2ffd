"""What leads to each question with consequences that Fern asks, and answers to it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from shop.database import open_session
from shop.models import Base

from .dialogue import DOMAIN, Chat, registered_actions, rules, sent_code

ANSWERS = Path(__file__).parent / "answers"
ADA, ELIN = "ada.byrne@example.com", "elin.hughes@example.com"
HARRIET = "harriet.cole@example.com"

NO_YES = (ANSWERS / "no_yes.txt").read_text(encoding="utf-8").splitlines()

YES = (ANSWERS / "yes.txt").read_text(encoding="utf-8").splitlines()


# The acts ----------------------------------------------------------------------------------------------------------


def cancelling(chat: Chat) -> None:
    chat.say(f"cancel 10434, {ADA}", "cancel_order")


def another_address(chat: Chat) -> None:
    chat.say(f"send 10434 to 3 Mill Lane, Bath, {ADA}", "change_address", address="3 Mill Lane, Bath")
    chat.say("BA1 2AB")


def other_quantities(chat: Chat) -> None:
    chat.say(f"change 10434, {ADA}, the cushions", "change_items", category="cushions")
    chat.say("1")


def a_return(chat: Chat) -> None:
    chat.say(f"send back 10433, {ADA}", "start_return")
    chat.say("too small")


def a_search(chat: Chat) -> None:
    chat.say(f"10433 never came, {ADA}", "parcel_missing")


def a_claim(chat: Chat) -> None:
    chat.say(f"10433 is broken {ADA}", "item_damaged")
    chat.say("the lid is cracked")
    chat.say("no photo")


def a_case(chat: Chat) -> None:
    chat.say("there is a charge of £24.99 I don't know", "unknown_charge")
    chat.say("yesterday")
    chat.say(ADA)


def another_phone(chat: Chat) -> None:
    chat.say(f"new phone 07700 900118, {ADA} 10432", "change_contact", contact_detail="phone", phone="07700 900118")


def erasing(chat: Chat) -> None:
    chat.say(f"delete my account, 10438 {ELIN}", "delete_data")


def a_copy(chat: Chat) -> None:
    chat.say(f"send me all my data, 10438 {ELIN}", "export_data")


def a_new_password(chat: Chat) -> None:
    chat.say("forgot my password", "password_help")
    chat.say(ADA)


def a_note(chat: Chat) -> None:
    chat.say(f"note for the driver of 10434, {ADA}", "delivery_note")
    chat.say("leave it in the shed")


def bringing_back(chat: Chat) -> None:
    """Of an order that no other act is about, since it is cancelled for it."""
    chat.say("cancel 10422, tom.okafor@example.com", "cancel_order")
    chat.ask("affirm")
    chat.say("oh no, uncancel it", "reinstate_order")


def points(chat: Chat) -> None:
    chat.say(f"compensation for 10429 please, {HARRIET}", "goodwill")


def a_purchase(chat: Chat) -> None:
    chat.say("put the heron floor lamp in my basket", "add_to_basket", product="Heron floor lamp")
    chat.say("check out please", "checkout")
    chat.say("jo.marsh@example.net")
    chat.say("Jo Marsh")
    chat.say("4 Orchard Row, Bath, BA1 2AB")


WRITTEN: dict[str, Callable[[Chat], None]] = {
    "cancel_form": cancelling,
    "address_form": another_address,
    "items_form": other_quantities,
    "return_form": a_return,
    "missing_form": a_search,
    "claim_form": a_claim,
    "charge_form": a_case,
    "contact_form": another_phone,
    "deletion_form": erasing,
    "account_form": a_copy,
    "password_form": a_new_password,
    "delivery_note_form": a_note,
    "reinstate_form": bringing_back,
    "goodwill_form": points,
    "checkout_form": a_purchase,
}


def of_a_skill(form: str) -> Callable[[Chat], None]:
    """What leads to the question of a form that asks nothing else of a known customer, as ``make skill`` writes it."""
    request = next(intent for intent, actions in rules()[0].items() if form in actions)

    def act(chat: Chat) -> None:
        chat.say(f"how many points, 10432 {ADA}", "loyalty_points")
        chat.ask(request)

    act.__name__ = request
    return act


def forms_that_ask() -> list[Any]:
    forms = (action for name, action in registered_actions().items() if name.startswith("validate_"))
    return [form for form in forms if "confirmed" in DOMAIN["forms"][form.form_name()]["required_slots"]]


def acts() -> list[Callable[[Chat], None]]:
    """What leads to each question with consequences that Fern asks."""
    return [WRITTEN.get(form.form_name()) or of_a_skill(form.form_name()) for form in forms_that_ask()]


ACTS = acts()


def asked(act: Callable[[Chat], None]) -> Chat:
    chat = Chat()
    act(chat)
    if chat.slots["requested_slot"] == "one_time_code":
        chat.say(sent_code())
    assert chat.slots["requested_slot"] == "confirmed", chat.said
    return chat


def everything() -> dict[str, list[Any]]:
    """What the shop's database holds."""
    with open_session() as session:
        return {
            table.name: sorted(map(repr, session.execute(select(table)).all())) for table in Base.metadata.sorted_tables
        }
