"""What an act would do, for whoever is asked whether to go ahead: it is done, and taken back."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy.orm import Session

Outcome = TypeVar("Outcome")


def preview(session: Session, act: Callable[..., Outcome], *arguments: Any) -> Outcome:
    """The outcome of a function of the shop that changes it, without the change.

    Args:
        session: What the act is done in; nothing that was changed in it before is kept either.
        act: Called with the session and the arguments, such as ``shop.orders.cancel_order``.
        arguments: As the act takes them.
    """
    try:
        return act(session, *arguments)
    finally:
        session.rollback()
