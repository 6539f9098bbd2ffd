"""Answers of retrieval intents: TransformerNLU's own selection beside Rasa's ResponseSelector on the same encoder.

    python benchmarks/responses.py --threads 1

All are trained on Fern's data. `own` learns the answers as part of the intent; the others learn bare intents and have a
ResponseSelector for each retrieval intent, as Rasa's documentation sets it up: `selector` on the fine-tuned features,
`sparse` on those of Rasa's default pipeline.
"""

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from machine import machine, versions
from nlu import THREAD_VARIABLES
from parlance.data.rasa_config import component_options
from parlance.data.readers import read_examples
from results import cell, mebibytes, milliseconds, percent, provenance, seconds
from stage import cpu_count, cpu_seconds, peak_mb, size_mb, write_record
from systems import TRANSFORMER, quiet_environment

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
NAME = "response-selection"
RETRIEVAL_INTENTS = ("faq", "smalltalk")
TITLES = {
    "own": "TransformerNLU alone",
    "selector": "and ResponseSelector on its features",
    "sparse": "and ResponseSelector on Rasa's features",
}
SPARSE = (
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
)
ROWS = (
    ("right", "Right answer to a held-out question", percent),
    ("right_given_intent", "Right answer where the intent was right", percent),
    ("intent", "Right intent of all held-out messages, bare names", percent),
    ("train_seconds", "Training, wall time", seconds),
    ("train_cpu_seconds", "Training, processor time", seconds),
    ("p50_ms", "One message, p50", milliseconds),
    ("p99_ms", "One message, p99", milliseconds),
    ("peak_mb", "Peak memory, training and understanding", mebibytes),
    ("model_mb", "Model on disk", lambda value: f"{value:,.0f} MB"),
)


def pipeline(system: str, seed: int) -> list[dict[str, Any]]:
    """The components of a system; TransformerNLU with the options of config.yml."""
    options = {**component_options(ROOT / "config.yml", "TransformerNLU"), "seed": seed}
    selectors = [
        {
            "name": "ResponseSelector",
            "retrieval_intent": intent,
            "epochs": 100,
            "constrain_similarities": True,
            "random_seed": seed,
        }
        for intent in RETRIEVAL_INTENTS
    ]
    own = system == "own"
    return [
        {"name": "WhitespaceTokenizer"},
        *(SPARSE if system == "sparse" else ()),
        # Fern needs no features; a ResponseSelector does.
        {"name": TRANSFORMER, **options, "response_selection": own, "featurize": system == "selector"},
        {"name": "EntitySynonymMapper"},
        *([] if own else selectors),
    ]


def train_and_serve(system: str, seed: int, folder: Path) -> dict[str, float]:
    """Train on Fern's utterances and responses, then understand each held-out message by itself."""
    import asyncio

    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    config = folder / "config.yml"
    content = {"recipe": "default.v1", "language": "en", "assistant_id": "benchmark"}
    config.write_text(json.dumps({**content, "pipeline": pipeline(system, seed)}))
    began, cpu_began = time.perf_counter(), cpu_seconds()
    model = train_nlu(str(config), str(ROOT / "data" / "nlu"), str(folder), "model", domain=str(ROOT / "domain.yml"))
    if model is None:
        raise SystemExit("Rasa trained no model.")
    record = {"train_seconds": time.perf_counter() - began, "train_cpu_seconds": cpu_seconds() - cpu_began}
    agent, loop = Agent.load(model), asyncio.new_event_loop()
    latency, outcomes = [], []
    for example in read_examples(ROOT / "tests" / "nlu"):
        asked = time.perf_counter()
        parsed = loop.run_until_complete(agent.parse_message(example.text))
        latency.append(1000 * (time.perf_counter() - asked))
        outcomes.append((str(example.intent), *said(parsed)))
    return {**record, **figures(outcomes, latency), "peak_mb": peak_mb(), "model_mb": size_mb(Path(model))}


