"""Texts that make a regular expression or a function slow, made from the expression itself, and a check of growth."""

import itertools
import random
import re
import sre_constants as op
import sre_parse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

LONGEST = 6000
"""Characters of the longest attack."""
NEVER_MIND = 0.01
"""Seconds of processor time below which no growth is looked into."""
GROWTH = 30
"""An eightfold text may take this many times as long. Linear work takes 8 times, quadratic 64, cubic 512."""
ROUNDS = 3
MANY = 20
"""A repetition that allows so many is pumped."""
SAMPLES = {op.CATEGORY_DIGIT: "1", op.CATEGORY_SPACE: " ", op.CATEGORY_WORD: "a", op.CATEGORY_NOT_SPACE: "a"}
ORDINARY = (
    " ", "1", "a", "A", ".", ",", "@", "-", "'", '"', "(", "[", "\n", "?", "£", "/", "*", "é", "\u00a0", "日", "1 ",
    "a ", "a.", "a@", ". ", "a, ", "1.", "not ", "no, ", "and ", "mon ", "monday ", "the 3rd ", "FH-10432 ", "£4.99 ",
    "ada at example dot com ", "blue sofa ", "a@b.c ", "**a** ", "[a](https://b.c) ", "\ud800",
)  # fmt: skip
"""What any text is repeated of."""


@dataclass(frozen=True)
class Attack:
    """``start``, then ``body`` over and over, then ``end``."""

    start: str
    body: str
    end: str = ""

    def text(self, length: int) -> str:
        """As long as asked for, or a little longer."""
        return self.start + self.body * (length // len(self.body)) + self.end


def attacks_on(pattern: "re.Pattern[str]") -> Iterator[Attack]:
    """Each repetition pumped behind what leads to it, single characters of the pattern, pairs of them, and wholes."""
    tree = sre_parse.parse(pattern.pattern, pattern.flags)
    rng = random.Random(len(pattern.pattern))
    letters = sorted(set(_letters(tree)))
    for body in (*letters, *map("".join, itertools.islice(itertools.permutations(letters[:6], 2), 30))):
        yield Attack("", body, "\x01")
    for _ in range(5):
        whole = _sample(tree, rng, [])
        if whole:
            yield Attack("", whole, "\x01")
            yield Attack("", whole[: max(1, len(whole) * 2 // 3)])
    for number in range(_repeats(tree)):
        for end in ("\x01", " b", ""):
            pumped: list[str] = []
            before = _sample(tree, rng, pumped, [number])
            if pumped:
                yield Attack(before.split("\x00", 1)[0], pumped[0], end)


def grows_too_fast(run: Callable[[str], Any], attack: Attack, beyond: int = 0) -> str | None:
    """How much longer a longer text takes, where that is out of all proportion; None where it is not.

    Args:
        run: What is measured.
        attack: The text.
        beyond: So many characters cost nothing, and both texts have them besides.
    """
    length = 8
    while length <= LONGEST and _seconds(run, attack, beyond + length) < NEVER_MIND:
        length = length * 3 // 2
    if length > LONGEST:
        return None
    for _ in range(ROUNDS):
        long, short = (min(_seconds(run, attack, beyond + n) for _ in range(ROUNDS)) for n in (length, length // 8))
        if long < NEVER_MIND or long < GROWTH * short:
            return None
    return f"{attack}: {length // 8} characters take {short * 1000:.2f} ms, {length} take {long * 1000:.1f} ms"


def _seconds(run: Callable[[str], Any], attack: Attack, length: int) -> float:
    text = attack.text(length)
    begun = time.thread_time()
    run(text)
    return time.thread_time() - begun


def _parts(code: Any, argument: Any) -> list[Any]:
    """The patterns inside a part of one."""
    if code in (op.MAX_REPEAT, op.MIN_REPEAT):
        return [argument[2]]
    if code is op.SUBPATTERN:
        return [argument[-1]]
    if code in (op.ASSERT, op.ASSERT_NOT):
        return [argument[1]]
    return list(argument[1]) if code is op.BRANCH else []


def _letters(tree: Any) -> Iterator[str]:
    for code, argument in tree:
        if code is op.LITERAL:
            yield chr(argument)
        elif code is op.IN:
            yield from (_member(*member) for member in argument)
        elif code is op.ANY:
            yield "x"
        for part in _parts(code, argument):
            yield from _letters(part)


def _member(code: Any, argument: Any) -> str:
    if code is op.LITERAL:
        return chr(argument)
    if code is op.RANGE:
        return chr(argument[0])
    return SAMPLES.get(argument, "~") if code is op.CATEGORY else "~"


def _repeats(tree: Any) -> int:
    return sum(
        (code in (op.MAX_REPEAT, op.MIN_REPEAT) and argument[1] > MANY) + sum(map(_repeats, _parts(code, argument)))
        for code, argument in tree
    )


def _sample(tree: Any, rng: random.Random, pumped: list[str], countdown: list[int] | None = None) -> str:
    """A text that the pattern is likely to match. Where the countdown ends, what is repeated there goes into
    ``pumped``, and a NUL marks the place."""
    found = ""
    for code, argument in tree:
        if code is op.LITERAL:
            found += chr(argument)
        elif code in (op.NOT_LITERAL, op.ANY):
            found += "~"
        elif code is op.IN:
            members = [_member(*member) for member in argument]
            found += "~" if members[0] == "~" else rng.choice(members)
        elif code is op.BRANCH:
            found += _sample(rng.choice(argument[1]), rng, pumped, countdown)
        elif code is op.SUBPATTERN:
            found += _sample(argument[-1], rng, pumped, countdown)
        elif code in (op.MAX_REPEAT, op.MIN_REPEAT):
            fewest, most, body = argument
            if countdown is not None and most > MANY:
                countdown[0] -= 1
                if countdown[0] == -1:
                    pumped.append(_sample(body, rng, []) or "a")
                    found += "\x00"
            found += "".join(_sample(body, rng, pumped, countdown) for _ in range(min(most, fewest + rng.randrange(2))))
    return found
