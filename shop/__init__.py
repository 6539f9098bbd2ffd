"""Fernhill's back end: catalogue, customers, orders and support tickets. Imports no Rasa."""
