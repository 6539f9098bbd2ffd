"""However long a message is, what reads it takes time in proportion: no expression, and no function, goes quadratic.

Patterns and functions are collected from the modules, so that a new one is looked at without being listed here.
"""

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from parlance.channels.web.rendering import BUBBLE_LENGTH
from tests.unit.attacks import ORDINARY, Attack, attacks_on, grows_too_fast

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("shop", "actions", "parlance/inference", "parlance/rasa")
"""Where text of customers is read."""
GIVEN: dict[str, Any] = {"today": date(2026, 3, 3), "vocabulary": frozenset({"sofa", "lamp"})}
"""What functions are given beside the text."""
MODULES = [
    importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    for folder in FOLDERS
    for file in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in file.parts and file.stem != "__init__"
]


def patterns_of(module: ModuleType) -> Iterator[tuple[str, "re.Pattern[str]"]]:
    """The compiled patterns that a module holds, and those that it gives to functions of ``re`` as it goes."""
    yield from _inside(module.__name__, [value for name, value in vars(module).items() if not name.startswith("__")])
    for call in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and _is_re(call.func.value):
            try:
                value = eval(compile(ast.Expression(call.args[0]), module.__name__, "eval"), vars(module))
            except NameError:
                assert call.func.attr == "compile", f"{module.__name__}, line {call.lineno}: compile this once, above."
                continue
            if isinstance(value, str) and call.func.attr not in ("compile", "escape"):
                yield f"{module.__name__}:{call.lineno}", re.compile(value)


def _is_re(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id == "re"


def _inside(name: str, values: Any) -> Iterator[tuple[str, "re.Pattern[str]"]]:
    for value in values:
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
            yield name, value
        elif isinstance(value, (list, tuple)):
            yield from _inside(name, value)
        elif isinstance(value, dict):
            yield from _inside(name, value.values())


def functions_of(module: ModuleType) -> Iterator[tuple[str, Callable[[str], Any]]]:
    """The module's functions of a text, and of nothing that is not in GIVEN."""
    for name, function in vars(module).items():
        if name.startswith("_") or getattr(function, "__module__", "") != module.__name__:
            continue
        if not callable(function) or not inspect.isfunction(inspect.unwrap(function)):
            continue
        parameters = list(inspect.signature(function).parameters.values())
        if not parameters:
            continue
        first, *others = parameters
        if first.annotation not in (str, "str") or first.kind is not first.POSITIONAL_OR_KEYWORD:
            continue
        needed = [p.name for p in others if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
        if set(needed) <= GIVEN.keys():
            yield f"{module.__name__}.{name}", _calling(function, [GIVEN[name] for name in needed])


def _calling(function: Callable[..., Any], others: list[Any]) -> Callable[[str], Any]:
    def call(text: str) -> None:
        getattr(function, "cache_clear", lambda: None)()
        try:
            function(text, *others)
        except (ValueError, KeyError, OSError, LookupError):
            pass  # that it is no such text is an answer too

    return call


PATTERNS = {pattern: name for module in MODULES for name, pattern in patterns_of(module)}
BEYOND = {"parlance.channels.web.rendering.split_text": BUBBLE_LENGTH}
"""Functions that leave a text alone up to a length."""
FUNCTIONS = dict(found for module in MODULES for found in functions_of(module))


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: f"{PATTERNS[pattern]} {pattern.pattern[:40]}")
def test_a_pattern_is_linear(pattern: "re.Pattern[str]") -> None:
    def find_all(text: str) -> None:
        for _ in pattern.finditer(text):
            pass

    attacks = [*attacks_on(pattern), *(Attack("a", body, "b") for body in ORDINARY)]
    slow = [grown for attack in attacks if (grown := grows_too_fast(find_all, attack))]
    assert not slow, "\n".join(slow)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_a_text_is_linear(name: str) -> None:
    slow = [
        grown
        for body in ORDINARY
        for start in ("", "a", "a@")
        if (grown := grows_too_fast(FUNCTIONS[name], Attack(start, body, "b"), BEYOND.get(name, 0)))
    ]
    assert not slow, "\n".join(slow)
