"""Words, BILOU tags and the search for the best sequence of them."""

from itertools import product

import numpy as np

from parlance.data.examples import Entity, Example
from parlance.finetuning.dataset import Labels, never_touching
from parlance.inference.tagging import OUTSIDE, Words, decode_spans, encode_spans, join_pieces, tag_count, words_of
from parlance.inference.tagging import SpanLabel as Label


def whole(text: str) -> Words:
    """The words where each character is an encoder token."""
    return words_of(text, [(place, place + 1) for place in range(len(text))])


def words_in(text: str) -> list[str]:
    words = whole(text)
    return [text[start:end] for start, end in zip(words.starts, words.ends, strict=True)]


def test_letters_digits_and_signs_are_words_of_their_own() -> None:
    assert words_in("10am, FH-10432 to jo@ex.com") == [
        "10",
        "am",
        ",",
        "FH",
        "-",
        "10432",
        "to",
        "jo",
        "@",
        "ex",
        ".",
        "com",
    ]
    assert words_in(" \n\t ") == []
    assert words_in("naïve Straße 寝室") == ["naïve", "Straße", "寝", "室"]


def test_a_word_belongs_to_the_token_with_its_first_character_and_cut_off_words_are_left_out() -> None:
    words = words_of("ordering lamps now", [(0, 0), (0, 5), (5, 8), (9, 14), (0, 0)])

    assert words.tokens == (1, 3)
    assert words.ends == (8, 14)


def test_words_in_one_token_are_one_word_because_a_token_has_one_tag() -> None:
    words = words_of("under £100, or £2.50", [(0, 5), (6, 10), (10, 11), (12, 14), (15, 17), (17, 18), (18, 20)])

    assert (words.starts, words.ends) == ((0, 6, 10, 12, 15, 17, 18), (5, 10, 11, 14, 17, 18, 20))
    assert words.tokens == tuple(range(7))


def test_spans_survive_tagging_and_the_way_back() -> None:
    words = whole("from new york to 10432")
    tags = encode_spans(words, [(5, 13, 1), (17, 22, 0)])
    scores = np.full((len(words), tag_count([Label("a"), Label("b")])), -9.0)
    scores[range(len(words)), tags] = -0.1

    assert [span[:3] for span in decode_spans(scores)] == [(1, 2, 1), (4, 4, 0)]


def test_a_span_that_cuts_a_word_takes_it_whole_and_an_overlapping_one_is_left_out() -> None:
    words = whole("order number please")

    assert encode_spans(words, [(6, 9, 0), (0, 10, 0)]) == [OUTSIDE, 4, OUTSIDE]


def is_well_formed(path: tuple[int, ...]) -> bool:
    opened = None
    for tag in path:
        label, prefix = divmod(tag - 1, 4)
        expected = opened if prefix in (1, 2) and tag != OUTSIDE else None
        if opened != expected or (prefix in (1, 2) and tag != OUTSIDE and opened != label):
            return False
        if tag != OUTSIDE and prefix == 0:
            opened = label
        elif tag != OUTSIDE and prefix == 2:
            opened = None
    return opened is None


def spans_of(path: tuple[int, ...]) -> list[tuple[int, int, int]]:
    spans, first = [], 0
    for word, tag in enumerate(path):
        label, prefix = divmod(tag - 1, 4)
        if tag != OUTSIDE and prefix in (0, 3):
            first = word
        if tag != OUTSIDE and prefix in (2, 3):
            spans.append((first, word, label))
    return spans


def log_probabilities(logits: np.ndarray) -> np.ndarray:
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def test_decoding_finds_the_best_well_formed_sequence() -> None:
    random = np.random.default_rng(0)
    for length in (1, 2, 3, 4):
        for _ in range(25):
            scores = log_probabilities(random.normal(size=(length, 9)))
            paths = [path for path in product(range(9), repeat=length) if is_well_formed(path)]
            best = max(paths, key=lambda path: sum(scores[word, tag] for word, tag in enumerate(path)))  # noqa: B023

            assert [span[:3] for span in decode_spans(scores)] == spans_of(best)


def found_in(text: str, tags: list[int], labels: int = 1, never: frozenset[int] = frozenset({0})) -> list[str]:
    """The names that are read where each word's tag is nearly certain."""
    words = whole(text)
    scores = np.full((len(words), 1 + 4 * labels), -7.0)
    scores[range(len(words)), tags] = -0.01
    spans = join_pieces(decode_spans(scores, never), text, words, never)
    return [text[words.starts[first] : words.ends[last]] for first, last, *_ in spans]


BEGIN, LAST, UNIT = 1, 3, 4


def test_pieces_of_a_name_are_one_entity_where_the_data_never_has_two_side_by_side() -> None:
    assert found_in("pay john jacob", [OUTSIDE, UNIT, UNIT]) == ["john jacob"]
    assert found_in("call jean luc picard now", [OUTSIDE, UNIT, BEGIN, LAST, OUTSIDE]) == ["jean luc picard"]
    assert found_in("pay john jacob", [OUTSIDE, UNIT, UNIT], never=frozenset()) == ["john", "jacob"]
    assert found_in("to Rio de Janeiro", [OUTSIDE, UNIT, OUTSIDE, UNIT]) == ["Rio de Janeiro"]
    assert found_in("maria jose de la cruz", [BEGIN, LAST, OUTSIDE, OUTSIDE, UNIT]) == ["maria jose de la cruz"]


def test_what_stands_side_by_side_for_other_reasons_stays_apart() -> None:
    assert found_in("10432 10555", [UNIT, UNIT]) == ["10432", "10555"], "two numbers"
    assert found_in("tom and kim", [UNIT, OUTSIDE, UNIT]) == ["tom", "kim"], "a word between"
    assert found_in("北京上海", [BEGIN, LAST, BEGIN, LAST]) == ["北京", "上海"], "two whole names without a space"
    assert found_in("john jacob", [UNIT, UNIT + 4], labels=2, never=frozenset({0, 1})) == ["john", "jacob"], (
        "two labels"
    )


def test_a_word_that_is_surely_of_a_label_joins_whatever_its_place_in_a_name() -> None:
    """A model that knows names of one word cannot say which word of two begins."""
    words = whole("pay li wei")
    share = np.array([[0.98, 0.005, 0.005, 0.005, 0.005], [0.05, 0.3, 0.05, 0.05, 0.55], [0.3, 0.05, 0.1, 0.5, 0.05]])
    spans = decode_spans(np.log(share), never_touching={0})

    assert [(span[0], span[1]) for span in spans] == [(1, 2)]
    assert [(span[0], span[1]) for span in decode_spans(np.log(share))] == [(1, 1)]
    assert 0 < spans[0][3] < 1 and len(words) == 3


def test_which_labels_never_touch_is_learned_from_the_examples() -> None:
    def example(text: str, *spans: tuple[int, int, str]) -> Example:
        return Example(text, "x", tuple(Entity(start, end, kind) for start, end, kind in spans))

    examples = [
        example("red blue lamp", (0, 3, "colour"), (4, 8, "colour"), (9, 13, "product")),
        example("tom and kim", (0, 3, "person"), (8, 11, "person")),
        example("madrid de quito", (0, 6, "origin"), (10, 15, "origin")),
    ]
    labels = Labels.of([*examples, example("rome", (0, 4, "city"))])

    assert [labels.spans[i].type for i in never_touching(examples, labels)] == ["person", "product"]
