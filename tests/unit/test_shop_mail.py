"""The outbox goes out over SMTP, to a server that really listens."""

import socketserver
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.engine import URL

from shop import outbox
from shop.database import open_session
from shop.deliver_mail import SmtpServer, deliver, main, server_from_environment
from shop.errors import ShopUnavailable
from shop.mails import SUBJECTS_AND_WORDS
from shop.models import OutboxMessage


class Mailbox(socketserver.ThreadingTCPServer):
    """An SMTP server (RFC 5321, without extensions) that keeps what it is given and refuses ``bounce@``."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Smtp)
        self.kept: list[str] = []


class _Smtp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Mailbox)
        self._say("220 test")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "DATA":
                self._say("354 go on")
                lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
                self.server.kept.append("".join(lines))
                self._say("250 kept")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("550 no such person" if verb == "RCPT" and "bounce@" in line else "250 fine")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def mailbox(own_shop: URL) -> Iterator[Mailbox]:
    with Mailbox() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def at(mailbox: Mailbox) -> SmtpServer:
    return SmtpServer("127.0.0.1", mailbox.server_address[1], starttls=False)


def put(kind: str, recipient: str, **content: object) -> None:
    with open_session() as session:
        outbox.put(session, kind, recipient, **content)


def contents() -> list[tuple[bool, dict[str, object]]]:
    with open_session() as session:
        messages = session.execute(select(OutboxMessage).order_by(OutboxMessage.id)).scalars()
        return [(message.sent_at is not None, message.content) for message in messages]


def test_mail_is_sent_once_and_its_code_forgotten(mailbox: Mailbox) -> None:
    put("one_time_code", "bounce@example.com", name="Bo", code="111111")
    put("one_time_code", "ada@example.com", name="Ada Ünal", code="123456")
    put("email_changed", "ada@example.com", name="Ada", token="t-o-k-e-n")
    put("return_label", "ada@example.com", reference="RT-1", order_number=1)  # another sender's
    assert deliver(at(mailbox)) == 2 and deliver(at(mailbox)) == 0
    assert len(mailbox.kept) == 2 and "To: ada@example.com" in mailbox.kept[0]
    assert "/account/t-o-k-e-n" in mailbox.kept[1]
    assert [sent for sent, _ in contents()] == [False, True, True, False]
    assert contents()[1][1] == {"name": "Ada Ünal"} and contents()[2][1] == {"name": "Ada"}


def test_a_server_that_is_away_loses_nothing(own_shop: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    put("data_deleted", "ada@example.com", reference="DR-1")
    monkeypatch.setenv("SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("SMTP_PORT", "9")
    assert main(["--once"]) == 1
    assert contents() == [(False, {"reference": "DR-1"})]


def test_without_a_server_the_command_says_where_mail_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SMTP_HOST", raising=False)
    assert main(["--once"]) == 1 and "shop.show_outbox" in capsys.readouterr().err


@pytest.mark.parametrize(
    "variables", [{"SMTP_PORT": "x"}, {"SMTP_STARTTLS": "maybe"}, {"SMTP_USER": "u", "SMTP_STARTTLS": "0"}]
)
def test_settings_that_cannot_be_meant_are_refused(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_HOST", "mail.example.com")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ShopUnavailable):
        server_from_environment()


def test_kinds_have_words() -> None:
    assert {"one_time_code", "confirm_email", "email_changed", "address_changed"} <= set(SUBJECTS_AND_WORDS)
