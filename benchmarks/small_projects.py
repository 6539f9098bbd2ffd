"""Is the confidence of small projects right? Trains projects of 8 to 600 utterances and many shapes, and measures.

    python benchmarks/small_projects.py
    python benchmarks/small_projects.py --datasets ../shared/datasets --only banking-30x20

What each project learns and is tested on is made here from ``small_projects_data/`` and, with ``--datasets``, from
the public data sets. A project that was measured is not measured again; ``--work`` says where that is kept.
"""

import argparse
import json
import os
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from machine import machine, versions
from parlance.data.examples import Example
from parlance.data.readers import read_examples
from parlance.evaluation.metrics import expected_calibration_error, reliability
from parlance.finetuning import FinetuneOptions, finetune
from parlance.inference import NLUModel

HERE = Path(__file__).resolve().parent
DATA = HERE / "small_projects_data"
THRESHOLDS = (0.3, 0.5, 0.7)
OPEN = ("oos", "qa_", "general_", "translate", "definition", "calculator", "conversion", "fun_fact", "joke", "song")
"""What intents of public data sets are left out by: they ask for anything, so that no message is none of theirs."""


@dataclass(frozen=True)
class Project:
    """What a small assistant learns, and utterances of its intents that it never saw."""

    name: str
    train: list[Example]
    test: list[Example] = field(default_factory=list)
    has_numbers: bool = False
    """Bare numbers are in scope, so they are no nonsense."""


def own_projects() -> list[Project]:
    """Projects of many shapes from our own utterances; the last quarter of each intent is for testing."""
    pool = by_intent(read_examples(DATA / "intents.yml"))
    german = by_intent(read_examples(DATA / "german.yml"))

    def part(counts: dict[str, int]) -> tuple[list[Example], list[Example]]:
        train = [e for name, count in counts.items() for e in pool[name][: -tested(pool[name])][:count]]
        test = [e for name in counts for e in pool[name][-tested(pool[name]) :]]
        return train, test

    def even(names: Sequence[str], count: int) -> tuple[list[Example], list[Example]]:
        return part(dict.fromkeys(names, count))

    everything = 99
    talk = ["greet", "goodbye", "thanks", "affirm", "deny"]
    bank = ["lost_card", "balance", "transfer"]
    table = ["book_table", "menu", "opening_hours", "cancel"]
    facts = ["inform_name", "inform_number", "inform_city"]
    plain = [*talk, *bank, *table, "appointment", "weather", "faq_refund", "small_talk_bot"]
    parcels, parcels_test = templated(
        ["where is {}", "when will {} arrive", "has {} been sent yet", "{} has not come", "track {} for me"],
        ["my parcel", "the lamp I bought", "my order", "the chair", "that rug", "my delivery", "the box", "the mirror"],
        ["do you know where {} is", "I still have not got {}"],
        "order_status",
    )
    problems, problems_test = templated(
        ["I have {} with my card", "there is {} with the app", "we got {} with a payment", "{} with my account"],
        ["a problem", "an issue", "trouble", "an error", "a fault", "some bother", "difficulties", "a hiccup"],
        ["{} with the website", "what can I do about {} with my card"],
        "problem",
    )
    loans, loans_test = templated(
        ["I want to apply for {}", "can I get {}", "tell me about {}", "I need {}", "how do I request {}"],
        ["a loan", "a student loan", "a car loan", "a home loan", "a business loan", "a personal loan"],
        ["is {} possible for me", "who do I ask for {}"],
        "request_loan",
    )
    hello, hello_test = even(["greet"], 3)
    two, two_test = even(["greet", "goodbye"], 2)
    single = [Example(w, "yes") for w in ("yes", "yep", "sure", "ok", "right", "fine")]
    single += [Example(w, "no") for w in ("no", "nope", "never", "nah", "stop", "wrong")]
    single_test = [Example(w, "yes") for w in ("yeah", "okay", "correct")]
    single_test += [Example(w, "no") for w in ("not", "negative", "don't")]
    return [
        Project("two intents, 4 each", *even(["greet", "balance"], 4)),
        Project("three intents, 3 each", *even(["greet", "menu", "cancel"], 3)),
        Project("one intent", *even(["balance"], everything)),
        Project("two intents", *even(["affirm", "deny"], everything)),
        Project("eight intents, 3 each", *even(plain[:8], 3)),
        Project("four intents, 5 each", *even(table, 5)),
        Project("eight intents, 10 each", *even([*talk, *bank], everything)),
        Project("sixteen intents", *even(plain, everything)),
        Project("dominant 40 to 3", parcels + hello, parcels_test + hello_test),
        Project("dominant 10 to 2", parcels[:10] + two[:2], parcels_test + hello_test),
        Project("dominant 30 to 5 to 2", loans + part({"lost_card": 5, "menu": 2})[0], loans_test),
        Project("templated", parcels + problems + loans, parcels_test + problems_test + loans_test),
        Project("templated and three", loans[:24] + even(["lost_card", "thanks", "opening_hours"], 3)[0], loans_test),
        Project("one sentence six times", 6 * two[:1] + 6 * two[2:3], two_test),
        Project("each three times", 3 * even([*table, "greet"], 8)[0], even([*table, "greet"], 8)[1]),
        Project("single words", single, single_test),
        Project("names only", *even(["inform_name"], everything)),
        Project("names and numbers only", *even(facts[:2], everything), has_numbers=True),
        Project("names in a bot", *even([*talk, "book_table", "inform_name"], everything)),
        Project("numbers in a bot", *even([*talk, "transfer", "inform_number"], everything), has_numbers=True),
        Project("facts in a bot", *even([*talk, *bank, *facts], everything), has_numbers=True),
        Project("everything", *even(list(pool), everything), has_numbers=True),
        Project(
            "German",
            [e for examples in german.values() for e in examples[:-3]],
            [e for examples in german.values() for e in examples[-3:]],
        ),
    ]


