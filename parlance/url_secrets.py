"""Logs without the secrets of addresses: whoever reads a log could follow the link of an e-mail.

Sanic's access log has each request's address once debug logs are on, its error log that of a request that failed, and
Slack's library where it answers a command.
Of an address are masked the token of a link (``/chat/account/TOKEN``) and every value behind the question mark: which
of those are secret is known to nobody here (Rasa's own ``?token=`` is).
"""

import logging
import re

MASK = "***"
LINK = "account"
"""The part of a path behind which stands the token of a link in an e-mail."""
LOGGERS = ("sanic.access", "sanic.error", "sanic.root", "slack_sdk.webhook.async_client")

_HOOK = re.compile(r"(hooks\.slack\.com/)[^\s,'\"]+", re.IGNORECASE)
"""Slack's address for the answer to a command: whoever knows it can answer."""
_LINK = re.compile(rf"(/{LINK}(?:/|%2f)+)[^/?#\s'\"]+", re.IGNORECASE)
_QUERY = re.compile(r"([?&][^=?\s&#'\"]*=)[^\s&#'\"]*")
_BARE_QUERY = re.compile(r"(?<=[\w/])(\?)[^=?\s&#'\"]+(?=[\s'\"]|$)")


def masked(text: str) -> str:
    """A text with the addresses in it masked."""
    for secret in (_HOOK, _LINK, _QUERY, _BARE_QUERY):
        text = secret.sub(rf"\1{MASK}", text)
    return text


def mask_logs() -> None:
    """Teach Sanic's loggers to mask, whatever writes down what they say; calling this again changes nothing."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_mask)


def _mask(record: logging.LogRecord) -> bool:
    record.msg, record.args = masked(record.getMessage()), ()
    if "request" in record.__dict__:  # Sanic's own field of the access log
        record.__dict__["request"] = masked(str(record.__dict__["request"]))
    if record.exc_info and not record.exc_text:
        # A formatter takes this in place of the exception, whose text may name the address.
        record.exc_text = masked(logging.Formatter().formatException(record.exc_info))
    return True
