"""Fern in the web chat as a person uses it: Chromium on the real page."""

from typing import Any

from tests.e2e.chat_page import visitor
from tests.e2e.running import Fern


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