def public_projects(folder: Path, seed: int = 0) -> list[Project]:
    """Parts of public data sets: so many intents, so many utterances of each, tested on the data set's own test."""
    banking, clinc, hwu = folder / "banking77", folder / "clinc150" / "data_full.json", folder / "hwu64" / "fold_1"
    sources = {
        "banking": (banking / "train.csv", banking / "test.csv", [(5, 4), (15, 10), (30, 20)]),
        "clinc": (clinc, clinc, [(5, 4), (12, 8), (40, 10)]),
        "hwu": (hwu / "train.yml", hwu / "test.yml", [(6, 6), (25, 12)]),
    }
    projects = []
    for name, (train, test, sizes) in sources.items():
        learned = by_intent(
            [e for e in read_examples(train, "train") if not any(name in (e.intent or "oos") for name in OPEN)]
        )
        tested_on = by_intent(read_examples(test, "test"))
        for intents, each in sizes:
            random = np.random.default_rng((seed, intents, each))
            chosen = random.permutation(sorted(learned))[:intents]
            sample = [learned[i][k] for i in chosen for k in random.permutation(len(learned[i]))[:each]]
            held = [e for i in chosen for e in tested_on.get(i, [])[:10]]
            projects.append(Project(f"{name}-{intents}x{each}", sample, held, has_numbers=name == "hwu"))
    return projects


def templated(
    frames: Sequence[str], things: Sequence[str], other_frames: Sequence[str], intent: str
) -> tuple[list[Example], list[Example]]:
    """Every thing in every frame, as generated training data is; to test on, the things in frames of their own."""
    train, test = (
        [Example(frame.format(thing), intent) for thing in things for frame in some] for some in (frames, other_frames)
    )
    return train, test


