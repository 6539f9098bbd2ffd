"""Messages in another language than the assistant's."""

from pathlib import Path
from typing import Any

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from parlance.data.readers import read_examples
from parlance.inference.languages import LanguageIdentifier, vocabulary_of
from parlance.rasa import OtherLanguage

ROOT = Path(__file__).parents[2]
OTHERS = OtherLanguage.get_default_config()["languages"]


@pytest.fixture(scope="module")
def identifier() -> LanguageIdentifier:
    words = vocabulary_of(example.text for example in read_examples(ROOT / "data" / "nlu"))
    return LanguageIdentifier("en", OTHERS, words)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("wo bleibt denn mein paket", "de"),
        ("Guten Tag, ich möchte den Sessel zurückgeben", "de"),
        ("bonjour, où en est ma commande ?", "fr"),
        ("je n'ai toujours rien reçu", "fr"),
        ("quiero devolver una lámpara", "es"),
        ("todavía no ha llegado mi paquete", "es"),
        ("vorrei cambiare il mio indirizzo", "it"),
        ("kiedy przyjdzie moja paczka", "pl"),
        ("ainda não recebi a minha encomenda", "pt"),
        ("ik wil graag mijn geld terug", "nl"),
        ("unde este comanda mea", "ro"),
        ("siparişim ne zaman gelecek", "tr"),
        ("де моє замовлення", "uk"),
        ("أين طلبي", "ar"),
        ("मेरा ऑर्डर कहाँ है", "hi"),
        ("ਮੇਰਾ ਆਰਡਰ ਕਿੱਥੇ ਹੈ", "pa"),
        ("我的订单在哪里", "zh"),
    ],
)
def test_another_language_is_recognised(identifier: LanguageIdentifier, text: str, language: str) -> None:
    found = identifier.other_language(text)
    assert found is not None and found[0] == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FH-10432",
        "👍",
        "nope",
        "chaise longue",
        "omg ur pants",
        "thnx soz m8",
        "wheres ma bleedin sofa",
        "asdf qwer zxcv",
    ],
)
def test_english_however_it_is_typed_is_left_alone(identifier: LanguageIdentifier, text: str) -> None:
    assert identifier.other_language(text) is None


def test_no_sentence_of_the_hold_out_is_taken_for_another_language(identifier: LanguageIdentifier) -> None:
    texts = [e.text for e in read_examples(ROOT / "tests" / "nlu") if not any(x.type == "name" for x in e.entities)]
    assert len(texts) > 1000
    assert [text for text in texts if identifier.other_language(text)] == []


def _trained(folder: Path, **config: Any) -> OtherLanguage:
    storage, resource = LocalModelStorage.create(folder), Resource("other")
    context = ExecutionContext(GraphSchema({}))
    full = {**OtherLanguage.get_default_config(), **config}
    data = TrainingData(
        [Message.build(f"{text} {n}", "greet") for n in range(3) for text in ("where is my parcel", "hello there")]
    )
    OtherLanguage.create(full, storage, resource, context).train(data)
    return OtherLanguage.load(full, storage, resource, context)


def _processed(component: OtherLanguage, text: str, *entities: dict[str, Any]) -> Message:
    message = Message(data={"text": text, "intent": {"name": "greet", "confidence": 0.9}, "entities": list(entities)})
    return component.process([message])[0]


def test_the_component_sets_intent_and_language(tmp_path: Path) -> None:
    message = _processed(_trained(tmp_path), "wo bleibt denn mein paket")
    assert message.get("intent")["name"] == "other_language"
    assert [(e["entity"], e["value"]) for e in message.get("entities")] == [("language", "de")]


def test_what_is_in_the_assistants_words_or_has_a_named_entity_stays(tmp_path: Path) -> None:
    component = _trained(tmp_path, not_with=["address"])
    assert _processed(component, "where is my parcel").get("intent")["name"] == "greet"
    address = {"entity": "address", "value": "Am Alten Rathaus", "start": 0, "end": 16}
    assert _processed(component, "Am Alten Rathaus in Heidelberg", address).get("intent")["name"] == "greet"


def test_an_unknown_language_is_named() -> None:
    with pytest.raises(InvalidConfigException, match="'gr' is not a language"):
        OtherLanguage.validate_config({"languages": ["de", "gr"]})
