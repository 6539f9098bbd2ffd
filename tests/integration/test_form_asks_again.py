"""A message that nobody understands in the middle of a form: whatever the policies are, the form says what it needs."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent

from .conftest import write_yaml

RULES_FIRST: list[dict[str, Any]] = [{"name": "MemoizationPolicy"}, {"name": "RulePolicy"}]
DIALOGUE = {"name": "parlance.rasa.DialoguePolicy", "epochs": 60, "hidden_size": 16}
TURN = {"name": "parlance.rasa.TurnPolicy"}
FORMS = {"transfer": ["amount", "payee"], "card": ["card"], "bill": ["account"]}
RESPONSES = {
    **{f"utter_ask_{slot}": f"{slot}?" for slots in FORMS.values() for slot in slots},
    **{f"utter_done_{name}": f"{name} done" for name in FORMS},
    "utter_stopped": "stopped",
    "utter_hours": "nine to five",
    "utter_rephrase": "in other words, please",
}


def slot_of(name: str) -> dict[str, Any]:
    mappings = [{"type": "from_entity", "entity": name}]
    return {"type": "text", "influence_conversation": False, "mappings": mappings}


def stories() -> list[dict[str, Any]]:
    """Each form filled, left, and given up for each of the others."""
    found = []
    for name in FORMS:
        start = [{"intent": name}, {"action": f"{name}_form"}, {"active_loop": f"{name}_form"}]
        end = [{"action": f"{name}_form"}, {"active_loop": None}, {"action": f"utter_done_{name}"}]
        leave = [{"action": "action_deactivate_loop"}, {"active_loop": None}]
        found.append({"story": f"{name} filled", "steps": [*start, {"intent": "inform"}, *end]})
        found.append(
            {"story": f"{name} left", "steps": [*start, {"intent": "stop"}, *leave, {"action": "utter_stopped"}]}
        )
        for other in FORMS.keys() - {name}:
            then = [{"action": f"{other}_form"}, {"active_loop": f"{other}_form"}]
            found.append({"story": f"{name}, {other}", "steps": [*start, {"intent": other}, *leave, *then]})
    return found


def end_of(name: str) -> dict[str, Any]:
    form = f"{name}_form"
    ended = [{"active_loop": None}, {"slot_was_set": [{"requested_slot": None}]}, {"action": f"utter_done_{name}"}]
    return {"rule": f"{name} done", "condition": [{"active_loop": form}], "steps": [{"action": form}, *ended]}


def train(
    folder: Path,
    policies: list[dict[str, Any]],
    rules: tuple[dict[str, Any], ...] = (),
    more: tuple[dict[str, Any], ...] = (),
) -> Agent:
    from rasa.model_training import train_core

    slots = [slot for names in FORMS.values() for slot in names]
    domain = {
        "version": "3.1",
        "intents": [*FORMS, "inform", "stop", "hours", "chat"],
        "entities": slots,
        "slots": {slot: slot_of(slot) for slot in slots},
        "forms": {f"{name}_form": {"required_slots": names} for name, names in FORMS.items()},
        "responses": {name: [{"text": text}] for name, text in RESPONSES.items()},
    }
    config = {"recipe": "default.v1", "language": "en", "assistant_id": "test", "pipeline": [], "policies": policies}
    hours = {"rule": "hours", "steps": [{"intent": "hours"}, {"action": "utter_hours"}]}
    write_yaml(
        folder / "data" / "all.yml",
        {"version": "3.1", "stories": [*stories(), *more], "rules": [hours, *map(end_of, FORMS), *rules]},
    )
    model = train_core(
        str(write_yaml(folder / "domain.yml", domain)),
        str(write_yaml(folder / "config.yml", config)),
        str(folder / "data"),
        str(folder / "models"),
    )
    return Agent.load(str(model))


def talk(agent: Agent, *messages: str) -> list[list[str]]:
    """What the assistant says to each message; the sender is the conversation itself."""

    async def turns() -> list[list[str]]:
        replies = [await agent.handle_text(text, sender_id=str(messages)) for text in messages]
        return [[message["text"] for message in reply or []] for reply in replies]

    return asyncio.run(turns())


@pytest.fixture(scope="module", params=[[DIALOGUE], [TURN], [DIALOGUE, TURN]], ids=["dialogue", "turn", "both"])
def agent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Agent:
    return train(tmp_path_factory.mktemp("forms"), [*RULES_FIRST, *request.param])


@pytest.mark.parametrize("form", FORMS)
def test_the_form_asks_again_and_goes_on(agent: Agent, form: str) -> None:
    first, *more = FORMS[form]
    said = talk(agent, f"/{form}", "/nlu_fallback", "/nlu_fallback", f'/inform{{"{first}": "10"}}')

    assert said == [[f"{first}?"]] * 3 + [[f"{more[0]}?" if more else f"{form} done"]]


def test_what_stories_and_rules_know_is_still_theirs(agent: Agent) -> None:
    assert talk(agent, "/transfer", "/hours", "/nlu_fallback") == [
        ["amount?"],
        ["nine to five", "amount?"],
        ["amount?"],
    ]


def test_an_intent_that_nobody_has_a_rule_for_leaves_no_silence(agent: Agent) -> None:
    assert talk(agent, "/card", "/chat") == [["card?"], ["card?"]]


def test_a_learned_way_out_of_a_form_is_taken(tmp_path: Path) -> None:
    agent = train(tmp_path, [*RULES_FIRST, DIALOGUE, TURN])

    assert talk(agent, "/bill", "/stop", "/nlu_fallback")[:2] == [["account?"], ["stopped"]]
    assert talk(agent, "/bill", "/card") == [["account?"], ["card?"]]


def test_a_story_of_what_is_not_understood_moves_nobody_out_of_a_form(tmp_path: Path) -> None:
    form = [{"action": "transfer_form"}, {"active_loop": "transfer_form"}]
    story = {"story": "when in doubt, a transfer", "steps": [{"intent": "nlu_fallback"}, *form]}
    agent = train(tmp_path, [*RULES_FIRST, DIALOGUE], more=(story,))

    assert talk(agent, "/nlu_fallback") == [["amount?"]]
    assert talk(agent, "/bill", "/nlu_fallback") == [["account?"], ["account?"]]


def test_a_rule_for_what_is_not_understood_goes_first(tmp_path: Path) -> None:
    rule = {"rule": "rephrase", "steps": [{"intent": "nlu_fallback"}, {"action": "utter_rephrase"}]}
    agent = train(tmp_path, [*RULES_FIRST, DIALOGUE, TURN], (rule,))

    assert talk(agent, "/bill", "/nlu_fallback") == [["account?"], ["in other words, please", "account?"]]
