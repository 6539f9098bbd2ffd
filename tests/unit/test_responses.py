"""Every response that an action can say is in the domain, and every blank of it is filled.

The actions' sources are read: names of responses, and the blanks that go with them. A name that is built from the
shop's answer ("utter_contact_{...}") stands in BUILT with all that it can become, so that a new outcome in the shop
without a response fails here and not in front of a customer.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, get_args

import pytest
from ruamel.yaml import YAML

from actions.cannot import OFFERS
from actions.conversation import GREETINGS_IN_TONE
from actions.orders import STATES_WITH_NOTES
from shop.browsing import RELAXATIONS
from shop.claims import ClaimOutcome, PhotoOutcome
from shop.customers import ContactField, ContactOutcome, DataOutcome
from shop.delivery import MissingOutcome, RescheduleOutcome
from shop.delivery_notes import NoteOutcome
from shop.goodwill import GoodwillOutcome
from shop.models import OrderStatus
from shop.one_time_codes import Sending
from shop.orders import AddressOutcome, CancelOutcome, ItemsOutcome
from shop.payments import GiftCardOutcome, InvoiceOutcome, PromoOutcome
from shop.products import StockNoticeOutcome
from shop.reinstating import ReinstateOutcome
from shop.returns import LabelOutcome, RefundState, ReturnableOutcome, ReturnOutcome
from tests.unit.dialogue import DOMAIN, ROOT, blanks_of, registered_actions

RESPONSES = DOMAIN["responses"]


def each(outcomes: type[Enum], but: Iterable[Enum] = ()) -> list[str]:
    """The values of the outcomes, without those that the action answers in another way."""
    return [str(outcome.value) for outcome in outcomes if outcome not in but]


def but_not_found(beginning: str, outcomes: Any) -> list[str]:
    """A response for each outcome but NOT_FOUND, which is answered as an order that is not the customer's."""
    return [f"{beginning}{outcome}" for outcome in each(outcomes, [outcomes.NOT_FOUND])]


ORDER_STATES = [*each(OrderStatus), "overdue"]
PAYMENTS = ("paid", "pending", "failed", "refunded", "part_refunded")
PAYMENT_PROBLEMS = ("card_declined", "3ds_failed", "expired")
REASONS = ("bought", "goes_with", "colour", "room", "material", "style", "asked", "popular")
PRICE_CHANGES = ("", "_dearer", "_cheaper")
ITEMS_CHANGES = (*PRICE_CHANGES, "_refunded")
NOT_CLAIMED = (ClaimOutcome.NOT_DELIVERED, ClaimOutcome.TOO_OLD, ClaimOutcome.NOT_FOUND)
CARDS = frozenset(("utter_card", "utter_card_out_of_stock"))
"""Not sentences: the words on a product's card, filled by ``actions/product_cards.py``."""

