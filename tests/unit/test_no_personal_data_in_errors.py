"""What a database refuses is not repeated in the error, which goes into a log."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from parlance.rasa.tracker_store import SQLiteTrackerStore
from shop.database import engine_for

CUSTOMER = "ada.byrne@example.com"


@pytest.mark.parametrize("of", ["shop", "conversations"])
def test_a_failing_statement_hides_its_values(of: str, tmp_path: Path) -> None:
    file = tmp_path / "some.db"
    engine: Engine = (
        engine_for(make_url(f"sqlite:///{file}")) if of == "shop" else SQLiteTrackerStore(db=str(file)).engine
    )
    with pytest.raises(SQLAlchemyError, match="no such table") as caught, engine.connect() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:email)"), {"email": CUSTOMER})
    engine.dispose()
    assert CUSTOMER not in str(caught.value)
