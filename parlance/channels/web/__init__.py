"""The web chat: a page, a widget for other pages, and the channel behind them. docs/web-chat.md describes it."""

from parlance.channels.web.channel import WebInput

__all__ = ["WebInput"]
