"""A small encoder with random weights, and a small data set, so that tests train for real in a second or two."""

import os
from pathlib import Path

import pytest

from parlance.data.examples import Entity, Example

# As many threads as there are would be chosen by how busy the machine is, and their number rounds sums differently.
os.environ.setdefault("OMP_NUM_THREADS", "1")

UTTERANCES = {
    "greet": ["hi", "hello there", "hey you", "good morning", "hiya fern", "evening all", "hello hello", "hi again"],
    "goodbye": ["bye", "see you later", "goodbye now", "that is all bye", "cheerio", "see ya", "bye bye", "later"],
    "order_status": [
        "where is order 10432",
        "has 10555 shipped yet",
        "10777 is late",
        "any news of parcel 10432",
        "order 10901 please",
        "track 10222",
        "when does 10333 come",
        "still waiting for 10888",
    ],
    "move": [
        "move it from leeds to york",
        "change leeds to bath",
        "not york but leeds",
        "from bath to york please",
        "send it to bath not leeds",
        "york is wrong it is bath",
        "leeds to york",
        "from york to leeds",
    ],
}
PLACES = ("leeds", "york", "bath")


def annotated(text: str, intent: str) -> Example:
    """Order numbers are entities; so are places, the one after "to" with the role "new", others with "old"."""
    entities, position = [], 0
    for word in text.split(" "):
        end = position + len(word)
        if word.isdigit():
            entities.append(Entity(position, end, "order_number"))
        elif word in PLACES:
            role = "new" if text[:position].endswith("to ") else "old"
            entities.append(Entity(position, end, "place", role=role))
        position = end + 1
    return Example(text, intent, tuple(entities))


@pytest.fixture(scope="session")
def examples() -> list[Example]:
    """32 utterances of four intents, with two entity types and two roles."""
    return [annotated(text, intent) for intent, texts in UTTERANCES.items() for text in texts]


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The web assistant's model (see ``tests.web_assistant``)."""
    from tests.web_assistant import train

    folder = tmp_path_factory.mktemp("small")
    with pytest.MonkeyPatch.context() as patch:
        # Rasa's cache goes to the working folder, and two processes that make it at once fail.
        patch.chdir(folder)
        return train(folder / "model")


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a BERT of two layers and 32 units, as ``save_pretrained`` writes one."""
    import torch
    from tokenizers.implementations import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("encoders") / "tiny"
    pieces = BertWordPieceTokenizer()
    words = [text for texts in UTTERANCES.values() for text in texts]
    pieces.train_from_iterator(
        [*words, "abcdefghijklmnopqrstuvwxyz0123456789 @ . - # ' ?"], vocab_size=300, min_frequency=1
    )
    BertTokenizerFast(tokenizer_object=pieces._tokenizer).save_pretrained(folder)
    torch.manual_seed(0)
    shape = BertConfig(
        vocab_size=pieces.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(shape).save_pretrained(folder)
    return folder
