"""What the shop keeps for a while only. ``tidy`` removes what is older; the server calls it every hour.

Days can be set by environment variables: ``SHOP_KEEP_TRANSCRIPTS_DAYS=90``.
"""

import os
from datetime import timedelta

from sqlalchemy import delete, update

from shop import attempts, guests, payment_pages
from shop.database import begin_change, open_session
from shop.errors import ShopUnavailable
from shop.models import (
    AccountLink,
    BasketRow,
    CustomerConversation,
    IdentificationAttempt,
    OneTimeCode,
    OutboxMessage,
    Ticket,
    utc_now,
)

KEEP_DAYS = {"transcripts": 365, "mail": 30, "codes": 30, "conversations": 400, "baskets": 30}
"""Transcripts of tickets; e-mails, sent or not; codes and links after they have run out; which
conversations a customer was in, which an erasure needs for as long as those are kept; baskets that nobody has touched,
and guests whose orders were never paid."""


def keep_for(what: str) -> timedelta:
    """How long something is kept.

    Raises:
        ShopUnavailable: The environment names no whole number of days above 0.
    """
    variable = f"SHOP_KEEP_{what.upper()}_DAYS"
    text = os.environ.get(variable) or str(KEEP_DAYS[what])
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 36_500):
        raise ShopUnavailable(f"{variable}={text} is no number of days.", f"Give one such as {KEEP_DAYS[what]}.")
    return timedelta(days=int(text))


def tidy() -> None:
    """Remove what is older than it is kept for, and give up orders that were not paid in time.

    Raises:
        ShopUnavailable: The database cannot be used, or a setting is wrong.
    """
    before = {what: utc_now() - keep_for(what) for what in KEEP_DAYS}
    with open_session() as session:
        begin_change(session)
        for statement in (
            update(Ticket).where(Ticket.opened_at < before["transcripts"]).values(transcript=""),
            delete(OutboxMessage).where(OutboxMessage.created_at < before["mail"]),
            delete(OneTimeCode).where(OneTimeCode.created_at < before["codes"]),
            delete(AccountLink).where(AccountLink.expires_at < before["codes"]),
            delete(IdentificationAttempt).where(IdentificationAttempt.happened_at < utc_now() - attempts.REMEMBERED),
            delete(CustomerConversation).where(CustomerConversation.seen_at < before["conversations"]),
            delete(BasketRow).where(BasketRow.changed_at < before["baskets"]),
        ):
            session.execute(statement.execution_options(synchronize_session=False))
        payment_pages.release_unpaid(session)
        guests.forget(session, before["baskets"])
