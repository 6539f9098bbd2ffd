"""Words, BILOU tags and the way back from tag scores to entity spans.

What a word is ``parlance.words`` says; it is represented by the first encoder token of its characters. Words that begin
in one encoder token are one word, because they could not have different tags: a model whose tokenizer was not told to
end its tokens where words end has such tokens ("£100").

Tags are numbered 0 for O and ``1 + 4 * k + "BILU".index(prefix)`` for label k (Ratinov and Roth 2009,
"Design Challenges and Misconceptions in Named Entity Recognition").
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from parlance.words import word_spans

OUTSIDE = 0
_B, _I, _L, _U = range(4)

SHARE_OF_LABEL = 0.25
"""Weight of a label's probability beside its tag's. On validation splits 0.2 to 0.4 found most entities exactly."""

NAME_PARTICLES = frozenset("al bin da de del della den der des di do dos du el ibn la le les ter van von zu".split())
"""Words inside names of people and places, which do not join two names to a list as "and" does."""

LIKELY_OUTSIDE = float(np.log(0.5))


@dataclass(frozen=True, order=True)
class SpanLabel:
    """What a span can be labelled as: an entity type with its role and group, all of which one tag carries."""

    type: str
    role: str = ""
    group: str = ""


@dataclass(frozen=True)
class Words:
    """The words of a text that the encoder saw: character spans, and the encoder token that stands for each."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    tokens: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.starts)


def words_of(text: str, offsets: Sequence[tuple[int, int]]) -> Words:
    """Find the words of a text.

    Args:
        text: The message.
        offsets: Character span of each encoder token; special tokens have an empty span.

    Returns:
        The words, without those that truncation kept from the encoder.
    """
    token_at: dict[int, int] = {}
    for number, (start, end) in enumerate(offsets):
        for position in range(start, end):
            token_at.setdefault(position, number)
    starts: list[int] = []
    ends: list[int] = []
    tokens: list[int] = []
    for start, end in word_spans(text):
        # A normaliser may drop a character, and a long message is cut off.
        token = next((token_at[position] for position in range(start, end) if position in token_at), None)
        if token is None:
            continue
        if tokens and tokens[-1] == token:
            ends[-1] = end
            continue
        starts.append(start)
        ends.append(end)
        tokens.append(token)
    return Words(tuple(starts), tuple(ends), tuple(tokens))


def tag_count(labels: Sequence[SpanLabel]) -> int:
    """The number of BILOU tags for these labels."""
    return 1 + 4 * len(labels)


def encode_spans(words: Words, spans: Sequence[tuple[int, int, int]]) -> list[int]:
    """Tag words with spans ``(start, end, label number)``; a span that cuts a word takes the whole word.

    Where spans overlap, the earlier in the sequence keeps its words.
    """
    tags = [OUTSIDE] * len(words)
    for start, end, label in spans:
        covered = [i for i in range(len(words)) if words.starts[i] < end and words.ends[i] > start]
        if not covered or any(tags[i] != OUTSIDE for i in covered):
            continue
        first = 1 + 4 * label
        if len(covered) == 1:
            tags[covered[0]] = first + _U
            continue
        for i in covered:
            tags[i] = first + _I
        tags[covered[0]], tags[covered[-1]] = first + _B, first + _L
    return tags


Span = tuple[int, int, int, float]
"""First word, last word, label number, confidence."""


