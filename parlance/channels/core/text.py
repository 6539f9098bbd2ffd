"""What people send, without what cannot be shown or stored."""

import math
import re
from typing import Any

# Control characters but for tab and line feed; some databases cannot hold the first of them.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
MOST_NESTED = 16


def storable(text: str) -> str:
    """A text with simple line ends and without control characters and halves of surrogate pairs.

    A browser's text field writes every second space as a no-break space; here each is a space again.
    """
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\xa0", " ")).encode("utf-8", "replace").decode()


def storable_value(value: Any, nested: int = MOST_NESTED) -> Any:
    """Data as JSON has it with every text and name in it storable; what no database's JSON can hold becomes None.

    That is a number that is none (NaN, Infinity), and what is nested deeper than ``nested``.
    """
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        items = value.items() if nested else ()
        return {storable(str(name)): storable_value(item, nested - 1) for name, item in items}
    if isinstance(value, (list, tuple)):
        return [storable_value(item, nested - 1) for item in value] if nested else []
    return value if value is None or isinstance(value, (bool, int)) else storable(str(value))
