"""The two sides of an act with consequences: asking whether to go ahead, and doing it after an explicit yes."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from parlance.actions import consent
from parlance.actions.action import Action
from parlance.actions.consent import CONFIRMED, CONSENT
from parlance.actions.errors import ServiceUnavailable
from parlance.actions.form_endings import ENDED, end_unavailable
from parlance.actions.forms import CompletedForm
from parlance.actions.messages import REQUESTED
from parlance.actions.questions import MOST_ASKED, times_asked, ways_out


@dataclass(frozen=True)
class Question:
    """The response that asks, which says what would happen, what fills it, and the names of what it is about."""

    response: str
    blanks: dict[str, Any]
    names: tuple[str, ...] = ()


class ConfirmedAct(CompletedForm):
    """The work of a form with consequences: it is done only after an explicit yes to just this.

    Whatever changes something in a way that a user would mind is one of these. Its form asks with a subclass of
    ``AskConsent``.
    """

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        cls.forgets = (*{CONFIRMED: None, CONSENT: None, **dict.fromkeys(cls.forgets)},)

    @abstractmethod
    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, person: Any) -> list[EventType]:
        """Do it; otherwise as ``complete``."""

    def decline(self, dispatcher: CollectingDispatcher, tracker: Tracker, person: Any) -> list[EventType]:
        """Say that nothing was done, and return slots to set."""
        dispatcher.utter_message(response="utter_nothing_changed")
        return []

    async def complete(self, dispatcher: CollectingDispatcher, tracker: Tracker, person: Any) -> list[EventType]:
        if consent.is_given(tracker):
            return await self.act(dispatcher, tracker, person)
        return self.decline(dispatcher, tracker, person)


class AskConsent(Action, ABC):
    """Asks whether to go ahead. ``question`` says it with ``consent.ask``."""

    form: ClassVar[str]
    """The form that asks."""

    def name(self) -> str:
        return f"action_ask_{self.form}_confirmed"

    @abstractmethod
    async def question(self, tracker: Tracker) -> Question | None:
        """What is asked, or None where what it is about is not there any more.

        Raises:
            ServiceUnavailable: It cannot be found out just now.
        """

    def gone(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """Say that what it is about is not there any more, and return slots to set."""
        dispatcher.utter_message(response="utter_nothing_changed")
        return []

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        try:
            question = await self.question(tracker)
        except ServiceUnavailable as error:
            return end_unavailable(dispatcher, tracker, error)
        if question is None:
            return [*self.gone(dispatcher, tracker), SlotSet(ENDED, "refused"), SlotSet(REQUESTED, None)]
        slots = domain["forms"][self.form]["required_slots"]
        others = ways_out(tracker) if times_asked(tracker, CONFIRMED) > MOST_ASKED else []
        return consent.ask(
            dispatcher, tracker, [*slots, "request"], question.response, question.names, others, **question.blanks
        )
