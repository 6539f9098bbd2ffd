from pathlib import Path

import pytest

from parlance.data.rasa_config import component_options
from parlance.errors import ParlanceError


def config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_options_are_those_of_the_component_without_its_name(tmp_path: Path) -> None:
    path = config(
        tmp_path,
        "language: en\npipeline:\n- name: WhitespaceTokenizer\n"
        "- name: parlance.rasa.TransformerNLU\n  epochs: 3\n  learning_rate: 2.0e-4\npolicies: []\n",
    )
    assert component_options(path, "TransformerNLU") == {"epochs": 3, "learning_rate": 2e-4}


def test_an_entry_that_is_only_a_name_has_no_options(tmp_path: Path) -> None:
    assert component_options(config(tmp_path, "pipeline:\n- x.TransformerNLU\n"), "TransformerNLU") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pipeline:\n- name: DIETClassifier\n- name: NotTransformerNLU\n", "it has DIETClassifier, NotTransformerNLU"),
        ("pipeline:\n", "no 'pipeline:'"),
        ("policies: []\n", "no 'pipeline:'"),
        ("pipeline: [\n", "not valid YAML"),
        ("pipeline:\n- name: TransformerNLU\npolicies:\n- a: 1\n  a: 2\n", "config.yml:5: this is not valid YAML"),
        ("pipeline:\n- name: TransformerNLU\npolicies: !ours {a: 1}\n", "config.yml:3: this is not valid YAML"),
        ("pipeline:\n- {{ name }}: TransformerNLU\n", "config.yml:2: a key must be a word"),
    ],
)
def test_a_config_without_the_component_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ParlanceError, match="config.yml") as error:
        component_options(config(tmp_path, text), "TransformerNLU")
    assert words in str(error.value)
