"""What was said before a message, as an encoder reads it: behind it, ``[CLS] message [SEP] context [SEP]``."""

from collections.abc import Sequence
from typing import NamedTuple

from tokenizers import Tokenizer

from parlance.inference.text import tokenizable


class Context(NamedTuple):
    """What was said last before a message."""

    after: str
    """By the assistant, in all of its last turn."""
    said: str = ""
    """By the customer, before that."""


class ContextReader:
    """Makes tokens of contexts, as they follow those of the message that was said in them.

    Args:
        tokenizer: The encoder's.
        budget: How many tokens of a context are read: the last ones, because questions stand at the end.
        with_said: Whether the customer's message before is read too, in front of what the assistant said.
    """

    def __init__(self, tokenizer: Tokenizer, budget: int, with_said: bool = False) -> None:
        self._tokenizer = Tokenizer.from_str(tokenizer.to_str())  # of its own: the other one cuts texts on the right
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._budget = budget
        self._with_said = with_said
        alone, pair = self._tokenizer.encode("a").ids, self._tokenizer.encode("a", "a")
        rest, around = pair.ids[len(alone) :], pair.special_tokens_mask[len(alone) :]
        start = around.index(0)
        # What stands before and after the second of a pair, as the encoder learned it.
        self._before, self._behind = rest[:start], rest[len(rest) - around[::-1].index(0) :]

    def tokens(self, contexts: Sequence[Context]) -> list[list[int]]:
        """The tokens of each context; none where the assistant has said nothing."""
        after = self._encoded([context.after for context in contexts])
        if self._with_said:
            said = self._encoded([context.said for context in contexts])
            after = [[*a, *self._behind, *self._before, *b] if a and b else b for a, b in zip(said, after, strict=True)]
        read = [ids[max(0, len(ids) - self._budget) :] for ids in after]
        return [[*self._before, *ids, *self._behind] if ids else [] for ids in read]

    def _encoded(self, texts: Sequence[str]) -> list[list[int]]:
        encodings = self._tokenizer.encode_batch([tokenizable(text) for text in texts], add_special_tokens=False)
        return [encoding.ids for encoding in encodings]
