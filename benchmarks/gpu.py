"""How fast fine-tuning runs on this machine's device, and what share of its peak that is.

    python benchmarks/gpu.py --train TRAIN.csv --test TEST.csv [--precision bf16] [--batch-size 32] [--peak-tflops 989]

Needs the extra ``train`` alone, no Rasa. The whole command is timed (hold-out, calibration and export included), as
that is what a person waits for; the share of peak counts the arithmetic of training alone.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from machine import machine
from parlance.data.examples import Example
from parlance.data.readers import read_examples
from parlance.evaluation.evaluate import evaluate
from parlance.finetuning import FinetuneOptions, finetune
from parlance.inference.model import NLUModel

PEAK_TFLOPS = {"H100": 989.0, "H200": 989.0, "A100": 312.0, "L40S": 362.0, "L4": 121.0, "T4": 65.0}
"""Dense 16-bit tensor throughput by the manufacturer's data sheets (SXM versions where there are several)."""


def peak_tflops(device: str) -> float | None:
    """The peak of the device by its name; None for one that is not listed."""
    return next((peak for name, peak in PEAK_TFLOPS.items() if name in device), None)


def training_flop(examples: Sequence[Example], epochs: float, folder: Path) -> float:
    """Floating-point operations of training: 6 a weight and token (Kaplan et al. 2020), attention besides.

    Counts the encoder's matrices without its embeddings, and only real tokens: work on padding is not useful work.
    """
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    weights = load_file(folder / "model.safetensors")
    matrices = sum(value.size for name, value in weights.items() if value.ndim == 2 and "embeddings" not in name)
    config = json.loads((folder / "config.json").read_text())
    per_token_pair = 12 * config["num_hidden_layers"] * config["hidden_size"]
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    lengths = [len(encoding.ids) for encoding in tokenizer.encode_batch([example.text for example in examples])]
    return epochs * sum(6 * matrices * length + per_token_pair * length**2 for length in lengths)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Fine-tunes once and evaluates what came of it."""
    from systems import encoder_folder

    train, test = read_examples(options.train, "train"), read_examples(options.test, "test")
    chosen = FinetuneOptions(seed=options.seed, batch_size=options.batch_size, precision=options.precision)
    with TemporaryDirectory() as scratch:
        began = time.perf_counter()
        metadata = finetune(train, Path(scratch) / "model", options=chosen)
        wall = time.perf_counter() - began
        accuracy = evaluate(NLUModel.load(Path(scratch) / "model"), test).intent
    training = metadata["training"]
    device = str(training["device"])
    tflops = training_flop(train, training["epochs"], Path(encoder_folder())) / wall / 1e12
    peak = options.peak_tflops or peak_tflops(device)
    return {
        "machine": machine(),
        "device": device,
        "seconds": round(wall, 1),
        "epochs": training["epochs"],
        "steps": training["steps"],
        "examples_per_second": round(len(train) * training["epochs"] / wall),
        "useful_tflops": round(tflops, 2),
        "share_of_peak": round(tflops / peak, 4) if peak else None,
        "test_accuracy": accuracy.accuracy if accuracy else None,
    }


def main() -> None:
    """Prints the figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch-size", type=int, default=FinetuneOptions().batch_size)
    parser.add_argument("--precision", default="auto", choices=["auto", "bf16", "fp32"])
    parser.add_argument("--peak-tflops", type=float, help="the device's peak, where it is not a listed one")
    print(json.dumps(measure(parser.parse_args()), indent=1))


if __name__ == "__main__":
    main()
