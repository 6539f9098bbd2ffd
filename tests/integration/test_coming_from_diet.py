"""A project as teams have it who come from DIETClassifier, which is exchanged as docs/coming-from-diet.md says.

Roles, groups, a lookup table, a pattern, synonyms, retrieval intents, a form, and Duckling, of which a stub speaks the
HTTP protocol: https://github.com/facebook/duckling/blob/main/exe/ExampleMain.hs
"""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from rasa.core.agent import Agent
from rasa.model_training import train
from rasa.shared.exceptions import InvalidConfigException

from .conftest import write_yaml

NLU = """\
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hi
    - hello there
    - good morning
    - hey you
    - hello
- intent: transfer_money
  examples: |
    - move 50 from [savings]{"entity": "account", "role": "source"} to [current]{"entity": "account", "role": "target"}
    - send 20 from [current]{"entity": "account", "role": "source"} to [savings]{"entity": "account", "role": "target"}
    - transfer 75 from [savings]{"entity": "account", "role": "source"}
    - transfer money to [current]{"entity": "account", "role": "target"}
    - move money please
    - transfer money
- intent: order_food
  examples: |
    - [soup]{"entity": "dish", "group": "1"} with [bread]{"entity": "side", "group": "1"} \
and [curry]{"entity": "dish", "group": "2"} with [rice]{"entity": "side", "group": "2"}
    - [curry]{"entity": "dish", "group": "1"} with [bread]{"entity": "side", "group": "1"} \
and [soup]{"entity": "dish", "group": "2"} with [rice]{"entity": "side", "group": "2"}
    - a [soup]{"entity": "dish", "group": "1"} with [rice]{"entity": "side", "group": "1"}
    - i want [curry]{"entity": "dish", "group": "1"} with [rice]{"entity": "side", "group": "1"}
    - bring [soup]{"entity": "dish", "group": "1"} and [curry]{"entity": "dish", "group": "2"}
- intent: ask_branch
  examples: |
    - is there a branch in [leeds](city)
    - where in [york](city) are you
    - branch in [bath](city)
    - your office in [the steel city](city:sheffield)
- intent: inform
  examples: |
    - it is 40
    - 25
    - 60 please
    - make it 90
    - it is [ref-5521](reference)
    - my reference is [ref-7304](reference)
- intent: faq/opening_hours
  examples: |
    - when do you open
    - opening hours
    - are you open on sunday
    - open today
- intent: faq/fees
  examples: |
    - what does a card cost
    - fees for a card
    - is the card free
    - card fees
- synonym: current
  examples: |
    - giro
- regex: reference
  examples: |
    - ref-\\d{4}
- lookup: city
  examples: |
    - leeds
    - york
    - bath
    - kingston upon hull
"""

DOMAIN = """\
version: "3.1"
intents: [greet, transfer_money, order_food, ask_branch, inform, faq]
entities:
- account: {roles: [source, target]}
- dish: {groups: ["1", "2"]}
- side: {groups: ["1", "2"]}
- city
- reference
- number
slots:
  source:
    type: text
    influence_conversation: false
    mappings: [{type: from_entity, entity: account, role: source}]
  amount:
    type: float
    influence_conversation: false
    mappings: [{type: from_entity, entity: number}]
forms:
  transfer_form: {required_slots: [source, amount]}
responses:
  utter_greet: [{text: Good day.}]
  utter_ask_source: [{text: "From which account?"}]
  utter_ask_amount: [{text: "How much?"}]
  utter_transferred: [{text: "{amount} from {source}."}]
  utter_please_rephrase: [{text: "Say it again?"}]
  utter_faq/opening_hours: [{text: From nine to five.}]
  utter_faq/fees: [{text: The card is free.}]
"""

RULES = """\
version: "3.1"
rules:
- rule: greet
  steps: [{intent: greet}, {action: utter_greet}]
- rule: faq
  steps: [{intent: faq}, {action: utter_faq}]
- rule: begin
  steps: [{intent: transfer_money}, {action: transfer_form}, {active_loop: transfer_form}]
- rule: done
  condition: [{active_loop: transfer_form}]
  steps: [{action: transfer_form}, {active_loop: null}, {slot_was_set: [{requested_slot: null}]}, \
{action: utter_transferred}]
- rule: fallback
  steps: [{intent: nlu_fallback}, {action: utter_please_rephrase}]
"""

DIET = {"epochs": 100, "constrain_similarities": True, "BILOU_flag": True, "model_confidence": "softmax"}


