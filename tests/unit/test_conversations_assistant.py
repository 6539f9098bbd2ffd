"""What talking to an assistant makes of servers that are not as they should be: real HTTP, one answer for all."""

import asyncio
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep
from typing import Any

import pytest

from parlance.testing.assistant import Assistant
from parlance.testing.errors import AssistantFault, AssistantUnreachable

Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server that answers everything alike, and returns its address."""
    servers: list[ThreadingHTTPServer] = []

    def start(status: int = 200, body: str = "{}", wait: float = 0.0, asked: list[str] | None = None) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if asked is not None:
                    asked.append(self.path)
                sleep(wait)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def ask(url: str, what: str, *arguments: object, **options: Any) -> Any:
    async def in_loop() -> Any:
        async with Assistant(url, **options) as assistant:
            return await getattr(assistant, what)(*arguments)

    return asyncio.run(in_loop())


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"status": 404}, "HTTP API closed. Start it with --enable-api."),
        ({"status": 401}, "refuses the token. Give it with --token."),
        ({"status": 409}, "has no model loaded"),
        ({"status": 200, "body": "<html>"}, "is not a Rasa server"),
        ({"status": 502}, "is not a Rasa server .status 502."),
    ],
)
def test_an_assistant_that_cannot_be_tested_is_named_with_the_remedy(serve: Serve, answer: dict, message: str) -> None:
    with pytest.raises(AssistantUnreachable, match=message) as raised:
        ask(serve(**answer), "domain")
    assert raised.value.exit_status == 3


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "localhost:5005", "http://", "nonsense"])
def test_an_address_where_nobody_is(url: str) -> None:
    with pytest.raises(AssistantUnreachable, match="No assistant answers at"):
        ask(url, "domain")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"status": 500, "body": "out of\nmemory"}, "answered 500 when answering the message: out of memory"),
        ({"status": 404}, "has no REST channel"),
        ({"wait": 2.0}, "took longer than 1 s for answering the message"),
    ],
)
def test_an_answer_that_is_none_is_the_assistants_fault(serve: Serve, answer: dict, message: str) -> None:
    with pytest.raises(AssistantFault, match=message):
        ask(serve(**answer), "say", "me", "hi", {}, timeout=1.0)


def test_a_tracker_without_events_is_a_fault(serve: Serve) -> None:
    with pytest.raises(AssistantFault, match="no list of events"):
        ask(serve(body="[]"), "events", "me")


def test_the_token_goes_with_each_request_and_into_no_message(serve: Serve) -> None:
    asked: list[str] = []
    url = serve(body=json.dumps({"events": []}), asked=asked)
    ask(url, "events", "me", token="s3cret&")
    assert asked == ["/conversations/me/tracker?token=s3cret%26&include_events=ALL"]

    for what, arguments in (("domain", ()), ("events", ("me",))):
        with pytest.raises((AssistantFault, AssistantUnreachable)) as raised:
            ask(serve(status=500), what, *arguments, token="s3cret")
        assert "s3cret" not in str(raised.value)


def test_names_of_the_domain_are_read(serve: Serve) -> None:
    body = {"slots": {"name": {}}, "responses": {"utter_hi": [{"text": "Hi"}, {"custom": {}}, {"text": "Hey"}]}}
    domain = ask(serve(body=json.dumps(body)), "domain")
    assert domain.responses == {"utter_hi": ["Hi", "Hey"]}
    assert set(domain.slots) == {"name", "requested_slot", "session_started_metadata"}
