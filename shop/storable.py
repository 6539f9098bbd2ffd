"""Text as every database can hold it.

PostgreSQL refuses the character NUL, and no database takes half of a surrogate pair; both come in JSON that nobody
typed. They mean nothing to a reader, so they are left out, once and for all text, on its way to the database.
"""

import json
from typing import Any


def storable(value: Any) -> Any:
    """A value with the text in it made storable: itself, or what it holds as a list, a tuple or a dictionary."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {name: storable(held) for name, held in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(storable, value))
    return value


def storable_json(value: Any) -> str:
    """A value of a JSON column: PostgreSQL takes an escaped NUL in JSON, and fails where it is read."""
    return json.dumps(storable(value))


def make_parameters_storable(
    _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    """SQLAlchemy's event before a statement is executed; what a statement compares with becomes storable too."""
    return statement, storable(parameters)
