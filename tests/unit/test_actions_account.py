"""The account: contact details, password, points, what Fern remembers, and the customer's data."""

import re
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import URL

from actions.account import (
    ActionAskAccountFormConfirmed,
    ActionAskContactFormConfirmed,
    ActionAskDeletionFormConfirmed,
    ActionAskPasswordFormConfirmed,
    ActionChangeContact,
    ActionDeleteData,
    ActionExportData,
    ActionLoyaltyPoints,
    ActionPasswordReset,
    ValidateContactForm,
    ValidateDeletionForm,
    ValidatePasswordForm,
    find_name,
)
from actions.customer_forms import Form
from actions.memory import ActionForgetPreferences, ActionSetPreference, ActionShowPreferences
from actions.order_changes import ActionAskAddressFormConfirmed, ActionChangeAddress, ValidateAddressForm
from actions.orders import ValidateAccountForm
from actions.proof import ActionAskOneTimeCode
from parlance.actions.offers import ActionAccept
from shop import account_links, preferences
from shop.account_links import Followed
from shop.customers import CustomerSummary, customer_by_email
from shop.database import open_session
from shop.identity import mint
from shop.models import Customer, OutboxMessage, utc_now
from shop.preferences import Preferences
from tests.unit.dialogue import CONSENTED, Conversation, Entity, recognised_as, sent_code

ADA = "ada.byrne@example.com"
ELIN = "elin.hughes@example.com"
NOWHERE = "sqlite:////nowhere/at/all.db"


@pytest.fixture(autouse=True)
def own_shop(empty_tickets: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_SECRET", "a secret that is good for tests alone, 32 bytes")


def account(email: str) -> CustomerSummary:
    with open_session() as session:
        found = customer_by_email(session, email)
        assert found
        return found


def known(email: str = ADA, **slots: Any) -> Conversation:
    """A conversation with a customer who has signed in."""
    token = mint(email, account(email).first_name, "test", 60) or ""
    return Conversation(token=token, customer=recognised_as(email, signed_in=email), email=email, **slots)


def proves(chat: Conversation, form: Form) -> list[str]:
    """Somebody who is known by order and e-mail alone gives the code that the form asks for."""
    assert chat.slots["requested_slot"] == "one_time_code"
    assert chat.runs(ActionAskOneTimeCode()) == ["utter_ask_one_time_code"]
    return chat.hears(sent_code(), "inform").fills(form)


def remembered(email: str = ADA) -> Preferences:
    with open_session() as session:
        return preferences.of(session, account(email).id)


def outbox(kind: str) -> list[str]:
    with open_session() as session:
        return list(session.execute(select(OutboxMessage.recipient).where(OutboxMessage.kind == kind)).scalars())


def token_in(kind: str) -> str:
    """The token of the link in the latest mail of a kind."""
    newest = select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.id.desc())
    with open_session() as session:
        return str(session.execute(newest).scalars().first().content["token"])


def follow(token: str) -> Followed:
    with open_session() as session:
        return account_links.follow(session, token)


# Contact details --------------------------------------------------------------------------------------------------


def ask_to_change(chat: Conversation, text: str, *entities: Entity) -> list[str]:
    return chat.hears(text, "change_contact", *entities).fills(ValidateContactForm())


def confirm(chat: Conversation) -> str:
    """What Fern asks to confirm, and then the outcome of a yes."""
    assert chat.slots["requested_slot"] == "confirmed"
    assert chat.runs(ActionAskContactFormConfirmed())[0].startswith("utter_confirm_")
    asked = str(chat.blank("value"))
    chat.hears("yes", "affirm").fills(ValidateContactForm())
    assert chat.form is None
    return asked


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


