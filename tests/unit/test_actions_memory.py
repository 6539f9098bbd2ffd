"""What Fern remembers of a customer: told, shown, kept and forgotten."""

import re

import pytest

from actions.customer_data import ValidateDeletionForm
from actions.memory import ActionForgetPreferences, ActionSetPreference, ActionShowPreferences
from actions.orders import ValidateAccountForm
from parlance.actions.offers import ActionAccept
from shop import preferences
from shop.database import open_session
from shop.identity import mint
from shop.preferences import Preferences
from tests.unit.accounts import ADA, NOWHERE, account, known
from tests.unit.dialogue import Conversation, Entity

pytestmark = pytest.mark.usefixtures("signing_shop")


def remembered(email: str = ADA) -> Preferences:
    with open_session() as session:
        return preferences.of(session, account(email).id)


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
