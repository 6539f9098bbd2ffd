"""A learned dialogue policy without Rasa: states of a conversation in, probabilities of the next action out.

``training`` and ``export`` import torch; the rest is what serving needs.
"""
