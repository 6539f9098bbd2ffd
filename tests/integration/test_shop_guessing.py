"""Guessers against the shop's databases, with a clock of the test's own: how many guesses a day are answered, and that
the owner is served meanwhile."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import URL

from shop import attempts
from shop.customers import Identification, IdentificationOutcome, customer_by_email, delete_data, identify
from shop.database import open_session
from shop.models import IdentificationAttempt, Order, utc_now
from shop.payments import GiftCardOutcome, gift_card

ADA, ADAS_ORDER = "ada.byrne@example.com", 10432
GIFT_CARD = "FERN-8842-XK1P"
MATCHED, NOT_MATCHED = IdentificationOutcome.MATCHED, IdentificationOutcome.NOT_MATCHED
TOO_MANY = IdentificationOutcome.TOO_MANY_ATTEMPTS
DAY = timedelta(days=1)
A_TARGET_IN_A_DAY = 170
"""At most, of guesses from sources with few failures: 25 while the wait grows to 10 minutes, then 144."""
A_CLIENT_IN_A_DAY = 40
"""At most: 10, then 6 while the wait grows to an hour, then 24."""


class Clock:
    """The time that the limits go by."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        return self.now

    def each(self, times: int, within: timedelta) -> Iterator[int]:
        """Count, and let the time pass evenly."""
        for n in range(times):
            yield n
            self.now += within / times


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(attempts, "utc_now", clock)
    return clock


def tries(number: int, email: str, conversation: str, client: str | None = None) -> IdentificationOutcome:
    found: Identification
    with open_session() as session:
        found = identify(session, number, email, conversation, client)
    return found.outcome


def wrong_number(n: int) -> int:
    """A number that is no order of Ada's."""
    return 20_000 + n


def count() -> int:
    with open_session() as session:
        return session.execute(select(func.count()).select_from(IdentificationAttempt)).scalar_one()


# The names of tests are short because those of their databases are cut at 63 characters.
@pytest.mark.parametrize("within", [timedelta(seconds=90), DAY])
def test_one_address_gets_few_guesses(shop: URL, clock: Clock, within: timedelta) -> None:
    """From a thousand conversations, while the owner does not wait at all."""
    outcomes: Counter[IdentificationOutcome] = Counter()
    for n in clock.each(1000, within):
        outcomes[tries(wrong_number(n), ADA, f"guess-{n}", "guesser")] += 1
        if n % 100 == 99:
            assert tries(ADAS_ORDER, ADA, f"ada-{n}", f"new address {n}") is MATCHED
    assert outcomes.total() == 1000 and outcomes[MATCHED] == 0
    assert attempts.FREE_ON_A_TARGET <= outcomes[NOT_MATCHED] <= A_CLIENT_IN_A_DAY


@pytest.mark.parametrize("target", ["account", "order number"])
def test_a_thousand_addresses_get_few_guesses(shop: URL, clock: Clock, target: str) -> None:
    """At one account or order, while its owner is known where she was before."""
    assert tries(ADAS_ORDER, ADA, "ada in spring", "ada at home") is MATCHED
    clock.now += timedelta(days=80)
    outcomes: Counter[IdentificationOutcome] = Counter()
    for n in clock.each(1000, DAY):
        number, email = (wrong_number(n), ADA) if target == "account" else (ADAS_ORDER, f"{n}@example.com")
        outcomes[tries(number, email, f"guess-{n}", f"address-{n}")] += 1
        if n % 100 == 99:
            assert tries(ADAS_ORDER, ADA, f"ada-{n}", "ada at home") is MATCHED
            assert tries(ADAS_ORDER, ADA, "ada in spring", f"new address {n}") is MATCHED
    assert 30 < outcomes[NOT_MATCHED] <= A_TARGET_IN_A_DAY and outcomes[MATCHED] == 0
    # From nowhere known she has to wait; not for long.
    outcome = tries(ADAS_ORDER, ADA, "ada abroad", "hotel")
    clock.now += attempts.LONGEST_WAIT_FOR_A_TARGET
    assert outcome in (MATCHED, TOO_MANY) and tries(ADAS_ORDER, ADA, "ada abroad", "hotel") is MATCHED