def decode_spans(scores: np.ndarray, never_touching: Collection[int] = ()) -> list[Span]:
    """The best well-formed sequence of spans (Viterbi over the transitions that BILOU allows).

    A span's place in a name (B, I, L or U) is hard to tell where names are short in the training data and long in a
    message. Of a label whose spans never touch in the training data the place is worth less: its tags are scored by
    their own probability and by the label's, which is the sum of its four tags'.

    Args:
        scores: Log-probabilities, shape (words, tags).
        never_touching: Numbers of the labels of which no two spans ``touch`` in the training data.

    Returns:
        The spans from left to right. The confidence is the geometric mean of the probabilities of the span's tags.
    """
    length, tags = scores.shape
    # Where every word is more likely outside than not, no sequence is better than the one without spans.
    if tags == 1 or not (scores[:, OUTSIDE] < LIKELY_OUTSIDE).any():
        return []
    inside = scores[:, 1:].reshape(length, -1, 4)
    if never_touching:
        chosen = sorted(never_touching)
        inside = inside.copy()
        total = np.logaddexp.reduce(inside[:, chosen], axis=2, keepdims=True)
        inside[:, chosen] = (1 - SHARE_OF_LABEL) * inside[:, chosen] + SHARE_OF_LABEL * total
    path = _best_path(scores[:, OUTSIDE], inside)
    spans = []
    first = 0
    for word, tag in enumerate(path):
        if tag == OUTSIDE:
            continue
        label, prefix = divmod(tag - 1, 4)
        if prefix in (_B, _U):
            first = word
        if prefix in (_L, _U):
            of_tags = [inside[i, label, (path[i] - 1) % 4] for i in range(first, word + 1)]
            spans.append((first, word, label, float(np.exp(np.mean(of_tags)))))
    return spans


def join_pieces(spans: Sequence[Span], text: str, words: Words, never_touching: Collection[int]) -> list[Span]:
    """Make one span of the pieces of a name, of a label of which no two spans ever touch in the training data.

    Pieces meet at letters, and have a particle between them ("maria" de la "cruz"), or nothing where one of them is a
    single word: two numbers, or two long names in a text without spaces, are two entities.
    """
    joined: list[Span] = []
    for span in spans:
        if joined and span[2] in never_touching and _are_pieces(joined[-1], span, text, words):
            first, last, label, confidence = joined.pop()
            sizes = (last - first + 1, span[1] - span[0] + 1)
            both = float(np.exp(np.average(np.log([confidence, span[3]]), weights=sizes)))
            span = (first, span[1], label, both)
        joined.append(span)
    return joined


def _are_pieces(left: Span, right: Span, text: str, words: Words) -> bool:
    next_to_each_other = left[1] + 1 == right[0]
    return (
        left[2] == right[2]
        and touch(text[words.ends[left[1]] : words.starts[right[0]]])
        and (left[0] == left[1] or right[0] == right[1] or not next_to_each_other)
        and text[words.starts[left[1]]].isalpha()
        and text[words.starts[right[0]]].isalpha()
    )


def touch(between: str) -> bool:
    """Whether two spans with this text between them are side by side: nothing, or particles of a name alone."""
    return all(word in NAME_PARTICLES for word in between.lower().split())


def _best_path(outside: np.ndarray, inside: np.ndarray) -> list[int]:
    """Viterbi with one closed state (after O, L or U) and one open state a label (after B or I).

    That is all that BILOU's constraints need, so a word costs O(labels) rather than O(tags squared).
    ``outside`` has shape (words,), ``inside`` (words, labels, 4).
    """
    length, labels, _ = inside.shape
    closed, opened = 0.0, np.full(labels, -np.inf)
    closing: list[int] = []  # the tag that ended in the closed state, per word
    continued = np.zeros((length, labels), dtype=bool)  # whether an open state came from itself (I) or anew (B)
    for word in range(length):
        unit, last = closed + inside[word, :, _U], opened + inside[word, :, _L]
        candidates = (closed + outside[word], unit.max(), last.max())
        choice = int(np.argmax(candidates))
        label = int((outside[word : word + 1], unit, last)[choice].argmax())
        closing.append((OUTSIDE, 1 + 4 * label + _U, 1 + 4 * label + _L)[choice])
        begin, go_on = closed + inside[word, :, _B], opened + inside[word, :, _I]
        continued[word] = go_on > begin
        closed, opened = candidates[choice], np.maximum(begin, go_on)
    return _trace_back(closing, continued)


def _trace_back(closing: list[int], continued: np.ndarray) -> list[int]:
    path = [OUTSIDE] * len(closing)
    word = len(closing) - 1
    while word >= 0:
        path[word] = closing[word]
        label, prefix = divmod(closing[word] - 1, 4)
        word -= 1
        if closing[word + 1] == OUTSIDE or prefix == _U:
            continue
        while continued[word, label]:
            path[word] = 1 + 4 * label + _I
            word -= 1
        path[word] = 1 + 4 * label + _B
        word -= 1
    return path
