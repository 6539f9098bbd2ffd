"""Claims for what came broken, wrong or incomplete, with their photos."""

import pytest
from sqlalchemy import select
from sqlalchemy.engine import URL

from actions.claims import kind_of
from shop.database import open_session
from shop.models import DamageClaim

from .dialogue import Chat
from .test_actions_orders import ADA, recognised

SAMIR = "samir.desai@example.com"


def claims() -> list[DamageClaim]:
    """The claims in the database."""
    with open_session() as session:
        found = list(session.execute(select(DamageClaim).order_by(DamageClaim.id)).scalars())
        session.expunge_all()
    return found


def test_a_claim_asks_which_item_what_is_wrong_and_for_a_photo(own_shop: URL) -> None:
    chat = Chat()
    chat.ask("item_damaged")
    assert chat.say(f"10442, {SAMIR}") == ["utter_ask_which_item"]
    titles = [button["title"] for button in chat.told("buttons")]
    assert titles == ["Stoneware dinner plate", "Stoneware pasta bowl", "Ribbed tumbler set"]
    assert chat.say("2") == ["utter_ask_description"]
    assert chat.say("the rim is chipped", "item_damaged") == ["utter_ask_photo"]
    assert chat.ask("send_photo", photo="3f2a9c0d") == ["utter_confirm_claim"]
    assert chat.told("description") == "the rim is chipped" and claims() == []
    assert chat.ask("affirm") == ["utter_claim_opened"]
    assert chat.told("item") == "Stoneware pasta bowl"
    (claim,) = claims()
    assert (claim.kind, claim.description, claim.photos) == ("damaged", "the rim is chipped", ["3f2a9c0d"])
    assert chat.slots["claim"] == chat.told("reference")
    assert [chat.slots[slot] for slot in ("item", "description", "photo")] == [None, None, None]


def test_what_the_first_message_tells_is_not_asked_again(own_shop: URL) -> None:
    chat = Chat()
    story = "two of my tumblers from 10442 were smashed to bits in the box"
    assert chat.say(story, "item_damaged", category="tumblers") == ["utter_ask_email"]
    assert chat.say(SAMIR) == ["utter_ask_photo"]
    assert chat.ask("deny") == ["utter_confirm_claim"]
    assert chat.ask("affirm") == ["utter_claim_opened_without_photo"]
    (claim,) = claims()
    assert (claim.description, claim.photos) == (story, [])


def test_the_only_item_is_not_asked_for(own_shop: URL) -> None:
    chat = Chat()
    assert chat.say(f"10433 is broken {ADA}", "item_damaged") == ["utter_ask_description"]


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("no photo", "inform"),
        ("nah no photo sorry", "send_photo"),
        ("later", "goodbye"),
        ("I can't", "nlu_fallback"),
        ("no", "deny"),
    ],
)
def test_a_claim_can_do_without_a_photo(own_shop: URL, said: str, intent: str) -> None:
    chat = Chat()
    chat.say(f"10433 {ADA}", "item_damaged")
    chat.say("the lid is cracked")
    assert chat.say(said, intent) == ["utter_confirm_claim"]
    assert chat.ask("affirm") == ["utter_claim_opened_without_photo"]


def test_a_detail_where_a_photo_was_asked_for_is_added_to_what_is_wrong(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"10433 {ADA}", "item_damaged")
    chat.say("the lid is cracked")
    assert chat.say("and the handle has come off too", "item_damaged") == ["utter_ask_photo"]
    chat.say("no", "deny")
    chat.ask("affirm")
    assert claims()[0].description == "the lid is cracked\nand the handle has come off too"


def test_a_photo_that_is_promised_is_waited_for_with_the_way_to_send_it(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"10433 {ADA}", "item_damaged")
    chat.say("the lid is cracked")
    assert chat.say("ok", "affirm") == ["utter_photo_how"]
    assert chat.say("here is a picture", "send_photo") == ["utter_ways_on"]
    assert chat.say("blurgh") == ["utter_confirm_claim"], "it is not asked for again and again"


