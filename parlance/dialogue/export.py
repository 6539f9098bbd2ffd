"""From PyTorch to ONNX, and the check that the graph says what the model says."""

import warnings
from pathlib import Path

import numpy as np
import torch

from parlance.dialogue.examples import DialogueExamples
from parlance.dialogue.model import DialogueModel
from parlance.errors import ParlanceError
from parlance.inference.model import open_session

INPUTS = ("states", "mask")
OPSET = 17
TOLERANCE = 1e-4
SAMPLE = 64


def export(model: DialogueModel, examples: DialogueExamples, path: Path) -> None:
    """Write the model as an ONNX graph for one conversation or several of the same length.

    Raises:
        ParlanceError: The graph disagrees with the model on examples that it was trained on.
    """
    window = torch.from_numpy(examples.windows[:SAMPLE])
    states, mask = torch.from_numpy(examples.states)[window], (window > 0).float()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of constants that do not change with the input
        torch.onnx.export(
            model,
            (states[:1], mask[:1]),
            str(path),
            input_names=list(INPUTS),
            output_names=["logits"],
            dynamic_axes={
                "states": {0: "batch", 1: "length"},
                "mask": {0: "batch", 1: "length"},
                "logits": {0: "batch"},
            },
            opset_version=OPSET,
            dynamo=False,
        )
    session = open_session(path)
    for row, row_mask in zip(states, mask, strict=True):
        real = row_mask > 0  # as it is served: without padding
        with torch.no_grad():
            expected = model(row[None], row_mask[None]).numpy()
        (logits,) = session.run(None, {"states": row[real][None].numpy(), "mask": row_mask[real][None].numpy()})
        if not np.allclose(logits, expected, atol=TOLERANCE):
            raise ParlanceError(
                f"The exported dialogue model differs by {np.abs(logits - expected).max():.2g} in a logit.",
                "This is a fault of the export: please report it with the options of DialoguePolicy.",
            )
