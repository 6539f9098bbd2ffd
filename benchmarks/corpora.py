"""The data sets of the benchmark, written once in the forms that every system reads, so that all see the same.

``nlu.yml`` is Rasa's training data, ``train.json`` and ``test.json`` are the same utterances for the others. Labels
and texts are changed only where Rasa's format cannot hold them: ``?`` leaves label names (Banking77 has
``reverted_card_payment?``), and square brackets in training texts become round ones.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from parlance.data.examples import OUT_OF_SCOPE_INTENTS, Entity, Example
from parlance.data.readers import read_examples

_BRACKETS = str.maketrans("[]\n\r\t", "()   ")


@dataclass(frozen=True)
class Corpus:
    """A name for the results, and where its two parts are read from."""

    name: str
    train: Path
    test: Path


def known_corpora(folder: Path) -> dict[str, Corpus]:
    """The three public data sets, and Banking77's ten examples an intent, below ``folder``."""
    banking, clinc, hwu = folder / "banking77", folder / "clinc150" / "data_full.json", folder / "hwu64" / "fold_1"
    corpora = [
        Corpus("banking77", banking / "train.csv", banking / "test.csv"),
        Corpus("banking77-10shot", banking / "train_10shot.csv", banking / "test.csv"),
        Corpus("clinc150", clinc, clinc),
        Corpus("hwu64", hwu / "train.yml", hwu / "test.yml"),
    ]
    return {corpus.name: corpus for corpus in corpora}


def prepare(corpus: Corpus, folder: Path) -> tuple[list[Example], list[Example]]:
    """Writes the corpus in every form below ``folder`` and returns what to train on and what to test on.

    No out-of-scope example is trained on, whatever the corpus has of them.

    Raises:
        ParlanceError: the corpus cannot be read.
    """
    train = [
        for_rasa(example)
        for example in read_examples(corpus.train, "train")
        if example.intent and example.intent not in OUT_OF_SCOPE_INTENTS
    ]
    test = [replace(example, intent=label(example.intent)) for example in read_examples(corpus.test, "test")]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nlu.yml").write_text(rasa_yaml(train), encoding="utf-8")
    write_examples(train, folder / "train.json")
    write_examples(test, folder / "test.json")
    return train, test


def label(intent: str | None) -> str | None:
    """An intent's name as Rasa's format can hold it."""
    return intent.replace("?", "") if intent else intent


def for_rasa(example: Example) -> Example:
    """An example without characters that Rasa's annotation would read as its own; entities keep their places."""
    text = example.text.translate(_BRACKETS)
    if not example.entities:
        text = " ".join(text.split())
    return replace(example, text=text, intent=label(example.intent))


def annotated(example: Example) -> str:
    """The text with its entities as Rasa annotates them: ``wake me at [nine](time)``."""
    text = example.text
    for entity in sorted(example.entities, key=lambda entity: entity.start, reverse=True):
        text = f"{text[: entity.start]}[{text[entity.start : entity.end]}]{annotation(entity)}{text[entity.end :]}"
    return text


def annotation(entity: Entity) -> str:
    """``(time)``, or ``{"entity": "city", "role": "from"}`` where there is more to say than the type."""
    more = {"role": entity.role, "group": entity.group}
    said = {name: value for name, value in more.items() if value}
    return json.dumps({"entity": entity.type, **said}, ensure_ascii=False) if said else f"({entity.type})"


def rasa_yaml(examples: Iterable[Example]) -> str:
    """Rasa NLU training data."""
    by_intent: dict[str, list[Example]] = {}
    for example in examples:
        by_intent.setdefault(str(example.intent), []).append(example)
    lines = ['version: "3.1"', "nlu:"]
    for intent, group in by_intent.items():
        lines += [f"- intent: {json.dumps(intent)}", "  examples: |"]
        lines += [f"    - {annotated(example)}" for example in group]
    return "\n".join(lines) + "\n"


def write_examples(examples: Sequence[Example], path: Path) -> None:
    """Examples as JSON."""
    path.write_text(json.dumps([asdict(example) for example in examples], ensure_ascii=False), encoding="utf-8")
