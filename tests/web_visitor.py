"""For tests of the web chat's HTTP interface: a visitor who sends requests as a browser does."""

import io
import json
import secrets
import time
from collections.abc import Iterator
from typing import Any

import jwt
import requests
from PIL import Image

IDENTITY_SECRET = "the-secret-of-the-tests-is-long-enough"


def lines_of(stream: requests.Response) -> Iterator[str]:
    for line in stream.iter_lines(chunk_size=1, decode_unicode=True):
        yield str(line)


class Visitor:
    """A browser: a token, and what it has read."""

    def __init__(self, chat: str, identity: str = "", token: str = "") -> None:
        self.chat = chat
        self.identity = identity
        self.token = token
        self.opened = self.post("session").json()
        self.token = self.opened["token"]

    @property
    def conversation(self) -> str:
        return self.token.split(".")[0]

    @property
    def headers(self) -> dict[str, str]:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        return {**headers, "x-identity-token": self.identity} if self.identity else headers

    def post(self, path: str, _headers: dict[str, str] | None = None, **body: Any) -> requests.Response:
        return requests.post(f"{self.chat}/{path}", json=body, headers={**self.headers, **(_headers or {})}, timeout=20)

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(f"{self.chat}/{path}", headers={**self.headers, **headers}, timeout=20)

    def send(self, text: str, id: str = "", **more: Any) -> str:
        id = id or secrets.token_hex(8)
        answer = self.post("messages", id=id, text=text, **more)
        assert answer.status_code == 202, answer.text
        return id

    def read(self, count: int, after: int = 0, seconds: float = 20.0) -> list[dict[str, Any]]:
        """The first entries of the stream after a number, as many as are asked for."""
        entries: list[dict[str, Any]] = []
        address = f"{self.chat}/events"
        with requests.get(
            address, headers={**self.headers, "last-event-id": str(after)}, stream=True, timeout=seconds
        ) as stream:
            assert stream.status_code == 200, stream.text
            event = ""
            for line in lines_of(stream):
                if line.startswith("event: "):
                    event = line[7:]
                elif line.startswith("data: ") and event == "entry":
                    entries.append(json.loads(line[6:]))
                    if len(entries) == count:
                        break
        return entries

    def settled(self) -> list[dict[str, Any]]:
        """All entries, once nothing is being answered."""
        with requests.get(f"{self.chat}/events", headers=self.headers, stream=True, timeout=20) as stream:
            entries, event = [], ""
            for line in lines_of(stream):
                if line.startswith("event: "):
                    event = line[7:]
                elif line.startswith("data: ") and event == "entry":
                    entries.append(json.loads(line[6:]))
                elif line == "data: false" and event == "typing":
                    return entries
        raise AssertionError("the stream ended")


def texts(entries: list[dict[str, Any]]) -> list[str]:
    return [entry.get("text", "") for entry in entries]


def identity(email: str, **claims: Any) -> str:
    return jwt.encode(
        {"aud": "fern", "email": email, "exp": int(time.time()) + 600, **claims}, IDENTITY_SECRET, algorithm="HS256"
    )


def photo(kind: str = "JPEG", size: tuple[int, int] = (64, 48)) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "taken at 14 Mill Lane"
    out = io.BytesIO()
    Image.new("RGB", size, "#884422").save(out, kind, exif=exif)
    return out.getvalue()
