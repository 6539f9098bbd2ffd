"""Names of responses that actions build from the shop's answers, with all that they can become."""

from collections.abc import Iterable
from enum import Enum
from typing import get_args

from actions.cannot import OFFERS
from actions.conversation import GREETINGS_IN_TONE
from actions.orders import STATES_WITH_NOTES
from shop.browsing import RELAXATIONS
from shop.claims import ClaimOutcome, PhotoOutcome
from shop.customers import ContactField, ContactOutcome, DataOutcome
from shop.delivery import MissingOutcome, RescheduleOutcome
from shop.delivery_notes import NoteOutcome
from shop.goodwill import GoodwillOutcome
from shop.models import OrderStatus
from shop.one_time_codes import Sending
from shop.orders import AddressOutcome, CancelOutcome, ItemsOutcome
from shop.payments import GiftCardOutcome, InvoiceOutcome, PromoOutcome
from shop.product_choice import Aspect
from shop.products import StockNoticeOutcome
from shop.reinstating import ReinstateOutcome
from shop.returns import LabelOutcome, RefundState, ReturnableOutcome, ReturnOutcome
from tests.unit.dialogue import DOMAIN


def each(outcomes: type[Enum], but: Iterable[Enum] = ()) -> list[str]:
    """The values of the outcomes, without those that the action answers in another way."""
    return [str(outcome.value) for outcome in outcomes if outcome not in but]


