"""Simulated customers, and what no conversation with them may show. docs/simulation.md explains it."""
