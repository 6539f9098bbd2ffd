"""Another day for a delivery."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.engine import URL

from parlance.actions.wording import day
from shop.database import open_session
from shop.models import Order, today

from .dialogue import Chat
from .test_actions_orders import ADA


def expected_on(number: int) -> date:
    """The day for which an order is promised."""
    with open_session() as session:
        day: date = session.execute(select(Order.expected_on).where(Order.number == number)).scalar_one()
    return day


def next_weekday(weekday: int, after: date) -> date:
    """The first such weekday (Monday is 0) after a day."""
    return after + timedelta(days=(weekday - after.weekday() - 1) % 7 + 1)


def test_a_delivery_is_moved_to_the_day_that_is_named(own_shop: URL) -> None:
    chat = Chat()
    chat.ask("reschedule_delivery")
    assert chat.say(f"10432 {ADA}") == ["utter_ask_delivery_day"]
    day = next_weekday(1, expected_on(10432))
    assert chat.say(f"{day:%d/%m}", date=f"{day:%d/%m}") == ["utter_reschedule_moved"]
    assert expected_on(10432) == day
    assert chat.slots["delivery_day"] is None
    assert chat.say(f"the {day.day}th", "reschedule_delivery") == ["utter_reschedule_same"]


def test_a_day_in_the_first_message_is_used(own_shop: URL) -> None:
    day = next_weekday(2, expected_on(10434))
    chat = Chat()
    assert chat.say(f"please bring 10434 on {day:%d %B}, {ADA}", "reschedule_delivery") == ["utter_reschedule_moved"]


def test_a_day_on_which_nobody_is_in_is_not_the_day_that_is_wanted(own_shop: URL) -> None:
    chat = Chat()
    said = chat.say(f"I'm not in on friday when 10432 comes, {ADA}", "reschedule_delivery", date="friday")
    assert said == ["utter_ask_delivery_day"]


def test_an_answer_without_a_day_is_explained(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"10432 {ADA}", "reschedule_delivery")
    assert chat.say("after 5pm", date="after 5pm") == ["utter_delivery_day_unclear", "utter_ask_delivery_day"]


@pytest.mark.parametrize(("days", "response"), [(0, "utter_reschedule_too_soon"), (300, "utter_reschedule_too_far")])
def test_a_day_that_will_not_do_brings_the_nearest_which_a_yes_takes(own_shop: URL, days: int, response: str) -> None:
    chat = Chat()
    chat.say(f"10432 {ADA}", "reschedule_delivery")
    wanted = today() + timedelta(days=days)
    assert chat.say(wanted.isoformat(), date=wanted.isoformat()) == [response]
    nearest, expected = chat.told("day"), day(expected_on(10432))
    # The latest possible day may be a Sunday: then the day after the next offer is taken.
    said = chat.ask("affirm")
    if said == ["utter_reschedule_not_a_delivery_day"]:
        nearest = chat.told("day")
    else:
        # On a Saturday the earliest day is Monday, on which it comes anyway.
        assert said == ["utter_reschedule_same" if nearest == expected else "utter_reschedule_moved"]
        assert chat.told("day") == nearest


def test_a_sunday_brings_the_monday_after(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"10432 {ADA}", "reschedule_delivery")
    sunday = next_weekday(6, expected_on(10432))
    assert chat.say(sunday.isoformat()) == ["utter_reschedule_not_a_delivery_day"]
    assert chat.told("day").startswith("Monday")


def test_another_day_than_the_one_offered_can_be_named_at_once(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"10432 {ADA}", "reschedule_delivery")
    chat.say(next_weekday(6, expected_on(10432)).isoformat())
    day = next_weekday(1, expected_on(10432))
    assert chat.say(f"no, {day:%d %B}", "deny", date=f"{day:%d %B}") == ["utter_reschedule_moved"]


def test_a_no_to_the_day_that_was_offered_leaves_the_delivery(own_shop: URL) -> None:
    chat = Chat()
    before = expected_on(10432)
    chat.say(f"10432 {ADA}", "reschedule_delivery")
    chat.say(next_weekday(6, before).isoformat())
    assert chat.ask("deny") == ["utter_all_done"]
    assert expected_on(10432) == before


@pytest.mark.parametrize("number", ["10433", "10424"])
def test_what_is_on_the_van_or_there_cannot_be_moved(own_shop: URL, number: str) -> None:
    email = {"10433": ADA, "10424": "priya.nair@example.com"}[number]
    chat = Chat()
    said = chat.say(f"{number} next tuesday {email}", "reschedule_delivery", date="next tuesday")
    assert said == ["utter_reschedule_too_late"]
    assert chat.ask("affirm")[0].startswith("utter_order_")


def test_the_day_is_kept_while_the_shop_is_out_of_reach(
    own_shop: URL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    day = next_weekday(1, expected_on(10432))
    chat = Chat()
    with monkeypatch.context() as broken:
        broken.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/missing.db")
        said = chat.say(f"10432 on {day:%d %B} {ADA}", "reschedule_delivery", date=f"{day:%d %B}")
        assert said == ["utter_unavailable"]
    assert chat.ask("affirm") == ["utter_reschedule_moved"]
