"""The web chat's part of ``credentials.yml``."""

from dataclasses import dataclass
from typing import ClassVar

from parlance.channels.core.feedback import FEEDBACK_DATABASE
from parlance.channels.core.options import ChannelOptions, Texts, from_zero, one_of
from parlance.channels.core.payloads import MODES, OFFERED
from parlance.errors import ParlanceError


@dataclass(frozen=True)
class WebOptions(ChannelOptions):
    """The options with their defaults; docs/web-chat.md explains each.

    ``page``, ``picture`` and the others of these name functions as ``package.module.function``:

    - ``page(base)`` returns the HTML of the page that shows the chat; ``base`` is the channel's path.
    - ``picture(name)`` returns an SVG drawing for a path such as ``products/FH-1.svg``, or None.
    - ``link_page(token, follow)`` returns the HTML for a link in an e-mail, and does what it is for if ``follow``.
    - ``further_page(name)`` returns the HTML of another page, such as the one after a payment, or None.
    - ``hook(name, body, headers)`` takes a call of another server, such as a payment provider's, and returns the HTTP
      status; it has to check by itself who calls.
    - ``identity(token)`` returns an object with an ``email``, or None for a token that proves nothing.
    - ``recognised(slots, conversation)`` returns the ``email`` of the customer whom actions have recognised, or None.
    """

    channel: ClassVar[str] = "The web chat"

    path: str = "/chat"
    page: str | None = None
    picture: str | None = None
    link_page: str | None = None
    further_page: str | None = None
    hook: str | None = None
    identity: str | None = None
    recognised: str | None = None
    allowed_origins: Texts = ()
    widget: str = "web/dist/widget.js"
    database: str = "web_chat.db"
    feedback_database: str = FEEDBACK_DATABASE
    secret_file: str = ".web_chat_secret"
    uploads: str = "uploads"
    upload_megabytes: float = 8.0
    message_length: int = 4000
    messages_per_minute: int = 20
    visitors_per_minute: int = 300
    address_messages_per_minute: int = 600
    address_streams: int = 120
    streams: int = 800
    upload_storage_megabytes: float = 2000.0
    proxies: int = from_zero(0)
    payloads: str = one_of(*MODES, default=OFFERED)
    page_payloads: Texts = ("/human_handoff",)
    answer_seconds: float = 60.0
    restart_message: str = "/restart"
    keep_days: float = 30.0
    upload_days: float = 365.0

    def check(self) -> None:
        """What else has to hold: the path is one, and the conversations are in a file."""
        if not self.path.startswith("/") or self.path.endswith("/"):
            raise ParlanceError(
                f"The web chat's path is {self.path!r}.", "Write it with a slash in front and none behind: /chat"
            )
        if "://" in self.database:
            # Not repeated here: a database's address may have a password in it.
            raise ParlanceError(
                "The web chat's option database is an address.", "It keeps conversations in a SQLite file; name that."
            )
