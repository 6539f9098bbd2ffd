"""From the violations of a run to conversation tests: one for each kind of fault, as short as it can be."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from parlance.data.files import write_text_atomically
from parlance.simulation.exchange import Exchange, Said, Violation
from parlance.simulation.invariants import CLUMSY, HARM
from parlance.simulation.personas import Persona
from parlance.simulation.playing import Stage, replay
from parlance.simulation.shrinking import conversation_test, found_in, shrink, typed_out

Key = tuple[int, int, str]
"""A violation's conversation, turn and invariant."""
_ORDER = (*HARM, *CLUMSY)


async def tests_of(
    stage: Stage,
    personas: Mapping[int, Persona],
    records: Sequence[Mapping[str, Any]],
    folder: Path,
    restore: Callable[[], None],
    most: int,
) -> AsyncIterator[tuple[Key, str, int, int]]:
    """Shrinks one conversation of each kind of fault, those that do harm first, and writes its test.

    Yields:
        The violation's key, the file, how many are done, and of how many. A fault that did not come back when the
        conversation was replayed alone has no file.
    """
    chosen = _one_of_each_kind(records)[:most]
    for done, (record, found) in enumerate(chosen, 1):
        key = (record["conversation"], found["turn"], found["invariant"])
        wanted = Violation(**{name: value for name, value in found.items() if name != "turn"})
        said = [Said.from_dict(turn["said"]) for turn in record["turns"][: found["turn"]]]
        exchanges = await _smallest(stage, personas[record["conversation"]], said, wanted, restore)
        file = ""
        if exchanges and (violation := found_in(exchanges, wanted)):
            name = f"{wanted.invariant} in conversation {record['conversation']}"
            comment = (
                f"{violation.detail}\n"
                f"Found by parlance simulate --seed {stage.seed}, conversation {record['conversation']}, "
                f"turn {found['turn']}."
            )
            path = folder / f"{wanted.invariant}-{record['conversation']}.yml"
            write_text_atomically(path, conversation_test(name, comment, exchanges, violation))
            file = str(path)
        yield key, file, done, len(chosen)


def _one_of_each_kind(records: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The shortest conversation of each invariant, form and slot."""
    kinds: dict[tuple[int, str, str], tuple[Mapping[str, Any], Mapping[str, Any]]] = {}
    for record in records:
        for violation in record["violations"]:
            kind = (_ORDER.index(violation["invariant"]), violation["form"], violation["slot"])
            if kind not in kinds or violation["turn"] < kinds[kind][1]["turn"]:
                kinds[kind] = (record, violation)
    return [kinds[kind] for kind in sorted(kinds)]


async def _smallest(
    stage: Stage, persona: Persona, said: Sequence[Said], wanted: Violation, restore: Callable[[], None]
) -> list[Exchange]:
    """The exchanges of the shortest part that shows the violation; none where it does not come back."""

    async def replayed(messages: Sequence[Said]) -> list[Exchange]:
        restore()
        return await replay(stage, persona, messages)

    async def fails(messages: Sequence[Said]) -> bool:
        return found_in(await replayed(messages), wanted) is not None

    typed = typed_out(said)
    messages = typed if await fails(typed) else list(said)
    if messages is not typed and not await fails(messages):
        restore()
        return []
    exchanges = await replayed(await shrink(messages, fails))
    restore()
    return exchanges
