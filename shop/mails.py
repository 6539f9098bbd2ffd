"""What the shop's e-mails say. Kinds without words here are left to whatever else sends the shop's mail."""

import json
import os
from email.message import EmailMessage

from shop.models import OutboxMessage

DEFAULT_SENDER = "Fernhill <hello@fernhill.example>"
DEFAULT_CHAT = "http://localhost:5005/chat"
SUBJECTS_AND_WORDS = {
    "one_time_code": (
        "Your Fernhill code",
        "Hello {name},\n\nyour code is {code}. It is good for ten minutes, in the chat in which it was asked for.\n\n"
        "If you asked for none, somebody else tried to change your account: tell nobody this code, and do nothing.",
    ),
    "confirm_email": (
        "Confirm your new e-mail address",
        "Hello,\n\nsomebody asked us to write to this address from now on. If it was you, confirm it within a day:\n\n"
        "{link}\n\nIf it was not, do nothing.",
    ),
    "address_in_use": (
        "Your e-mail address at Fernhill",
        "Hello,\n\nsomebody asked us to use this address for another account. It has an account already, so nothing "
        "has changed. If it was you, sign in with this address; if it was not, do nothing.",
    ),
    "email_changed": (
        "Your e-mail address was changed",
        "Hello {name},\n\nyour Fernhill account has another e-mail address now. If that was not you, undo it within 14 "
        "days:\n\n{link}",
    ),
    "contact_changed": (
        "Your account was changed",
        "Hello {name},\n\nthe {field} of your Fernhill account was changed. If that was not you, undo it within 14 "
        "days:\n\n{link}",
    ),
    "address_changed": (
        "Your order goes to another address",
        "Hello {name},\n\nyour order FH-{number} goes to another address now. If that was not you, undo it before the "
        "order leaves:\n\n{link}",
    ),
    "change_undone": (
        "A change of your account was undone",
        "Hello {name},\n\na change of your Fernhill account was undone by a link in an e-mail of ours. What was there "
        "before holds again.",
    ),
    "password_reset_held": (
        "No new password yet",
        "Hello {name},\n\nsomebody asked for a new password. The e-mail address of your account was changed less than "
        "14 days ago, so we send no link unless you first prove in the chat who you are: ask Fern for a change of your "
        "account there, give the code that we send you, and then ask for the password again.",
    ),
    "newsletter_welcome": (
        "You subscribed to our newsletter",
        "Hello {name},\n\nfrom now on our newsletter comes to you once a month. If you did not ask for it, the link at "
        "the end of each issue stops it.",
    ),
    "delivery_note": (
        "A note for the driver of your order",
        'Hello {name},\n\nthe driver who brings your order FH-{number} is told: "{note}". If that was not you, tell '
        "Fern in the chat to remove it, or call 0808 157 0142.",
    ),
    "delivery_note_removed": (
        "No note for the driver any more",
        "Hello {name},\n\nthe note for the driver who brings your order FH-{number} is removed, as asked in the chat.",
    ),
    "goodwill_voucher": (
        "£{pounds} off, with our apologies",
        "Hello {name},\n\nyour order FH-{number} came late, and we are sorry. The code {code} takes £{pounds} off "
        "your next order. It is yours alone, and good once in the next six months.",
    ),
    "order_confirmed": (
        "Your order FH-{number}",
        "Hello {name},\n\nyour payment has arrived, and your order FH-{number} is confirmed: {goods}, {total} in all. "
        "It goes to {address}, and should be there by {day}.",
    ),
    "order_paid_too_late": (
        "Your order FH-{number} was not sent",
        "Hello {name},\n\nyour payment for FH-{number} arrived after the order had been given up, so it is not sent: "
        "{goods}. What you paid goes back to you within five working days. We are sorry.",
    ),
    "data_export": ("Your data ({reference})", "Hello,\n\nhere is everything that we have stored about you."),
    "data_deleted": ("Your account is erased ({reference})", "Hello,\n\nyour account at Fernhill is erased."),
}


def mail_of(message: OutboxMessage) -> EmailMessage | None:
    """The e-mail that a message of the outbox stands for; None for a kind that has no words here.

    ``SHOP_MAIL_FROM`` is its sender, ``CHAT_URL`` the chat's address as customers reach it, for links.
    """
    if message.kind not in SUBJECTS_AND_WORDS:
        return None
    subject, words = SUBJECTS_AND_WORDS[message.kind]
    blanks = {**message.content}
    if "token" in blanks:
        blanks["link"] = f"{(os.environ.get('CHAT_URL') or DEFAULT_CHAT).rstrip('/')}/account/{blanks['token']}"
    mail = EmailMessage()
    mail["From"] = os.environ.get("SHOP_MAIL_FROM") or DEFAULT_SENDER
    mail["To"] = message.recipient
    mail["Subject"] = subject.format(**blanks)
    mail.set_content(words.format(**blanks) + "\n\nFernhill\n")
    if message.kind == "data_export":
        data = json.dumps(blanks["data"], ensure_ascii=False, indent=2)
        mail.add_attachment(data.encode(), maintype="application", subtype="json", filename="your-data.json")
    return mail
