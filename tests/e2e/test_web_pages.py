"""The pages that the web chat is on: who may embed it, everybody who uses it, and changes without loading anew."""

import functools
import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.e2e.chat_page import Chat, visitor
from tests.processes import free_port
from tests.web_assistant import WebAssistant

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
WIDGET_BYTES = 250_000


# Other pages ------------------------------------------------------------------------------------------------------


@contextmanager
def page_elsewhere(origin: str, html: str, folder: Path) -> Iterator[str]:
    """A page on another origin than the chat's."""
    (folder / "index.html").write_text(html, encoding="utf-8")
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", int(origin.rsplit(":", 1)[1])), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"{origin}/"
    finally:
        server.shutdown()
        server.server_close()


def embedding(chat: str, attributes: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Elsewhere</title></head><body><main>'
        f'<h1>Elsewhere</h1></main><script src="{chat}/widget.js" {attributes}></script></body></html>'
    )


def test_an_allowed_page_embeds_the_chat_with_its_own_colours_and_language(
    small: WebAssistant, browser: Any, tmp_path: Path
) -> None:
    attributes = 'data-heading="Hilfe" data-language="de" data-accent="#7a1f5c" data-theme="dark" data-side="left"'
    with (
        page_elsewhere(small.other_origin, embedding(small.chat, attributes), tmp_path) as address,
        visitor(browser, address) as chat,
    ):
        chat.type("echo von nebenan")
        chat.wait_for_answer("You said: echo von nebenan")
        bar = chat.page.locator(".bar")

        assert bar.evaluate("bar => getComputedStyle(bar).backgroundColor") == "rgb(122, 31, 92)"
        assert bar.bounding_box()["x"] < 100
        assert chat.page.get_by_role("button", name="Chat schließen").is_visible()
        assert chat.page.get_by_role("textbox", name="Nachricht schreiben").is_visible()


def test_a_page_that_is_not_allowed_is_refused(small: WebAssistant, browser: Any, tmp_path: Path) -> None:
    origin = f"http://127.0.0.1:{free_port()}"
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    try:
        with page_elsewhere(origin, embedding(small.chat, ""), tmp_path) as address:
            page.goto(address)
            page.locator(".launcher").click()
            page.wait_for_timeout(1500)
            assert not page.locator("parlance-chat[ready]").count()
            assert any("CORS" in line for line in said), said
    finally:
        page.close()


# For everybody ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {"color_scheme": "light"},
        {"color_scheme": "dark"},
        {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True},
    ],
    ids=["light", "dark", "phone"],
)
def test_axe_finds_nothing_serious(small: WebAssistant, browser: Any, settings: dict[str, Any]) -> None:
    with visitor(browser, f"{small.chat}/", **settings) as chat:
        chat.type("hello")
        chat.wait_for_answer("Hello!")
        chat.type("lamps")
        chat.wait_for_answer("Three things")
        chat.page.get_by_role("button", name="Chat menu").click()
        chat.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = chat.page.evaluate("axe.run().then(result => result.violations)")
        serious = [
            (rule["id"], [node["target"] for node in rule["nodes"]], rule["nodes"][0]["failureSummary"])
            for rule in found
            if rule["impact"] in ("serious", "critical")
        ]

        assert serious == []
        assert chat.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"


def test_everything_can_be_done_with_the_keyboard(small: WebAssistant, browser: Any) -> None:
    context = browser.new_context()
    page = context.new_page()
    chat = Chat(page)
    try:
        page.goto(f"{small.chat}/")
        page.locator(".launcher").wait_for()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        chat.ready()
        page.keyboard.type("hello")
        page.keyboard.press("Enter")
        chat.wait_for_answer("Hello!")
        page.locator(".replies button").focus()
        page.keyboard.press("Enter")
        chat.wait_for_answer("Three things")
        page.keyboard.press("Escape")
        assert page.locator(".panel").is_hidden()
        page.keyboard.press("Enter")
        assert page.locator(".panel").is_visible(), "the launcher has the focus again"
    finally:
        context.close()


def test_the_chat_fills_a_phone(small: WebAssistant, browser: Any) -> None:
    with visitor(browser, f"{small.chat}/", viewport={"width": 360, "height": 640}) as chat:
        box = chat.page.locator(".panel").bounding_box()

        assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 360, 640)


