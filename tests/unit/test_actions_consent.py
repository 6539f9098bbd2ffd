"""What has consequences is done after an explicit yes to just that, and after nothing else."""

import ast
import copy
import inspect
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import URL

import actions
import shop
from actions.customer_forms import ConfirmedAct
from parlance.actions.confirmation import AskConsent
from parlance.actions.consent import is_plain_no, is_plain_yes
from shop.database import open_session
from shop.models import Base

from .dialogue import DOMAIN, Chat, registered_actions, rules, sent_code

ANSWERS = Path(__file__).parent / "answers"
ADA, ELIN = "ada.byrne@example.com", "elin.hughes@example.com"

NO_YES = (ANSWERS / "no_yes.txt").read_text(encoding="utf-8").splitlines()

YES = (ANSWERS / "yes.txt").read_text(encoding="utf-8").splitlines()


# The words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", NO_YES)
def test_a_hesitation_a_question_a_condition_or_anything_else_is_no_yes(text: str) -> None:
    acts = {form.act for form in _forms_that_ask()}
    assert [act for act in acts if is_plain_yes(text, act)] == []


@pytest.mark.parametrize("text", YES)
def test_a_plain_yes_is_one(text: str) -> None:
    assert is_plain_yes(text)


def test_the_lists_are_long_enough() -> None:
    assert len(set(NO_YES)) > 200 and len(set(YES)) > 100


@pytest.mark.parametrize(
    ("text", "act", "expected"),
    [
        ("yes cancel it", "cancel order", True),
        ("yes please cancel the order", "cancel order", True),
        ("yes, delete my account", "delete account", True),
        ("yes delete my account", "cancel order", False),
        ("cancel it", "cancel order", False),  # which may mean the question
        ("yes cancel the lot and my account", "cancel order", False),
    ],
)
def test_a_yes_may_repeat_what_it_is_for_and_nothing_else(text: str, act: str, expected: bool) -> None:
    assert is_plain_yes(text, act) is expected


@pytest.mark.parametrize("text", ["no", "No!", "nope", "nah", "no thanks", "oh no, don't", "don't", "ok no"])
def test_a_no_is_one(text: str) -> None:
    assert is_plain_no(text)


# The acts ----------------------------------------------------------------------------------------------------------


def cancelling(chat: Chat) -> None:
    chat.say(f"cancel 10434, {ADA}", "cancel_order")


def another_address(chat: Chat) -> None:
    chat.say(f"send 10434 to 3 Mill Lane, Bath, {ADA}", "change_address", address="3 Mill Lane, Bath")
    chat.say("BA1 2AB")


def other_quantities(chat: Chat) -> None:
    chat.say(f"change 10434, {ADA}, the cushions", "change_items", category="cushions")
    chat.say("1")


def a_return(chat: Chat) -> None:
    chat.say(f"send back 10433, {ADA}", "start_return")
    chat.say("too small")


def a_search(chat: Chat) -> None:
    chat.say(f"10433 never came, {ADA}", "parcel_missing")


def a_claim(chat: Chat) -> None:
    chat.say(f"10433 is broken {ADA}", "item_damaged")
    chat.say("the lid is cracked")
    chat.say("no photo")


def a_case(chat: Chat) -> None:
    chat.say("there is a charge of £24.99 I don't know", "unknown_charge")
    chat.say("yesterday")
    chat.say(ADA)


def another_phone(chat: Chat) -> None:
    chat.say(f"new phone 07700 900118, {ADA} 10432", "change_contact", contact_detail="phone", phone="07700 900118")


def erasing(chat: Chat) -> None:
    chat.say(f"delete my account, 10438 {ELIN}", "delete_data")


def a_copy(chat: Chat) -> None:
    chat.say(f"send me all my data, 10438 {ELIN}", "export_data")


def a_new_password(chat: Chat) -> None:
    chat.say("forgot my password", "password_help")
    chat.say(ADA)


WRITTEN: dict[str, Callable[[Chat], None]] = {
    "cancel_form": cancelling,
    "address_form": another_address,
    "items_form": other_quantities,
    "return_form": a_return,
    "missing_form": a_search,
    "claim_form": a_claim,
    "charge_form": a_case,
    "contact_form": another_phone,
    "deletion_form": erasing,
    "account_form": a_copy,
    "password_form": a_new_password,
}


def of_a_skill(form: str) -> Callable[[Chat], None]:
    """What leads to the question of a form that asks nothing else of a known customer, as ``make skill`` writes it."""
    request = next(intent for intent, actions in rules()[0].items() if form in actions)

    def act(chat: Chat) -> None:
        chat.say(f"how many points, 10432 {ADA}", "loyalty_points")
        chat.ask(request)

    act.__name__ = request
    return act


