"""Comparing what an assistant did in a turn with what was expected of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from parlance.testing.cases import ActionExecuted, Expectation, NotUttered, SlotNotSet, SlotSet, Uttered, show
from parlance.testing.turns import ActionRun, BotMessage, SlotChange, TurnEvent

Variations = Mapping[str, Sequence[str]]
"""The texts of each response in the domain, with their blanks."""

_BLANK = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Verdict:
    """Whether an expectation was met, and by which event; ``hint`` says more about one that was not."""

    expectation: Expectation
    passed: bool
    event: int | None = None
    hint: str = ""


def judge(expectations: Sequence[Expectation], events: Sequence[TurnEvent], variations: Variations) -> list[Verdict]:
    """A verdict for each expectation, in their order."""
    verdicts = []
    position = 0
    for expectation in expectations:
        verdict = _judge(expectation, events, position if expectation.ordered else 0, variations)
        if expectation.ordered and verdict.event is not None:
            position = verdict.event + 1
        verdicts.append(verdict)
    return verdicts


def _judge(expectation: Expectation, events: Sequence[TurnEvent], start: int, variations: Variations) -> Verdict:
    if isinstance(expectation, SlotNotSet):
        return _judge_not_set(expectation, events)
    fitting = [index for index, event in enumerate(events) if _fits(expectation, event, variations)]
    found = next((index for index in fitting if index >= start), None)
    if isinstance(expectation, NotUttered):
        return Verdict(expectation, found is None, found)
    if found is not None:
        return Verdict(expectation, True, found)
    hint = "it is there, but earlier than the order of the steps says" if fitting else _hint(expectation, events)
    return Verdict(expectation, False, hint=hint)


def _fits(expectation: Expectation, event: TurnEvent, variations: Variations) -> bool:
    if isinstance(expectation, Uttered):
        return isinstance(event, BotMessage) and _uttered(expectation, event, variations)
    if isinstance(expectation, SlotSet):
        return isinstance(event, SlotChange) and event.name == expectation.name and _holds(expectation, event.value)
    if isinstance(expectation, ActionExecuted):
        return isinstance(event, ActionRun) and event.name == expectation.name
    raise TypeError(f"no way to check {expectation!r}")


def _uttered(expected: Uttered, message: BotMessage, variations: Variations) -> bool:
    if expected.response is not None and message.response != expected.response:
        return False
    if expected.pattern is not None and not expected.pattern.search(message.text):
        return False
    if expected.text is not None and not _same_text(expected.text, message, variations):
        return False
    return all(
        any(wanted.title == there.title and wanted.payload in ("", there.payload) for there in message.buttons)
        for wanted in expected.buttons
    )


def _same_text(expected: str, message: BotMessage, variations: Variations) -> bool:
    """Whether a message is the expected text, or says the same in another variation of its response.

    Which variation an assistant takes is chance. The values in the blanks that both variations have must be the same.
    """
    if expected.strip() == message.text.strip():
        return True
    templates = variations.get(message.response, ())
    wanted = [blanks for template in templates if (blanks := _blanks(template, expected)) is not None]
    said = [blanks for template in templates if (blanks := _blanks(template, message.text)) is not None]
    return any(all(a[name] == b[name] for name in a.keys() & b.keys()) for a in wanted for b in said)


def _blanks(template: str, text: str) -> dict[str, str] | None:
    """What stands in the blanks of a response's variation, None where the text is not that variation."""
    match = _template_pattern(template.strip()).fullmatch(text.strip())
    return match.groupdict() if match else None


@lru_cache(maxsize=1024)
def _template_pattern(template: str) -> re.Pattern[str]:
    pattern, seen = "", set()
    for position, part in enumerate(_BLANK.split(template)):
        if position % 2 == 0:
            pattern += re.escape(part)
        elif part in seen:
            pattern += f"(?P={part})"
        else:
            seen.add(part)
            # A blank's name may start with a digit, a group's may not; Rasa's slots are names.
            pattern += f"(?P<{part}>.*?)" if part.isidentifier() else ".*?"
    return re.compile(pattern, re.DOTALL)


def _holds(expected: SlotSet, value: object) -> bool:
    if expected.any_value:
        return value is not None
    # True == 1 in Python, not in a slot.
    return value == expected.value and isinstance(value, bool) == isinstance(expected.value, bool)


def _judge_not_set(expected: SlotNotSet, events: Sequence[TurnEvent]) -> Verdict:
    """What a turn leaves in a slot counts, since a form may try a value and take it back."""
    last = next(
        (
            (index, event)
            for index, event in reversed(list(enumerate(events)))
            if isinstance(event, SlotChange) and event.name == expected.name
        ),
        None,
    )
    if last is None or not _holds(expected, last[1].value):
        return Verdict(expected, True)
    return Verdict(expected, False, last[0])


def _hint(expected: Expectation, events: Sequence[TurnEvent]) -> str:
    if isinstance(expected, Uttered) and expected.pattern is not None:
        said = any(isinstance(event, BotMessage) and event.response == expected.response for event in events)
        return "the response is there, but not with this text: a pattern has to fit each variation" if said else ""
    if not isinstance(expected, SlotSet):
        return ""
    values = [event.value for event in events if isinstance(event, SlotChange) and event.name == expected.name]
    if not values:
        return "this turn did not set the slot"
    if not expected.any_value and isinstance(values[-1], str) and values[-1] == str(expected.value):
        return f"the slot holds text: write it in quotes, {expected.name}: {show(values[-1])}"
    return f"it was set to {', then '.join(show(value) for value in values)}"
