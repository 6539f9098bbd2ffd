"""Where a request comes from: without a token, only this machine's own programs may call."""

import ipaddress

from sanic.request import Request

FROM_A_PAGE = ("origin", "sec-fetch-site")
"""Headers that browsers set: any page can have a visitor's own browser ask this machine."""
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def is_local(request: Request) -> bool:
    """Whether the server listens to this machine alone, and the request was made on it by a program: not passed on by a
    proxy, and not made by a page in a browser."""
    listening = request.app.state.host
    if listening and listening != "localhost" and not _is_loopback(listening):
        return False
    own = request.transport.get_extra_info("sockname") if request.transport else None
    ends = (request.ip, own[0] if isinstance(own, tuple) else "")
    return all(map(_is_loopback, ends)) and not any(name in request.headers for name in (*FORWARDED, *FROM_A_PAGE))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
