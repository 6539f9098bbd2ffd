"""Another e-mail address, phone number or name for an account."""

import pytest
from sqlalchemy import update

from actions.account import ActionAskContactFormConfirmed, ActionChangeContact, ValidateContactForm
from actions.contact_details import find_name
from shop.account_links import Followed
from shop.database import open_session
from shop.models import Customer, utc_now
from tests.unit.accounts import (
    ADA,
    ELIN,
    NOWHERE,
    account,
    ask_to_change,
    confirm,
    follow,
    known,
    outbox,
    proves,
    token_in,
)
from tests.unit.dialogue import CONSENTED, Conversation, Entity

pytestmark = pytest.mark.usefixtures("signing_shop")


@pytest.mark.parametrize(
    ("text", "entities", "detail", "value"),
    [
        ("change my email to a.b@example.org", [("contact_detail", "email"), ("email", "a.b@example.org", "new")],
         "email", "a.b@example.org"),
        ("put a.b@example.org as my mail", [("email", "a.b@example.org"), ("contact_detail", "mail")],
         "email", "a.b@example.org"),
        ("from ada.byrne@example.com to a.b@example.org",
         [("email", "ada.byrne@example.com", "old"), ("email", "a.b@example.org", "new")], "email", "a.b@example.org"),
        ("my mobile's 07700 900118 now", [("contact_detail", "mobile"), ("phone", "07700 900118")],
         "phone", "07700900118"),
        ("new 07700 900948, old 07700 900111",
         [("phone", "07700 900948", "new"), ("phone", "07700 900111", "old")], "phone", "07700900948"),
        ("it's Ada Nowak, not Ada Byrne", [("name", "Ada Nowak"), ("name", "Ada Byrne")], "name", "Ada Nowak"),
        ("edit contact details", [], None, None),
        ("take off 07700 900019", [("phone", "07700 900019", "old")], None, None),
    ],
)  # fmt: skip
def test_what_a_first_message_says(text: str, entities: list[Entity], detail: str | None, value: str | None) -> None:
    chat = known()
    assert ask_to_change(chat, text, *entities) == []
    assert (chat.slots["contact_detail"], chat.slots["new_value"]) == (detail, value)
    assert chat.slots["requested_slot"] == ("confirmed" if value else "contact_detail")


def test_an_email_address_is_changed_and_the_old_one_told() -> None:
    chat = known()
    ask_to_change(chat, "change my email", ("contact_detail", "email"))
    assert chat.slots["requested_slot"] == "new_value"
    chat.hears("it's Ada.B@example.org", "inform", ("email", "Ada.B@example.org")).fills(ValidateContactForm())
    assert confirm(chat) == "ada.b@example.org"
    assert chat.runs(ActionChangeContact()) == ["utter_contact_sent"]
    assert account(ADA).first_name == "Ada" and outbox("confirm_email") == ["ada.b@example.org"]
    assert chat.customer.email == chat.slots["email"] == ADA
    assert follow(token_in("confirm_email")) is Followed.CONFIRMED
    assert account("ada.b@example.org").first_name == "Ada" and outbox("email_changed") == [ADA]
    assert chat.slots["contact_detail"] is chat.slots["new_value"] is chat.slots["confirmed"] is None


def test_the_same_change_again_was_done_already() -> None:
    chat = known()
    for expected in ("utter_contact_changed", "utter_contact_already_done"):
        ask_to_change(chat, "my mobile is 07700 900118", ("contact_detail", "mobile"), ("phone", "07700 900118"))
        confirm(chat)
        assert chat.runs(ActionChangeContact()) == [expected]
    assert account(ADA).phone == "07700900118"


def test_a_change_to_what_is_there() -> None:
    chat = known()
    ask_to_change(chat, "my mail is ada.byrne@example.com", ("contact_detail", "mail"), ("email", ADA))
    confirm(chat)
    assert chat.runs(ActionChangeContact()) == ["utter_contact_same"]


