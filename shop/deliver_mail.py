"""``python -m shop.deliver_mail``: sends what waits in the outbox over SMTP, again and again; ``--once`` once.

``SMTP_HOST``, ``SMTP_PORT`` (587), ``SMTP_USER``, ``SMTP_PASSWORD`` and ``SMTP_STARTTLS`` (1; 0 for a server on this
machine) say where. One sender is enough for a shop. A message is marked as sent once the server has taken it: a crash
between the two sends it twice, never not at all.
"""

import logging
import os
import smtplib
import ssl
import sys
import time
from dataclasses import dataclass, field
from email.message import EmailMessage

from shop import outbox
from shop.database import open_session
from shop.errors import ShopUnavailable
from shop.mails import mail_of

logger = logging.getLogger(__name__)

SECONDS_BETWEEN = 2.0
SECONDS_AFTER_A_FAILURE = 30.0
TIMEOUT_S = 10.0


@dataclass(frozen=True)
class SmtpServer:
    """Where mail is handed over."""

    host: str
    port: int = 587
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = True


def server_from_environment() -> SmtpServer | None:
    """The server that the environment names; None where it names none.

    Raises:
        ShopUnavailable: ``SMTP_PORT`` is no port, or a password would be sent unencrypted to another machine.
    """
    host = os.environ.get("SMTP_HOST")
    if not host:
        return None
    port, starttls = os.environ.get("SMTP_PORT") or "587", os.environ.get("SMTP_STARTTLS", "1")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ShopUnavailable(f"SMTP_PORT={port} is not a port.", "Give a number from 1 to 65535.")
    if starttls not in ("0", "1"):
        raise ShopUnavailable(f"SMTP_STARTTLS={starttls} is neither 0 nor 1.", "1 encrypts what is sent.")
    server = SmtpServer(
        host, int(port), os.environ.get("SMTP_USER", ""), os.environ.get("SMTP_PASSWORD", ""), starttls == "1"
    )
    if server.user and not server.starttls and host not in ("localhost", "127.0.0.1", "::1"):
        raise ShopUnavailable("The SMTP password would be sent unencrypted.", "Leave SMTP_STARTTLS out.")
    return server


def deliver(server: SmtpServer) -> int:
    """Send what waits; returns how many messages went. One that the server refuses is left and logged.

    Raises:
        OSError: The server cannot be reached or refuses everything (smtplib's errors among them).
        ShopUnavailable: The database cannot be used.
    """
    count = 0
    for number, mail in _waiting():
        # No transaction is open while the server is waited for: on SQLite nobody else could change anything.
        with _connection(server) as connection:
            try:
                connection.send_message(mail)
            except smtplib.SMTPRecipientsRefused:
                # Neither the address nor what was to be sent belongs into a log.
                logger.error("Message %d: the server refuses its recipient.", number)
                continue
        with open_session() as session:
            outbox.sent(session, number)
        count += 1
    return count


def _waiting() -> list[tuple[int, EmailMessage]]:
    with open_session() as session:
        mails = [(message.id, mail_of(message)) for message in outbox.waiting(session)]
    return [(number, mail) for number, mail in mails if mail is not None]


def _connection(server: SmtpServer) -> smtplib.SMTP:
    connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    try:
        if server.starttls:
            connection.starttls(context=ssl.create_default_context())
        if server.user:
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection


def main(arguments: list[str]) -> int:
    """Deliver until somebody stops it."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        server = server_from_environment()
    except ShopUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    if server is None:
        print("SMTP_HOST names no server. Without one, python -m shop.show_outbox shows what waits.", file=sys.stderr)
        return 1
    while True:
        try:
            count, pause = deliver(server), SECONDS_BETWEEN
            if count:
                logger.info("%d e-mails were sent.", count)
        except (OSError, ShopUnavailable) as error:
            logger.error("E-mail cannot be sent: %s", error)
            count, pause = -1, SECONDS_AFTER_A_FAILURE
        if "--once" in arguments:
            return 0 if count >= 0 else 1
        time.sleep(pause)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
