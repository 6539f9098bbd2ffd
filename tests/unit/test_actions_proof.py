"""What a parcel's label says is enough to look at an order, and not to act on it."""

import re

import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import URL

from actions.account import ActionChangeContact
from actions.customer_forms import CompletedForm, OrderForm
from actions.customers import Proof
from parlance.actions.messages import transcript
from shop import account_links
from shop.account_links import Followed
from shop.account_page import account_page
from shop.code_limits import DAY, HOUR, MOST_FOR_A_CLIENT, MOST_FOR_AN_ACCOUNT, MOST_IN_A_CONVERSATION
from shop.database import open_session
from shop.identity import mint
from shop.models import Customer, IdentificationAttempt, OneTimeCode, Order, OutboxMessage, utc_now
from shop.one_time_codes import GOOD_FOR, MOST_TRIES, PROOF_LASTS
from tests.unit.dialogue import Chat, Conversation, recognised_as, registered_actions, rules, sent_code

ADA, ELIN, TOM = "ada.byrne@example.com", "elin.hughes@example.com", "tom.okafor@example.com"
NEEDS_MORE = {"action_change_address", "action_change_contact", "action_export_data", "action_delete_data"}
NEEDS_MORE |= {"action_write_delivery_note"}


@pytest.fixture(autouse=True)
def shop(own_shop: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_SECRET", "a secret that is good for tests alone, 32 bytes")
    monkeypatch.setenv("SHOP_SECRET", "another secret that is good for tests alone")


def acts() -> dict[str, CompletedForm]:
    return {name: act for name, act in registered_actions().items() if isinstance(act, CompletedForm)}


def mails(kind: str) -> list[OutboxMessage]:
    with open_session() as session:
        found = session.execute(select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.id))
        messages = list(found.scalars())
        session.expunge_all()
        return messages


def phone_of(email: str) -> str:
    with open_session() as session:
        return str(session.execute(select(Customer.phone).where(Customer.email == email)).scalar_one())


def asked_for_a_code(sender: str = "chat-1") -> Chat:
    chat = Chat(sender)
    said = chat.say(f"my number is 07700 900118 now, 10432, {ADA}", "change_contact", phone="07700 900118")
    assert said[-1] == "utter_ask_one_time_code", said
    return chat


def wrong_code() -> str:
    return f"{(int(sent_code()) + 1) % 1_000_000:06}"


NEEDS_NOBODY = {"action_open_fraud_case", "action_password_reset", "action_case_question"}
"""Done for whom the shop does not know, too: the link goes to the address on file, and a ticket is the conversation's.
"""


def test_every_act_says_what_it_needs() -> None:
    declared = {name: act.needs_proof for name, act in acts().items()}
    assert len(declared) >= 18
    assert {name for name, needed in declared.items() if needed >= Proof.CODE} == NEEDS_MORE
    assert {name for name, needed in declared.items() if needed is Proof.NOBODY} == NEEDS_NOBODY


def test_every_form_asks_for_as_much_as_its_act_needs() -> None:
    checked = set()
    for (form, request), action in rules()[1].items():
        act, validation = acts().get(action), registered_actions()[f"validate_{form}"]
        if act and act.needs_proof > Proof.ORDER_AND_EMAIL:
            assert isinstance(validation, OrderForm)
            asked = Conversation(request=request).hears("x").tracker()
            assert validation.needed_proof(asked) >= act.needs_proof
            assert "one_time_code" in validation.wanted(asked)
            checked.add(action)
    assert checked == NEEDS_MORE


@pytest.mark.parametrize("action", sorted(NEEDS_MORE))
@pytest.mark.parametrize("of", [None, TOM])
def test_an_act_refuses_who_has_proved_too_little_whatever_the_slots_say(action: str, of: str | None) -> None:
    chat = Conversation(
        token=mint(of, "Tom", "test", 60) or "" if of else "a.forged.token",
        customer=recognised_as(ADA),
        one_time_code=True, confirmed=True, order_number="10434", address="1 Thief Road", postcode="BA1 2AB",
        contact_detail="phone", new_value="07700 900118", driver_note="leave it with the thief",
    ).hears("yes", "affirm")  # fmt: skip
    with open_session() as session:
        before = [dict(row) for row in session.execute(select(Customer.__table__)).mappings()]
        orders = [dict(row) for row in session.execute(select(Order.__table__)).mappings()]
    # Where Tom is signed in, Ada is not known here at all.
    assert chat.runs(registered_actions()[action]) == ["utter_offer_person" if of else "utter_code_needed"]
    with open_session() as session:
        assert before == [dict(row) for row in session.execute(select(Customer.__table__)).mappings()]
        assert orders == [dict(row) for row in session.execute(select(Order.__table__)).mappings()]