def said(parsed: dict[str, Any]) -> tuple[str, str]:
    """The intent that Rasa's policies would see, and the full name of the answer, or no name."""
    intent = str(parsed["intent"]["name"])
    selected = parsed.get("response_selector", {}).get(intent, {}).get("response", {})
    return intent, str(selected.get("intent_response_key") or "")


def figures(outcomes: list[tuple[str, str, str]], latency: list[float]) -> dict[str, float]:
    """Shares from 0 to 1, from (annotated full name, predicted intent, predicted full name) of every message."""
    questions = [outcome for outcome in outcomes if "/" in outcome[0]]
    intent_right = [outcome for outcome in questions if outcome[1] == outcome[0].split("/")[0]]
    return {
        "right": sum(full == answer for full, _, answer in intent_right) / len(questions),
        "right_given_intent": statistics.mean(full == answer for full, _, answer in intent_right),
        "intent": statistics.mean(full.split("/")[0] == intent for full, intent, _ in outcomes),
        "p50_ms": float(np.percentile(latency, 50)),
        "p99_ms": float(np.percentile(latency, 99)),
    }


def run(system: str, seed: int, threads: int | None) -> dict[str, Any]:
    """The figures of a system, from a process of its own."""
    environment = quiet_environment()
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [environment.get("PYTHONPATH")])])
    environment.update({variable: str(threads) for variable in THREAD_VARIABLES if threads})
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(Path(__file__).resolve()), "--run", system, str(seed), folder]
        log = Path(folder) / "log"
        with log.open("wb") as output:
            code = subprocess.run(
                command, env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=folder
            ).returncode
        if code:
            raise SystemExit(f"{log.read_text(errors='replace')[-3000:]}\n{system} ended with code {code}")
        found: dict[str, Any] = json.loads((Path(folder) / "record.json").read_text())
    return found


def markdown(runs: list[dict[str, Any]]) -> str:
    """The page of results."""
    of_system = {system: [run for run in runs if run["system"] == system] for system in TITLES}
    lines = [
        "# Answers of retrieval intents",
        "",
        f"| | {' | '.join(TITLES.values())} |",
        f"|---|{'---:|' * len(TITLES)}",
        f"| Seeds | {' | '.join(', '.join(str(run['seed']) for run in of_system[system]) for system in TITLES)} |",
        *(f"| {title} | {' | '.join(cell(of_system[s], key, show) for s in TITLES)} |" for key, title, show in ROWS),
    ]
    return "\n".join([*lines, "", *provenance(runs)]) + "\n"


def main(arguments: list[str]) -> int:
    """Runs all systems with every seed and writes the results."""
    if arguments[:1] == ["--run"]:
        _, only, number, folder = arguments
        write_record(train_and_serve(only, int(number), Path(folder)), Path(folder) / "record.json")
        return 0
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", default="0", help="which seeds, with commas")
    parser.add_argument("--threads", type=int, help="threads of each; all cores unless told")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="where the results go")
    options = parser.parse_args(arguments)
    about = {
        "date": datetime.date.today().isoformat(),
        "machine": {**machine(), "cores": cpu_count()},
        "versions": versions(),
        "command": f"python benchmarks/responses.py {' '.join(arguments)}".strip(),
    }
    # With a limit on the threads of each, as many run side by side as there are cores for.
    at_once = max(1, cpu_count() // options.threads) if options.threads else 1

    def measured(task: tuple[int, str]) -> dict[str, Any]:
        seed, system = task
        print(f"{TITLES[system]}, seed {seed} ...", flush=True)
        return {"system": system, "seed": seed, "figures": run(system, seed, options.threads), **about}

    with ThreadPoolExecutor(at_once) as pool:
        runs = list(pool.map(measured, product(map(int, options.seeds.split(",")), TITLES)))
    (options.out / f"{NAME}.json").write_text(json.dumps({"dataset": NAME, "runs": runs}, indent=1) + "\n")
    page = options.out / f"{NAME}.md"
    page.write_text(markdown(runs))
    print(page.read_text())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
