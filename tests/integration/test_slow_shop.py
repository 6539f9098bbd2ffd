"""A database that is slow rather than away: Fern says so, keeps what it was told, and does it once on another try."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from actions.shop_access import DEFAULT_LIMIT_S, LIMIT_VARIABLE
from shop.database import TIMEOUT_S, open_session
from shop.models import Order, Refund
from tests.unit.dialogue import Chat

ADA = "ada.byrne@example.com"
SORRY = ["utter_unavailable"]


@contextmanager
def locked(url: URL) -> Iterator[None]:
    """The shop's database while somebody else keeps every order to themselves."""
    is_file = url.get_backend_name() == "sqlite"
    with create_engine(url, poolclass=NullPool).connect() as connection:
        connection.exec_driver_sql("BEGIN EXCLUSIVE" if is_file else "LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        yield
        connection.exec_driver_sql("ROLLBACK")


def about_to_cancel() -> Chat:
    """A conversation in which a yes is all that is missing to cancel an order."""
    chat = Chat()
    chat.say(f"where is 10434, {ADA}", "order_status")
    said = chat.say("cancel it, found it cheaper", "cancel_order", reason="found it cheaper")
    assert said == ["utter_confirm_cancel"]
    return chat


def state() -> tuple[str, int]:
    """The order's status, and how often it was refunded."""
    with open_session() as session:
        order = session.execute(select(Order).where(Order.number == 10434)).scalar_one()
        refunds = select(func.count()).select_from(Refund).where(Refund.order_id == order.id)
        return order.status, session.execute(refunds).scalar_one()


def test_what_was_said_outlives_a_lock(shop: URL) -> None:
    chat = about_to_cancel()
    with locked(shop):
        began = time.monotonic()
        assert chat.ask("affirm") == SORRY
        assert TIMEOUT_S - 1 < time.monotonic() - began < DEFAULT_LIMIT_S
        assert (chat.slots["order_number"], chat.slots["confirmed"]) == ("10434", True)
        assert chat.slots["reason"] == "found it cheaper"
        assert chat.ask("affirm") == SORRY
    assert state() == ("paid", 0)
    assert chat.ask("affirm") == ["utter_cancel_refunded"]
    assert state() == ("cancelled", 1)


def test_who_somebody_is_outlives_a_lock(shop: URL) -> None:
    chat = Chat()
    with locked(shop):
        assert chat.say(f"where is 10432, {ADA}", "order_status") == SORRY
    assert chat.ask("affirm") == ["utter_order_dispatched"]


def test_what_ends_after_the_limit_changes_nothing(shop: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = about_to_cancel()
    monkeypatch.setenv(LIMIT_VARIABLE, "0.5")
    with locked(shop):
        began = time.monotonic()
        assert chat.ask("affirm") == SORRY
        assert time.monotonic() - began < TIMEOUT_S
    # Now the call that was given up gets the lock that it waits for.
    time.sleep(1.5)
    assert state() == ("paid", 0)
    monkeypatch.delenv(LIMIT_VARIABLE)
    assert chat.ask("affirm") == ["utter_cancel_refunded"]
    assert state() == ("cancelled", 1)


def test_a_server_that_hangs_holds_up_nobody(shop: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its processes are stopped, so that no limit in the server itself can help."""
    if shop.get_backend_name() != "postgresql":
        pytest.skip("A file has no server that could hang.")
    chat = about_to_cancel()
    monkeypatch.setenv(LIMIT_VARIABLE, "1")
    with create_engine(shop, poolclass=NullPool).connect() as connection:
        others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        processes = connection.execute(text(others)).scalars().all()
    assert processes
    try:
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        began = time.monotonic()
        assert chat.ask("affirm") == SORRY
        assert time.monotonic() - began < DEFAULT_LIMIT_S
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)
    monkeypatch.delenv(LIMIT_VARIABLE)
    time.sleep(1)
    assert state() == ("paid", 0)
    assert chat.ask("affirm") == ["utter_cancel_refunded"]
    assert state() == ("cancelled", 1)
