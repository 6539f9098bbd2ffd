"""Fixtures of databases: a PostgreSQL server, and the filled shop on a SQLite file and on that server."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url

from shop.database import engine_for
from shop.setup import set_up

from .postgres import INSTALL, find_binaries, running_server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[URL]:
    """A PostgreSQL server; the test is skipped where there is none to start."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip(INSTALL)
    with running_server(binaries) as url:
        yield url


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def make_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str | None], URL]:
    """Makes a database with a name: an empty one, or a copy of another that this has made."""
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("databases")

        def make_file(name: str, copy_of: str | None = None) -> URL:
            if copy_of:
                shutil.copy(folder / f"{copy_of}.db", folder / f"{name}.db")
            return make_url(f"sqlite:///{folder / name}.db")

        return make_file

    server = request.getfixturevalue("postgresql")

    def make_on_server(name: str, copy_of: str | None = None) -> URL:
        with engine_for(server).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # Left by the same fixture, which pytest made for other tests before.
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{copy_of or "template1"}"'))
        return server.set(database=name)

    return make_on_server


@pytest.fixture(scope="session")
def filled(make_database: Callable[..., URL]) -> str:
    """The name of a database that ``python -m shop.setup`` has filled."""
    url = make_database("filled")
    assert set_up(url).made
    # A database that others are connected to cannot be copied.
    engine_for(url, patient=True).dispose()
    return "filled"


@pytest.fixture
def shop(
    make_database: Callable[..., URL], filled: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[URL]:
    """A copy of the filled shop as the one that ``DATABASE_URL`` names."""
    url = make_database(request.node.name[:60], filled)
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
    yield url
    engine_for(url).dispose()