class Duckling:
    """Answers ``POST /parse`` as Duckling does for whole numbers, and keeps the forms that it was sent."""

    def __init__(self) -> None:
        self.asked: list[dict[str, list[str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode(), strict_parsing=True)
                outer.asked.append(form)
                right = self.path == "/parse" and self.headers["content-type"].startswith("application/x-www-form-url")
                body = json.dumps([*numbers(form["text"][0])]).encode()
                self.send_response(200 if right else 400)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def numbers(text: str) -> Iterator[dict[str, Any]]:
    """Duckling's answer for the dimension ``number``."""
    for match in re.finditer(r"(?<![\w-])\d+\b", text):
        value = {"value": int(match[0]), "type": "value"}
        place = {"body": match[0], "start": match.start(), "end": match.end()}
        yield {**place, "dim": "number", "latent": False, "value": value}


@pytest.fixture(scope="module")
def duckling() -> Iterator[Duckling]:
    duckling = Duckling()
    yield duckling
    duckling.server.shutdown()
    duckling.server.server_close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("foreign")
    (folder / "data").mkdir()
    for name, text in {"data/nlu": NLU, "data/rules": RULES, "domain": DOMAIN}.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return folder


def configure(folder: Path, duckling: Duckling, options: dict[str, Any]) -> None:
    """DIET's config.yml with the component exchanged; its featurizers are still there, as people leave them."""
    pipeline = [
        {"name": "WhitespaceTokenizer"},
        {"name": "RegexFeaturizer"},
        {"name": "LexicalSyntacticFeaturizer"},
        {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
        {"name": "RegexEntityExtractor"},
        {"name": "DucklingEntityExtractor", "url": duckling.url, "dimensions": ["number"], "locale": "en_GB"},
        {"name": "parlance.rasa.TransformerNLU", **options},
        {"name": "EntitySynonymMapper"},
        {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.01},
    ]
    policies = [{"name": "MemoizationPolicy"}, {"name": "RulePolicy"}]
    project = {"recipe": "default.v1", "assistant_id": "foreign", "language": "en"}
    write_yaml(folder / "config.yml", {**project, "pipeline": pipeline, "policies": policies})


def train_in(folder: Path) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # Rasa's cache goes there
        patch.setenv("RASA_TELEMETRY_ENABLED", "false")
        result = train("domain.yml", "config.yml", ["data"], str(folder / "models"))
    assert result.model
    return str(result.model)


@pytest.fixture(scope="module")
def agent(folder: Path, duckling: Duckling, tiny_encoder: Path) -> Agent:
    small = {"encoder": str(tiny_encoder), "epochs": 80, "learning_rate": 0.003, "batch_size": 8, "device": "cpu"}
    configure(folder, duckling, small)
    return Agent.load(train_in(folder))


def parse(agent: Agent, text: str) -> dict[str, Any]:
    parsed: dict[str, Any] = asyncio.run(agent.parse_message(text))
    return parsed


def found(agent: Agent, text: str) -> list[tuple[Any, ...]]:
    keys = ("entity", "value", "role", "group")
    return [tuple(entity.get(key) for key in keys) for entity in parse(agent, text)["entities"]]


def test_options_that_were_diets_are_named_all_at_once(folder: Path, duckling: Duckling) -> None:
    configure(folder, duckling, DIET)
    with pytest.raises(InvalidConfigException) as caught:
        train_in(folder)

    for name in DIET.keys() - {"epochs"}:
        assert f"no option `{name}`; it is one of DIETClassifier" in str(caught.value)


def test_roles_and_groups_are_told_apart(agent: Agent) -> None:
    text = "send 20 from current to savings"
    assert set(found(agent, text)) == {
        ("number", 20, None, None),
        ("account", "current", "source", None),
        ("account", "savings", "target", None),
    }
    assert set(found(agent, "curry with bread and soup with rice")) == {
        ("dish", "curry", None, "1"),
        ("side", "bread", None, "1"),
        ("dish", "soup", None, "2"),
        ("side", "rice", None, "2"),
    }


def test_lookup_tables_patterns_and_synonyms_work_beside_it(agent: Agent) -> None:
    assert ("city", "kingston upon hull", None, None) in found(agent, "branch in kingston upon hull")
    assert ("reference", "ref-1234", None, None) in found(agent, "it is ref-1234")
    assert found(agent, "where in york are you") == [("city", "york", None, None)], "once, though two find it"
    assert [entity[1] for entity in found(agent, "your office in the steel city")] == ["sheffield"]


def test_duckling_is_asked_in_its_own_form(agent: Agent, duckling: Duckling) -> None:
    parse(agent, "60 please")
    asked = duckling.asked[-1]

    assert (asked["text"], asked["locale"], asked["dims"]) == (["60 please"], ["en_GB"], ['["number"]'])
    assert int(asked["reftime"][0]) > 0


def test_retrieval_intents_need_no_response_selector(agent: Agent) -> None:
    parsed = parse(agent, "fees for a card")

    assert parsed["intent"]["name"] == "faq"
    assert parsed["response_selector"]["faq"]["response"]["intent_response_key"] == "faq/fees"
    assert said(agent, "faq", "opening hours") == ["From nine to five."]


def test_a_form_is_filled_from_both_extractors(agent: Agent) -> None:
    assert said(agent, "form", "transfer money") == ["From which account?"]
    assert said(agent, "form", "transfer 75 from savings") == ["75 from savings."]


def test_what_nobody_knows_goes_to_the_fallback(agent: Agent) -> None:
    assert parse(agent, "日本語")["intent"]["name"] == "nlu_fallback"


def said(agent: Agent, conversation: str, text: str) -> list[str]:
    async def answers() -> list[str]:
        return [answer["text"] for answer in await agent.handle_text(text, sender_id=conversation) or []]

    return asyncio.run(answers())
