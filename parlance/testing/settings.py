"""How to start the assistant under test: the part ``assistant`` of ``conftest.yml`` beside the tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml.nodes import ScalarNode

from parlance.data.yaml_nodes import at, mapping, read_yaml
from parlance.errors import ParlanceError
from parlance.testing.errors import BadTestFile
from parlance.testing.nodes import entries_of, list_of

SETTINGS_FILE = "conftest.yml"


@dataclass(frozen=True)
class Settings:
    """What stands under ``assistant``; ``{name}`` is a placeholder in each value.

    Args:
        file: Where it stands.
        start: The command, run in the folder that the tests are started from.
        url: Where the assistant answers when it is up.
        environment: Variables for the command, beside those there are.
        health: Further addresses that answer when it is up.
        database: The SQLite file it keeps its data in, empty where it has none.
        queries: What ``{name}`` in a user's message is: the first value that a query of the database finds then.
    """

    file: Path
    start: str
    url: str = "http://127.0.0.1:{port}"
    environment: Mapping[str, str] = field(default_factory=dict)
    health: tuple[str, ...] = ()
    database: str = ""
    queries: Mapping[str, str] = field(default_factory=dict)


def queries_for(path: Path) -> Mapping[str, str]:
    """The queries for the tests at ``path``, for an assistant that is not started here; none without settings."""
    folder = path if path.is_dir() else path.parent
    return find_settings(path).queries if (folder / SETTINGS_FILE).is_file() else {}


def find_settings(path: Path) -> Settings:
    """The settings for the tests at ``path``: in its folder, or in the nearest folder above it.

    Raises:
        BadTestFile: There are none, or they are wrong.
    """
    folder = (path if path.is_dir() else path.parent).resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / SETTINGS_FILE).is_file():
            return _read(candidate / SETTINGS_FILE)
        if candidate == Path.cwd():
            break
    raise BadTestFile(
        f"It is not said how to start the assistant: there is no {SETTINGS_FILE} beside {path} or above it.",
        "Write one, or give the address of a running assistant with --url.",
    )


def _read(file: Path) -> Settings:
    try:
        root = mapping(read_yaml(file), file)
    except ParlanceError as error:
        raise BadTestFile(error.problem, error.remedy) from error
    if "assistant" not in root:
        raise BadTestFile(f"{file} has no part 'assistant:'.", "Write it, or give --url.")
    keys = ("start", "url", "environment", "health", "database", "queries")
    entries = entries_of(root["assistant"], file, "'assistant'", keys, needed=("start",))
    texts = {key: _text(entries[key], file) for key in ("start", "url", "database") if key in entries}
    return Settings(
        file=file,
        environment={name: _text(value, file) for name, value in mapping(entries.get("environment"), file).items()},
        queries={name: _text(value, file) for name, value in mapping(entries.get("queries"), file).items()},
        health=tuple(_text(item, file) for item in list_of(entries.get("health"), file, "health", "- URL")),
        **texts,
    )


def _text(node: object, file: Path) -> str:
    if not isinstance(node, ScalarNode):
        raise BadTestFile(f"{at(file, node)}: here comes a text.", "Put it on the same line.")  # type: ignore[arg-type]
    return str(node.value)
