"""What an action does for a message does not grow with what somebody packs into it: entities without end, long names.

Work is counted, not timed: statements that reach the database, and comparisons of words.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from rapidfuzz import process
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine

from parlance.actions.messages import MOST_ENTITIES
from shop.product_words import MOST_WORDS

from .dialogue import DOMAIN, recognised_as, registered_actions

NAMES = ("Heron lamp", "blue woool rug", "Moss cushion", "10432", "second", "oak tabel", "£40", "friday")
KINDS = ("product", "category", "colour", "order_number", "ordinal")
ADA = "ada.byrne@example.com"
SHOWN = [{"kind": "product", "ref": f"LI-00{number}", "name": "a lamp"} for number in range(1, 6)]
SLOTS = {"order_number": "10432", "email": ADA, "shown": SHOWN, "search": {}}


class Work:
    """Statements and comparisons since the last look."""

    def __init__(self) -> None:
        self.statements = self.comparisons = 0

    def of(self, action: str, text: str, entities: list[dict[str, Any]]) -> tuple[int, int]:
        """What an action takes for a message; that it can have no use for such a message is no matter."""
        self.statements = self.comparisons = 0
        message = {"text": text, "intent": {"name": "inform", "confidence": 0.9}, "entities": entities}
        slots = {
            **dict.fromkeys(DOMAIN["slots"]),
            **SLOTS,
            "customer": recognised_as(ADA),
            "requested_slot": None,
            "request": "order_status",
        }
        events = [{"event": "user", **message, "parse_data": message, "metadata": {}}]
        tracker = Tracker("chat-1", slots, message, events, False, None, {}, "")
        with contextlib.suppress(Exception):
            outcome = registered_actions()[action].run(CollectingDispatcher(), tracker, DOMAIN)
            if asyncio.iscoroutine(outcome):
                asyncio.run(outcome)
        return self.statements, self.comparisons


@pytest.fixture
def work(own_shop: URL, monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    counted, compare = Work(), process.extractOne

    def count_statement(*_: Any) -> None:
        counted.statements += 1

    def count_comparison(*args: Any, **options: Any) -> Any:
        counted.comparisons += 1
        return compare(*args, **options)

    monkeypatch.setattr(process, "extractOne", count_comparison)
    event.listen(Engine, "before_cursor_execute", count_statement)
    yield counted
    event.remove(Engine, "before_cursor_execute", count_statement)


def marked(kind: str, count: int) -> tuple[str, list[dict[str, Any]]]:
    """A text of so many names, and the entities in it."""
    text, entities = "", []
    for number in range(count):
        name = NAMES[number % len(NAMES)]
        entities.append({"entity": kind, "value": name, "start": len(text), "end": len(text) + len(name)})
        text += name + ", "
    return text, entities


@pytest.mark.parametrize("action", [name for name in registered_actions() if not name.endswith("_feedback")])
def test_more_entities_than_anybody_writes_make_no_more_work(work: Work, action: str) -> None:
    for kind in KINDS:
        few = marked(kind, MOST_ENTITIES)
        many = few[0], marked(kind, 10 * MOST_ENTITIES)[1]
        work.of(action, *few)  # what is kept, or done only once, is done
        assert work.of(action, *many) == work.of(action, *few), kind
        assert work.statements < 60, f"{work.statements} statements for one message"


@pytest.mark.parametrize("action", ["action_find_products", "action_compare_products", "action_recommend"])
def test_a_name_without_end_makes_no_more_work(work: Work, action: str) -> None:
    def named(words: int) -> tuple[int, int]:
        name = " ".join(f"lampe{number}" for number in range(words))
        return work.of(action, name, [{"entity": "product", "value": name, "start": 0, "end": len(name)}])

    named(MOST_WORDS)  # what is kept is read
    some, many = named(MOST_WORDS), named(50 * MOST_WORDS)
    assert many == some
    assert some[0] > 0
