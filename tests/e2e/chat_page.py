"""For tests of the web chat in a browser: a tab with the chat open."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


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
