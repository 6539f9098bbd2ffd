"""Whole simulations against an assistant over real HTTP: what customers reach, and which faults are found."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from parlance.cli import app
from parlance.simulation.invariants import HARM
from parlance.testing.reader import read_cases
from tests.simulated_shop import PEOPLE, SimulatedShop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[SimulatedShop]:
    running = SimulatedShop(tmp_path)
    yield running
    running.stop()


def simulate(shop: SimulatedShop, folder: Path, *more: str) -> Result:
    arguments = ["simulate", "--url", shop.url, "--database", str(shop.database), "--profile", str(shop.profile)]
    arguments += ["--out", str(folder / "out"), "--json", str(folder / "report.json"), *more]
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})


def report(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "report.json").read_text())


def journal(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "out" / "conversations.jsonl").read_text().splitlines()[1:]]


def test_a_good_assistant_does_no_harm_and_most_customers_reach_their_goal(shop: SimulatedShop, tmp_path: Path) -> None:
    result = simulate(shop, tmp_path, "--conversations", "60")
    figures = report(tmp_path)

    assert result.exit_code == 0, result.output
    assert figures["conversations"] == 60 and figures["goals_reached"] >= 50, figures["deaths"]
    assert not {*figures["invariants"]} & {*HARM}
    assert (
        figures["goals"].keys() == {"cancel", "hours"}
        and sum(g["conversations"] for g in figures["goals"].values()) == 60
    )
    with shop.connection() as left:
        assert left.execute("SELECT sum(cancelled) FROM orders").fetchone() == (0,)  # all put back


def test_the_same_seed_gives_the_same_customers_and_another_gives_others(shop: SimulatedShop, tmp_path: Path) -> None:
    def customers(folder: Path, seed: str) -> list[Any]:
        simulate(shop, folder, "--conversations", "20", "--seed", seed)
        records = sorted(journal(folder), key=lambda record: record["conversation"])
        return [(r["goal"], r["habits"], r["facts"], [turn["said"]["text"] for turn in r["turns"]]) for r in records]

    first = customers(tmp_path / "a", "5")
    assert first == customers(tmp_path / "b", "5")
    assert first != customers(tmp_path / "c", "6")


def test_customers_who_are_there_together_are_different_people(shop: SimulatedShop, tmp_path: Path) -> None:
    simulate(shop, tmp_path, "--conversations", "12", "--jobs", "6")
    people = {record["conversation"]: record["facts"].get("customer") for record in journal(tmp_path)}

    for start in (0, 6):
        together = [people[number] for number in range(start, start + 6) if people[number] is not None]
        assert len({*together}) == len(together) <= PEOPLE


def acts_at_once(shop: SimulatedShop) -> Any:
    """Cancels as soon as it has the number."""

    def fault(state: dict[str, Any], text: str) -> list[str] | None:
        number = re.search(r"\b\d{3,4}\b", text)
        if number is None or state["slot"] != "order_number":
            return None
        shop.cancel(number[0])
        state.update(number=number[0], slot="")
        return ["utter_cancelled"]

    return fault


def writes_a_note_with_the_cancelling(shop: SimulatedShop) -> Any:
    """A yes to one thing does another, too."""

    def fault(state: dict[str, Any], text: str) -> list[str] | None:
        if state["slot"] == "confirmed" and text.lower().startswith("y"):
            with shop.connection() as database:
                database.execute("INSERT INTO notes VALUES ('fraud', ?)", (state["id"],))
        return None

    return fault


FAULTS = {
    "act_without_yes": acts_at_once,
    "said_what_is_not_so": lambda shop: lambda state, text: ["#1 is on its way?"] if "cancel" in text.lower() else None,
    "raw_blank": lambda shop: lambda state, text: ["Hello {name}?"] if "cancel" in text.lower() else None,
    "traceback": lambda shop: lambda state, text: ["ValueError: no"] if "cancel" in text.lower() else None,
    "no_answer": lambda shop: lambda state, text: [] if "open" in text.lower() else None,
    "said_it_broke": lambda shop: lambda state, text: ["Sorry, something went wrong."] if "open" in text else None,
    "dead_end": lambda shop: lambda state, text: ["Lovely weather."] if "open" in text else None,
    "not_understood_twice": lambda shop: lambda state, text: ["utter_default"],
    "asked_too_often": lambda shop: (
        lambda state, text: ["utter_ask_number"] if state["slot"] == "order_number" else None
    ),
    "asked_what_it_knows": lambda shop: (
        lambda state, text: ["utter_ask_number"] if state["slot"] == "order_number" else None
    ),
    "could_not_leave": lambda shop: lambda state, text: ["utter_ask_number"] if state["slot"] else None,
}


@pytest.mark.parametrize("invariant", FAULTS)
def test_each_fault_is_found_and_becomes_a_short_conversation_test(
    shop: SimulatedShop, tmp_path: Path, invariant: str
) -> None:
    shop.fault = FAULTS[invariant](shop)
    result = simulate(shop, tmp_path, "--conversations", "40", "--tests", "40")
    figures = report(tmp_path)
    found = [violation for violation in figures["violations"] if violation["invariant"] == invariant]

    assert found, figures["invariants"]
    assert result.exit_code == (1 if {*figures["invariants"]} & {*HARM} else 0)
    tests = [violation["test"] for violation in found if violation["test"]]
    assert tests, found
    (case,) = read_cases(tests[0])
    shortest = {"asked_too_often": 3, "asked_what_it_knows": 2, "act_without_yes": 2, "could_not_leave": 2}
    assert len(case.turns) <= shortest.get(invariant, 2), [turn.user for turn in case.turns]
    played = CliRunner().invoke(app, ["test", "conversations", tests[0], "--url", shop.url])
    assert played.exit_code == 1, played.output
    shop.fault = lambda state, text: None
    mended = CliRunner().invoke(app, ["test", "conversations", tests[0], "--url", shop.url])
    assert mended.exit_code == 0, mended.output


def test_a_yes_changes_what_its_question_is_about_and_nothing_else(shop: SimulatedShop, tmp_path: Path) -> None:
    shop.fault = writes_a_note_with_the_cancelling(shop)
    simulate(shop, tmp_path, "--conversations", "40", "--tests", "0")
    assert {one["detail"].split()[-1] for one in report(tmp_path)["violations"]} >= {"notes"}


def test_an_assistant_that_answers_500_is_found_and_does_not_end_the_run(shop: SimulatedShop, tmp_path: Path) -> None:
    shop.status = 500
    result = simulate(shop, tmp_path, "--conversations", "5", "--tests", "1")
    assert result.exit_code == 1
    assert report(tmp_path)["invariants"] == {"server_error": 5}


def test_a_run_goes_on_where_it_was_stopped_and_says_nothing_twice(shop: SimulatedShop, tmp_path: Path) -> None:
    simulate(shop, tmp_path, "--conversations", "8", "--tests", "0")
    file = tmp_path / "out" / "conversations.jsonl"
    before = journal(tmp_path)
    file.write_text(file.read_text()[:-40])  # as if killed while writing the last
    shop.messages.clear()
    simulate(shop, tmp_path, "--conversations", "10", "--tests", "0", "--resume")
    after = {record["conversation"]: record for record in journal(tmp_path)}

    assert sorted(after) == list(range(10))
    for record in before[:-1]:
        assert after[record["conversation"]] == record
    assert len(shop.messages) == sum(len(after[one]["turns"]) for one in (before[-1]["conversation"], 8, 9))


def test_a_journal_of_another_seed_is_not_gone_on_with(shop: SimulatedShop, tmp_path: Path) -> None:
    simulate(shop, tmp_path, "--conversations", "2")
    result = simulate(shop, tmp_path, "--conversations", "2", "--seed", "9", "--resume")
    assert result.exit_code == 2 and "another seed or profile" in result.output


def test_ctrl_c_loses_nothing(shop: SimulatedShop, tmp_path: Path) -> None:
    import os
    import signal

    def fault(state: dict[str, Any], text: str) -> list[str] | None:
        if len(shop.messages) == 30:
            os.kill(os.getpid(), signal.SIGINT)
        return None

    shop.fault = fault
    result = simulate(shop, tmp_path, "--conversations", "500", "--jobs", "2")

    assert result.exit_code == 130 and "--resume goes on" in result.output
    assert 0 < report(tmp_path)["conversations"] == len(journal(tmp_path)) < 500


def test_without_a_database_facts_come_from_the_profile(shop: SimulatedShop, tmp_path: Path) -> None:
    profile = """\
    answers: {order_number: "{order}"}
    questions: {utter_confirm: []}
    goals:
      cancel:
        says: cancel my order
        facts: [{order: 111}, {order: 122}]
        reached: utter_cancelled
    """
    shop.profile.write_text("\n".join(line[4:] for line in profile.splitlines()))
    arguments = ["simulate", "--url", shop.url, "--profile", str(shop.profile), "--conversations", "20"]
    result = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path), "--json", str(tmp_path / "report.json")])

    assert result.exit_code == 0, result.output
    assert report(tmp_path)["goals_reached"] >= 16
