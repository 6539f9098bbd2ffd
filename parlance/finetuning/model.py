"""The joint model: one encoder, an intent head over the sentence and an entity head over its tokens."""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F
from transformers import PreTrainedModel

from parlance.finetuning.cpu import WorkingCopy
from parlance.finetuning.encoder import pooled


class Outputs(NamedTuple):
    """What one forward pass gives; B utterances, T tokens, C intents, N tags, A acts, H hidden units."""

    intent_logits: torch.Tensor  # (B, C)
    tag_logits: torch.Tensor  # (B, T, N)
    embedding: torch.Tensor  # (B, H), the mean of the token vectors
    tokens: torch.Tensor  # (B, T, H)
    act_logits: torch.Tensor | None = None  # (B, A); None for a model without acts


class JointModel(nn.Module):
    """Intent classifier, entity tagger and featurizer from one forward pass."""

    def __init__(
        self,
        encoder: PreTrainedModel,
        intents: int,
        tags: int,
        dropout: float,
        acts: int = 0,
        contextual: bool = False,
    ) -> None:
        super().__init__()
        hidden = encoder.config.hidden_size
        self.encoder = encoder
        self.precision = torch.float32  # in which the encoder multiplies matrices; the heads stay in float32
        self.working_copy: WorkingCopy | None = None  # stands in for the encoder in training, on CPUs
        self.dropout = nn.Dropout(dropout)
        # At least one output, which stays unused without intents: ONNX Runtime's quantizer cannot handle none.
        self.intent_head = nn.Linear(hidden, max(1, intents))
        self.tag_head = nn.Linear(hidden, tags)
        self.act_head = nn.Linear(hidden, acts) if acts else None
        self.contextual = contextual
        # Encoders that learned to read one text alone have no types of tokens.
        self._has_token_types = contextual and getattr(encoder.config, "type_vocab_size", 0) > 1
        for head in filter(None, (self.intent_head, self.tag_head, self.act_head)):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_types: torch.Tensor | None = None
    ) -> Outputs:
        """Args: token numbers, mask (1 for a token, 0 for padding) and types (1 for a token of what was said before,
        0 for the others), all of shape (B, T), int64. What was said before is read; the outputs are the message's.
        """
        encoder = self.working_copy.module if self.training and self.working_copy else self.encoder
        types = {"token_type_ids": token_types} if self._has_token_types else {}
        with torch.autocast(input_ids.device.type, self.precision, enabled=self.precision != torch.float32):
            tokens = encoder(input_ids=input_ids, attention_mask=attention_mask, **types).last_hidden_state.float()
        of_message = (
            attention_mask if token_types is None or not self.contextual else attention_mask * (1 - token_types)
        )
        embedding = pooled(tokens, of_message)
        known = self.dropout(embedding)
        intents, tags = self.intent_head(known), self.tag_head(self.dropout(tokens))
        return Outputs(intents, tags, embedding, tokens, self.act_head(known) if self.act_head else None)

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