ORDER_STATES = [*each(OrderStatus), "overdue"]
PAYMENTS = ("paid", "pending", "failed", "refunded", "part_refunded")
PAYMENT_PROBLEMS = ("card_declined", "3ds_failed", "expired")
REASONS = ("bought", "goes_with", "colour", "room", "material", "style", "asked", "popular")
PRICE_CHANGES = ("", "_dearer", "_cheaper")
ITEMS_CHANGES = (*PRICE_CHANGES, "_refunded")
NOT_CLAIMED = (ClaimOutcome.NOT_DELIVERED, ClaimOutcome.TOO_OLD, ClaimOutcome.NOT_FOUND)
BUILT: dict[str, list[str]] = {
    # conversation
    "utter_greet_known{in_tone}": [f"utter_greet_known{tone}" for tone in ("", *(f"_{t}" for t in GREETINGS_IN_TONE))],
    # forms: utter_answer_unclear is said where the domain has none for the slot
    "utter_{asked}_unclear": ["utter_answer_unclear"],
    "utter_code_{sending.value}": [f"utter_code_{sending}" for sending in each(Sending, [Sending.SENT])],
    # orders
    "utter_order_{state}{with_note}": [
        *(f"utter_order_{state}" for state in (*ORDER_STATES, "delivered_unsearched", "overdue_unsearched")),
        *(f"utter_order_{state}_with_note" for state in STATES_WITH_NOTES),
    ],
    "utter_cancel_{'refunded' if paid else done.outcome.value}": [
        f"utter_cancel_{outcome}" for outcome in ("refunded", *each(CancelOutcome, [CancelOutcome.NOT_FOUND]))
    ],
    "utter_address_{done.outcome.value}": [
        f"utter_address_{outcome}" for outcome in each(AddressOutcome, [AddressOutcome.NOT_FOUND])
    ],
    "utter_items_{done.outcome.value}{costs(done)}": [
        f"utter_items_{outcome}{change}"
        for outcome in each(ItemsOutcome, [ItemsOutcome.NOT_FOUND])
        for change in (ITEMS_CHANGES if outcome in ("changed", "removed") else ("",))
    ],
    # delivery
    "utter_missing_{report.outcome.value}": [
        f"utter_missing_{outcome}" for outcome in each(MissingOutcome, [MissingOutcome.NOT_FOUND])
    ],
    "utter_claim_already_open{without}": ["utter_claim_already_open", "utter_claim_already_open_without_photo"],
    "utter_claim_{claim.outcome.value}{without}": [
        f"utter_claim_{outcome}{photo}"
        for outcome in each(ClaimOutcome, NOT_CLAIMED)
        for photo in ("", "_without_photo")
    ],
    "utter_photo_{outcome.value}": [
        f"utter_photo_{outcome}" for outcome in each(PhotoOutcome, [PhotoOutcome.NOT_FOUND])
    ],
    "utter_reschedule_{done.outcome.value}": [
        f"utter_reschedule_{outcome}" for outcome in each(RescheduleOutcome, [RescheduleOutcome.NOT_FOUND])
    ],
    # care
    "utter_delivery_note_{done.outcome.value}": [
        f"utter_delivery_note_{outcome}" for outcome in each(NoteOutcome, [NoteOutcome.NOT_FOUND])
    ],
    "utter_reinstate_{done.outcome.value}": [
        f"utter_reinstate_{outcome}" for outcome in each(ReinstateOutcome, [ReinstateOutcome.NOT_FOUND])
    ],
    "utter_goodwill_{decision.outcome.value}": [
        f"utter_goodwill_{outcome}" for outcome in each(GoodwillOutcome, [GoodwillOutcome.NOT_FOUND])
    ],
    "utter_cannot/{topic}": [response for response in DOMAIN["responses"] if response.startswith("utter_cannot/")],
    "utter_cannot_offer_{offer}": [f"utter_cannot_offer_{offer}" for offer in sorted(set(OFFERS.values()))],
    # returns
    "utter_return_{found.outcome.value}": [
        f"utter_return_{outcome}"
        for outcome in each(ReturnableOutcome, [ReturnableOutcome.OK, ReturnableOutcome.NOT_FOUND])
    ],
    "utter_return_{done.outcome.value}": [
        f"utter_return_{outcome}" for outcome in each(ReturnOutcome, [ReturnOutcome.NOT_FOUND])
    ],
    "utter_confirm_cancel{unpaid}": ["utter_confirm_cancel", "utter_confirm_cancel_unpaid"],
    "utter_confirm_cancel_whole{unpaid}": ["utter_confirm_cancel_whole", "utter_confirm_cancel_whole_unpaid"],
    "utter_confirm_{'items' if quantity else 'remove'}{costs(done)}": [
        f"utter_confirm_{what}{change}" for what in ("items", "remove") for change in ITEMS_CHANGES
    ],
    "utter_return_{state}": ["utter_return_cancelled", "utter_return_on_its_way"],
    "utter_confirm_exchange{price_change(costs)}": [f"utter_confirm_exchange{change}" for change in PRICE_CHANGES],
    "utter_exchange_opened{price_change(done.to_pay_pence - done.refund_pence)}": [
        f"utter_exchange_opened{change}" for change in PRICE_CHANGES
    ],
    "utter_refund_{refund.state.value}": [
        f"utter_refund_{state}" for state in each(RefundState, [RefundState.NOT_FOUND])
    ],
    "utter_label_{label.outcome.value}": [
        f"utter_label_{outcome}" for outcome in each(LabelOutcome, [LabelOutcome.NOT_FOUND])
    ],
    # payment
    "utter_payment_{status}": [f"utter_payment_{status}" for status in PAYMENTS],
    "utter_payment_{order.payment_problem}": [f"utter_payment_{problem}" for problem in PAYMENT_PROBLEMS],
    "utter_invoice_{done.outcome.value}": [
        f"utter_invoice_{outcome}" for outcome in each(InvoiceOutcome, [InvoiceOutcome.NOT_FOUND])
    ],
    "utter_promo_{promo.outcome.value}": [
        f"utter_promo_{outcome}" for outcome in each(PromoOutcome, [PromoOutcome.VALID])
    ],
    "utter_promo_valid_{'delivery' if promo.kind == 'delivery' else 'value'}": [
        "utter_promo_valid_delivery",
        "utter_promo_valid_value",
    ],
    "utter_gift_card_{card.outcome.value}": [f"utter_gift_card_{outcome}" for outcome in each(GiftCardOutcome)],
    # products
    "utter_found_without_{found.dropped}": [f"utter_found_without_{filter_}" for filter_ in RELAXATIONS],
    "utter_notice_{notice.outcome.value}": [
        f"utter_notice_{outcome}" for outcome in each(StockNoticeOutcome, [StockNoticeOutcome.NOT_FOUND])
    ],
    "utter_compare_{aspect.value}": [f"utter_compare_{aspect}" for aspect in each(Aspect)],
    "utter_because_{one.because.code}": [f"utter_because_{reason}" for reason in REASONS],
    # basket
    "utter_basket{discount}": ["utter_basket", "utter_basket_discounted"],
    "utter_confirm_checkout{discount}": ["utter_confirm_checkout", "utter_confirm_checkout_discounted"],
    "utter_place_{refused.value}": ["utter_place_not_served", "utter_place_invalid_postcode"],
    # account
    "utter_confirm_{field_of(detail)}": [f"utter_confirm_{field}" for field in get_args(ContactField)],
    "utter_logged_out{signed_in}": ["utter_logged_out", "utter_logged_out_signed_in"],
    "utter_contact_{done.outcome.value}": [f"utter_contact_{outcome}" for outcome in each(ContactOutcome)],
    "utter_export_{done.outcome.value}": [
        f"utter_export_{outcome}" for outcome in each(DataOutcome, [DataOutcome.OPEN_ORDERS])
    ],
    "utter_delete_{done.outcome.value}": [f"utter_delete_{outcome}" for outcome in each(DataOutcome)],
}
