"""Reading the body of a request no further than it may be long."""

from typing import Any

from sanic.request import Request


class BodyTooLong(Exception):
    """A request with more bytes than it may have."""


async def read_body(request: Request, limit: int) -> bytes:
    """The body of a request on a streaming route, of at most ``limit`` bytes.

    Raises:
        BodyTooLong: it is longer. Somewhat too long bodies are read to their end, so that the sender hears the refusal.
    """
    chunks: list[bytes] = []
    size = 0
    stream: Any = request.stream
    async for chunk in stream:
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        elif size > 4 * limit:
            break
    if size > limit:
        raise BodyTooLong(f"The request is longer than {limit} bytes.")
    return b"".join(chunks)