def _forms_that_ask() -> list[Any]:
    forms = (action for name, action in registered_actions().items() if name.startswith("validate_"))
    return [form for form in forms if "confirmed" in DOMAIN["forms"][form.form_name()]["required_slots"]]


def acts() -> list[Callable[[Chat], None]]:
    """What leads to each question with consequences that Fern asks."""
    return [WRITTEN.get(form.form_name()) or of_a_skill(form.form_name()) for form in _forms_that_ask()]


ACTS = acts()


def asked(act: Callable[[Chat], None]) -> Chat:
    chat = Chat()
    act(chat)
    if chat.slots["requested_slot"] == "one_time_code":
        chat.say(sent_code())
    assert chat.slots["requested_slot"] == "confirmed", chat.said
    return chat


def everything() -> dict[str, list[Any]]:
    """What the shop's database holds."""
    with open_session() as session:
        return {
            table.name: sorted(map(repr, session.execute(select(table)).all())) for table in Base.metadata.sorted_tables
        }


def test_the_acts_above_are_all_that_ask(own_shop: URL) -> None:
    assert WRITTEN.keys() <= {form.form_name() for form in _forms_that_ask()}
    for act in ACTS:
        assert asked(act).form in WRITTEN.keys() | {f"{act.__name__}_form"}


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_nothing_but_a_yes_changes_anything(own_shop: URL, act: Callable[[Chat], None]) -> None:
    waiting = asked(act)
    before = everything()
    for text in NO_YES:
        for intent in ("affirm", "nlu_fallback"):
            copy.deepcopy(waiting).say(text, intent, confidence=0.97)
    assert everything() == before


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_a_button_of_another_asking_changes_nothing(own_shop: URL, act: Callable[[Chat], None]) -> None:
    earlier, waiting = asked(act), asked(act)
    before = everything()
    old = next(button["payload"] for button in earlier.buttons() if button["title"] == "Yes")
    asking = earlier.slots["consent"]["id"]
    for chat, confirmation in ((waiting, asking), (waiting, ""), (copy.deepcopy(waiting), "0" * 16)):
        chat.say(old, "affirm", confirmation=confirmation)
    waiting.say("hold on", "affirm")
    assert everything() == before


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
@pytest.mark.parametrize("answer", ["yes", "go ahead", "👍", ""], ids=["yes", "go ahead", "thumb", "button"])
def test_a_yes_or_the_button_does_it(own_shop: URL, act: Callable[[Chat], None], answer: str) -> None:
    chat = asked(act)
    before = everything()
    if answer:
        chat.say(answer, "thumbs_up" if answer == "👍" else "nlu_fallback")
    else:
        chat.ask("affirm")
    assert everything() != before
    assert chat.form is None and chat.slots["confirmed"] is None and chat.slots["consent"] is None


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_each_plain_yes_does_it(own_shop: URL, act: Callable[[Chat], None]) -> None:
    waiting = asked(act)
    with closing(sqlite3.connect(str(own_shop.database))) as shop_now, closing(sqlite3.connect(":memory:")) as kept:
        shop_now.execute("PRAGMA synchronous = OFF")  # putting it back need not survive a power cut
        shop_now.backup(kept)

        def changes(text: str) -> bool:
            """Whether an answer has another connection change the database, which is put back."""
            (before,) = shop_now.execute("PRAGMA data_version").fetchone()
            copy.deepcopy(waiting).say(text, "nlu_fallback")
            (after,) = shop_now.execute("PRAGMA data_version").fetchone()
            kept.backup(shop_now)
            return bool(before != after)

        assert not changes("hold on")
        undone = [text for text in YES if not changes(text)]
    assert undone == []


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_after_a_hesitation_it_is_said_that_nothing_is_done_and_asked_again(
    own_shop: URL, act: Callable[[Chat], None]
) -> None:
    chat = asked(act)
    question = chat.said[-1]["response"]
    assert chat.say("hmm ok wait", "affirm", confidence=0.97) == ["utter_confirmed_unclear", question]
    assert [button["title"] for button in chat.buttons()] == ["Yes", "No"]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
@pytest.mark.parametrize("no", ["no", "nope, leave it", "No!", "nah"])
def test_a_no_closes_the_question_and_changes_nothing(own_shop: URL, act: Callable[[Chat], None], no: str) -> None:
    chat = asked(act)
    before = everything()
    chat.say(no, "deny")
    chat.say("yes", "affirm")
    assert everything() == before and chat.form is None and chat.slots["consent"] is None


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
@pytest.mark.parametrize("way_out", ["stop", "goodbye", "find_product"])
def test_a_yes_after_the_form_was_left_does_nothing(own_shop: URL, act: Callable[[Chat], None], way_out: str) -> None:
    chat = asked(act)
    before = everything()
    chat.ask(way_out)
    if way_out != "find_product":
        chat.say("yes", "affirm")
    assert everything() == before


