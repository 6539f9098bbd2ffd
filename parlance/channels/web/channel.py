"""The channel ``parlance.channels.web.WebInput``: the parts of the web chat, put together.

A browser posts messages, and reads the conversation as Server-Sent Events: numbered entries, so that after a lost
connection, a reload or a restart it goes on after the last one that it has.
"""

import gc
import resource
from pathlib import Path
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel
from sanic import Blueprint, Sanic
from sanic import response as respond
from sanic.request import Request
from sanic.response import HTTPResponse

from parlance.channels.core.credentials import refuse_odd_credentials
from parlance.channels.core.feedback import FeedbackStore
from parlance.channels.core.picture_retention import keeper_of
from parlance.channels.core.turns import OnNewMessage
from parlance.channels.core.uploads import MEDIA_TYPES
from parlance.channels.readiness import readiness_of
from parlance.channels.web.access import check_origins
from parlance.channels.web.assets import Assets
from parlance.channels.web.conversations import Conversations
from parlance.channels.web.hooks import Hooks
from parlance.channels.web.limits import VisitorLimits
from parlance.channels.web.messages import Messages
from parlance.channels.web.options import WebOptions
from parlance.channels.web.output import WebOutput
from parlance.channels.web.pictures import VisitorPictures
from parlance.channels.web.reading import Readers
from parlance.channels.web.request_parsing import read_json
from parlance.channels.web.retention import WebChatKeeper
from parlance.channels.web.routes import Route, add_routes
from parlance.channels.web.turns import Turns
from parlance.channels.web.visitors import Visitors
from parlance.rasa import patches
from parlance.rasa.errors import ChannelError, as_rasa_errors
from parlance.rasa.retention import retention_of
from parlance.rasa.single_server import guarded
from parlance.url_secrets import LINK

FILES = 65_536  # as many connections and files as the system lets a server open, where it allows fewer at first


class WebInput(InputChannel):
    """Serves the page, the widget and its interface. Options: see ``WebOptions``."""

    def __init__(self, options: WebOptions) -> None:
        self.options = options
        self._origins = check_origins(options.allowed_origins)
        self._assets = Assets(options)
        self._hooks = Hooks(options)
        self._conversations = Conversations(Path(options.database), options.answer_seconds)
        self._feedback = FeedbackStore(options.feedback_database)
        self._limits = VisitorLimits(options)
        self._visitors = Visitors(options, self._conversations, self._limits)
        self._pictures = VisitorPictures(options, self._conversations, self._visitors, self._limits)
        self._readers = Readers(self._conversations, self._visitors, self._limits)
        self._turns: Turns
        self._app: Sanic

    @classmethod
    def name(cls) -> str:
        return WebOutput.name()

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "WebInput":
        """The channel as ``credentials.yml`` has it.

        Raises:
            ChannelError: An option does not work out; Rasa shows the sentence without a traceback.
        """
        patches.apply_to_server(guarded)
        with as_rasa_errors(ChannelError):
            return cls(WebOptions.from_credentials(credentials))

    def url_prefix(self) -> str:
        return self.options.path

    def get_output_channel(self) -> WebOutput:
        """For messages that the assistant sends of itself, such as reminders."""
        return WebOutput(self._conversations)

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        with as_rasa_errors(ChannelError):
            self._conversations.check()
            self._feedback.check()
        self._turns = Turns(self.options, self._conversations, self._feedback, self._agent, on_new_message)
        blueprint = Blueprint("web_chat")
        add_routes(blueprint, self._routes(), self._origins)
        blueprint.listener("before_server_start")(refuse_odd_credentials)
        blueprint.listener("before_server_start")(self._start)
        blueprint.listener("after_server_start")(self._resume)
        blueprint.listener("before_server_stop")(self._stop)
        return blueprint

    def _routes(self) -> list[Route]:
        assets, pictures, readers = self._assets, self._pictures, self._readers
        messages = Messages(
            self.options, self._conversations, self._visitors, self._limits, self._pictures, self._turns
        )
        return [
            Route("GET", "/", assets.show_page),
            Route("GET", f"/{LINK}/<token:str>", assets.show_link),
            Route("POST", f"/{LINK}/<token:str>", assets.follow_link),
            Route("GET", "/pages/<name:str>", assets.show_further),
            Route("POST", "/hooks/<name:str>", self._hooks.take, reads_body=True),
            Route("GET", "/widget.js", assets.send_widget),
            Route("GET", "/pictures/<name:path>", assets.send_picture),
            Route("POST", "/session", self._open_session, reads_body=True),
            Route("GET", "/events", readers.stream),
            Route("POST", "/messages", messages.take_message, reads_body=True),
            Route("POST", "/feedback", messages.take_feedback, reads_body=True),
            Route("POST", "/restart", messages.start_over, reads_body=True),
            Route("POST", "/uploads", pictures.take, reads_body=True),
            Route("GET", "/uploads/<upload:str>", pictures.send),
            Route("GET", "/transcript", readers.send_transcript),
        ]

    async def _open_session(self, request: Request) -> HTTPResponse:
        """A conversation, and what the widget has to know."""
        await read_json(request)
        return respond.json(
            {
                **await self._visitors.open_session(request),
                "message_length": self.options.message_length,
                "upload_bytes": self._pictures.folder.limit,
                "upload_types": list(MEDIA_TYPES),
            }
        )

    def _agent(self) -> Agent:
        agent: Agent = self._app.ctx.agent
        return agent

    async def _start(self, app: Sanic, _loop: Any) -> None:
        self._app = app
        _allow_files(FILES)
        if self.options.proxies:
            app.config.PROXIES_COUNT = self.options.proxies
        self._conversations.open(self._turns.take)
        self._feedback.open()

        async def check_store() -> None:  # the database is this thread's
            self._conversations.store.check_writable()

        readiness_of(app).add("web chat", check_store)

    async def _resume(self, app: Sanic, _loop: Any) -> None:
        retention = retention_of(app)
        retention.add("web chat", WebChatKeeper(self._conversations.store, self.options.keep_days))
        retention.add(*keeper_of(self._pictures.folder.path, self.options.upload_days))
        self._feedback.keep_by(retention)
        # What is loaded by now stays, so no garbage collection need look through it: one takes 0.3 seconds in which
        # nobody is answered.
        gc.collect()
        gc.freeze()
        await self._conversations.resume(self._turns.was_answered)

    async def _stop(self, app: Sanic, _loop: Any) -> None:
        await retention_of(app).stop()
        await self._conversations.close()
        self._feedback.close()


def _allow_files(wanted: int) -> None:
    """Raises how many files the process may have open, as far as the system lets it."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    if allowed != resource.RLIM_INFINITY and allowed < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
