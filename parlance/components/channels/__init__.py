"""Where people talk to the assistant: the web chat and Slack."""
