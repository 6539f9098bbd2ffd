"""Metrics, reports and comparisons. Imports neither rasa nor torch."""
