"""Where people talk to the assistant: the web chat and Slack."""

from parlance.http_heads import refuse_odd_lengths
from parlance.rasa.single_server import guard_conversations
from parlance.url_secrets import mask_logs

guard_conversations()
mask_logs()
refuse_odd_lengths()