def test_a_photo_is_asked_for_once_more_and_taken_when_it_comes(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"10433 {ADA}", "item_damaged")
    chat.say("the lid is cracked")
    assert chat.say("blurgh") == ["utter_photo_unclear", "utter_ask_photo"]
    assert chat.ask("send_photo", photo="3f2a9c0d") == ["utter_confirm_claim"]


def test_photos_after_the_claim_are_added_to_it_up_to_a_limit(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"10433 {ADA}", "item_damaged")
    chat.say("the lid is cracked")
    chat.say("no", "deny")
    chat.ask("affirm")
    assert chat.ask("send_photo", photo="a1") == ["utter_photo_attached"]
    assert chat.ask("send_photo", photo="a1") == ["utter_photo_already_done"]
    for name in ("a2", "a3", "a4", "a5"):
        assert chat.ask("send_photo", photo=name) == ["utter_photo_attached"]
    assert chat.ask("send_photo", photo="a6") == ["utter_photo_too_many"]
    assert claims()[0].photos == ["a1", "a2", "a3", "a4", "a5"]
    assert chat.slots["photo"] is None


def test_a_photo_before_the_claim_is_kept_for_it(own_shop: URL) -> None:
    chat = Chat()
    assert chat.ask("send_photo", photo="a1") == ["utter_photo_of_what"]
    chat.say(f"10433 {ADA}", "item_damaged")
    assert chat.say("the lid is cracked") == ["utter_confirm_claim"]
    assert chat.ask("affirm") == ["utter_claim_opened"]
    assert claims()[0].photos == ["a1"]


def test_a_photo_while_something_else_is_asked_is_noted(own_shop: URL) -> None:
    chat = Chat()
    chat.ask("order_status")
    assert chat.ask("send_photo", photo="a1") == ["utter_photo_noted"]
    assert chat.say("how do I send one", "send_photo") == ["utter_photo_how_to_attach"]


@pytest.mark.parametrize("name", ["../../etc/passwd", "a b", "x" * 65])
def test_what_cannot_be_the_id_of_an_upload_is_dropped(own_shop: URL, name: str) -> None:
    chat = Chat()
    chat.say(f"10433 {ADA}", "item_damaged")
    chat.say("the lid is cracked")
    chat.ask("send_photo", photo=name)
    assert chat.slots["photo"] is None
    assert claims() == []


