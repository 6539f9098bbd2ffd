"""What a message means after what was said before it: TransformerNLU with context and without, on dialogues of people.

    python benchmarks/context.py ../shared/datasets/sgd-context

The data set has `train.jsonl` and `test.jsonl`: `text`, `intent`, `act`, and in `context` the messages of the customer
and of the service before it.
"""

import argparse
import datetime
import json
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from machine import machine, versions
from parlance.data.examples import Example
from parlance.data.readers import read_examples
from parlance.evaluation.evaluate import evaluate
from parlance.finetuning import FinetuneOptions, finetune
from parlance.inference import NLUModel
from results import milliseconds, percent, provenance, seconds
from stage import cpu_count, cpu_seconds, size_mb

HERE = Path(__file__).resolve().parent
NAME = "context"
VALIDATION_SHARE = 6
"""Every sixth dialogue of the training set, where options are chosen."""

SYSTEMS: dict[str, tuple[str, dict[str, Any]]] = {
    "alone": ("the message alone", {"context_tokens": 0}),
    "assistant": ("after the assistant's words", {"context": "assistant"}),
    "both": ("after both sides' words", {"context": "both", "context_tokens": 40}),
}
ROWS = (
    ("intent", "Intent accuracy", percent),
    ("act", "Act accuracy, of messages after something", percent),
    ("act_f1", "Act F1, macro", percent),
    ("p50_ms", "One message, p50", milliseconds),
    ("mean_ms", "One message, mean", milliseconds),
    ("train_seconds", "Training, wall time", seconds),
    ("train_cpu_seconds", "Training, processor time", seconds),
    ("model_mb", "Model on disk", lambda value: f"{value:,.0f} MB"),
)


def dialogues_of(path: Path) -> list[str]:
    """The dialogue of each line, in the lines' order."""
    return [json.loads(line)["dialogue"] for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def parts(folder: Path, validates: bool) -> tuple[list[Example], list[Example]]:
    """What is learned and what is asked: the test set, or some dialogues of the training set."""
    train = read_examples(folder / "train.jsonl")
    if not validates:
        return train, read_examples(folder / "test.jsonl")
    names = dialogues_of(folder / "train.jsonl")
    order = sorted(set(names))
    random.Random(0).shuffle(order)
    held = set(order[: len(order) // VALIDATION_SHARE])
    kept, asked = (
        [e for e, name in zip(train, names, strict=True) if (name in held) is side] for side in (False, True)
    )
    return kept, asked


def measure(system: str, train: Sequence[Example], test: Sequence[Example], options: FinetuneOptions) -> dict[str, Any]:
    """The figures of one system."""
    folder = HERE.parent / "runs" / NAME / system
    began, cpu_began = time.perf_counter(), cpu_seconds()
    metadata = finetune(train, folder, options=options)
    figures: dict[str, Any] = {
        "train_seconds": time.perf_counter() - began,
        "train_cpu_seconds": cpu_seconds() - cpu_began,
    }
    report = evaluate(NLUModel.load(folder), test)
    assert report.intent
    figures |= {"intent": report.intent.accuracy, "p50_ms": report.latency.p50, "mean_ms": report.latency.mean}
    if report.act:
        figures |= {"act": report.act.accuracy, "act_f1": report.act.scores.f1_macro}
    return {**figures, "model_mb": size_mb(folder), "epochs": metadata["training"]["epochs"]}


def acts_alone(train: Sequence[Example], test: Sequence[Example], options: FinetuneOptions) -> dict[str, float]:
    """How well acts are told by the messages alone: learned as if they were intents."""
    as_intents = [[replace(example, intent=example.act) for example in part] for part in (train, test)]
    folder = HERE.parent / "runs" / NAME / "acts"
    finetune(as_intents[0], folder, options=options)
    report = evaluate(NLUModel.load(folder), [example for example in as_intents[1] if example.after])
    assert report.intent
    return {"act": report.intent.accuracy, "act_f1": report.intent.scores.f1_macro}


def markdown(runs: Sequence[dict[str, Any]]) -> str:
    """The page of results."""
    lines = [
        "# What was said before a message",
        "",
        f"| | {' | '.join(SYSTEMS[run['system']][0] for run in runs)} |",
        f"|---|{'---:|' * len(runs)}",
    ]
    for key, title, show in ROWS:
        values = (show(run["figures"][key]) if key in run["figures"] else "" for run in runs)
        lines.append(f"| {title} | {' | '.join(values)} |")
    return "\n".join([*lines, "", *provenance(runs)]) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Trains and measures systems one after another and writes the results, beside those of the others."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder with train.jsonl and test.jsonl")
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="which, with commas")
    parser.add_argument("--epochs", type=int, default=0, help="0 chooses by the amount of data")
    parser.add_argument(
        "--validate", action="store_true", help="hold out dialogues of train.jsonl, to choose options by"
    )
    parser.add_argument("--out", type=Path, default=HERE / "results", help="where the results go")
    options = parser.parse_args(arguments)
    train, test = parts(options.data, options.validate)
    about = {
        "date": datetime.date.today().isoformat(),
        "machine": {**machine(), "cores": cpu_count()},
        "versions": versions(),
        "command": f"python benchmarks/context.py DATA --systems {options.systems} --epochs {options.epochs}",
    }
    runs = []
    for system in options.systems.split(","):
        chosen = FinetuneOptions(epochs=options.epochs, **SYSTEMS[system][1])
        figures = measure(system, train, test, chosen)
        if system == "alone":
            figures |= acts_alone(train, test, chosen)
        runs.append({"system": system, "seed": chosen.seed, "figures": figures, **about})
        print(json.dumps(runs[-1]["figures"]), flush=True)
    if not options.validate:
        kept = options.out / f"{NAME}.json"
        earlier = json.loads(kept.read_text())["runs"] if kept.exists() else []
        by_system = {run["system"]: run for run in [*earlier, *runs]}
        runs = [by_system[system] for system in SYSTEMS if system in by_system]
        kept.write_text(json.dumps({"dataset": NAME, "runs": runs}, indent=1) + "\n")
        (options.out / f"{NAME}.md").write_text(markdown(runs))
    print(markdown(runs))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