def test_a_yes_to_an_offer_with_consequences_is_plain_too(own_shop: URL) -> None:
    chat = Chat()
    chat.say("where is 10433, a@example.com", "order_status")
    chat.say("b@example.com")
    assert chat.say("c@example.com") == ["utter_offer_person"]
    before = everything()
    for text in set(NO_YES) - {"/affirm"}:  # which is the offer's button
        assert copy.deepcopy(chat).say(text, "affirm", confidence=0.97) == ["utter_offer_stands"]
    assert everything() == before
    assert chat.say("yes please get me one", "affirm") == ["utter_handoff"]


def test_a_yes_after_a_detail_has_changed_is_asked_for_again(own_shop: URL) -> None:
    chat = asked(another_address)
    before = everything()
    said = chat.say("yes, but to 9 Rowan Close", "affirm", address="9 Rowan Close")
    assert said[-1] == "utter_confirm_address" and everything() == before
    assert chat.told("address") == "9 Rowan Close, Bath"
    assert chat.say("yes", "affirm") == ["utter_address_changed"]


def test_a_yes_that_was_kept_is_none_for_another_order(own_shop: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = asked(cancelling)
    with monkeypatch.context() as broken:
        broken.setenv("DATABASE_URL", "sqlite:////nowhere/at/all.db")
        assert chat.say("yes", "affirm") == ["utter_unavailable"]
    assert chat.slots["confirmed"] is True
    assert chat.say("cancel 10422, tom.okafor@example.com instead", "cancel_order")[-1] != "utter_cancel_refunded"
    assert chat.say("cancel 10434", "cancel_order")[-1] == "utter_confirm_cancel"


# What a yes may say besides -----------------------------------------------------------------------------------------

NAMED: list[tuple[Callable[[Chat], None], str, str]] = [
    (a_return, "casserole", "return"),
    (other_quantities, "cushion", "change"),
    (a_claim, "casserole", "claim"),
]
YES_THAT_NAMES = """
yes, {act} the {goods}
go ahead, {act} the {goods}
yes please {act} the {goods}
yeah the {goods}
yep, the {goods} please
sure, {act} it, i said so
sure, i said so
ok do it, {act} the {goods}
yes i said yes
please do, that's what i want
yes, that's what i asked for
yes {act} the {goods} please
yes, {goods}
definitely, {act} the {goods}
yes yes, {act} the {goods}
yeah go ahead with it, {act} the {goods}
yep, {act} that {goods} please
ok, {act} my {goods}
okay {act} the {goods} now
sure, the {goods}, please
of course, {act} the {goods}
absolutely, {act} it
yes please, the {goods}
yes, all of it, {act} the {goods}
certainly, {act} the {goods}, thanks
please go ahead, {act} the {goods}
go ahead please, the {goods}
yup {act} the {goods} cheers
aye, {act} the {goods}
confirmed, {act} the {goods}
i confirm, {act} the {goods}
yes, as i said, {act} the {goods}
yes, like i said
yes i told you so
ok i told you, {act} it
yes, if you please
yeah if you would
yes i'd like you to {act} the {goods}
yes i want you to {act} it
yes, that is what i want
correct, {act} the {goods}
that's right, the {goods}
that's correct, {act} the {goods}
YES {act} THE {goods}!!!
Yes. The {goods}. Please.
yesss the {goods}
do it, the {goods}
just do it, {act} the {goods}
make it so, {act} the {goods}
i agree, {act} the {goods}
i'm sure, {act} the {goods}
definitely the {goods}
yes indeed, the {goods}
yes to the {goods}
alright, {act} the {goods}
all right then, the {goods}
sounds good, {act} the {goods}
by all means {act} the {goods}
yes {act} these
yes {act} both
"""
NO_YES_THAT_NAMES = """
yes, {act} the lamp
go ahead, {act} the rug
yes but not the {goods}
yes, the {goods} and the lamp
yes cancel everything
the {goods}
is that the {goods}
yes if the {goods} is covered
did i say the {goods}
yes the {goods} but tomorrow
you said the {goods}
yes, the other {goods}
no, the {goods}
yes unless the {goods} is gone
only the {goods}?
yes, how much is the {goods}
yes 10432
the {goods} was yes
yes wait the {goods}
yes two {goods} only
i never said the {goods}
yes the {goods} is lovely isn't it
yes not the {goods}
don't {act} the {goods}
yes {act} the {goods} when i say so
yes i think the {goods}
maybe the {goods}
yes, my {goods} is blue
yes the {goods} broke
yes, {act} the kettle
yes, {act} the curtains
yes {act} the {goods} and the curtains
yes, the {goods} and a lamp
yes, {act} the {goods} or the lamp
yes {act} my sister's {goods}
sure, if the {goods} comes free
ok if you {act} the {goods} tomorrow
yes once the {goods} is back
yes after i find the {goods}
yes before friday, the {goods}
yes when the {goods} arrives
yes as long as the {goods} is refunded
yes provided the {goods} is refunded
yes assuming the {goods} counts
yes in case the {goods} fails
yes until the {goods} is here
yes except the {goods}
yes apart from the {goods}
yes instead of the {goods}
yes, rather the {goods} stays
yes though i like the {goods}
yes although the {goods} is nice
yes however keep the {goods}
yes, keep the {goods}
yes, leave the {goods}
yes but keep the {goods}
yes, only the {goods}
yes, half the {goods}
yes, without the {goods}
yes for the {goods} but no more
probably yes, the {goods}
yes i guess, the {goods}
yes i suppose {act} the {goods}
perhaps {act} the {goods}
possibly the {goods}
yes i hope the {goods}
yes, might {act} the {goods}
yes could you {act} the {goods} later
yes should i {act} the {goods}
yes would the {goods} be free
yes, why the {goods}
yes what about the {goods}
yes where is the {goods}
yes who pays for the {goods}
yes which {goods}
yes when do i get the {goods}
yes how long for the {goods}
yes does the {goods} count
yes is the {goods} included
yes, the {goods}? or not
what if i {act} the {goods}
can you {act} the {goods}
will you {act} the {goods}
did you {act} the {goods}
have you already {act}ed the {goods}
yes i had the {goods}
yes i bought the {goods}
yes i loved the {goods}
yes the {goods} was late
yes the {goods} came
yes the {goods} has gone
yes i already have the {goods}
yes i ordered the {goods}
yesterday the {goods}
my wife said yes, the {goods}
he said yes to the {goods}
"yes, {act} the {goods}" is what he said
you wrote "yes, the {goods}"
i never said yes to the {goods}
who said yes to the {goods}
don't say yes for the {goods}
i said no, the {goods}
yes and no, the {goods}
yes no the {goods}
no yes the {goods}
not yes, the {goods}
yes, never {act} the {goods}
yes stop, the {goods}
yes, hang on, the {goods}
yes, hold the {goods}
yes one moment, the {goods}
yes later, the {goods}
yes tomorrow {act} the {goods}
yes next week, the {goods}
yes in an hour, the {goods}
yes, delete my account
yes, track the {goods}
yes, the {goods} and delete my account
yes, and change the e-mail
yes and gift wrap the {goods}
yes, talk to a person about the {goods}
yes 10433 and 10434
yes, order 10999
yes the {goods} from 10999
yes the {goods} of my mother
yes, three {goods}
yes, 5 {goods}
yes, the green {goods}
yes the smaller {goods}
yes a different {goods}
yes, a new {goods}
yes, some other {goods}
yes the next {goods}
i want the {goods} kept, yes
yes, sell the {goods}
yes pay for the {goods}
yes the {goods} costs too much
yes i know the {goods}
yes i see the {goods}
yes i understand about the {goods}
yes, so the {goods}?
yes and then
yes the {goods} if i may
yes, whatever the {goods} is
yes unless you {act} the {goods} free
yes, nearly {act}ed the {goods}
yes, {act} the {goods} to my neighbour
yes {act} nothing
yes, none of the {goods}
yes i tried to {act} the {goods}
yes he wants the {goods}
yes we were told the {goods}
yes "{act} the {goods}" they said
"""


def _filled(templates: str, goods: str, act: str) -> list[str]:
    return [line.format(goods=goods, act=act) for line in templates.strip().splitlines()]


@pytest.mark.parametrize(("asking", "goods", "act"), NAMED, ids=lambda value: getattr(value, "__name__", value))
def test_a_yes_may_name_what_was_asked_and_nothing_else(
    own_shop: URL, asking: Callable[[Chat], None], goods: str, act: str
) -> None:
    chat = asked(asking)
    words = f"{registered_actions()[f'validate_{chat.form}'].act} {chat.slots['consent']['words']}"
    assert [text for text in _filled(YES_THAT_NAMES, goods, act) if not is_plain_yes(text, words)] == []
    assert [text for text in _filled(NO_YES_THAT_NAMES, goods, act) if is_plain_yes(text, words)] == []


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
    for form in _forms_that_ask():
        asking = registered_actions()[f"action_ask_{form.form_name()}_confirmed"]
        assert isinstance(asking, AskConsent) and asking.form == form.form_name() and form.act
        assert not inspect.isabstract(type(asking))
