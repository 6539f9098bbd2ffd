"""The newsletter: who subscribed to it."""

from enum import Enum

from sqlalchemy.orm import Session

from shop import audit, outbox
from shop.database import begin_change
from shop.models import Customer
from shop.models.newsletter import Newsletter


class NewsletterOutcome(str, Enum):
    """How it ended."""

    DONE = "done"
    ALREADY = "already"


def subscribe(session: Session, customer_id: int, conversation_id: str) -> NewsletterOutcome:
    """Subscribe a customer, once. A mail to the address on file says so, since it need not have been they who asked."""
    begin_change(session)
    customer = session.get(Customer, customer_id)
    if customer is None or customer.erased_at or session.get(Newsletter, customer_id) is not None:
        return NewsletterOutcome.ALREADY
    session.add(Newsletter(customer_id=customer_id))
    session.flush()
    outbox.put(session, "newsletter_welcome", customer.email, name=customer.name)
    audit.record(session, "newsletter_subscribed", conversation_id, customer_id)
    return NewsletterOutcome.DONE
