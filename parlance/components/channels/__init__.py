"""Where people talk to the assistant: the web chat and Slack."""

from parlance.components.single_server import guard_conversations

guard_conversations()
