"""The measuring of answers to a question with consequences, on a model that is made up."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from answers import measure, read_answers

QUESTION = "Shall I cancel FH-10432?"
FILE = f"""
- {{question: "{QUESTION}", text: "yes", answer: yes}}
- {{question: "{QUESTION}", text: "you'd make me happy", answer: yes}}
- {{question: "{QUESTION}", text: "not sure", answer: other}}
- {{question: "{QUESTION}", text: "lovely weather", answer: other}}
- {{question: "{QUESTION}", text: "be a dear and get it over with", answer: "yes"}}
"""


def understand(text: str, question: str) -> Mapping[str, Any]:
    """A model that is sure of all but one, and wrong about the weather."""
    assert question == QUESTION
    sure = 0.5 if text.startswith("be a dear") else 0.99
    return {
        "text": text,
        "intent": {"name": "affirm", "confidence": 0.9},
        "act": {"name": "affirm", "confidence": sure},
    }


def test_what_is_decided_wrongly_is_counted_and_listed(tmp_path: Path) -> None:
    file = tmp_path / "answers.yml"
    file.write_text(FILE, encoding="utf-8")
    measured = measure(read_answers(file), understand)
    assert (measured.yeses, measured.others) == (3, 2)
    assert [answer.text for answer in measured.missed] == ["be a dear and get it over with"]
    assert [answer.text for answer in measured.taken] == ["lovely weather"]
    lines = measured.lines()
    assert lines[0].startswith("Yeses taken: 2 of 3") and lines[1].startswith("Others taken for a yes: 1 of 2 (50.00%")
    assert "lovely weather" in lines[2] and len(lines) == 4


def test_an_answer_of_another_kind_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "answers.yml"
    file.write_text('- {question: "Shall I?", text: "ok", answer: perhaps}', encoding="utf-8")
    with pytest.raises(ValueError, match="neither 'yes' nor 'other'"):
        read_answers(file)
