"""Training only the embedding rows of tokens that the data uses.

A row that no utterance touches has no gradient and no weight decay, so leaving it out changes nothing but the time:
half of a small encoder's parameters are word embeddings, of which a chatbot's data uses a tenth.
"""

from dataclasses import replace

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel

from parlance.finetuning.dataset import Utterances


class CompactVocabulary:
    """Swaps the encoder's word embeddings for those of some utterances, and back with ``restore``."""

    def __init__(self, encoder: PreTrainedModel, padding: int, *data: Utterances) -> None:
        self._encoder = encoder
        self._full = encoder.get_input_embeddings()
        # A context is one list for all utterances that share it.
        contexts = {id(ids): ids for part in data for ids in part.contexts}.values()
        rows = (ids for part in data for ids in part.token_ids)
        used = np.unique([padding, *(token for ids in (*rows, *contexts) for token in ids)])
        self._used = torch.from_numpy(used)
        self._number = {int(token): number for number, token in enumerate(used)}
        self.padding = self._number[padding]
        table = self._full.weight.detach()[self._used].clone()
        encoder.set_input_embeddings(nn.Embedding(len(table), table.shape[1], _weight=table))

    def translate(self, data: Utterances) -> Utterances:
        """The utterances with the compact numbers of their tokens."""
        contexts = {id(ids): self._translated(ids) for ids in data.contexts}
        token_ids = [self._translated(ids) for ids in data.token_ids]
        return replace(data, token_ids=token_ids, contexts=[contexts[id(ids)] for ids in data.contexts])

    def _translated(self, ids: list[int]) -> list[int]:
        return [self._number[token] for token in ids]

    def restore(self) -> None:
        """Write the trained rows into the full table and give it back to the encoder."""
        trained = self._encoder.get_input_embeddings().weight.detach()
        with torch.no_grad():
            self._full.to(trained.device).weight[self._used.to(trained.device)] = trained
        self._encoder.set_input_embeddings(self._full)
