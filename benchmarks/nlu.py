"""TransformerNLU beside what Rasa users have today, in one run: accuracy, calibration, speed, memory.

    python benchmarks/nlu.py banking77 --seeds 0,1,2
    python benchmarks/nlu.py --train TRAIN --test TEST --name mine --systems transformer,diet

benchmarks/README.md says what is measured and how. A run that was interrupted goes on where it stopped.
"""

import argparse
import datetime
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import results
from corpora import Corpus, known_corpora, prepare
from diet_progress import PROGRESS
from machine import machine, versions
from parlance.data.examples import OUT_OF_SCOPE_INTENTS, Example
from parlance.data.rasa_config import component_options
from parlance.errors import ParlanceError
from scoring import figures
from stage import SERVE_RECORD, TRAIN_RECORD, write_record
from systems import SYSTEMS, Settings, quiet_environment

SETTINGS = "settings.json"
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_INTRA_OP_PARALLELISM_THREADS",
    "TF_INTER_OP_PARALLELISM_THREADS",
)


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("dataset", nargs="?", choices=list(known_corpora(Path())), help="a public data set")
    parser.add_argument("--train", type=Path, help="your own training data: Rasa YAML, CSV, or CLINC150's JSON")
    parser.add_argument("--test", type=Path, help="your own test data")
    parser.add_argument("--name", help="what the results of your own data are called")
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="which to run, with commas")
    parser.add_argument("--seeds", type=numbers, default="0", help="which seeds, with commas")
    parser.add_argument(
        "--datasets", type=Path, default=ROOT.parent / "shared" / "datasets", help="the public data sets"
    )
    parser.add_argument(
        "--config", type=Path, default=ROOT / "config.yml", help="TransformerNLU's options are read here"
    )
    parser.add_argument("--work", type=Path, default=HERE / "runs", help="models and records of the stages")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="where the results go")
    parser.add_argument("--threads", type=int, help="threads of every system; all cores unless told")
    defaults = Settings()
    parser.add_argument("--diet-epochs", type=int, default=defaults.diet_epochs)
    parser.add_argument("--trainer-epochs", type=int, default=defaults.trainer_epochs)
    parser.add_argument("--trainer-steps", type=int, default=defaults.trainer_steps, help="the fewest of the trainer")
    parser.add_argument("--setfit-steps", type=int, default=defaults.setfit_steps, help="the most of SetFit")
    options = parser.parse_args(arguments)
    own = [options.train, options.test, options.name]
    if options.dataset is None and not all(own):
        parser.error("name a data set, or give --train, --test and --name")
    if options.dataset and any(own):
        parser.error("give a data set or --train, --test and --name, not both")
    if not options.config.is_file():
        parser.error(f"there is no {options.config}")
    unknown = set(options.systems.split(",")) - set(SYSTEMS)
    if unknown:
        parser.error(f"no system is called {', '.join(sorted(unknown))}; there are {', '.join(SYSTEMS)}")
    return options


def numbers(text: str) -> list[int]:
    """Numbers with commas between them."""
    return [int(part) for part in text.split(",")]


def corpus_of(options: argparse.Namespace) -> Corpus:
    """What the command line asks to measure on."""
    if options.dataset:
        return known_corpora(options.datasets)[options.dataset]
    return Corpus(options.name, options.train, options.test)


def settings_of(options: argparse.Namespace) -> Settings:
    """How to train, with the options of TransformerNLU that config.yml has."""
    return replace(
        Settings(),
        diet_epochs=options.diet_epochs,
        trainer_epochs=options.trainer_epochs,
        trainer_steps=options.trainer_steps,
        setfit_steps=options.setfit_steps,
        transformer=component_options(options.config, "TransformerNLU"),
    )


class StageFailed(Exception):
    """A stage ended with an error; the message holds the end of its log."""


def clear(run: Path, settings: dict[str, Any]) -> None:
    """Empties a run's folder for training; what the same training goes on from after an interruption stays.

    Rasa's cache goes in any case: a step that is found there is not measured.
    """
    wanted = json.loads(json.dumps(settings))
    file = run / SETTINGS
    if not (run / PROGRESS).exists() or not file.exists() or json.loads(file.read_text()) != wanted:
        shutil.rmtree(run, ignore_errors=True)
        run.mkdir(parents=True)
        write_record(settings, file)
        return
    for path in run.iterdir():
        if path.is_dir() and path.name != PROGRESS:
            shutil.rmtree(path)
        elif path.is_file() and path.name not in (SETTINGS, "train.log"):
            path.unlink()