# Password ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("email", [ADA, "nobody@example.com"])
def test_a_link_for_a_password_is_told_alike_whether_there_is_an_account_or_not(email: str) -> None:
    chat = Conversation().hears("can't log in", "password_help")
    chat.fills(ValidatePasswordForm())
    assert chat.slots["requested_slot"] == "email"
    assert chat.hears("at home", "inform").fills(ValidatePasswordForm()) == ["utter_email_unclear"]
    chat.hears(email, "inform", ("email", email)).fills(ValidatePasswordForm())
    chat.agrees(ValidatePasswordForm(), ActionAskPasswordFormConfirmed())
    assert chat.runs(ActionPasswordReset()) == ["utter_password_reset"]
    assert chat.blank("email") == email
    assert outbox("password_reset") == ([ADA] if email == ADA else [])


def test_a_known_customer_is_not_asked_for_an_address_and_gets_the_link_once() -> None:
    chat = Conversation(token=mint(ADA, "Ada", "test", 60) or "")
    for _ in range(2):
        chat.hears("can't log in", "password_help").fills(ValidatePasswordForm())
        chat.agrees(ValidatePasswordForm(), ActionAskPasswordFormConfirmed(), "yes, send me the link")
        assert chat.runs(ActionPasswordReset()) == ["utter_password_reset"]
    assert outbox("password_reset") == [ADA]


def test_a_link_that_cannot_be_sent_now_is_offered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = Conversation().hears(f"password for {ADA}", "password_help")
    chat.fills(ValidatePasswordForm())
    chat.agrees(ValidatePasswordForm(), ActionAskPasswordFormConfirmed())
    monkeypatch.setenv("DATABASE_URL", NOWHERE)
    assert chat.runs(ActionPasswordReset()) == ["utter_unavailable"]
    assert chat.slots["offer"] == "password_help"


def test_a_password_form_that_was_given_up_sends_nothing() -> None:
    chat = Conversation().hears("can't log in", "password_help")
    chat.fills(ValidatePasswordForm())
    said = [chat.hears("hm", "nlu_fallback").fills(ValidatePasswordForm()) for _ in range(3)]
    assert said[-1] == ["utter_offer_person"]
    assert chat.runs(ActionPasswordReset()) == []


# Points -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("points", "response"), [(0, "utter_loyalty"), (4000, "utter_loyalty_highest")])
def test_points_and_what_they_are_worth(points: int, response: str) -> None:
    with open_session() as session:
        session.execute(update(Customer).where(Customer.email == ADA).values(points=points))
    chat = known().hears("points?", "loyalty_points")
    assert chat.fills(ValidateAccountForm()) == [] and chat.form is None
    assert chat.runs(ActionLoyaltyPoints()) == [response]
    assert (chat.blank("points"), chat.blank("worth")) == (points, f"£{points * 5 // 100}")


# What Fern remembers ----------------------------------------------------------------------------------------------


def tell(chat: Conversation, text: str, *entities: Entity) -> list[str]:
    return chat.hears(text, "set_preference", *entities).runs(ActionSetPreference())


def forget(chat: Conversation, text: str, *entities: Entity) -> list[str]:
    return chat.hears(text, "forget_preferences", *entities).runs(ActionForgetPreferences())


