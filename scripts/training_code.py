"""Which of the project's own files a model is trained with: what the components of ``config.yml`` import, followed
from module to module, also where an import stands inside a function.

Read from the sources, because to import them would take the seconds that torch and Rasa need.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

DATA_FILES = (".csv", ".json", ".txt", ".yml")
"""What a module may read beside itself."""

SERVING = "parlance.rasa.single_server"
"""What ``parlance.rasa.patches`` imports for servers alone: no model changes with it."""


def training_code(root: Path, config: Path) -> list[Path]:
    """The modules, and the data files in the same folders, in a fixed order.

    Args:
        root: The project's folder; what lies outside it is a library's.
        config: Rasa's configuration, whose components with a dotted name may be the project's own.
    """
    settings = YAML(typ="safe").load(config.read_text(encoding="utf-8")) or {}
    todo = [name for component in _components(settings) for name in _with_parents(component)]
    seen: set[str] = set()
    modules: set[Path] = set()
    while todo:
        name = todo.pop()
        if name in seen or name == SERVING:
            continue
        seen.add(name)
        if file := _file_of(root, name):
            modules.add(file)
            todo += _imported_by(file, name)
    beside = {file for folder in {m.parent for m in modules} for file in folder.iterdir() if file.suffix in DATA_FILES}
    return sorted(modules | beside)


def _components(settings: dict[str, Any]) -> Iterator[str]:
    for section in ("importers", "pipeline", "policies"):
        for component in settings.get(section) or []:
            yield str(component.get("name"))


def _file_of(root: Path, module: str) -> Path | None:
    place = root.joinpath(*module.split("."))
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)


def _imported_by(file: Path, module: str) -> Iterator[str]:
    """The names that a module imports, and the packages above them; a name in a module looks like one below it."""
    package = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(file.read_bytes(), str(file))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _with_parents(alias.name)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                yield from _with_parents(f"{source}.{alias.name}")


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
