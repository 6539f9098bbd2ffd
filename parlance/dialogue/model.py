"""The network: the last states of a conversation in, a logit for every action out.

A small Transformer over dialogue turns, after Vlasov, Mosig and Nichol, *Dialogue Transformers* (2019), which is
Rasa's TED; with a softmax over the actions in the place of TED's similarities.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from parlance.dialogue.options import DialogueOptions


class DialogueModel(nn.Module):
    """Logits of the next action."""

    def __init__(self, features: int, actions: int, options: DialogueOptions) -> None:
        super().__init__()
        size = options.hidden_size
        self.feature_dropout = options.feature_dropout
        self.state = nn.Linear(features, size)
        self.position = nn.Parameter(torch.zeros(options.max_history, size))
        self.layers = nn.ModuleList(Layer(size, options.heads, options.dropout) for _ in range(options.layers))
        self.norm = nn.LayerNorm(2 * size)
        self.dropout = nn.Dropout(options.dropout)
        self.action_head = nn.Linear(2 * size, actions)
        nn.init.normal_(self.position, std=0.02)

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits, shape (batch, actions).

        Args:
            states: Features, shape (batch, length, features), the last state at the end; length up to max_history.
            mask: 1 for a state and 0 for padding before it, shape (batch, length).
        """
        if self.training and self.feature_dropout:
            states = self._forget(states)
        embedded = self.state(states)
        x = self.dropout(embedded + self.position[-states.shape[1] :])
        for layer in self.layers:
            x = layer(x, mask)
        # The last state decides most; the way around the encoder keeps it whole.
        last = torch.cat([x[:, -1], embedded[:, -1]], dim=-1)
        logits: torch.Tensor = self.action_head(self.dropout(self.norm(last)))
        return logits

    def _forget(self, states: torch.Tensor) -> torch.Tensor:
        """Drop features of earlier states, so that none of what was said before is indispensable."""
        kept = torch.rand_like(states) >= self.feature_dropout
        kept[:, -1] = True
        return states * kept


class Layer(nn.Module):
    """Self-attention and a feed-forward block, each normalized before and added to its input."""

    def __init__(self, size: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm, self.feed_norm = nn.LayerNorm(size), nn.LayerNorm(size)
        self.qkv, self.out = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.feed = nn.Sequential(nn.Linear(size, 2 * size), nn.GELU(), nn.Linear(2 * size, size))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        x = x + self.dropout(self._attend(self.attention_norm(x), mask))
        result: torch.Tensor = x + self.dropout(self.feed(self.feed_norm(x)))
        return result

    def _attend(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        batch, length, size = x.shape
        q, k, v = self.qkv(x).reshape(batch, length, 3, self.heads, size // self.heads).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) / math.sqrt(size // self.heads)
        scores = scores.masked_fill(mask[:, None, None, :] == 0, -1e9)
        mixed: torch.Tensor = self.out((F.softmax(scores, dim=-1) @ v).transpose(1, 2).reshape(batch, length, size))
        return mixed
