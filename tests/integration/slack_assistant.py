"""For tests of Slack: a small assistant of rules alone, its action server, and Rasa's server in a thread."""

import asyncio
import logging
import socket
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web
from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel
from rasa.core.run import configure_app
from rasa.core.tracker_store import SQLTrackerStore
from rasa.utils.endpoints import EndpointConfig
from rasa.utils.log_utils import configure_structlog
from sanic import Sanic

from shop.identity import identity_of
from tests.integration.conftest import write_yaml

Result = TypeVar("Result")

RULES = {
    "greet": "utter_greet",
    "send_photo": "action_photo",
    "nlu_fallback": "action_echo",
    **{name: f"action_{name}" for name in ("slow", "crash", "who_am_i", "cards", "long", "hand_over")},
}
"""What follows on each intent."""

SLOW_SECONDS = 5.0
CARDS = {
    "type": "product_cards",
    "text": "Two lamps",
    "cards": [
        {
            "title": name,
            "subtitle": "Brass & <glass>",
            "price": "€49.00",
            "image": "products/lamp.svg",
            "buttons": [{"title": f"Choose {name}", "payload": f"chosen {name}"}],
        }
        for name in ("Aurora", "Borealis")
    ],
}
LONG = "\n\n".join(f"Paragraph {number}. " + "A sentence that goes on & on. " * 40 for number in range(6))


CONFIG = {
    "recipe": "default.v1",
    "language": "en",
    "assistant_id": "small",
    "pipeline": [
        {"name": "WhitespaceTokenizer"},
        {"name": "KeywordIntentClassifier"},
        {"name": "FallbackClassifier", "threshold": 0.5},
    ],
    "policies": [{"name": "RulePolicy"}],
}
GREETING = {
    "text": "Hello from **Fern**",
    "buttons": [{"title": "Where is it?", "payload": "where is it"}, {"title": "Help", "payload": "help me"}],
}
DOMAIN = {
    "version": "3.1",
    "intents": [intent for intent in RULES if intent != "nlu_fallback"],
    "entities": ["photo"],
    "slots": {
        "photo": {
            "type": "text",
            "influence_conversation": False,
            "mappings": [{"type": "from_entity", "entity": "photo"}],
        },
    },
    "responses": {"utter_greet": [GREETING]},
    "actions": [action for action in RULES.values() if action.startswith("action_")],
}
EXAMPLES = {
    intent: {"greet": ["hello", "hi there"]}.get(intent, [f"do {intent}", f"please do {intent}"])
    for intent in RULES
    if intent != "nlu_fallback"
}
NLU = {
    "version": "3.1",
    "nlu": [
        {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)} for intent, texts in EXAMPLES.items()
    ],
}
RULE_FILE = {
    "version": "3.1",
    "rules": [{"rule": intent, "steps": [{"intent": intent}, {"action": action}]} for intent, action in RULES.items()],
}


def train(folder: Path) -> Path:
    """The trained model. "hello" greets, "do slow" runs action_slow and so on, and everything else is echoed."""
    from rasa.model_training import train

    for name, content in {"config": CONFIG, "domain": DOMAIN, "data/nlu": NLU, "data/rules": RULE_FILE}.items():
        write_yaml(folder / f"{name}.yml", content)
    data = [str(folder / "data")]
    result = train(str(folder / "domain.yml"), str(folder / "config.yml"), data, str(folder / "models"))
    assert result.model
    return Path(result.model)


async def act(request: web.Request) -> web.Response:
    """The action server: https://rasa.com/docs/rasa/pages/action-server-api"""
    call = await request.json()
    latest = call["tracker"]["latest_message"]
    events: list[dict[str, Any]] = []
    say: dict[str, Any] = {}
    action = call["next_action"].removeprefix("action_")
    if action == "crash":
        raise web.HTTPInternalServerError(text="the action crashed")
    if action == "slow":
        await asyncio.sleep(SLOW_SECONDS)
        say = {"text": "slow is done"}
    elif action == "echo":
        say = {"text": f"You said: {latest['text']}"}
    elif action == "who_am_i":
        identity = identity_of((latest.get("metadata") or {}).get("identity_token"))
        say = {"text": f"{identity.name}, {identity.email}" if identity else "nobody I know"}
    elif action == "photo":
        attachment = latest["metadata"]["attachment"]
        say = {"text": f"photo {call['tracker']['slots']['photo']} {attachment['type']} {attachment['name']}"}
    elif action == "cards":
        say = {"custom": CARDS}
    elif action == "long":
        say = {"text": LONG}
    elif action == "hand_over":
        events = [{"event": "pause"}]
    return web.json_response({"events": events, "responses": [say] if say else []})


class LoopThread:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def run(self, coroutine: Coroutine[Any, Any, Result], seconds: float = 60) -> Result:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(seconds)

    def end(self) -> None:
        self.run(self._cancel_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    @staticmethod
    async def _cancel_all() -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class ActionServer:
    """Serves ``act``."""

    def __init__(self) -> None:
        self._thread = LoopThread()
        self._thread.run(self._start())

    async def _start(self) -> None:
        app = web.Application(client_max_size=10**8)
        app.router.add_post("/webhook", act)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/webhook"

    def stop(self) -> None:
        self._thread.run(self._runner.cleanup())
        self._thread.end()


class RasaServer:
    """Rasa's own Sanic app with one channel, listening on a port, as ``rasa run`` makes it."""

    def __init__(self, model: Path, channel: InputChannel, action_url: str, conversations: Path) -> None:
        configure_structlog(logging.WARNING)
        Sanic.test_mode = True  # several apps of one name in one process
        store = SQLTrackerStore(dialect="sqlite", db=str(conversations))
        self.agent = Agent.load(model, tracker_store=store, action_endpoint=EndpointConfig(action_url))
        self.app = configure_app([channel], use_uvloop=True, enable_api=True)
        self.app.ctx.agent = self.agent
        self._thread = LoopThread()
        self._thread.run(self._start())

    async def _start(self) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._server = await self.app.create_server(sock=listening, return_asyncio_server=True)
        await self._server.startup()
        await self._server.before_start()
        await self._server.start_serving()
        await self._server.after_start()

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return self._thread.run(coroutine)

    def stop(self) -> None:
        async def end() -> None:
            await self._server.before_stop()
            await self._server.close()
            await self._server.after_stop()

        self._thread.run(end())
        self._thread.end()
