"""For tests of the web chat and REST: a small Rasa assistant that says everything a channel can show.

It is trained by Rasa from the files written here, and served by Rasa's own Sanic application in a thread; actions run
on a small action server that a test can stop, or make slow.
"""

import asyncio
import json
import sqlite3
import threading
import traceback
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel
from rasa.core.run import configure_app
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import EndpointConfig
from ruamel.yaml import YAML
from sanic import Sanic
from sanic.touchup import TouchUp

from parlance.channels.rest import RestInput
from parlance.channels.web import WebInput
from parlance.rasa.tracker_store import SQLiteTrackerStore
from tests.processes import free_port

CARDS = [
    {
        "title": "Heron floor lamp",
        "subtitle": "Arched brass",
        "price": "£129.00",
        "image": "products/lamp.svg",
        "buttons": [{"title": "Tell me more", "payload": '/greet{"product": "lamp"}'}],
    },
    {"title": "Moss <b>cushion</b>", "amount": 28, "currency": "GBP", "image": "../../etc/passwd", "buttons": []},
    {"title": "Donegal throw", "price": "£74.00", "image": "products/throw.svg", "buttons": []},
]
LONG = "\n\n".join(f"Paragraph {number}. " + "A sentence that goes on for a while. " * 12 for number in range(3))
HOSTILE = "Look: <script>window.hacked=1</script> [click](javascript:window.hacked=1) ![x](https://example.com/x.png)"
RESPONSES: dict[str, list[dict[str, Any]]] = {
    "utter_greet": [{"text": "Hello!", "buttons": [{"title": "Show me lamps", "payload": "/browse"}]}],
    "utter_cards": [{"custom": {"type": "product_cards", "cards": CARDS, "text": "Three things you may like:"}}],
    "utter_long": [{"text": LONG}],
    "utter_hostile": [{"text": HOSTILE}],
    "utter_echo": [{"text": "You said: {said}"}],
    "utter_photo": [{"text": "Thank you for the photo {photo}."}],
    "utter_safe": [{"text": "**Bold**, and [the shop](https://example.com/shop)."}],
}
KEYWORDS = {
    "greet": "hello",
    "browse": "lamps",
    "long": "long",
    "hostile": "hostile",
    "echo": "echo",
    "safe": "safe",
    "act": "act",
}
RULES = {
    "greet": "utter_greet",
    "browse": "utter_cards",
    "long": "utter_long",
    "hostile": "utter_hostile",
    "echo": "utter_echo",
    "safe": "utter_safe",
    "act": "action_act",
    "deny": "action_act",
    "send_photo": "utter_photo",
}


def train(folder: Path) -> Path:
    """The path of a trained model."""
    from rasa.model_training import train as rasa_train

    folder.mkdir(parents=True)

    def write(name: str, content: Any) -> str:
        with (folder / name).open("w", encoding="utf-8") as file:
            YAML().dump(content, file)
        return str(folder / name)

    config = write(
        "config.yml",
        {
            "recipe": "default.v1",
            "language": "en",
            "assistant_id": "small",
            "pipeline": [{"name": "WhitespaceTokenizer"}, {"name": "KeywordIntentClassifier"}],
            "policies": [{"name": "RulePolicy"}],
        },
    )
    custom = [{"type": "custom"}]
    domain = write(
        "domain.yml",
        {
            "version": "3.1",
            "intents": list(RULES),
            "entities": ["photo", "product", "further_request"],
            "actions": ["action_act"],
            "responses": RESPONSES,
            "slots": {
                "said": {"type": "text", "influence_conversation": False, "mappings": [{"type": "from_text"}]},
                "photo": {
                    "type": "text",
                    "influence_conversation": False,
                    "mappings": [{"type": "from_entity", "entity": "photo"}],
                },
                "further_request": {
                    "type": "any",
                    "mappings": [{"type": "from_entity", "entity": "further_request"}],
                },
                "customer": {"type": "any", "influence_conversation": False, "mappings": custom},
            },
        },
    )
    rules = [{"rule": i, "steps": [{"intent": i}, {"action": action}]} for i, action in RULES.items()]
    nlu = [{"intent": intent, "examples": f"- {word}\n"} for intent, word in KEYWORDS.items()]
    training = write("training.yml", {"version": "3.1", "nlu": nlu, "rules": rules})
    result = rasa_train(domain, config, [training], output=str(folder / "models"), force_training=True)
    assert result.model
    return Path(result.model)


