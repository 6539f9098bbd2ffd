"""What somebody typed, told apart from the payload of a button: Rasa takes any text with a slash in front for one.

A payload skips language understanding: it names an intent, with full confidence, and fills slots. So a channel gives
Rasa one only where the assistant itself offered it in this conversation, or where the project trusts who sends.
"""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.core.constants import USER_INTENT_BACK, USER_INTENT_SESSION_START
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered
from rasa.shared.core.slots import AnySlot
from rasa.shared.core.trackers import DialogueStateTracker

from parlance.channels.core.text import storable, storable_value
from parlance.rasa.tracker_store import never_exit

OFFERED, ANY = "offered", "any"
MODES = (OFFERED, ANY)
"""Of which payloads a channel takes in: those that the assistant offered in the conversation, or all."""

_PAYLOAD = re.compile(r"/([^{@/\s][^{@]*)(?:@[0-9.]+)?(\{.*\})?", re.DOTALL)
# Rasa's own intents that say nothing and change the conversation behind the visitor's back.
_NOT_FOR_VISITORS = (USER_INTENT_SESSION_START, USER_INTENT_BACK)

never_exit()


async def typed_text(
    text: str, conversation: str, agent: Agent, mode: str = OFFERED, always: Collection[str] = ()
) -> str:
    """What Rasa gets for a message from outside: a payload where the sender may send it, otherwise plain text.

    Args:
        text: As it came.
        conversation: Whose offers count.
        agent: The agent that is loaded.
        mode: ``offered`` or ``any``. Of any, intents and entities have to be the domain's, and an entity's value is a
            text or a number, and never for a slot that holds structure, such as the second request of a message.
        always: Payloads that are taken in as they are, such as those of the page around the chat.
    """
    text = storable(text).strip()
    if not text.startswith(INTENT_MESSAGE_PREFIX):
        return text
    if text in always or await _was_offered(text, conversation, agent):
        return _rewritten(text) or as_plain(text)
    return (mode == ANY and _rewritten(text, agent.domain)) or as_plain(text)


def as_plain(text: str) -> str:
    """A text that Rasa does not take for a payload."""
    text = storable(text).strip()
    return re.sub(r"^[\s/]+", "", text) or text.replace("/", "\N{FRACTION SLASH}")


def own_payload(text: str) -> str:
    """A payload or text from the assistant's own button, storable also in what its JSON says with escapes."""
    text = storable(text).strip()
    return _rewritten(text) or text


def storable_message(message: UserMessage) -> UserMessage:
    """The message with a text, sender and metadata that every tracker store can hold."""
    message.text = None if message.text is None else storable(message.text)
    message.sender_id = storable(message.sender_id)
    message.metadata = storable_value(message.metadata)
    return message


def _rewritten(text: str, domain: Domain | None = None) -> str | None:
    """The payload, its JSON written anew where something in it had to go; None for what is none.

    A domain limits what it may hold.
    """
    match = _PAYLOAD.fullmatch(text)
    if match is None:
        return None
    intent = match[1].strip()
    try:
        given = entities = json.loads(match[2] or "{}")
    except (ValueError, RecursionError):
        return None
    if domain is not None:
        if intent not in domain.intents or intent in _NOT_FOR_VISITORS or intent in domain.retrieval_intents:
            return None
        structured = _structured_entities(domain)
        entities = {
            name: value
            for name, value in entities.items()
            if name in domain.entities and name not in structured and _is_scalar(value)
        }
    entities = storable_value(entities)
    if entities == given:
        return text
    return f"/{intent}{json.dumps(entities, ensure_ascii=False) if entities else ''}"


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _structured_entities(domain: Domain) -> set[str]:
    """Entities whose value goes whole into a slot that can hold anything."""
    return {
        mapping["entity"]
        for slot in domain.slots
        if isinstance(slot, AnySlot)
        for mapping in slot.mappings
        if mapping.get("type") == "from_entity"
    }


async def _was_offered(payload: str, conversation: str, agent: Agent) -> bool:
    latest = await agent.tracker_store.retrieve(conversation)
    if latest is None:
        return False
    if payload in _offers(latest):
        return True
    # A button of an earlier session is still there to be pressed.
    whole = await agent.tracker_store.retrieve_full_tracker(conversation)
    return whole is not None and payload in _offers(whole)


def _offers(tracker: DialogueStateTracker) -> Iterator[str]:
    """The payloads of all buttons that the assistant showed, on bubbles and on cards; the latest first."""
    for event in reversed(tracker.events):
        if isinstance(event, BotUttered):
            for payload in _payloads_in(event.data):
                yield storable(payload).strip()


def _payloads_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("payload"), str):
            yield value["payload"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _payloads_in(item)
