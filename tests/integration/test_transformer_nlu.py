"""TransformerNLU inside Rasa: training, serving, caching, going on from a model, and its neighbours in a pipeline."""

import asyncio
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.events import BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import InvalidConfigException, RasaException
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

import parlance.finetuning
from parlance.data.examples import Example
from parlance.inference import Context
from parlance.rasa import TransformerNLU
from parlance.rasa.model import RasaModel

from .conftest import Project


def parse(model: Path, *texts: str) -> list[dict[str, Any]]:
    agent = Agent.load(str(model))

    async def all_of_them() -> list[dict[str, Any]]:
        return [await agent.parse_message(text) for text in texts]

    return asyncio.run(all_of_them())


def test_rasa_trains_and_serves_it_with_synonyms_and_patterns_beside(project: Project) -> None:
    project.before.append({"name": "RegexEntityExtractor"})
    project.after += [{"name": "EntitySynonymMapper"}, {"name": "FallbackClassifier", "threshold": 0.3}]
    project.extra_nlu = [
        {"synonym": "the city of bath", "examples": "- bath\n"},
        {"regex": "order_number", "examples": "- \\d{5}\n"},
    ]
    greeting, order, move, empty, emoji, long = parse(
        project.train_nlu(), "hello there", "where is order 10432", "from bath to york please", "", "🙂", "hi " * 3400
    )

    assert greeting["intent"]["name"] == "greet" and greeting["intent"]["confidence"] > 0.3
    assert [(e["entity"], e["value"], e["extractor"]) for e in order["entities"]] == [
        ("order_number", "10432", "RegexEntityExtractor")
    ], "what an earlier extractor found stands, once"
    assert [(e["entity"], e["role"], e["value"]) for e in move["entities"]] == [
        ("place", "old", "the city of bath"),
        ("place", "new", "york"),
    ]
    assert empty["intent"]["name"] in (None, "nlu_fallback") and empty["entities"] == []
    assert emoji["intent"]["name"] and long["intent"]["name"]
    assert greeting["intent_ranking"][0] == greeting["intent"]


def test_it_reads_what_the_assistant_said_last(project: Project) -> None:
    asked, offered = "Shall I cancel it?", "Shall I send it back?"
    project.responses = {"utter_greet": [{"text": asked}]}
    for intent, after in (("greet", asked), ("move", offered)):
        metadata = {"after": [after], "act": "affirm"}
        project.extra_nlu.append({"intent": intent, "metadata": metadata, "examples": "- yes\n- please do\n- go on\n"})
    refusals = {"after": [asked, offered], "act": "deny"}
    project.extra_nlu.append({"intent": "goodbye", "metadata": refusals, "examples": "- no\n- nope\n- leave it\n"})
    model = project.train()
    agent = Agent.load(str(model))
    assert agent.processor

    async def following(*events: Event) -> dict[str, Any]:
        assert agent.processor
        tracker = DialogueStateTracker.from_events("ada", list(events))
        return await agent.processor.parse_message(UserMessage("please do"), tracker)

    async def talk() -> DialogueStateTracker:
        await agent.handle_text("hello there", sender_id="ada")
        await agent.handle_text("nope", sender_id="ada")
        return await agent.tracker_store.get_or_create_tracker("ada")

    first, second = (asyncio.run(following(BotUttered(text))) for text in (asked, offered))
    assert (first["intent"]["name"], second["intent"]["name"]) == ("greet", "move")
    assert first["act"]["name"] == "affirm" and 0 < first["act"]["confidence"] <= 1
    assert "act" not in asyncio.run(following()) and "act" not in asyncio.run(agent.parse_message("please do"))
    *_, said = (event for event in asyncio.run(talk()).events if isinstance(event, UserUttered))
    assert said.parse_data["act"]["name"] == "deny", "where actions find it"
    measured = RasaModel(agent).predict("nope", Context(offered))
    assert measured.act and measured.act.name == "deny"


def test_its_features_serve_other_components(project: Project) -> None:
    project.options |= {"intent_classification": False, "entity_recognition": False}
    project.after += [
        {"name": "LogisticRegressionClassifier"},
        {"name": "CRFEntityExtractor", "features": [["low"], ["low", "text_dense_features"], ["low"]]},
    ]
    (message,) = parse(project.train_nlu(), "where is order 10432")

    assert message["intent"]["name"] == "order_status"
    assert [(entity["extractor"], entity["value"]) for entity in message["entities"]] == [
        ("CRFEntityExtractor", "10432")
    ]


