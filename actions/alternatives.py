"""Requests of which a customer wants one or the other."""

ALTERNATIVES = (
    frozenset(
        "cancel_order change_items change_address reschedule_delivery start_return exchange_item item_damaged "
        "wrong_item parcel_missing".split()
    ),
    frozenset(
        "product_details product_dimensions product_material product_care check_stock back_in_stock".split(),
    ),
    frozenset({"promo_code_problem", "gift_card_balance"}),
    frozenset({"export_data", "delete_data"}),
)
"""Of one order only one thing can be done at a time, and what is asked about one product ends what was asked before."""