def test_a_known_customers_likes_are_kept_in_the_shop_shown_and_forgotten() -> None:
    chat = known()
    assert chat.hears("what do you know about me", "show_preferences").runs(ActionShowPreferences()) == [
        "utter_no_preferences"
    ]
    told = tell(chat, "I like Green and navy in the bedroom", ("colour", "Green"), ("colour", "navy"),
                ("room", "bedroom"))  # fmt: skip
    assert told == ["utter_remembered"]
    assert chat.blank("told") == "colours: green, navy and rooms: bedroom"
    assert tell(chat, "and oak, call me Addie, formal please", ("material", "oak"), ("name", "Addie"),
                ("tone", "formal")) == ["utter_remembered"]  # fmt: skip
    assert chat.slots["tone"] == "formal" and chat.slots["preferences"] is None
    later = known()  # another conversation
    assert later.hears("what do you remember", "show_preferences").runs(ActionShowPreferences()) == [
        "utter_preferences"
    ]
    assert later.blank("name") == "Addie"
    assert later.blank("lines").splitlines() == [
        "- name: Addie",
        "- colours: green, navy",
        "- rooms: bedroom",
        "- materials: oak",
        "- tone: formal",
    ]
    assert forget(later, "forget that I like green", ("colour", "green")) == ["utter_forgotten_part"]
    assert later.blank("what") == "green" and remembered().colours == ("navy",)
    assert forget(later, "forget my favourite colours") == ["utter_forgotten_part"]
    assert later.blank("what") == "colours" and remembered().colours == ()
    assert forget(later, "stop using my name") == ["utter_forgotten_part"]
    assert forget(later, "forget the formal thing", ("tone", "formal")) == ["utter_forgotten_part"]
    assert later.slots["tone"] is None and remembered() == Preferences(rooms=("bedroom",), materials=("oak",))
    assert forget(later, "can you forget what you know about me? or no, what is it first") == ["utter_confirm_forget"]
    assert remembered() != Preferences()
    assert forget(later, "/forget_preferences") == ["utter_forgotten"]
    assert remembered() == Preferences()


def test_a_token_is_enough_to_see_to_what_is_remembered() -> None:
    chat = Conversation(token=mint(ADA, "Ada", "test", 60) or "")
    assert tell(chat, "my usual address is 9 Rowan Close, Derby DE1 4GH", ("address", "9 Rowan Close, Derby"),
                ("postcode", "DE1 4GH")) == ["utter_remembered"]  # fmt: skip
    assert (remembered().usual_address, remembered().usual_postcode) == ("9 Rowan Close, Derby", "DE1 4GH")
    assert forget(chat, "don't remember my address any more") == ["utter_forgotten_part"]
    assert remembered() == Preferences()


def test_somebody_unknown_is_remembered_in_the_conversation_alone() -> None:
    chat = Conversation()
    assert chat.hears("what do you know", "show_preferences").runs(ActionShowPreferences()) == [
        "utter_no_preferences_here"
    ]
    assert tell(chat, "remember dusky pink", ("colour", "dusky pink")) == ["utter_remembered_here"]
    assert tell(chat, "and green, shorter please", ("colour", "green"), ("tone", "short")) == ["utter_remembered_here"]
    assert chat.slots["tone"] == "short"
    assert chat.hears("what do you know", "show_preferences").runs(ActionShowPreferences()) == [
        "utter_preferences_here"
    ]
    assert chat.blank("lines") == "- colours: dusky pink, green\n- tone: short"
    assert forget(chat, "I never said I liked green", ("colour", "green")) == ["utter_forgotten_part"]
    assert chat.slots["preferences"] == {"colours": ("dusky pink",), "tone": "short"}
    assert forget(chat, "clear my preferences") == ["utter_confirm_forget"]
    assert forget(chat, "/forget_preferences") == ["utter_forgotten"]
    assert chat.slots["preferences"] is None and chat.slots["tone"] is None


@pytest.mark.parametrize(
    ("text", "entities", "response", "kept"),
    [
        ("remember that", [], "utter_preference_unclear", Preferences()),
        ("talk in rhymes", [("tone", "rhymes")], "utter_preference_unclear", Preferences()),
        ("I hate velvet, remember that", [("material", "velvet")], "utter_dislikes_not_kept", Preferences()),
        ("never show me leather or wool", [("material", "leather"), ("material", "wool")],
         "utter_dislikes_not_kept", Preferences()),
        ("I don't like yellow but I love blue", [("colour", "yellow"), ("colour", "blue")],
         "utter_remembered", Preferences(colours=("blue",))),
        ("stop calling me Katherine, it's Kate", [("name", "Katherine"), ("name", "Kate")],
         "utter_remembered", Preferences(call_me="Kate")),
        ("it's Kate not Katherine", [("name", "Kate"), ("name", "Katherine")],
         "utter_remembered", Preferences(call_me="Kate")),
    ],
)  # fmt: skip
def test_what_is_remembered_of_a_message(text: str, entities: list[Entity], response: str, kept: Preferences) -> None:
    assert tell(known(), text, *entities) == [response]
    assert remembered() == kept


