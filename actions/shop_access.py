"""How actions reach the shop."""

import asyncio
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session

from shop.database import open_session
from shop.errors import ShopUnavailable

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

LIMIT_VARIABLE = "SHOP_TIMEOUT_S"
DEFAULT_LIMIT_S = 8.0
THREADS = 32

logger = logging.getLogger(__name__)

# Of its own, so that calls that hang take no threads from others; as many as the database has connections, and some.
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="shop")


async def ask_shop(
    question: Callable[Concatenate[Session, Arguments], Answer], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Answer:
    """Call a function of the shop in a session of its own, in a thread, so that a slow database holds up nobody else.

    The database gives up each statement after ``shop.database.TIMEOUT_S``. The limit here is on the whole call, and
    holds where the database itself hangs: a thread cannot be ended, but what it changes after the limit is taken back.

    Raises:
        ShopUnavailable: The database cannot be used, or takes longer than ``SHOP_TIMEOUT_S`` allows.
    """
    given_up = Event()

    def in_session() -> Answer:
        with open_session() as session:
            answer = question(session, *args, **kwargs)
            if given_up.is_set():
                raise TimeoutError("The customer was told that it did not work, so nothing is changed.")
            return answer

    try:
        return await in_thread(in_session)
    except ShopUnavailable:
        given_up.set()
        raise


async def in_thread(call: Callable[[], Answer]) -> Answer:
    """Make a call of the shop that opens its own sessions, such as one that asks the payment provider between them.

    Raises:
        ShopUnavailable: It takes longer than ``SHOP_TIMEOUT_S`` allows; or as the call does.
    """
    limit = time_limit()
    running = asyncio.get_running_loop().run_in_executor(_threads, call)
    try:
        return await asyncio.wait_for(running, limit)
    except asyncio.TimeoutError as error:
        raise ShopUnavailable(
            f"The shop has not answered within {limit:g} s.",
            f"Find out what holds it up; {LIMIT_VARIABLE} in the environment gives it more time.",
        ) from error


def time_limit() -> float:
    """Seconds that one call of the shop may take."""
    text = os.environ.get(LIMIT_VARIABLE) or str(DEFAULT_LIMIT_S)
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        logger.error("%s=%s is not a number above 0. Give seconds, such as %g.", LIMIT_VARIABLE, text, DEFAULT_LIMIT_S)
        return DEFAULT_LIMIT_S
    return seconds
