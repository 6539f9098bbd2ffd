"""The shop on a real SQLite file and on a real PostgreSQL server: set-up, migrations, operations, races, slowness."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, inspect, select, text
from sqlalchemy.engine import URL

from shop import schema
from shop.attempts import FREE_ON_A_TARGET
from shop.claims import open_claim
from shop.customers import IdentificationOutcome, change_contact, customer_by_email, delete_data, export_data, identify
from shop.database import TIMEOUT_S, engine_for, open_session
from shop.delivery import report_missing
from shop.errors import ShopUnavailable
from shop.models import AuditEntry, Base, MissingParcel, Order, OutboxMessage, Product, Refund, Ticket
from shop.orders import (
    CancelOutcome,
    ItemsOutcome,
    cancel_order,
    change_address,
    change_quantity,
    find_order,
    order_for,
)
from shop.outbox import put
from shop.payments import gift_card, open_fraud_case, send_invoice
from shop.preferences import forget, of, remember
from shop.products import ask_stock_notice, find_by_name, search
from shop.returns import refund_status, resend_label, start_return
from shop.setup import set_up
from shop.tickets import open_ticket, ticket_row

from .postgres import INSTALL, find_binaries, running_server

ROOT = Path(__file__).resolve().parents[2]
ADA = "ada.byrne@example.com"
CHAT = "chat-1"


def ask(question: Callable[..., Any], *arguments: Any) -> Any:
    """One call in a session of its own, as the actions make it."""
    with open_session() as session:
        return question(session, *arguments)


def at_once(questions: list[Callable[[], Any]]) -> list[Any]:
    """The answers to calls that all begin together."""
    with ThreadPoolExecutor(len(questions)) as threads:
        return [future.result() for future in [threads.submit(question) for question in questions]]


def customer_of(number: int) -> int:
    with open_session() as session:
        return session.execute(select(Order.customer_id).where(Order.number == number)).scalar_one()


def count(model: Any, *conditions: Any) -> int:
    with open_session() as session:
        return session.execute(select(func.count()).select_from(model).where(*conditions)).scalar_one()


def test_the_migrations_make_the_tables_of_the_models(shop: URL) -> None:
    with engine_for(shop).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_a_second_set_up_finds_everything_there(shop: URL) -> None:
    again = set_up(shop)
    assert (again.made, again.migrated_from) == (False, None)
    assert again.contents.orders == 2000


def test_a_reset_makes_a_new_shop(shop: URL) -> None:
    ask(remember, customer_of(10432))
    engine_for(shop).dispose()
    assert set_up(shop, reset=True).made
    assert count(AuditEntry) == 0 and count(Order) == 2000


def make_the_first_shop(url: URL) -> None:
    """A database as it was made before there were migrations, with an order on its way and one that was cancelled."""
    with engine_for(url, patient=True).begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(schema.MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, schema.FIRST_REVISION)
        connection.execute(text("DROP TABLE alembic_version"))
        for row in (
            "categories (name) VALUES ('Lighting')",
            "products (sku, category_id, name, description, price_pence, stock)"
            " VALUES ('FH00001', 1, 'Heron floor lamp', 'A lamp.', 12900, 5)",
            "customers (name, email, postcode) VALUES ('Ada Byrne', 'ada.byrne@example.com', 'FH1 2AB')",
            "orders (number, customer_id, status, placed_at, expected_on, carrier, tracking, postcode) VALUES"
            " (10432, 1, 'dispatched', '2026-01-05 09:00:00', '2026-01-12', 'Larkway', 'LW1GB', 'FH1 2AB'),"
            " (10427, 1, 'cancelled', '2026-01-05 09:00:00', '2026-01-12', '', '', 'FH1 2AB')",
            "order_lines (order_id, product_id, quantity, unit_price_pence) VALUES (1, 1, 2, 12900), (2, 1, 1, 12900)",
            "order_events (order_id, status, happened_at, note) VALUES"
            " (1, 'placed', '2026-01-05 09:00:00', ''), (1, 'dispatched', '2026-01-06 09:00:00', ''),"
            " (2, 'placed', '2026-01-05 09:00:00', ''), (2, 'cancelled', '2026-01-06 09:00:00', 'you asked us to')",
            "tickets (conversation_id, email, order_number, transcript, status, opened_at)"
            " VALUES ('chat', '', '', 'Customer: hello', 'open', '2026-01-05 09:00:00')",
        ):
            connection.execute(text(f"INSERT INTO {row}"))


def test_a_database_from_before_the_migrations_keeps_its_rows_and_gains_their_history(
    make_database: Callable[..., URL], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_database("first")
    make_the_first_shop(url)
    result = set_up(url)
    assert (result.made, result.migrated_from) == (False, "0001")
    assert (result.contents.orders, result.contents.products) == (2, 216)
    assert set_up(url).migrated_from is None
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
    ada = ask(customer_by_email, ADA)
    on_its_way, cancelled = ask(order_for, 10432, ada.id), ask(order_for, 10427, ada.id)
    assert (on_its_way.carrier, on_its_way.tracking) == ("Larkway", "LW1GB")
    assert (on_its_way.payment_status, cancelled.payment_status) == ("paid", "refunded")
    assert ask(find_by_name, "Heron")[0].colour == "brass"
    assert count(Ticket) == 1
    with engine_for(url).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_tables_that_no_shop_has_made_are_refused_and_kept(make_database: Callable[..., URL]) -> None:
    url = make_database("strange")
    with engine_for(url, patient=True).begin() as connection:
        connection.execute(text("CREATE TABLE orders (id INTEGER PRIMARY KEY, pizza TEXT)"))
    with pytest.raises(ShopUnavailable, match="DATABASE_URL"):
        set_up(url)
    with engine_for(url, patient=True).connect() as connection:
        assert inspect(connection).get_table_names() == ["orders"]


def test_a_database_of_a_newer_shop_is_refused(shop: URL) -> None:
    with engine_for(shop).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ShopUnavailable, match="revision 9999.*newer version"):
        set_up(shop)


def test_replicas_that_start_together_make_one_shop(
    make_database: Callable[..., URL], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_database("together")
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
    command = [sys.executable, "-m", "shop.setup"]
    started = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    told = [process.communicate(timeout=60)[0] for process in started]
    assert all(process.returncode == 0 for process in started), told
    assert all("500 customers, 2000 orders" in line for line in told)
    assert count(Order) == 2000


def test_a_failed_step_takes_the_whole_operation_back(shop: URL) -> None:
    ada = customer_of(10434)
    with pytest.raises(RuntimeError, match="power cut"), open_session() as session:
        assert cancel_order(session, 10434, ada, "", CHAT).outcome is CancelOutcome.CANCELLED
        raise RuntimeError("power cut")
    assert ask(order_for, 10434, ada).can_change
    assert count(AuditEntry) == 0


def test_what_a_customer_does_is_there_in_the_next_conversation(shop: URL) -> None:
    ada, samir = customer_of(10434), customer_of(10442)
    plates = ask(order_for, 10442, samir).items[0].line_id
    ask(identify, 10434, "wrong@example.com", CHAT)
    ask(change_address, 10434, ada, "3 Kiln Lane", "fh9 8zz", CHAT)
    ask(change_contact, ada, "phone", "07700 900 999", CHAT)
    ask(remember, ada, CHAT)
    with open_session() as session:
        remember(session, ada, CHAT, colours=["green"], call_me="Al")
    ask(open_claim, 10442, samir, plates, "damaged", "cracked", "photo-1", CHAT)
    ask(start_return, 10442, samir, plates, 1, "cracked", "refund", "", CHAT)
    ask(resend_label, 10442, samir, "next day")
    ask(send_invoice, 10433, ada, CHAT)
    ask(export_data, ada, CHAT)
    ask(open_fraud_case, 4999, None, ADA, CHAT, "Customer: hm")
    sold_out = ask(find_by_name, "Kestrel")[0]
    ask(ask_stock_notice, sold_out.sku, ADA, CHAT)

    assert ask(order_for, 10434, ada).postcode == "FH9 8ZZ"
    assert ask(customer_by_email, ADA).phone == "07700900999"
    assert (ask(of, ada).colours, ask(of, ada).call_me) == (("green",), "Al")
    assert ask(forget, ada, "colours").colours == ()
    assert ask(refund_status, 10442, samir).amount_pence == 1400
    assert ask(gift_card, "FERN-8842-XK1P", CHAT).balance_pence == 3550
    assert len(ask(search, "velvet cushion")) >= 1
    assert ask(delete_data, customer_of(10438), CHAT).reference
    kinds = {"return_label": 2, "invoice": 1, "data_export": 1, "data_deleted": 1}
    for kind, expected in kinds.items():
        assert count(OutboxMessage, OutboxMessage.kind == kind) == expected, kind


def test_a_cancellation_that_is_confirmed_at_the_same_moment_happens_once(shop: URL) -> None:
    ada = customer_of(10434)
    results = at_once([lambda: ask(cancel_order, 10434, ada, "", CHAT)] * 6)
    assert Counter(result.outcome for result in results) == {
        CancelOutcome.CANCELLED: 1,
        CancelOutcome.ALREADY_CANCELLED: 5,
    }
    assert len({(result.reference, result.refund_pence) for result in results}) == 1
    with open_session() as session:
        order = session.execute(select(Order.id).where(Order.number == 10434)).scalar_one()
    assert count(Refund, Refund.order_id == order) == 1


def test_the_last_pieces_are_sold_once(shop: URL) -> None:
    """Two orders of the same thing are raised at the same moment, with stock for one of them."""
    with open_session() as session:
        lamp = session.execute(select(Product).where(Product.name == "Pebble table lamp")).scalar_one()
        lamp.stock = 2
        nadia, tom = (
            session.execute(select(Order).where(Order.number == number)).scalar_one() for number in (10421, 10422)
        )
        tom.lines[0].product = lamp
        wanted = [(order.number, order.customer_id, order.lines[0].id) for order in (nadia, tom)]
    results = at_once(
        [partial(ask, change_quantity, *one, 3, CHAT) for one in wanted]  # each of them two more than it has
    )
    assert Counter(result.outcome for result in results) == {ItemsOutcome.CHANGED: 1, ItemsOutcome.NOT_ENOUGH_STOCK: 1}
    assert ask(find_by_name, "Pebble")[0].stock == 0


@pytest.mark.parametrize("guessed", ["e-mail addresses", "numbers"])
def test_guessing_at_once_stops_at_the_limit(shop: URL, guessed: str) -> None:
    def guess(n: int) -> IdentificationOutcome:
        number, email = (10500 + n, ADA) if guessed == "numbers" else (10432, f"{n}@example.com")
        return ask(identify, number, email, f"chat-{n}", f"address-{n}").outcome

    outcomes = Counter(at_once([partial(guess, n) for n in range(16)]))
    assert outcomes == {
        IdentificationOutcome.NOT_MATCHED: FREE_ON_A_TARGET,
        IdentificationOutcome.TOO_MANY_ATTEMPTS: 16 - FREE_ON_A_TARGET,
    }


def test_two_requests_at_once_open_one_ticket_and_one_search_for_a_parcel(shop: URL) -> None:
    harriet = customer_of(10429)
    tickets = at_once([lambda: ask(open_ticket, CHAT, "Customer: hello")] * 4)
    reports = at_once([lambda: ask(report_missing, 10429, harriet, CHAT)] * 4)
    assert len({ticket.number for ticket in tickets}) == 1 and count(Ticket) == 1
    assert len({report.reference for report in reports}) == 1
    with open_session() as session:
        order = session.execute(select(Order.id).where(Order.number == 10429)).scalar_one()
    assert count(MissingParcel, MissingParcel.order_id == order) == 1


def test_an_order_that_another_request_holds_on_to_is_told_as_unavailable_soon(shop: URL) -> None:
    ada = customer_of(10434)
    with open_session() as holder:
        change_address(holder, 10434, ada, "3 Kiln Lane", "FH9 8ZZ", CHAT)
        began = time.monotonic()
        with pytest.raises(ShopUnavailable):
            ask(cancel_order, 10434, ada, "", "another chat")
        assert TIMEOUT_S - 1 < time.monotonic() - began < 3 * TIMEOUT_S
    assert ask(order_for, 10434, ada).postcode == "FH9 8ZZ"
    assert ask(cancel_order, 10434, ada, "", "another chat").outcome is CancelOutcome.CANCELLED


def test_readers_do_not_wait_for_a_change_under_way(shop: URL) -> None:
    ada = customer_of(10434)
    with open_session() as changer:
        change_address(changer, 10434, ada, "3 Kiln Lane", "FH9 8ZZ", CHAT)
        began = time.monotonic()
        before = ask(order_for, 10434, ada)
        assert time.monotonic() - began < TIMEOUT_S
        assert before.postcode != "FH9 8ZZ"


def test_a_statement_that_takes_too_long_is_given_up(postgresql: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", postgresql.render_as_string())
    began = time.monotonic()
    with pytest.raises(ShopUnavailable, match="statement timeout"), open_session() as session:
        session.execute(text("SELECT pg_sleep(30)"))
    assert time.monotonic() - began < 30


def test_a_server_that_went_away_is_told_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip(INSTALL)
    with running_server(binaries) as url:
        monkeypatch.setenv("DATABASE_URL", url.render_as_string())
        assert set_up(url).made
        assert ask(find_order, 10432, ADA).order is not None
        with engine_for(url).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            connection.execute(text(f"{others} AND backend_type = 'client backend'"))
        # The pool's connections are dead; the next question gets a fresh one.
        assert ask(find_order, 10432, ADA).order is not None
    with pytest.raises(ShopUnavailable, match="cannot be used"):
        ask(find_order, 10432, ADA)


def test_text_that_no_database_can_hold_is_stored_without_it(shop: URL) -> None:
    """NUL is refused by PostgreSQL, half of a surrogate pair by every driver; JSON from outside may have both."""
    ada, nul, half = customer_of(10434), "\0", "\ud83d"
    ask(change_address, 10434, ada, f"3 Kiln{nul} Lane{half}", "FH9 8ZZ", CHAT)
    ticket = ask(open_ticket, f"chat{nul}-2", f"Customer: {nul}hello{half}")
    with open_session() as session:
        remember(session, ada, CHAT, colours=[f"gr{nul}een"], call_me=f"A{nul}l")
        put(session, "note", ADA, lines=[f"FH{nul}-10434{half}"])

    assert ask(customer_by_email, f"{nul}{ADA}").id == ada
    assert ask(identify, 10434, f"{nul}nobody@example.com", CHAT).customer is None
    assert ask(search, f"velvet{nul} cushion{half}") == ask(search, "velvet cushion")
    assert ask(order_for, 10434, ada).address == "3 Kiln Lane?"
    assert (ask(of, ada).colours, ask(of, ada).call_me) == (("green",), "Al")
    with open_session() as session:
        kept = session.get(Ticket, ticket_row(ticket.number))
        assert (kept.conversation_id, kept.transcript) == ("chat-2", "Customer: hello?")
        mail = session.execute(select(OutboxMessage).where(OutboxMessage.kind == "note")).scalar_one()
        assert mail.content == {"lines": ["FH-10434?"]}


def test_times_are_stored_in_utc(shop: URL) -> None:
    before = datetime.utcnow()
    ask(open_ticket, CHAT, "Customer: hello")
    with open_session() as session:
        opened = session.execute(select(Ticket.opened_at)).scalar_one()
    assert abs((opened - before).total_seconds()) < 60
