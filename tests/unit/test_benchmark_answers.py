"""The measuring of answers to a question with consequences, on a model that is made up."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from answers import measure, read_answers

ROOT = Path(__file__).parents[2]
QUESTION = "Shall I cancel FH-10432?"
FILE = f"""
- question: "{QUESTION}"
  request: cancel_order
  act: cancel order
  "yes": ["yes", "you'd make me happy", "be a dear and get it over with"]
  other: ["not sure", "lovely weather"]
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


def test_the_projects_own_answers_are_many_and_none_is_both() -> None:
    for name in ("valid", "test"):
        answers = read_answers(ROOT / "tests" / "answers" / f"{name}.yml")
        assert sum(answer.is_yes for answer in answers) > 500 and sum(not answer.is_yes for answer in answers) > 750
        assert len({(answer.question, answer.text.lower()) for answer in answers}) == len(answers)
