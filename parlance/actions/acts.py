"""The act of the latest message: what it does to what is open, as NLU says it beside the intent.

A model without acts says none, and then words and intents alone decide.
"""

from collections.abc import Mapping
from typing import Any

from rasa_sdk import Tracker

from parlance.actions.settings import settings

AFFIRM, DENY, HESITATE, INFORM, ASK = "affirm", "deny", "hesitate", "inform", "ask"
CORRECT, REQUEST, ADD, STOP, OTHER = "correct", "request", "add", "stop", "other"
ACTS = frozenset({AFFIRM, DENY, HESITATE, INFORM, ASK, CORRECT, REQUEST, ADD, STOP, OTHER})
NO_ANSWERS = frozenset({HESITATE, ASK, REQUEST, ADD, STOP})
"""Acts of messages that do not give what was asked for, whatever their words."""


def act_in(message: Mapping[str, Any], at_least: float | None = None) -> str:
    """The act of a message; empty where NLU said none, where it is not sure of it, and for a button.

    Args:
        message: Its parse result.
        at_least: How sure NLU has to be; as the settings have it (``sure_of_an_act``) where it is not given.
    """
    act = message.get("act") or {}
    sure = float(act.get("confidence") or 0.0) >= (settings().sure_of_an_act if at_least is None else at_least)
    is_button = str(message.get("text") or "").startswith("/")
    return str(act["name"]) if sure and not is_button and act.get("name") in ACTS else ""


def act_of(tracker: Tracker) -> str:
    """The act of the latest message."""
    return act_in(tracker.latest_message)