def run_stage(
    stage: str, system: str, seed: int, data: Path, run: Path, settings: Settings, threads: int | None, command: str
) -> dict[str, Any]:
    """The record of a stage, made now unless it is there.

    Raises:
        StageFailed: the process ended with an error.
    """
    record = run / (TRAIN_RECORD if stage == "train" else SERVE_RECORD)
    if record.exists():
        print(f"  {system}, seed {seed}: {stage} is done already", flush=True)
    else:
        print(f"  {system}, seed {seed}: {stage} ...", end=" ", flush=True)
        began = time.monotonic()
        if stage == "train":
            clear(run, settings.of(system))
        environment = quiet_environment()
        environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [environment.get("PYTHONPATH")])])
        environment.update({variable: str(threads) for variable in THREAD_VARIABLES if threads})
        arguments = [stage, system, str(seed), str(data), str(run), json.dumps(asdict(settings))]
        log = run / f"{stage}.log"
        with log.open("ab") as output:
            process = [sys.executable, str(HERE / "stage.py"), *arguments]
            code = subprocess.run(process, env=environment, stdout=output, stderr=subprocess.STDOUT).returncode
        if code:
            print("failed", flush=True)
            end = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise StageFailed(f"{end}\n{system}, seed {seed}: {stage} ended with code {code}; its log is {log}")
        made = json.loads(record.read_text(encoding="utf-8"))
        write_record(made | {"machine": machine(), "versions": versions(), "command": command}, record)
        print(f"{time.monotonic() - began:,.0f} s", flush=True)
    content: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
    return content


def settings_used(system: str, run: Path, settings: Settings) -> dict[str, Any]:
    """What a run was trained by; says so where the command asks for something else by now."""
    file = run / SETTINGS
    asked = settings.of(system)
    used: dict[str, Any] = json.loads(file.read_text()) if file.exists() else asked
    if used != json.loads(json.dumps(asked)):
        print(f"  note: {run.name} was trained with {used}, not {asked}. Remove {run} to train it again.")
    return used


def command_line(arguments: Sequence[str]) -> str:
    """The command as anyone can repeat it, without this machine's folders."""
    shown = [shown_path(part) if os.path.isabs(part) else part for part in arguments]
    return f"python benchmarks/nlu.py {shlex.join(shown)}"


def shown_path(path: str) -> str:
    """A path below the project or the shared data beside it, relative to the project; of any other only its name."""
    near = any(Path(path).is_relative_to(folder) for folder in (ROOT, ROOT.parent / "shared"))
    return os.path.relpath(path, ROOT) if near else Path(path).name


def sizes_of(train: Sequence[Example], test: Sequence[Example]) -> dict[str, int]:
    """How much there is of everything."""
    return {
        "train": len(train),
        "test": len(test),
        "intents": len({example.intent for example in train}),
        "oos": sum(example.intent in OUT_OF_SCOPE_INTENTS for example in test),
    }


def main(arguments: list[str]) -> int:
    """Runs every system with every seed; the results are written after each."""
    options = parse(arguments)
    try:
        corpus, settings = corpus_of(options), settings_of(options)
        work = options.work.resolve() / corpus.name
        train, test = prepare(corpus, work / "data")
    except ParlanceError as error:
        print(error, file=sys.stderr)
        return 1
    sizes = sizes_of(train, test)
    print(f"{corpus.name}: {sizes['train']:,} to train on, {sizes['test']:,} to test on, {sizes['intents']} intents")
    failures: list[str] = []
    command = command_line(arguments)
    for seed in options.seeds:
        for system in options.systems.split(","):
            run = work / f"{system}-{seed}"
            try:
                stages = [
                    run_stage(stage, system, seed, work / "data", run, settings, options.threads, command)
                    for stage in ("train", "serve")
                ]
            except StageFailed as failure:
                print(failure, file=sys.stderr)
                failures.append(f"{system}-{seed}")
                continue
            measured = (run / SERVE_RECORD).stat().st_mtime
            row = {
                "system": system,
                "seed": seed,
                "figures": figures(stages[0], stages[1], test, SYSTEMS[system].finds_entities),
                "date": datetime.date.fromtimestamp(measured).isoformat(),
                "machine": {**stages[0].get("machine", machine()), "cores": stages[0]["cpus"]},
                "versions": stages[0].get("versions", versions()),
                "settings": settings_used(system, run, settings),
                "command": stages[0].get("command", command),
            }
            page = results.write(options.out, corpus.name, sizes, [row])
            print(f"  results are in {os.path.relpath(page)}", flush=True)
    if failures:
        print(f"Failed: {', '.join(failures)}. The same command goes on from here.", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
