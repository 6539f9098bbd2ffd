"""Fern's custom actions, one module per skill: slots in, a call to the shop, an answer out."""
