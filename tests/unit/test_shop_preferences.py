"""What customers tell Fern about themselves is kept until they take it back."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.models import AuditEntry
from shop.preferences import Preferences, forget, of, remember

CustomerOf = Callable[[int], int]


def test_somebody_new_is_not_known(session: Session, customer_of: CustomerOf) -> None:
    assert of(session, customer_of(10432)) == Preferences()


def test_lists_grow_and_texts_are_replaced(session: Session, customer_of: CustomerOf) -> None:
    ada = customer_of(10432)
    remember(session, ada, colours="Green ", call_me="Al")
    remember(session, ada, colours=["green", "navy"], rooms=("bedroom",), call_me="Ada")
    assert of(session, ada) == Preferences(call_me="Ada", colours=("green", "navy"), rooms=("bedroom",))


def test_one_thing_or_everything_is_forgotten(session: Session, customer_of: CustomerOf) -> None:
    pri = customer_of(10424)
    assert of(session, pri).colours == ("green", "white")
    assert forget(session, pri, "colours", "chat-1").colours == ()
    assert of(session, pri).call_me == "Pri"
    assert forget(session, pri, conversation_id="chat-1") == Preferences() == of(session, pri)
    told = select(AuditEntry.detail).where(AuditEntry.action == "preferences_forgotten").order_by(AuditEntry.id)
    assert list(session.execute(told).scalars()) == [{"fields": ["colours"]}, {"fields": ["all"]}]


def test_one_colour_is_forgotten_and_the_others_stay(session: Session, customer_of: CustomerOf) -> None:
    pri = customer_of(10424)
    assert forget(session, pri, "colours", "chat-1", ["green"]).colours == ("white",)
    assert forget(session, pri, "colours", "chat-1", ["white"]).colours == ()


def test_a_flood_of_preferences_keeps_the_latest_and_fits_the_columns(
    session: Session, customer_of: CustomerOf
) -> None:
    ada = customer_of(10432)
    kept = remember(session, ada, materials=[f"material {n}" for n in range(50)], call_me="A" * 500)
    assert len(kept.materials) == 12 and kept.materials[-1] == "material 49"
    assert len(kept.call_me) == 60


def test_nobody_remembers_for_a_customer_who_does_not_exist(session: Session) -> None:
    assert remember(session, 10**6, colours="green") == Preferences()
    assert forget(session, 10**6) == Preferences()
