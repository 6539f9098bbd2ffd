"""The options of a component, from a Rasa project's ``config.yml``."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import Node

from parlance.data import yaml_nodes
from parlance.data.files import read_text
from parlance.errors import ParlanceError


def component_options(path: Path, component: str) -> dict[str, Any]:
    """The options of the first pipeline entry whose name ends in ``component``, without its name.

    Args:
        path: A Rasa ``config.yml``.
        component: The class's name; the pipeline may name it with its module before it.

    Raises:
        ParlanceError: The file is not YAML, has no pipeline, or the pipeline lacks the component.
    """
    names = _component_names(yaml_nodes.mapping(yaml_nodes.read_yaml(path), path).get("pipeline"), path)
    if not names:
        raise ParlanceError(f"{path} has no 'pipeline:' with components in it.", "Give a Rasa config.yml.")
    place = next((place for place, name in enumerate(names) if name.rsplit(".", 1)[-1] == component), None)
    if place is None:
        raise ParlanceError(
            f"The pipeline in {path} has no {component}; it has {', '.join(names)}.",
            f"Add a line '- name: {component}' with its module, or leave out --config.",
        )
    try:
        entry = YAML(typ="safe", pure=True).load(read_text(path))["pipeline"][place]
    except YAMLError as error:
        raise yaml_nodes.invalid(path, error) from error
    return {key: value for key, value in entry.items() if key != "name"} if isinstance(entry, dict) else {}


def _component_names(pipeline: Node | None, path: Path) -> list[str]:
    """The names of the pipeline's entries: ``- name: X`` with options, or just ``- X``."""
    return [
        yaml_nodes.string(entry) or yaml_nodes.string(yaml_nodes.mapping(entry, path).get("name")) or "?"
        for entry in yaml_nodes.items(pipeline)
    ]
