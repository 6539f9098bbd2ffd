"""How actions reach the shop."""

import asyncio
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session

from shop.database import open_session

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


async def ask_shop(
    question: Callable[Concatenate[Session, Arguments], Answer], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Answer:
    """Call a function of the shop in a session of its own, in a thread, so that a slow database holds up nobody else.

    Raises:
        ShopUnavailable: The database cannot be used.
    """

    def in_session() -> Answer:
        with open_session() as session:
            return question(session, *args, **kwargs)

    return await asyncio.to_thread(in_session)
