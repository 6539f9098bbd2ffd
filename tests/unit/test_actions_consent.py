"""What has consequences is done after an explicit yes to just that, and after nothing else."""

import copy
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from sqlalchemy.engine import URL

from parlance.actions.acts import ACTS as ANY_ACT
from tests.unit.acts import ACTS, NO_YES, WRITTEN, YES, another_address, asked, cancelling, everything, forms_that_ask

from .dialogue import Chat

pytestmark = pytest.mark.usefixtures("stripe")  # a purchase ends on its page


def test_the_acts_above_are_all_that_ask(own_shop: URL) -> None:
    assert WRITTEN.keys() <= {form.form_name() for form in forms_that_ask()}
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


UNSURE, SURE = 0.89, 0.999
HEDGED = (
    "marvellous, but not yet", "lovely if it's free", "smashing, unless it costs", "go for it, wait", "smashing maybe",
    "marvellous, not sure though", "hmm smashing", "smashing, later", "marvellous?", "what would be smashing",
    "smashing, only the first one", "smashing 99999", "that's not smashing", "smashing, and tell me the price",
)  # fmt: skip


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_no_act_but_a_sure_yes_changes_anything_and_none_with_a_hedge_in_it(
    own_shop: URL, act: Callable[[Chat], None]
) -> None:
    waiting = asked(act)
    before = everything()
    for name in sorted(ANY_ACT):
        sure = UNSURE if name == "affirm" else SURE
        for intent in ("affirm", "nlu_fallback", "inform"):
            copy.deepcopy(waiting).say("marvellous", intent, act=name, act_confidence=sure)
    for text in HEDGED:
        copy.deepcopy(waiting).say(text, "affirm", act="affirm", act_confidence=SURE)
    assert everything() == before
    waiting.say("marvellous", "affirm", act="affirm", act_confidence=SURE)
    assert everything() != before


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
