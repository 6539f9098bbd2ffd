"""Takes the pictures of ``docs/images`` anew from a running assistant: ``make run`` in another terminal, then this.

ADDRESS names the assistant where it is not http://localhost:5005.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from typing import Any

from scripts.console import Problem, Steps, report_problems
from scripts.environment import ROOT
from scripts.services import why_not_ready

IMAGES = ROOT / "docs" / "images"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DESKTOP = {"width": 1100, "height": 760}
PHONE = {"width": 390, "height": 760}


def say(page: Any, text: str, answer: str) -> None:
    """Types a message and waits for a part of the answer."""
    page.locator("#text-input").click()
    page.keyboard.insert_text(text)
    page.keyboard.press("Enter")
    page.locator(".answer.bot .words", has_text=answer).last.wait_for()


def order_question(page: Any) -> None:
    """Where an order is, from the first question to a thumb."""
    page.get_by_role("button", name="Where is my order?").click()
    page.locator(".answer.bot", has_text="number").first.wait_for()
    say(page, "FH-10432", "mail")
    say(page, "ada.byrne@example.com", "tracking number")
    page.get_by_role("button", name="Good answer").last.click()


def half_an_order_question(page: Any) -> None:
    """The middle of the form, with its button."""
    say(page, "hi, any idea where my parcel is?", "number")


def person(page: Any) -> None:
    """A person is called from the menu."""
    page.get_by_role("button", name="Chat menu").click()


PICTURES: tuple[tuple[str, dict[str, Any], Callable[[Any], None]], ...] = (
    ("web-chat.png", {"viewport": DESKTOP}, order_question),
    ("web-chat-dark.png", {"viewport": DESKTOP, "color_scheme": "dark"}, half_an_order_question),
    ("web-chat-phone.png", {"viewport": PHONE}, person),
)


@report_problems
def main(_arguments: list[str]) -> int:
    """``make screenshots``."""
    address = os.environ.get("ADDRESS", "http://localhost:5005").rstrip("/")
    if why_not_ready(f"{address}/ready") != "":
        raise Problem(f"No assistant answers at {address}.", "Start it with: make run. ADDRESS names another place.")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise Problem("There is no Chromium here.", "Install it: apt install chromium")
    from playwright.sync_api import sync_playwright

    IMAGES.mkdir(parents=True, exist_ok=True)
    steps = Steps(len(PICTURES))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name, settings, act in PICTURES:
            with steps.step(f"docs/images/{name}"):
                page = browser.new_page(**settings)
                page.goto(f"{address}/chat/")
                page.locator(".launcher").click()
                page.wait_for_selector("parlance-chat[ready]")
                act(page)
                page.wait_for_timeout(500)  # scrolling ends
                page.screenshot(path=str(IMAGES / name))
                page.close()
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