@pytest.mark.parametrize("text", ["scrap the budget I gave you", "forget that", "drop the bit about the cats"])
def test_what_was_never_kept_does_not_wipe_the_rest(text: str) -> None:
    chat = known()
    tell(chat, "I like blue", ("colour", "blue"))
    assert forget(chat, text) == ["utter_forget_unclear"]
    assert remembered().colours == ("blue",)


@pytest.mark.parametrize(
    ("intent", "action"),
    [
        ("show_preferences", ActionShowPreferences),
        ("set_preference", ActionSetPreference),
        ("forget_preferences", ActionForgetPreferences),
    ],
)
def test_a_wish_about_what_is_remembered_is_taken_up_again_when_the_shop_is_back(
    monkeypatch: pytest.MonkeyPatch,
    intent: str,
    action: type[ActionShowPreferences] | type[ActionSetPreference] | type[ActionForgetPreferences],
) -> None:
    chat = known()
    monkeypatch.setenv("DATABASE_URL", NOWHERE)
    assert chat.hears("my colour green", intent, ("colour", "green")).runs(action()) == ["utter_unavailable"]
    chat.hears("yes", "affirm").runs(ActionAccept())
    again = next(event for event in chat.returned if event["event"] == "user")
    assert again["parse_data"]["intent"]["name"] == intent and again["text"] == "my colour green"
    assert [entity["value"] for entity in again["parse_data"]["entities"]] == ["green"]


def test_nothing_is_forgotten_that_was_not_asked_to_be() -> None:
    chat = known()
    tell(chat, "I like green", ("colour", "green"))
    assert forget(chat, "no, don't forget anything") == ["utter_not_wanted"]
    assert forget(chat, "drop the address thing") == ["utter_nothing_to_forget"]
    chat.hears("delete my account", "delete_data").fills(ValidateDeletionForm())
    assert forget(chat, "you don't answer what I ask. but ok: erase it, I'm sure") == ["utter_forget_later"]
    assert remembered().colours == ("green",)


@pytest.mark.parametrize("name", ["Uma-Lou", "O'Neill", "Jean-Luc"])
def test_a_name_is_kept_whole_where_a_part_was_marked(name: str) -> None:
    part = re.split("[-']", name)[0]
    chat = known().hears(f"call me {name}, please", "set_preference", ("name", part))
    assert chat.runs(ActionSetPreference()) == ["utter_remembered"] and remembered().call_me == name


def test_a_new_code_is_sent_whatever_the_wish_for_it_is_taken_for() -> None:
    chat = Conversation()
    chat.hears(f"send me all my data, 10438 {ELIN}", "export_data").fills(ValidateAccountForm())
    assert chat.runs(ActionAskOneTimeCode()) == ["utter_ask_one_time_code"]
    first = sent_code()
    chat.hears("send a new one", "exchange_item").fills(ValidateAccountForm())
    assert (chat.form, chat.slots["requested_slot"]) == ("account_form", "one_time_code")
    assert chat.slots["request"] == "export_data" and sent_code() != first
    chat.hears(sent_code()).fills(ValidateAccountForm())
    assert chat.slots["requested_slot"] == "confirmed"


def test_who_could_still_undo_a_change_of_the_address_hears_of_the_erasure() -> None:
    chat = known(ELIN, order_number="10438")
    ask_to_change(chat, "my email is e.new@example.org now", ("email", "e.new@example.org", "new"))
    confirm(chat)
    chat.runs(ActionChangeContact())
    assert follow(token_in("confirm_email")) is Followed.CONFIRMED
    chat = known("e.new@example.org")
    assert ask_to_delete(chat, "yes") == ["utter_delete_done"]
    assert sorted(outbox("data_deleted")) == ["e.new@example.org", ELIN]


