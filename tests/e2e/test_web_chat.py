"""The web chat as a person uses it: Chromium on a page of the small assistant (``tests.web_assistant``)."""

import io
import json
import sqlite3
from pathlib import Path
from typing import Any

from PIL import Image

from tests.e2e.chat_page import Chat, visitor
from tests.web_assistant import WebAssistant

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


# Photos, transcript, apologies ------------------------------------------------------------------------------------


def photo() -> dict[str, Any]:
    data = io.BytesIO()
    Image.new("RGB", (64, 48), "#884422").save(data, "JPEG")
    return {"name": "broken lamp.jpg", "mimeType": "image/jpeg", "buffer": data.getvalue()}


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
