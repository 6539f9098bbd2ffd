"""Messages over HTTP, for programs. docs/assistant.md describes the channel."""

from parlance.channels.rest.channel import RestInput

__all__ = ["RestInput"]