def test_the_code_goes_to_the_address_on_file_and_opens_the_act_once() -> None:
    chat = asked_for_a_code()
    assert chat.told("address") == "a***@e***.com"
    assert [message.recipient for message in mails("one_time_code")] == [ADA]
    assert chat.say(f"it's {sent_code()[:3]} {sent_code()[3:]}") == ["utter_confirm_phone"]
    assert chat.ask("affirm") == ["utter_contact_changed"]
    assert phone_of(ADA) == "07700900118"
    # The code in another conversation, and in this one again.
    other = asked_for_a_code("chat-2")
    first = mails("one_time_code")[0].content["code"]
    assert other.say(first) != ["utter_confirm_phone"]


def test_a_code_is_nowhere_but_in_the_mail() -> None:
    chat = asked_for_a_code()
    code = sent_code()
    chat.say(code)
    assert code not in str({name: value for name, value in chat.slots.items()})
    assert code not in transcript(chat.tracker()) and "******" in transcript(chat.tracker())
    with open_session() as session:
        rows = [dict(row) for row in session.execute(select(OneTimeCode.__table__)).mappings()]
    assert rows and code not in str([{k: v for k, v in row.items() if k != "digest"} for row in rows])
    assert all(re.fullmatch("[0-9a-f]{64}", row["digest"]) for row in rows)


def test_guesses_end_the_form_and_the_right_code_comes_too_late() -> None:
    chat = asked_for_a_code()
    for _ in range(MOST_TRIES - 1):
        assert chat.say(wrong_code())[0] == "utter_code_wrong"
    assert chat.say(wrong_code()) == ["utter_code_gone"] and chat.form is None
    right = sent_code()
    chat.ask("change_contact", phone="07700 900118")
    assert len(mails("one_time_code")) == 2  # a new one
    assert chat.say(right) == ["utter_code_wrong", "utter_ask_one_time_code"]


def asks_for_codes(conversations: int, clients: int) -> bool:
    """Strangers ask for as many codes as they get; whether they were refused in the end."""
    said: list[str] = []
    for number in range(conversations):
        chat = Chat(f"thief-{number}")
        chat.client = f"thief-{number % clients}" if clients else ""
        said = chat.say(f"my number is 07700 900118 now, 10432, {ADA}", "change_contact", phone="07700 900118")
        while chat.form:
            said = chat.say("send a new one")
    return said == ["utter_code_limit"]


@pytest.mark.parametrize(
    ("conversations", "clients", "sent"),
    [
        (1, 0, MOST_IN_A_CONVERSATION[HOUR]),
        (9, 0, MOST_FOR_A_CLIENT[HOUR]),
        (9, 1, MOST_FOR_A_CLIENT[HOUR]),
        (20, 20, MOST_FOR_AN_ACCOUNT[HOUR]),
    ],
)
def test_only_so_many_codes_are_sent_however_many_ask(conversations: int, clients: int, sent: int) -> None:
    assert asks_for_codes(conversations, clients) and len(mails("one_time_code")) == sent
    signed_in = Chat("owner")  # who loses nothing by it
    signed_in.token = mint(ADA, "Ada", "test", 60) or ""
    said = signed_in.say("my number is 07700 900119 now", "change_contact", phone="07700 900119")
    assert said == ["utter_confirm_phone"]


@pytest.mark.parametrize("client", ["", "thief"])
def test_a_stranger_leaves_the_owner_codes(client: str) -> None:
    assert asks_for_codes(9, 1 if client else 0)
    owner = Chat("owner")
    owner.client = "home"
    owner.say(f"my number is 07700 900118 now, 10432, {ADA}", "change_contact", phone="07700 900118")
    assert owner.say(sent_code()) == ["utter_confirm_phone"]


def test_strangers_at_many_addresses_leave_codes_to_an_owner_who_gave_one_from_there_before() -> None:
    for number in (1, 2):
        owner = Chat(f"owner-{number}")
        owner.client = "home"
        owner.say(f"my number is 07700 900118 now, 10432, {ADA}", "change_contact", phone="07700 900118")
        assert owner.say(sent_code()) == ["utter_confirm_phone"]
        assert number == 2 or asks_for_codes(20, 20)


