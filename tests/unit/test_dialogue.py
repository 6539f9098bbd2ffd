"""The dialogue model without Rasa: features, examples, training, going on from a model, serving."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parlance.dialogue.examples import DialogueExamples, Story
from parlance.dialogue.features import FeatureSpace, features_of
from parlance.dialogue.options import DialogueOptions
from parlance.dialogue.predictor import ActionPredictor
from parlance.dialogue.training import train_dialogue
from parlance.errors import ParlanceError
from parlance.inference.folder import METADATA, WEIGHTS

OPTIONS = DialogueOptions(max_history=4, epochs=40, hidden_size=16, heads=2, holdout=0.0)


def said(intent: str, **more: Any) -> dict[str, Any]:
    return {"user": {"intent": intent}, "prev_action": {"action_name": "action_listen"}, **more}


def did(intent: str, action: str) -> dict[str, Any]:
    return {"user": {"intent": intent}, "prev_action": {"action_name": action}}


def told(*turns: tuple[str, str]) -> Story:
    """A story of one action for each message."""
    states: list[Any] = [{}]
    windows: list[list[Any]] = [[{}]]
    actions = ["action_listen"]
    for intent, action in turns:
        states.append(said(intent))
        windows.append(states[-4:])
        actions.append(action)
        states.append(did(intent, action))
        windows.append(states[-4:])
        actions.append("action_listen")
    return Story(windows, actions)


# What a "yes" means depends on what was asked before.
STORIES = [
    told(("refund", "utter_ask_refund"), ("yes", "utter_refunded")),
    told(("cancel", "utter_ask_cancel"), ("yes", "utter_cancelled")),
    told(("greet", "utter_greet"), ("refund", "utter_ask_refund"), ("yes", "utter_refunded")),
    told(("greet", "utter_greet"), ("cancel", "utter_ask_cancel"), ("yes", "utter_cancelled")),
]


def next_action(folder: Path, *states: dict[str, Any]) -> str:
    predictor = ActionPredictor.load(folder)
    return predictor.actions[int(predictor.predict(states).argmax())]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dialogue") / "model"
    train_dialogue(STORIES, folder, OPTIONS)
    return folder


def test_a_states_features_are_named_after_what_they_are() -> None:
    state: dict[str, dict[str, Any]] = {
        "user": {"intent": "buy", "entities": ("colour", "size#role"), "text": "a red one"},
        "prev_action": {"action_text": "Which one?"},
        "active_loop": {"name": "buy_form"},
        "slots": {"known": (1.0, 0.0), "budget": (0.5,), "secret": "should_not_be_set"},
    }

    assert features_of(state) == {
        "intent buy": 1.0,
        "entity colour": 1.0,
        "entity size#role": 1.0,
        "action Which one?": 1.0,
        "form buy_form": 1.0,
        "slot known 0": 1.0,
        "slot budget 0": 0.5,
    }
    assert features_of({}) == {}


def test_features_that_training_did_not_meet_count_as_absent() -> None:
    space = FeatureSpace.of([said("greet")], known=["intent old"])

    assert space.names == ("intent old", "action action_listen", "intent greet")
    assert space.encode([said("unheard"), said("old")]).tolist() == [[0, 1, 0], [1, 1, 0]]


def test_moments_are_padded_at_the_front_and_kept_once() -> None:
    stories = [told(("greet", "utter_greet")), told(("greet", "utter_greet"))]
    actions = ["action_listen", "utter_greet"]
    space = FeatureSpace.of(state for story in stories for window in story.windows for state in window)
    examples = DialogueExamples.of(stories, space, actions, max_history=4)

    assert examples.windows.tolist() == [[0, 0, 0, 1], [0, 0, 1, 2], [0, 1, 2, 3]]
    assert examples.actions.tolist() == [0, 1, 0]
    assert not examples.states[0].any()


def test_a_story_is_glued_to_anothers_end() -> None:
    actions = ["action_listen", "utter_bye", "utter_greet"]
    stories = [told(("greet", "utter_greet")), told(("bye", "utter_bye"))]
    space = FeatureSpace.of(state for story in stories for window in story.windows for state in window)
    examples = DialogueExamples.of(stories, space, actions, max_history=4)
    concatenated, follows = examples.concatenated(1.0, np.random.default_rng(0))

    assert examples.endings.tolist() == [[0, 1, 2, 3], [0, 1, 4, 5]]
    assert concatenated[0].tolist() == examples.windows[0].tolist(), "a beginning alone stays one"
    assert concatenated[1].tolist() in ([1, 2, 3, 2], [1, 4, 5, 2]), (
        "an ending, and the story without its empty beginning"
    )
    assert follows[1] == concatenated[1][2] and follows[0] == 0
    assert examples.concatenated(0.0, np.random.default_rng(0))[0].tolist() == examples.windows.tolist()


def test_it_learns_what_the_history_decides(trained: Path) -> None:
    for asked, done in (("refund", "utter_refunded"), ("cancel", "utter_cancelled")):
        assert next_action(trained, {}, said(asked), did(asked, f"utter_ask_{asked}"), said("yes")) == done
    assert next_action(trained, *[{}] * 9, said("greet")) == "utter_greet", "older states are cut off"


def test_probabilities_sum_to_one(trained: Path) -> None:
    probabilities = ActionPredictor.load(trained).predict([{}, said("greet")])

    assert probabilities.min() >= 0 and probabilities.sum() == pytest.approx(1.0, abs=1e-5)


def test_the_same_seed_gives_the_same_model(trained: Path, tmp_path: Path) -> None:
    train_dialogue(STORIES, tmp_path / "again", OPTIONS)
    states = [{}, said("refund")]

    again = ActionPredictor.load(tmp_path / "again").predict(states)
    assert np.array_equal(again, ActionPredictor.load(trained).predict(states))


def test_confidence_is_calibrated_on_held_out_stories(tmp_path: Path) -> None:
    options = DialogueOptions(max_history=4, epochs=150, hidden_size=16, heads=2, holdout=0.3)
    names = [f"task{number}" for number in range(12)]
    stories = [told((name, f"utter_{name}"), (other, f"utter_{other}")) for name in names for other in names[:3]]
    train_dialogue(stories, tmp_path / "model", options)
    metadata = json.loads((tmp_path / "model" / METADATA).read_text())

    assert metadata["holdout"]["examples"] >= 20 and metadata["holdout"]["accuracy"] > 0.8
    assert metadata["temperature"] != 1.0


def test_going_on_from_a_model_keeps_what_it_knows_and_adds_what_is_new(trained: Path, tmp_path: Path) -> None:
    more = [*STORIES, told(("move", "utter_ask_move"), ("yes", "utter_moved"))]
    train_dialogue(more, tmp_path / "more", OPTIONS, initial_model=trained)
    before, after = ActionPredictor.load(trained), ActionPredictor.load(tmp_path / "more")

    assert after.actions[: len(before.actions)] == before.actions
    assert next_action(tmp_path / "more", {}, said("move"), did("move", "utter_ask_move"), said("yes")) == "utter_moved"


def test_a_model_of_another_shape_is_not_gone_on_from(trained: Path, tmp_path: Path) -> None:
    smaller = DialogueOptions(max_history=4, epochs=1, hidden_size=8, heads=2)
    with pytest.raises(ParlanceError, match="another shape"):
        train_dialogue(STORIES, tmp_path / "model", smaller, initial_model=trained)


def test_heads_that_do_not_divide_the_units_are_named(tmp_path: Path) -> None:
    with pytest.raises(ParlanceError, match="`hidden_size` of DialoguePolicy is 16, and `heads` 3"):
        train_dialogue(STORIES, tmp_path / "model", DialogueOptions(hidden_size=16, heads=3))


def test_a_damaged_model_is_named(trained: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    train_dialogue(STORIES[:1], folder, DialogueOptions(epochs=1))
    (folder / WEIGHTS).write_bytes(b"x")

    with pytest.raises(ParlanceError, match="damaged"):
        ActionPredictor.load(folder)


def test_serving_needs_neither_torch_nor_tensorflow_nor_rasa(trained: Path) -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'tensorflow', 'rasa', 'transformers'): sys.modules[name] = None\n"
        "from pathlib import Path\n"
        "from parlance.dialogue.predictor import ActionPredictor\n"
        f"print(len(ActionPredictor.load(Path({str(trained)!r})).predict([{{}}])))\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert result.stdout.strip() == "6", result.stderr
