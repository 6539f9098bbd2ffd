"""Where people talk to the assistant: the web chat and Slack."""

from parlance.components.channels.url_secrets import mask_logs
from parlance.components.single_server import guard_conversations
from parlance.http_heads import refuse_odd_lengths

guard_conversations()
mask_logs()
refuse_odd_lengths()
