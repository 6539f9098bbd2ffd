"""The web chat's part of ``credentials.yml``."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from parlance.channels.core.payloads import MODES
from parlance.errors import ParlanceError


@dataclass(frozen=True)
class WebOptions:
    """The options with their defaults; docs/web-chat.md explains each.

    ``page``, ``picture`` and the others of these name functions as ``package.module.function``:

    - ``page(base)`` returns the HTML of the page that shows the chat; ``base`` is the channel's path.
    - ``picture(name)`` returns an SVG drawing for a path such as ``products/FH-1.svg``, or None.
    - ``link_page(token, follow)`` returns the HTML for a link in an e-mail, and does what it is for if ``follow``.
    - ``identity(token)`` returns an object with an ``email``, or None for a token that proves nothing.
    - ``recognised(slots, conversation)`` returns the ``email`` of the customer whom actions have recognised, or None.
    """

    path: str = "/chat"
    page: str | None = None
    picture: str | None = None
    link_page: str | None = None
    identity: str | None = None
    recognised: str | None = None
    allowed_origins: tuple[str, ...] = ()
    widget: str = "web/dist/widget.js"
    database: str = "web_chat.db"
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
    proxies: int = 0
    payloads: str = "offered"
    page_payloads: tuple[str, ...] = ("/human_handoff",)
    answer_seconds: float = 60.0
    restart_message: str = "/restart"
    keep_days: float = 30.0
    upload_days: float = 365.0

    @classmethod
    def from_credentials(cls, credentials: Mapping[str, Any] | None) -> "WebOptions":
        """Reads and checks the options.

        Raises:
            ParlanceError: an option is unknown or has a value of the wrong kind.
        """
        given = dict(credentials or {})
        known = {field.name: field.default for field in fields(cls)}
        for name, value in given.items():
            if name not in known:
                raise ParlanceError(
                    f"The web chat has no option {name!r}.", f"Options in credentials.yml: {', '.join(known)}."
                )
            given[name] = _checked(name, value, known[name])
        options = cls(**given)
        if not options.path.startswith("/") or options.path.endswith("/"):
            raise ParlanceError(
                f"The web chat's path is {options.path!r}.", "Write it with a slash in front and none behind: /chat"
            )
        if options.payloads not in MODES:
            raise ParlanceError(
                f"The web chat's option payloads is {options.payloads!r}.", f"It is one of: {', '.join(MODES)}."
            )
        if "://" in options.database:
            # Not repeated here: a database's address may have a password in it.
            raise ParlanceError(
                "The web chat's option database is an address.", "It keeps conversations in a SQLite file; name that."
            )
        return options


def _checked(name: str, value: Any, default: Any) -> Any:
    """A value, where it is of the default's kind."""
    if isinstance(default, tuple):
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise ParlanceError(f"The web chat's option {name} is not a list of texts.", f"It is {value!r}.")
    if isinstance(default, (int, float)):
        whole = isinstance(default, int)
        fits = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if fits and (value > 0 or name == "proxies" and value == 0):
            return value
        kind = "a whole number" if whole else "a number"
        raise ParlanceError(f"The web chat's option {name} is not {kind} above zero.", f"It is {value!r}.")
    if isinstance(value, str) and value or value is None and default is None:
        return value
    raise ParlanceError(f"The web chat's option {name} is not a text.", f"It is {value!r}.")
