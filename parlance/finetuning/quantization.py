"""An ONNX graph in int8: weights with a scale a channel, activations quantized message by message as they come."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import NodeProto, TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

EVENNESS = 0.75
"""How much of the difference between activations the weights take over: 0 is nothing, 1 all of it."""

LEAST = 0.3
"""Of the mean channel: what a channel counts at least, so that none is blown up that a sample happens not to use."""


def quantize(source: Path, target: Path) -> None:
    """Write a graph in int8. The heads stay in fp32: they are small and decide.

    Weights get seven bits, not eight: with eight, pairs of products overflow the 16-bit sums of x86 processors without
    VNNI, and the same model would answer differently there.
    """
    heads = [node.name for node in onnx.load(str(source)).graph.node if "_head" in node.name]
    kept = [*heads, *(f"{name}_MatMul" for name in heads)]  # the quantizer's name for what it makes of a Gemm
    with _errors_alone():  # it advises a pre-processing that does not matter to these graphs
        quantize_dynamic(
            str(source),
            str(target),
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            op_types_to_quantize=["Gather", "MatMul"],  # ONNX Runtime cannot run the convolutions of a ConvBERT in int8
            nodes_to_exclude=kept,
        )


Inputs = Mapping[str, np.ndarray]
"""What a graph takes, by name, each of shape (1, tokens)."""


def alone(ids: Sequence[int]) -> Inputs:
    """The inputs of one text, of its token numbers."""
    row = np.array([ids], dtype=np.int64)
    return {"input_ids": row, "attention_mask": np.ones_like(row)}


def balance(path: Path, utterances: Sequence[Inputs]) -> None:
    """Even out the activations that products with weights take, so that int8 loses less of them; in place.

    One scale serves all channels of an activation, and a few channels are far larger than the others, which are then
    rounded away. Each channel is divided by a factor and its row of the weights multiplied by the same, which changes
    nothing in fp32 (Xiao et al. 2023, SmoothQuant, equations 3 and 4; here the division stays in the graph, because
    behind a layer norm of a BERT comes the residual connection too).

    Args:
        path: A graph in fp32.
        utterances: Real ones, which show how large each channel becomes.
    """
    model = onnx.load(str(path))
    graph = model.graph
    products = _products(graph)
    if not products:
        return
    largest = _largest(model, list(products), utterances)
    weights = {weight.name: weight for weight in graph.initializer}
    for name, nodes in products.items():
        rows = [numpy_helper.to_array(weights[node.input[1]]) for node in nodes]
        row_sizes = np.max([np.abs(row).max(axis=1) for row in rows], axis=0)
        factors = _floored(largest[name]) ** EVENNESS / _floored(row_sizes) ** (1 - EVENNESS)
        for node, row in zip(nodes, rows, strict=True):
            balanced = (row * factors[:, None]).astype(np.float32)
            weights[node.input[1]].CopyFrom(numpy_helper.from_array(balanced, node.input[1]))
        _divide(graph, name, nodes, (1 / factors).astype(np.float32))
    onnx.save(model, str(path))


@contextmanager
def _errors_alone() -> Iterator[None]:
    """Log errors and nothing less inside the block."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)


def _products(graph: onnx.GraphProto) -> dict[str, list[NodeProto]]:
    """The products with weights of their own, by the activation that they take; without those of the heads."""
    matrices = {weight.name for weight in graph.initializer if len(weight.dims) == 2}
    uses = Counter(name for node in graph.node for name in node.input)
    products = defaultdict(list)
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in matrices and "_head" not in node.name:
            products[node.input[0]].append(node)
    # Layers of some encoders, as ALBERT's, share their weights, which can be balanced for one of them only.
    return {name: nodes for name, nodes in products.items() if all(uses[node.input[1]] == 1 for node in nodes)}


def _largest(model: onnx.ModelProto, activations: list[str], utterances: Sequence[Inputs]) -> dict[str, np.ndarray]:
    """The largest absolute value of each channel over all tokens of all utterances, by activation."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    watched.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in activations)
    session = onnxruntime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    largest: dict[str, np.ndarray] = {}
    for inputs in utterances:
        for name, values in zip(activations, session.run(activations, dict(inputs)), strict=True):
            sizes = np.abs(values).reshape(-1, values.shape[-1]).max(axis=0)
            largest[name] = np.maximum(largest.get(name, sizes), sizes)
    return largest


def _floored(sizes: np.ndarray) -> np.ndarray:
    return np.maximum(sizes, max(LEAST * float(sizes.mean()), 1e-6))


def _divide(graph: onnx.GraphProto, name: str, nodes: list[NodeProto], inverse: np.ndarray) -> None:
    """Give the nodes the activation times ``inverse``, shape (channels,), instead of the activation."""
    first = min(position for position, node in enumerate(graph.node) if node in nodes)
    for node in nodes:
        node.input[0] = f"{name}_even"
    graph.initializer.append(numpy_helper.from_array(inverse, f"{name}_inverse"))
    graph.node.insert(first, helper.make_node("Mul", [name, f"{name}_inverse"], [f"{name}_even"], f"{name}_balance"))
