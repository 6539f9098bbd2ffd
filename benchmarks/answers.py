"""Answers to a question with consequences: how many yeses are taken for one, and which others are.

    python benchmarks/answers.py --model models/fern.tar.gz --answers tests/answers/test.yml

The file is a list of {question, request, act, yes, other}: what led to the question, the words with which a yes may say
again what is asked, and the answers of both kinds. What decides is ``parlance.actions.consent.is_yes``, on what the
model understands of an answer after the question.
"""

import argparse
import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from parlance.actions.consent import is_yes

YESES_TAKEN, OTHERS_TAKEN = 0.97, 0.001
"""What is aimed at: at least so many of the yeses, and at most so many of the others."""
Understand = Callable[[str, str], Mapping[str, Any]]
"""The parse result of a text after a question."""


class Answer(NamedTuple):
    """What somebody answered to a question."""

    question: str
    request: str
    act: str
    text: str
    is_yes: bool


class Measured(NamedTuple):
    """Which answers were decided wrongly, and of how many."""

    yeses: int
    others: int
    missed: tuple[Answer, ...]
    """Yeses that were not taken for one."""
    taken: tuple[Answer, ...]
    """Others that were."""

    def lines(self) -> list[str]:
        """What is printed: the shares, and each answer that was decided wrongly."""
        shares = [
            _share("Yeses taken", self.yeses - len(self.missed), self.yeses, f"at least {YESES_TAKEN:.0%}"),
            _share("Others taken for a yes", len(self.taken), self.others, f"at most {OTHERS_TAKEN:.1%}"),
        ]
        return [
            *shares,
            *(f"taken for a yes: {answer.text!r} after {answer.question!r}" for answer in self.taken),
            *(f"not taken: {answer.text!r} after {answer.question!r}" for answer in self.missed),
        ]


def read_answers(file: Path) -> list[Answer]:
    """The answers in a file."""
    return [
        Answer(asked["question"], asked["request"], asked["act"], text, kind == "yes")
        for asked in YAML(typ="safe").load(file.read_text(encoding="utf-8"))
        for kind in ("yes", "other")
        for text in asked[kind]
    ]


def measure(answers: Iterable[Answer], understand: Understand) -> Measured:
    """What ``is_yes`` decides of each answer.

    Args:
        answers: The answers.
        understand: The model.
    """
    decided = [
        (answer, is_yes(understand(answer.text, answer.question), answer.act, (answer.question,), answer.request))
        for answer in answers
    ]
    return Measured(
        yeses=sum(answer.is_yes for answer, _ in decided),
        others=sum(not answer.is_yes for answer, _ in decided),
        missed=tuple(answer for answer, taken in decided if answer.is_yes and not taken),
        taken=tuple(answer for answer, taken in decided if taken and not answer.is_yes),
    )


def understanding(model: Path) -> Understand:
    """A Rasa model that is told what the assistant said last, as ``rasa run`` tells it."""
    from rasa.core.agent import Agent
    from rasa.core.channels.channel import UserMessage
    from rasa.shared.core.events import BotUttered
    from rasa.shared.core.trackers import DialogueStateTracker

    processor = Agent.load(model).processor
    assert processor

    def understand(text: str, question: str) -> Mapping[str, Any]:
        tracker = DialogueStateTracker.from_events("customer", [BotUttered(question)])
        parsed: Mapping[str, Any] = asyncio.run(processor.parse_message(UserMessage(text), tracker))
        return parsed

    return understand


def _share(title: str, count: int, of: int, aim: str) -> str:
    return f"{title}: {count} of {of} ({count / of if of else 0:.2%}; {aim})"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="a trained Rasa model")
    parser.add_argument("--answers", type=Path, required=True, help="a YAML file of answers")
    options = parser.parse_args()
    measured = measure(read_answers(options.answers), understanding(options.model))
    print("\n".join(measured.lines()))


if __name__ == "__main__":
    main()
