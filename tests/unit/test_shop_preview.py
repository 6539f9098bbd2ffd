"""A preview tells what would be, and leaves the shop as it was."""

from typing import NoReturn

import pytest
from sqlalchemy import select
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from shop.database import open_session
from shop.models import Base, Order
from shop.orders import CancelOutcome, ItemsOutcome, cancel_order, change_quantity
from shop.preview import preview


def everything() -> dict[str, list[str]]:
    with open_session() as session:
        return {
            table.name: sorted(map(repr, session.execute(select(table)).all())) for table in Base.metadata.sorted_tables
        }


def test_what_is_previewed_is_what_happens_and_has_not_happened(own_shop: URL) -> None:
    with open_session() as session:
        order = session.execute(select(Order).where(Order.number == 10434)).scalar_one()
        customer, line, quantity = order.customer_id, order.lines[0].id, order.lines[0].quantity
    before = everything()
    with open_session() as session:
        changed = preview(session, change_quantity, 10434, customer, line, quantity + 1, "chat")
    assert changed.outcome is ItemsOutcome.CHANGED and everything() == before
    with open_session() as session:
        expected = preview(session, cancel_order, 10434, customer, "", "chat")
    assert expected.outcome is CancelOutcome.CANCELLED and everything() == before
    with open_session() as session:
        assert cancel_order(session, 10434, customer, "", "chat") == expected
    assert everything() != before


def test_a_preview_that_fails_changes_nothing_either(own_shop: URL) -> None:
    def act(session: Session, number: int) -> NoReturn:
        cancel_order(session, number, 1, "", "chat")
        raise ZeroDivisionError

    before = everything()
    with pytest.raises(ZeroDivisionError), open_session() as session:
        preview(session, act, 10434)
    assert everything() == before
