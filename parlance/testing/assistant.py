"""Talking to a running assistant: Rasa's REST channel for the messages, its HTTP API for what came of them."""

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from parlance.testing.domain import Domain
from parlance.testing.errors import AssistantFault, AssistantUnreachable

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ENABLE_API = "Start it with --enable-api."


class Assistant:
    """A Rasa server. Use it as an async context manager.

    Args:
        url: Its address, such as ``http://localhost:5005``.
        token: What it was started with as ``--auth-token``, empty where it was not.
        timeout: Seconds that it has for an answer.

    A ``REST_TOKEN`` in the environment goes to the REST channel, as the assistant's own expects it.

    A ``conversation`` is an id without characters that mean something in an address.
    """

    def __init__(self, url: str, token: str = "", timeout: float = 30.0) -> None:
        self.url = url.rstrip("/")
        self._timeout = timeout
        rest_token = os.environ.get("REST_TOKEN")
        self._rest_headers = {"Authorization": f"Bearer {rest_token}"} if rest_token else None
        self._client = httpx.AsyncClient(
            base_url=self.url,
            params={"token": token} if token else None,
            timeout=timeout,
            # A proxy in the environment must not stand between this machine and itself.
            trust_env=urlsplit(self.url).hostname not in _LOOPBACK,
        )

    async def __aenter__(self) -> "Assistant":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def domain(self) -> Domain:
        """The names that it knows; its answer shows that it is up, has a model, and has its HTTP API open.

        Raises:
            AssistantUnreachable: It is not so; says what to do.
        """
        try:
            answer = await self._client.get("/domain", headers={"Accept": "application/json"})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise AssistantUnreachable(
                f"No assistant answers at {self.url}: {reason}.", "Start it, or check the address."
            ) from error
        if answer.status_code == 404:
            raise AssistantUnreachable(f"The assistant at {self.url} has its HTTP API closed.", _ENABLE_API)
        if answer.status_code in (401, 403):
            raise AssistantUnreachable(f"The assistant at {self.url} refuses the token.", "Give it with --token.")
        if answer.status_code == 409:
            raise AssistantUnreachable(f"The assistant at {self.url} has no model loaded.", "Start it with --model.")
        domain = _json(answer) if answer.is_success else None
        if not isinstance(domain, dict):
            raise AssistantUnreachable(
                f"What answers at {self.url} is not a Rasa server (status {answer.status_code}).", "Check the address."
            )
        return Domain.from_dict(domain)

    async def set_slots(self, conversation: str, slots: Mapping[str, Any]) -> None:
        """Begin a conversation with slots filled; Rasa starts its session first."""
        events = [{"event": "slot", "name": name, "value": value} for name, value in slots.items()]
        # Twice, because Rasa dates the events of the first request before the session that the request starts, and its
        # SQL tracker store takes them for those of an earlier session.
        for _ in range(2):
            await self._ask("POST", f"/conversations/{conversation}/tracker/events", "setting slots", events)

    async def say(self, conversation: str, text: str, metadata: Mapping[str, Any]) -> None:
        """Send a message as a user and wait until it has been dealt with."""
        message: dict[str, Any] = {"sender": conversation, "message": text}
        if metadata:
            message["metadata"] = dict(metadata)
        await self._ask("POST", "/webhooks/rest/webhook", "answering the message", message)

    async def events(self, conversation: str) -> list[dict[str, Any]]:
        """Everything in the conversation's tracker, from its beginning."""
        path = f"/conversations/{conversation}/tracker"
        tracker = await self._ask("GET", path, "reading the conversation", parameters={"include_events": "ALL"})
        events = tracker.get("events") if isinstance(tracker, dict) else None
        if not isinstance(events, list):
            raise AssistantFault("The assistant's conversation tracker has no list of events.", "See its log.")
        return events

    async def _ask(
        self, method: str, path: str, doing: str, body: Any = None, parameters: Mapping[str, str] | None = None
    ) -> Any:
        # To REST alone: Rasa's HTTP API takes the header for a token of its own.
        headers = self._rest_headers if path.startswith("/webhooks/") else None
        try:
            answer = await self._client.request(method, path, json=body, params=parameters, headers=headers)
        except httpx.TimeoutException as error:
            raise AssistantFault(
                f"The assistant took longer than {self._timeout:g} s for {doing}.",
                "See its log; --timeout gives it more time.",
            ) from error
        except httpx.HTTPError as error:
            raise AssistantFault(
                f"The connection to the assistant broke while {doing}: {str(error) or type(error).__name__}.",
                "See its log for why it ended.",
            ) from error
        if answer.status_code == 404 and path.startswith("/webhooks/"):
            raise AssistantFault("The assistant has no REST channel.", "Add 'rest:' to its credentials.yml.")
        if not answer.is_success:
            said = " ".join(answer.text.split())[:300]
            raise AssistantFault(f"The assistant answered {answer.status_code} when {doing}: {said}", "See its log.")
        return _json(answer)


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
