"""From examples to numbers: labels, encoded utterances, hold-out split and batches of like length."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from tokenizers import Tokenizer

from parlance.data.examples import Entity, Example
from parlance.errors import ParlanceError
from parlance.inference.tagging import SpanLabel, encode_spans, tag_count, touch, words_of
from parlance.inference.text import tokenizable

IGNORED = -100
"""The target of what has none: an utterance without intent, a token that stands for no word."""

OUTLIER = -1
"""The intent number of a message that is none of the assistant's business."""

BATCHES_SORTED_TOGETHER = 50

LENGTH_STEP = 4
"""Batches are padded to a multiple of this: fewer shapes, for each of which CPU libraries keep code and memory."""


@dataclass(frozen=True)
class Labels:
    """What a model tells apart; the position in each list is the label's number in the heads."""

    intents: tuple[str, ...]
    spans: tuple[SpanLabel, ...]

    @classmethod
    def of(cls, examples: Sequence[Example], known: "Labels | None" = None) -> "Labels":
        """The labels in the examples, behind those that an earlier model knows, whose numbers stay.

        Raises:
            ParlanceError: There is neither an intent nor an entity to learn.
        """
        intents = {example.intent for example in examples if example.intent}
        spans = {_label(entity) for example in examples for entity in example.entities}
        old = known or cls((), ())
        labels = cls(
            old.intents + tuple(sorted(intents - set(old.intents))), old.spans + tuple(sorted(spans - set(old.spans)))
        )
        if not labels.intents and not labels.spans:
            raise ParlanceError(
                "The training data has neither an intent nor an entity.", "Add annotated utterances under `nlu:`."
            )
        return labels

    @property
    def tags(self) -> int:
        """The number of the entity head's outputs."""
        return tag_count(self.spans)


def never_touching(examples: Sequence[Example], labels: Labels) -> list[int]:
    """Numbers of the span labels that the examples have, and never twice side by side (see ``touch``)."""
    number = {label: number for number, label in enumerate(labels.spans)}
    seen, touching = set(), set()
    for example in examples:
        entities = sorted(example.entities, key=lambda entity: entity.start)
        kinds = [number[_label(entity)] for entity in entities]
        seen.update(kinds)
        for i, (left, right) in enumerate(pairwise(entities)):
            if kinds[i] == kinds[i + 1] and touch(example.text[left.end : right.start]):
                touching.add(kinds[i])
    return sorted(seen - touching)


@dataclass
class Utterances:
    """Encoded utterances: token numbers, intent numbers, and per token the tag of the word that it stands for."""

    texts: list[str]
    token_ids: list[list[int]]
    intents: np.ndarray  # (utterances,), IGNORED where there is none, OUTLIER where none of them can be
    tags: list[list[int]]

    def __len__(self) -> int:
        return len(self.texts)

    def with_outliers(self, outliers: "Utterances") -> "Utterances":
        """These, and behind them messages that no intent is right for."""
        return Utterances(
            self.texts + outliers.texts,
            self.token_ids + outliers.token_ids,
            np.concatenate([self.intents, np.full(len(outliers), OUTLIER)]),
            self.tags + outliers.tags,
        )

    def sample_of_intents(self, count: int, seed: int) -> "Utterances":
        """About ``count`` utterances that have an intent, at least one of each, drawn evenly."""
        random = np.random.default_rng(seed)
        intents = np.unique(self.intents[self.intents >= 0])
        each = -(-count // max(1, len(intents)))
        drawn = [random.permutation(np.flatnonzero(self.intents == intent))[:each] for intent in intents]
        rows = np.sort(np.concatenate(drawn)) if drawn else np.zeros(0, dtype=np.int64)
        return Utterances(
            [self.texts[row] for row in rows],
            [self.token_ids[row] for row in rows],
            self.intents[rows],
            [self.tags[row] for row in rows],
        )


def _label(entity: Entity) -> SpanLabel:
    return SpanLabel(entity.type, entity.role or "", entity.group or "")


def encode(examples: Sequence[Example], tokenizer: Tokenizer, labels: Labels, max_length: int) -> Utterances:
    """Tokenize and number examples. Utterances without a single token, as the empty one, are left out."""
    intent_number = {name: number for number, name in enumerate(labels.intents)}
    span_number = {label: number for number, label in enumerate(labels.spans)}
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length)
    kept = [example for example in examples if example.text.strip()]
    tags = []
    encodings = tokenizer.encode_batch([tokenizable(example.text) for example in kept])
    for example, encoding in zip(kept, encodings, strict=True):
        words = words_of(example.text, encoding.offsets)
        spans = [
            (entity.start, entity.end, span_number[label])
            for entity in example.entities
            if (label := _label(entity)) in span_number
        ]
        row = [IGNORED] * len(encoding.ids)
        for token, tag in zip(words.tokens, encode_spans(words, spans), strict=True):
            row[token] = tag
        tags.append(row)
    return Utterances(
        texts=[example.text for example in kept],
        token_ids=[encoding.ids for encoding in encodings],
        intents=np.array([intent_number.get(example.intent or "", IGNORED) for example in kept], dtype=np.int64),
        tags=tags,
    )