def tested(examples: Sequence[Example]) -> int:
    """How many of an intent's utterances are kept for testing."""
    return max(2, len(examples) // 4)


def by_intent(examples: Sequence[Example]) -> dict[str, list[Example]]:
    """The examples of each intent, in their order."""
    groups: dict[str, list[Example]] = {}
    for example in examples:
        groups.setdefault(example.intent or "", []).append(example)
    return groups


def nonsense(has_numbers: bool) -> list[str]:
    """200 messages that mean nothing to any project: foreign, of other matters, mashed keys, made-up words, signs.

    No message is foreign for a project in that language, as none of those in messages.txt is spoken by one; the 15 of
    digits among them are left out where numbers are in scope.
    """
    text = (DATA / "messages.txt").read_text(encoding="utf-8")
    words, digits = text.split("## digits\n")
    lines = words.splitlines() + ([] if has_numbers else digits.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def measure(project: Project, folder: Path, seed: int) -> dict[str, Any]:
    """Train a project, and look at its confidences in fp32: int8 is taken only where it gives the same."""
    began = time.process_time()
    metadata = finetune(project.train, folder, options=FinetuneOptions(seed=seed, quantize="fp32"), quiet=True)
    seconds = time.process_time() - began
    model = NLUModel.load(folder)
    confidence = [confidences(model, examples) for examples in (project.train, project.test)]
    (train, _), (test, right) = confidence
    strange = [p.intent.confidence if p.intent else 0.0 for p in map(model.predict, nonsense(project.has_numbers))]
    return {
        "train": len(project.train),
        "test": len(project.test),
        "accuracy": float(right.mean()),
        "confidence": float(test.mean()),
        "ece": expected_calibration_error(reliability(test.tolist(), right.tolist())),
        "train_below_half": int((train < 0.5).sum()),
        **{f"refused_at_{bar}": float((test < bar).mean()) for bar in THRESHOLDS},
        "nonsense_above_0.7": float((np.array(strange) > 0.7).mean()),
        "nonsense_above_0.5": float((np.array(strange) > 0.5).mean()),
        "seconds": round(seconds, 1),
        "steps": metadata["training"]["steps"],
        "holdout": {name: metadata["holdout"].get(name) for name in ("utterances", "precision", "outside_accepted")},
    }


def confidences(model: NLUModel, examples: Sequence[Example]) -> tuple[np.ndarray, np.ndarray]:
    """The confidence of the likeliest intent of each utterance, and whether it is the right one; both (n,)."""
    intents = [model.predict(example.text).intent for example in examples]
    right = [
        found is not None and found.name == example.intent for found, example in zip(intents, examples, strict=True)
    ]
    return np.array([found.confidence if found else 0.0 for found in intents]), np.array(right)


BETTER_HIGH = ("accuracy", "confidence")
SIZES = ("train", "test")
COLUMNS = {
    "train": ("Learned", "{:.0f}"),
    "test": ("Tested", "{:.0f}"),
    "accuracy": ("Right", "{:.1%}"),
    "confidence": ("Confidence", "{:.1%}"),
    "ece": ("ECE", "{:.3f}"),
    "train_below_half": ("Learned, < 0.5", "{:.0f}"),
    "refused_at_0.3": ("Refused at 0.3", "{:.1%}"),
    "refused_at_0.5": ("at 0.5", "{:.1%}"),
    "refused_at_0.7": ("at 0.7", "{:.1%}"),
    "nonsense_above_0.7": ("Nonsense > 0.7", "{:.1%}"),
    "seconds": ("Training, processor s", "{:.0f}"),
}


def table(rows: dict[str, dict[str, Any]]) -> str:
    """The figures as a table in Markdown, with means and the worst of each at the end."""
    lines = ["| Project | " + " | ".join(title for title, _ in COLUMNS.values()) + " |"]
    lines.append("|---|" + "---:|" * len(COLUMNS))
    columns = {name: [row[name] for row in rows.values()] for name in COLUMNS}
    means = {name: float(np.mean(column)) for name, column in columns.items()}
    worst = {name: min(column) if name in BETTER_HIGH else max(column) for name, column in columns.items()}
    for name, row in [*rows.items(), ("**Mean**", means), ("**Worst**", worst)]:
        cells = ["" if row is worst and key in SIZES else form.format(row[key]) for key, (_, form) in COLUMNS.items()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every project and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--datasets", type=Path, help="also parts of the public data sets in this folder")
    parser.add_argument("--only", nargs="+", default=[], help="projects, by name")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, default=HERE / "runs" / "small-projects", help="models and figures")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="where small-projects.md is written")
    options = parser.parse_args(arguments)
    projects = own_projects() + (public_projects(options.datasets, options.seed) if options.datasets else [])
    rows: dict[str, dict[str, Any]] = {}
    for project in sorted(projects, key=lambda project: len(project.train)):
        if options.only and project.name not in options.only:
            continue
        folder = options.work / f"{project.name.replace(' ', '-').replace(',', '')}-{options.seed}"
        figures = folder / "figures.json"
        if not figures.exists():
            folder.mkdir(parents=True, exist_ok=True)
            figures.write_text(json.dumps(measure(project, folder / "model", options.seed)))
        rows[project.name] = json.loads(figures.read_text())
        print(table({project.name: rows[project.name]}).splitlines()[2], flush=True)
    write_results(options, arguments, rows)


def write_results(
    options: argparse.Namespace, arguments: Sequence[str] | None, rows: dict[str, dict[str, Any]]
) -> None:
    """Write small-projects.md and small-projects.json."""
    command = "python benchmarks/small_projects.py " + shlex.join(sys.argv[1:] if arguments is None else arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "small-projects.json").write_text(json.dumps(rows, indent=1) + "\n")
    facts = "\n".join(f"- {name}: {value}" for name, value in {**machine(), **versions()}.items())
    (options.out / "small-projects.md").write_text(
        f"# Confidence in small projects\n\n{table(rows)}\n- Command: `{command}`\n{facts}\n", encoding="utf-8"
    )


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()
