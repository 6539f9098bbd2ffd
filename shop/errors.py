"""What can go wrong between the assistant and the shop."""

from parlance.actions.errors import ServiceUnavailable


class ShopUnavailable(ServiceUnavailable):
    """The shop's database cannot be used just now."""
