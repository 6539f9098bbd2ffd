"""DialoguePolicy beside Rasa's TEDPolicy, on held-out stories: accuracy, calibration, speed, memory.

    python benchmarks/policy.py --threads 1

benchmarks/README.md says what is measured and how. The stories are made by ``policy_stories.py``.
"""

import argparse
import datetime
import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from machine import machine, versions
from nlu import THREAD_VARIABLES
from parlance.evaluation.metrics import expected_calibration_error, reliability
from results import cell, load_runs, mebibytes, milliseconds, percent, provenance, seconds, share
from stage import cpu_count, cpu_seconds, peak_mb, size_mb, write_record
from systems import quiet_environment

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
DATA = HERE / "policy_data"
NAME = "dialogue-policy"
MAX_HISTORY = 8

POLICIES: dict[str, dict[str, Any]] = {
    "dialogue": {"name": "parlance.rasa.DialoguePolicy", "max_history": MAX_HISTORY},
    "ted": {"name": "TEDPolicy", "max_history": MAX_HISTORY, "epochs": 100, "constrain_similarities": True},
}
SEED_OPTION = {"dialogue": "seed", "ted": "random_seed"}
TITLES = {"dialogue": "DialoguePolicy", "ted": "TEDPolicy"}

ROWS = (
    ("action_accuracy", "Actions right", percent),
    ("without_listen", "Actions right, action_listen left out", percent),
    ("stories_right", "Stories right from end to end", percent),
    ("ece", "Calibration error (ECE, 15 bins)", share),
    ("policy_seconds", "Training the policy, wall time", seconds),
    ("policy_cpu_seconds", "Training the policy, processor time", seconds),
    ("train_seconds", "`rasa train core` in all, wall time", seconds),
    ("predict_p50_ms", "One prediction through Rasa, p50", milliseconds),
    ("predict_p99_ms", "One prediction through Rasa, p99", milliseconds),
    ("policy_p50_ms", "The policy's part of it, p50", milliseconds),
    ("train_peak_mb", "Peak memory, training", mebibytes),
    ("serve_peak_mb", "Peak memory, serving", mebibytes),
    ("load_seconds", "Loading", seconds),
    ("model_mb", "Model on disk", lambda value: f"{value:.2f} MB"),
)


def timed(function: Any, record: dict[str, list[float]]) -> Any:
    """The function, which notes its wall time and processor time."""

    @functools.wraps(function)
    def measured(*args: Any, **kwargs: Any) -> Any:
        began, cpu_began = time.perf_counter(), cpu_seconds()
        result = function(*args, **kwargs)
        record["wall"].append(time.perf_counter() - began)
        record["cpu"].append(cpu_seconds() - cpu_began)
        return result

    return measured


def policy_class(system: str) -> Any:
    """The class of a policy."""
    if system == "dialogue":
        from parlance.rasa import DialoguePolicy

        return DialoguePolicy
    from rasa.core.policies.ted_policy import TEDPolicy

    return TEDPolicy


def train(system: str, seed: int, folder: Path, augmentation: int) -> dict[str, Any]:
    """What `rasa train core --augmentation N` does."""
    from rasa.model_training import train_core

    policy = {**POLICIES[system], SEED_OPTION[system]: seed}
    config = {"recipe": "default.v1", "language": "en", "assistant_id": "benchmark", "policies": [policy]}
    (folder / "config.yml").write_text(json.dumps(config))
    kind = policy_class(system)
    record: dict[str, list[float]] = {"wall": [], "cpu": []}
    kind.train = timed(kind.train, record)
    began = time.perf_counter()
    model = train_core(
        str(DATA / "domain.yml"),
        str(folder / "config.yml"),
        str(DATA / "train.yml"),
        str(folder),
        "model",
        {"augmentation_factor": augmentation},
    )
    if model is None:
        raise SystemExit("Rasa trained no model.")
    return {
        "train_seconds": time.perf_counter() - began,
        "policy_seconds": record["wall"][0],
        "policy_cpu_seconds": record["cpu"][0],
        "train_peak_mb": peak_mb(),
        "model_mb": size_mb(Path(model)),
        "model": Path(model).name,
        "cpus": cpu_count(),
    }


