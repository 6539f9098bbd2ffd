"""The channel ``parlance.channels.retention.RetentionInput``: what the server forgets, and when.

It takes in no messages; ``credentials.yml`` is where Rasa lets a server be told more than it knows.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.core.tracker_store import TrackerStore
from sanic import Blueprint, Sanic

from parlance.dotted_names import named_function
from parlance.errors import ParlanceError
from parlance.rasa import patches
from parlance.rasa.errors import ChannelError
from parlance.rasa.retention import Source, retention_of
from parlance.rasa.single_server import guarded
from parlance.rasa.tracker_retention import TrackerKeeper

CONVERSATION_DAYS = 90.0
OPTIONS = ("conversation_days", "erasures", "erased", "tidy")


class RetentionInput(InputChannel):
    """Has the stores of the server forget.

    Options, in ``credentials.yml``:

    - ``conversation_days``: how long Rasa's conversations are kept after their last message.
    - ``erasures`` and ``erased``: functions, as ``package.module.function``. The first returns what is to be forgotten
      now, each with ``id``, ``conversations``, ``emails`` and ``pictures``; the second is told the id of what is.
    - ``tidy``: a function that is called every hour.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        if unknown := sorted(set(options) - set(OPTIONS)):
            raise ParlanceError(
                f"The retention channel has no option {unknown[0]!r}.", f"Its options: {', '.join(OPTIONS)}."
            )
        self._days = options.get("conversation_days", CONVERSATION_DAYS)
        if not isinstance(self._days, int | float) or isinstance(self._days, bool) or self._days <= 0:
            raise ParlanceError(
                "The retention channel's option conversation_days is no number above zero.", f"It is {self._days!r}."
            )
        waiting, done, self._tidy = (
            named_function(options[name], f"The retention channel's option {name}") if options.get(name) else None
            for name in OPTIONS[1:]
        )
        if (waiting is None) != (done is None):
            raise ParlanceError("The retention channel needs both of erasures and erased.", "Name both, or none.")
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
        try:
            return cls(dict(credentials or {}))
        except ParlanceError as error:
            raise ChannelError(error.problem, error.remedy) from error

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
            retention.add("conversations", TrackerKeeper(store, self._days))

        @blueprint.listener("before_server_stop")
        async def stop(app: Sanic, _loop: Any) -> None:
            await retention_of(app).stop()

        return blueprint
