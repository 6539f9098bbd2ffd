"""Making a failing conversation as short as it can be, and a conversation test of it."""

import io
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from ruamel.yaml import YAML

from parlance.simulation.exchange import Exchange, Said, Violation
from parlance.simulation.invariants import NO_ANSWER, SERVER_ERROR

Item = TypeVar("Item")


async def shrink(items: Sequence[Item], fails: Callable[[Sequence[Item]], Awaitable[bool]]) -> list[Item]:
    """Delta debugging (Zeller and Hildebrandt 2002): a part of the items that fails, and of which none can go.

    Args:
        items: What fails as a whole.
        fails: Whether a part of them, in their order, fails too.
    """
    left, pieces = list(items), 2
    while len(left) > 1:
        size = -(-len(left) // pieces)
        rests = [left[:start] + left[start + size :] for start in range(0, len(left), size)]
        for rest in filter(None, rests):
            if await fails(rest):
                left, pieces = rest, max(pieces - 1, 2)
                break
        else:
            if size == 1:
                break
            pieces = min(2 * pieces, len(left))
    return left


def typed_out(messages: Sequence[Said]) -> list[Said]:
    """The same messages with every button typed as its title: a test cannot name the asking that a button answers."""
    return [replace(said, text=said.text.lower(), pressed=False) if said.pressed else said for said in messages]


def found_in(exchanges: Sequence[Exchange], wanted: Violation) -> Violation | None:
    """The violation that is like the one wanted, in the last exchange."""
    last = exchanges[-1].violations if exchanges else ()
    return next((violation for violation in last if violation.like(wanted)), None)


def conversation_test(name: str, comment: str, exchanges: Sequence[Exchange], violation: Violation) -> str:
    """A file in the format of ``parlance test conversations`` that fails as long as the violation is there."""
    steps: list[dict[str, Any]] = [{"user": exchange.said.text} for exchange in exchanges]
    if (expected := _expected(violation)) is not None:
        steps[-1]["assertions"] = [expected]
    yaml = YAML()
    yaml.width = 100_000  # type: ignore[assignment]  # untyped there
    yaml.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    yaml.dump({"test_cases": [{"test_case": name, "steps": steps}]}, text)
    comments = "".join(f"# {line}\n" for line in comment.splitlines())
    return f"{comments}{text.getvalue()}"


def _expected(violation: Violation) -> dict[str, Any] | None:
    """What the last turn of a test must not, or must, show; nothing where the turn's error is enough."""
    if violation.invariant == SERVER_ERROR:
        return None
    if violation.invariant == NO_ANSWER:
        return {"bot_uttered": {"text_matches": r"\S"}}
    described: dict[str, str] = {"utter_name": violation.response} if violation.response else {}
    if violation.text:
        described["text_matches"] = re.escape(violation.text)
    return {"bot_did_not_utter": described or {"text_matches": r"\S"}}