def serve(system: str, folder: Path) -> dict[str, Any]:
    """Has a model predict each action of the held-out stories, as `rasa test core` does, and measures it."""
    model = folder / json.loads((folder / "train.json").read_text())["model"]
    began = time.perf_counter()
    from rasa.core.agent import Agent

    kind = policy_class(system)
    record: dict[str, list[float]] = {"wall": [], "cpu": []}
    kind.predict_action_probabilities = timed(kind.predict_action_probabilities, record)
    agent = Agent.load(str(model))
    load_seconds = time.perf_counter() - began
    stories, latency = [], []
    for tracker in held_out(agent):
        predicted = list(predictions(agent, tracker))
        latency += [prediction.pop("ms") for prediction in predicted]
        stories.append(predicted)
    own = [1000 * value for value in record["wall"]]
    return {
        "load_seconds": load_seconds,
        "serve_peak_mb": peak_mb(),
        "predict_p50_ms": float(np.percentile(latency, 50)),
        "predict_p99_ms": float(np.percentile(latency, 99)),
        "policy_p50_ms": float(np.percentile(own, 50)),
        "stories": stories,
    }


def held_out(agent: Any) -> list[Any]:
    """The held-out stories as Rasa's trackers."""
    from rasa.shared.core.generator import TrainingDataGenerator
    from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
    from rasa.shared.core.training_data.structures import StoryGraph

    steps = YAMLStoryReader().read_from_file(str(DATA / "test.yml"))
    generator = TrainingDataGenerator(
        StoryGraph(steps),
        agent.domain,
        remove_duplicates=False,
        augmentation_factor=0,
        use_story_concatenation=False,
    )
    trackers: list[Any] = generator.generate_story_trackers()
    return trackers


def predictions(agent: Any, tracker: Any) -> Any:
    """For each action of a story: the action, the one that is predicted after what came before, and its confidence."""
    from rasa.shared.core.events import ActionExecuted
    from rasa.shared.core.trackers import DialogueStateTracker

    so_far = DialogueStateTracker(tracker.sender_id, agent.domain.slots)
    for number, event in enumerate(tracker.events):
        if isinstance(event, ActionExecuted) and number:
            began = time.perf_counter()
            action, prediction = agent.processor.predict_next_with_tracker_if_should(so_far)
            elapsed = 1000 * (time.perf_counter() - began)
            confidence = prediction.max_confidence
            yield {"is": event.action_name, "said": action.name(), "confidence": confidence, "ms": elapsed}
        so_far.update(event)


def figures(trained: Mapping[str, Any], served: Mapping[str, Any]) -> dict[str, float]:
    """The row of a run."""
    stories = served["stories"]
    predicted = [prediction for story in stories for prediction in story]
    right = [prediction["is"] == prediction["said"] for prediction in predicted]
    spoken = [prediction["is"] == prediction["said"] for prediction in predicted if prediction["is"] != "action_listen"]
    measured = {**trained, **served}
    return {
        "action_accuracy": statistics.mean(right),
        "without_listen": statistics.mean(spoken),
        "stories_right": statistics.mean(all(m["is"] == m["said"] for m in story) for story in stories),
        "ece": expected_calibration_error(reliability([m["confidence"] for m in predicted], right)),
        **{key: measured[key] for key, _, _ in ROWS if key in measured},
    }


def run_stage(
    stage: str, system: str, seed: int, folder: Path, threads: int | None, augmentation: int
) -> dict[str, Any]:
    """The record of a stage, run in a process of its own."""
    environment = quiet_environment()
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [environment.get("PYTHONPATH")])])
    environment.update({variable: str(threads) for variable in THREAD_VARIABLES if threads})
    log = folder / f"{stage}.log"
    with log.open("wb") as output:
        arguments = ["--stage", stage, system, str(seed), str(folder), str(augmentation)]
        command = [sys.executable, str(Path(__file__).resolve()), *arguments]
        code = subprocess.run(command, env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=folder).returncode
    if code:
        raise SystemExit(f"{log.read_text(errors='replace')[-3000:]}\n{system}: {stage} ended with code {code}")
    record: dict[str, Any] = json.loads((folder / f"{stage}.json").read_text())
    return record


