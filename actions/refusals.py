"""The words with which people refuse what Fern could do, or to be who Fern takes them for."""

import re

from parlance.actions.messages import in_small_letters

REFUSABLE = {
    "human_handoff": (
        "person human agent advisor adviser someone somebody operator colleague representative rep ticket "
        "people humans agents"
    ),
    "cancel_order": "cancel cancelled canceled cancelling canceling cancellation",
    "change_address": "change changing redirect redirecting",
    "delete_data": "delete deleted deleting erase erased erasing close closing",
    "forget_preferences": "forget forgetting",
    "start_return": "return returned returning back",
    "exchange_item": "exchange exchanged exchanging swap swapping replacement",
    "parcel_missing": "search searched searching chase chasing",
    "item_damaged": "claim claiming",
    "wrong_item": "claim claiming",
    "delivery_note": "note message instruction instructions",
    "reinstate_order": "reinstate reinstated uncancel restore back",
    "goodwill": "compensation voucher points goodwill",
    "checkout": "checkout order ordering buy buying pay paying",
    "empty_basket": "empty emptying clear clearing",
}
"""By intent the words that ask for it."""
DISOWNING = re.compile(r"\b(?:am|i'm|was|is|it's|that's)(?:n't|nt| not) (?P<who>\w{1,30})\b")
WRONG_PERSON = re.compile(r"\bwrong (?:person|customer)\b")


def disowns(text: str, name: str) -> bool:
    """Whether somebody says that they are not the customer whom the conversation knows: "that wasn't me", "I'm not
    Ada", "you've got the wrong person".

    Args:
        text: What the customer wrote.
        name: The first name of the customer.
    """
    plain = in_small_letters(text)
    told = DISOWNING.search(plain)
    return bool(told and told["who"] in ("me", name.lower())) or bool(WRONG_PERSON.search(plain))
