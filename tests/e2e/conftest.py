"""One assistant, a small one beside it and one browser for all end-to-end tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import Fern, running_fern
from tests.processes import free_port
from tests.web_assistant import WebAssistant

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")  # of a package it would start anew where a process has other tests in between
def fern(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fern]:
    """The whole assistant as ``make run`` starts it."""
    with running_fern(tmp_path_factory.mktemp("run")) as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """The system's Chromium, driven by Playwright, whose event loop must be gone when other tests start their own."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("There is no Chromium here; install it (apt install chromium) to test the web chat's page.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # A container's root user has no sandbox; the pages are the project's own.
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="package")
def small(small_model: Path, browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebAssistant]:
    """The small assistant, which says everything that a channel can show and is stopped and started in a moment.

    Pages of ``small.other_origin`` may embed its chat.
    """
    other_origin = f"http://127.0.0.1:{free_port()}"
    running = WebAssistant(small_model, tmp_path_factory.mktemp("small-web"), allowed_origins=[other_origin])
    running.other_origin = other_origin
    running.start()
    yield running
    running.stop()
    running.actions.stop()
