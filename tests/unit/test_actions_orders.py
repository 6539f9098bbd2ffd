"""Where is my order: what the form accepts and what Fern answers."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from ruamel.yaml import YAML
from sqlalchemy.engine import URL

from actions.orders import ActionForgetOrder, ActionOrderStatus, ValidateOrderStatusForm
from shop.demo import DEMO_ORDERS, UNUSED_NUMBER, DemoOrder

ROOT = Path(__file__).resolve().parents[2]
DOMAIN: dict[str, Any] = YAML(typ="safe").load((ROOT / "domain.yml").read_text(encoding="utf-8"))

Turn = tuple[dict[str, Any], list[str], CollectingDispatcher]


def said_in(text: str, slots: dict[str, Any], candidates: dict[str, Any] | None = None) -> Tracker:
    """A tracker as Rasa sends it to the form's validation: a message, then the candidates from its entities."""
    message = {"text": text, "intent": {"name": "inform"}, "entities": []}
    earlier = [{"event": "slot", "name": name, "value": value} for name, value in slots.items()]
    now = [{"event": "slot", "name": name, "value": value} for name, value in (candidates or {}).items()]
    events = [*earlier, {"event": "user", **message}, {"event": "action", "name": "order_status_form"}, *now]
    return Tracker(
        sender_id="test",
        slots={"requested_slot": None, "failed_attempts": 0.0, **slots, **(candidates or {})},
        latest_message=message,
        events=events,
        paused=False,
        followup_action=None,
        active_loop={"name": "order_status_form"},
        latest_action_name="order_status_form",
    )


def run(action: Any, tracker: Tracker) -> Turn:
    """The slots that an action sets, the responses that it says, and the dispatcher for a closer look."""
    dispatcher = CollectingDispatcher()
    outcome = action.run(dispatcher, tracker, DOMAIN)
    events = asyncio.run(outcome) if asyncio.iscoroutine(outcome) else outcome
    slots = {event["name"]: event["value"] for event in events}
    return slots, [message["response"] for message in dispatcher.messages], dispatcher


def fill_form(text: str, candidates: dict[str, Any] | None = None, **slots: Any) -> tuple[dict[str, Any], list[str]]:
    set_slots, responses, _ = run(ValidateOrderStatusForm(), said_in(text, slots, candidates))
    return set_slots, responses


def look_up(number: str | None, email: str | None, failed_attempts: float = 0.0) -> Turn:
    slots = {"order_number": number, "email": email, "failed_attempts": failed_attempts}
    return run(ActionOrderStatus(), said_in("", slots))


def test_a_number_is_taken_from_the_text_even_if_no_entity_was_found() -> None:
    assert fill_form("number's fh 10 432", requested_slot="order_number") == ({"order_number": "10432"}, [])


def test_an_entity_is_brought_into_shape() -> None:
    slots, responses = fill_form("#10432", {"order_number": "#10432"}, requested_slot="order_number")
    assert slots["order_number"] == "10432"
    assert responses == []


def test_an_entity_found_twice_counts_once() -> None:
    slots, _ = fill_form("FH-10432", {"order_number": ["FH-10432", "10432"]}, requested_slot="order_number")
    assert slots["order_number"] == "10432"


def test_number_and_email_in_one_message_fill_both() -> None:
    slots, responses = fill_form("10432, Ada at example dot com", requested_slot="order_number")
    assert slots == {"order_number": "10432", "email": "ada@example.com"}
    assert responses == []


def test_an_email_where_the_number_was_asked_for_is_kept_without_a_complaint() -> None:
    text = "it's under ada@example.com"
    slots, responses = fill_form(text, {"order_number": text}, requested_slot="order_number")
    assert slots == {"order_number": None, "email": "ada@example.com"}
    assert responses == []


def test_a_corrected_number_is_acknowledged_where_the_email_was_asked_for() -> None:
    text = "sorry, the number is 10433"
    slots, responses = fill_form(text, {"email": text}, requested_slot="email", order_number="10432")
    assert slots == {"order_number": "10433", "email": None}
    assert responses == ["utter_order_number_changed"]