BUILT: dict[str, list[str]] = {
    # conversation
    "utter_greet_known{in_tone}": [f"utter_greet_known{tone}" for tone in ("", *(f"_{t}" for t in GREETINGS_IN_TONE))],
    # forms: utter_answer_unclear is said where the domain has none for the slot
    "utter_{asked}_unclear": ["utter_answer_unclear"],
    "utter_code_{sending.value}": [f"utter_code_{sending}" for sending in each(Sending, [Sending.SENT])],
    # orders
    "utter_order_{state}{with_note}": [
        *(f"utter_order_{state}" for state in (*ORDER_STATES, "delivered_unsearched", "overdue_unsearched")),
        *(f"utter_order_{state}_with_note" for state in STATES_WITH_NOTES),
    ],
    "utter_cancel_{'refunded' if paid else done.outcome.value}": [
        f"utter_cancel_{outcome}" for outcome in ("refunded", *each(CancelOutcome, [CancelOutcome.NOT_FOUND]))
    ],
    "utter_address_{done.outcome.value}": but_not_found("utter_address_", AddressOutcome),
    "utter_items_{done.outcome.value}{costs(done)}": [
        f"utter_items_{outcome}{change}"
        for outcome in each(ItemsOutcome, [ItemsOutcome.NOT_FOUND])
        for change in (ITEMS_CHANGES if outcome in ("changed", "removed") else ("",))
    ],
    # delivery
    "utter_missing_{report.outcome.value}": but_not_found("utter_missing_", MissingOutcome),
    "utter_claim_already_open{without}": ["utter_claim_already_open", "utter_claim_already_open_without_photo"],
    "utter_claim_{claim.outcome.value}{without}": [
        f"utter_claim_{outcome}{photo}"
        for outcome in each(ClaimOutcome, NOT_CLAIMED)
        for photo in ("", "_without_photo")
    ],
    "utter_photo_{outcome.value}": [
        f"utter_photo_{outcome}" for outcome in each(PhotoOutcome, [PhotoOutcome.NOT_FOUND])
    ],
    "utter_reschedule_{done.outcome.value}": but_not_found("utter_reschedule_", RescheduleOutcome),
    # care
    "utter_delivery_note_{done.outcome.value}": but_not_found("utter_delivery_note_", NoteOutcome),
    "utter_reinstate_{done.outcome.value}": but_not_found("utter_reinstate_", ReinstateOutcome),
    "utter_goodwill_{decision.outcome.value}": but_not_found("utter_goodwill_", GoodwillOutcome),
    "utter_cannot/{topic}": [response for response in RESPONSES if response.startswith("utter_cannot/")],
    "utter_cannot_offer_{offer}": [f"utter_cannot_offer_{offer}" for offer in sorted(set(OFFERS.values()))],
    # returns
    "utter_return_{found.outcome.value}": [
        f"utter_return_{outcome}"
        for outcome in each(ReturnableOutcome, [ReturnableOutcome.OK, ReturnableOutcome.NOT_FOUND])
    ],
    "utter_return_{done.outcome.value}": but_not_found("utter_return_", ReturnOutcome),
    "utter_confirm_cancel{unpaid}": ["utter_confirm_cancel", "utter_confirm_cancel_unpaid"],
    "utter_confirm_cancel_whole{unpaid}": ["utter_confirm_cancel_whole", "utter_confirm_cancel_whole_unpaid"],
    "utter_confirm_{'items' if quantity else 'remove'}{costs(done)}": [
        f"utter_confirm_{what}{change}" for what in ("items", "remove") for change in ITEMS_CHANGES
    ],
    "utter_return_{state}": ["utter_return_cancelled", "utter_return_on_its_way"],
    "utter_confirm_exchange{price_change(costs)}": [f"utter_confirm_exchange{change}" for change in PRICE_CHANGES],
    "utter_exchange_opened{price_change(done.to_pay_pence - done.refund_pence)}": [
        f"utter_exchange_opened{change}" for change in PRICE_CHANGES
    ],
    "utter_refund_{refund.state.value}": [
        f"utter_refund_{state}" for state in each(RefundState, [RefundState.NOT_FOUND])
    ],
    "utter_label_{label.outcome.value}": but_not_found("utter_label_", LabelOutcome),
    # payment
    "utter_payment_{status}": [f"utter_payment_{status}" for status in PAYMENTS],
    "utter_payment_{order.payment_problem}": [f"utter_payment_{problem}" for problem in PAYMENT_PROBLEMS],
    "utter_invoice_{done.outcome.value}": but_not_found("utter_invoice_", InvoiceOutcome),
    "utter_promo_{promo.outcome.value}": [
        f"utter_promo_{outcome}" for outcome in each(PromoOutcome, [PromoOutcome.VALID])
    ],
    "utter_promo_valid_{'delivery' if promo.kind == 'delivery' else 'value'}": [
        "utter_promo_valid_delivery",
        "utter_promo_valid_value",
    ],
    "utter_gift_card_{card.outcome.value}": [f"utter_gift_card_{outcome}" for outcome in each(GiftCardOutcome)],
    # products
    "utter_found_without_{found.dropped}": [f"utter_found_without_{filter_}" for filter_ in RELAXATIONS],
    "utter_notice_{notice.outcome.value}": but_not_found("utter_notice_", StockNoticeOutcome),
    "utter_because_{one.because.code}": [f"utter_because_{reason}" for reason in REASONS],
    # account
    "utter_confirm_{field_of(detail)}": [f"utter_confirm_{field}" for field in get_args(ContactField)],
    "utter_logged_out{signed_in}": ["utter_logged_out", "utter_logged_out_signed_in"],
    "utter_contact_{done.outcome.value}": [f"utter_contact_{outcome}" for outcome in each(ContactOutcome)],
    "utter_export_{done.outcome.value}": [
        f"utter_export_{outcome}" for outcome in each(DataOutcome, [DataOutcome.OPEN_ORDERS])
    ],
    "utter_delete_{done.outcome.value}": [f"utter_delete_{outcome}" for outcome in each(DataOutcome)],
}