def test_a_mixed_crowd_gets_no_more(shop: URL, clock: Clock) -> None:
    chance, outcomes = random.Random(3), Counter[IdentificationOutcome]()
    for n in clock.each(600, DAY):
        # Forty addresses again and again, and some that come once; conversations are used for several guesses.
        client = f"address-{chance.randrange(40)}" if chance.random() < 0.8 else f"once-{n}"
        outcomes[tries(wrong_number(n), ADA, f"guess-{n // 4}", client)] += 1
    assert outcomes[NOT_MATCHED] <= 2 * A_TARGET_IN_A_DAY and outcomes[MATCHED] == 0


def test_a_refusal_tells_nothing(shop: URL, clock: Clock) -> None:
    said = []
    for email in (ADA, "nobody@example.com"):
        said.append([tries(wrong_number(n), email, f"{email}-{n}", f"{email} from {n}") for n in range(8)])
        said[-1].append(tries(ADAS_ORDER, email, f"{email} fresh", f"{email} from afar"))
    assert said[0] == said[1] == [NOT_MATCHED] * 5 + [TOO_MANY] * 4


def test_owners_who_mistype_are_served_soon(shop: URL, clock: Clock) -> None:
    """With strangers who do not let the account rest."""
    for n in clock.each(200, timedelta(hours=4)):
        tries(wrong_number(n), ADA, f"guess-{n}", "guesser")
    assert [tries(wrong_number(n), ADA, "ada", "ada at home") for n in range(2)] == [NOT_MATCHED] * 2
    clock.now += timedelta(minutes=1)
    assert tries(ADAS_ORDER, ADA, "ada", "ada at home") is MATCHED


def test_whoever_shares_an_address_waits_an_hour_at_most(shop: URL, clock: Clock) -> None:
    for n in clock.each(500, DAY):
        tries(wrong_number(n), f"{n}@example.com", f"guess-{n}", "office")
    clock.now += attempts.LONGEST_WAIT_OF_A_CLIENT
    assert tries(ADAS_ORDER, ADA, "ada", "office") is MATCHED


def test_without_a_client_there_are_limits(shop: URL, clock: Clock) -> None:
    assert tries(ADAS_ORDER, ADA, "ada") is MATCHED
    assert [tries(wrong_number(n), ADA, f"guess-{n}") for n in range(9)] == [NOT_MATCHED] * 5 + [TOO_MANY] * 4
    assert tries(ADAS_ORDER, ADA, "ada") is MATCHED


def test_gift_cards_are_guessed_at_slowly(shop: URL, clock: Clock) -> None:
    def balance(code: str, conversation: str, client: str) -> GiftCardOutcome:
        with open_session() as session:
            return gift_card(session, code, conversation, client).outcome

    outcomes: Counter[GiftCardOutcome] = Counter()
    for n in clock.each(1000, DAY):
        outcomes[balance(f"FERN-8842-{n:04}", f"guess-{n}", "guesser")] += 1
    assert 10 < outcomes[GiftCardOutcome.UNKNOWN] <= A_CLIENT_IN_A_DAY
    assert balance(GIFT_CARD, "fresh", "guesser") is GiftCardOutcome.TOO_MANY_ATTEMPTS
    assert balance(GIFT_CARD, "fresh", "elsewhere") is GiftCardOutcome.FOUND


def test_no_address_is_stored_and_erasure_reaches_tries(shop: URL, clock: Clock) -> None:
    elin = "elin.hughes@example.com"
    with open_session() as session:
        owner = customer_by_email(session, elin)
        assert owner is not None
        (number, *_) = session.execute(select(Order.number).where(Order.customer_id == owner.id)).scalars()
    assert tries(number, elin, "elin", "192.0.2.7") is MATCHED
    assert tries(wrong_number(1), f" {elin.upper()}", "elin", "192.0.2.7") is NOT_MATCHED
    assert tries(number, "other@example.com", "other", "192.0.2.8") is NOT_MATCHED
    with open_session() as session:
        for row in session.execute(select(IdentificationAttempt)).scalars():
            assert not {"192.0.2.7", "192.0.2.8", elin} & {row.client, row.account}
        delete_data(session, owner.id, "elin")
    assert count() == 0


def test_what_is_old_goes(shop: URL, clock: Clock) -> None:
    tries(wrong_number(1), ADA, "guess", "guesser")
    clock.now += attempts.REMEMBERED + DAY
    assert tries(ADAS_ORDER, ADA, "ada", "home") is MATCHED and count() == 1
