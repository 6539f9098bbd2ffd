"""Paying an order: pages of the provider, what its calls do in any order, and what time does."""

import json
import time
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import URL

from shop import payment_pages, retention
from shop.customer_data import DataOutcome, delete_data
from shop.customers import customer_by_email
from shop.database import open_session
from shop.errors import ShopUnavailable
from shop.models import Customer, Order, PaymentPage, Product, utc_now
from shop.orders import CancelOutcome, cancel_order, change_quantity
from shop.payment_pages import PageOutcome
from shop.placing import Recipient
from tests.fake_stripe import FakeStripe, signed

from .purchases import ADA, GUEST, LAMP, call, mails, one, paid_page, placed, refunds, state, stock

# The page ----------------------------------------------------------------------------------------------------------


def test_the_provider_is_asked_once_for_what_the_order_costs(own_shop: URL, stripe: FakeStripe) -> None:
    done = placed()
    page = payment_pages.open_page(done.token)
    asked = stripe.requests
    again = payment_pages.open_page(done.token)
    made = stripe.sessions[page.url.rsplit("/", 1)[1]]

    assert page == again and stripe.requests == asked and page.outcome is PageOutcome.OPEN
    assert (made["amount_total"], made["currency"]) == (25800, "gbp")
    assert made["client_reference_id"] == str(done.number) and made["customer_email"] == GUEST.email.lower()
    assert made["success_url"].endswith("/chat/pages/paid") and made["cancel_url"].endswith("/chat/pages/not-paid")


def test_a_page_that_was_made_and_not_noted_is_not_made_twice(own_shop: URL, stripe: FakeStripe) -> None:
    done, session = paid_page()
    with open_session() as shop:
        shop.execute(update(PaymentPage).values(session_id="", url="", state="new"))
    assert payment_pages.open_page(done.token).url.endswith(session)


