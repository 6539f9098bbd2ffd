"""Promo codes and gift cards."""

import pytest
from sqlalchemy.engine import URL

from actions.details import ActionUseDetails
from actions.payment import ActionCheckPromo, ActionGiftCardBalance, ValidateCodeForm, find_code
from parlance.actions.offers import ActionAccept
from shop.identity import mint
from tests.unit.accounts import ADA, NOWHERE, recognised
from tests.unit.dialogue import Conversation

pytestmark = pytest.mark.usefixtures("signing_shop")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("my code WELCOME10 isn't working", "WELCOME10"),
        ("welcome10 does nothing", "welcome10"),
        ("it's FERN-8842-XK1P", "FERN-8842-XK1P"),
        ("gift card fern 8842 xk1p, how much", "fern 8842 xk1p"),
        ("SUMMER-25 and the total stayed the same", "SUMMER-25"),
        ("my promo code FREESHIP doesn't work", "FREESHIP"),
        ("the code is FREESHIP, no luck", "FREESHIP"),
        ("MY DISCOUNT CODE DOES NOT WORK", None),
        ("20% off and nothing came off the 140x200 rug", None),
        ("i forgot my code on order FH-10432", None),
        ("order fh10432, BA1 2AB", None),
        ("write to ada99@example.com", None),
    ],
)
def test_a_code_is_told_from_other_things_with_digits(text: str, code: str | None) -> None:
    assert find_code(text) == code


@pytest.mark.parametrize(
    ("text", "intent", "code"),
    [
        ("freeship", "inform", "FREESHIP"),
        ("it says bedtime20 on the card", "inform", "BEDTIME20"),
        ("sure", "affirm", None),
        ("nope", "deny", None),
        ("dunno", "inform", None),
        ("I don't have it here", "inform", None),
    ],
)
def test_what_counts_as_the_answer_to_the_question_for_a_code(text: str, intent: str, code: str | None) -> None:
    chat = Conversation().hears("my code doesn't work", "promo_code_problem")
    assert chat.fills(ValidateCodeForm()) == [] and chat.slots["requested_slot"] == "code"
    said = chat.hears(text, intent).fills(ValidateCodeForm())
    assert chat.slots["code"] == code
    assert said == (["utter_code_unclear"] if code is None and intent == "inform" else [])


@pytest.mark.parametrize(
    ("code", "response", "blanks"),
    [
        ("FREESHIP", "utter_promo_valid_delivery", {}),
        ("welcome10", "utter_promo_valid_value", {"code": "WELCOME10", "value": "10 %"}),
        ("SPRING15", "utter_promo_expired", {}),
        ("SOON25", "utter_promo_not_yet", {}),
        ("BIG50", "utter_promo_min_spend", {"min_spend": "£300"}),
        ("BEDTIME20", "utter_promo_wrong_category", {"category": "bedding"}),
        ("NOSUCH99", "utter_promo_unknown", {"code": "NOSUCH99"}),
    ],
)
def test_every_answer_about_a_promo_code(code: str, response: str, blanks: dict[str, str]) -> None:
    chat = Conversation().hears(f"why won't it take {code}", "promo_code_problem", ("code", code))
    assert chat.fills(ValidateCodeForm()) == [] and chat.form is None
    assert chat.runs(ActionCheckPromo()) == [response]
    assert {name: chat.blank(name) for name in blanks} == blanks
    assert chat.slots["code"] is None


@pytest.mark.parametrize("by_token", [True, False])
def test_a_code_that_the_customer_has_used(by_token: bool) -> None:
    token = mint(ADA, "Ada", "test", 60) or ""
    chat = Conversation(token=token) if by_token else recognised()
    chat.hears("WELCOME10 does nothing", "promo_code_problem").fills(ValidateCodeForm())
    assert chat.runs(ActionCheckPromo()) == ["utter_promo_used"]
    assert chat.slots["customer"]


def test_a_corrected_code_is_checked_as_what_was_asked_before() -> None:
    for request, text in (("gift_card_balance", "sorry, FERN-8842-XK1P"), ("promo_code_problem", "WELCOME10 I mean")):
        chat = Conversation(request=request).hears(text, "inform", ("code", text.split()[-1]))
        chat.runs(ActionUseDetails())
        assert [e["parse_data"]["intent"]["name"] for e in chat.returned if e["event"] == "user"] == [request]


@pytest.mark.parametrize(
    ("code", "response", "balance"),
    [
        ("FERN-8842-XK1P", "utter_gift_card_found", "£35.50"),
        ("fern 8842 xk1p", "utter_gift_card_found", "£35.50"),
        ("FERN-5063-ZB9C", "utter_gift_card_found", "£0"),
        ("FERN-2210-QM7T", "utter_gift_card_expired", "£20"),
        ("FERN-0000-AAAA", "utter_gift_card_unknown", "£0"),
    ],
)
def test_what_is_left_on_a_gift_card(code: str, response: str, balance: str) -> None:
    chat = Conversation().hears(f"how much is on {code}", "gift_card_balance")
    assert chat.fills(ValidateCodeForm()) == [] and chat.form is None
    assert chat.runs(ActionGiftCardBalance()) == [response]
    assert chat.blank("balance") == balance
    assert chat.slots["code"] is None and chat.slots["offer"] is None


def test_guessing_gift_cards_ends_with_the_offer_of_a_person() -> None:
    chat = Conversation()
    said = []
    for n in range(6):
        chat.hears(f"FERN-000{n}-AAAA", "gift_card_balance").fills(ValidateCodeForm())
        said += chat.runs(ActionGiftCardBalance())
    assert said == ["utter_gift_card_unknown"] * 5 + ["utter_gift_card_too_many_attempts"]
    assert chat.slots["offer"] == "human_handoff"


@pytest.mark.parametrize(
    ("request_", "action", "code"),
    [
        ("gift_card_balance", ActionGiftCardBalance, "FERN-8842-XK1P"),
        ("promo_code_problem", ActionCheckPromo, "WELCOME10"),
    ],
)
def test_a_code_is_kept_for_another_try(
    monkeypatch: pytest.MonkeyPatch,
    empty_tickets: URL,
    request_: str,
    action: type[ActionGiftCardBalance] | type[ActionCheckPromo],
    code: str,
) -> None:
    chat = Conversation().hears(code, request_)
    chat.fills(ValidateCodeForm())
    monkeypatch.setenv("DATABASE_URL", NOWHERE)
    assert chat.runs(action()) == ["utter_unavailable"]
    assert chat.slots["code"] == code and chat.slots["offer"] == request_
    monkeypatch.setenv("DATABASE_URL", str(empty_tickets))
    chat.hears("yes", "affirm").runs(ActionAccept())
    assert chat.slots["request"] == request_
    chat.fills(ValidateCodeForm())
    assert chat.form is None and chat.runs(action())[0].startswith(f"utter_{request_.split('_')[0]}")


def test_a_third_answer_that_is_no_code_offers_a_person_and_does_no_more() -> None:
    chat = Conversation().hears("code", "gift_card_balance")
    chat.fills(ValidateCodeForm())
    said = [chat.hears("it is on the back I think", "inform").fills(ValidateCodeForm()) for _ in range(3)]
    assert said == [["utter_code_unclear"], ["utter_code_unclear"], ["utter_offer_person"]]
    assert chat.form is None
    assert chat.runs(ActionGiftCardBalance()) == [] and chat.slots["form_ended"] is None
