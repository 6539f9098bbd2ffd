"""The two sides of an act with consequences: asking whether to go ahead, and doing it after an explicit yes."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import consent
from actions.consent import CONFIRMED, CONSENT
from actions.customers import KnownCustomer
from actions.forms import ENDED, REQUESTED, CompletedForm
from actions.items import end_unavailable, not_found, order_in_hand
from actions.visits import Action
from actions.wording import goods
from shop.errors import ShopUnavailable
from shop.order_numbers import show_order_number


@dataclass(frozen=True)
class Question:
    """The response that asks, which says what would happen, what fills it, and the names of what it is about."""

    response: str
    blanks: dict[str, Any]
    names: tuple[str, ...] = ()


class ConfirmedAct(CompletedForm):
    """The work of a form with consequences: it is done only after an explicit yes to just this.

    Whatever changes the shop in a way that a customer would mind is one of these (tests/unit/test_actions_consent.py).
    Its form asks with a subclass of ``AskConsent``.
    """

    def __init_subclass__(cls) -> None:
        cls.forgets = (CONFIRMED, CONSENT, *cls.forgets)

    @abstractmethod
    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        """Do it; otherwise as ``complete``."""

    def decline(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        """Say that nothing was done, and return slots to set."""
        dispatcher.utter_message(response="utter_nothing_changed")
        return []

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        if consent.is_given(tracker):
            return await self.act(dispatcher, tracker, customer)
        return self.decline(dispatcher, tracker, customer)


class AskConsent(Action, ABC):
    """Asks whether to go ahead. ``question`` says it with ``consent.ask``."""

    form: ClassVar[str]
    """The form that asks."""

    def name(self) -> str:
        return f"action_ask_{self.form}_confirmed"

    @abstractmethod
    async def question(self, tracker: Tracker) -> Question | None:
        """What is asked, or None where what it is about is not there any more. May raise ShopUnavailable."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        try:
            question = await self.question(tracker)
        except ShopUnavailable as error:
            return end_unavailable(dispatcher, tracker, error)
        if question is None:
            return [*not_found(dispatcher, tracker), SlotSet(ENDED, "refused"), SlotSet(REQUESTED, None)]
        slots = domain["forms"][self.form]["required_slots"]
        return consent.ask(
            dispatcher, tracker, [*slots, "request"], question.response, question.names, **question.blanks
        )


async def about_order(tracker: Tracker, response: str, **blanks: Any) -> Question | None:
    """A question about the order in hand and, where there is one, the line of it; the response may use {number},
    {items} and {item}. None where the order is not there any more.

    Raises:
        ShopUnavailable: The database cannot be used.
    """
    order = await order_in_hand(tracker)
    if order is None:
        return None
    item = next((line for line in order.items if line.line_id == tracker.get_slot("item")), None)
    number = show_order_number(order.number)
    filling = {"number": number, "items": goods(order.items), "item": item.name if item else "it", **blanks}
    # Of an order with other goods in it, one that is named is less than what is asked.
    all_of_it = item or (order.items[0] if len(order.items) == 1 else None)
    return Question(response, filling, (all_of_it.name,) if all_of_it else ())