@dataclass(frozen=True)
class Saying:
    """A call that says one of some responses with some blanks."""

    where: str
    responses: frozenset[str]
    blanks: frozenset[str]


def template(string: ast.JoinedStr) -> str:
    """An f-string as it is written between its quotation marks."""
    parts = (
        part.value if isinstance(part, ast.Constant) else "{" + ast.unparse(part.value) + "}"  # type: ignore[attr-defined]
        for part in string.values
    )
    return "".join(map(str, parts))


def outcomes(written: str) -> list[str]:
    """What a name that ends in an outcome's value can become, such as "utter_newsletter_{outcome.value}": the outcomes
    are those of the enumeration that has a response for each of its values."""
    found = re.fullmatch(r"(utter_\w+_)\{\w+(?:\.outcome)?\.value\}", written)
    kinds: list[type[Enum]] = Enum.__subclasses__()
    names = [[f"{found[1]}{outcome.value}" for outcome in kind] for kind in kinds] if found else []
    return max((each for each in names if each and set(each) <= RESPONSES.keys()), key=len, default=[])


def named_in(expression: ast.AST, scopes: tuple[ast.AST, ...], seen: frozenset[str] = frozenset()) -> set[str]:
    """The responses that an expression can be, variables of the function and the module looked up."""
    if isinstance(expression, ast.JoinedStr):
        written = template(expression)
        return set(BUILT.get(written) or outcomes(written) or [written]) if written.startswith("utter_") else set()
    if isinstance(expression, ast.Constant):
        text = str(expression.value)
        return {text} if text.startswith("utter_") else set()
    found: set[str] = set()
    if isinstance(expression, ast.Name) and expression.id not in seen:
        for node in (node for scope in scopes for node in assigned_to(expression.id, scope)):
            found |= named_in(node.value, scopes, seen | {expression.id})
    for part in ast.iter_child_nodes(expression):
        found |= named_in(part, scopes, seen)
    return found


def functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def assigned_to(name: str, scope: ast.AST) -> Iterator[ast.Assign]:
    """The assignments in a scope that set a variable, or a part of it."""
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign):
            parts = (part for target in node.targets for part in ast.walk(target))
            if any(isinstance(part, ast.Name) and part.id == name for part in parts):
                yield node


def blanks_given(call: ast.Call, function: ast.AST) -> set[str]:
    """The names of a call's keyword arguments, those of a dictionary spread into it among them."""
    found = {keyword.arg for keyword in call.keywords if keyword.arg}
    for spread in (keyword.value for keyword in call.keywords if keyword.arg is None):
        sources = assigned_to(spread.id, function) if isinstance(spread, ast.Name) else [spread]
        constants = (node for source in sources for node in ast.walk(source) if isinstance(node, ast.Constant))
        found |= {node.value for node in constants if isinstance(node.value, str)}
    return found


def called(call: ast.Call) -> str:
    return (
        call.func.attr
        if isinstance(call.func, ast.Attribute)
        else call.func.id
        if isinstance(call.func, ast.Name)
        else ""
    )


MODULES = {
    str(path): ast.parse(path.read_text(encoding="utf-8"))
    for folder in ("parlance/actions", "actions")
    for path in sorted((ROOT / folder).glob("*.py"))
}


def helpers() -> dict[str, frozenset[str]]:
    """Functions that say a response of their caller's, and the blanks that they fill themselves."""
    found = {}
    for module in MODULES.values():
        for function in functions(module):
            parameters = {argument.arg for argument in function.args.args}
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                said = [k.value for k in call.keywords if k.arg == "response" and called(call) == "utter_message"]
                if any(isinstance(name, ast.Name) and name.id in parameters for s in said for name in ast.walk(s)):
                    found[function.name] = frozenset(blanks_given(call, function))
    return found


