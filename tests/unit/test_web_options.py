"""The options of the web chat, and the secret that it makes."""

from pathlib import Path
from typing import Any

import pytest

from parlance.channels.web import WebInput
from parlance.errors import ParlanceError


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"colour": "green"}, "colour"),
        ({"path": "chat"}, "path"),
        ({"message_length": 0}, "message_length"),
        ({"message_length": "many"}, "message_length"),
        ({"allowed_origins": "https://shop.example"}, "allowed_origins"),
        ({"allowed_origins": ["*"]}, "allowed_origins"),
        ({"allowed_origins": ["https://shop.example/"]}, "allowed_origins"),
        ({"page": "shop.nowhere.page"}, "page"),
    ],
)
def test_options_that_make_no_sense_are_named(tmp_path: Path, options: dict[str, Any], named: str) -> None:
    with pytest.raises(ParlanceError, match=named):
        WebInput.from_credentials({"secret_file": str(tmp_path / "secret"), **options})


@pytest.mark.parametrize("origin", ["https://[::1", "https://x:port", "https://", "x", "https://a@b", "https://x:0"])
def test_an_unusable_origin_is_a_sentence_for_rasas_command_line(tmp_path: Path, origin: str) -> None:
    from rasa.shared.exceptions import RasaException

    with pytest.raises(RasaException, match="allowed_origins"):
        WebInput.from_credentials({"secret_file": str(tmp_path / "secret"), "allowed_origins": [origin]})


def test_the_secret_is_made_once_and_for_nobody_else_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEB_CHAT_SECRET", raising=False)
    file = tmp_path / "secret"
    WebInput.from_credentials({"secret_file": str(file)})
    secret = file.read_text()
    WebInput.from_credentials({"secret_file": str(file)})

    assert len(secret) == 64 and file.read_text() == secret
    assert file.stat().st_mode & 0o077 == 0
    monkeypatch.setenv("WEB_CHAT_SECRET", "too short")
    with pytest.raises(ParlanceError, match="WEB_CHAT_SECRET"):
        WebInput.from_credentials({"secret_file": str(file)})