def test_a_parcels_label_is_not_enough_to_keep_or_see_an_address() -> None:
    with open_session() as session:
        preferences.remember(session, account(ADA).id, "chat-0", usual_address="1 Own Street", usual_postcode="BA1 2AB")
    chat = Conversation()
    tell(chat, "my usual address is 9 Rowan Close, DE1 4GH", ("address", "9 Rowan Close"), ("postcode", "DE1 4GH"))
    chat.hears(f"my points, 10432 {ADA}", "loyalty_points").fills(ValidateAccountForm())
    assert chat.customer.email == ADA
    told = tell(chat, "remember my address is 9 Rowan Close", ("address", "9 Rowan Close"))
    assert told == ["utter_address_not_kept"]
    chat.hears("what do you remember", "show_preferences").runs(ActionShowPreferences())
    assert "Own Street" not in repr(chat.dispatcher.messages)
    assert remembered().usual_address == "1 Own Street"
    assert tell(chat, "call me Addie", ("name", "Addie")) == ["utter_remembered"]


# The usual address ------------------------------------------------------------------------------------------------


def test_the_usual_address_is_the_one_that_was_remembered_or_else_the_accounts() -> None:
    chat = known()
    ask = ("send 10434 to my usual address", "change_address", ("order_number", "10434"))
    assert chat.hears(*ask).fills(ValidateAddressForm()) == []
    stored = account(ADA)
    assert (chat.slots["address"], chat.slots["postcode"]) == (stored.address, stored.postcode)
    assert chat.slots["requested_slot"] == "confirmed"
    chat = known()
    with open_session() as session:
        usual = {"usual_address": "9 Rowan Close, Derby", "usual_postcode": "DE1 4GH"}
        preferences.remember(session, account(ADA).id, "chat-0", **usual)
    chat.hears("send 10434 somewhere else", "change_address", ("order_number", "10434")).fills(ValidateAddressForm())
    assert chat.slots["requested_slot"] == "address"
    chat.hears("same address as always").fills(ValidateAddressForm())
    assert (chat.slots["address"], chat.slots["postcode"]) == ("9 Rowan Close, Derby", "DE1 4GH")
    chat.agrees(ValidateAddressForm(), ActionAskAddressFormConfirmed())
    assert chat.runs(ActionChangeAddress()) == ["utter_address_changed"]


def test_the_usual_address_waits_until_it_is_known_whose() -> None:
    chat = Conversation()
    chat.hears("send it to my home address please", "change_address").fills(ValidateAddressForm())
    assert chat.slots["requested_slot"] == "order_number"
    assert chat.hears(f"10434, {ADA}").fills(ValidateAddressForm()) == []
    assert chat.slots["address"] == account(ADA).address and proves(chat, ValidateAddressForm()) == []
    assert chat.slots["requested_slot"] == "confirmed"


def test_without_a_usual_address_it_is_asked_for() -> None:
    with open_session() as session:
        session.execute(update(Customer).where(Customer.email == ADA).values(address="", postcode=""))
    chat = known().hears("send 10434 to the usual place", "change_address", ("order_number", "10434"))
    assert chat.fills(ValidateAddressForm()) == ["utter_no_usual_address"]
    assert chat.slots["requested_slot"] == "address"


def test_an_address_that_is_said_counts_more_than_the_usual_one() -> None:
    chat = known()
    street = "14 Mill Lane, Bath"
    text = f"not my usual address, send 10434 to {street} BA1 2AB"
    chat.hears(text, "change_address", ("address", street, "new")).fills(ValidateAddressForm())
    assert (chat.slots["address"], chat.slots["postcode"]) == (street, "BA1 2AB")


