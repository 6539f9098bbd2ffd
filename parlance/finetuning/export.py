"""From PyTorch to ONNX: the graph in fp32 and in int8, and the check that a graph says what the model says."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from parlance.errors import ParlanceError
from parlance.finetuning.model import JointModel
from parlance.finetuning.quantization import balance, quantize

INPUTS = ("input_ids", "attention_mask")
OUTPUTS = ("intent_logits", "tag_logits", "embedding", "tokens")
OF_EVERY_TOKEN = ("tag_logits", "tokens")
OPSET = 17
PARITY_SAMPLE = 16

TOLERANCE = 1e-3
"""The largest difference of a logit that rounding may make between PyTorch and ONNX Runtime in float32."""


def export_fp32(model: JointModel, folder: Path, sample_ids: list[list[int]], padding: int) -> float:
    """Write the model as an ONNX graph, ``fp32.onnx``, ready for int8, and compare the two on sample utterances.

    Args:
        model: The trained model; it is moved to the CPU and put into evaluation mode.
        folder: Where the graph goes; graphs of an earlier model there are removed.
        sample_ids: Token numbers of real utterances; 16 of them are compared.
        padding: The number of the padding token.

    Returns:
        The largest absolute difference of an intent or tag logit.

    Raises:
        ParlanceError: The encoder cannot be exported, or the graph disagrees with the model.
    """
    model.cpu().eval()
    model.precision = torch.float32
    for old in folder.glob("*.onnx"):
        old.unlink()
    path = folder / "fp32.onnx"
    inputs = _pad(sample_ids[:PARITY_SAMPLE], padding)
    try:
        write_graph(model, tuple(torch.from_numpy(value[:2, :5]) for value in inputs.values()), path, OUTPUTS)
    except (RuntimeError, torch.onnx.errors.OnnxExporterError) as error:
        raise ParlanceError(
            f"The encoder cannot be exported to ONNX: {error}", "Choose a BERT-like encoder, such as the default."
        ) from error
    balance(path, sample_ids)
    difference = _difference(model, path, inputs)
    if not difference <= TOLERANCE:
        raise ParlanceError(
            f"The exported graph differs from the model by {difference:.2g} in a logit, more than {TOLERANCE:g}.",
            "This is a fault of the export: please report it with the name of the encoder.",
        )
    return difference


def write_graph(model: torch.nn.Module, sample: tuple[torch.Tensor, ...], path: Path, outputs: Sequence[str]) -> None:
    """Trace a model into an ONNX graph in fp32 that takes batches and utterances of any length.

    Args:
        model: It takes token numbers and mask, both (B, T).
        sample: Both for a few utterances.
        path: Where the graph goes.
        outputs: What the model returns, by name.
    """
    axes = {
        name: {0: "batch", 1: "length"} if name in (*INPUTS, *OF_EVERY_TOKEN) else {0: "batch"}
        for name in (*INPUTS, *outputs)
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of constants that do not change with the input
        torch.onnx.export(
            model,
            sample,
            str(path),
            input_names=list(INPUTS),
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


def _pad(sample_ids: list[list[int]], padding: int) -> dict[str, np.ndarray]:
    sample_ids = (sample_ids * 2)[: max(2, len(sample_ids))]
    length = max(5, max(len(ids) for ids in sample_ids))
    ids = np.array([row + [padding] * (length - len(row)) for row in sample_ids], dtype=np.int64)
    mask = np.array([[1] * len(row) + [0] * (length - len(row)) for row in sample_ids], dtype=np.int64)
    return {"input_ids": ids, "attention_mask": mask}


@torch.no_grad()
def _difference(model: JointModel, path: Path, inputs: dict[str, np.ndarray]) -> float:
    expected = model(*(torch.from_numpy(value) for value in inputs.values()))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    intents, tags = session.run(["intent_logits", "tag_logits"], inputs)
    real = inputs["attention_mask"].astype(bool)
    differences = [np.abs(tags - expected.tag_logits.numpy())[real].max()]
    if intents.size:
        differences.append(np.abs(intents - expected.intent_logits.numpy()).max())
    return float(max(differences))
