"""What the assistant says, into the log of a conversation."""

from typing import Any

from rasa.core.channels.channel import OutputChannel

from parlance.channels.web.conversations import Conversations
from parlance.channels.web.rendering import bubbles

NEW_VISIT = "new_visit"
"""The type of a custom response with which an action says that whoever writes next may be somebody else."""


class WebOutput(OutputChannel):
    """Puts what the assistant says into the log; ``said`` counts bubbles.

    Args:
        conversations: Where it is put.
        to: The id of the message that is answered; None for what the assistant says of itself.
    """

    def __init__(self, conversations: Conversations, to: str | None = None) -> None:
        self._conversations = conversations
        self._to = to
        self.said = 0

    @classmethod
    def name(cls) -> str:
        return "web"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Every kind of response, whole: see ``rendering``. A ``new_visit`` takes from view what was said before."""
        if (message.get("custom") or {}).get("type") == NEW_VISIT:
            self._conversations.say(recipient_id, "restart", {})
            return
        for body in bubbles(message):
            self._conversations.say(recipient_id, "bot", {**body, "to": self._to} if self._to else body)
            self.said += 1

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """A text that does not come as a response."""
        await self.send_response(recipient_id, {"text": text})

    async def send_image_url(self, recipient_id: str, image: str, **kwargs: Any) -> None:
        """A picture that does not come as a response."""
        await self.send_response(recipient_id, {"image": image})

    async def send_custom_json(self, recipient_id: str, json_message: dict[str, Any], **kwargs: Any) -> None:
        """A payload that does not come as a response."""
        await self.send_response(recipient_id, {"custom": json_message})
