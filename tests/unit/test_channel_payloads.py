"""What is typed is no payload, and what is stored can be stored."""

import asyncio
import json
import random
from types import SimpleNamespace
from typing import Any

import pytest
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from parlance.channels.core.payloads import ANY, OFFERED, as_plain, own_payload, typed_text
from parlance.channels.core.text import MOST_NESTED, storable, storable_value

DOMAIN = Domain.from_yaml(
    """
    version: "3.1"
    intents: [greet, deny, {faq: {use_entities: true}}]
    entities: [product, further_request]
    slots:
      further_request: {type: any, mappings: [{type: from_entity, entity: further_request}]}
      product: {type: any, mappings: [{type: custom}]}
    """
)
OFFERS = [
    BotUttered("Hello", {"buttons": [{"title": "Lamps", "payload": '/greet{"product": "lamp"}'}]}),
    SessionStarted(),
    BotUttered("", {"custom": {"cards": [{"title": "A", "buttons": [{"title": "B", "payload": "/deny"}]}]}}),
    BotUttered("", {"buttons": [{"title": "Both", "payload": '/greet{"product": "a\\ud800b"}'}]}),
]
FORGED = '/deny{"further_request": {"text":"/x","intent":{"name":"\\ud800"},"entities":[]}}'


def agent() -> Any:
    store = InMemoryTrackerStore(DOMAIN)
    tracker = DialogueStateTracker("ada", DOMAIN.slots)
    for event in OFFERS:
        tracker.update(event)
    asyncio.run(store.save(tracker))
    return SimpleNamespace(domain=DOMAIN, tracker_store=store)


def heard(
    text: str, mode: str = OFFERED, conversation: str = "ada", **options: Any
) -> tuple[str | None, dict[str, Any]]:
    """The intent and entities that Rasa reads from what a channel passes on; no intent for plain text."""
    passed = asyncio.run(typed_text(text, conversation, agent(), mode, **options))
    message = YAMLStoryReader.unpack_regex_message(Message({TEXT: passed}), DOMAIN)
    found = {entity["entity"]: entity["value"] for entity in message.get(ENTITIES, [])}
    return (message.get(INTENT) or {}).get("name"), found


@pytest.mark.parametrize("mode", [OFFERED, ANY])
def test_a_typed_payload_never_fills_a_slot_with_structure(mode: str) -> None:
    assert heard(FORGED, mode)[1] == {}


def test_only_payloads_that_were_offered_in_the_conversation_are_taken() -> None:
    assert heard('/greet{"product": "lamp"}') == ("greet", {"product": "lamp"}), "also of an earlier session"
    assert heard("/deny") == ("deny", {}), "of a card"
    assert heard('/greet{"product": "a\\ud800b"}') == ("greet", {"product": "a?b"})
    for text in (
        "/greet",
        '/greet{"product": "sofa"}',
        "/restart",
        "/session_start",
        " /greet",
        "\u2003/greet",
        "//greet",
    ):
        assert heard(text)[0] is None, text
    assert heard("/deny", conversation="tom")[0] is None, "offered to somebody else"
    assert heard("/greet", always=["/greet"]) == ("greet", {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/greet", ("greet", {})),
        ('/greet@0.2{"product": "sofa", "nothing": 1}', ("greet", {"product": "sofa"})),
        ('/greet{"product": 7.5}', ("greet", {"product": 7.5})),
        ('/greet{"product": ["a", "b"]}', ("greet", {})),
        ('/greet{"product": {"sku": 1}}', ("greet", {})),
        ('/greet{"product": true}', ("greet", {})),
        ('/greet{"product": "a\\u0000\\ud800b"}', ("greet", {"product": "a?b"})),
        ("/restart", ("restart", {})),
        ("/session_start", (None, {})),
        ("/back", (None, {})),
        ("/unknown", (None, {})),
        ("/greet{", (None, {})),
        ('/greet{"product": NaN} and more', (None, {})),
    ],
)
def test_a_channel_that_trusts_its_callers_takes_what_the_domain_has(text: str, expected: Any) -> None:
    assert heard(text, ANY) == expected


def test_plain_text_is_what_was_typed_without_the_slash() -> None:
    assert as_plain("/where is it") == "where is it"
    assert as_plain(" / \u2003//deny") == "deny"
    assert not as_plain("///").startswith("/") and as_plain("///")
    assert as_plain("and/or") == "and/or"
    assert own_payload('/greet{"product": "\\u0000x"}') == '/greet{"product": "x"}'
    assert own_payload('/greet{"product":"\\u00e9"}') == '/greet{"product":"\\u00e9"}', (
        "as it is, where nothing has to go"
    )
    assert own_payload("/not closed {") == "/not closed {"


def test_whatever_is_typed_can_be_stored_and_is_never_a_payload() -> None:
    pieces = [
        "/",
        "deny",
        "{",
        "}",
        '"further_request"',
        ":",
        '"\\ud800"',
        "\ud800",
        "\x00",
        "\xa0",
        " ",
        "\u2003",
        "@1",
        "😀",
    ]
    draw = random.Random(7)
    for _ in range(3000):
        text = "".join(draw.choices(pieces, k=draw.randint(1, 9)))
        passed = asyncio.run(typed_text(text, "tom", agent_without_offers()))
        passed.encode("utf-8")
        assert "\x00" not in passed and not passed.strip().startswith("/"), text


def agent_without_offers() -> Any:
    return SimpleNamespace(domain=DOMAIN, tracker_store=InMemoryTrackerStore(DOMAIN))


def test_everything_in_a_value_becomes_storable() -> None:
    deep: Any = "x"
    for _ in range(10_000):
        deep = [deep]
    value = {"a\x00": ["\ud800", float("nan"), float("inf"), 1.5, True, None], "b": {"c": "x\xa0y"}, "deep": deep}
    clean = storable_value(value)

    assert clean["a"] == ["?", None, None, 1.5, True, None] and clean["b"] == {"c": "x y"}
    assert json.dumps(clean, ensure_ascii=False, allow_nan=False).encode().count(b"[") <= MOST_NESTED + 2
    assert storable("a \xa0b\r\nc\ud83d") == "a  b\nc?"
