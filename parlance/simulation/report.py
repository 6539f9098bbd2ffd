"""What came of a simulation: figures for programs, and a page for a terminal."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from parlance.simulation.customer import CONTENT, DIED, REACHED, REFUSED
from parlance.simulation.invariants import HARM

Record = Mapping[str, Any]
_SHOWN = 15


def figures(records: Sequence[Record], tests: Mapping[tuple[int, int, str], str], seconds: float) -> dict[str, Any]:
    """Everything that is known of a run, as JSON.

    Args:
        records: The conversations, of this run and of those that it goes on from.
        tests: The conversation test of a violation, by its conversation, turn and invariant.
        seconds: How long this run took.
    """
    turns = [turn for record in records for turn in record["turns"]]
    return {
        **_share(records),
        "violations": [
            {
                "invariant": violation["invariant"],
                "conversation": record["conversation"],
                "turn": violation["turn"],
                "goal": record["goal"],
                "form": violation["form"],
                "slot": violation["slot"],
                "detail": violation["detail"],
                "test": tests.get((record["conversation"], violation["turn"], violation["invariant"]), ""),
            }
            for record in records
            for violation in record["violations"]
        ],
        "invariants": dict(Counter(one["invariant"] for record in records for one in record["violations"])),
        "deaths": [
            {"form": form, "slot": slot, "response": response, "conversations": count}
            for (form, slot, response), count in Counter(map(_place, _dead(records))).most_common()
        ],
        "goals": _by(records, lambda record: [record["goal"]]),
        "habits": _by(records, lambda record: record["habits"]),
        "answer_seconds": _spread([turn["seconds"] for turn in turns]),
        "seconds": round(seconds, 1),
    }


def harmful(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The violations that do harm."""
    return [violation for violation in report["violations"] if violation["invariant"] in HARM]


def print_report(report: Mapping[str, Any], console: Console) -> None:
    """What a person wants to see first."""
    console.print(
        f"{report['conversations']} conversations, {report['goals_reached']} goals reached "
        f"({_percent(report['goals_reached'], report['conversations'])}), {report['refused']} refused, "
        f"{report['died']} died; {report['turns']} turns, {report['turns_to_goal']:.1f} to reach a goal."
    )
    answers = report["answer_seconds"]
    console.print(
        f"Answers took {answers['p50']:.2f} s (half of them), {answers['p95']:.2f} s (95 of 100), "
        f"{answers['max']:.2f} s at most; {report['seconds']:.0f} s in all."
    )
    for title, groups in (("goal", report["goals"]), ("habit", report["habits"])):
        console.print(_groups(title, groups))
    if report["deaths"]:
        console.print(Text("Where conversations die", style="bold"))
        for death in report["deaths"][:_SHOWN]:
            place = f"{death['form'] or 'no form'}, {death['slot'] or 'nothing asked'}"
            console.print(f"  {death['conversations']:4} {place}, after {death['response'] or 'no response'}")
    _print_violations(report, console)


def _print_violations(report: Mapping[str, Any], console: Console) -> None:
    if not report["violations"]:
        console.print(Text("No violations.", style="green"))
        return
    console.print(Text("Violations", style="bold"))
    for invariant, count in sorted(report["invariants"].items(), key=lambda item: (item[0] not in HARM, -item[1])):
        style = "bold red" if invariant in HARM else "yellow"
        console.print(Text.assemble(f"  {count:4} ", (invariant, style)))
        places = Counter((one["form"], one["slot"]) for one in report["violations"] if one["invariant"] == invariant)
        for (form, slot), often in places.most_common(5):
            console.print(f"       {often:4} in {form or 'no form'}, {slot or 'nothing asked'}")
    for test in sorted({one["test"] for one in report["violations"]} - {""}):
        console.print(Text(f"  test: {test}", style="dim"), soft_wrap=True)


def _groups(title: str, groups: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(title, "conversations", "reached", "refused", "died", "turns to a goal", "violations", box=None)
    for name, group in groups.items():
        reached = _percent(group["goals_reached"], group["conversations"])
        numbers = (group["conversations"], reached, group["refused"], group["died"], f"{group['turns_to_goal']:.1f}")
        table.add_row(name, *map(str, numbers), str(group["violations"]))
    return table


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"


def _share(records: Sequence[Record]) -> dict[str, Any]:
    content = [record for record in records if record["outcome"] in CONTENT]
    to_goal = [len(record["turns"]) for record in content if record["outcome"] == REACHED]
    return {
        "conversations": len(records),
        "goals_reached": len(content),
        "refused": sum(record["outcome"] == REFUSED for record in records),
        "died": len(_dead(records)),
        "turns": sum(len(record["turns"]) for record in records),
        "turns_to_goal": round(sum(to_goal) / len(to_goal), 2) if to_goal else 0.0,
    }


def _by(records: Sequence[Record], names: Callable[[Record], Iterable[str]]) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[Record]] = {}
    for record in records:
        for name in names(record):
            groups.setdefault(name, []).append(record)
    return {
        name: {**_share(group), "violations": sum(len(record["violations"]) for record in group)}
        for name, group in sorted(groups.items())
    }


def _dead(records: Sequence[Record]) -> list[Record]:
    return [record for record in records if record["outcome"] == DIED]


def _place(record: Record) -> tuple[str, str, str]:
    end = record["ended_in"]
    return end["form"], end["slot"], end["response"]


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(seconds) or [0.0]
    at = {f"p{share}": ordered[min(len(ordered) - 1, len(ordered) * share // 100)] for share in (50, 95, 99)}
    return {**at, "max": ordered[-1]}