def stage_main(stage: str, system: str, seed: str, place: str, augmentation: str = "50") -> int:
    """A stage in its own process; its record is left in the folder."""
    folder = Path(place)
    if stage == "train":
        import rasa.model_training  # noqa: F401  importing libraries is not training time

        policy_class(system)
    record = train(system, int(seed), folder, int(augmentation)) if stage == "train" else serve(system, folder)
    write_record(record, folder / f"{stage}.json")
    return 0


def markdown(sizes: Mapping[str, int], runs: Sequence[Mapping[str, Any]]) -> str:
    """The page of results."""
    systems = list(dict.fromkeys(run["system"] for run in runs))
    of_system = {system: [run for run in runs if run["system"] == system] for system in systems}
    lines = [
        "# Dialogue policies on held-out stories",
        "",
        f"{sizes['train']} training stories, {sizes['test']} held-out stories, {sizes['intents']} intents, "
        f"{sizes['actions']} actions; max_history {MAX_HISTORY}.",
        "",
        f"| | {' | '.join(TITLES[system] for system in systems)} |",
        f"|---|{'---:|' * len(systems)}",
        f"| Seeds | {' | '.join(', '.join(str(run['seed']) for run in of_system[system]) for system in systems)} |",
        *(f"| {title} | {' | '.join(cell(of_system[s], key, show) for s in systems)} |" for key, title, show in ROWS),
    ]
    return "\n".join([*lines, "", *provenance(runs)]) + "\n"


def sizes_of() -> dict[str, int]:
    """How much there is of everything."""
    yaml = YAML(typ="safe")
    domain = yaml.load(DATA / "domain.yml")
    counts = {name: len(yaml.load(DATA / f"{name}.yml")["stories"]) for name in ("train", "test")}
    return {**counts, "intents": len(domain["intents"]), "actions": len(domain["responses"]) + len(domain["actions"])}


def main(arguments: list[str]) -> int:
    """Runs every policy with every seed and writes the results."""
    if arguments[:1] == ["--stage"]:
        return stage_main(*arguments[1:])
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--systems", default=",".join(POLICIES), help="which to run, with commas")
    parser.add_argument("--seeds", default="0", help="which seeds, with commas")
    parser.add_argument("--threads", type=int, help="threads of each; all cores unless told")
    parser.add_argument("--augmentation", type=int, default=50, help="Rasa's augmentation factor, and Rasa's default")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="where the results go")
    options = parser.parse_args(arguments)
    runs = []
    for system in options.systems.split(","):
        for seed in map(int, options.seeds.split(",")):
            with tempfile.TemporaryDirectory() as temporary:
                folder = Path(temporary)
                print(f"{TITLES[system]}, seed {seed} ...", flush=True)
                records = [
                    run_stage(stage, system, seed, folder, options.threads, options.augmentation)
                    for stage in ("train", "serve")
                ]
            runs.append(
                {
                    "system": system,
                    "seed": seed,
                    "figures": figures(*records),
                    "date": datetime.date.today().isoformat(),
                    "machine": {**machine(), "cores": records[0]["cpus"]},
                    "versions": versions(),
                    "settings": {**POLICIES[system], "augmentation": options.augmentation},
                    "command": f"python benchmarks/policy.py {' '.join(arguments)}".strip(),
                }
            )
    options.out.mkdir(parents=True, exist_ok=True)
    data = options.out / f"{NAME}.json"
    by_key = {(run["system"], run["seed"]): run for run in [*load_runs(data), *runs]}
    everything = [by_key[key] for key in sorted(by_key)]
    content = {"dataset": NAME, "sizes": sizes_of(), "runs": everything}
    data.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    page = options.out / f"{NAME}.md"
    page.write_text(markdown(sizes_of(), everything))
    print(page.read_text())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
