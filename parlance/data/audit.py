"""Faults in training data that cost accuracy, found before anything is trained on it."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise

from parlance.data.examples import Entity, Example, is_out_of_scope
from parlance.data.findings import Finding
from parlance.data.names import name_findings
from parlance.words import is_inside_word

IMBALANCE = 20
"""An intent with less than one example for so many of the largest intent's is named (out of scope aside)."""

_BROKEN_ANNOTATION = ("](", "]{", "] (", "] {")


def audit(examples: Sequence[Example], out_of_scope: Collection[str] = ()) -> list[Finding]:
    """Every finding in the examples, errors first, otherwise in the order of the data.

    Args:
        examples: What to look at.
        out_of_scope: Intents that mean so, besides those that do by convention.
    """
    findings = [
        *name_findings(examples),
        *_single_examples(examples),
        *_repeated_texts(examples),
        *_imbalance(examples, out_of_scope),
    ]
    for example in examples:
        findings += _entity_findings(example)
    return sorted(findings, key=lambda finding: finding.level != "error")


def _single_examples(examples: Sequence[Example]) -> Iterator[Finding]:
    counts = _intent_counts(examples)
    for example in examples:
        if example.intent is not None and counts[example.intent] == 1:
            yield Finding(
                "error",
                "an intent with one example",
                f"The intent '{example.intent}' has one example; it cannot be both learned and checked. Add another.",
                example.source,
            )


def _repeated_texts(examples: Sequence[Example]) -> Iterator[Finding]:
    """Texts that stand there twice in one place of a conversation, once case, width and spaces are evened out."""
    by_place: dict[tuple[str, ...], list[Example]] = defaultdict(list)
    for example in examples:
        for place in _places(example):
            by_place[place].append(example)
    seen = set()  # examples that share several texts of the assistant's are named once
    for (_, after, _), same in by_place.items():
        if len(same) == 1 or (group := tuple(map(id, same))) in seen:
            continue
        seen.add(group)
        text = f"'{same[0].text}'" + (f" after '{after}'" if after else "")
        if conflict := _conflict([example.intent for example in same]):
            kind, fault = "a text with conflicting intents", f"is an example of {conflict}"
        elif conflict := _conflict([example.act for example in same]):
            kind, fault = "a text with conflicting acts", f"has the acts {conflict}"
        else:
            kind, fault = "a repeated example", f"is there {len(same)} times in '{same[0].intent}'"
        advice = "Keep it in one of them." if conflict else "Keep one."
        yield Finding("warning", kind, f"{text} {fault} ({_sources(same)}). {advice}", same[-1].source)


def _places(example: Example) -> set[tuple[str, str, str]]:
    """The example's text after each text of the assistant's that it may follow, or alone."""
    text, said = _normalised(example.text), _normalised(example.said or "")
    return {(text, _normalised(after), said) for after in example.after or ("",)}


def _conflict(labels: Iterable[str | None]) -> str:
    """The labels in words where they are more than one."""
    names = list(dict.fromkeys(label for label in labels if label is not None))
    return " and ".join(f"'{name}'" for name in names) if len(names) > 1 else ""


def _imbalance(examples: Sequence[Example], out_of_scope: Collection[str]) -> Iterator[Finding]:
    counts = _intent_counts(example for example in examples if not is_out_of_scope(example.intent, out_of_scope))
    if not counts:
        return
    largest, most = counts.most_common(1)[0]
    for intent, count in counts.items():
        if 1 < count < most / IMBALANCE:  # an intent with one example is named already
            yield Finding(
                "warning",
                "an intent with far fewer examples than another",
                f"The intent '{intent}' has {count} examples, '{largest}' has {most}. Write more for the small one.",
            )


def _entity_findings(example: Example) -> Iterator[Finding]:
    text, source = example.text, example.source
    if any(sign in text for sign in _BROKEN_ANNOTATION):
        yield Finding(
            "warning",
            "what looks like a broken annotation",
            f"'{text}' has brackets that are not read as an annotation. Write [words](entity), without a space.",
            source,
        )
    for entity in example.entities:
        span = text[entity.start : entity.end]
        if not 0 <= entity.start < entity.end <= len(text):
            yield Finding(
                "error",
                "an entity outside its text",
                f"The {entity.type} at {entity.start} to {entity.end} is outside the text '{text}'. Annotate it again.",
                source,
            )
        elif span != span.strip():
            yield Finding(
                "warning",
                "an entity with spaces at its edge",
                f"The {entity.type} '{span}' starts or ends with a space. Move it outside the brackets.",
                source,
            )
        elif is_inside_word(text, entity.start) or is_inside_word(text, entity.end):
            yield Finding(
                "warning",
                "an entity that cuts a word",
                f"The {entity.type} '{span}' starts or ends inside a word of '{text}'. Annotate whole words.",
                source,
            )
    for first, second in pairwise(sorted(example.entities, key=_span)):
        if second.start < first.end:
            yield Finding(
                "error",
                "entities that overlap",
                f"The {first.type} and the {second.type} in '{text}' overlap. Keep one of the two.",
                source,
            )


def _intent_counts(examples: Iterable[Example]) -> Counter[str]:
    return Counter(example.intent for example in examples if example.intent is not None)


def _normalised(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _sources(examples: Sequence[Example], shown: int = 3) -> str:
    names = [example.source or "source unknown" for example in examples]
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def _span(entity: Entity) -> tuple[int, int]:
    return entity.start, entity.end
