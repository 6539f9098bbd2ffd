"""Channels: where people talk to the assistant. ``credentials.yml`` names those that a server listens on."""

from parlance.components.channels.action_results import check_schema_once

check_schema_once()