def test_the_script_is_small_enough(small: WebAssistant, browser: Any) -> None:
    answer = requests.get(f"{small.chat}/widget.js", headers={"accept-encoding": "gzip"}, stream=True, timeout=10)
    sent = answer.raw.read(decode_content=False)

    assert answer.headers["content-encoding"] == "gzip" and len(sent) < WIDGET_BYTES, len(sent)
    assert gzip.decompress(sent)
    again = requests.get(f"{small.chat}/widget.js", headers={"if-none-match": answer.headers["etag"]}, timeout=10)
    assert again.status_code == 304


# Pages that change without loading anew ---------------------------------------------------------------------------


ELEMENT = "document.querySelector('parlance-chat')"
EVALUATE_AGAIN = """() => {
  const script = document.createElement("script");
  script.src = new URL("widget.js", location.href).href;
  document.body.append(script);
}"""
NEW_BODY = """withScript => {
  const body = document.createElement("body");
  body.innerHTML = "<h1>The second page</h1>";
  if (withScript) {
    const script = document.createElement("script");
    script.src = new URL("widget.js", location.href).href;
    body.append(script);
  }
  document.documentElement.replaceChild(body, document.body);
}"""
NEW_CONTENT = f"() => {{ document.body.innerHTML = '<h1>The second page</h1>'; ({EVALUATE_AGAIN})(); }}"


def test_the_chat_goes_on_when_the_page_moves_it_or_takes_it_out_for_a_while(small: WebAssistant, browser: Any) -> None:
    with visitor(browser, f"{small.chat}/") as chat:
        streams: list[str] = []
        chat.page.on("request", lambda request: streams.extend([request.url] if "/events" in request.url else []))
        chat.type("echo before")
        chat.wait_for_answer("You said: echo before")
        chat.page.evaluate(f"document.body.prepend({ELEMENT})")
        chat.type("echo moved")
        chat.wait_for_answer("You said: echo moved")
        assert streams == [], "a move needs no new connection"

        chat.page.evaluate(f"window.kept = {ELEMENT}; window.kept.remove()")
        chat.page.wait_for_timeout(300)
        chat.page.evaluate("document.body.append(window.kept)")
        chat.type("echo back")
        chat.wait_for_answer("You said: echo back")

        assert chat.said == [f"{who}echo {what}" for what in ("before", "moved", "back") for who in ("", "You said: ")]
        assert len(streams) == 1, "one connection, of which there was none in between"
        assert chat.problems == []


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        (EVALUATE_AGAIN, None),
        (NEW_BODY, True),
        (NEW_BODY, False),
        (NEW_CONTENT, None),
    ],
    ids=["script again", "new body with the script", "new body without it", "new content with the script"],
)
def test_the_chat_survives_a_change_of_page_and_its_script_again(
    small: WebAssistant, browser: Any, change: str, argument: Any
) -> None:
    with visitor(browser, f"{small.chat}/") as chat:
        chat.type("echo before")
        chat.wait_for_answer("You said: echo before")
        for number in range(2):
            chat.page.evaluate(change, argument)
            chat.page.wait_for_timeout(300)
            chat.ready()
            chat.wait_for_count(2 + 2 * number)
            chat.type(f"echo {number}")
            chat.wait_for_answer(f"You said: echo {number}")

        assert chat.page.locator("parlance-chat").count() == 1
        assert chat.said == [f"{who}echo {what}" for what in ("before", "0", "1") for who in ("", "You said: ")]
        conversation = chat.page.evaluate("Object.entries(localStorage).find(([name]) => name.endsWith('token'))[1]")
        assert small.listeners(conversation.split(".")[0]) == 1
        assert chat.problems == []


def test_a_new_tag_says_who_is_signed_in_now(small: WebAssistant, browser: Any) -> None:
    with visitor(browser, f"{small.chat}/") as chat:
        with chat.page.expect_request(lambda request: request.headers.get("x-identity-token") == "a-token"):
            chat.page.evaluate(
                """() => {
                  const script = document.createElement("script");
                  script.src = new URL("widget.js", location.href).href;
                  script.dataset.identityToken = "a-token";
                  document.body.append(script);
                }"""
            )
