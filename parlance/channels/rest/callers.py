"""Where a request comes from: without a token, only this machine's own programs may call."""

import ipaddress
from urllib.parse import urlsplit

from sanic.request import Request

FROM_A_PAGE = ("origin", "sec-fetch-site")
"""Headers that browsers set: any page can have a visitor's own browser ask this machine."""
FORWARDED = ("forwarded", "x-forwarded", "x-real-ip", "x-client-ip", "via", "cf-connecting-ip", "true-client-ip")
"""What the names of headers begin with that proxies set."""


def is_local(request: Request) -> bool:
    """Whether the server listens to this machine alone, and the request was made on it by a program: not passed on by a
    proxy, and not made by a page in a browser."""
    listening = request.app.state.host
    if listening and listening != "localhost" and not _is_loopback(listening):
        return False
    own = request.transport.get_extra_info("sockname") if request.transport else None
    ends = (request.ip, own[0] if isinstance(own, tuple) else "", _named_host(request))
    # nginx talks HTTP/1.0 to what it passes requests on to, unless it is told otherwise, and may add no header.
    return all(map(_is_loopback, ends)) and request.version != "1.0" and not any(map(_is_foreign, request.headers))


def _named_host(request: Request) -> str:
    """The machine that the request says it is for: what a proxy stands for has a name of its own."""
    named = request.headers.getall("host", [])
    try:
        host = urlsplit(f"//{named[0]}").hostname if len(named) == 1 else None
    except ValueError:
        host = None
    return "127.0.0.1" if host == "localhost" else host or ""


def _is_foreign(header: str) -> bool:
    """Whether programs on this machine set no such header by themselves."""
    return header.lower().replace("_", "-").startswith((*FORWARDED, *FROM_A_PAGE))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
