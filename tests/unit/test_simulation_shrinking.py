"""Shrinking: what comes out still fails, is as short as it can be, and is in the order it was said in."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest

from parlance.simulation.exchange import Exchange, Heard, Said, Violation
from parlance.simulation.shrinking import conversation_test, shrink, typed_out
from parlance.testing.cases import NotUttered, Uttered
from parlance.testing.reader import read_cases


def shrunk(items: Sequence[int], fails: Callable[[Sequence[int]], bool]) -> tuple[list[int], int]:
    """What is left, and how often was asked."""
    asked: list[Sequence[int]] = []

    async def ask(some: Sequence[int]) -> bool:
        asked.append(some)
        return fails(some)

    return asyncio.run(shrink(items, ask)), len(asked)


@pytest.mark.parametrize("seed", range(60))
def test_what_is_left_is_just_what_it_takes(seed: int) -> None:
    random = Random(seed)
    items = list(range(random.randint(1, 16)))
    needed = {*random.sample(items, random.randint(1, min(4, len(items))))}
    left, asked = shrunk(items, lambda some: needed <= {*some})

    assert left == sorted(needed)
    assert asked <= len(items) ** 2 + 4 * len(items)


@pytest.mark.parametrize("seed", range(60))
def test_whatever_makes_it_fail_nothing_that_is_left_can_go(seed: int) -> None:
    random = Random(seed)
    items = list(range(random.randint(1, 12)))
    parts = [{*random.sample(items, random.randint(1, len(items)))} for _ in range(3)]

    def fails(some: Sequence[int]) -> bool:
        return any(part <= {*some} for part in parts)

    if not fails(items):
        return
    left, _ = shrunk(items, fails)
    assert fails(left) and left == sorted(left)
    assert not any(fails(left[:place] + left[place + 1 :]) for place in range(len(left)) if len(left) > 1)


def test_a_button_is_typed_as_its_title() -> None:
    yes = Said("Yes", "yes", pressed=True)
    assert typed_out([yes, Said("Hello", "request")]) == [Said("yes", "yes"), Said("Hello", "request")]


@pytest.mark.parametrize(
    ("violation", "expected"),
    [
        (Violation("asked_too_often", "", response="utter_ask_day"), (NotUttered, "utter_ask_day", None)),
        (Violation("raw_blank", "", text="{name}"), (NotUttered, None, "{name}")),
        (Violation("no_answer", ""), (Uttered, None, "anything")),
        (Violation("server_error", "500"), None),
    ],
)
def test_a_conversation_test_says_what_is_wrong(tmp_path: Path, violation: Violation, expected: tuple | None) -> None:
    said = ["where is it: 'here'?", 'line one\nline "two" #3', "10432"]
    file = tmp_path / "found.yml"
    exchanges = [Exchange(Said(text, "answer"), Heard()) for text in said]
    file.write_text(conversation_test("a name: with signs", "why\nwhere", exchanges, violation))
    (case,) = read_cases(file)

    assert case.name == "a name: with signs" and [turn.user for turn in case.turns] == said
    assert file.read_text().startswith("# why\n# where\n")
    if expected is None:
        assert case.turns[-1].expectations == ()
        return
    (found,) = case.turns[-1].expectations
    kind, response, text = expected
    assert isinstance(found, Uttered) and type(found) is kind and found.response == response
    if text:
        assert found.pattern is not None and found.pattern.search(f"Dear {text}")