def sayings() -> list[Saying]:
    """What all the actions can say."""
    own_blanks = helpers()
    found = []
    for file, module in MODULES.items():
        for function in functions(module):
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                if called(call) == "utter_message":
                    said = [keyword.value for keyword in call.keywords if keyword.arg == "response"]
                elif called(call) == "phrase":
                    said = call.args[1:]
                elif called(call) in ASKING:
                    said = call.args[:2]
                elif called(call) in own_blanks:
                    said = [*call.args, *(k.value for k in call.keywords if k.arg == "response")]
                else:
                    continue
                scopes = (function, ast.Module([n for n in module.body if isinstance(n, ast.Assign)], []))
                names = {name for expression in said for name in named_in(expression, scopes)}
                blanks = blanks_given(call, function) | (own_blanks | ASKING).get(called(call), frozenset())
                if called(call) == "Question" and isinstance(call.args[-1], ast.Dict):
                    blanks |= {str(key.value) for key in call.args[-1].keys if isinstance(key, ast.Constant)}
                if names:
                    found.append(Saying(f"{file}:{call.lineno}", frozenset(names), frozenset(blanks)))
    return found


ASKING = {"Question": frozenset[str](), "about_order": frozenset({"number", "items", "item"})}
"""What makes the question of an AskConsent, and the blanks that it fills itself."""
registered_actions()  # and with them every outcome of the shop
SAYINGS = sayings()


def test_the_sources_are_read() -> None:
    """The reader above must see the calls, or the tests below would pass over nothing."""
    assert {"refuse", "give_up", "ask", "not_understood"} <= helpers().keys()
    said = {response for saying in SAYINGS for response in saying.responses}
    assert {"utter_payment_card_declined", "utter_contact_sent", "utter_offer_person", "utter_confirm_cancel"} <= said
    assert len(said) > 100


def test_every_name_that_is_built_is_listed_with_what_it_can_become() -> None:
    written = {
        template(node)
        for module in MODULES.values()
        for node in ast.walk(module)
        if isinstance(node, ast.JoinedStr) and template(node).startswith("utter_")
    }
    unknown = {name for name in written - BUILT.keys() if not outcomes(name)}
    assert unknown == set(), "give each of its values a response, or list these in BUILT, with every value"
    assert BUILT.keys() - written == set(), "these are not built any more"


def test_every_response_that_an_action_names_is_in_the_domain() -> None:
    named = {
        node.value: file
        for file, module in MODULES.items()
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("utter_")
    }
    built = {name: "BUILT" for names in BUILT.values() for name in names}
    # The beginnings of f-strings are constants, too.
    written = {template(n) for module in MODULES.values() for n in ast.walk(module) if isinstance(n, ast.JoinedStr)}
    beginnings = {name.split("{")[0] for name in written}
    missing = {name: file for name, file in (named | built).items() if name not in RESPONSES and name not in beginnings}
    assert missing == {}


@pytest.mark.parametrize("saying", SAYINGS, ids=lambda saying: saying.where)
def test_every_blank_is_filled(saying: Saying) -> None:
    empty = {
        response: blanks
        for response in saying.responses & RESPONSES.keys()
        if (blanks := blanks_of(response) - saying.blanks)
    }
    assert empty == {}, f"{saying.where} leaves blanks as they are"


def test_what_rules_and_forms_say_has_no_blanks_but_slots() -> None:
    said_by_rules = {
        step["action"]
        for folder in ("rules", "stories")
        for file in sorted((ROOT / "data" / folder).glob("*.yml"))
        for kind in ("rules", "stories")
        for told in YAML(typ="safe").load(file.read_text(encoding="utf-8")).get(kind, [])
        for step in told["steps"]
        if str(step.get("action", "")).startswith("utter_")
    }
    said_by_forms = {
        f"utter_ask_{slot}"
        for form in DOMAIN["forms"].values()
        for slot in form["required_slots"]
        if f"action_ask_{slot}" not in DOMAIN["actions"]
    } & RESPONSES.keys()
    said_by_actions = {response for saying in SAYINGS for response in saying.responses}
    for response in said_by_rules | (said_by_forms - said_by_actions):
        answers = [name for name in RESPONSES if name == response or name.startswith(f"{response}/")]
        assert answers, f"domain.yml has no {response}"
        assert all(blanks_of(name) <= DOMAIN["slots"].keys() for name in answers)


def test_every_response_has_variations_and_each_tone_its_own() -> None:
    for name, variations in RESPONSES.items():
        if name in CARDS:
            continue
        plain = [variation for variation in variations if "condition" not in variation]
        assert len(plain) >= 2, f"{name} is always said in the same words"
        conditions = [condition for v in variations for condition in v.get("condition", [])]
        tones = [condition["value"] for condition in conditions if condition["name"] == "tone"]
        assert set(tones) <= {"short", "formal"} and len(tones) == len(set(tones))