def thumbs_in(file: Path, conversation: str) -> list[dict[str, Any]]:
    """The records of a conversation's thumbs, the oldest first."""
    with closing(sqlite3.connect(file)) as database:
        database.row_factory = sqlite3.Row
        query = "SELECT * FROM channel_feedback WHERE conversation = ? ORDER BY at"
        rows = [dict(row) for row in database.execute(query, (conversation,))]
    return [{**row, "understood": json.loads(row["understood"])} for row in rows]


class ActionServer:
    """Answers as rasa_sdk's server does; ``hold`` makes it wait, ``stop`` crashes it."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.go_on.set()
        self.calls: list[dict[str, Any]] = []
        self.answer: dict[str, Any] = {"events": [], "responses": [{"text": "The action is done."}]}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.calls.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                outer.go_on.wait(20)
                body = json.dumps(outer.answer).encode()
                try:
                    self.send_response(200)
                    self.send_header("content-type", "application/json")
                    self.send_header("content-length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass  # the assistant did not wait

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def hold(self) -> None:
        self.go_on.clear()

    def stop(self) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()


class WebAssistant:
    """The assistant on a server with a web chat; what it keeps is in ``folder`` and survives ``stop`` and ``start``."""

    def __init__(self, model: Path, folder: Path, **options: Any) -> None:
        self.enable_api = False
        self.host = "127.0.0.1"
        self.model = model
        self.folder = folder
        self.actions = ActionServer()
        self.port = free_port()
        self.address = f"http://localhost:{self.port}"
        self.other_origin = ""
        self.rest = f"{self.address}/webhooks/rest/webhook"
        self.rest_options: dict[str, Any] = {}
        self.more_channels: list[InputChannel] = []
        self.options = {
            "database": str(folder / "web_chat.db"),
            "feedback_database": f"sqlite:///{folder / 'feedback.db'}",
            "secret_file": str(folder / "secret"),
            "uploads": str(folder / "uploads"),
            "page": "tests.web_assistant.page",
            "picture": "tests.web_assistant.picture",
            "identity": "shop.identity.identity_of",
            "recognised": "shop.recognition.recognised_in",
            "messages_per_minute": 1000,
            **options,
        }

    @property
    def chat(self) -> str:
        """Where the web chat is."""
        return f"{self.address}/chat"

    def start(self) -> None:
        """Starts the server; returns when it answers."""
        self._loop = asyncio.new_event_loop()
        started: threading.Event = threading.Event()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, args=[started], daemon=True)
        self._thread.start()
        assert started.wait(20), "the server did not start"

    def stop(self) -> None:
        """Stops it as Ctrl-C would."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(30)
        assert not self._thread.is_alive()

    def tracker_events(self, conversation: str) -> list[dict[str, Any]]:
        """What Rasa remembers of a conversation."""
        tracker = asyncio.run(self._tracker_store().retrieve_full_tracker(conversation))
        return [event.as_dict() for event in tracker.events] if tracker else []

    def listeners(self, conversation: str) -> int:
        """How many browsers read a conversation just now."""
        return self._channel._conversations.listeners(conversation)

    def _tracker_store(self) -> SQLiteTrackerStore:
        return SQLiteTrackerStore(Domain.load(str(self.model.parents[1] / "domain.yml")), db=self._tracker_file)

    @property
    def _tracker_file(self) -> str:
        return str(self.folder / "conversations.db")

    def _run(self, started: threading.Event) -> None:
        try:
            self._loop.run_until_complete(self._serve(started))
        except BaseException:
            traceback.print_exc()
            raise

    async def _serve(self, started: threading.Event) -> None:
        Sanic._app_registry.clear()
        channel = self._channel = WebInput.from_credentials(self.options)
        rest = RestInput.from_credentials(self.rest_options)
        app = configure_app([channel, rest, *self.more_channels], enable_api=self.enable_api)
        endpoint = EndpointConfig(self.actions.url)
        app.ctx.agent = Agent.load(str(self.model), action_endpoint=endpoint, tracker_store=self._tracker_store())
        server = await app.create_server(self.host, self.port, return_asyncio_server=True)
        await server.startup()
        # Sanic rewrites its own methods at the first start, and cannot do it twice in one process.
        TouchUp._registry.clear()
        await server.before_start()
        await server.start_serving()
        await server.after_start()
        started.set()
        await self._stopping.wait()
        await server.before_stop()
        server.close()
        for connection in server.connections:
            connection.close()
        await server.wait_closed()
        await server.after_stop()


def page(base: str) -> str:
    """A page with the widget."""
    return (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>Small</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        f'<body><main><h1>A page</h1></main><script src="{base}/widget.js" data-heading="Small" async></script>'
        "</body></html>"
    )


def picture(name: str) -> str | None:
    """A grey square for every product."""
    if not name.startswith("products/"):
        return None
    return '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"><rect width="4" height="3" fill="#999"/></svg>'
