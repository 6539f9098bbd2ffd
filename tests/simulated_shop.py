"""An assistant over real HTTP, as Rasa speaks it, with a shop in SQLite and room for faults."""

import json
import re
import sqlite3
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from textwrap import dedent
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

PEOPLE = 12
PROFILE = """\
apart: customer
together: 6
remembered: [order_number]
answers:
  order_number: ["{order}", "it's {order}"]
digressions: []
fallbacks: [utter_default]
broken: [something went wrong]
watched:
  cancelled: SELECT number FROM orders WHERE customer = :customer AND cancelled = 1
  notes: SELECT text FROM notes WHERE conversation = :conversation
questions:
  utter_confirm: [cancelled]
claims:
  number:
    pattern: '#(\\d+)'
    query: SELECT 1 FROM orders WHERE number = :value AND customer = :customer
    responses: [utter_cancelled, "?"]
goals:
  cancel:
    says: ["cancel my order", "please cancel it"]
    form: cancel_form
    facts: SELECT customer, number AS "order" FROM orders
    reached:
      responses: utter_cancelled
      query: SELECT 1 FROM orders WHERE number = :order AND cancelled = 1
  hours:
    says: ["when are you open"]
    reached: utter_hours
"""
RESPONSES = {
    "utter_ask_number": "Which order?",
    "utter_confirm": "Shall I cancel #{number}?",
    "utter_cancelled": "#{number} is cancelled.",
    "utter_left": "All right, nothing was done.",
    "utter_hours": "From nine to five.",
    "utter_default": "I did not get that.",
}
YES: tuple[str, ...] = (
    "yes",
    "yep",
    "yeah",
    "ok",
    "sure",
    "go ahead",
    "do it",
    "/yes",
    "perfect",
    "lovely",
    "great",
    "go for it",
)
YES += ("glad", "exactly", "go on")
LEAVE = ("forget it", "never mind", "stop", "bothered", "not me", "isn't my", "wrong customer", "not that person")


class SimulatedShop:
    """The assistant. ``fault`` changes what it does in one way; ``profile`` is a file that describes it."""

    def __init__(self, folder: Path) -> None:
        self.fault: Callable[[dict[str, Any], str], list[str] | None] = lambda conversation, text: None
        self.status = 200
        self.messages: list[str] = []
        self.database = folder / "shop.db"
        self.profile = folder / "simulation.yml"
        self.profile.write_text(dedent(PROFILE))
        self._conversations: dict[str, dict[str, Any]] = {}
        self._lock = Lock()
        with self.connection() as made:
            made.execute("CREATE TABLE orders (number INTEGER, customer INTEGER, cancelled INTEGER DEFAULT 0)")
            made.execute("CREATE TABLE notes (text TEXT, conversation TEXT)")
            people = [(100 + 11 * one, one) for one in range(PEOPLE)]
            made.executemany("INSERT INTO orders (number, customer) VALUES (?, ?)", people)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"  # connections stay, as at a real server

            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                if path == "/domain":
                    named = {name: [{"text": text}] for name, text in RESPONSES.items()}
                    return self._send(200, {"slots": {}, "responses": named})
                conversation = outer._conversations.get(path.split("/")[2], {"events": []})
                self._send(200, {"events": conversation["events"]})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with outer._lock:
                    if outer.status == 200:
                        outer._answer(body["sender"], body["message"])
                self._send(outer.status, [])

            def _send(self, status: int, answer: Any) -> None:
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def connection(self) -> sqlite3.Connection:
        return sqlite3.connect(self.database, timeout=10)

    def cancel(self, number: str) -> None:
        with self.connection() as shop:
            shop.execute("UPDATE orders SET cancelled = 1 WHERE number = ?", (number,))

    def _answer(self, sender: str, text: str) -> None:
        self.messages.append(text)
        state = self._conversations.setdefault(sender, {"id": sender, "events": [], "slot": "", "number": ""})
        state["events"].append({"event": "user", "text": text})
        said = self.fault(state, text)
        if said is None:
            said = self._say(state, text.lower())
        for name in said:
            message: dict[str, Any] = {
                "event": "bot",
                "text": RESPONSES.get(name, name).replace("{number}", state["number"]),
            }
            if name in RESPONSES:
                message["metadata"] = {"utter_action": name}
            if name == "utter_confirm":
                message["data"] = {"buttons": [{"title": "Yes", "payload": "/yes"}, {"title": "No", "payload": "/no"}]}
            state["events"].append(message)
        form = "cancel_form" if state["slot"] else None
        state["events"].append({"event": "active_loop", "name": form})
        state["events"].append({"event": "slot", "name": "requested_slot", "value": state["slot"] or None})

    def _say(self, state: dict[str, Any], text: str) -> list[str]:
        number = re.search(r"\b\d{3,4}\b", text)
        said = ["utter_hours"] if "open" in text else []
        if any(word in text for word in LEAVE):
            state["slot"] = ""
            return ["utter_left"]
        if number and (state["slot"] or "cancel" in text):
            state["number"], state["slot"] = number[0], "confirmed"
        elif state["slot"] == "confirmed" and any(word in text for word in YES):
            state["slot"] = ""
            self.cancel(state["number"])
            return ["utter_cancelled"]
        elif state["slot"] == "confirmed" and re.match(r"no|nope|rather not|/no", text):
            state["slot"] = ""
            return ["utter_left"]
        elif not state["slot"] and "cancel" in text:
            state["slot"] = "confirmed" if state["number"] else "order_number"
        return [*said, *self._question(state)] or ["utter_default"]

    def _question(self, state: dict[str, Any]) -> list[str]:
        return {"order_number": ["utter_ask_number"], "confirmed": ["utter_confirm"]}.get(state["slot"], [])
