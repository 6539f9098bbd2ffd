"""Fern's language data keeps what makes its figures honest: enough of everything, and nothing learned by heart."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from rapidfuzz import fuzz, process
from ruamel.yaml import YAML

from parlance.data.examples import Example
from parlance.data.readers import read_examples

ROOT = Path(__file__).resolve().parents[2]
NEAR = 90
"""Similarity in percent (normalized Levenshtein) from which on two utterances count as near duplicates."""


def plain(example: Example) -> str:
    """Lower case, words and digits alone."""
    return " ".join(re.sub(r"\W+", " ", example.text.lower()).split())


ENOUGH = 40
OF_A_TOPIC = 25
"""Utterances of each thing that Fern cannot do: all of them are found or missed together, as ``cannot``."""
NEW, MOST_NEW = 12, 2
"""So many utterances the skeleton of a skill has (``make skill``), and so many skills may be no more than that."""


@pytest.fixture(scope="module")
def train() -> list[Example]:
    return read_examples(ROOT / "data" / "nlu")


@pytest.fixture(scope="module")
def held_out() -> list[Example]:
    return read_examples(ROOT / "tests" / "nlu")


def test_there_is_enough_of_everything(train: list[Example], held_out: list[Example]) -> None:
    assert len(train) >= 3000 and len(held_out) >= 1000
    assert len({str(example.intent).split("/")[0] for example in train}) >= 45
    learned, tested = (Counter(example.intent for example in part) for part in (train, held_out))
    assert learned.keys() == tested.keys()
    assert min(learned.values()) >= NEW and min(tested.values()) >= 4
    few = [i for i, n in learned.items() if n < (OF_A_TOPIC if str(i).startswith("cannot/") else ENOUGH)]
    assert len(few) <= MOST_NEW, "write utterances for the skeletons of skills"
    kinds = {entity.type for example in train for entity in example.entities}
    assert kinds == {entity.type for example in held_out for entity in example.entities}


def test_no_near_duplicate_crosses_the_split(train: list[Example], held_out: list[Example]) -> None:
    likeness = process.cdist(
        [plain(e) for e in held_out], [plain(e) for e in train], scorer=fuzz.ratio, score_cutoff=NEAR
    )
    crossing = [(held_out[i].text, train[j].text) for i, j in zip(*likeness.nonzero(), strict=True)]

    assert not crossing


def test_few_training_utterances_are_near_duplicates(train: list[Example]) -> None:
    texts = [plain(example) for example in train]
    likeness = process.cdist(texts, texts, scorer=fuzz.ratio, score_cutoff=NEAR)
    near = ((likeness > 0).sum(axis=1) > 1).sum()

    assert near < 0.03 * len(train)


def test_products_written_in_lower_case_have_a_synonym_that_writes_them_as_the_catalogue_does(
    train: list[Example],
) -> None:
    """Rasa gives an entity, in whatever case it is written, the spelling that it meets first in the data."""
    with (ROOT / "shop" / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        names = {row["name"].lower(): row["name"] for row in csv.DictReader(file)}
    written = {example.text[entity.start : entity.end] for example in train for entity in example.entities}
    otherwise = {names[text.lower()] for text in written if text not in names.values() and text.lower() in names}
    synonyms: dict[str, str] = {}
    for path in (ROOT / "data" / "nlu").glob("*.yml"):
        for block in YAML(typ="safe").load(path.read_text(encoding="utf-8"))["nlu"]:
            if "synonym" in block:
                examples = block["examples"].splitlines()
                synonyms |= {line.removeprefix("- ").lower(): block["synonym"] for line in examples}

    missing = sorted(name for name in otherwise if synonyms.get(name.lower()) != name)
    assert not missing, f"add a synonym to data/nlu/products.yml for each of {missing}"
