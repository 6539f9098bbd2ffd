"""What makes a training step on a CPU faster: dropout that costs little, and an encoder that is bfloat16 throughout."""

from copy import deepcopy

import numpy as np
import torch
from torch import nn


class FastDropout(nn.Dropout):
    """Dropout whose mask is made of random bytes; torch's own draws a number for each element, on one thread.

    The rate is rounded to a multiple of 1/256. Torch's random state decides, as it does for torch's own.
    """

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Any shape in, the same out; nothing is dropped in evaluation."""
        dropped = round(self.p * 256)  # of the 256 values of a byte
        if not self.training or not dropped:
            return values
        random = np.random.SFC64(int(torch.empty((), dtype=torch.int64).random_()))
        noise = random.random_raw(-(-values.numel() // 8)).view(np.uint8)[: values.numel()]
        kept = torch.from_numpy(noise).view(values.shape) >= dropped
        return values * kept.to(values.dtype).mul_(256 / (256 - dropped))


def use_fast_dropout(model: nn.Module) -> None:
    """Put FastDropout where the model has ``nn.Dropout``."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if type(child) is nn.Dropout:
                setattr(module, name, FastDropout(child.p))


class WorkingCopy:
    """A copy of an encoder with bfloat16 parameters: it computes the gradients, the original takes the steps.

    Autocast casts all parameters at each pass, and keeps what lies between matrix products in float32; both cost a
    CPU a fifth of a step. Buffers stay as they are: rotary positions need float32.
    """

    def __init__(self, encoder: nn.Module) -> None:
        self.module = deepcopy(encoder).train()
        for parameter in self.module.parameters():
            parameter.data = parameter.data.to(torch.bfloat16)
        self._pairs = list(zip(self.module.parameters(), encoder.parameters(), strict=True))

    def give_gradients(self) -> None:
        """Add the copy's gradients to the original's."""
        for copied, original in self._pairs:
            if copied.grad is not None:
                gradient = copied.grad.float()
                original.grad = gradient if original.grad is None else original.grad.add_(gradient)
                copied.grad = None

    @torch.no_grad()
    def refresh(self) -> None:
        """Take the original's values, after it changed."""
        for copied, original in self._pairs:
            copied.copy_(original)
