"""What a message says about the contact details of an account."""

import re

from rasa_sdk import Tracker

from actions.customers import KnownCustomer
from actions.shop_access import ask_shop
from parlance.actions.messages import REQUESTED, entities, entity, free_answer, intent_of, meant
from shop.customers import ContactField, customer_by_email
from shop.emails import find_email
from shop.phones import find_phone

DETAILS = {
    "first_name": ("first name", "forename", "given name", "christian name"),
    "surname": ("surname", "last name", "family name", "second name", "maiden"),
    "email": ("mail",),
    "phone": ("phone", "mobile", "number", "tel", "cell", "landline"),
    "name": ("name",),
}
"""What can be changed, and the words that speak of it; of two that fit the first."""
PARTS_OF_A_NAME = frozenset(("first_name", "surname", "name"))
_BEFORE_A_NAME = re.compile(
    r"^(?:(?:my|the|new|full|first|last) )*(?:(?:sur)?name )?"
    r"(?:it'?s|it is|is|name'?s|to|now|should (?:be|say)|make it)(?: now)? ",
    re.IGNORECASE,
)
_AFTER_A_NAME = re.compile(r"(?:[\s,]{1,3}(?:please|pls|thanks|thank you|cheers|ta|now)){1,4}$", re.IGNORECASE)
_NOT_IN_A_NAME = re.compile(
    r"\b(?:my|me|it|its|is|was|be|not|and|but|or|with|without|instead|spelt|spell(?:ed|ing)?|name|surname|account"
    r"|change[ds]?|want|would|should|could|can|please|thanks|the|this|that|i'?m|got|married|divorced|because|since)\b",
    re.IGNORECASE,
)
"""Words that say more than a name; none of them is one."""


def field_of(detail: str) -> ContactField:
    """The field of the account that a detail is in."""
    if detail in PARTS_OF_A_NAME:
        return "name"
    return "email" if detail == "email" else "phone"


def detail_named(tracker: Tracker) -> str | None:
    """What the latest message wants to change, by its words; a key of DETAILS."""
    said = " ".join([*map(str, entities(tracker, "contact_detail")), free_answer(tracker, "contact_detail") or ""])
    return next((detail for detail, words in DETAILS.items() if any(w in said.lower() for w in words)), None)


def new_value(tracker: Tracker, detail: str) -> str | None:
    """The new e-mail address, phone number or name in the latest message."""
    field = field_of(detail)
    if field == "email":
        return new_email(tracker)
    answer = free_answer(tracker, "new_value") or ""
    if field == "phone":
        return find_phone(str(entity(tracker, "phone", "new") or meant(tracker, "phone") or answer))
    # NLU may mark a part of what was asked for: "Lowe" of "Dr Amy Lowe".
    return find_name(answer) or find_name(str(meant(tracker, "name") or ""))


def new_email(tracker: Tracker) -> str | None:
    """The e-mail address that the account shall have. One without a role is that where nothing else was asked for."""
    said = entity(tracker, "email", "new")
    asked = tracker.get_slot(REQUESTED)
    if said is None and asked in ("contact_detail", "new_value", "confirmed"):
        said = meant(tracker, "email") or free_answer(tracker, "new_value")
    elif said is None and asked is None and intent_of(tracker) == "change_contact":
        said = meant(tracker, "email") if detail_named(tracker) in (None, "email") else None
    return find_email(str(said)) if said else None


def find_name(text: str) -> str | None:
    """A name: up to five words of letters, without "it's" before it or "please" after it; None if there is more."""
    name = _AFTER_A_NAME.sub("", _BEFORE_A_NAME.sub("", " ".join(text.strip(" .!").split())))
    if _NOT_IN_A_NAME.search(name):
        return None
    return name if re.fullmatch(r"[^\W\d_][\w'’.-]*(?: [\w'’.-]+){0,4}", name) else None


async def value_to_store(customer: KnownCustomer, detail: str, value: str) -> str:
    """The whole new value: a first name or a surname takes the place of that part of the name.

    Raises:
        ShopUnavailable: The database cannot be used.
    """
    if detail not in PARTS_OF_A_NAME or (detail == "name" and " " in value):
        return value
    summary = await ask_shop(customer_by_email, customer.email)
    *first, last = summary.name.split() if summary else [customer.first_name]
    if detail == "surname":
        return " ".join([*(first or [last]), value])
    return " ".join([value, last] if first else [value])
