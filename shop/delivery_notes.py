"""What the driver shall know: where to leave a parcel, who may take it in, which bell to ring."""

from dataclasses import dataclass
from enum import Enum

from sqlalchemy.orm import Session

from shop import audit, outbox
from shop.models import Order, OrderStatus
from shop.own_orders import BEFORE_DISPATCH, own_order, own_order_to_change

NOTE_LENGTH = 200
TAKES_NOTES = BEFORE_DISPATCH | {OrderStatus.DISPATCHED, OrderStatus.DELIVERY_ATTEMPTED}
"""The states in which a note still reaches the driver; on the van, the list of the day is printed."""
CARRIERS_WITHOUT_NOTES = frozenset({"Postwise"})
"""Postwise delivers with the letters and passes nothing on."""


class NoteOutcome(str, Enum):
    """How a note for the driver ended, or why there can be none."""

    NOTED = "noted"
    REMOVED = "removed"
    SAME = "same"
    NONE = "none"
    ON_THE_VAN = "on_the_van"
    CARRIER = "carrier"
    OVER = "over"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class DriverNote:
    """``note`` is what the driver is told now, empty for nothing; ``carrier`` is who takes no notes."""

    outcome: NoteOutcome
    note: str = ""
    carrier: str = ""


def why_no_note(session: Session, number: str | int, customer_id: int) -> DriverNote | None:
    """Why an order can have no note any more; None where it can."""
    return _why_not(own_order(session, number, customer_id))


def write_note(session: Session, number: str | int, customer_id: int, note: str, conversation_id: str) -> DriverNote:
    """Tell the driver something, in place of what they were told before; an empty note takes it back.

    The address on file hears of it, since a note can send a parcel to another door.
    """
    order = own_order_to_change(session, number, customer_id)
    refused = _why_not(order)
    if order is None or refused:
        return refused or DriverNote(NoteOutcome.NOT_FOUND)
    wanted, before = " ".join(note.split())[:NOTE_LENGTH], order.delivery_note
    if wanted == before:
        return DriverNote(NoteOutcome.SAME if wanted else NoteOutcome.NONE, before)
    order.delivery_note = wanted
    kind = "delivery_note" if wanted else "delivery_note_removed"
    outbox.put(session, kind, order.customer.email, name=order.customer.name, number=order.number, note=wanted)
    audit.record(session, "delivery_note_written", conversation_id, customer_id, number=order.number, before=before)
    return DriverNote(NoteOutcome.NOTED if wanted else NoteOutcome.REMOVED, wanted)


def _why_not(order: Order | None) -> DriverNote | None:
    if order is None:
        return DriverNote(NoteOutcome.NOT_FOUND)
    if order.status == OrderStatus.OUT_FOR_DELIVERY:
        return DriverNote(NoteOutcome.ON_THE_VAN, order.delivery_note)
    if order.status not in TAKES_NOTES:
        return DriverNote(NoteOutcome.OVER)
    coming = [parcel.carrier for parcel in order.parcels if parcel.delivered_on is None]
    if coming and all(carrier in CARRIERS_WITHOUT_NOTES for carrier in coming):
        return DriverNote(NoteOutcome.CARRIER, order.delivery_note, coming[0])
    return None
