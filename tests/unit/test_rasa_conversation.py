"""What was said before a message, from the tracker."""

from typing import Any

import pytest
from rasa.shared.core.events import ActionExecuted, BotUttered, Restarted, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from parlance.inference import Context
from parlance.rasa.conversation import said_before

USER, ASKED = UserUttered("cancel my order"), BotUttered("Shall I cancel it?")


@pytest.mark.parametrize(
    ("events", "context"),
    [
        ([], None),
        ([USER], None),
        ([SessionStarted(), BotUttered("Hello!")], Context("Hello!")),
        ([USER, ASKED, ActionExecuted("action_listen")], Context("Shall I cancel it?", "cancel my order")),
        (
            [BotUttered("Hi."), USER, BotUttered("10432, a lamp."), SlotSet("order", 1), ASKED],
            Context("10432, a lamp. Shall I cancel it?", "cancel my order"),
        ),
        ([USER, ASKED, BotUttered(None, {"image": "x.png"})], Context("Shall I cancel it?", "cancel my order")),
        ([USER, ASKED, UserUttered("hm"), SlotSet("order", 1)], Context("Shall I cancel it?", "cancel my order")),
        ([UserUttered("/cancel{}"), ASKED], Context("Shall I cancel it?")),
        ([USER, ASKED, SessionStarted(), ActionExecuted("action_listen")], None),
        ([USER, ASKED, Restarted()], None),
    ],
)
def test_the_assistants_last_turn_is_the_context(events: list[Any], context: Context | None) -> None:
    assert said_before(DialogueStateTracker.from_events("ada", events)) == context


def test_without_a_conversation_nothing_was_said() -> None:
    assert said_before(None) is None
