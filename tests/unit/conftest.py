"""A shop with real tables for the tests of the shop and of the actions."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session

from shop.database import open_session
from shop.models import Order
from shop.setup import set_up

if TYPE_CHECKING:
    from tests.fake_stripe import FakeStripe
    from tests.unit.dialogue import Chat


@pytest.fixture(scope="session")
def filled_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file that ``python -m shop.setup`` would make today. Read it, don't write to it."""
    file = tmp_path_factory.mktemp("shop") / "fernhill.db"
    set_up(make_url(f"sqlite:///{file}"))
    return file


@pytest.fixture
def shop_url(filled_shop: Path, monkeypatch: pytest.MonkeyPatch) -> URL:
    """The filled shop as the one that ``DATABASE_URL`` names, for reading."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{filled_shop}")
    return make_url(f"sqlite:///{filled_shop}")


@pytest.fixture
def own_shop(filled_shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> URL:
    """A copy of the filled shop for a test that writes."""
    file = tmp_path / "fernhill.db"
    shutil.copy(filled_shop, file)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
    return make_url(f"sqlite:///{file}")


@pytest.fixture
def empty_tickets(own_shop: URL) -> URL:
    """A copy of the filled shop, in which nobody has a ticket yet."""
    return own_shop


@pytest.fixture
def session(own_shop: URL) -> Iterator[Session]:
    """A session on a copy of the filled shop."""
    with open_session() as session:
        yield session


@pytest.fixture
def customer_of(session: Session) -> Callable[[int], int]:
    """The id of the customer who placed an order."""
    return lambda number: session.execute(select(Order.customer_id).where(Order.number == number)).scalar_one()


@pytest.fixture
def signing_shop(empty_tickets: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the filled shop, and the secret that says who has signed in."""
    monkeypatch.setenv("IDENTITY_SECRET", "a secret that is good for tests alone, 32 bytes")


@pytest.fixture
def without_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products are found by their words alone."""
    monkeypatch.setenv("ENCODER_PATH", "/nowhere")


@pytest.fixture
def chat(shop_url: URL) -> "Chat":
    """A conversation that changes nothing in the shop."""
    from tests.unit.dialogue import Chat  # which takes its time, and few tests need it

    return Chat()


@pytest.fixture(scope="session")
def stripe_server() -> Iterator["FakeStripe"]:
    """A stand-in for the payment provider."""
    from tests.fake_stripe import FakeStripe

    server = FakeStripe()
    yield server
    server.stop()


@pytest.fixture
def stripe(stripe_server: "FakeStripe", monkeypatch: pytest.MonkeyPatch) -> "FakeStripe":
    """The stand-in, as the provider that the shop is set up for."""
    from tests.fake_stripe import KEY, WEBHOOK_SECRET

    monkeypatch.setenv("STRIPE_SECRET_KEY", KEY)
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET)
    monkeypatch.setenv("STRIPE_API_BASE", stripe_server.address)
    return stripe_server
