from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper
from torch import nn

from parlance.finetuning.quantization import alone, balance, quantize

UTTERANCES = [[1, 5, 9, 2], [1, 30, 2], [1, 7, 8, 11, 40, 2], list(range(1, 64))]


class Encoder(nn.Module):
    """Two layers and a head over vectors in which a few channels are far larger than the others, as in BERT."""

    def __init__(self, shared: bool) -> None:
        super().__init__()
        self.embeddings = nn.Embedding(64, 32)
        self.first = nn.Linear(32, 32)
        self.second = self.first if shared else nn.Linear(32, 32)
        self.intent_head = nn.Linear(32, 4)
        self.sizes = nn.Parameter(torch.tensor([40.0] * 3 + [1.0] * 29))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        known = self.embeddings(input_ids) * attention_mask[..., None] * self.sizes
        return self.intent_head(self.second(torch.tanh(self.first(known))))


@pytest.fixture(params=[False, True], ids=["weights of their own", "shared weights"])
def graph(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path, ids = tmp_path / "fp32.onnx", torch.ones(2, 5, dtype=torch.int64)
    names = ["input_ids", "attention_mask"]
    torch.onnx.export(
        Encoder(request.param),
        (ids, ids),
        str(path),
        input_names=names,
        output_names=["logits"],
        dynamic_axes={name: {0: "batch", 1: "length"} for name in (*names, "logits")},
        opset_version=17,
        dynamo=False,
    )
    return path


def logits(path: Path) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rows = [np.array([ids], dtype=np.int64) for ids in UTTERANCES]
    return np.concatenate([session.run(None, {"input_ids": r, "attention_mask": np.ones_like(r)})[0][0] for r in rows])


def loss_in_int8(graph: Path, expected: np.ndarray) -> float:
    small = graph.with_name("int8.onnx")
    quantize(graph, small)
    return float(np.square(logits(small) - expected).mean())


def test_balancing_changes_nothing_in_fp32_and_makes_int8_more_exact(
    graph: Path, request: pytest.FixtureRequest
) -> None:
    expected = logits(graph)
    before = loss_in_int8(graph, expected)

    balance(graph, [alone(ids) for ids in UTTERANCES])

    np.testing.assert_allclose(logits(graph), expected, rtol=1e-3, atol=1e-4)
    after = loss_in_int8(graph, expected)
    if "shared" in request.node.name:
        assert after == before  # what two layers share cannot be balanced for both
    else:
        assert after < before / 2


def test_weights_have_seven_bits_and_heads_stay_in_fp32(graph: Path) -> None:
    quantize(graph, graph.with_name("int8.onnx"))

    nodes = onnx.load(str(graph.with_name("int8.onnx"))).graph
    in_int8 = [numpy_helper.to_array(w) for w in nodes.initializer if w.data_type == onnx.TensorProto.INT8]
    matrices = [weights for weights in in_int8 if weights.ndim == 2]
    assert matrices and max(np.abs(weights.astype(int)).max() for weights in matrices) <= 64
    assert any("intent_head" in node.name for node in nodes.node if node.op_type in ("MatMul", "Gemm"))
