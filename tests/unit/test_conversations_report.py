"""What people and continuous integration read of conversation tests."""

from pathlib import Path
from xml.etree import ElementTree

from parlance.testing.cases import Case, NotUttered, SlotSet, Turn, Uttered
from parlance.testing.matching import judge
from parlance.testing.report import junit, render, summary
from parlance.testing.results import CaseResult, Session, Status, TurnResult
from parlance.testing.turns import BotMessage, SlotChange, TurnEvent


def played(turn: Turn, *events: TurnEvent) -> TurnResult:
    return TurnResult(turn, events, tuple(judge(turn.expectations, events, {})))


def case(name: str, *turns: Turn, file: str = "tests/orders.yml") -> Case:
    return Case(Path(file), 3, name, {}, turns)


HELLO = Turn(5, "hi", {}, (Uttered(6, response="utter_greet", ordered=True),))
ORDER = Turn(
    7,
    "where is it",
    {},
    (
        Uttered(8, text="Order 1 is on its way to you.", ordered=True),
        SlotSet(9, name="number", value=10432),
        SlotSet(10, name="known", any_value=True),
        NotUttered(11, response="utter_secret"),
    ),
)


def failed() -> CaseResult:
    turns = (
        played(HELLO, BotMessage("Hello!", "utter_greet")),
        played(
            ORDER,
            SlotChange("known", True),
            SlotChange("number", "10432"),
            BotMessage("Order 2 is on its way to you.", "utter_order"),
            BotMessage("Ada \x00 lives in Bath & <b>", "utter_secret"),
        ),
    )
    return CaseResult(case("late & <lost>", HELLO, ORDER, HELLO), Status.FAILED, turns, 1.5)


def test_a_failure_shows_the_conversation_and_what_differs() -> None:
    assert render(failed()).plain.splitlines() == [
        "FAILED tests/orders.yml:3: late & <lost>",
        "    user hi",
        '    bot  utter_greet: "Hello!"',
        "    user where is it",
        '      - bot: "Order 1 is on its way to you."   orders.yml:8',
        "      - slot_was_set: number: 10432   orders.yml:9",
        '          the slot holds text: write it in quotes, number: "10432"',
        "        slot_was_set: known",
        '      + slot number = "10432"',
        '      + bot utter_order: "Order 2 is on its way to you."',
        '      ! bot utter_secret: "Ada \x00 lives in Bath & <b>"   line 11',
        "    (1 more turn not played)",
    ]


def test_the_words_that_differ_are_marked() -> None:
    shown = render(failed())
    marked = [shown.plain[span.start : span.end] for span in shown.spans if span.style == "bold underline"]
    assert marked == ["2"]


def test_silence_and_faults_are_shown_with_the_log() -> None:
    silent = CaseResult(case("silent", HELLO), Status.FAILED, (played(HELLO),), log="rasa.log:\nboom")
    assert "+ (the assistant said nothing)" in render(silent).plain
    assert "    | boom" in render(silent).plain
    fault = CaseResult(case("slow", HELLO), Status.FAULT, (TurnResult(HELLO, fault="It took longer than 2 s."),))
    assert "It took longer than 2 s." in render(fault).plain
    assert "said nothing" not in render(fault).plain


def test_junit_counts_and_escapes() -> None:
    results = [
        failed(),
        CaseResult(case("fine", HELLO), Status.PASSED, seconds=0.25),
        CaseResult(case("gone", HELLO, file="tests/b.yml"), Status.FAULT, (TurnResult(HELLO, fault="broke"),)),
        CaseResult(case("left", HELLO, file="tests/b.yml"), Status.NOT_RUN),
    ]
    root = ElementTree.fromstring(junit(results).encode())

    assert [root.get(key) for key in ("tests", "failures", "errors", "skipped")] == ["4", "1", "1", "1"]
    assert [suite.get("name") for suite in root] == ["tests/orders.yml", "tests/b.yml"]
    first, second = root[0]
    assert (first.get("classname"), first.get("name"), first.get("line")) == ("tests.orders", "late & <lost>", "3")
    failure = first.find("failure")
    assert failure is not None and failure.text is not None
    assert failure.get("message", "").startswith("line 7, after 'where is it': not met: bot: ")
    assert "Bath & <b>" in failure.text and "\ufffd" in failure.text
    assert len(second) == 0
    assert [child.tag for suite in root[1] for child in suite] == ["error", "skipped"]


def test_the_exit_status_says_how_a_run_ended() -> None:
    fine = CaseResult(case("fine", HELLO), Status.PASSED)
    assert Session((fine,), 1.0).exit_status == 0
    assert Session((fine, failed()), 1.0).exit_status == 1
    assert Session((fine, CaseResult(case("left"), Status.NOT_RUN)), 1.0).exit_status == 1
    assert Session((fine,), 1.0, lost="gone").exit_status == 3
    assert summary((fine, failed()), 2.0).plain == "1 passed, 1 failed of 2 in 2.0 s"
