"""The REST channel's part of ``credentials.yml``."""

from dataclasses import dataclass
from typing import ClassVar

from parlance.channels.core.options import ChannelOptions, one_of
from parlance.channels.core.payloads import ANY, MODES


@dataclass(frozen=True)
class RestOptions(ChannelOptions):
    """The options with their defaults; docs/http-reference.md explains each."""

    channel: ClassVar[str] = "The REST channel"

    body_bytes: int = 100_000
    message_length: int = 4000
    messages_per_minute: int = 600
    waiting: int = 200
    answer_seconds: float = 60.0
    payloads: str = one_of(*MODES, default=ANY)
