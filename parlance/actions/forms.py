"""Forms that survive a conversation: interrupted, corrected, resumed, refused; and the work after them.

A form's validation class collects; when the form is done, a rule runs the action that does the work. A subclass of
``Form`` is the one, a subclass of ``CompletedForm`` the other.
"""

import logging
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from rasa_sdk import FormValidationAction, Tracker
from rasa_sdk.events import ActionExecutionRejected, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from parlance.actions import consent
from parlance.actions.action import Action, prepared
from parlance.actions.acts import ADD, AFFIRM, ASK, CORRECT, HESITATE, INFORM, REQUEST, STOP, act_of
from parlance.actions.consent import CONFIRMED
from parlance.actions.errors import ServiceUnavailable
from parlance.actions.form_endings import ENDED, ended, give_up, not_understood, refuse, try_again_later
from parlance.actions.left_overs import empty_left_overs, form_before
from parlance.actions.messages import (
    ANSWERS,
    REQUESTED,
    SURE,
    intent_of,
    is_asked_for,
    latest_text,
    set_this_turn,
    value_before_this_turn,
)
from parlance.actions.pending_requests import called, interrupted_form, noted
from parlance.actions.questions import MOST_ASKED, WAYS_ON, slot_asked_for, times_asked, was_rejected
from parlance.actions.refusals import is_refusal
from parlance.actions.settings import settings

# It warns of every slot without a validate method; what an extract method returns is checked there.
logging.getLogger("rasa_sdk.forms").setLevel(logging.ERROR)

NEITHER_YES_NOR_NO = frozenset({AFFIRM, HESITATE, INFORM, CORRECT})
"""Acts of messages that are meant for the question whether to go ahead, whatever intent they were taken for."""


