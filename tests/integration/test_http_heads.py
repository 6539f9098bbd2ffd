"""A request whose head names an odd length is refused at once, and everybody else is answered: both servers."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from parlance.http_heads import is_length
from tests.web_assistant import WebAssistant

ODD = [
    b"content-length: -5", b"content-length: -0", b"content-length: +5", b"content-length: 1_0", b"content-length: abc",
    b"content-length: ", b"content-length: 5\r\ncontent-length: 6", b"content-length: \xd9\xa5",
    b"content-length: 99999999999999999999", b"transfer-encoding: chunked\r\ncontent-length: -5",
    b"transfer-encoding: chunked\r\ncontent-length: 5", b"transfer-encoding: gzip, chunked",
    b"transfer-encoding: identity",
]  # fmt: skip


@pytest.fixture(scope="module")
def assistant(small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebAssistant]:
    running = WebAssistant(small_model, tmp_path_factory.mktemp("heads"))
    running.start()
    yield running
    running.stop()
    running.actions.stop()


def status_of(address: str, request: bytes) -> int:
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20) as connection:
        connection.sendall(request)
        return int(connection.recv(4096).split(b" ", 2)[1])


@pytest.mark.parametrize("path", ["/webhooks/rest/webhook", "/chat/", "/chat/messages", "/", "/nothing"])
@pytest.mark.parametrize("odd", ODD)
def test_an_odd_length_is_refused_and_the_server_goes_on(assistant: WebAssistant, path: str, odd: bytes) -> None:
    for method in (b"POST", b"GET"):
        head = b"%b %b HTTP/1.1\r\nhost: x\r\n%b\r\n\r\nhello" % (method, path.encode(), odd)
        assert status_of(assistant.address, head) in (400, 413)
    assert requests.get(assistant.address, timeout=10).status_code == 200


@pytest.mark.parametrize(("text", "is_one"), [("0", True), (" 12\t", True), ("", False), ("-1", False), ("٥", False)])
def test_a_length_is_digits(text: str, is_one: bool) -> None:
    assert is_length(text) is is_one
