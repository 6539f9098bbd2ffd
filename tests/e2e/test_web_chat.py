"""The web chat as a person uses it: Chromium on the real page.

What needs Fern talks to Fern; the rest talks to the small assistant (``tests.web_assistant``), which says everything
that a channel can show and is stopped and started in a moment.
"""

import functools
import gzip
import io
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from tests.e2e.running import Fern
from tests.processes import free_port
from tests.web_assistant import WebAssistant

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
WIDGET_BYTES = 250_000


@pytest.fixture(scope="module")
def small(small_model: Path, browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebAssistant]:
    """The small assistant; pages of ``small.other_origin`` may embed its chat."""
    other_origin = f"http://127.0.0.1:{free_port()}"
    running = WebAssistant(small_model, tmp_path_factory.mktemp("small-web"), allowed_origins=[other_origin])
    running.other_origin = other_origin
    running.start()
    yield running
    running.stop()
    running.actions.stop()


class Chat:
    """A tab with the chat open."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._keep_error)

    def _keep_error(self, message: Any) -> None:
        if message.type == "error":
            self.problems.append(message.text)

    def open(self, address: str) -> "Chat":
        self.page.goto(address)
        self.page.locator(".launcher").click()
        return self.ready()

    def ready(self) -> "Chat":
        self.page.wait_for_selector("parlance-chat[ready]")
        return self

    def type(self, text: str) -> None:
        self.page.locator("#text-input").click()
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Enter")

    def choose(self, title: str) -> None:
        """Clicks a button of an answer."""
        self.page.locator(f".answer button:visible:text-is('{title}')").last.click()

    def menu(self, item: str) -> None:
        self.page.get_by_role("button", name="Chat menu").click()
        self.page.locator(".menu").get_by_role("button", name=item).click()

    @property
    def said(self) -> list[str]:
        """All bubbles but the greeting, the oldest first."""
        return self.page.evaluate(
            """() => [...document.querySelector('parlance-chat').shadowRoot.querySelector('deep-chat').shadowRoot
                .querySelectorAll('.message-bubble')]
                .filter(bubble => !bubble.querySelector('[data-entry=greeting], .loading-message-text'))
                .map(bubble => (bubble.querySelector('.words') ?? bubble).innerText.trim()).filter(text => text)"""
        )

    def wait_for(self, holds: Callable[[list[str]], bool], seconds: float = 20) -> list[str]:
        """What is said, as soon as it is as expected."""
        for _ in range(int(seconds * 20)):
            if holds(said := self.said):
                return said
            self.page.wait_for_timeout(50)
        raise AssertionError(f"the chat says {self.said}; problems: {self.problems}")

    def wait_for_count(self, count: int) -> list[str]:
        return self.wait_for(lambda said: len(said) == count)

    def wait_for_answer(self, part: str) -> list[str]:
        return self.wait_for(lambda said: bool(said) and part.lower() in said[-1].lower())


@contextmanager
def visitor(browser: Any, address: str, **settings: Any) -> Iterator[Chat]:
    """A person with a browser of their own, at the page's chat."""
    context = browser.new_context(**settings)
    try:
        yield Chat(context.new_page()).open(address)
    finally:
        context.close()


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


def photo() -> dict[str, Any]:
    data = io.BytesIO()
    Image.new("RGB", (64, 48), "#884422").save(data, "JPEG")
    return {"name": "broken lamp.jpg", "mimeType": "image/jpeg", "buffer": data.getvalue()}


# With Fern --------------------------------------------------------------------------------------------------------


def test_a_customer_finds_out_where_the_order_is_with_buttons_and_a_reload_in_between(fern: Fern, browser: Any) -> None:
    with visitor(browser, f"{fern.chat}/") as chat:
        chat.choose("Where is my order?")
        chat.wait_for_answer("number")
        chat.type("FH-10432")
        chat.wait_for_answer("mail")
        before = chat.said

        chat.page.reload()
        chat.ready()
        assert chat.wait_for(lambda said: len(said) == len(before)) == before
        chat.type("ada.byrne@example.com")
        answer = chat.wait_for_answer("tracking number")[-1]

        assert "FH-10432" in answer
        assert chat.problems == []


def test_a_person_is_called_from_the_menu(fern: Fern, browser: Any) -> None:
    with visitor(browser, f"{fern.chat}/") as chat:
        chat.menu("Talk to a person")
        said = chat.wait_for_answer("ticket")

        assert said[0] == "Talk to a person"


def test_the_shop_shows_products_with_drawings(fern: Fern, browser: Any) -> None:
    page = browser.new_page()
    try:
        page.goto(f"{fern.chat}/")
        page.wait_for_load_state("networkidle")
        widths = page.eval_on_selector_all("main img", "images => images.map(image => image.naturalWidth)")
    finally:
        page.close()

    assert len(widths) >= 6 and min(widths[:4]) > 0


# What answers look like -------------------------------------------------------------------------------------------


