"""For tests of the actions: customers whom Fern knows, their accounts, and the mail that the shop sent them."""

from typing import Any

from sqlalchemy import select

from actions.account import ActionAskContactFormConfirmed, ValidateContactForm
from actions.customer_forms import Form
from actions.proof import ActionAskOneTimeCode
from shop import account_links
from shop.account_links import Followed
from shop.customers import CustomerSummary, customer_by_email
from shop.database import open_session
from shop.identity import mint
from shop.models import OutboxMessage
from tests.unit.dialogue import Conversation, Entity, recognised_as, sent_code

ADA = "ada.byrne@example.com"
ELIN = "elin.hughes@example.com"
NOWHERE = "sqlite:////nowhere/at/all.db"


def account(email: str) -> CustomerSummary:
    with open_session() as session:
        found = customer_by_email(session, email)
        assert found
        return found


def known(email: str = ADA, **slots: Any) -> Conversation:
    """A conversation with a customer who has signed in."""
    token = mint(email, account(email).first_name, "test", 60) or ""
    return Conversation(token=token, customer=recognised_as(email, signed_in=email), email=email, **slots)


def recognised(email: str = ADA, **slots: Any) -> Conversation:
    """A conversation with a customer whom Fern has recognised."""
    return Conversation(customer=recognised_as(email), email=email, **slots)


def proves(chat: Conversation, form: Form) -> list[str]:
    """Somebody who is known by order and e-mail alone gives the code that the form asks for."""
    assert chat.slots["requested_slot"] == "one_time_code"
    assert chat.runs(ActionAskOneTimeCode()) == ["utter_ask_one_time_code"]
    return chat.hears(sent_code(), "inform").fills(form)


def outbox(kind: str) -> list[str]:
    with open_session() as session:
        return list(session.execute(select(OutboxMessage.recipient).where(OutboxMessage.kind == kind)).scalars())


def token_in(kind: str) -> str:
    """The token of the link in the latest mail of a kind."""
    newest = select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.id.desc())
    with open_session() as session:
        return str(session.execute(newest).scalars().first().content["token"])


def follow(token: str) -> Followed:
    with open_session() as session:
        return account_links.follow(session, token)


def ask_to_change(chat: Conversation, text: str, *entities: Entity) -> list[str]:
    return chat.hears(text, "change_contact", *entities).fills(ValidateContactForm())


def confirm(chat: Conversation) -> str:
    """What Fern asks to confirm, and then the outcome of a yes."""
    assert chat.slots["requested_slot"] == "confirmed"
    assert chat.runs(ActionAskContactFormConfirmed())[0].startswith("utter_confirm_")
    asked = str(chat.blank("value"))
    chat.hears("yes", "affirm").fills(ValidateContactForm())
    assert chat.form is None
    return asked
