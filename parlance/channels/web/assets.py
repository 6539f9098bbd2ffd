"""What is the same for every visitor: the page, the widget's script, drawings, and pages behind links in e-mails."""

import asyncio
import gzip
import hashlib
from functools import lru_cache
from pathlib import Path

from sanic import response as respond
from sanic.request import Request
from sanic.response import HTTPResponse

from parlance.channels.web.options import WebOptions
from parlance.channels.web.request_parsing import Refused

LINK_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: https:; "
    "connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


class Assets:
    """Serves what the options name."""

    def __init__(self, options: WebOptions) -> None:
        self._page, self._link_page, self._picture = map(options.function, ("page", "link_page", "picture"))
        self._further_page = options.function("further_page")
        self._path = options.path
        self._widget = options.widget

    async def show_page(self, request: Request) -> HTTPResponse:
        """The page of the shop that shows the chat."""
        if self._page is None:
            raise Refused(404, "no_page", "No page is configured; embed the widget in one of your own.")
        html = await asyncio.to_thread(self._page, self._path)
        return respond.html(html, headers={"content-security-policy": PAGE_POLICY, "cache-control": "no-cache"})

    async def show_link(self, request: Request, token: str) -> HTTPResponse:
        """The page behind a link. Programs that look through mail open every link in it, so that this does nothing."""
        return await self._link(token, follow=False)

    async def follow_link(self, request: Request, token: str) -> HTTPResponse:
        """The same, and what the link is for is done."""
        return await self._link(token, follow=True)

    async def _link(self, token: str, follow: bool) -> HTTPResponse:
        if self._link_page is None:
            raise Refused(404, "no_page", "No page for links in e-mails is configured.")
        html = await asyncio.to_thread(self._link_page, token, follow)
        return respond.html(html, headers={"content-security-policy": LINK_POLICY, "cache-control": "no-store"})

    async def show_further(self, request: Request, name: str) -> HTTPResponse:
        """Another page, to which somebody is sent."""
        html = await asyncio.to_thread(self._further_page, name) if self._further_page else None
        if html is None:
            raise Refused(404, "no_page", "There is no such page.")
        return respond.html(html, headers={"content-security-policy": LINK_POLICY, "cache-control": "no-store"})

    async def send_widget(self, request: Request) -> HTTPResponse:
        """The widget's script."""
        try:
            script, tag = _widget(self._widget, Path(self._widget).stat().st_mtime_ns)
        except FileNotFoundError as error:
            raise Refused(404, "no_widget", "The widget is not built. Build it with: make web") from error
        headers = {"etag": tag, "cache-control": "no-cache", "cross-origin-resource-policy": "cross-origin"}
        if request.headers.get("if-none-match") == tag:
            return respond.raw(b"", status=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
        else:
            script = gzip.decompress(script)
        return respond.raw(script, content_type="text/javascript; charset=utf-8", headers=headers)

    async def send_picture(self, request: Request, name: str) -> HTTPResponse:
        """A drawing of a product."""
        drawing = await asyncio.to_thread(self._picture, name) if self._picture else None
        if drawing is None:
            raise Refused(404, "no_picture", "There is no such picture.")
        headers = {
            "cache-control": "public, max-age=3600",
            "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "cross-origin-resource-policy": "cross-origin",
        }
        return respond.raw(drawing.encode(), content_type="image/svg+xml", headers=headers)


@lru_cache(maxsize=2)
def _widget(file: str, changed: int) -> tuple[bytes, str]:
    """The widget's script, compressed, and its ETag; read again when the file has changed."""
    script = Path(file).read_bytes()
    return gzip.compress(script, 9), f'"{hashlib.sha256(script).hexdigest()[:20]}"'
