"""The results of a data set: kept as JSON, shown as a Markdown table with the machine, the versions and the date."""

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from systems import SYSTEMS

Run = Mapping[str, Any]
"""``system``, ``seed``, ``figures``, ``machine``, ``versions``, ``date``, ``settings``, ``command``."""


def percent(value: float) -> str:
    """A share as a percentage with one decimal, the precision that papers give."""
    return f"{100 * value:.1f} %"


def seconds(value: float) -> str:
    return f"{value:,.1f} s" if value < 100 else f"{value:,.0f} s"


def milliseconds(value: float) -> str:
    return f"{value:.2f} ms"


def megabytes(value: float) -> str:
    return f"{value:,.0f} MB"


def mebibytes(value: float) -> str:
    return f"{value:,.0f} MiB"


def share(value: float) -> str:
    return f"{value:.3f}"


ROWS: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("intent_accuracy", "Intent accuracy", percent),
    ("intent_f1_micro", "Intent F1, micro", percent),
    ("intent_f1_macro", "Intent F1, macro", percent),
    ("entity_f1", "Entity F1, exact spans", percent),
    ("entity_f1_overlap", "Entity F1, by overlap", percent),
    ("oos_auroc", "Out-of-scope AUROC", share),
    ("ece", "Calibration error (ECE, 15 bins)", share),
    ("train_seconds", "Training, wall time", seconds),
    ("train_cpu_seconds", "Training, processor time", seconds),
    ("latency_p50_ms", "One message, p50", milliseconds),
    ("latency_p99_ms", "One message, p99", milliseconds),
    ("train_peak_mb", "Peak memory, training", mebibytes),
    ("serve_peak_mb", "Peak memory, serving", mebibytes),
    ("load_seconds", "Loading", seconds),
    ("model_mb", "Model on disk", megabytes),
)


def merge(old: Sequence[Run], new: Sequence[Run]) -> list[Run]:
    """Runs by system and seed, a new one in the place of an old one, in a fixed order."""
    by_key = {(run["system"], run["seed"]): run for run in [*old, *new]}
    order = list(SYSTEMS)
    return sorted(by_key.values(), key=lambda run: (order.index(run["system"]), run["seed"]))


def cell(runs: Sequence[Run], name: str, show: Callable[[float], str]) -> str:
    """Mean over the seeds, and the standard deviation where there are several."""
    values = [run["figures"][name] for run in runs if run["figures"].get(name) is not None]
    if not values:
        return "–"
    mean = show(statistics.mean(values))
    return f"{mean} ± {show(statistics.stdev(values)).split(' ')[0]}" if len(values) > 1 else mean


def markdown(name: str, sizes: Mapping[str, int], runs: Sequence[Run]) -> str:
    """The page of a data set."""
    systems = list(dict.fromkeys(run["system"] for run in runs))
    of_system = {system: [run for run in runs if run["system"] == system] for system in systems}
    titles = [SYSTEMS[system].title for system in systems]
    lines = [
        f"# {name}",
        "",
        f"{sizes['train']:,} training utterances of {sizes['intents']} intents, {sizes['test']:,} test utterances"
        + (f", {sizes['oos']:,} of them out of scope." if sizes.get("oos") else "."),
        "",
        f"| | {' | '.join(titles)} |",
        f"|---|{'---:|' * len(systems)}",
        f"| Seeds | {' | '.join(', '.join(str(run['seed']) for run in of_system[system]) for system in systems)} |",
    ]
    for key, title, show in ROWS:
        cells = [cell(of_system[system], key, show) for system in systems]
        if any(text != "–" for text in cells):
            lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *provenance(runs)]) + "\n"


def provenance(runs: Sequence[Run]) -> list[str]:
    """What the figures were measured on, by which commands; one line for each that differs."""
    machines = unique(
        f"{run['machine']['cpu']}, {run['machine']['cores']} cores, {run['machine']['memory_gib']} GiB, "
        f"{run['machine']['system']}"
        for run in runs
    )
    versions = unique(", ".join(f"{name} {version}" for name, version in run["versions"].items()) for run in runs)
    dates = sorted({run["date"] for run in runs})
    lines = ["Mean over the seeds, ± standard deviation. What each row means: [README](../README.md).", ""]
    lines += [f"- Machine: {text}" for text in machines]
    lines += [f"- Versions: {text}" for text in versions]
    lines.append(f"- Measured: {dates[0]}" + (f" to {dates[-1]}" if dates[-1] != dates[0] else ""))
    return lines + [f"- Command: `{text}`" for text in unique(run["command"] for run in runs)]


def unique(texts: Any) -> list[str]:
    """Without repetitions, in the order of first mention."""
    return list(dict.fromkeys(texts))


def load_runs(file: Path) -> list[Run]:
    """The runs in a results file; none where there is no file yet."""
    if not file.exists():
        return []
    runs: list[Run] = json.loads(file.read_text(encoding="utf-8"))["runs"]
    return runs


def write(folder: Path, name: str, sizes: Mapping[str, int], new: Sequence[Run]) -> Path:
    """Merges runs into ``<name>.json`` and renders ``<name>.md``; returns the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    data, page = folder / f"{name}.json", folder / f"{name}.md"
    runs = merge(load_runs(data), new)
    content = {"dataset": name, "sizes": dict(sizes), "runs": runs}
    data.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page.write_text(markdown(name, sizes, runs), encoding="utf-8")
    return page
