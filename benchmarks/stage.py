"""One stage of one run in a process of its own, so that its time and memory are its own: train, or serve.

Started by ``nlu.py``: ``python stage.py train|serve SYSTEM SEED DATA_FOLDER RUN_FOLDER SETTINGS_JSON``.
"""

import json
import os
import resource
import shutil
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from diet_progress import PROGRESS, Progress, resumable
from systems import SYSTEMS, Settings, System, rows_of

TRAIN_RECORD, SERVE_RECORD = "train.json", "serve.json"


def peak_mb() -> float:
    """Most memory that this process has held, in mebibytes."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        # macOS counts in bytes here. Linux's figure would include the parent's memory at the fork.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    kibibytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kibibytes) / 1024


def cpu_seconds() -> float:
    """Processor time of this process, its threads, and the children that ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def cpu_count() -> int:
    """Processors that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def size_mb(model: Path) -> float:
    """Size on disk of a file or a folder, in megabytes (10^6 bytes)."""
    files = [model] if model.is_file() else [file for file in model.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6


def write_record(record: dict[str, Any], path: Path) -> None:
    """Writes a record whole or not at all: a record that exists means a stage that was finished."""
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(record, default=float, ensure_ascii=False), encoding="utf-8")
    unfinished.replace(path)


def import_libraries(name: str) -> None:
    """Imports what training needs, which is not training time."""
    if name in ("transformer", "diet"):
        import rasa.model_training  # noqa: F401
    if name in ("transformer", "trainer", "setfit"):
        import transformers  # noqa: F401
    if name == "setfit":
        import setfit  # noqa: F401


def train(name: str, settings: Settings, seed: int, data: Path, run: Path) -> dict[str, Any]:
    """Trains a system and measures it. Wall time and processor time are from data on disk to model on disk."""
    import_libraries(name)
    began, cpu_began = time.perf_counter(), cpu_seconds()

    def spent() -> dict[str, float]:
        return {
            "train_seconds": time.perf_counter() - began,
            "train_cpu_seconds": cpu_seconds() - cpu_began,
            "train_peak_mb": peak_mb(),
        }

    progress = Progress(run / PROGRESS, spent)
    with resumable(progress) if name == "diet" else nullcontext():
        model = SYSTEMS[name].train(settings, seed, data, run)
    return {
        **progress.spent(),
        "model_mb": size_mb(model),
        "model": os.path.relpath(model, run),
        "cpus": cpu_count(),
    }


def trained_model(run: Path) -> Path:
    """The model that a training record names; the archive in the folder where it names none.

    Raises:
        SystemExit: there is no model.
    """
    record = json.loads((run / TRAIN_RECORD).read_text())
    named = [run / record["model"]] if record.get("model") else []
    for model in [*named, *sorted(run.rglob("*.tar.gz"))]:
        if model.exists():
            return model
    raise SystemExit(f"{run} has a training record but no model. Remove {TRAIN_RECORD} to train again.")


def serve(system: System, data: Path, run: Path) -> dict[str, Any]:
    """Loads a model and has it understand the test messages one at a time."""
    messages = [row["text"] for row in rows_of(data / "test.json")]
    began = time.perf_counter()
    understand = system.load(trained_model(run))
    load_seconds = time.perf_counter() - began
    understand(messages[0])  # The first message loads things that later ones find loaded.
    latency, predictions = [], []
    for text in messages:
        asked = time.perf_counter()
        answer = understand(text)
        latency.append((time.perf_counter() - asked) * 1000)
        predictions.append({"text": text, **answer})
    return {
        "load_seconds": load_seconds,
        "serve_peak_mb": peak_mb(),
        "latency_ms": latency,
        "predictions": predictions,
    }


def main(arguments: list[str]) -> None:
    """Runs the stage and leaves its record in the run's folder."""
    stage, name, seed, data, run, settings = arguments
    folder = Path(run)
    # Rasa keeps its cache in the working directory, and a benchmark must not find it filled.
    os.chdir(folder)
    if stage == "train":
        record = train(name, Settings(**json.loads(settings)), int(seed), Path(data), folder)
        write_record(record, folder / TRAIN_RECORD)
        shutil.rmtree(folder / PROGRESS, ignore_errors=True)
    else:
        write_record(serve(SYSTEMS[name], Path(data), folder), folder / SERVE_RECORD)


if __name__ == "__main__":
    main(sys.argv[1:])
