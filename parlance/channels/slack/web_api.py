"""Calls of Slack's Web API: sent in order, repeated when Slack asks to wait, no reason to fail a conversation."""

import asyncio
import logging
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from parlance.channels.core.ordered_jobs import Job, OrderedJobs
from parlance.errors import ParlanceError

CALL_SECONDS = 30.0
RATE_LIMIT_ATTEMPTS = 10
CHUNK = 64 * 1024

REMEDIES = {
    "invalid_auth": "Copy the bot token (xoxb-...) from the app's page 'OAuth & Permissions' once more.",
    "not_authed": "Set the bot token (xoxb-...) from the app's page 'OAuth & Permissions'.",
    "account_inactive": "Install the app in the workspace again.",
    "token_revoked": "Install the app in the workspace again and copy the new bot token.",
    "missing_scope": "Paste deploy/slack/manifest.yml into the app's page 'App Manifest' and install the app again.",
    "not_in_channel": "Invite the app to the channel.",
}

logger = logging.getLogger(__name__)


class FileUnavailable(ParlanceError):
    """A file that Slack does not hand out."""


class SlackWeb:
    """One workspace's Web API. Made inside the event loop that uses it.

    Messages of one channel are sent in the order they were given, also where Slack answers 429 and the first one has
    to wait: https://docs.slack.dev/apis/web-api/rate-limits
    """

    def __init__(self, token: str, api_url: str, proxy: str | None) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_SECONDS))
        self._retries: list[AsyncRetryHandler] = [
            AsyncConnectionErrorRetryHandler(),
            AsyncServerErrorRetryHandler(),
            AsyncRateLimitErrorRetryHandler(max_retry_count=RATE_LIMIT_ATTEMPTS),
        ]
        self.client = AsyncWebClient(
            token, base_url=api_url, proxy=proxy, session=self._session, retry_handlers=self._retries
        )
        self._jobs = OrderedJobs()
        self._me: dict[str, Any] = {}

    async def me(self) -> dict[str, Any]:
        """Who the token belongs to: ``user_id`` of the bot and ``team_id``.

        Raises:
            ParlanceError: Slack refuses the token, or cannot be reached.
        """
        if not self._me:
            self._me = await self.call("auth.test")
        return self._me

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Call a method, such as ``users.info``, at once.

        Raises:
            ParlanceError: Slack refuses it, or cannot be reached.
        """
        try:
            # The client's own functions know which methods take JSON and which a form.
            response = await getattr(self.client, method.replace(".", "_"))(**arguments)
        except SlackApiError as error:
            reason = str(error.response.get("error") or f"HTTP {error.response.status_code}")
            remedy = REMEDIES.get(reason, f"https://docs.slack.dev/reference/methods/{method} explains it.")
            raise ParlanceError(f"Slack refuses {method}: {reason}.", remedy) from error
        except (SlackClientError, aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            problem = f"Slack cannot be reached for {method}: {error or type(error).__name__}."
            raise ParlanceError(problem, "Check the network and the proxy.") from error
        return dict(response.data)

    def send(self, method: str, order: str, **arguments: Any) -> None:
        """Call a method after those given before with the same order, without waiting; a failure is logged."""
        self._jobs.put(order, partial(self._send, method, arguments))

    def after(self, order: str, job: Job) -> None:
        """Do something once all that was given before with the same order is sent."""
        self._jobs.put(order, job)

    async def _send(self, method: str, arguments: dict[str, Any]) -> None:
        try:
            await self.call(method, **arguments)
        except ParlanceError as error:
            logger.error("%s", error)

    async def respond(self, response_url: str, text: str) -> None:
        """Show something only to the person who used a command, where they used it; a failure is logged."""
        hook = AsyncWebhookClient(
            response_url, session=self._session, proxy=self.client.proxy, retry_handlers=self._retries
        )
        try:
            response = await hook.send(text=text, response_type="ephemeral")
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            logger.error("A command cannot be answered: %s", error)
            return
        if response.status_code != 200:
            logger.error("A command cannot be answered: Slack says %s %s", response.status_code, response.body)

    async def download(self, file: dict[str, Any], limit: int) -> bytes:
        """A file that was shared, at most one byte over the limit of it.

        Raises:
            FileUnavailable: It cannot be had, or is not kept by Slack itself.
        """
        if not file.get("url_private_download"):
            # Files shared between organisations come without their details.
            file = (await self.call("files.info", file=file.get("id")))["file"]
        address = str(file.get("url_private_download") or "")
        if not self._is_slacks(address):
            # The bot's token must not go to where an external file is linked from.
            raise FileUnavailable("The file is not kept by Slack.", "Upload it rather than link to it.")
        headers = {"Authorization": f"Bearer {self.client.token}"}
        data = bytearray()
        try:
            async with self._session.get(
                address, headers=headers, allow_redirects=False, proxy=self.client.proxy
            ) as response:
                if response.status != 200:
                    raise FileUnavailable(f"Slack answers {response.status} for a file.", REMEDIES["missing_scope"])
                async for chunk in response.content.iter_chunked(CHUNK):
                    data += chunk
                    if len(data) > limit:
                        return bytes(data[: limit + 1])
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise FileUnavailable(f"A file cannot be downloaded: {error}.", "Try again.") from error
        return bytes(data)

    def _is_slacks(self, address: str) -> bool:
        api, other = urlsplit(self.client.base_url), urlsplit(address)
        host, slack = other.hostname or "", api.hostname or ""
        return other.scheme == api.scheme and (host == slack or host.endswith(f".{slack}"))

    async def close(self, seconds: float) -> None:
        """Send what is queued, for at most so long, and disconnect."""
        lost = await self._jobs.finish(seconds)
        if lost:
            logger.warning("%d Slack channels had messages left that could not be sent in time.", lost)
        await self._session.close()
