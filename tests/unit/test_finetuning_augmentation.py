"""Typing errors in training data."""

import numpy as np

from parlance.data.examples import Entity, Example
from parlance.finetuning.augmentation import mistyped

TEXT = "please send my order FH-10432 to 14 Orchard Lane, Fernhill before Tuesday"
EXAMPLE = Example(
    TEXT,
    "change_address",
    tuple(
        Entity(TEXT.index(value), TEXT.index(value) + len(value), kind, value=value)
        for value, kind in (
            ("FH-10432", "order_number"),
            ("14 Orchard Lane, Fernhill", "address"),
            ("Tuesday", "date"),
        )
    ),
)


def test_entities_stay_on_their_words() -> None:
    for seed in range(50):
        (found,) = mistyped([EXAMPLE], 1.0, np.random.default_rng(seed))

        assert found.text != TEXT and found.intent == EXAMPLE.intent
        spans = [found.text[entity.start : entity.end] for entity in found.entities]
        assert spans[0] == "FH-10432"
        assert spans[1].startswith("14 O") and spans[1][-1].isalpha()
        assert spans[2][0] == "T" and found.text.endswith(spans[2])
        assert len(found.text.split()) == len(TEXT.split())


def test_short_words_and_numbers_stay() -> None:
    example = Example("is it 10432 or no", "inform")

    assert mistyped([example], 1.0, np.random.default_rng(0)) == [example]


def test_about_the_share_is_mistyped() -> None:
    changed = [e.text != TEXT for e in mistyped([EXAMPLE] * 1000, 0.3, np.random.default_rng(1))]

    assert 250 < sum(changed) < 350
