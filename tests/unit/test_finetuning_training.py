"""The parts of training: batches, losses, the embedding swap and a GPU that is too small."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from tokenizers import Tokenizer
from torch.nn import functional as F

from parlance.data.examples import Example
from parlance.errors import ParlanceError
from parlance.finetuning import FinetuneOptions, trainer
from parlance.finetuning.checkpoint import Checkpoint
from parlance.finetuning.dataset import IGNORED, Batch, Labels, encode, hold_out, shuffled_batches
from parlance.finetuning.model import Outputs, supervised_contrastive_loss
from parlance.finetuning.progress import TrainingProgress
from parlance.finetuning.trainer import fit, joint_loss
from parlance.finetuning.vocabulary import CompactVocabulary
from tests.unit.small_training import prepared, same_weights, train


@pytest.fixture
def options(tiny_encoder: Path) -> FinetuneOptions:
    return FinetuneOptions(encoder=str(tiny_encoder), batch_size=8, precision="fp32", device="cpu")


@pytest.fixture
def tokenizer(tiny_encoder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(tiny_encoder / "tokenizer.json"))


def test_a_pass_shows_every_utterance_once_with_partners_in_its_batch(
    examples: list[Example], tokenizer: Tokenizer
) -> None:
    data = encode(examples, tokenizer, Labels.of(examples), 64)
    batches = shuffled_batches(data, 8, np.random.default_rng(0))

    assert sorted(np.concatenate(batches)) == list(range(len(examples)))
    assert all(len(batch) <= 8 for batch in batches)
    for batch in batches:
        assert (np.bincount(data.intents[batch], minlength=4) != 1).all(), "an utterance has no partner of its intent"


def test_the_hold_out_takes_its_share_of_every_intent_and_spares_the_smallest(examples: list[Example]) -> None:
    examples = [*examples, Example("only me", "rare"), Example("me too", "rare")]
    train_part, held = hold_out(examples, 0.25, seed=1)

    assert sorted(map(str, train_part + held)) == sorted(map(str, examples))
    assert {example.intent for example in held} == {"greet", "goodbye", "order_status", "move"}
    assert 6 <= len(held) <= 12
    assert hold_out(examples, 0.25, seed=1) == (train_part, held)
    assert hold_out(examples, 0.0, seed=1)[1] == []


def test_a_text_in_several_contexts_is_not_held_out(examples: list[Example]) -> None:
    same = [Example(text, "greet", after=(question,)) for question in ("Who?", "What?") for text in ("yes", "Yes")]
    _, held = hold_out([*examples, *same, Example("yes", "goodbye")], 0.5, seed=1)
    assert held and not [example for example in held if example.text.lower() == "yes"]


def test_an_utterance_that_is_too_long_is_cut_and_an_empty_one_left_out(
    examples: list[Example], tokenizer: Tokenizer
) -> None:
    data = encode(
        [*examples[:2], Example("  ", "greet"), Example("hi " * 500, "greet")], tokenizer, Labels.of(examples), 16
    )

    assert len(data) == 3
    assert len(data.token_ids[-1]) == 16


def test_the_contrastive_loss_is_the_papers() -> None:
    torch.manual_seed(0)
    embeddings, intents, temperature = torch.randn(5, 3), torch.tensor([0, 1, 0, 1, 2]), 0.2
    unit = F.normalize(embeddings, dim=-1)
    losses: list[torch.Tensor] = []
    for i in range(4):  # the fifth has no partner
        others = [j for j in range(5) if j != i]
        below = sum(torch.exp(unit[i] @ unit[j] / temperature) for j in others)
        partners = [j for j in others if intents[j] == intents[i]]
        shares = [torch.log(torch.exp(unit[i] @ unit[j] / temperature) / below) for j in partners]
        losses.append(-torch.stack(shares).sum() / len(partners))

    assert torch.allclose(supervised_contrastive_loss(embeddings, intents, temperature), torch.stack(losses).mean())
    assert supervised_contrastive_loss(embeddings, torch.arange(5), temperature) == 0


def test_what_is_not_labelled_adds_nothing_to_the_loss() -> None:
    torch.manual_seed(0)
    outputs = Outputs(torch.randn(2, 3), torch.randn(2, 4, 5), torch.randn(2, 6), torch.randn(2, 4, 6))
    nothing, none = torch.full((2, 4), IGNORED), torch.full((2,), IGNORED)
    ids = torch.zeros(2, 4, dtype=torch.int64)
    options = FinetuneOptions()

    assert joint_loss(outputs, Batch(ids, ids, ids, torch.full((2,), IGNORED), nothing, none), options) == 0
    intents_only = joint_loss(outputs, Batch(ids, ids, ids, torch.tensor([0, 1]), nothing, none), options)
    first_only = joint_loss(outputs, Batch(ids, ids, ids, torch.tensor([0, IGNORED]), nothing, none), options)
    expected = F.cross_entropy(outputs.intent_logits[:1], torch.tensor([0]), label_smoothing=0.1)
    assert torch.isclose(first_only, expected)
    assert intents_only != first_only


def test_training_with_few_embedding_rows_is_training_with_all(
    options: FinetuneOptions, examples: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    compact = train(options, examples, epochs=2)
    model, data, _ = prepared(options, examples)
    rows = model.encoder.get_input_embeddings().num_embeddings
    everything = replace(data, token_ids=[list(range(rows))])
    whole = CompactVocabulary.__init__
    monkeypatch.setattr(
        CompactVocabulary,
        "__init__",
        lambda self, encoder, padding, *data: whole(self, encoder, padding, *data, everything),
    )
    full = train(options, examples, epochs=2)

    for (name, a), b in zip(compact.state_dict().items(), full.state_dict().values(), strict=True):
        assert torch.allclose(a, b, atol=1e-5), f"{name} differs"


def test_training_is_the_same_for_a_seed_and_leaves_torchs_random_state_alone(
    options: FinetuneOptions, examples: list[Example]
) -> None:
    torch.manual_seed(123)
    expected = torch.rand(3)
    torch.manual_seed(123)
    drawn = [torch.rand(1)]
    first = train(options, examples)
    drawn.append(torch.rand(1))
    second = train(options, examples)
    drawn.append(torch.rand(1))
    third = train(replace(options, seed=1), examples)

    assert same_weights(first, second)
    assert not same_weights(first, third)
    assert torch.equal(torch.cat(drawn), expected)


def test_training_in_bfloat16_leaves_a_model_in_float32_that_learned(
    options: FinetuneOptions, examples: list[Example]
) -> None:
    before, _, _ = prepared(options, examples)
    half = train(options, examples, precision=lambda _: torch.bfloat16)
    full = train(options, examples)

    assert half.working_copy is None
    for (name, first), was, second in zip(half.named_parameters(), before.parameters(), full.parameters(), strict=True):
        assert first.dtype == torch.float32
        learned, expected = first - was, second - was
        if expected.norm() > 1e-3:
            assert F.cosine_similarity(learned.flatten(), expected.flatten(), dim=0) > 0.7, name


@pytest.mark.parametrize("processes", [2, 3, 50])
def test_every_process_takes_as_many_steps(options: FinetuneOptions, examples: list[Example], processes: int) -> None:
    model, data, padding = prepared(options, examples)
    accelerator = SimpleNamespace(num_processes=processes, process_index=0, device=torch.device("cpu"))
    loop = trainer._Loop(model, [data], None, options, 1, padding, accelerator, None, None)  # type: ignore[arg-type]
    steps = []
    for accelerator.process_index in range(processes):
        steps.append(loop._batches(0))

    assert len({len(batches) for batches in steps}) == 1 and steps[0]
    shown = {row for batches in steps for batch in batches for row in batch}
    assert len(shown) >= len(examples) - processes * options.batch_size


class SmallGPU(torch.nn.Module):
    """Raises what PyTorch raises when CUDA is out of memory, for more than ``room`` utterances at a time."""

    def __init__(self, encoder: Any, room: int) -> None:
        super().__init__()
        self.inner, self.room = encoder, room
        self.config = encoder.config
        self.get_input_embeddings, self.set_input_embeddings = (
            encoder.get_input_embeddings,
            encoder.set_input_embeddings,
        )

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
        if len(input_ids) > self.room:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return self.inner(input_ids=input_ids, attention_mask=attention_mask)


def test_a_full_gpu_is_met_with_smaller_steps_and_said(
    options: FinetuneOptions, examples: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(TrainingProgress, "say", lambda self, sentence: said.append(sentence))
    model = train(options, examples, epochs=1, encoder=lambda model: SmallGPU(model.encoder, room=2))

    halved = [sentence for sentence in said if "GPU" in sentence]  # the epoch is said, too
    assert halved[-1] == "The GPU's memory is full: going on with steps of 2 utterances, 4 to an update."
    assert not torch.equal(model.intent_head.bias, torch.zeros(4)), "nothing was learned"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_training_on_a_gpu_learns_what_the_cpu_learns(options: FinetuneOptions, examples: list[Example]) -> None:
    model, data, padding = prepared(options, examples)
    before = [value.clone() for value in model.parameters()]
    with TrainingProgress("Test", quiet=True) as progress:
        accelerator = Accelerator()
        fit(
            model,
            [data],
            None,
            options,
            epochs=3,
            padding=padding,
            accelerator=accelerator,
            checkpoint=Checkpoint(None, "test"),
            progress=progress,
        )
    on_cpu = train(options, examples)

    for (name, first), was, second in zip(model.named_parameters(), before, on_cpu.parameters(), strict=True):
        learned, expected = first.cpu() - was, second - was
        if expected.norm() > 1e-3:
            assert F.cosine_similarity(learned.flatten(), expected.flatten(), dim=0) > 0.7, name


def test_a_gpu_too_small_for_one_utterance_is_an_error_that_says_what_to_do(
    options: FinetuneOptions, examples: list[Example]
) -> None:
    with pytest.raises(ParlanceError, match="too small for one utterance.*max_length"):
        train(options, examples, epochs=1, encoder=lambda model: SmallGPU(model.encoder, room=0))
