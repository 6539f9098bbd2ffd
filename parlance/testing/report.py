"""Showing what came of conversation tests: on a terminal or in a log, and as JUnit XML for continuous integration."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from xml.etree import ElementTree

from rich.console import Console
from rich.text import Text

from parlance.testing.cases import Case, SlotSet, Uttered, show
from parlance.testing.matching import Verdict
from parlance.testing.results import CaseResult, Session, Status, TurnResult, count
from parlance.testing.turns import BotMessage, SlotChange

LEGEND = "- expected, and not there   + there instead   ! there, and must not be"
_WORD = re.compile(r"\s+|\w+|[^\w\s]")
# Characters that XML 1.0 cannot hold, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(result: CaseResult) -> Text:
    """A case that did not pass: the conversation up to the turn at fault, and in that turn what is different."""
    mark, style = ("FAULT ", "bold magenta") if result.status is Status.FAULT else ("FAILED", "bold red")
    lines = [Text.assemble((mark, style), " ", (f"{result.case.source}: {result.case.name}", "bold"))]
    for turn in result.turns:
        lines += _render_turn(turn, result.case)
    left = len(result.case.turns) - len(result.turns)
    if left:
        lines.append(Text(f"    ({left} more turn{'s' if left > 1 else ''} not played)", style="dim"))
    if result.log:
        lines.append(Text("\n    What the assistant logged meanwhile:", style="dim"))
        lines += [Text(f"    | {line}", style="dim") for line in result.log.splitlines()]
    return Text("\n").join(lines)


def print_results(session: Session, console: Console) -> None:
    """Every case that did not pass, then the figures."""
    failed = [result for result in session.results if result.status in (Status.FAILED, Status.FAULT)]
    for result in failed:
        console.print(render(result), "", soft_wrap=True, sep="\n")
    if failed:
        console.print(Text(LEGEND, style="dim"))
    if session.lost:
        console.print(Text.assemble(("The run ended early: ", "bold red"), session.lost), soft_wrap=True)
    console.print(summary(session.results, session.seconds))


def summary(results: Sequence[CaseResult], seconds: float) -> Text:
    """How many passed, failed, were at fault and were not run."""
    counted = count(results)
    styles = {Status.PASSED: "green", Status.FAILED: "red", Status.FAULT: "magenta", Status.NOT_RUN: "yellow"}
    parts = [
        Text(f"{counted[status]} {'at fault' if status is Status.FAULT else status.value}", style=f"bold {style}")
        for status, style in styles.items()
        if counted[status]
    ]
    return Text.assemble(Text(", ").join(parts), f" of {len(results)} in {seconds:.1f} s")


def junit(results: Sequence[CaseResult]) -> str:
    """JUnit XML: a test suite for each file, a test case for each case."""
    root = ElementTree.Element("testsuites", _counts("conversations", results))
    for file, group in groupby(results, key=lambda result: str(result.case.file)):
        in_file = list(group)
        suite = ElementTree.SubElement(root, "testsuite", _counts(file, in_file))
        for result in in_file:
            _junit_case(suite, result)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def reason(result: CaseResult) -> str:
    """One line on why a case did not pass."""
    if not result.turns:
        return ""
    last = result.turns[-1]
    missed = [str(verdict.expectation) for verdict in last.verdicts if not verdict.passed]
    why = last.fault or f"not met: {'; '.join(missed)}"
    return f"line {last.turn.line}, after '{last.turn.user}': {why}"


def _render_turn(turn: TurnResult, case: Case) -> Iterator[Text]:
    yield Text.assemble("    ", ("user ", "bold cyan"), turn.turn.user.replace("\n", "\n         "))
    if turn.passed:
        for event in turn.events:
            if isinstance(event, BotMessage):
                yield Text(f"    bot  {event}", style="dim")
        return
    met = {verdict.event for verdict in turn.verdicts if verdict.passed}
    wrong = {verdict.event for verdict in turn.verdicts if not verdict.passed}
    for verdict in turn.verdicts:
        if verdict.passed:
            yield Text(f"        {verdict.expectation}", style="dim")
        elif verdict.event is None:
            yield from _render_missing(verdict, turn, case)
    slots = {v.expectation.name for v in turn.verdicts if not v.passed and isinstance(v.expectation, SlotSet)}
    for position, event in enumerate(turn.events):
        if position in wrong:
            shown = f"slot {event.name} = {show(event.value)}" if isinstance(event, SlotChange) else f"bot {event}"
            verdict = next(v for v in turn.verdicts if v.event == position and not v.passed)
            yield Text.assemble((f"      ! {shown}", "red"), (f"   line {verdict.expectation.line}", "dim"))
        elif isinstance(event, BotMessage) and position not in met:
            yield Text.assemble(("      + bot ", "green"), _with_difference(event, turn))
        elif isinstance(event, SlotChange) and event.name in slots:
            yield Text(f"      + slot {event.name} = {show(event.value)}", style="green")
    if turn.fault:
        yield Text(f"      {turn.fault}", style="magenta")
    elif not any(isinstance(event, BotMessage) for event in turn.events):
        yield Text("      + (the assistant said nothing)", style="green")


def _render_missing(verdict: Verdict, turn: TurnResult, case: Case) -> Iterator[Text]:
    where = f"   {case.file.name}:{verdict.expectation.line}"
    yield Text.assemble((f"      - {verdict.expectation}", "red"), (where, "dim"))
    if verdict.hint:
        yield Text(f"          {verdict.hint}", style="yellow")


def _with_difference(message: BotMessage, turn: TurnResult) -> Text:
    """A message, with the words underlined that differ from the expected text it is most like."""
    shown = Text(str(message), style="green")
    texts = [
        verdict.expectation.text
        for verdict in turn.verdicts
        if not verdict.passed and isinstance(verdict.expectation, Uttered) and verdict.expectation.text
    ]
    said = _WORD.findall(message.text)
    matchers = [SequenceMatcher(None, _WORD.findall(text), said, autojunk=False) for text in texts]
    nearest = max(matchers, key=lambda matcher: matcher.ratio(), default=None)
    if nearest is None or nearest.ratio() < 0.5:
        return shown
    start = str(message).find(message.text)
    for operation, _, _, first, last in nearest.get_opcodes():
        if operation != "equal":
            begin = start + len("".join(said[:first]))
            shown.stylize("bold underline", begin, begin + len("".join(said[first:last])))
    return shown


def _counts(name: str, results: Sequence[CaseResult]) -> dict[str, str]:
    counted = count(results)
    return {
        "name": name,
        "tests": str(len(results)),
        "failures": str(counted[Status.FAILED]),
        "errors": str(counted[Status.FAULT]),
        "skipped": str(counted[Status.NOT_RUN]),
        "time": f"{sum(result.seconds for result in results):.3f}",
    }


def _junit_case(suite: ElementTree.Element, result: CaseResult) -> None:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        {
            "classname": result.case.file.with_suffix("").as_posix().replace("/", "."),
            "name": _xml(result.case.name),
            "file": str(result.case.file),
            "line": str(result.case.line),
            "time": f"{result.seconds:.3f}",
        },
    )
    if result.status is Status.NOT_RUN:
        ElementTree.SubElement(case, "skipped", {"message": "not run, because the run ended before"})
    elif result.status is not Status.PASSED:
        tag = "error" if result.status is Status.FAULT else "failure"
        failure = ElementTree.SubElement(case, tag, {"message": _xml(reason(result))})
        failure.text = _xml(f"{LEGEND}\n{render(result).plain}")


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
