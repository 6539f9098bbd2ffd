"""Where people talk to the assistant: the web chat, Slack, and REST for programs."""