def test_cards_show_pictures_prices_and_buttons(small: WebAssistant, browser: Any) -> None:
    with visitor(browser, f"{small.chat}/") as chat:
        chat.type("hello")
        chat.wait_for_answer("Hello!")
        chat.choose("Show me lamps")
        chat.wait_for_answer("Three things")
        cards = chat.page.locator(".card")
        cards.first.locator("img").wait_for()

        assert cards.count() == 3
        assert cards.nth(0).locator(".price").inner_text() == "£129.00"
        assert cards.nth(1).locator("strong").inner_text() == "Moss <b>cushion</b>", "shown as text"
        assert cards.nth(1).locator(".price").inner_text() == "£28.00", "worded by the page's language"
        assert cards.nth(1).locator("img").count() == 0, "a picture that is none of the channel's"
        assert cards.nth(0).locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        assert not chat.page.locator(".replies button:visible").count(), "used up"
        chat.choose("Tell me more")
        chat.wait_for(lambda said: said[-2:] == ["Tell me more", "Hello!"])


def test_markdown_is_shown_and_links_open_in_a_new_window(small: WebAssistant, browser: Any) -> None:
    with visitor(browser, f"{small.chat}/") as chat:
        chat.type("safe")
        chat.wait_for_answer("Bold, and the shop.")
        link = chat.page.locator(".words a")

        assert chat.page.locator(".words strong").inner_text() == "Bold"
        assert link.get_attribute("href") == "https://example.com/shop"
        assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener noreferrer")


def test_hostile_text_is_shown_and_does_nothing(small: WebAssistant, browser: Any) -> None:
    hostile = [
        "echo <script>window.hacked=1</script>",
        "echo <img src=x onerror=window.hacked=1>",
        "echo [click](javascript:window.hacked=1) <a href='javascript:window.hacked=1'>x</a>",
        "echo ![x](https://example.com/track.png) [y](data:text/html,<script>1</script>)",
        "echo \u202egnirts\u202c and \u200bnothing\u200d",
    ]
    with visitor(browser, f"{small.chat}/") as chat:
        requested: list[str] = []
        chat.page.on("request", lambda request: requested.append(request.url))
        for text in hostile:
            chat.type(text)
            chat.wait_for(lambda said: said[-1].startswith("You said: echo"))
            chat.page.wait_for_timeout(100)
        chat.type("hostile")
        chat.wait_for_answer("Look:")
        own = [text for text in chat.said if text.startswith("echo")]
        chat.page.reload()
        chat.ready()
        chat.wait_for_answer("Look:")

        assert own == hostile, "what was typed is shown as it was typed"
        assert [text for text in chat.said if text.startswith("echo")] == hostile, "after a reload too"
        links = chat.page.locator(".message-bubble a").evaluate_all("links => links.map(link => link.href)")
        assert all(link.startswith(("http://", "https://")) for link in links), links
        assert not chat.page.locator(".message-bubble script, .message-bubble img").count()
        assert chat.page.evaluate("window.hacked") is None
        assert all(address.startswith(small.address) for address in requested), "nothing is fetched from elsewhere"


def test_a_message_of_100_kb_is_answered_kindly(small: WebAssistant, browser: Any) -> None:
    with visitor(browser, f"{small.chat}/") as chat:
        chat.type("x" * 100_000)
        chat.wait_for_answer("more than I can read at once")
        chat.type("hello")
        chat.wait_for_answer("Hello!")


# Nothing lost, nothing doubled ------------------------------------------------------------------------------------


def test_messages_typed_offline_are_sent_once_and_in_order(small: WebAssistant, browser: Any) -> None:
    with visitor(browser, f"{small.chat}/") as chat:
        chat.type("echo before")
        chat.wait_for_answer("You said: echo before")
        chat.page.context.set_offline(True)
        chat.page.get_by_text("You're offline").wait_for()
        for number in range(3):
            chat.type(f"echo {number}")
        chat.page.wait_for_timeout(1500)
        assert chat.page.locator(".waiting").count() == 3
        chat.page.context.set_offline(False)
        chat.wait_for_answer("You said: echo 2")
        said = chat.said
        chat.page.reload()
        chat.ready()

        assert [text for text in said if text.startswith("You")] == [
            f"You said: echo {text}" for text in ("before", 0, 1, 2)
        ]
        assert sorted(chat.wait_for(lambda again: len(again) == len(said))) == sorted(said)


def test_what_was_typed_offline_survives_closing_the_tab(small: WebAssistant, browser: Any) -> None:
    with visitor(browser, f"{small.chat}/") as chat:
        chat.page.context.set_offline(True)
        chat.page.get_by_text("You're offline").wait_for()
        chat.type("echo kept")
        context = chat.page.context
        chat.page.close()
        context.set_offline(False)
        later = Chat(context.new_page()).open(f"{small.chat}/")
        later.wait_for_answer("You said: echo kept")

        assert later.said == ["echo kept", "You said: echo kept"]


