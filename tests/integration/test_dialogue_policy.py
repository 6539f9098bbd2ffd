"""DialoguePolicy in Rasa: training, serving, testing, going on from a model, and rules beside it."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.shared.core.events import ActionExecuted, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import InvalidConfigException, RasaException

from .conftest import write_yaml

POLICY = {"name": "parlance.rasa.DialoguePolicy", "epochs": 60, "hidden_size": 16, "max_history": 6}


def story(name: str, *turns: str) -> dict[str, Any]:
    """``"refund: utter_ask_refund"`` is an intent with its actions; ``"order_state=shipped"`` sets a slot."""
    steps: list[dict[str, Any]] = []
    for turn in turns:
        if "=" in turn:
            slot, value = turn.split("=")
            steps.append({"slot_was_set": [{slot: value}]})
            continue
        intent, actions = turn.split(": ")
        steps += [{"intent": intent}, *({"action": action} for action in actions.split(", "))]
    return {"story": name, "steps": steps}


STORIES = [
    story("refund", "refund: utter_ask_refund", "affirm: utter_refunded"),
    story("cancel", "cancel: utter_ask_cancel", "affirm: utter_cancelled"),
    story("hello, refund", "greet: utter_greet", "refund: utter_ask_refund", "affirm: utter_refunded"),
    story("hello, cancel", "greet: utter_greet", "cancel: utter_ask_cancel", "affirm: utter_cancelled"),
    story("late", "order_state=shipped", "track: utter_shipped"),
    story("waiting", "order_state=packed", "track: utter_packed"),
]


class Project:
    """A folder with a domain, stories and policies, trained by ``rasa train core``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.policies: list[dict[str, Any]] = [dict(POLICY)]
        self.stories = list(STORIES)
        self.rules: list[dict[str, Any]] = []

    def train(self, **arguments: Any) -> Path:
        from rasa.model_training import train_core

        steps = [step for told in [*self.stories, *self.rules] for step in told["steps"]]
        names = sorted({step["action"] for step in steps if "action" in step})
        domain = {
            "version": "3.1",
            "intents": sorted({step["intent"] for step in steps if "intent" in step}),
            "slots": {
                "order_state": {
                    "type": "categorical",
                    "values": ["packed", "shipped"],
                    "mappings": [{"type": "custom"}],
                },
                "only_in_rules": {"type": "bool", "mappings": [{"type": "custom"}]},
            },
            "responses": {name: [{"text": name}] for name in names},
        }
        config = {"recipe": "default.v1", "language": "en", "assistant_id": "test", "pipeline": []}
        data = {"version": "3.1", "stories": self.stories, "rules": self.rules}
        write_yaml(self.folder / "data" / "stories.yml", data)
        model = train_core(
            str(write_yaml(self.folder / "domain.yml", domain)),
            str(write_yaml(self.folder / "config.yml", {**config, "policies": self.policies})),
            str(self.folder / "data"),
            str(self.folder / "models"),
            **arguments,
        )
        assert model
        return Path(model)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RASA_TELEMETRY_ENABLED", "false")
    return Project(tmp_path)


def answers(agent: Agent, *intents: str) -> list[list[str]]:
    """What the assistant says to each message of a new conversation."""

    async def talk() -> list[list[str]]:
        replies = [await agent.handle_text(f"/{intent}", sender_id=str(intents)) for intent in intents]
        return [[message["text"] for message in reply or []] for reply in replies]

    return asyncio.run(talk())


def confidences(agent: Agent, *events: Event) -> dict[str, float]:
    """The probability of each action after some events."""
    assert agent.processor and agent.domain
    tracker = DialogueStateTracker.from_events("someone", list(events), agent.domain.slots)
    prediction = agent.processor._predict_next_with_tracker(tracker)
    return dict(zip(agent.domain.action_names_or_texts, prediction.probabilities, strict=True))


def user(intent: str) -> UserUttered:
    return UserUttered(f"/{intent}", {"name": intent, "confidence": 1.0})


