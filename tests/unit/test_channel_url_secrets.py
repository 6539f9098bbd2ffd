"""What a log says of an address; tests/integration/test_log_secrets.py has the logs of a server."""

import logging

import pytest

from parlance.url_secrets import MASK, mask_logs, masked


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("GET http://h:5005/chat/account/S3CRET", "GET http://h:5005/chat/account/***"),
        ("POST http://h/chat/account/S3CRET?x=S3CRET#S", "POST http://h/chat/account/***?x=***#S"),
        ("GET http://h/chat/account%2FS3CRET", "GET http://h/chat/account%2F***"),
        ("GET http://h/CHAT/Account//S3CRET/more", "GET http://h/CHAT/Account//***/more"),
        ("GET http://h/model/train?token=S3CRET&a=S3CRET", "GET http://h/model/train?token=***&a=***"),
        (
            "Sending - url: https://hooks.slack.com/commands/T1/2/S3CRET, body",
            "Sending - url: https://hooks.slack.com/***, body",
        ),
        ("GET http://h/status?S3CRET", "GET http://h/status?***"),
        ("Exception occurred while handling uri: 'http://h/p?token=S3CRET'", None),
        ("Method PUT not allowed for URL /chat/account/S3CRET", None),
        ("Requested URL '/chat/account/S3CRET' not found", None),
        ("Goin' Fast @ http://127.0.0.1:5005", "Goin' Fast @ http://127.0.0.1:5005"),
        ("GET http://h/chat/events", "GET http://h/chat/events"),
        ("Who has an account? Nobody knows", "Who has an account? Nobody knows"),
    ],
)
def test_an_address_keeps_its_path_and_loses_its_secrets(said: str, left: str | None) -> None:
    assert "S3CRET" not in masked(said)
    assert masked(said) == left or (left is None and MASK in masked(said))


def test_what_an_error_says_is_masked_too(caplog: pytest.LogCaptureFixture) -> None:
    mask_logs()
    error_log = logging.getLogger("sanic.error")
    error_log.addHandler(caplog.handler)
    try:
        raise ValueError("no /chat/account/S3CRET")
    except ValueError:
        error_log.exception("Exception occurred while handling uri: %s", "http://h/x?token=S3CRET")
    finally:
        error_log.removeHandler(caplog.handler)
    assert "ValueError: no /chat/account/***" in caplog.text and "x?token=***" in caplog.text
    assert "S3CRET" not in caplog.text
