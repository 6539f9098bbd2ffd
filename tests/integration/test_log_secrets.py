"""The logs of a server after requests whose addresses hold secrets."""

import logging
from pathlib import Path

import pytest
import requests
from sanic.log import LOGGING_CONFIG_DEFAULTS

from tests.web_assistant import WebAssistant

NO_EXTRA = {"host": "", "request": "", "status": 0, "byte": 0}  # what the records of other logs lack
REQUESTS = (
    ("GET", "/chat/account/S3CRET-link"),
    ("POST", "/chat/account/S3CRET-link"),
    ("PUT", "/chat/account/S3CRET-link"),
    ("GET", "/chat/account/S3CRET-link/more"),
    ("GET", "/status?token=S3CRET-rest"),
    ("GET", "/nowhere?key=S3CRET-query"),
)


def broken_page(token: str, follow: bool) -> str:
    """A page that fails, so that Sanic's error log has the address."""
    raise RuntimeError(f"no page at /chat/account/{token}")


@pytest.mark.parametrize("page", ["shop.account_page.account_page", "tests.integration.test_log_secrets.broken_page"])
def test_no_log_holds_the_token_of_a_link_or_of_a_query(
    small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'shop.db'}")
    assistant = WebAssistant(small_model, tmp_path, link_page=page)
    assistant.enable_api = True
    assistant.start()
    file = tmp_path / "log"
    handler = logging.FileHandler(file)
    layout = LOGGING_CONFIG_DEFAULTS["formatters"]["access"]["format"]
    handler.setFormatter(logging.Formatter(layout, defaults=NO_EXTRA))
    handler.addFilter(lambda record: not record.name.startswith("urllib3"))  # this test's own requests
    loggers = [logging.getLogger(name) for name in (None, "sanic.access", "sanic.error", "sanic.root")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.addHandler(handler)
            logger.setLevel(logging.DEBUG)
        statuses = [
            requests.request(method, f"{assistant.address}{path}", timeout=30).status_code for method, path in REQUESTS
        ]
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)
        assistant.stop()
        assistant.actions.stop()
    log = file.read_text()
    assert f"GET {assistant.address}/chat/account/*** " in log and "/status?token=***" in log, log
    assert ("RuntimeError: no page at /chat/account/***" in log) == (statuses[0] == 500), log
    assert (statuses[0] == 500) == page.endswith("broken_page")
    assert "S3CRET" not in log
