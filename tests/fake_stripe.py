"""A stand-in for Stripe's Checkout that speaks its protocol: form-encoded parameters with nested keys, a secret key as
the user of basic authentication or as a bearer token, idempotency keys, errors in Stripe's shape, and signed calls.
"""

import base64
import hashlib
import hmac
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

KEY = "sk_test_fern"
WEBHOOK_SECRET = "whsec_fern"
LEAST_S, MOST_S = 30 * 60, 24 * 3600


class FakeStripe:
    """A server on this machine; ``sessions`` are those made, by id, and ``requests`` how often one was asked for."""

    def __init__(self) -> None:
        self.sessions: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, tuple[str, int, dict[str, Any]]] = {}
        self.requests = 0
        self.is_broken = False
        stripe = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
                status, answer = stripe.answer(self.path, self.headers, body)
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.send_header("request-id", f"req_{stripe.requests}")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Nobody is answered any more."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, headers: Any, body: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON for a request."""
        self.requests += 1
        if self.is_broken:
            return 400, error("invalid_request_error", "The stand-in is told to refuse.")
        if key_of(headers.get("authorization") or "") != KEY:
            return 401, error("invalid_request_error", "Invalid API Key provided")
        if path != "/v1/checkout/sessions":
            return 404, error("invalid_request_error", f"Unrecognized request URL (POST: {path}).")
        name = headers.get("idempotency-key") or ""
        if name in self.answers:
            before, status, answer = self.answers[name]
            if before != body:
                message = "Keys for idempotent requests can only be used with the same parameters."
                return 400, error("idempotency_error", message)
            return status, answer
        status, answer = self._create(nested(body))
        if name:
            self.answers[name] = (body, status, answer)
        return status, answer

    def _create(self, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        for name in ("mode", "success_url", "line_items"):
            if not params.get(name):
                return 400, error("invalid_request_error", f"Missing required param: {name}.", param=name)
        left = int(params.get("expires_at") or time.time() + MOST_S) - time.time()
        if not LEAST_S <= left <= MOST_S:
            message = "The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from creation."
            return 400, error("invalid_request_error", message, param="expires_at")
        amount = sum(int(item["quantity"]) * int(item["price_data"]["unit_amount"]) for item in params["line_items"])
        number = f"cs_test_{len(self.sessions) + 1:04}"
        self.sessions[number] = {
            "id": number,
            "object": "checkout.session",
            "url": f"https://checkout.stripe.test/c/pay/{number}",
            "status": "open",
            "payment_status": "unpaid",
            "amount_total": amount,
            "currency": params["line_items"][0]["price_data"]["currency"],
            "client_reference_id": params.get("client_reference_id"),
            "customer_email": params.get("customer_email"),
            "metadata": params.get("metadata", {}),
            "expires_at": int(params.get("expires_at", 0)),
            "success_url": params["success_url"],
            "cancel_url": params.get("cancel_url"),
        }
        return 200, self.sessions[number]

    def event(self, kind: str, session: str, **changed: Any) -> bytes:
        """The body of a call about a session, which has changed as such an event says."""
        states = {"checkout.session.completed": {"status": "complete", "payment_status": "paid"}}
        states["checkout.session.expired"] = {"status": "expired"}
        about = self.sessions[session] | states.get(kind, {}) | changed
        told = {"id": "evt_1", "object": "event", "type": kind, "livemode": False, "data": {"object": about}}
        return json.dumps(told).encode()


def signed(body: bytes, secret: str = WEBHOOK_SECRET, at: float | None = None) -> dict[str, str]:
    """The headers of a call: Stripe signs the time and the body."""
    moment = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return {"stripe-signature": f"t={moment},v1={digest},v0=of-another-scheme"}


def error(kind: str, message: str, **more: str) -> dict[str, Any]:
    """An error as Stripe tells one."""
    return {"error": {"type": kind, "message": message, **more}}


def key_of(authorization: str) -> str:
    """The secret key that a request shows."""
    scheme, _, shown = authorization.partition(" ")
    return base64.b64decode(shown).decode().rstrip(":") if scheme.lower() == "basic" else shown


def nested(body: str) -> dict[str, Any]:
    """Form-encoded parameters as they are meant: ``line_items[0][quantity]=1`` is a list of objects."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        first, *parts = re.findall(r"[^\[\]]+", name)
        place = found
        for part, following in zip([first, *parts], [*parts, None], strict=True):
            if following is None:
                place[part] = value
            else:
                place = place.setdefault(part, {})
    return {name: in_lists(value) for name, value in found.items()}


def in_lists(value: Any) -> Any:
    """Objects whose keys are 0, 1, 2 as lists."""
    if not isinstance(value, dict):
        return value
    inner = {key: in_lists(part) for key, part in value.items()}
    return list(inner.values()) if list(inner) == [str(n) for n in range(len(inner))] else inner
