"""The web chat as one person's browser sees it: seconds until a message can be typed, and from Enter to the answer.

    make run                                              # in another terminal
    .venv/bin/python benchmarks/web_page.py

Chromium opens the page anew each time, with an empty cache, and opens the chat. Times are taken inside the page.
"""

import argparse
import json
import shutil
import statistics
import time
from datetime import date
from pathlib import Path
from typing import Any

from machine import machine, versions
from web_load import QUESTION, check_loopback

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MESSAGES_A_PAGE = 8
"""Below the limit of twenty messages a minute."""
WAIT_SECONDS = 30.0

WATCH = """
(() => {
  const chat = () => document.querySelector('parlance-chat')?.shadowRoot;
  const inside = () => chat()?.querySelector('deep-chat')?.shadowRoot;
  const answers = () => inside()?.querySelectorAll('.answer.bot').length ?? 0;
  const seen = window.measured = {usable: null, sent: null, before: 0, bubble: null};
  let opened = false;
  const look = () => {
    if (!opened && chat()?.querySelector('.launcher')) {
      opened = true;
      chat().querySelector('.launcher').click();
    }
    const ready = document.querySelector('parlance-chat[ready]') && inside()?.querySelector('#text-input');
    if (seen.usable === null && ready) seen.usable = performance.now();
    if (seen.sent !== null && seen.bubble === null && answers() > seen.before) seen.bubble = performance.now();
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  addEventListener('keydown', event => {
    if (event.key === 'Enter') Object.assign(seen, {sent: performance.now(), before: answers(), bubble: null});
  }, true);
})();
"""


def wait_until(page: Any, holds: str) -> None:
    """Waits until an expression is true in the page, whose policy forbids Playwright's own way to do so."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not page.evaluate(holds):
        if time.monotonic() > deadline:
            raise SystemExit(f"The page did not get there within {WAIT_SECONDS:g} s: {holds}")
        page.wait_for_timeout(20)


def visit(browser: Any, address: str) -> tuple[float, list[float]]:
    """One visitor: milliseconds until a message can be typed, and from Enter to the first bubble of each answer."""
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(f"{address}/chat/")
    wait_until(page, "measured.usable !== null")
    usable = page.evaluate("measured.usable")
    answers = []
    for _ in range(MESSAGES_A_PAGE):
        page.locator("#text-input").click()
        page.keyboard.insert_text(QUESTION)
        page.keyboard.press("Enter")
        wait_until(page, "measured.bubble !== null")
        answers.append(page.evaluate("measured.bubble - measured.sent"))
        page.evaluate("Object.assign(measured, {sent: null, bubble: null})")
        page.wait_for_timeout(300)
    context.close()
    return usable, answers[1:]  # the first begins Rasa's session as well


def figures(pages: list[float], answers: list[float]) -> dict[str, float]:
    """Medians and the longest, in milliseconds."""
    return {
        "usable_p50_ms": round(statistics.median(pages), 1),
        "usable_max_ms": round(max(pages), 1),
        "bubble_p50_ms": round(statistics.median(answers), 1),
        "bubble_p95_ms": round(statistics.quantiles(answers, n=20)[-1], 1),
    }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--address", default="http://localhost:5005", help="the assistant (%(default)s)")
    parser.add_argument("--pages", type=int, default=10, help="how often the page is opened (%(default)s)")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    options = parser.parse_args()
    check_loopback(options.address)
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise SystemExit("There is no Chromium here. Install it: apt install chromium")
    from playwright.sync_api import sync_playwright

    pages, answers = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for _ in range(options.pages):
            usable, took = visit(browser, options.address)
            pages.append(usable)
            answers += took
        browser.close()
    found = {
        **figures(pages, answers),
        "pages": len(pages),
        "messages": len(answers),
        "machine": machine(),
        "versions": versions(),
        "date": date.today().isoformat(),
    }
    text = json.dumps(found, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
