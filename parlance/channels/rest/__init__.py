"""Messages over HTTP, for programs. docs/http-reference.md describes the channel."""

from parlance.channels.rest.channel import RestInput

__all__ = ["RestInput"]
