"""Words in many scripts, and entity spans that survive tokenizing and tagging exactly."""

import random
from collections.abc import Callable

import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from parlance.data.examples import Entity, Example
from parlance.finetuning.dataset import Labels, encode
from parlance.finetuning.options import FinetuneOptions
from parlance.finetuning.splitting import split_at_words
from parlance.finetuning.start import start_from_encoder
from parlance.inference.tagging import OUTSIDE, decode_spans, encode_spans, tag_count, words_of
from parlance.inference.text import tokenizable
from parlance.words import is_inside_word, word_spans

SPACED = {
    "latin": "book a table at Café naïve Straße İstanbul Cafe\u0301 Zoe\u0308 A\u030angstro\u0308m Việt".split(),
    "greek and cyrillic": "Αθήνα ταξίδι Москва й\u0306од Київ".split(),
    "indic": "मुझे दिल्ली जाना है कोलकाता কলকাতা சென்னை తెలుగు".split(),
    "arabic and hebrew": "أريد القاهرة مُحَمَّد می\u200cخواهم תל אביב שָׁלוֹם".split(),
    "numbers": "10432 1,000 21st 80s 7 ٣٤ 2024".split(),
}
UNSPACED = {
    "chinese": "我要看上海天气𠮷野家北京的",
    "japanese": "東京のラーメンをたべるガ\u3099ﾊﾟー々",
    "korean": "서울에서부산까지한\u1103\u116f",
    "thai": ["ไ", "ป", "ก", "รุ", "ง", "เ", "ท", "พ", "รุ่", "นี้", "น้ำ"],
    "lao, khmer, burmese": ["ວຽ", "ງ", "ຈັ", "ន", "ភ្នំ", "ញ", "ရ", "န်", "ကု", "န်"],
}
SIGNS = ["£", "$", "€", "-", "/", "#", "@", "(", "。", "、", "’", "™", "❤\ufe0f", "👍🏽", "👩\u200d🚀", "🇬🇧", "🪿"]


def words_in(text: str) -> list[str]:
    return [text[start:end] for start, end in word_spans(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我要看上海", ["我", "要", "看", "上", "海"]),
        ("서울에서 부산", ["서", "울", "에", "서", "부", "산"]),
        ("at Cafe\u0301.", ["at", "Cafe\u0301", "."]),
        ("दिल्ली में", ["दिल्ली", "में"]),
        ("รุ่งนี้", ["รุ่", "ง", "นี้"]),
        ("£25 €1,000.50 3d", ["£", "25", "€", "1,000", ".", "50", "3", "d"]),
        ("i ❤\ufe0f👩\u200d🚀 1\ufe0f\u20e3", ["i", "❤\ufe0f", "👩\u200d🚀", "1\ufe0f\u20e3"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("the 80s, 21ST", ["the", "80s", ",", "21ST"]),
    ],
)
def test_what_a_word_is(text: str, words: list[str]) -> None:
    assert words_in(text) == words


def test_a_place_is_inside_a_word_where_no_entity_could_end() -> None:
    assert [place for place in range(8) if is_inside_word("to Rome上海", place)] == [1, 4, 5, 6]


def of_the_default_encoder() -> Tokenizer:
    tokenizer = start_from_encoder(FinetuneOptions()).tokenizer
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def everything() -> list[str]:
    texts = [word for words in SPACED.values() for word in words]
    return [*texts, *("".join(units) for units in UNSPACED.values()), *SIGNS, "£25 3d don't 我要看上海!!"] * 20


def byte_level() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(everything(), trainers.BpeTrainer(vocab_size=800, initial_alphabet=alphabet))
    split_at_words(tokenizer)
    return tokenizer


def sentencepiece() -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.train_from_iterator(
        everything(), trainers.UnigramTrainer(vocab_size=400, unk_token="<unk>", special_tokens=["<unk>"])
    )
    split_at_words(tokenizer)
    return tokenizer


def chunks(random: random.Random) -> list[str]:
    """Words, or a run of characters of a script without spaces, between which an entity may start or end."""
    found: list[str] = []
    for _ in range(random.randint(1, 4)):
        kind = random.randrange(3)
        if kind == 0:
            words = random.choice(list(SPACED.values()))
            found += [part for word in random.choices(words, k=random.randint(1, 3)) for part in (word, " ")]
        elif kind == 1:
            units = [unit for unit in random.choice(list(UNSPACED.values()))]
            whole = "".join(random.choices(units, k=random.randint(1, 6)))
            found += words_in(whole)  # a mark that follows a letter belongs to it
        else:
            found += random.choices([*SIGNS, "25", "3", "d "], k=2)
    return found


@pytest.mark.parametrize("make", [of_the_default_encoder, byte_level, sentencepiece], ids=lambda make: make.__name__)
def test_spans_come_back_exactly_in_every_script(make: Callable[[], Tokenizer]) -> None:
    tokenizer = make()
    labels = 3
    for seed in range(600):
        draw = random.Random(seed)
        parts = chunks(draw)
        text = "".join(parts)
        borders = {0, len(text), *(border for span in word_spans(text) for border in span)}
        places = np.cumsum([0, *map(len, parts)])
        spans, at = [], 0
        while at < len(parts):
            stop = min(len(parts), at + draw.randint(1, 3))
            start, end = int(places[at]), int(places[stop])
            covered = text[start:end]
            start += len(covered) - len(covered.lstrip())
            end -= len(covered) - len(covered.rstrip())
            if start < end and draw.random() < 0.6 and {start, end} <= borders:
                spans.append((start, end, draw.randrange(labels)))
            at = stop
        words = words_of(text, tokenizer.encode(tokenizable(text)).offsets)
        tags = encode_spans(words, spans)
        scores = np.full((len(words), 1 + 4 * labels), -9.0)
        scores[range(len(words)), tags] = -0.1
        found = [(words.starts[first], words.ends[last], label) for first, last, label, _ in decode_spans(scores)]

        assert found == spans, f"seed {seed}: {text!r}, words {words_in(text)}"


@pytest.mark.parametrize(
    ("text", "entity"),
    [("£[25] x", "25"), ("[£]10", "£"), ("\ufffc[FH-10432]", "FH-10432"), ("under £[100]", "100"), ("[3]d print", "3")],
)
def test_a_span_beside_a_sign_has_a_tag_of_its_own(text: str, entity: str) -> None:
    start = text.index("[")
    plain = text.replace("[", "").replace("]", "")
    words = words_of(plain, of_the_default_encoder().encode(tokenizable(plain)).offsets)
    tags = encode_spans(words, [(start, start + len(entity), 0)])
    inside = [i for i, tag in enumerate(tags) if tag != OUTSIDE]

    assert plain[words.starts[inside[0]] : words.ends[inside[-1]]] == entity


def test_training_examples_are_tagged_word_by_word() -> None:
    example = Example("我要看上海天气", "weather", (Entity(3, 5, "city"),))
    labels = Labels.of([example])
    (tags,) = encode([example], of_the_default_encoder(), labels, 32).tags

    assert tag_count(labels.spans) == 5
    assert [tag for tag in tags if tag >= 0] == [0, 0, 0, 1, 3, 0, 0]