@pytest.mark.parametrize(
    ("slot", "text", "response"),
    [
        ("order_number", "it is 1234567", "utter_order_number_unclear"),
        ("order_number", "dunno mate", "utter_order_number_unclear"),
        ("email", "ada@example", "utter_email_unclear"),
    ],
)
def test_what_cannot_be_used_is_explained_and_counted(slot: str, text: str, response: str) -> None:
    slots, responses = fill_form(text, {slot: text}, requested_slot=slot)
    assert slots == {slot: None, "failed_attempts": 1.0}
    assert responses == [response]


def test_the_third_failure_ends_the_form() -> None:
    slots, responses = fill_form("eh", {"email": "eh"}, requested_slot="email", failed_attempts=2.0)
    assert slots == {"email": None, "failed_attempts": 3.0, "requested_slot": None}
    assert responses == []


def test_a_wrong_entity_before_anything_was_asked_is_dropped_without_a_word() -> None:
    assert fill_form("waiting ages", {"order_number": "ages"}) == ({"order_number": None}, [])


def test_a_slot_that_was_emptied_is_not_a_failed_answer() -> None:
    assert fill_form("where is my order", {"order_number": None, "email": None}) == (
        {"order_number": None, "email": None},
        [],
    )


def test_a_message_without_details_leaves_the_form_to_the_rules() -> None:
    assert fill_form("thanks", requested_slot="order_number") == ({}, [])


@pytest.mark.parametrize("demo", DEMO_ORDERS, ids=lambda demo: f"{demo.number}-{demo.status.value}")
def test_each_state_has_its_answer_with_every_blank_filled(shop_url: URL, demo: DemoOrder) -> None:
    slots, responses, dispatcher = look_up(str(demo.number), demo.email)
    assert slots["order_lookup"] in ("found", "found_with_offer")
    assert slots["failed_attempts"] == 0.0
    expected = "overdue" if demo.number == 10429 else demo.status.value
    assert responses == [f"utter_order_{expected}" + ("_with_note" if demo.note else "")]
    for variation in DOMAIN["responses"][responses[0]]:
        told = variation["text"].format(**dispatcher.messages[0])
        assert f"FH-{demo.number}" in told and demo.items[0] in told


def test_an_unknown_order_and_somebody_elses_get_the_same_answer(shop_url: URL) -> None:
    told = []
    for number in (str(UNUSED_NUMBER), "10422"):
        slots, _, dispatcher = look_up(number, "ada.byrne@example.com")
        message = {key: value for key, value in dispatcher.messages[0].items() if key != "number"}
        told.append((slots, message))
    assert told[0] == told[1]
    assert told[0][0] == {"order_lookup": "not_matched", "failed_attempts": 1.0}
    assert told[0][1]["response"] == "utter_order_not_matched"


def test_the_third_pair_that_matches_nothing_brings_the_offer_of_a_person(shop_url: URL) -> None:
    slots, responses, _ = look_up(str(UNUSED_NUMBER), "ada.byrne@example.com", failed_attempts=2.0)
    assert responses == ["utter_offer_person"]
    assert slots["order_lookup"] == "gave_up"


def test_missing_details_bring_the_offer_of_a_person() -> None:
    slots, responses, _ = look_up("10432", None)
    assert responses == ["utter_offer_person"]
    assert slots["order_lookup"] == "gave_up"


@pytest.mark.parametrize("database", ["sqlite:////nowhere/at/all.db", "postgresql://fern@127.0.0.1:1/fernhill"])
def test_a_shop_out_of_reach_is_told_and_the_details_are_kept(monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    slots, responses, _ = look_up("10432", "ada.byrne@example.com")
    assert responses == ["utter_shop_unavailable"]
    assert slots == {"order_lookup": "unavailable"}


def test_a_damaged_database_is_told_as_out_of_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "fernhill.db"
    file.write_bytes(b"this was a database once" * 100)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
    _, responses, _ = look_up("10432", "ada.byrne@example.com")
    assert responses == ["utter_shop_unavailable"]


def test_another_order_after_a_found_one_keeps_the_email() -> None:
    slots, _, _ = run(ActionForgetOrder(), said_in("and another", {"order_lookup": "found", "email": "a@example.com"}))
    assert slots == {"order_number": None, "order_lookup": None}


def test_starting_again_after_no_match_forgets_both() -> None:
    slots, _, _ = run(ActionForgetOrder(), said_in("where is it", {"order_lookup": "not_matched"}))
    assert slots == {"order_number": None, "order_lookup": None, "email": None}
