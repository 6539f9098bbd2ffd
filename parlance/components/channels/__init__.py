"""Channels: where people talk to the assistant. ``credentials.yml`` names those that a server listens on."""