def test_it_learns_from_stories_and_talks(project: Project) -> None:
    agent = Agent.load(str(project.train()))

    assert answers(agent, "refund", "affirm") == [["utter_ask_refund"], ["utter_refunded"]]
    # No story has these one after the other.
    assert answers(agent, "greet", "cancel", "affirm", "refund") == [
        ["utter_greet"],
        ["utter_ask_cancel"],
        ["utter_cancelled"],
        ["utter_ask_refund"],
    ]


def test_a_slot_decides(project: Project) -> None:
    agent = Agent.load(str(project.train()))
    for value, said in (("shipped", "utter_shipped"), ("packed", "utter_packed")):
        found = confidences(agent, SlotSet("order_state", value), ActionExecuted("action_listen"), user("track"))
        assert max(found, key=lambda action: found[action]) == said
        assert sum(found.values()) == pytest.approx(1.0, abs=1e-4)


def test_rasa_test_core_passes_its_stories(project: Project) -> None:
    from rasa.core.test import test as run_test

    model = project.train()
    (project.folder / "results").mkdir()
    path = write_yaml(project.folder / "test_stories.yml", {"version": "3.1", "stories": STORIES})
    result = asyncio.run(run_test(str(path), Agent.load(str(model)), out_directory=str(project.folder / "results")))

    assert result["report"]["conversation_accuracy"]["accuracy"] == 1.0


def test_turns_and_slots_that_only_rules_know_are_not_seen(project: Project) -> None:
    project.policies.append({"name": "RulePolicy"})
    condition = [{"slot_was_set": [{"only_in_rules": True}]}]
    project.rules = [
        {**story("hours", "hours: utter_hours"), "condition": []},
        {**story("thanks", "thank: utter_welcome"), "condition": condition},
    ]
    for told in project.rules:
        told["rule"] = told.pop("story")
    agent = Agent.load(str(project.train()))
    asked = [ActionExecuted("action_listen"), user("refund"), ActionExecuted("utter_ask_refund")]
    hidden = [
        ActionExecuted("action_listen"),
        user("hours"),
        ActionExecuted("utter_hours", hide_rule_turn=True),
        ActionExecuted("action_listen", hide_rule_turn=True),
    ]
    plain = confidences(agent, *asked, ActionExecuted("action_listen"), user("affirm"))

    assert max(plain, key=lambda action: plain[action]) == "utter_refunded"
    assert confidences(agent, *asked, *hidden, user("affirm")) == pytest.approx(plain)
    noise = SlotSet("only_in_rules", True)
    assert confidences(agent, noise, *asked, ActionExecuted("action_listen"), user("affirm")) == pytest.approx(plain)


def test_finetune_adds_an_intent_and_an_action(project: Project) -> None:
    first = project.train()
    project.stories.append(story("move", "move: utter_ask_move", "affirm: utter_moved"))
    second = project.train(model_to_finetune=str(first), finetuning_epoch_fraction=0.5)
    agent = Agent.load(str(second))

    assert answers(agent, "move", "affirm") == [["utter_ask_move"], ["utter_moved"]]
    assert answers(agent, "cancel", "affirm") == [["utter_ask_cancel"], ["utter_cancelled"]]


def test_without_stories_it_predicts_nothing(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    project.policies.append({"name": "RulePolicy"})
    project.rules = [{"rule": "hello", "steps": [{"intent": "greet"}, {"action": "utter_greet"}]}]
    project.stories = []

    assert answers(Agent.load(str(project.train())), "greet") == [["utter_greet"]]
    assert "DialoguePolicy has nothing to learn" in caplog.text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"epoch": 3}, "DialoguePolicy has no option `epoch`. Did you mean `epochs`?"),
        ({"dropout": 3.0}, "outside 0 to 0.9"),
        ({"max_history": 0}, "The nearest value that works is 1."),
    ],
)
def test_a_mistake_in_the_configuration_is_named(project: Project, change: dict[str, Any], says: str) -> None:
    project.policies[0] |= change
    with pytest.raises(InvalidConfigException) as caught:
        project.train()

    assert says in str(caught.value)


def test_training_without_torch_says_what_to_install(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("parlance.dialogue.") and "option" not in name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(RasaException, match="Install the extra `train`"):
        project.train()
