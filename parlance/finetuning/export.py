"""From PyTorch to ONNX: the graph in fp32 and in int8, and the check that a graph says what the model says."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from parlance.errors import ParlanceError
from parlance.finetuning.dataset import LENGTH_STEP, Utterances, collate
from parlance.finetuning.model import JointModel
from parlance.finetuning.quantization import balance, quantize

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
"""The last one only for models that read what was said before a message."""
OUTPUTS = ("intent_logits", "tag_logits", "embedding", "tokens", "act_logits")
"""The last one only for models with acts."""
OF_EVERY_TOKEN = ("tag_logits", "tokens")
OPSET = 17
PARITY_SAMPLE = 16

TOLERANCE = 1e-3
"""The largest difference of a logit that rounding may make between PyTorch and ONNX Runtime in float32."""


def export_fp32(model: JointModel, folder: Path, sample: Utterances, padding: int) -> float:
    """Write the model as an ONNX graph, ``fp32.onnx``, ready for int8, and compare the two on sample utterances.

    Args:
        model: The trained model; it is moved to the CPU and put into evaluation mode.
        folder: Where the graph goes; graphs of an earlier model there are removed.
        sample: Real utterances; 16 of them are compared.
        padding: The number of the padding token.

    Returns:
        The largest absolute difference of an intent, tag or act logit.

    Raises:
        ParlanceError: The encoder cannot be exported, or the graph disagrees with the model.
    """
    model.cpu().eval()
    model.precision = torch.float32
    for old in folder.glob("*.onnx"):
        old.unlink()
    path = folder / "fp32.onnx"
    compared = (list(range(len(sample))) * 2)[: max(2, min(len(sample), PARITY_SAMPLE))]
    batch = _inputs(model, sample, compared, padding)
    outputs = OUTPUTS if model.act_head else OUTPUTS[:-1]
    try:
        write_graph(model, tuple(value[:2, :5] for value in batch), path, outputs)
    except (RuntimeError, torch.onnx.errors.OnnxExporterError) as error:
        raise ParlanceError(
            f"The encoder cannot be exported to ONNX: {error}", "Choose a BERT-like encoder, such as the default."
        ) from error
    rows = (_inputs(model, sample, [row], padding, step=1) for row in range(len(sample)))
    balance(path, [_by_name(row) for row in rows])
    difference = _difference(model, path, batch)
    if not difference <= TOLERANCE:
        raise ParlanceError(
            f"The exported graph differs from the model by {difference:.2g} in a logit, more than {TOLERANCE:g}.",
            "This is a fault of the export: please report it with the name of the encoder.",
        )
    return difference


def write_graph(model: torch.nn.Module, sample: tuple[torch.Tensor, ...], path: Path, outputs: Sequence[str]) -> None:
    """Trace a model into an ONNX graph in fp32 that takes batches and utterances of any length.

    Args:
        model: It takes token numbers and mask, both (B, T), and types of tokens if the sample has them.
        sample: These for a few utterances.
        path: Where the graph goes.
        outputs: What the model returns, by name.
    """
    axes = {
        name: {0: "batch", 1: "length"} if name in (*INPUTS, *OF_EVERY_TOKEN) else {0: "batch"}
        for name in (*INPUTS[: len(sample)], *outputs)
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of constants that do not change with the input
        torch.onnx.export(
            model,
            sample,
            str(path),
            input_names=list(INPUTS[: len(sample)]),
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )


def graph_in(folder: Path, precision: str) -> Path:
    """The graph in ``fp32`` or ``int8``, which is made from the one in fp32 if it is not there."""
    source, target = folder / "fp32.onnx", folder / f"{precision}.onnx"
    if not target.exists():
        quantize(source, target)
    return target


def _inputs(
    model: JointModel, sample: Utterances, rows: list[int], padding: int, step: int = LENGTH_STEP
) -> tuple[torch.Tensor, ...]:
    """What the model's graph takes for some utterances."""
    inputs = collate(sample, np.array(rows), padding, step).inputs
    return inputs if model.contextual else inputs[:2]


def _by_name(inputs: tuple[torch.Tensor, ...]) -> dict[str, np.ndarray]:
    return dict(zip(INPUTS, (value.numpy() for value in inputs), strict=False))


@torch.no_grad()
def _difference(model: JointModel, path: Path, inputs: tuple[torch.Tensor, ...]) -> float:
    expected = model(*inputs)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = dict(zip(OUTPUTS, session.run(None, _by_name(inputs)), strict=False))
    real = inputs[1].numpy().astype(bool)
    differences = [np.abs(found["tag_logits"] - expected.tag_logits.numpy())[real].max()]
    for name in ("intent_logits", "act_logits"):
        if name in found and found[name].size:
            differences.append(np.abs(found[name] - getattr(expected, name).numpy()).max())
    return float(max(differences))