def test_a_photo_that_cannot_be_added_now_is_added_at_a_yes(own_shop: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = Chat()
    chat.say(f"10433 {ADA}", "item_damaged")
    chat.say("the lid is cracked")
    chat.say("no", "deny")
    chat.ask("affirm")
    with monkeypatch.context() as broken:
        broken.setenv("DATABASE_URL", "sqlite:////nowhere/at/all.db")
        assert chat.ask("send_photo", photo="a1") == ["utter_photo_unavailable"]
    assert chat.ask("affirm") == ["utter_photo_attached"]


def test_the_same_claim_twice_is_told_and_takes_the_photo(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"10433 {ADA}", "item_damaged")
    chat.say("the lid is cracked")
    chat.say("no", "deny")
    chat.ask("affirm")
    first = chat.told("reference")
    assert chat.ask("item_damaged") == ["utter_claim_already_open_without_photo"]
    assert chat.told("reference") == first and chat.form is None
    assert chat.ask("send_photo", photo="a1") == ["utter_photo_attached"]
    assert Chat("another").say(f"10433 {ADA}", "item_damaged") == ["utter_claim_already_open"]
    assert [claim.photos for claim in claims()] == [["a1"]]


@pytest.mark.parametrize(
    ("number", "email", "response", "offered"),
    [
        ("10432", ADA, "utter_claim_not_delivered", "utter_order_dispatched"),
        ("10438", "elin.hughes@example.com", "utter_claim_too_old", "utter_handoff_by_email"),
    ],
)
def test_where_no_claim_can_be_opened_nothing_is_asked_and_something_else_offered(
    own_shop: URL, number: str, email: str, response: str, offered: str
) -> None:
    chat = Chat()
    assert chat.say(f"{number} {email}", "item_damaged") == [response]
    assert chat.form is None
    assert chat.ask("affirm") == [offered]


def test_only_what_has_arrived_can_be_claimed(own_shop: URL) -> None:
    chat = Chat()
    assert chat.say("10441 rosa.klein@example.org", "item_damaged") == ["utter_ask_description"]
    chat.say("there is a stain on it")
    chat.say("no", "deny")
    assert chat.told("item") == "Sandpiper table runner"


@pytest.mark.parametrize(
    ("request_", "description", "kind"),
    [
        ("item_damaged", "the screws are missing", "damaged"),
        ("wrong_item", "you sent a blue one", "wrong_item"),
        ("wrong_item", "there were no screws in the box", "missing_part"),
        ("wrong_item", "one leg is missing", "missing_part"),
    ],
)
def test_the_kind_of_claim_is_told_from_request_and_description(request_: str, description: str, kind: str) -> None:
    assert kind_of(request_, description) == kind


def test_a_description_that_sounds_like_something_else_stays_a_description(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"10433 {ADA}", "wrong_item")
    assert chat.say("it came cracked, this is rubbish", "item_damaged") == ["utter_ask_photo"]
    assert chat.slots["request"] == "wrong_item"


def test_a_description_of_which_the_intent_is_not_sure_is_taken(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"10433 {ADA}", "item_damaged")
    assert chat.say("it weighs nothing and dribbles", "product_dimensions", confidence=0.45) == ["utter_ask_photo"]


def test_a_question_in_the_middle_of_a_claim_is_no_description(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"10433 {ADA}", "item_damaged")
    assert chat.say("how long is the warranty", "faq") == ["utter_faq"]
    assert chat.slots["description"] is None
    assert chat.say("yes", "affirm") == ["utter_go_on"]
    assert chat.slots["description"] is None


def test_the_item_can_be_corrected(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"my plates in 10442 are wrong {SAMIR}", "wrong_item", category="plates")
    assert chat.say("sorry, the bowl", category="bowl") == ["utter_ask_description"]
    chat.say("no bowl in the box", category="bowl")
    chat.say("no", "deny")
    assert chat.told("item") == "Stoneware pasta bowl"


def test_another_thing_in_a_description_changes_nothing(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"my plates in 10442 are wrong {SAMIR}", "wrong_item", category="plates")
    chat.say("they look like the tumblers, not the plates", category="tumblers")
    chat.say("no", "deny")
    assert chat.told("item") == "Stoneware dinner plate"


def test_a_corrected_order_number_asks_for_the_item_of_that_order(own_shop: URL) -> None:
    chat = recognised("10433")
    chat.ask("item_damaged")
    assert chat.say("sorry, order 10432")[-1] == "utter_claim_not_delivered"
    assert chat.slots["item"] is None


def test_a_claim_is_kept_while_the_shop_is_out_of_reach(own_shop: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = Chat()
    chat.say(f"10433 {ADA}", "item_damaged")
    chat.say("the lid is cracked")
    with monkeypatch.context() as broken:
        broken.setenv("DATABASE_URL", "sqlite:////nowhere/at/all.db")
        assert chat.say("no", "deny") == ["utter_unavailable"]
    assert chat.ask("affirm") == ["utter_confirm_claim"]
    assert chat.say("yes", "affirm") == ["utter_claim_opened_without_photo"]


def test_who_corrects_a_claim_at_its_question_is_asked_again_with_what_they_said(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"10433 is broken, {ADA}", "item_damaged")
    chat.say("the lid is cracked")
    assert chat.say("no photo", "deny") == ["utter_confirm_claim"]
    assert chat.say("it's not damaged, the wrong colour came", "wrong_item") == ["utter_confirm_claim"]
    assert chat.told("description") == "it's not damaged, the wrong colour came"
    assert chat.ask("affirm") == ["utter_claim_opened_without_photo"]
    with open_session() as session:
        claim = session.execute(select(DamageClaim).order_by(DamageClaim.id.desc())).scalars().first()
        assert (claim.kind, claim.description) == ("wrong_item", "it's not damaged, the wrong colour came")
