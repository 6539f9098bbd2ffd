"""The cheap dropout and the bfloat16 working copy of the encoder that training on a CPU uses."""

import pytest
import torch
from torch import nn

from parlance.finetuning.cpu import FastDropout, WorkingCopy, use_fast_dropout


def drop(rate: float, seed: int, values: torch.Tensor) -> torch.Tensor:
    torch.manual_seed(seed)
    return FastDropout(rate).train()(values)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_dropout_drops_its_share_and_keeps_the_mean(rate: float, dtype: torch.dtype) -> None:
    dropped = drop(rate, 0, torch.ones(300, 333, dtype=dtype))

    assert dropped.dtype == dtype
    assert (dropped == 0).float().mean().item() == pytest.approx(rate, abs=0.01)
    assert dropped.float().mean().item() == pytest.approx(1, abs=0.01)
    assert len(dropped.unique()) == 2


def test_dropout_follows_torchs_seed_and_differs_from_call_to_call() -> None:
    values = torch.ones(7, 13)

    assert torch.equal(drop(0.5, 3, values), drop(0.5, 3, values))
    assert not torch.equal(drop(0.5, 3, values), drop(0.5, 4, values))
    layer = FastDropout(0.5).train()
    assert not torch.equal(layer(values), layer(values))


def test_dropout_leaves_evaluation_and_rate_zero_alone() -> None:
    values = torch.randn(5, 5)

    assert FastDropout(0.5).eval()(values) is values
    assert FastDropout(0.0).train()(values) is values


def test_the_gradient_flows_through_what_was_kept() -> None:
    values = torch.ones(50, 50, requires_grad=True)
    dropped = FastDropout(0.2).train()(values)
    dropped.sum().backward()

    assert values.grad is not None
    assert torch.equal(values.grad, dropped.detach())


def test_every_dropout_of_a_model_is_replaced() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.1), nn.Sequential(nn.Dropout(0.3)))
    use_fast_dropout(model)

    kinds = [type(module) for module in model.modules()]
    assert nn.Dropout not in kinds and kinds.count(FastDropout) == 2


def test_a_working_copy_gives_its_gradients_and_takes_new_values() -> None:
    torch.manual_seed(0)
    encoder, rows = nn.Linear(16, 16), torch.randn(8, 16)
    positions = torch.arange(4) / 3
    encoder.register_buffer("positions", positions)
    copy = WorkingCopy(encoder)
    for times in (1, 2):
        copy.module(rows.bfloat16()).float().square().sum().backward()
        copy.give_gradients()
        assert encoder.weight.grad is not None
        given = encoder.weight.grad.clone()
        expected = times * torch.autograd.grad(encoder(rows).square().sum(), encoder.weight)[0]
        assert given.dtype == torch.float32
        assert torch.allclose(given, expected, rtol=0.05, atol=0.2), "gradients of parts add up"
    assert copy.module.weight.grad is None

    with torch.no_grad():
        encoder.weight.fill_(0.25)
    copy.refresh()
    assert copy.module.weight.dtype == torch.bfloat16
    assert torch.equal(copy.module.weight.float(), encoder.weight)
    assert torch.equal(copy.module.get_buffer("positions"), positions), "buffers are not rounded"
