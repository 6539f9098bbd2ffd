"""Words, BILOU tags and the way back from tag scores to entity spans.

What a word is ``parlance.words`` says; it is represented by the first encoder token of its characters. Words that begin
in one encoder token are one word, because they could not have different tags: a model whose tokenizer was not told to
end its tokens where words end has such tokens ("£100").

Tags are numbered 0 for O and ``1 + 4 * k + "BILU".index(prefix)`` for label k (Ratinov and Roth 2009,
"Design Challenges and Misconceptions in Named Entity Recognition").
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from parlance.words import word_spans

OUTSIDE = 0
_B, _I, _L, _U = range(4)


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
    for token, (start, end) in enumerate(offsets):
        for position in range(start, end):
            token_at.setdefault(position, token)
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


def decode_spans(scores: np.ndarray) -> list[tuple[int, int, int, float]]:
    """The best well-formed sequence of spans (Viterbi over the transitions that BILOU allows).

    Args:
        scores: Log-probabilities, shape (words, tags).

    Returns:
        ``(first word, last word, label number, confidence)`` from left to right. The confidence is the geometric
        mean of the probabilities of the span's tags.
    """
    length, tags = scores.shape
    if tags == 1 or not (scores[:, 1:].max(axis=1) > scores[:, OUTSIDE]).any():
        return []
    path = _best_path(scores[:, OUTSIDE], scores[:, 1:].reshape(length, -1, 4))
    spans = []
    first = 0
    for word, tag in enumerate(path):
        if tag == OUTSIDE:
            continue
        label, prefix = divmod(tag - 1, 4)
        if prefix in (_B, _U):
            first = word
        if prefix in (_L, _U):
            confidence = float(np.exp(np.mean([scores[i, path[i]] for i in range(first, word + 1)])))
            spans.append((first, word, label, confidence))
    return spans


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
