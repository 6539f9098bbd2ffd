"""Invoices, promo codes, gift cards and charges that nobody recognises."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.models import FraudReport, OutboxMessage, Ticket
from shop.orders import cancel_order
from shop.payments import (
    GiftCardOutcome,
    InvoiceOutcome,
    PromoOutcome,
    check_promo,
    gift_card,
    open_fraud_case,
    send_invoice,
)

CHAT = "chat-1"
CustomerOf = Callable[[int], int]


def test_an_invoice_goes_to_the_owner_once(session: Session, customer_of: CustomerOf) -> None:
    ada = customer_of(10433)
    first, again = (send_invoice(session, "10433", ada, chat) for chat in (CHAT, "another chat"))
    assert (first.outcome, first.number, first.email) == (InvoiceOutcome.SENT, "INV-10433", "ada.byrne@example.com")
    assert (again.outcome, again.number) == (InvoiceOutcome.ALREADY_SENT, first.number)
    sent = session.execute(select(OutboxMessage).where(OutboxMessage.kind == "invoice")).scalar_one()
    assert (sent.recipient, sent.content["order_number"]) == ("ada.byrne@example.com", 10433)


def test_there_is_no_invoice_for_what_was_not_paid_or_is_not_theirs(session: Session, customer_of: CustomerOf) -> None:
    assert send_invoice(session, 10435, customer_of(10435), CHAT).outcome is InvoiceOutcome.NOT_PAID
    assert send_invoice(session, 10433, customer_of(10422), CHAT).outcome is InvoiceOutcome.NOT_FOUND


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("welcome10", PromoOutcome.VALID),
        (" FREE SHIP ", PromoOutcome.VALID),
        ("SPRING15", PromoOutcome.EXPIRED),
        ("SOON25", PromoOutcome.NOT_YET),
        ("BIG50", PromoOutcome.MIN_SPEND),
        ("BEDTIME20", PromoOutcome.WRONG_CATEGORY),
        ("NOSUCHCODE", PromoOutcome.UNKNOWN),
    ],
)
def test_a_code_tells_why_it_does_not_work(session: Session, code: str, outcome: PromoOutcome) -> None:
    assert check_promo(session, code).outcome is outcome


def test_a_code_tells_its_conditions(session: Session) -> None:
    big, bed = check_promo(session, "BIG50"), check_promo(session, "BEDTIME20")
    assert (big.kind, big.value, big.min_spend_pence) == ("amount", 5000, 30000)
    assert (bed.kind, bed.value, bed.category) == ("percent", 20, "Bedding")
    assert bed.starts_on is not None and bed.ends_on is not None


def test_a_code_for_one_order_is_used_until_that_order_is_cancelled(session: Session, customer_of: CustomerOf) -> None:
    ada = customer_of(10434)
    assert check_promo(session, "WELCOME10", ada).outcome is PromoOutcome.USED
    assert check_promo(session, "WELCOME10", customer_of(10422)).outcome is PromoOutcome.VALID
    cancel_order(session, 10434, ada, "", CHAT)
    assert check_promo(session, "WELCOME10", ada).outcome is PromoOutcome.VALID


@pytest.mark.parametrize(
    ("code", "outcome", "balance"),
    [
        ("FERN-8842-XK1P", GiftCardOutcome.FOUND, 3550),
        ("fern8842 xk1p", GiftCardOutcome.FOUND, 3550),
        ("FERN-5063-ZB9C", GiftCardOutcome.FOUND, 0),
        ("FERN-2210-QM7T", GiftCardOutcome.EXPIRED, 2000),
        ("FERN-0000-AAAA", GiftCardOutcome.UNKNOWN, 0),
        ("", GiftCardOutcome.UNKNOWN, 0),
    ],
)
def test_a_gift_card_tells_its_balance(session: Session, code: str, outcome: GiftCardOutcome, balance: int) -> None:
    card = gift_card(session, code, CHAT)
    assert (card.outcome, card.balance_pence) == (outcome, balance)


def test_gift_card_codes_cannot_be_guessed_without_end(session: Session) -> None:
    for guess in range(5):
        assert gift_card(session, f"FERN-{guess:04d}-AAAA", CHAT).outcome is GiftCardOutcome.UNKNOWN
    assert gift_card(session, "FERN-8842-XK1P", CHAT).outcome is GiftCardOutcome.TOO_MANY_ATTEMPTS
    assert gift_card(session, "FERN-8842-XK1P", "another chat").outcome is GiftCardOutcome.FOUND


def test_a_strange_charge_becomes_one_case_with_one_ticket(session: Session) -> None:
    charge = (4999, date(2026, 3, 1), "ada.byrne@example.com", CHAT)
    first = open_fraud_case(session, *charge, "Customer: what is this?")
    again = open_fraud_case(session, *charge, "Customer: what is this?\nCustomer: hello?")
    other = open_fraud_case(session, None, None, "ada.byrne@example.com", CHAT, "Customer: and another")
    assert first.is_new and not again.is_new and other.is_new
    assert first.reference == again.reference != other.reference
    assert first.ticket == again.ticket == other.ticket
    assert len(session.execute(select(FraudReport)).all()) == 2
    assert session.execute(select(Ticket)).scalar_one().transcript == "Customer: and another"