def test_a_provider_that_refuses_or_is_not_there_leaves_the_order(
    own_shop: URL, stripe: FakeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = placed()
    for variable, value in (("STRIPE_API_BASE", "http://127.0.0.1:9"), ("STRIPE_SECRET_KEY", "sk_test_wrong")):
        with monkeypatch.context() as broken, pytest.raises(ShopUnavailable) as raised:
            broken.setenv(variable, value)
            payment_pages.open_page(done.token)
        assert "sk_test" not in str(raised.value)
    assert state(done.number) == "awaiting_payment"
    assert payment_pages.open_page(done.token).url


def test_what_costs_nothing_needs_no_page(own_shop: URL, stripe: FakeStripe) -> None:
    with open_session() as session:
        session.execute(update(Product).where(Product.sku == LAMP).values(price_pence=0))
    done, asked = placed(option="Click and collect"), stripe.requests
    assert [payment_pages.open_page(done.token).outcome for _ in range(2)] == [PageOutcome.PAID] * 2
    assert stripe.requests == asked and state(done.number) == "paid" and len(mails("order_confirmed")) == 1


@pytest.mark.parametrize("token", ["", "made up"])
def test_nobody_gets_a_page_without_its_token(own_shop: URL, stripe: FakeStripe, token: str) -> None:
    paid_page()
    assert payment_pages.open_page(token).outcome is PageOutcome.GONE


def test_no_page_is_made_that_would_close_too_soon(own_shop: URL, stripe: FakeStripe) -> None:
    done = placed()
    with open_session() as session:
        session.execute(update(PaymentPage).values(expires_at=utc_now() + timedelta(minutes=20)))
    assert payment_pages.open_page(done.token).outcome is PageOutcome.GONE


def test_the_pages_after_a_payment_promise_no_more_than_is_known() -> None:
    assert "confirmation" in (payment_pages.page_after("paid") or "")
    assert "Nothing was charged" in (payment_pages.page_after("not-paid") or "")
    assert payment_pages.page_after("other") is None


# The provider's calls ----------------------------------------------------------------------------------------------


def test_a_payment_confirms_the_order_once(own_shop: URL, stripe: FakeStripe) -> None:
    done, page = paid_page()
    assert [call(stripe, "completed", page) for _ in range(3)] == [200, 200, 200]

    assert state(done.number) == "paid" and payment_pages.open_page(done.token).outcome is PageOutcome.PAID
    (mail,) = mails("order_confirmed")
    assert mail.recipient == "jo.marsh@example.net" and mail.content["total"] == "£258.00"
    assert mail.content["number"] == done.number and "Heron floor lamp" in mail.content["goods"]
    with open_session() as session:
        order = session.execute(select(Order)).scalars().all()[-1]
        assert sorted((p.status, p.amount_pence) for p in order.payments) == [("cancelled", 25800), ("paid", 25800)]


def test_a_page_that_closes_gives_the_goods_back_once(own_shop: URL, stripe: FakeStripe) -> None:
    before = stock()
    done, page = paid_page()
    assert [call(stripe, "expired", page) for _ in range(2)] == [200, 200]
    assert state(done.number) == "cancelled" and stock() == before
    assert payment_pages.open_page(done.token).outcome is PageOutcome.GONE


@pytest.mark.parametrize("order", permutations(["completed", "completed", "expired"]), ids="-".join)
def test_money_that_came_counts_whatever_was_told_first(
    own_shop: URL, stripe: FakeStripe, order: tuple[str, ...]
) -> None:
    before = stock()
    done, page = paid_page()
    assert {call(stripe, kind, page) for kind in order} == {200}
    assert state(done.number) == "paid" and stock() == before - 2 and len(mails("order_confirmed")) == 1


def test_money_for_goods_that_are_gone_goes_back(own_shop: URL, stripe: FakeStripe) -> None:
    done, page = paid_page()
    call(stripe, "expired", page)
    with open_session() as session:
        session.execute(update(Product).where(Product.sku == LAMP).values(stock=1))
    call(stripe, "completed", page)
    assert state(done.number) == "cancelled" and stock() == 1 and not mails("order_confirmed")
    assert len(mails("order_paid_too_late")) == 1 and refunds(done.number) == [25800]


def test_money_for_an_order_that_the_customer_cancelled_goes_back(own_shop: URL, stripe: FakeStripe) -> None:
    with open_session() as session:
        ada = customer_by_email(session, ADA)
        assert ada
    before = stock()
    done, page = paid_page(Recipient(ada.name, ada.email, ada.address, ada.postcode, ada.id))
    with open_session() as session:
        cancelled = cancel_order(session, done.number, ada.id, "", "chat-1")
        assert (cancelled.outcome, cancelled.refund_pence) == (CancelOutcome.CANCELLED, 0)
    call(stripe, "completed", page)
    assert state(done.number) == "cancelled" and stock() == before and refunds(done.number) == [25800]


def test_an_order_that_was_changed_meanwhile_is_settled(own_shop: URL, stripe: FakeStripe) -> None:
    with open_session() as session:
        ada = customer_by_email(session, ADA)
        assert ada
    done, page = paid_page(Recipient(ada.name, ada.email, ada.address, ada.postcode, ada.id))
    with open_session() as session:
        line = session.execute(select(Order).where(Order.number == done.number)).scalar_one().lines[0].id
        change_quantity(session, done.number, ada.id, line, 1, "chat-1")
    call(stripe, "completed", page)
    assert state(done.number) == "paid" and refunds(done.number) == [12900]


def test_a_call_that_comes_before_we_have_noted_the_page_counts(own_shop: URL, stripe: FakeStripe) -> None:
    done, page = paid_page()
    with open_session() as session:
        session.execute(update(PaymentPage).values(session_id="", url="", state="new"))
    assert call(stripe, "completed", page) == 200 and state(done.number) == "paid"


def test_money_that_is_still_on_its_way_confirms_nothing(own_shop: URL, stripe: FakeStripe) -> None:
    done, page = paid_page()
    assert call(stripe, "completed", page, payment_status="unpaid") == 200
    assert state(done.number) == "awaiting_payment"
    assert call(stripe, "async_payment_succeeded", page, payment_status="paid") == 200
    assert state(done.number) == "paid"


def test_what_is_not_ours_changes_nothing(own_shop: URL, stripe: FakeStripe) -> None:
    done, page = paid_page()
    assert call(stripe, "completed", page, id="cs_of_another", client_reference_id=None) == 200
    body = json.dumps({"type": "charge.refunded", "data": {"object": {"id": page}}}).encode()
    assert payment_pages.receive("stripe", body, signed(body)) == 200
    assert payment_pages.receive("paypal", body, signed(body)) == 404
    assert state(done.number) == "awaiting_payment"


@pytest.mark.parametrize(
    "headers",
    [
        lambda body: {},
        lambda body: {"stripe-signature": "t=,v1="},
        lambda body: {"stripe-signature": "nonsense"},
        lambda body: signed(body, secret="whsec_guessed"),
        lambda body: signed(body + b" "),
        lambda body: signed(body, at=time.time() - 301),
        lambda body: {"stripe-signature": signed(body)["stripe-signature"].replace("v1=", "v0=")},
    ],
    ids=["none", "empty", "nonsense", "another secret", "another body", "old", "another scheme"],
)
def test_a_call_that_is_not_signed_is_refused(own_shop: URL, stripe: FakeStripe, headers: Any) -> None:
    done, page = paid_page()
    body = stripe.event("checkout.session.completed", page)
    assert payment_pages.receive("stripe", body, headers(body)) == 400
    assert state(done.number) == "awaiting_payment"


@pytest.mark.parametrize("body", [b"\xff\xfe", b"not json", b"[]", b'{"data": 1}'])
def test_what_cannot_be_read_is_refused(own_shop: URL, stripe: FakeStripe, body: bytes) -> None:
    assert payment_pages.receive("stripe", body, signed(body)) == 400


def test_it_is_asked_to_call_again_while_nothing_can_be_noted(
    own_shop: URL, stripe: FakeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, page = paid_page()
    for variable, value in (("DATABASE_URL", "sqlite:////nowhere/at/all.db"), ("STRIPE_WEBHOOK_SECRET", "")):
        with monkeypatch.context() as broken:
            broken.setenv(variable, value)
            assert call(stripe, "completed", page) == 503


# What time does ----------------------------------------------------------------------------------------------------


def test_goods_go_back_where_the_provider_never_calls(own_shop: URL, stripe: FakeStripe) -> None:
    before = stock()
    done, _ = paid_page()
    retention.tidy()
    assert state(done.number) == "awaiting_payment"
    with open_session() as session:
        session.execute(update(PaymentPage).values(expires_at=utc_now() - timedelta(hours=2)))
    retention.tidy()
    assert state(done.number) == "cancelled" and stock() == before


def test_a_guest_who_never_paid_is_forgotten(own_shop: URL, stripe: FakeStripe) -> None:
    done, page = paid_page()
    call(stripe, "expired", page)
    retention.tidy()
    customer = one(select(Order.customer_id).where(Order.number == done.number))
    assert one(select(Customer.email).where(Customer.id == customer)) == "jo.marsh@example.net"
    with open_session() as session:
        session.execute(update(PaymentPage).values(expires_at=utc_now() - timedelta(days=31)))
    retention.tidy()
    assert one(select(Customer.erased_at).where(Customer.id == customer))
    assert one(select(Order.address).where(Order.number == done.number)) == ""
    assert one(select(Order.recipient).where(Order.number == done.number)) == ""


def test_nobody_is_erased_while_an_order_waits_for_its_payment(own_shop: URL, stripe: FakeStripe) -> None:
    done, page = paid_page()
    customer = one(select(Order.customer_id).where(Order.number == done.number))
    with open_session() as session:
        assert delete_data(session, customer, "chat-1").outcome is DataOutcome.OPEN_ORDERS
    call(stripe, "expired", page)
    with open_session() as session:
        assert delete_data(session, customer, "chat-1").outcome is DataOutcome.DONE
