"""What was said before a message, from Rasa's tracker."""

from rasa.shared.core.events import BotUttered, Restarted, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from parlance.inference.context import Context


def said_before(tracker: DialogueStateTracker | None) -> Context | None:
    """The assistant's last turn, all its texts in one, and the customer's message that it answers.

    None where the assistant has said nothing in this session, and where no conversation is known (`rasa test nlu`,
    `/model/parse`). A message that nothing was said to leaves open what was asked before it.
    """
    texts: list[str] = []
    for event in reversed(tracker.events if tracker else ()):
        if isinstance(event, SessionStarted | Restarted):
            break
        if isinstance(event, BotUttered) and event.text:
            texts.append(event.text)
        if isinstance(event, UserUttered) and texts:
            return Context(" ".join(reversed(texts)), _words_of(event))
    return Context(" ".join(reversed(texts))) if texts else None


def _words_of(event: UserUttered) -> str:
    """What the customer wrote; a button's payload is nobody's words."""
    text = event.text or ""
    return "" if text.startswith("/") else text
