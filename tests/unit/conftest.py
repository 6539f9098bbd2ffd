"""A shop with real tables for the tests of the shop and of the actions."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy.engine import URL, make_url

from shop.setup import set_up


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
def empty_tickets(filled_shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> URL:
    """A copy of the filled shop, without tickets, for a test that writes."""
    file = tmp_path / "fernhill.db"
    shutil.copy(filled_shop, file)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
    return make_url(f"sqlite:///{file}")