@dataclass
class Batch:
    """Padded tensors; B utterances, T tokens."""

    input_ids: torch.Tensor  # (B, T) int64
    attention_mask: torch.Tensor  # (B, T) int64
    intents: torch.Tensor  # (B,) int64
    tags: torch.Tensor  # (B, T) int64

    def __len__(self) -> int:
        return len(self.input_ids)

    def to(self, device: torch.device) -> "Batch":
        """The batch on a device."""
        moved = (
            t.to(device, non_blocking=True) for t in (self.input_ids, self.attention_mask, self.intents, self.tags)
        )
        return Batch(*moved)

    def split(self, parts: int) -> list["Batch"]:
        """The batch in about equal parts, at most one an utterance."""
        tensors = (self.input_ids, self.attention_mask, self.intents, self.tags)
        return [Batch(*chunk) for chunk in zip(*(t.tensor_split(min(parts, len(self))) for t in tensors), strict=True)]


def collate(data: Utterances, rows: np.ndarray, padding: int) -> Batch:
    """Pad some utterances to about the longest of them."""
    longest = max(len(data.token_ids[row]) for row in rows)
    length = -(-longest // LENGTH_STEP) * LENGTH_STEP
    input_ids = torch.full((len(rows), length), padding, dtype=torch.int64)
    mask = torch.zeros((len(rows), length), dtype=torch.int64)
    tags = torch.full((len(rows), length), IGNORED, dtype=torch.int64)
    for i, row in enumerate(rows):
        count = len(data.token_ids[row])
        input_ids[i, :count] = torch.tensor(data.token_ids[row])
        tags[i, :count] = torch.tensor(data.tags[row])
        mask[i, :count] = 1
    return Batch(input_ids, mask, torch.from_numpy(data.intents[rows]), tags)


def shuffled_batches(data: Utterances, size: int, random: np.random.Generator) -> list[np.ndarray]:
    """A pass over the data: batches of about ``size`` rows, shuffled, of like length so that little is padding.

    Rows travel in pairs of one intent, so that every batch has something to pull together for the contrastive loss;
    an intent with an odd number of utterances shows one of them alone.
    """
    pairs = _pairs(data.intents, random)
    length = np.array([max(len(data.token_ids[row]) for row in pair) for pair in pairs])
    order = random.permutation(len(pairs))
    count = max(1, size // 2)
    batches = []
    for start in range(0, len(order), BATCHES_SORTED_TOGETHER * count):
        chunk = order[start : start + BATCHES_SORTED_TOGETHER * count]
        chunk = chunk[np.argsort(length[chunk], kind="stable")]
        batches += [np.concatenate([pairs[i] for i in chunk[k : k + count]]) for k in range(0, len(chunk), count)]
    return [batches[i] for i in random.permutation(len(batches))]


def _pairs(intents: np.ndarray, random: np.random.Generator) -> list[np.ndarray]:
    pairs = []
    for intent in np.unique(intents):
        rows = random.permutation(np.flatnonzero(intents == intent))
        pairs += [rows[k : k + 2] for k in range(0, len(rows), 2)]
    return pairs


def evaluation_batches(data: Utterances, size: int) -> Iterator[np.ndarray]:
    """All rows once, by length."""
    order = np.argsort([len(ids) for ids in data.token_ids], kind="stable")
    for start in range(0, len(order), size):
        yield order[start : start + size]


def hold_out(examples: Sequence[Example], share: float, seed: int) -> tuple[list[Example], list[Example]]:
    """Split off a share of each intent for validation, at most 1,000 utterances in all.

    Intents with fewer than four utterances stay in training whole: they have none to spare. So do texts that are there
    after one thing and after another: what they mean after the one tells what they mean after the other.
    """
    random = np.random.default_rng(seed)
    share = min(share, 1000 / max(1, len(examples)))
    by_intent: dict[str | None, list[int]] = defaultdict(list)
    texts = Counter(example.text.casefold() for example in examples)
    in_context = {example.text.casefold() for example in examples if example.after}
    for row, example in enumerate(examples):
        if texts[example.text.casefold()] == 1 or example.text.casefold() not in in_context:
            by_intent[example.intent].append(row)
    held: set[int] = set()
    for rows in by_intent.values():
        # Rounding at random keeps the share right where an intent would give less than one utterance.
        wanted = int(len(rows) * share + random.random()) if len(rows) >= 4 else 0
        held.update(random.permutation(rows)[: min(wanted, len(rows) // 2)].tolist())
    train = [example for row, example in enumerate(examples) if row not in held]
    return train, [examples[row] for row in sorted(held)]
