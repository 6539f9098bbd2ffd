"""The joint model: one encoder, an intent head over the sentence and an entity head over its tokens."""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F
from transformers import PreTrainedModel

from parlance.finetuning.cpu import WorkingCopy
from parlance.finetuning.encoder import pooled


class Outputs(NamedTuple):
    """What one forward pass gives; B utterances, T tokens, C intents, N tags, H hidden units."""

    intent_logits: torch.Tensor  # (B, C)
    tag_logits: torch.Tensor  # (B, T, N)
    embedding: torch.Tensor  # (B, H), the mean of the token vectors
    tokens: torch.Tensor  # (B, T, H)


class JointModel(nn.Module):
    """Intent classifier, entity tagger and featurizer from one forward pass."""

    def __init__(self, encoder: PreTrainedModel, intents: int, tags: int, dropout: float) -> None:
        super().__init__()
        hidden = encoder.config.hidden_size
        self.encoder = encoder
        self.precision = torch.float32  # in which the encoder multiplies matrices; the heads stay in float32
        self.working_copy: WorkingCopy | None = None  # stands in for the encoder in training, on CPUs
        self.dropout = nn.Dropout(dropout)
        # At least one output, which stays unused without intents: ONNX Runtime's quantizer cannot handle none.
        self.intent_head = nn.Linear(hidden, max(1, intents))
        self.tag_head = nn.Linear(hidden, tags)
        for head in (self.intent_head, self.tag_head):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Outputs:
        """Args: token numbers and mask (1 for a token, 0 for padding), both of shape (B, T), int64."""
        encoder = self.working_copy.module if self.training and self.working_copy else self.encoder
        with torch.autocast(input_ids.device.type, self.precision, enabled=self.precision != torch.float32):
            tokens = encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state.float()
        embedding = pooled(tokens, attention_mask)
        return Outputs(
            self.intent_head(self.dropout(embedding)), self.tag_head(self.dropout(tokens)), embedding, tokens
        )

    @torch.no_grad()
    def start_intents_at(self, embeddings: torch.Tensor, intents: torch.Tensor) -> None:
        """Start the intent head at each intent's mean embedding, so that step one already knows something.

        Args: embeddings of shape (examples, H) and their intent numbers, shape (examples,); intents without an
        example keep their start.
        """
        sums = torch.zeros_like(self.intent_head.weight).index_add_(0, intents, F.normalize(embeddings, dim=-1))
        seen = torch.bincount(intents, minlength=len(sums)) > 0
        self.intent_head.weight[seen] = F.normalize(sums[seen], dim=-1)


def supervised_contrastive_loss(embeddings: torch.Tensor, intents: torch.Tensor, temperature: float) -> torch.Tensor:
    """Pull utterances of one intent together, push others apart (Khosla et al. 2020, L_out, equation 2).

    Args:
        embeddings: Sentence embeddings, shape (B, H); they are normalized here.
        intents: Intent numbers, shape (B,).
        temperature: Divides the cosine similarities.

    Returns:
        The mean over utterances that have another of their intent in the batch; 0 where none has.
    """
    unit = F.normalize(embeddings, dim=-1)
    itself = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    log_shares = F.log_softmax((unit @ unit.T / temperature).masked_fill(itself, -1e4), dim=1)
    same = (intents[:, None] == intents[None, :]) & ~itself
    partners = same.sum(1)
    per_utterance = -(log_shares * same).sum(1) / partners.clamp(min=1)
    return per_utterance.sum() / (partners > 0).sum().clamp(min=1)
