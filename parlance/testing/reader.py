"""Reading conversation tests in the format of Rasa Pro's end-to-end tests.

https://rasa.com/docs/reference/testing/test-cases and .../assertions describe the format.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from parlance.data.yaml_nodes import at, mapping, read_yaml
from parlance.errors import ParlanceError
from parlance.testing.case_reader import SECTIONS, CaseReader, Named
from parlance.testing.cases import Case
from parlance.testing.errors import BadTestFile, nearest
from parlance.testing.nodes import entries_of, list_of, value_of
from parlance.testing.settings import SETTINGS_FILE

_FILE_KEYS = ("test_cases", "fixtures", "metadata", "version")
_OTHER_RASA_KEYS = {"nlu", "stories", "rules", "intents", "responses", "pipeline"}


def read_cases(path: str | Path) -> list[Case]:
    """The cases of a file, of a folder with its subfolders, or the one that ``file.yml::case name`` names.

    Raises:
        BadTestFile: There is none, or something in a file is wrong; with ``file:line``.
    """
    file, name = split_name(path)
    try:
        cases = _read_files(_test_files(file))
    except BadTestFile:
        raise
    except ParlanceError as error:  # a file that is missing or no YAML
        raise BadTestFile(error.problem, error.remedy) from error
    if name is not None:
        chosen = [case for case in cases if case.name == name]
        if not chosen:
            raise BadTestFile(
                f"{file} has no case called '{name}'.",
                nearest(name, [case.name for case in cases]) or "Names are written after test_case:.",
            )
        return chosen
    if not cases:
        raise BadTestFile(f"There is no test case in {path}.", "Write test_cases: with - test_case: NAME below it.")
    return cases


def split_name(path: str | Path) -> tuple[Path, str | None]:
    """The file or folder, and the name of a case where there is one: ``orders.yml::late parcel``."""
    if "::" not in str(path) or Path(path).exists():
        return Path(path), None
    file, name = str(path).split("::", 1)
    return Path(file), name


def _test_files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(
        file
        for file in path.rglob("*")
        if file.suffix in (".yml", ".yaml") and file.name != SETTINGS_FILE and file.is_file()
    )


def _read_files(paths: list[Path]) -> list[Case]:
    files = [file for path in paths if (file := _read_file(path, alone=len(paths) == 1))]
    # As in Rasa Pro, what one file names the others may use.
    fixtures = _merged(file.fixtures for file in files)
    metadata = _merged(file.metadata for file in files)
    return [case for file in files for case in file.cases(fixtures, metadata)]


def _merged(parts: Iterable[Named]) -> dict[str, Mapping[str, Any]]:
    merged: dict[str, Mapping[str, Any]] = {}
    for part in parts:
        merged = {**part, **merged}
    return merged


@dataclass(frozen=True)
class _File:
    """A file whose fixtures and metadata are read and whose cases are not."""

    path: Path
    fixtures: Named
    metadata: Named
    case_nodes: list[Node]

    def cases(self, fixtures: Named, metadata: Named) -> list[Case]:
        reader = CaseReader(self.path, {**fixtures, **self.fixtures}, {**metadata, **self.metadata})
        cases: dict[str, Case] = {}
        for node in self.case_nodes:
            case = reader.case(node)
            if case.name in cases:
                raise BadTestFile(
                    f"{at(self.path, node)}: a case called '{case.name}' is in line {cases[case.name].line} already.",
                    "Give each case of a file its own name.",
                )
            cases[case.name] = case
        return list(cases.values())


def _read_file(path: Path, alone: bool) -> _File | None:
    """None for another file of a Rasa project, in a folder."""
    root = read_yaml(path)
    if root is None:
        return _File(path, {}, {}, [])
    keys = {key.value for key, _ in root.value} if isinstance(root, MappingNode) else set()
    if not alone and keys & _OTHER_RASA_KEYS:
        return None
    entries = entries_of(root, path, "a test file", _FILE_KEYS)
    return _File(
        path,
        _named_values(entries.get("fixtures"), path, "fixture"),
        _named_values(entries.get("metadata"), path, "metadata"),
        list_of(entries.get("test_cases"), path, "test_cases", "- test_case: NAME"),
    )


def _named_values(node: Node | None, path: Path, what: str) -> Named:
    """``- name: [- key: value]`` entries, as fixtures and metadata are written."""
    named: dict[str, Mapping[str, Any]] = {}
    for item in list_of(node, path, SECTIONS[what], "- NAME:"):
        for name, values in mapping(item, path).items():
            if name in named:
                raise BadTestFile(f"{at(path, item)}: the {what} '{name}' is there twice.", "Rename or merge them.")
            named[name] = {}
            for part in values.value if isinstance(values, SequenceNode) else [values]:
                if not isinstance(part, MappingNode):
                    raise BadTestFile(f"{at(path, part)}: under '{name}' come KEY: VALUE lines.", "Write it so.")
                mapping(part, path)  # refuses a key that is there twice
                named[name] = {**named[name], **{str(key): value for key, value in value_of(part).items()}}
    return named