def test_an_address_of_somebody_else_is_answered_like_any_other() -> None:
    chat = known()
    ask_to_change(chat, f"email to {ELIN}", ("contact_detail", "email"), ("email", ELIN, "new"))
    confirm(chat)
    assert chat.runs(ActionChangeContact()) == ["utter_contact_sent"]
    assert chat.blank("value") == ELIN and chat.slots["offer"] is None
    assert outbox("confirm_email") == [] and outbox("address_in_use") == [ELIN]
    assert chat.customer.email == chat.slots["email"] == ADA


def test_what_the_shop_finds_wrong_is_told() -> None:
    chat = known(contact_detail="phone", new_value="123", **CONSENTED).hears("yes", "affirm")
    assert chat.runs(ActionChangeContact()) == ["utter_contact_invalid"]
    assert chat.blank("value") == "123"


def test_an_account_that_is_gone() -> None:
    chat = known(ELIN, contact_detail="phone", new_value="07700 900118", **CONSENTED).hears("yes", "affirm")
    with open_session() as session:
        session.execute(update(Customer).where(Customer.email == ELIN).values(erased_at=utc_now()))
    assert chat.runs(ActionChangeContact()) == ["utter_code_needed"]


@pytest.mark.parametrize(
    ("detail", "said", "stored"),
    [
        ("surname", "Okafor", "Ada Okafor"),
        ("first name", "Adeline", "Adeline Byrne"),
        ("name", "Adeline", "Adeline Byrne"),
        ("name", "Adeline Okafor", "Adeline Okafor"),
        ("maiden name", "it's now O'Neill", "Ada O'Neill"),
    ],
)
def test_a_part_of_the_name_leaves_the_other_part(detail: str, said: str, stored: str) -> None:
    chat = known()
    ask_to_change(chat, f"change my {detail}", ("contact_detail", detail))
    chat.hears(said).fills(ValidateContactForm())
    assert confirm(chat) == stored
    assert chat.runs(ActionChangeContact()) == ["utter_contact_changed"]
    assert account(ADA).name == stored and chat.customer.first_name == stored.split()[0]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("my name is Siobhán", "Siobhán"),
        ("Grant-Lind.", "Grant-Lind"),
        ("amy van der lowe please", "amy van der lowe"),
        ("it's 42", None),
        ("<b>Ada</b>", None),
        ("Stephen with a ph", None),
        ("I got married", None),
    ],
)
def test_a_name_is_told_from_the_words_around_it(text: str, name: str | None) -> None:
    assert find_name(text) == name


@pytest.mark.parametrize(
    ("text", "marked", "name"),
    [
        ("Dr Amy Lowe", "Lowe", "Dr Amy Lowe"),
        ("it's amy lowe now, thanks", "lowe", "amy lowe"),
        ("Stephen with a ph", "Stephen", "Stephen"),
        ("Amy Lowe, not Low", "Amy Lowe", "Amy Lowe"),
    ],
)
def test_the_whole_answer_is_the_name_unless_it_says_more(text: str, marked: str, name: str) -> None:
    chat = known()
    ask_to_change(chat, "change my name", ("contact_detail", "name"))
    chat.hears(text, "inform", ("name", marked)).fills(ValidateContactForm())
    assert chat.slots["new_value"] == name


def test_a_name_is_taken_as_it_was_typed_not_as_a_synonym_of_it() -> None:
    chat = known()
    chat.hears("please put me down as Mary Gray, not Mary Byrne", "change_contact", ("name", "Mary Gray"))
    chat.message["entities"][0]["value"] = "grey"
    chat.fills(ValidateContactForm())
    assert chat.slots["new_value"] == "Mary Gray"


def test_a_no_changes_nothing_and_forgets_the_new_address() -> None:
    chat = known()
    ask_to_change(chat, "mail me at a.b@example.org", ("email", "a.b@example.org"))
    chat.hears("no", "deny").fills(ValidateContactForm())
    assert chat.runs(ActionChangeContact()) == ["utter_nothing_changed"]
    assert chat.slots["email"] == ADA == account(ADA).email
    assert chat.slots["new_value"] is None


