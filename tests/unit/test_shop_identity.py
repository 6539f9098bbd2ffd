"""Signed-in customers are known by a token that only the shop can sign."""

import time

import jwt
import pytest

from shop.identity import Identity, identity_of, mint

SECRET = "a-secret-of-the-tests-that-is-long-enough"
CLAIMS = {"aud": "fern", "email": "Ada.Byrne@Example.com", "name": "Ada", "exp": int(time.time()) + 86_400}


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_SECRET", SECRET)


def signed(secret: str = SECRET, algorithm: str = "HS256", **changes: object) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return jwt.encode(claims, secret, algorithm=algorithm)


def test_a_customer_is_recognised() -> None:
    assert identity_of(signed()) == Identity("ada.byrne@example.com", "Ada")
    assert identity_of(mint("ada.byrne@example.com", "Ada", "slack", 300)) == Identity("ada.byrne@example.com", "Ada")


# Named, since the tokens are others in each process that collects the tests.
NOBODY: dict[str, str | None] = {
    "none": None,
    "empty": "",
    "no token": "not a token",
    "another secret": signed(secret="another-secret-that-is-long-enough-too"),
    "expired": signed(exp=int(time.time()) - 1),
    "never expires": signed(exp=None),
    "another audience": signed(aud="somebody-else"),
    "no audience": signed(aud=None),
    "no address": signed(email=None),
    "a list of addresses": signed(email=["ada.byrne@example.com"]),
    "no such address": signed(email="nobody"),
    "the secret twice": signed(secret=SECRET * 2, algorithm="HS256"),
    "unsigned": jwt.encode(CLAIMS, "", algorithm="none"),
    "cut off": signed()[:-2],
}


@pytest.mark.parametrize("token", NOBODY.values(), ids=NOBODY.keys())
def test_nobody_else_is(token: str | None) -> None:
    assert identity_of(token) is None


@pytest.mark.parametrize("secret", ["", "short"])
def test_without_a_proper_secret_nobody_is_recognised_and_nothing_minted(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    forged = jwt.encode(CLAIMS, secret or "x", algorithm="HS256")
    monkeypatch.setenv("IDENTITY_SECRET", secret)

    assert identity_of(forged) is None
    assert mint("ada.byrne@example.com", "Ada", "web", 300) is None
