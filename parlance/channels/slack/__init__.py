"""Slack: direct messages, mentions, threads, commands and the app's home. docs/slack.md describes it."""

from parlance.channels.slack.channel import SlackChannel

__all__ = ["SlackChannel"]
