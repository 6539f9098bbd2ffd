"""From examples to numbers: labels, encoded utterances, hold-out split and batches of like length."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import torch
from tokenizers import Tokenizer

from parlance.data.examples import Entity, Example
from parlance.errors import ParlanceError
from parlance.inference.context import Context, ContextReader
from parlance.inference.tagging import SpanLabel, encode_spans, tag_count, touch, words_of
from parlance.inference.text import tokenizable

IGNORED = -100
"""The target of what has none: an utterance without intent, a token that stands for no word."""

OUTLIER = -1
"""The intent number of a message that is none of the assistant's business."""

BATCHES_SORTED_TOGETHER = 50

SHARE_IN_CONTEXT = 0.5
"""How often an utterance that means the same anywhere is shown after something, whatever that is."""

LENGTH_STEP = 4
"""Batches are padded to a multiple of this: fewer shapes, for each of which CPU libraries keep code and memory."""


@dataclass(frozen=True)
class Labels:
    """What a model tells apart; the position in each list is the label's number in the heads."""

    intents: tuple[str, ...]
    spans: tuple[SpanLabel, ...]
    acts: tuple[str, ...] = ()
    contextual: bool = False
    """Whether messages are read with what was said before them."""

    @classmethod
    def of(cls, examples: Sequence[Example], known: "Labels | None" = None) -> "Labels":
        """The labels in the examples, behind those that an earlier model knows, whose numbers stay.

        Raises:
            ParlanceError: There is neither an intent nor an entity to learn.
        """
        intents = {example.intent for example in examples if example.intent}
        spans = {_label(entity) for example in examples for entity in example.entities}
        acts = {example.act for example in examples if example.act}
        old = known or cls((), ())
        labels = cls(
            old.intents + tuple(sorted(intents - set(old.intents))),
            old.spans + tuple(sorted(spans - set(old.spans))),
            old.acts + tuple(sorted(acts - set(old.acts))),
            old.contextual or any(example.after for example in examples),
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
    acts: np.ndarray  # (utterances,), IGNORED where there is none
    own_contexts: list[list[list[int]]]
    """For each utterance the token numbers of what may be said before it; nothing where that is all the same."""
    contexts: list[list[int]] = field(default_factory=list)
    """For each utterance the token numbers of what is said before it, where it is shown; empty where nothing is."""

    def __post_init__(self) -> None:
        self.contexts = self.contexts or [[] for _ in self.texts]

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each utterance with its context, shape (utterances,)."""
        return np.array([len(a) + len(b) for a, b in zip(self.token_ids, self.contexts, strict=True)], dtype=np.int64)

    def with_outliers(self, outliers: "Utterances") -> "Utterances":
        """These, and behind them messages that no intent is right for."""
        return Utterances(
            self.texts + outliers.texts,
            self.token_ids + outliers.token_ids,
            np.concatenate([self.intents, np.full(len(outliers), OUTLIER)]),
            self.tags + outliers.tags,
            np.concatenate([self.acts, outliers.acts]),
            self.own_contexts + outliers.own_contexts,
            self.contexts + outliers.contexts,
        )

    def in_contexts(self, pool: Sequence[list[int]], random: np.random.Generator) -> "Utterances":
        """Each after one of its own contexts; those without any alone or after one of the pool, as often as not."""
        contexts = []
        for own in self.own_contexts:
            choices = own or (pool if random.random() < SHARE_IN_CONTEXT else ())
            contexts.append(choices[random.integers(len(choices))] if choices else [])
        return replace(self, contexts=contexts)

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
            self.acts[rows],
            [self.own_contexts[row] for row in rows],
            [self.contexts[row] for row in rows],
        )


def _label(entity: Entity) -> SpanLabel:
    return SpanLabel(entity.type, entity.role or "", entity.group or "")


def encode(
    examples: Sequence[Example],
    tokenizer: Tokenizer,
    labels: Labels,
    max_length: int,
    reader: ContextReader | None = None,
) -> Utterances:
    """Tokenize and number examples. Utterances without a single token, as the empty one, are left out."""
    intent_number = {name: number for number, name in enumerate(labels.intents)}
    act_number = {name: number for number, name in enumerate(labels.acts)}
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
        acts=np.array([act_number.get(example.act or "", IGNORED) for example in kept], dtype=np.int64),
        own_contexts=_encoded_contexts(kept, reader) if reader else [[] for _ in kept],
    )


def contexts_of(example: Example) -> list[Context]:
    """All that may be said before an example."""
    return [Context(after, example.said or "") for after in example.after]


def _encoded_contexts(examples: Sequence[Example], reader: ContextReader) -> list[list[list[int]]]:
    """The tokens of each example's contexts; those that many examples have are made once."""
    contexts = list(dict.fromkeys(context for example in examples for context in contexts_of(example)))
    tokens = dict(zip(contexts, reader.tokens(contexts), strict=True))
    return [[tokens[context] for context in contexts_of(example)] for example in examples]


@dataclass
class Batch:
    """Padded tensors; B utterances, T tokens."""

    input_ids: torch.Tensor  # (B, T) int64
    attention_mask: torch.Tensor  # (B, T) int64
    token_types: torch.Tensor  # (B, T) int64, 1 for a token of what was said before
    intents: torch.Tensor  # (B,) int64
    tags: torch.Tensor  # (B, T) int64
    acts: torch.Tensor  # (B,) int64

    def __len__(self) -> int:
        return len(self.input_ids)

    @property
    def inputs(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What a model takes."""
        return self.input_ids, self.attention_mask, self.token_types

    @property
    def _tensors(self) -> tuple[torch.Tensor, ...]:
        return *self.inputs, self.intents, self.tags, self.acts

    def to(self, device: torch.device) -> "Batch":
        """The batch on a device."""
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in self._tensors))

    def split(self, parts: int) -> list["Batch"]:
        """The batch in about equal parts, at most one an utterance."""
        chunks = (tensor.tensor_split(min(parts, len(self))) for tensor in self._tensors)
        return [Batch(*chunk) for chunk in zip(*chunks, strict=True)]


def collate(data: Utterances, rows: np.ndarray, padding: int, step: int = LENGTH_STEP) -> Batch:
    """Pad some utterances, each with its context behind it, to the next multiple of the step."""
    longest = max(len(data.token_ids[row]) + len(data.contexts[row]) for row in rows)
    length = -(-longest // step) * step
    input_ids = torch.full((len(rows), length), padding, dtype=torch.int64)
    mask, token_types = torch.zeros_like(input_ids), torch.zeros_like(input_ids)
    tags = torch.full_like(input_ids, IGNORED)
    for i, row in enumerate(rows):
        message, context = data.token_ids[row], data.contexts[row]
        count, whole = len(message), len(message) + len(context)
        input_ids[i, :whole] = torch.tensor(message + context)
        tags[i, :count] = torch.tensor(data.tags[row])
        mask[i, :whole] = 1
        token_types[i, count:whole] = 1
    intents, acts = torch.from_numpy(data.intents[rows]), torch.from_numpy(data.acts[rows])
    return Batch(input_ids, mask, token_types, intents, tags, acts)


def shuffled_batches(data: Utterances, size: int, random: np.random.Generator) -> list[np.ndarray]:
    """A pass over the data: batches of about ``size`` rows, shuffled, of like length so that little is padding.

    Rows travel in pairs of one intent, so that every batch has something to pull together for the contrastive loss;
    an intent with an odd number of utterances shows one of them alone.
    """
    pairs = _pairs(data.intents, random)
    lengths = data.lengths
    length = np.array([lengths[pair].max() for pair in pairs])
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
    order = np.argsort(data.lengths, kind="stable")
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