def test_a_log_out_clears_the_page_in_every_tab_and_after_a_reload(small: WebAssistant, browser: Any) -> None:
    before = small.actions.answer
    small.actions.answer = {"events": [], "responses": [{"custom": {"type": "new_visit"}}, {"text": "Logged out."}]}
    try:
        with visitor(browser, f"{small.chat}/") as chat:
            chat.type("echo my secret")
            chat.wait_for_answer("my secret")
            other = Chat(chat.page.context.new_page()).open(f"{small.chat}/")
            other.wait_for_answer("my secret")
            chat.type("act")
            for tab in (chat, other):
                assert tab.wait_for(lambda said: said == ["Logged out."])
            chat.page.reload()
            assert chat.ready().wait_for(lambda said: said == ["Logged out."])
            chat.type("echo the next one")
            chat.wait_for_answer("the next one")
    finally:
        small.actions.answer = before


def test_a_conversation_survives_a_restart_of_the_server(small: WebAssistant, browser: Any) -> None:
    with visitor(browser, f"{small.chat}/") as chat:
        chat.type("echo one")
        chat.wait_for_answer("You said: echo one")
        small.stop()
        chat.type("echo two")
        chat.page.get_by_text("Connecting again").wait_for()
        small.start()
        chat.wait_for_answer("You said: echo two")

        assert chat.said == ["echo one", "You said: echo one", "echo two", "You said: echo two"]


def test_two_tabs_of_one_visitor_agree(small: WebAssistant, browser: Any) -> None:
    with visitor(browser, f"{small.chat}/") as first:
        second = Chat(first.page.context.new_page()).open(f"{small.chat}/")
        first.type("echo from the first")
        second.wait_for_answer("You said: echo from the first")
        second.type("echo from the second")
        first.wait_for_answer("You said: echo from the second")
        assert first.said == second.said
        second.page.get_by_role("button", name="Good answer").last.click()
        first.page.locator("[data-rating=up][aria-pressed=true]").wait_for()

        first.menu("Start over")
        first.wait_for(lambda said: said == [])
        second.wait_for(lambda said: said == [])


def test_two_visitors_never_see_each_other(small: WebAssistant, browser: Any) -> None:
    with visitor(browser, f"{small.chat}/") as ada, visitor(browser, f"{small.chat}/") as tom:
        for number in range(3):
            ada.type(f"echo ada {number}")
            tom.type(f"echo tom {number}")
        ada.wait_for_answer("You said: echo ada 2")
        tom.wait_for_answer("You said: echo tom 2")

        assert not [text for text in ada.said if "tom" in text]
        assert not [text for text in tom.said if "ada" in text]
        assert len(ada.said) == len(tom.said) == 6


# Photos, transcript, feedback -------------------------------------------------------------------------------------


def test_a_photo_is_sent_and_shown(small: WebAssistant, browser: Any) -> None:
    with visitor(browser, f"{small.chat}/") as chat:
        with chat.page.expect_file_chooser() as chooser:
            chat.page.get_by_role("button", name="Send a photo").click()
        chooser.value.set_files([photo()])
        chat.wait_for_answer("Thank you for the photo")
        picture = chat.page.get_by_alt_text("Photo: broken lamp.jpg")
        picture.evaluate("image => image.decode()")

        assert picture.evaluate("image => image.naturalWidth") == 64
        with chat.page.expect_file_chooser() as chooser:
            chat.page.get_by_role("button", name="Send a photo").click()
        chooser.value.set_files([{"name": "x.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}])
        chat.page.get_by_text("I can only take photos").wait_for()


def test_the_transcript_can_be_saved(small: WebAssistant, browser: Any) -> None:
    with visitor(browser, f"{small.chat}/") as chat:
        chat.type("echo keep this")
        chat.wait_for_answer("You said: echo keep this")
        with chat.page.expect_download() as download:
            chat.menu("Download transcript")
        text = Path(download.value.path()).read_text(encoding="utf-8")

        assert download.value.suggested_filename.endswith(".txt")
        assert "You: echo keep this" in text and "Assistant: You said: echo keep this" in text


# Other pages ------------------------------------------------------------------------------------------------------


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


def test_a_crashed_action_server_yields_an_apology(small_model: Path, browser: Any, tmp_path: Path) -> None:
    crashed = WebAssistant(small_model, tmp_path)
    crashed.actions.stop()
    crashed.start()
    try:
        with visitor(browser, f"{crashed.chat}/") as chat:
            chat.type("act")
            chat.wait_for_answer("something went wrong on our side")
    finally:
        crashed.stop()


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


def test_two_spaces_that_are_typed_are_stored_as_spaces(small: WebAssistant, browser: Any) -> None:
    with visitor(browser, f"{small.chat}/") as chat:
        chat.page.locator("#text-input").click()
        chat.page.keyboard.type("echo a  b")
        chat.page.keyboard.press("Enter")
        chat.wait_for(lambda said: said[-1].startswith("You said"))
    with sqlite3.connect(small.folder / "web_chat.db") as database:
        stored = database.execute("SELECT body FROM entries WHERE kind = 'user' ORDER BY at DESC LIMIT 1").fetchone()
    database.close()
    assert json.loads(stored[0])["text"] == "echo a  b"
