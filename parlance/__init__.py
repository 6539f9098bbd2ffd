"""Fine-tuned transformer language understanding for Rasa assistants."""

__version__ = "0.1.0"
