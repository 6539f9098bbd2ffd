"""The channel ``parlance.channels.retention.RetentionInput``: what the server forgets, and when.

It takes in no messages; ``credentials.yml`` is where Rasa lets a server be told more than it knows.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.core.tracker_store import TrackerStore
from sanic import Blueprint, Sanic

from parlance.channels.core.options import ChannelOptions
from parlance.errors import ParlanceError
from parlance.rasa import patches
from parlance.rasa.errors import ChannelError, as_rasa_errors
from parlance.rasa.retention import Source, retention_of
from parlance.rasa.single_server import guarded
from parlance.rasa.tracker_retention import TrackerKeeper


@dataclass(frozen=True)
class RetentionOptions(ChannelOptions):
    """Options of the channel.

    Attributes:
        conversation_days: How long Rasa's conversations are kept after their last message.
        erasures: Function, as ``package.module.function``, that returns what is to be forgotten now, each with ``id``,
            ``conversations``, ``emails`` and ``pictures``.
        erased: Function that is told the id of what is.
        tidy: Function that is called every hour.
    """

    channel: ClassVar[str] = "The retention channel"

    conversation_days: float = 90.0
    erasures: str | None = None
    erased: str | None = None
    tidy: str | None = None

    def check(self) -> None:
        """What else has to hold: who asks for erasures is told of them."""
        if bool(self.erasures) != bool(self.erased):
            raise ParlanceError("The retention channel needs both of erasures and erased.", "Name both, or none.")


class RetentionInput(InputChannel):
    """Has the stores of the server forget."""

    def __init__(self, options: RetentionOptions) -> None:
        self._days = options.conversation_days
        self._tidy = options.function("tidy")
        waiting, done = options.function("erasures"), options.function("erased")
        self._source = Source(waiting, done) if waiting and done else None

    @classmethod
    def name(cls) -> str:
        return "retention"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "RetentionInput":
        """The channel as ``credentials.yml`` has it.

        Raises:
            ChannelError: An option does not work out.
        """
        patches.apply_to_server(guarded)
        with as_rasa_errors(ChannelError):
            return cls(RetentionOptions.from_credentials(credentials))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        blueprint = Blueprint("retention")

        @blueprint.listener("after_server_start")
        async def start(app: Sanic, _loop: Any) -> None:
            def store() -> TrackerStore:
                found: TrackerStore = app.ctx.agent.tracker_store
                return found

            retention = retention_of(app)
            if self._source:
                retention.add_source(self._source)
            if self._tidy:
                retention.add_chore(self._tidy)
            retention.conversation_days = self._days
            retention.add("conversations", TrackerKeeper(store, self._days))

        @blueprint.listener("before_server_stop")
        async def stop(app: Sanic, _loop: Any) -> None:
            await retention_of(app).stop()

        return blueprint
