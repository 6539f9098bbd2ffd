"""What the shop leaves to other stores to forget, and what it removes by itself when it is old."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.engine import URL

from shop import audit, erasures, outbox, retention
from shop.customers import change_contact, delete_data, identify, note_conversation
from shop.database import open_session
from shop.errors import ShopUnavailable
from shop.models import (
    AccountLink,
    CustomerConversation,
    DamageClaim,
    Erasure,
    IdentificationAttempt,
    OneTimeCode,
    Order,
    OrderLine,
    OutboxMessage,
    StockNotice,
    Ticket,
    utc_now,
)
from shop.one_time_codes import send
from shop.orders import order_for, recent_orders
from shop.tickets import open_ticket

ELIN = "elin.hughes@example.com"


def erase_elin() -> None:
    with open_session() as session:
        order = session.execute(select(Order).where(Order.number == 10438)).scalar_one()
        elin = order.customer_id
        identify(session, 10438, ELIN, "told rightly")
        identify(session, 10401, ELIN, "told wrongly")
        note_conversation(session, elin, "signed in")
        note_conversation(session, elin, "signed in")
        note_conversation(session, elin + 1, "another's")
        open_ticket(session, "handed over", "Customer: hi", email=ELIN.upper())
        send(session, elin, "proved")
        change_contact(session, elin, "email", "Elin.New@example.com", "the last one")
        line = session.execute(select(OrderLine).where(OrderLine.order_id == order.id)).scalars().first()
        claim = DamageClaim(
            order_id=order.id, line_id=line.id, kind="damaged", description="x", photos=["a" * 32], state="closed"
        )
        session.add(claim)
        session.flush()
        delete_data(session, elin, "the last one")


def make_due() -> None:
    with open_session() as session:
        session.execute(update(Erasure).values(erased_at=utc_now() - erasures.TIME_TO_READ))


def test_an_erasure_names_all_that_the_other_stores_know_the_customer_by(own_shop: URL) -> None:
    erase_elin()
    assert erasures.waiting() == [], "the customer has had no time to read the answer"
    make_due()
    (found,) = erasures.waiting()
    assert set(found.conversations) == {
        "told rightly", "told wrongly", "signed in", "handed over", "proved", "the last one"
    }  # fmt: skip
    assert found.emails == [ELIN], "the other address was never confirmed"
    assert found.pictures == ["a" * 32]


def test_nobody_is_erased_with_a_customer_who_asked_for_their_address_or_had_it_once(own_shop: URL) -> None:
    stranger, tom = "stranger@example.org", "tom.okafor@example.com"
    with open_session() as session:
        elin = session.execute(select(Order.customer_id).where(Order.number == 10438)).scalar_one()
        for number, address in enumerate((stranger, tom)):
            open_ticket(session, f"another's chat {number}", "Customer: hello", email=address)
            identify(session, 10422, address, f"another's try {number}")
        change_contact(session, elin, "email", stranger, "a chat")
        audit.record(session, "contact_changed", "long ago", elin, field="email", before=tom)
        delete_data(session, elin, "a chat")
        theirs = select(Ticket.email, Ticket.transcript).where(Ticket.email.in_((stranger, tom)))
        tickets = session.execute(theirs).all()
        assert sorted(tickets) == [(stranger, "Customer: hello"), (tom, "Customer: hello")]
        mails = session.execute(select(OutboxMessage.kind).where(OutboxMessage.recipient == stranger)).all()
        assert mails == [], "nobody is asked to confirm an address of an account that is gone"
    make_due()
    (found,) = erasures.waiting()
    assert not any(name.startswith("another's") for name in found.conversations)
    assert found.emails == [ELIN]


def test_what_is_forgotten_everywhere_is_asked_for_no_more_and_stands_nowhere(own_shop: URL) -> None:
    erase_elin()
    make_due()
    with open_session() as session:
        (farewell,) = session.execute(select(OutboxMessage).where(OutboxMessage.recipient == ELIN)).scalars()
        outbox.sent(session, farewell.id)
        # In a conversation that is still open, and not forgotten yet.
        elin = session.execute(select(Order.customer_id).where(Order.number == 10438)).scalar_one()
        assert recent_orders(session, elin) == () and order_for(session, 10438, elin) is None
        open_ticket(session, "signed in", "Customer: it is me, Elin", email=ELIN)
        open_ticket(session, "told rightly", "Customer: Elin again")
        session.add(StockNotice(product_id=1, email=ELIN))
    (found,) = erasures.waiting()
    erasures.done(found.id)
    assert erasures.waiting() == []
    with open_session() as session:
        assert not any("Elin" in text for text in session.execute(select(Ticket.transcript)).scalars())
    content = Path(str(own_shop.database)).read_bytes().lower()
    assert not re.search(rb"elin\.(hughes|new)@", content)


def test_what_is_older_than_it_is_kept_for_goes(own_shop: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    def count(model: type) -> int:
        with open_session() as session:
            return int(session.execute(select(func.count()).select_from(model)).scalar_one())

    aged = {
        OutboxMessage: OutboxMessage.created_at,
        OneTimeCode: OneTimeCode.created_at,
        AccountLink: AccountLink.expires_at,
        IdentificationAttempt: IdentificationAttempt.happened_at,
        CustomerConversation: CustomerConversation.seen_at,
    }
    with open_session() as session:
        customer = session.execute(select(Order.customer_id).where(Order.number == 10438)).scalar_one()
        identify(session, 10401, ELIN, "a chat")
        note_conversation(session, customer, "a chat")
        send(session, customer, "a chat")
        change_contact(session, customer, "phone", "07700 900123", "a chat")
        open_ticket(session, "a chat", "Customer: hi")
    retention.tidy()
    before = {model: count(model) for model in aged}
    assert all(before.values())
    with open_session() as session:
        for model, column in aged.items():
            session.execute(update(model).values({column.key: utc_now() - timedelta(days=401)}))
        session.execute(update(Ticket).values(opened_at=utc_now() - timedelta(days=91)))
    retention.tidy()
    assert {model: count(model) for model in aged} == dict.fromkeys(aged, 0)

    def transcripts() -> set[str]:
        with open_session() as session:
            return set(session.execute(select(Ticket.transcript)).scalars())

    assert "Customer: hi" in transcripts()
    monkeypatch.setenv("SHOP_KEEP_TRANSCRIPTS_DAYS", "90")
    retention.tidy()
    assert transcripts() == {""}


@pytest.mark.parametrize("days", ["0", "-1", "a week", "1.5", "١", "99999999999"])
def test_a_setting_that_is_no_number_of_days_removes_nothing(
    own_shop: URL, monkeypatch: pytest.MonkeyPatch, days: str
) -> None:
    monkeypatch.setenv("SHOP_KEEP_MAIL_DAYS", days)
    with pytest.raises(ShopUnavailable, match="SHOP_KEEP_MAIL_DAYS"):
        retention.tidy()
