"""Pictures that visitors send, and see again."""

import asyncio
import logging
from pathlib import Path

from sanic import response as respond
from sanic.request import Request
from sanic.response import HTTPResponse

from parlance.channels.core.uploads import (
    BUSY_SECONDS,
    PictureFolder,
    StorageFull,
    StoredUpload,
    UploadNotNow,
    UploadRefused,
    UploadTooLarge,
)
from parlance.channels.web.access import decoded_header
from parlance.channels.web.conversations import Conversations
from parlance.channels.web.limits import VisitorLimits
from parlance.channels.web.options import WebOptions
from parlance.channels.web.request_parsing import Refused, read_body
from parlance.channels.web.visitors import Visitor, Visitors

logger = logging.getLogger(__name__)


class VisitorPictures:
    """Takes pictures in, and gives each out to the conversation that sent it."""

    def __init__(
        self, options: WebOptions, conversations: Conversations, visitors: Visitors, limits: VisitorLimits
    ) -> None:
        limit, storage = (
            int(size * 1_000_000) for size in (options.upload_megabytes, options.upload_storage_megabytes)
        )
        self.folder = PictureFolder(Path(options.uploads), limit, storage)
        self._conversations = conversations
        self._visitors = visitors
        self._limits = limits

    async def take(self, request: Request) -> HTTPResponse:
        """A picture, for a message that names it later."""
        visitor = await self._visitors.sender(request)
        self._limits.count(visitor.conversation, request, "uploads")
        name = decoded_header(request.headers.get("x-file-name"))
        with self._limits.upload(request):
            stored = await self._stored(await read_body(request, self.folder.limit), name)
        self._conversations.store.add_upload(visitor.conversation, stored)
        return respond.json(stored.as_dict(), status=201)

    async def _stored(self, data: bytes, name: str) -> StoredUpload:
        try:
            return await self.folder.take_in(data, name)
        except StorageFull as full:
            logger.error("%s", full)
            raise Refused(507, "upload_failed", "There is no room for more pictures.", wait=3600) from full
        except UploadNotNow as busy:
            raise Refused(429, "uploads_busy", "Too many pictures are being sent.", wait=BUSY_SECONDS) from busy
        except UploadRefused as refused:
            code = "picture_too_large" if isinstance(refused, UploadTooLarge) else "not_a_picture"
            raise Refused(415, code, str(refused)) from refused

    def sent_by(self, visitor: Visitor, id: str) -> StoredUpload:
        """A picture that this visitor sent."""
        upload = self._conversations.store.upload(visitor.conversation, id)
        if upload is None:
            raise Refused(404, "no_upload", "There is no such upload in this conversation.")
        return upload

    async def send(self, request: Request, upload: str) -> HTTPResponse:
        """A picture, to whoever sent it."""
        stored = self.sent_by(await self._visitors.sender(request), upload)
        try:
            content = await asyncio.to_thread((self.folder.path / stored.id).read_bytes)
        except FileNotFoundError as error:  # older than pictures are kept
            raise Refused(404, "no_upload", "The picture is not there any more.") from error
        headers = {"content-security-policy": "sandbox", "cache-control": "private, max-age=3600"}
        return respond.raw(content, content_type=stored.type, headers=headers)
