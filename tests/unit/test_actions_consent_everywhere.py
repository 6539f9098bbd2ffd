"""Nothing changes the shop without a question, unless nobody minds."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import actions
import shop
from actions.customer_forms import ConfirmedAct
from parlance.actions.confirmation import AskConsent
from tests.unit.acts import (
    forms_that_ask,
)

from .dialogue import registered_actions

# Impossible to forget ----------------------------------------------------------------------------------------------

HARMLESS = {
    "remember": "what a customer asks Fern to remember is shown, changed and forgotten at a word",
    "forget": "as remember",
    "send_invoice": "goes to the address on file",
    "resend_label": "goes to the address on file",
    "send": "a one-time code goes to the address on file",
    "attach_photo": "adds to a claim that was confirmed",
    "reschedule": "the customer names the day, and can name another",
    "ask_stock_notice": "an e-mail when something is back",
    "put": "what is in a basket costs nothing yet, and can be taken out again",
    "wrap": "as put",
    "use_code": "as put",
    "choose_delivery": "as put",
    "take_over": "a basket goes on being its owner's",
    "open_ticket": "a person reads it before anything happens",
}
"""Functions that change the shop without a question, and why nobody minds."""


def _changing_functions() -> set[str]:
    """Functions of the shop that note a change in the audit log or send something, by their sources."""
    found: dict[str, set[str]] = {}
    for file in Path(shop.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                calls = {ast.unparse(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
                found.setdefault(node.name, set()).update(calls)
    changing = {name for name, calls in found.items() if calls & {"audit.record", "outbox.put", "session.add"}}
    while more := {name for name, calls in found.items() if calls & changing} - changing:
        changing |= more
    return changing


def _calls_of_the_shop() -> Iterator[tuple[str, str]]:
    """For each call of the shop in an action the class, or the function, that makes it, and the function called."""
    for file in Path(actions.__file__).parent.glob("*.py"):
        for top in ast.parse(file.read_text(encoding="utf-8")).body:
            for call in (node for node in ast.walk(top) if isinstance(node, ast.Call)):
                if ast.unparse(call.func) == "ask_shop":
                    yield getattr(top, "name", ""), ast.unparse(call.args[0]).split(".")[-1]


def test_whatever_changes_the_shop_is_confirmed_or_harmless() -> None:
    changing = _changing_functions()
    assert {"cancel_order", "delete_data", "change_contact", "open_claim", "report_missing"} <= changing
    confirmed = {type(action).__name__ for action in registered_actions().values() if isinstance(action, ConfirmedAct)}
    loose = {
        (where, called)
        for where, called in _calls_of_the_shop()
        if called in changing and called not in HARMLESS and where not in confirmed
    }
    assert {where for where, _ in loose} <= {"_identify"}, "make these a ConfirmedAct, or say why they are harmless"


def test_each_form_that_wants_a_yes_asks_for_it_by_consent() -> None:
    for form in forms_that_ask():
        asking = registered_actions()[f"action_ask_{form.form_name()}_confirmed"]
        assert isinstance(asking, AskConsent) and asking.form == form.form_name() and form.act
        assert not inspect.isabstract(type(asking))
