"""The base of every action: what the assistant wants done before each one is done."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import rasa_sdk
from rasa_sdk import Tracker
from rasa_sdk.events import ActionExecutionRejected, EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from parlance.actions.settings import settings

Run = Callable[[Any, CollectingDispatcher, Tracker, DomainDict], Any]
"""A method ``run``, which returns its events or a coroutine of them."""


class Action(rasa_sdk.Action, ABC):
    """An action that begins with ``Settings.before_action``. Every action is one; forms' validation does the same."""

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        if "run" in cls.__dict__:
            cls.run = prepared(cls.run)

    @abstractmethod
    def name(self) -> str:
        """As the domain has it."""


def prepared(run: Run) -> Run:
    """A method ``run`` that first has done what comes before each action."""

    @wraps(run)
    def run_prepared(action: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> Any:
        before = settings().before_action(tracker, domain, action.name())
        left = any(event["event"] == "active_loop" and event["name"] is None for event in before)
        if left and action.name() == f"validate_{tracker.active_loop.get('name')}":
            # The form is not this user's any more. Rejected, it gives way to what the message asks for.
            return _later([ActionExecutionRejected(str(tracker.active_loop["name"])), *before], _nothing())
        if left:
            tracker.active_loop = {}
        outcome = run(action, dispatcher, tracker, domain)
        return _later(before, outcome) if asyncio.iscoroutine(outcome) else [*before, *outcome]

    return run_prepared


async def _nothing() -> list[EventType]:
    return []


async def _later(before: list[EventType], outcome: Coroutine[Any, Any, list[EventType]]) -> list[EventType]:
    return [*before, *await outcome]
