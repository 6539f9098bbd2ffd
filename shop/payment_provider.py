"""The payment provider: Stripe's hosted Checkout. Cards are entered on its page and never come here.

``STRIPE_SECRET_KEY`` is the shop's key there; without one nothing can be paid here. ``STRIPE_WEBHOOK_SECRET`` signs
what Stripe calls us about, and ``STRIPE_API_BASE`` is where else its interface is, such as a stand-in for tests.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

import stripe

from shop.errors import ShopUnavailable

KEY_VARIABLE, WEBHOOK_VARIABLE, BASE_VARIABLE = "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE"
CURRENCY = "gbp"
TIMEOUT_S = 3.0
RETRIES = 1
"""Together less than an action waits for the shop (``SHOP_TIMEOUT_S``)."""
TOLERANCE_S = 300
"""How old a signed call may be: an older one may be somebody's copy."""


@dataclass(frozen=True)
class Bill:
    """What is to be paid. ``key`` is the same for the same page, and for no other."""

    number: int
    amount_pence: int
    goods: str
    email: str
    expires_at: datetime
    key: str


@dataclass(frozen=True)
class Session:
    """A page of the provider: what it is called there, and where it is."""

    id: str
    url: str


@dataclass(frozen=True)
class Notice:
    """What the provider tells of a page: ``kind`` as Stripe calls it, and whether the money is there."""

    kind: str
    session_id: str
    number: str
    is_paid: bool
    amount_pence: int


class Forged(Exception):
    """A call that the provider has not signed, or too long ago."""


def is_set_up() -> bool:
    """Whether orders can be paid here."""
    return bool(os.environ.get(KEY_VARIABLE))


def open_session(bill: Bill, success_url: str, cancel_url: str) -> Session:
    """A page on which the bill is paid. The same bill again gets the same page.

    Raises:
        ShopUnavailable: Stripe cannot be reached or refuses.
    """
    amount = {"currency": CURRENCY, "unit_amount": bill.amount_pence}
    product = {"name": f"Fernhill order FH-{bill.number}", "description": bill.goods[:1000]}
    params: Any = {
        "mode": "payment",
        # One line for all of it: Stripe knows no line that takes something off.
        "line_items": [{"quantity": 1, "price_data": {**amount, "product_data": product}}],
        "client_reference_id": str(bill.number),
        "metadata": {"order": str(bill.number)},
        "customer_email": bill.email,
        "success_url": success_url,
        "cancel_url": cancel_url,
        "expires_at": int(bill.expires_at.replace(tzinfo=timezone.utc).timestamp()),
        "locale": "en-GB",
    }
    key = f"fernhill-{bill.key}-{bill.amount_pence}"
    try:
        made = _client().v1.checkout.sessions.create(params, {"idempotency_key": key})
    except stripe.StripeError as error:
        raise ShopUnavailable(
            f"Stripe makes no payment page: {error.user_message or type(error).__name__}.",
            f"Check {KEY_VARIABLE}, and what Stripe's dashboard says.",
        ) from error
    return Session(made.id, str(made.url))


def notice_in(body: bytes, signature: str | None) -> Notice:
    """What a call of the provider says.

    Raises:
        Forged: It is not signed as it should be.
        ShopUnavailable: There is no secret to check it with.
    """
    secret = os.environ.get(WEBHOOK_VARIABLE)
    if not secret:
        raise ShopUnavailable("Stripe calls, and nothing says how it signs.", f"Set {WEBHOOK_VARIABLE}.")
    try:
        # The signature is compared in constant time there.
        stripe.WebhookSignature.verify_header(body, signature, secret, TOLERANCE_S)
        return _notice(json.loads(body))
    except (stripe.SignatureVerificationError, ValueError, AttributeError) as error:
        raise Forged(type(error).__name__) from error


def _notice(event: Mapping[str, Any]) -> Notice:
    about = (event.get("data") or {}).get("object") or {}
    return Notice(
        kind=str(event.get("type") or ""),
        session_id=str(about.get("id") or ""),
        number=str(about.get("client_reference_id") or ""),
        is_paid=about.get("payment_status") == "paid",
        amount_pence=int(about.get("amount_total") or 0) if about.get("currency") == CURRENCY else 0,
    )


def _client() -> stripe.StripeClient:
    return _client_for(os.environ[KEY_VARIABLE], os.environ.get(BASE_VARIABLE) or "")


@lru_cache(maxsize=4)
def _client_for(key: str, base: str) -> stripe.StripeClient:
    stripe.enable_telemetry = False
    addresses: Any = {"base_addresses": {"api": base.rstrip("/")}} if base else {}
    http = stripe.HTTPXClient(timeout=TIMEOUT_S, allow_sync_methods=True)
    return stripe.StripeClient(key, http_client=http, max_network_retries=RETRIES, **addresses)