def test_another_value_instead_of_a_yes_is_asked_about_again() -> None:
    chat = known()
    ask_to_change(chat, "my mobile is 07700 900118", ("contact_detail", "mobile"), ("phone", "07700 900118"))
    chat.hears("no, 07700 900119", "deny", ("phone", "07700 900119")).fills(ValidateContactForm())
    assert (chat.slots["new_value"], chat.slots["requested_slot"]) == ("07700900119", "confirmed")
    assert confirm(chat) == "07700900119"


def test_a_yes_that_repeats_the_value_is_a_yes() -> None:
    chat = known()
    ask_to_change(chat, "my mobile is 07700 900118", ("contact_detail", "mobile"), ("phone", "07700 900118"))
    chat.runs(ActionAskContactFormConfirmed())
    chat.hears("yes, 07700 900118", "affirm", ("phone", "07700 900118")).fills(ValidateContactForm())
    assert chat.form is None and chat.slots["confirmed"] is True


def test_another_detail_takes_the_place_of_the_one_before() -> None:
    chat = known()
    ask_to_change(chat, "put a.b@example.org as my mail", ("email", "a.b@example.org"), ("contact_detail", "mail"))
    ask_to_change(chat, "no, change my phone instead", ("contact_detail", "phone"))
    assert (chat.slots["contact_detail"], chat.slots["new_value"]) == ("phone", None)
    assert chat.slots["requested_slot"] == "new_value"


def test_somebody_unknown_proves_who_they_are_and_the_new_address_proves_nothing() -> None:
    chat = Conversation()
    ask_to_change(chat, "put a.b@example.org as my mail", ("email", "a.b@example.org"), ("contact_detail", "mail"))
    assert (chat.slots["email"], chat.slots["new_value"]) == (None, "a.b@example.org")
    assert chat.slots["requested_slot"] == "order_number"
    chat.hears("10432").fills(ValidateContactForm())
    assert chat.slots["requested_slot"] == "email"
    chat.hears(ADA, "inform", ("email", ADA)).fills(ValidateContactForm())
    assert chat.customer.email == ADA
    assert proves(chat, ValidateContactForm()) == []
    assert confirm(chat) == "a.b@example.org"


def test_the_old_address_says_whose_account_it_is() -> None:
    chat = Conversation()
    old_and_new: list[Entity] = [("email", ADA, "old"), ("email", "a.b@example.org", "new")]
    ask_to_change(chat, f"from {ADA} to a.b@example.org, order 10432", *old_and_new)
    assert chat.customer.email == ADA and proves(chat, ValidateContactForm()) == []
    assert confirm(chat) == "a.b@example.org"


def test_an_address_beside_another_detail_says_whose_account_it_is() -> None:
    chat = Conversation()
    text = f"I'm {ADA}, 10432, my phone is 07700 900118 now"
    ask_to_change(chat, text, ("email", ADA), ("contact_detail", "phone"), ("phone", "07700 900118"))
    assert chat.customer.email == ADA and proves(chat, ValidateContactForm()) == []
    assert confirm(chat) == "07700900118"


def test_what_cannot_be_changed_or_used_is_explained() -> None:
    chat = known()
    ask_to_change(chat, "the title should be Dr", ("contact_detail", "title"))
    assert chat.hears("the title", "inform").fills(ValidateContactForm()) == ["utter_contact_detail_unclear"]
    assert chat.hears("the phone then", "inform").fills(ValidateContactForm()) == []
    assert chat.hears("0118", "inform").fills(ValidateContactForm()) == ["utter_new_value_unclear"]


def test_contact_details_are_kept_while_the_shop_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = known(contact_detail="surname", new_value="Okafor")
    monkeypatch.setenv("DATABASE_URL", NOWHERE)
    assert chat.hears("x", "change_contact").runs(ActionAskContactFormConfirmed()) == ["utter_unavailable"]
    assert chat.runs(ActionChangeContact()) == [] and chat.slots["form_ended"] is None
    chat.given(CONSENTED)
    assert chat.runs(ActionChangeContact()) == ["utter_unavailable"]
    assert chat.slots["new_value"] == "Okafor" and chat.slots["offer"] == "change_contact"