def test_codes_of_a_day_are_limited_too() -> None:
    for _ in range(4):
        asks_for_codes(9, 1)
        with open_session() as session:
            for attempt in session.execute(select(IdentificationAttempt)).scalars():
                attempt.happened_at -= HOUR
            for code in session.execute(select(OneTimeCode)).scalars():
                code.created_at -= HOUR
    assert len(mails("one_time_code")) == MOST_FOR_A_CLIENT[DAY]


def test_a_code_grows_old_and_so_does_its_proof() -> None:
    chat = asked_for_a_code()
    with open_session() as session:
        session.execute(update(OneTimeCode).values(created_at=utc_now() - GOOD_FOR * 1.01))
    assert chat.say(sent_code()) == ["utter_code_gone"]
    chat = asked_for_a_code("chat-2")
    chat.say(sent_code())
    with open_session() as session:
        session.execute(update(OneTimeCode).values(used_at=utc_now() - PROOF_LASTS * 1.01))
    assert chat.hears("yes", "affirm").runs(ActionChangeContact()) == ["utter_code_needed"]
    assert phone_of(ADA) != "07700900118"


def test_a_no_leaves_everything_and_words_are_no_code() -> None:
    chat = asked_for_a_code()
    assert chat.say("what code", "nlu_fallback") == ["utter_one_time_code_unclear", "utter_ask_one_time_code"]
    assert chat.ask("deny") == ["utter_nothing_changed"] and chat.form is None


# Undoing ----------------------------------------------------------------------------------------------------------


def follow(message: OutboxMessage) -> Followed:
    with open_session() as session:
        return account_links.follow(session, message.content["token"])


def change_email(sender: str, email: str, new: str) -> None:
    """What a signed-in customer, or a thief with their session, does."""
    chat = Chat(sender)
    chat.token = mint(email, "Ada", "test", 60) or ""
    assert chat.say(f"new mail {new}", "change_contact", email=new, contact_detail="mail") == ["utter_confirm_email"]
    assert chat.ask("affirm") == ["utter_contact_sent"]
    assert follow(mails("confirm_email")[-1]) is Followed.CONFIRMED


def test_the_old_address_takes_an_account_back_and_a_thief_cannot_take_it_again() -> None:
    change_email("thief", ADA, "thief@example.net")
    change_email("thief", "thief@example.net", "thief2@example.net")
    to_ada, to_thief = mails("email_changed")
    assert (to_ada.recipient, to_thief.recipient) == (ADA, "thief@example.net")
    assert follow(to_ada) is Followed.UNDONE
    phone_of(ADA)  # is there again
    assert follow(to_ada) is Followed.GONE and follow(to_thief) is Followed.GONE
    assert [message.recipient for message in mails("change_undone")] == ["thief2@example.net", ADA]


def test_a_phone_number_is_put_back_through_the_page() -> None:
    before = phone_of(ADA)
    chat = asked_for_a_code()
    chat.say(sent_code())
    chat.ask("affirm")
    (notice,) = mails("contact_changed")
    assert notice.recipient == ADA and phone_of(ADA) == "07700900118"
    token = notice.content["token"]
    assert "<form" in account_page(token, follow=False) and phone_of(ADA) == "07700900118"
    assert "is undone" in account_page(token, follow=True) and phone_of(ADA) == before
    assert "work already" in account_page(token, follow=True)
    assert "work already" in account_page("<script>", follow=True)


def test_a_redirected_order_comes_back_while_it_can() -> None:
    chat = Chat()
    chat.token = mint(ADA, "Ada", "test", 60) or ""
    with open_session() as session:
        before = session.execute(select(Order.address).where(Order.number == 10434)).scalar_one()
    chat.say("send 10434 to 14 Mill Lane, Bath BA1 2AB", "change_address", address="14 Mill Lane, Bath")
    assert chat.ask("affirm") == ["utter_address_changed"]
    (notice,) = mails("address_changed")
    assert notice.recipient == ADA and follow(notice) is Followed.UNDONE
    with open_session() as session:
        assert session.execute(select(Order.address).where(Order.number == 10434)).scalar_one() == before


def test_no_new_password_goes_to_an_address_that_was_changed_lately() -> None:
    change_email("thief", ADA, "thief@example.net")
    stranger = Chat("stranger")
    stranger.say("forgot my password", "password_help")
    stranger.say("thief@example.net", email="thief@example.net")
    assert stranger.ask("affirm") == ["utter_password_reset"]
    assert mails("password_reset") == [] and len(mails("password_reset_held")) == 1