def test_its_features_serve_other_components_when_training_goes_on(project: Project) -> None:
    project.options["intent_classification"] = False
    project.after.append({"name": "LogisticRegressionClassifier"})
    first = project.train_nlu()
    second = project.train_nlu(model_to_finetune=str(first))

    assert parse(second, "where is order 10432")[0]["intent"]["name"] == "order_status"


def test_a_project_of_one_intent(project: Project) -> None:
    project.examples = [Example(example.text, "greet") for example in project.examples]
    (message,) = parse(project.train_nlu(), "hello there")

    assert message["intent"]["name"] == "greet" and len(message["intent_ranking"]) == 1


def test_unchanged_data_and_configuration_are_not_trained_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.options["epochs"] = 1
    trainings: list[int] = []
    original = parlance.finetuning.finetune

    def counted(examples: list[Example], *args: Any, **kwargs: Any) -> Any:
        trainings.append(len(examples))
        return original(examples, *args, **kwargs)

    monkeypatch.setattr(parlance.finetuning, "finetune", counted)
    project.train_nlu()
    project.train_nlu()
    assert trainings == [len(project.examples)]

    project.examples.append(Example("good day", "greet"))
    project.train_nlu()
    assert trainings == [len(project.examples) - 1, len(project.examples)]


def test_finetune_adds_an_intent_and_keeps_the_old_ones(project: Project) -> None:
    first = project.train()
    project.examples += [Example(f"lamp {n} is broken", "damaged") for n in ("one", "two", "three", "four", "five")]
    second = project.train(model_to_finetune=str(first), finetuning_epoch_fraction=0.5)
    messages = parse(second, "lamp two is broken", "hello there", "track 10222")

    assert [message["intent"]["name"] for message in messages] == ["damaged", "greet", "order_status"]


def epochs_of(model: Path) -> int:
    """How many passes over the data a model was trained for."""
    with tarfile.open(model) as archive:
        (name,) = [name for name in archive.getnames() if name.endswith("/parlance.json")]
        file = archive.extractfile(name)
        assert file is not None
        return int(json.load(file)["training"]["epochs"])


@pytest.mark.parametrize("epochs", [8, 0])
def test_finetune_takes_the_fraction_of_the_epochs_once(project: Project, epochs: int) -> None:
    """Rasa itself multiplies a number in the configuration; one that the data chooses is left to the component."""
    project.options["epochs"] = epochs
    first = project.train_nlu()
    second = project.train_nlu(model_to_finetune=str(first), finetuning_epoch_fraction=0.5)

    assert epochs_of(first) == epochs or epochs == 0
    assert epochs_of(second) == round(0.5 * epochs_of(first))


def test_finetune_still_refuses_what_other_components_cannot_learn(project: Project) -> None:
    project.options["epochs"] = 1
    project.after.append({"name": "DIETClassifier", "epochs": 1})
    first = project.train_nlu()
    project.examples.append(Example("lamp is broken", "damaged"))

    with pytest.raises(InvalidConfigException, match="new labels"):
        project.train_nlu(model_to_finetune=str(first))


def add_questions(project: Project) -> None:
    questions = {"faq/hours": "when do you open", "faq/pay": "can i pay by card"}
    project.examples += [
        Example(f"{text} {more}".strip(), intent)
        for intent, text in questions.items()
        for more in ("", "please", "now")
    ]
    project.responses |= {f"utter_{intent}": [{"text": text}] for intent, text in questions.items()}


@pytest.mark.parametrize("own", [True, False])
def test_retrieval_intents_are_told_apart(project: Project, own: bool) -> None:
    project.options["response_selection"] = own
    if not own:
        # Its own features: of intents that are learned bare, the encoder's no longer tell the questions apart.
        selector = {"retrieval_intent": "faq", "featurizers": ["words"], "random_seed": 1}
        project.after += [
            {"name": "CountVectorsFeaturizer", "alias": "words"},
            {"name": "ResponseSelector", "epochs": 100, **selector},
        ]
    add_questions(project)
    model = project.train()
    (message,) = parse(model, "can i pay by card please")

    assert message["intent"]["name"] == "faq"
    response = message["response_selector"]["faq"]["response"]
    assert response["intent_response_key"] == "faq/pay"
    assert [variation["text"] for variation in response["responses"]] == ["can i pay by card"]


