"""Conversation tests: written as Rasa Pro's end-to-end tests, run against a live assistant. Imports no Rasa.

``reader`` reads the files into ``cases``, ``assistant`` talks to the assistant over HTTP, ``matching`` compares a turn
with what was expected of it, ``runner`` runs the cases, ``database`` puts the database back, ``report`` shows it all.
docs/conversation-tests.md describes the format.
"""
