"""Forms that survive a conversation: interrupted, corrected, resumed, refused; and the work after them.

A form's validation class collects; when the form is done, a rule runs the action that does the work. A subclass of
``Form`` is the one, a subclass of ``CompletedForm`` the other.
"""

import logging
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from rasa_sdk import FormValidationAction, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from parlance.actions import consent
from parlance.actions.action import Action, prepared
from parlance.actions.consent import CONFIRMED
from parlance.actions.errors import ServiceUnavailable
from parlance.actions.form_endings import ENDED, ended, not_understood, refuse, try_again_later
from parlance.actions.left_overs import empty_left_overs, form_before
from parlance.actions.messages import (
    ANSWERS,
    REQUESTED,
    intent_of,
    is_asked_for,
    latest_text,
    value_before_this_turn,
)
from parlance.actions.refusals import is_refusal
from parlance.actions.settings import settings

# It warns of every slot without a validate method; what an extract method returns is checked there.
logging.getLogger("rasa_sdk.forms").setLevel(logging.ERROR)


class Form(FormValidationAction):
    """A form that asks for ``wanted``; an answer that cannot be used is explained, and the third offers a person."""

    requests: ClassVar[frozenset[str]] = frozenset()
    """The requests that it collects for, where there are several."""
    act: ClassVar[str] = ""
    """Words with which a yes may say again what it is for: "yes, cancel the booking"."""

    run = prepared(FormValidationAction.run)

    @abstractmethod
    def name(self) -> str:
        """``validate_`` and the form's name."""

    @abstractmethod
    def wanted(self, tracker: Tracker) -> list[str]:
        """The slots to ask for, in this order."""

    async def required_slots(
        self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[str]:
        return self.wanted(tracker)

    async def next_requested_slot(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> EventType | None:
        """None ends the form: all is there, or it ended before its time."""
        wanted = [] if tracker.get_slot(ENDED) else self.wanted(tracker)
        return SlotSet(REQUESTED, next((slot for slot in wanted if tracker.get_slot(slot) is None), None))

    async def get_validation_events(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Rasa's, then what has to be looked up, and a word about an answer that filled nothing."""
        opening = form_before(tracker) != self.form_name()
        if opening and is_refusal(latest_text(tracker), intent_of(tracker)):
            return refuse(dispatcher, "utter_not_wanted")
        left_over = empty_left_overs(tracker, domain["forms"][self.form_name()]["required_slots"]) if opening else []
        events: list[EventType] = [*left_over, *await super().get_validation_events(dispatcher, tracker, domain)]
        tracker.add_slots(events)
        events = [*events, *await self.look_up(dispatcher, tracker, domain, slots_in(events))]
        asked = tracker.get_slot(REQUESTED)
        filled = any(
            value not in (None, value_before_this_turn(tracker, slot)) for slot, value in slots_in(events).items()
        )
        unexplained = asked and not filled and not dispatcher.messages
        if unexplained and asked == CONFIRMED and intent_of(tracker) in ANSWERS:
            # Who takes their time has not failed: to be offered a person would make the next yes one to that.
            dispatcher.utter_message(response="utter_confirmed_unclear")
            return [*events, SlotSet("failed_attempts", tracker.get_slot("failed_attempts"))]
        if unexplained and intent_of(tracker) in ("nlu_fallback", "inform") and latest_text(tracker):
            response = f"utter_{asked}_unclear"
            known = response in domain.get("responses", {})
            return [*events, *not_understood(dispatcher, tracker, response if known else "utter_answer_unclear")]
        request = value_before_this_turn(tracker, "request")
        if asked and not events and intent_of(tracker) in {*self.requests, request}:
            # The same again: to reject it would have Rasa look for another answer than the form's question.
            return [SlotSet("failed_attempts", tracker.get_slot("failed_attempts"))]
        if asked in settings().free_text and slots_in(events).get(asked) and request in self.requests:
            # "It came in pieces", given as the reason why, is no new request.
            events.append(SlotSet("request", request))
        return events

    def collected_for(self, tracker: Tracker) -> str | None:
        """The request that the form was opened for, whatever the latest message was taken for."""
        is_open = form_before(tracker) == self.form_name()
        request: str | None = value_before_this_turn(tracker, "request") if is_open else tracker.get_slot("request")
        return request

    async def look_up(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, said: dict[str, Any]
    ) -> list[EventType]:
        """Slots to set after a look into other systems. ``said`` are the slots that the latest message has set."""
        return []

    def extract_confirmed(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A yes or a no where the form asks whether to go ahead."""
        answer = consent.answer(tracker, self.act) if is_asked_for(tracker, CONFIRMED) else None
        return {} if answer is None else {CONFIRMED: answer}


class CompletedForm(Action, ABC):
    """The work after a form: ``complete`` is called for whom it is done, and the form's own slots are emptied."""

    forgets: ClassVar[tuple[str, ...]] = ()
    """The slots of this form alone, emptied when it is done."""

    async def admit(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> tuple[Any, list[EventType] | None]:
        """For whom it is done; and None, or else the events with which it is not, after saying why.

        Raises:
            ServiceUnavailable: It cannot be found out just now.
        """
        return None, None

    @abstractmethod
    async def complete(self, dispatcher: CollectingDispatcher, tracker: Tracker, person: Any) -> list[EventType]:
        """Do it, say so, and return slots to set. ``person`` is what ``admit`` returns.

        Raises:
            ServiceUnavailable: The user is told, and a yes tries again.
        """

    def in_hand(self, tracker: Tracker) -> list[EventType]:
        """What the conversation is about from now on, by ``in_hand.hold``: before ``complete``, which may add to it."""
        return []

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        if tracker.get_slot(ENDED):
            return ended(tracker, self.forgets)
        try:
            person, refused = await self.admit(dispatcher, tracker)
            if refused is not None:
                return refused
            held = self.in_hand(tracker)
            events = [*held, *await self.complete(dispatcher, tracker, person)]
        except ServiceUnavailable as error:
            return try_again_later(dispatcher, tracker, error)
        set_here = {event.get("name") for event in events}
        return [*(SlotSet(slot, None) for slot in self.forgets if slot not in set_here), *events]


def slots_in(events: list[EventType]) -> dict[str, Any]:
    """The slots that events set."""
    return {event["name"]: event["value"] for event in events if event["event"] == "slot"}