def test_a_response_selector_behind_is_named_in_training_and_does_not_spoil_answers(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    project.after.append({"name": "ResponseSelector", "epochs": 1, "retrieval_intent": "faq", "random_seed": 1})
    add_questions(project)
    texts = [example.text for example in project.examples if (example.intent or "").startswith("faq/")]
    messages = parse(project.train(), *texts)
    warning = next(record.message for record in caplog.records if "ResponseSelector" in record.message)
    answers = [message["response_selector"]["faq"]["response"] for message in messages]

    assert "'faq'" in warning and "`response_selection: false`" in warning
    assert [answer["intent_response_key"] for answer in answers] == [
        example.intent for example in project.examples if example.text in texts
    ]
    assert all(answer["responses"] for answer in answers)


def test_ted_policy_learns_from_messages_by_its_features(project: Project) -> None:
    project.options["epochs"] = 1
    project.policies = [{"name": "TEDPolicy", "epochs": 1, "max_history": 2}]
    project.write()
    story = {"story": "said", "steps": [{"user": "hello there"}, {"action": "utter_greet"}]}
    (project.folder / "data" / "stories.yml").write_text(f"version: '3.1'\nstories: {[story]!r}\n")
    project.policies[0]["constrain_similarities"] = True

    agent = Agent.load(str(project.train()))
    assert agent.processor
    nodes = agent.processor.graph_runner._instantiated_nodes
    policy = next(node._component for name, node in nodes.items() if "TEDPolicy" in name)
    assert {feature.features.shape[-1] for feature in policy.fake_features["text"]} == {32}


def test_cross_validation_runs(project: Project) -> None:
    from rasa.nlu.test import cross_validate
    from rasa.shared.importers.importer import TrainingDataImporter

    project.options["epochs"] = 2
    project.write()
    importer = TrainingDataImporter.load_from_dict(training_data_paths=[str(project.folder / "data" / "nlu.yml")])
    results = asyncio.run(
        cross_validate(
            importer.get_nlu_data(),
            2,
            str(project.folder / "config.yml"),
            str(project.folder / "results"),
            False,
            False,
            True,
        )
    )

    assert results[0].test["Accuracy"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"epoch": 3}, "no option `epoch`. Did you mean `epochs`?"),
        ({"rankinglength": 3}, "Did you mean `ranking_length`?"),
        ({"dropout": 3.0}, "outside 0 to 0.9"),
        ({"ranking_length": -1}, "a whole number from 0 up"),
        ({"featurize": "yes"}, "true or false"),
        ({"yield_to": "number"}, "a list of entity types"),
        ({"out_of_scope_intents": "chitchat"}, "a list of names"),
    ],
)
def test_a_mistake_in_the_configuration_is_named(project: Project, change: dict[str, Any], says: str) -> None:
    project.options |= change
    with pytest.raises(InvalidConfigException) as caught:
        project.train_nlu()

    assert says in str(caught.value)


def test_an_intent_with_one_example_is_trained_and_named(
    project: Project, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    project.examples.append(Example("only once", "rare"))
    (tmp_path / "storage").mkdir()
    storage = LocalModelStorage.create(tmp_path / "storage")
    context = ExecutionContext(GraphSchema({}), node_name="nlu")
    config = TransformerNLU.get_default_config() | project.options | {"epochs": 1}
    component = TransformerNLU.create(config, storage, Resource("nlu"), context)
    messages = [Message.build(example.text, example.intent) for example in project.examples]
    component.train(TrainingData(messages))
    served = TransformerNLU.load(config, storage, Resource("nlu"), context)
    (message,) = served.process([Message.build("hello there")])

    assert "The intent 'rare' has one example" in caplog.text
    assert message.get("intent")["name"]


def test_a_missing_encoder_is_a_sentence_in_rasas_command_line(project: Project) -> None:
    project.options["encoder"] = "./no-such-folder"
    project.write()
    command = [sys.executable, "-m", "rasa", "train", "nlu"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=project.folder)

    assert result.returncode == 1
    assert "The encoder folder ./no-such-folder does not exist." in result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr


def test_a_serving_install_has_no_need_of_torch(project: Project) -> None:
    project.options["epochs"] = 1
    model = project.train_nlu()
    code = (
        "import sys\n"
        "for name in ('torch', 'transformers', 'accelerate'): sys.modules[name] = None  # importing it fails\n"
        "import asyncio\n"
        "from rasa.core.agent import Agent\n"
        f"agent = Agent.load({str(model)!r})\n"
        "print(asyncio.run(agent.parse_message('hello there'))['intent']['name'])\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path.cwd())

    assert result.returncode == 0, result.stderr
    assert result.stdout.strip().splitlines()[-1] in {example.intent for example in project.examples}


def test_training_without_torch_says_what_to_install(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("parlance.finetuning.")]:
        if not name.endswith(".options"):  # which needs none of it, and was imported with the component
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(vars(parlance.finetuning), "finetune", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(RasaException, match="Install the extra `train`"):
        project.train_nlu()