class Form(FormValidationAction):
    """A form that asks for ``wanted``; an answer that cannot be used is explained, and the third offers a person."""

    requests: ClassVar[frozenset[str]] = frozenset()
    """The requests that it collects for, where there are several."""
    act: ClassVar[str] = ""
    """Words with which a yes may say again what it is for: "yes, cancel the booking"."""
    is_aside: ClassVar[bool] = False
    """Whether it only answers a question, so that a form which it interrupts goes on without a word."""

    async def _validated(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """rasa_sdk's ``run``, unless the message is not for the form: then it is not read for answers at all."""
        tracker.slots[REQUESTED] = slot_asked_for(tracker)
        if form_before(tracker) != self.form_name():
            return list(await super().run(dispatcher, tracker, domain))
        if was_rejected(tracker, self.form_name()):
            events: list[EventType] | None = await self._ask_again(dispatcher, tracker, domain)
        else:
            events = self._turn_away(dispatcher, tracker, domain)
        if events is None:
            return list(await super().run(dispatcher, tracker, domain))
        if any(event["event"] == "action_execution_rejected" for event in events):
            return events
        tracker.add_slots(events)
        asked = await self.next_requested_slot(dispatcher, tracker, domain)
        return [*events, *([asked] if asked else [])]

    run = prepared(_validated)

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
        """None ends the form: all is there, or it ended before its time. A question that has been put twice is not put
        again: the ways on are shown instead; only that for a yes is, which says what would happen."""
        wanted = [] if tracker.get_slot(ENDED) else self.wanted(tracker)
        slot = next((slot for slot in wanted if tracker.get_slot(slot) is None), None)
        is_worn_out = slot not in (None, CONFIRMED) and times_asked(tracker, str(slot)) >= MOST_ASKED
        return SlotSet(REQUESTED, WAYS_ON if is_worn_out else slot)

    async def get_validation_events(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Rasa's, then what has to be looked up, and a word about an answer that filled nothing."""
        if form_before(tracker) != self.form_name():
            return await self._open(dispatcher, tracker, domain)
        events = await super().get_validation_events(dispatcher, tracker, domain)
        tracker.add_slots(events)
        events = [*events, *await self.look_up(dispatcher, tracker, domain, slots_in(events))]
        filled = any(
            value not in (None, value_before_this_turn(tracker, slot)) for slot, value in slots_in(events).items()
        )
        if filled or dispatcher.messages:
            return [*events, *self._request_kept(tracker, events)]
        return await self._without_answer(dispatcher, tracker, domain, events)

    async def _open(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """The form begins, with what its message says."""
        if is_refusal(latest_text(tracker), intent_of(tracker)):
            return [*refuse(dispatcher, "utter_not_wanted"), *interrupted_form(tracker, domain)]
        left_over = empty_left_overs(tracker, domain["forms"][self.form_name()]["required_slots"])
        events: list[EventType] = [*left_over, *await super().get_validation_events(dispatcher, tracker, domain)]
        tracker.add_slots(events)
        events = [*events, *await self.look_up(dispatcher, tracker, domain, slots_in(events))]
        return [*events, *interrupted_form(tracker, domain, self.is_aside)]

    async def _ask_again(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Something else has answered the message, of which the form had no use."""
        before = self._as_before(tracker, domain) if act_of(tracker) in (REQUEST, ASK) else []
        tracker.add_slots(before)
        events = await self.look_up(dispatcher, tracker, domain, {})
        return [*before, *events, *_back_to(self.collected_for(tracker), tracker)]

    def _as_before(self, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """The form's slots without what Rasa has filled in from a message that was not for the form."""
        slots = [slot for slot in domain["forms"][self.form_name()]["required_slots"] if set_this_turn(tracker, slot)]
        before = [SlotSet(slot, value_before_this_turn(tracker, slot)) for slot in slots]
        return [*before, *_back_to(self.collected_for(tracker), tracker)]

    def _turn_away(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType] | None:
        """The events where NLU is sure that the message is no answer to the form; None where it may be one."""
        act, intent = act_of(tracker), intent_of(tracker)
        is_other = intent not in {*ANSWERS, *self.requests, self.collected_for(tracker)}
        is_request = is_other and intent in requests_of(domain)
        if act == ADD and is_request:
            dispatcher.utter_message(response="utter_request_noted", request=called(tracker.latest_message))
            return [*noted(tracker), *self._as_before(tracker, domain)]
        if act == STOP and not is_asked_for(tracker, CONFIRMED) and (is_request or not is_other):
            return refuse(dispatcher, "utter_nothing_changed")
        if (act in (REQUEST, ASK) and is_other) or (not act and is_request and self._names_a_subject(tracker)):
            return [ActionExecutionRejected(self.form_name())]
        return None

    def _names_a_subject(self, tracker: Tracker) -> bool:
        """Whether a sure request says what it is about, and the form has not asked for something in the user's own
        words: "where is my order FH-10432" is no answer to "which order shall I cancel?"."""
        known = settings().kept_between_forms
        is_sure = float((tracker.latest_message.get("intent") or {}).get("confidence") or 0.0) >= SURE
        is_asked = tracker.get_slot(REQUESTED) in {*known, CONFIRMED}
        return (
            is_sure and is_asked and bool(latest_text(tracker)) and any(set_this_turn(tracker, slot) for slot in known)
        )

    def _request_kept(self, tracker: Tracker, events: list[EventType]) -> list[EventType]:
        """The slot ``request`` as it was: "it came in pieces", given as the reason why, is no new request."""
        asked, request = tracker.get_slot(REQUESTED), value_before_this_turn(tracker, "request")
        told = asked in settings().free_text and slots_in(events).get(asked) and request in self.requests
        answers = act_of(tracker) in (INFORM, CORRECT) and intent_of(tracker) not in self.requests
        return _back_to(request, tracker) if told or answers else []

    async def _without_answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, events: list[EventType]
    ) -> list[EventType]:
        """The message has filled nothing, and nothing was said about it."""
        asked, intent, act = tracker.get_slot(REQUESTED), intent_of(tracker), act_of(tracker)
        request = value_before_this_turn(tracker, "request")
        if not asked:
            return events
        stays = SlotSet("failed_attempts", tracker.get_slot("failed_attempts"))
        if asked == CONFIRMED and (intent in ANSWERS or act in NEITHER_YES_NOR_NO):
            if times_asked(tracker, CONFIRMED) > MOST_ASKED:
                return [*events, *give_up(dispatcher)]
            dispatcher.utter_message(response="utter_confirmed_unclear")
            # Who takes their time has not failed.
            return [*events, stays, *_back_to(request, tracker)]
        if (intent in ("nlu_fallback", "inform") or act in (INFORM, HESITATE)) and latest_text(tracker):
            if times_asked(tracker, asked) > MOST_ASKED:
                return [*events, *give_up(dispatcher)]
            response = f"utter_{asked}_unclear"
            known = response in domain.get("responses", {})
            explained = not_understood(dispatcher, tracker, response if known else "utter_answer_unclear")
            return [*events, *explained, *_back_to(request, tracker)]
        if not events and intent in {*self.requests, request}:
            # The same again: to reject it would have Rasa look for another answer than the form's question.
            return [stays]
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


def _back_to(request: str | None, tracker: Tracker) -> list[EventType]:
    """The slot ``request`` as it was, where the latest message has set it to what it was taken for."""
    return [SlotSet("request", request)] if request not in (None, tracker.get_slot("request")) else []


def requests_of(domain: DomainDict) -> frozenset[str]:
    """The intents that are requests: those from which the slot ``request`` is filled."""
    mappings = domain["slots"].get("request", {}).get("mappings", [])
    return frozenset(mapping["intent"] for mapping in mappings if mapping["type"] == "from_intent")
