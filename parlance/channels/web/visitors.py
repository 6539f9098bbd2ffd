"""Who uses the web chat: a conversation's token, the shop's token, and what the two may do together."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sanic.request import Request

from parlance.channels.core.credentials import bearer
from parlance.channels.core.limits import client_address, client_key
from parlance.channels.web import access
from parlance.channels.web.conversations import Conversations
from parlance.channels.web.limits import VisitorLimits
from parlance.channels.web.options import WebOptions
from parlance.channels.web.request_parsing import Refused

IDENTITY_HEADER = "x-identity-token"


@dataclass(frozen=True)
class Visitor:
    """Who a request comes from; ``identity_token`` is the shop's, checked, or empty."""

    conversation: str
    identity_token: str


class Visitors:
    """Tells who sends a request, and lets new visitors in."""

    def __init__(self, options: WebOptions, conversations: Conversations, limits: VisitorLimits) -> None:
        self._identity, self._recognised = options.function("identity"), options.function("recognised")
        self._secret = access.load_secret(Path(options.secret_file))
        self._tokens = access.VisitorTokens(self._secret, options.keep_days)
        self._conversations = conversations
        self._limits = limits

    async def sender(self, request: Request) -> Visitor:
        """Who sent a request.

        Raises:
            Refused: no valid token, or a conversation that belongs to a customer who has not signed in.
        """
        conversation = self._tokens.read(bearer(request.headers.get("authorization")))
        if conversation is None:
            raise Refused(401, "no_conversation", "The request carries no valid conversation token.")
        token, customer = self._customer(request)
        is_anothers = customer is not None and await self._has_recognised_another(conversation, customer, request)
        if is_anothers or not self._conversations.store.admits(conversation, customer):
            raise Refused(403, "not_yours", "The conversation is gone, or belongs to a customer who is not signed in.")
        return Visitor(conversation, token)

    def _customer(self, request: Request) -> tuple[str, str | None]:
        """The shop's token in a request and the customer whom it proves; ('', None) where there is none."""
        token = request.headers.get(IDENTITY_HEADER, "")
        if not token or self._identity is None:
            return "", None
        identity = self._identity(token) if token.isascii() else None
        if identity is None:
            raise Refused(401, "identity_refused", "The identity token is forged or out of date.")
        return token, identity.email

    async def _has_recognised_another(self, conversation: str, customer: str, request: Request) -> bool:
        """Whether a conversation that nobody has signed in to is with another customer, whom actions recognised."""
        if self._recognised is None or self._conversations.store.owner(conversation) is not None:
            return False
        tracker = await request.app.ctx.agent.tracker_store.retrieve(conversation)
        email = self._recognised(tracker.current_slot_values(), conversation) if tracker else None
        return email not in (None, customer)

    async def open_session(self, request: Request) -> Mapping[str, Any]:
        """The visitor's conversation, or a new one where the token is missing, old or not theirs any more."""
        try:
            conversation = (await self.sender(request)).conversation
            fresh = False
        except Refused as refused:
            if refused.answer["code"] == "identity_refused":
                raise
            self._limits.admit_visitor(request)
            conversation = access.new_conversation_id()
            _, customer = self._customer(request)
            self._conversations.store.start(conversation, customer)
            fresh = True
        return {"token": self._tokens.issue(conversation), "fresh": fresh}

    def for_actions(self, visitor: Visitor, request: Request) -> dict[str, str]:
        """What actions are told of a visitor with a message; it is not stored with it."""
        told = {"client": client_key(self._secret, client_address(request))}
        return {**told, "identity_token": visitor.identity_token} if visitor.identity_token else told