# The customer's data ----------------------------------------------------------------------------------------------


def test_a_copy_of_the_data_is_sent_once() -> None:
    chat = Conversation()
    chat.hears(f"send me all my data, 10438 {ELIN}", "export_data").fills(ValidateAccountForm())
    assert chat.runs(ActionExportData()) == ["utter_code_needed"] and outbox("data_export") == []
    proves(chat, ValidateAccountForm())
    chat.agrees(ValidateAccountForm(), ActionAskAccountFormConfirmed(), "yes, send me the data")
    assert chat.runs(ActionExportData()) == ["utter_export_done"]
    first = chat.blank("reference")
    chat.hears("send me all my data", "export_data").fills(ValidateAccountForm())
    chat.agrees(ValidateAccountForm(), ActionAskAccountFormConfirmed())
    assert chat.runs(ActionExportData()) == ["utter_export_already_done"]
    assert chat.blank("reference") == first and outbox("data_export") == [ELIN]


def ask_to_delete(chat: Conversation, answer: str) -> list[str]:
    chat.hears("delete my account", "delete_data").fills(ValidateDeletionForm())
    assert chat.slots["requested_slot"] == "confirmed"
    assert chat.runs(ActionAskDeletionFormConfirmed()) == ["utter_confirm_deletion"]
    chat.hears(answer, "affirm" if answer == "yes" else "deny").fills(ValidateDeletionForm())
    assert chat.form is None
    return chat.runs(ActionDeleteData())


def test_an_account_is_erased_after_a_yes_and_fern_forgets_who_it_was() -> None:
    chat = known(ELIN, tone="formal", order_number="10438")
    elsewhere = recognised_as(ELIN, "chat-2")
    assert ask_to_delete(chat, "yes") == ["utter_delete_done"]
    assert [chat.slots[slot] for slot in ("customer", "email", "order_number", "tone")] == [None] * 4
    with open_session() as session:
        assert customer_by_email(session, ELIN) is None
    # A second conversation that had recognised them before.
    again = Conversation(sender="chat-2", customer=elsewhere)
    again.hears("delete my account", "delete_data").fills(ValidateDeletionForm())
    assert again.runs(ActionAskOneTimeCode()) == ["utter_code_not_found"]
    assert again.hears("my data", "export_data").runs(ActionExportData()) == []


def test_a_no_erases_nothing() -> None:
    assert ask_to_delete(known(ELIN), "no") == ["utter_nothing_changed"]
    assert account(ELIN).email == ELIN


def test_an_account_with_an_order_on_its_way_stays() -> None:
    chat = known()
    assert ask_to_delete(chat, "yes") == ["utter_delete_open_orders"]
    assert chat.customer.email == ADA


def test_an_account_that_never_was() -> None:
    chat = Conversation(customer=recognised_as(ADA, customer_id=10**6), **CONSENTED)
    assert chat.runs(ActionDeleteData()) == ["utter_code_needed"]


def test_a_database_that_is_down_keeps_the_account_and_the_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = known(ELIN).hears("delete my account", "delete_data")
    chat.fills(ValidateDeletionForm())
    chat.agrees(ValidateDeletionForm(), ActionAskDeletionFormConfirmed())
    monkeypatch.setenv("DATABASE_URL", NOWHERE)
    for action in (ActionDeleteData(), ActionExportData(), ActionLoyaltyPoints()):
        assert chat.runs(action) == ["utter_unavailable"]
    assert chat.slots["confirmed"] is True and chat.slots["offer"] == "delete_data"


def test_without_a_customer_nothing_is_done_and_a_person_is_offered() -> None:
    chat = Conversation(**CONSENTED)
    for action in (ActionDeleteData(), ActionExportData(), ActionLoyaltyPoints(), ActionChangeContact()):
        assert chat.runs(action) == ["utter_offer_person"]
