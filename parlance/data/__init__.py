"""Reading, writing, auditing and converting training data. Imports neither rasa nor torch."""
