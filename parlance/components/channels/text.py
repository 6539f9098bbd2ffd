"""Text that people send, without what cannot be shown or stored."""

import re

# Control characters but for tab and line feed; some databases cannot hold the first of them.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def storable(text: str) -> str:
    """A text with simple line ends and without control characters and halves of surrogate pairs."""
    return _CONTROL.sub("", text.replace("\r\n", "\n")).encode("utf-8", "replace").decode()
