"""Whether a turn did what was expected of it."""

import re
from typing import Any

import pytest

from parlance.testing.cases import ActionExecuted, Expectation, NotUttered, SlotNotSet, SlotSet, Uttered
from parlance.testing.matching import Variations, judge
from parlance.testing.turns import ActionRun, BotMessage, Button, SlotChange, TurnEvent, turn_events

VARIATIONS = {
    "utter_dispatched": [
        "Order {number} ({items}) is on its way; it is due on {day}. Really: {number}.",
        "{carrier} has had {number} since {since}. It's due on {day}.",
    ],
    "utter_greet": ["Hello!", "Hi there (really)."],
}


def met(expectation: Expectation, *events: TurnEvent, variations: Variations = VARIATIONS) -> bool:
    (verdict,) = judge([expectation], events, variations)
    return verdict.passed


def test_events_of_the_tracker_that_tests_speak_of_are_read() -> None:
    tracker: list[dict[str, Any]] = [
        {"event": "user", "text": "hi"},
        {"event": "slot", "name": "city", "value": None},
        {"event": "action", "name": "action_x"},
        {
            "event": "bot",
            "text": "Hi",
            "data": {"buttons": [{"title": "A", "payload": "/a"}, {"title": "B"}], "image": None},
            "metadata": {"utter_action": "utter_greet", "model_id": "1"},
        },
        {"event": "bot", "text": None, "data": {"image": "x.png"}},
        {"event": "action", "name": None, "action_text": "end to end"},
    ]
    assert turn_events(tracker) == [
        SlotChange("city", None),
        ActionRun("action_x"),
        BotMessage("Hi", "utter_greet", (Button("A", "/a"), Button("B"))),
        BotMessage(""),
    ]


def test_responses_are_known_by_name_and_text_by_its_words() -> None:
    assert met(Uttered(1, response="utter_greet"), BotMessage("whatever", "utter_greet"))
    assert not met(Uttered(1, response="utter_greet"), BotMessage("Hello!", "utter_other"))
    assert met(Uttered(1, text="Ready."), BotMessage("Ready."))
    assert not met(Uttered(1, text="Ready."), BotMessage("ready"))


def test_another_variation_of_the_same_response_says_the_same() -> None:
    assert met(Uttered(1, text="Hello!"), BotMessage("Hi there (really).", "utter_greet"))
    assert not met(Uttered(1, text="Good day!"), BotMessage("Hi there (really).", "utter_greet"))
    assert not met(Uttered(1, text="Hello!"), BotMessage("Hi there (really)."))


def test_values_in_the_blanks_of_both_variations_must_agree() -> None:
    expected = Uttered(1, text="Order FH-1 (mug (blue)) is on its way; it is due on Monday. Really: FH-1.")

    def said(number: str, day: str) -> BotMessage:
        return BotMessage(f"Larkway has had {number} since Friday. It's due on {day}.", "utter_dispatched")

    assert met(expected, said("FH-1", "Monday"))
    assert not met(expected, said("FH-2", "Monday"))
    assert not met(expected, said("FH-1", "Tuesday"))
    torn = Uttered(1, text="Order FH-1 (mug) is on its way; it is due on Monday. Really: FH-9.")
    assert not met(torn, said("FH-1", "Monday"))


def test_bot_steps_come_in_order_and_other_messages_may_stand_between() -> None:
    steps = [Uttered(n, response=name, ordered=True) for n, name in enumerate(("utter_a", "utter_b"))]
    a, b, other = (BotMessage("x", name) for name in ("utter_a", "utter_b", "utter_other"))

    assert [v.passed for v in judge(steps, [other, a, other, b], {})] == [True, True]
    backwards = judge(steps, [b, a], {})
    assert [v.passed for v in backwards] == [True, False]
    assert "earlier than the order of the steps" in backwards[1].hint
    # One message does not count twice.
    assert [v.passed for v in judge([steps[0], steps[0]], [a], {})] == [True, False]


def test_everything_described_must_be_true_of_one_message() -> None:
    expected = Uttered(1, response="utter_a", pattern=re.compile(r"\d{5}"), buttons=(Button("Yes"), Button("No", "/n")))
    buttons = (Button("No", "/n"), Button("Yes", "/y"), Button("Later", "/l"))

    assert met(expected, BotMessage("order 10432", "utter_a", buttons))
    assert not met(expected, BotMessage("order 104", "utter_a", buttons), BotMessage("10432", "utter_b", buttons))
    assert not met(expected, BotMessage("order 10432", "utter_a", buttons[1:]))
    assert met(NotUttered(1, pattern=re.compile("Ada")), BotMessage("who?"))
    assert not met(NotUttered(1, pattern=re.compile("Ada")), BotMessage("who?"), BotMessage("Ada!"))


@pytest.mark.parametrize(
    ("expectation", "values", "passed"),
    [
        (SlotSet(1, name="s", any_value=True), ["x"], True),
        (SlotSet(1, name="s", any_value=True), [None], False),
        (SlotSet(1, name="s", any_value=True), [], False),
        (SlotSet(1, name="s", value=None), [None], True),
        (SlotSet(1, name="s", value=2), [2.0], True),
        (SlotSet(1, name="s", value=1), [True], False),
        (SlotSet(1, name="s", value=["a"]), [["a"]], True),
        (SlotSet(1, name="s", value="x"), ["x", None], True),
        (SlotNotSet(1, name="s", any_value=True), [], True),
        (SlotNotSet(1, name="s", any_value=True), ["x", None], True),
        (SlotNotSet(1, name="s", any_value=True), [None, "x"], False),
        (SlotNotSet(1, name="s", value="x"), ["y"], True),
        (SlotNotSet(1, name="s", value="x"), ["x"], False),
    ],
)
def test_slots(expectation: Expectation, values: list, passed: bool) -> None:
    events = [SlotChange("other", "x"), *(SlotChange("s", value) for value in values)]
    assert met(expectation, *events) is passed


def test_a_number_that_should_have_been_text_is_pointed_out() -> None:
    (verdict,) = judge([SlotSet(1, name="number", value=10432)], [SlotChange("number", "10432")], {})
    assert not verdict.passed
    assert verdict.hint == 'the slot holds text: write it in quotes, number: "10432"'


def test_actions() -> None:
    assert met(ActionExecuted(1, name="action_x"), ActionRun("action_x"))
    assert not met(ActionExecuted(1, name="action_x"), ActionRun("action_y"))
