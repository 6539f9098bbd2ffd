"""Erasure beyond the shop's database: what the server of conversations has yet to forget of an erased customer.

The server asks again and again (``credentials.yml``), since it may be away when somebody is erased.
"""

from datetime import timedelta

from sqlalchemy import select

from shop.customer_data import erase_named
from shop.database import begin_change, open_session
from shop.models import Erasure, utc_now

TIME_TO_READ = timedelta(minutes=1)
"""The conversation in which somebody asked for it goes with the others, but not before they have read the answer."""


def waiting() -> list[Erasure]:
    """What is to be forgotten, the oldest first.

    Raises:
        ShopUnavailable: The database cannot be used.
    """
    with open_session() as session:
        due = select(Erasure).where(Erasure.erased_at <= utc_now() - TIME_TO_READ).order_by(Erasure.id)
        found = list(session.execute(due).scalars())
        session.expunge_all()
        return found


def done(number: int) -> None:
    """It is forgotten everywhere else; so is here what was written meanwhile.

    Raises:
        ShopUnavailable: The database cannot be used.
    """
    with open_session() as session:
        begin_change(session)
        erasure = session.get(Erasure, number)
        if erasure is not None:
            erase_named(session, erasure.conversations, erasure.emails)
            session.delete(erasure)
