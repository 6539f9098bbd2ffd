"""What the web chat passes on: calls of other servers, and pages to which they send people back."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests

from tests.web_assistant import WebAssistant

CALLS: list[tuple[str, bytes, str]] = []


def hook(name: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Takes calls of the name "pay", and notes them."""
    CALLS.append((name, body, headers.get("stripe-signature", "")))
    return 200 if name == "pay" else 404


def further_page(name: str) -> str | None:
    """One page."""
    return "<p>Thank you</p>" if name == "paid" else None


@pytest.fixture(scope="module")
def paying(small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebAssistant]:
    here = "tests.integration.test_web_hooks"
    functions = {"hook": f"{here}.hook", "further_page": f"{here}.further_page"}
    running = WebAssistant(small_model, tmp_path_factory.mktemp("paying"), **functions)
    running.start()
    yield running
    running.stop()
    running.actions.stop()


def test_a_call_of_another_server_reaches_its_function_byte_by_byte(paying: WebAssistant) -> None:
    CALLS.clear()
    body = b'{"a":  1}\n'
    answer = requests.post(f"{paying.chat}/hooks/pay", body, headers={"Stripe-Signature": "t=1,v1=2"}, timeout=5)
    assert (answer.status_code, answer.content) == (200, b"")
    assert CALLS == [("pay", body, "t=1,v1=2")]
    assert requests.post(f"{paying.chat}/hooks/other", body, timeout=5).status_code == 404


def test_a_call_that_is_too_long_is_refused(paying: WebAssistant) -> None:
    answer = requests.post(f"{paying.chat}/hooks/pay", b"x" * 300_000, timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_further_pages_are_served_and_run_no_scripts(paying: WebAssistant) -> None:
    answer = requests.get(f"{paying.chat}/pages/paid", timeout=5)
    assert answer.text == "<p>Thank you</p>" and "default-src 'none'" in answer.headers["content-security-policy"]
    assert requests.get(f"{paying.chat}/pages/other", timeout=5).json()["code"] == "no_page"


def test_nothing_is_taken_nor_shown_where_no_function_is_named(small_model: Path, tmp_path: Path) -> None:
    assistant = WebAssistant(small_model, tmp_path)
    assistant.start()
    assert requests.post(f"{assistant.chat}/hooks/pay", b"{}", timeout=5).json()["code"] == "no_hook"
    assert requests.get(f"{assistant.chat}/pages/paid", timeout=5).json()["code"] == "no_page"
    assistant.stop()
    assistant.actions.stop()
