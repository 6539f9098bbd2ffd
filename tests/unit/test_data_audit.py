import pytest

from parlance.data.annotations import parse_annotations
from parlance.data.audit import audit
from parlance.data.examples import Entity, Example

CLEAN = [
    Example("hi", "greet", source="a:1"),
    Example("hello", "greet", source="a:2"),
    Example("bye", "bye", source="a:3"),
    Example("see you", "bye", source="a:4"),
]


def with_entity(text: str, *spans: tuple[int, int]) -> list[Example]:
    entities = tuple(Entity(start, end, "city") for start, end in spans)
    return [*CLEAN, Example(text, "greet", entities, "a:5")]


def kinds(examples: list[Example]) -> list[tuple[str, str]]:
    return [(finding.level, finding.kind) for finding in audit(examples)]


def test_clean_data_has_no_findings() -> None:
    assert audit(CLEAN) == []
    assert audit([]) == []


def test_an_intent_with_one_example_is_an_error() -> None:
    (finding,) = audit([*CLEAN, Example("help", "help", source="a:5")])
    assert (finding.level, finding.source) == ("error", "a:5")
    assert "'help' has one example" in finding.message


def test_the_same_text_is_found_whatever_its_case_and_spaces() -> None:
    (finding,) = audit([*CLEAN, Example("  HELLO ", "greet", source="a:5")])
    assert (finding.level, finding.kind) == ("warning", "a repeated example")
    assert "2 times" in finding.message and "a:2, a:5" in finding.message


def test_the_same_text_in_two_intents_is_a_conflict() -> None:
    (finding,) = audit([*CLEAN, Example("Hello", "bye", source="a:5")])
    assert finding.kind == "a text with conflicting intents"
    assert "'greet' and 'bye'" in finding.message


def test_the_same_text_after_something_else_is_another_example() -> None:
    placed = [
        Example("hello", "bye", source="a:5", after=("Is that all?", "Anything else?")),
        Example("hello", "greet", source="a:6", after=("Who is there?",)),
    ]
    assert kinds([*CLEAN, *placed]) == []


def test_the_same_text_after_the_same_is_a_conflict_that_is_named_once() -> None:
    first = Example("please", "greet", source="a:5", after=("Shall I?", "May I?", "Who?"))
    second = Example("please", "bye", source="a:6", after=("shall I? ", "MAY I?"))
    (finding,) = audit([*CLEAN, first, second])
    assert finding.kind == "a text with conflicting intents"
    assert "after '" in finding.message and "a:5, a:6" in finding.message


def test_two_acts_of_one_text_in_one_place_are_a_conflict() -> None:
    first = Example("please", "greet", source="a:5", after=("Shall I?",), act="affirm")
    second = Example("please", "greet", source="a:6", after=("Shall I?",), act="deny")
    (finding,) = audit([*CLEAN, first, second])
    assert finding.kind == "a text with conflicting acts" and "'affirm' and 'deny'" in finding.message


def test_an_intent_far_smaller_than_another_is_named() -> None:
    large = [Example(f"order {n}", "order") for n in range(41)]
    assert kinds([*CLEAN[:2], *large]) == [("warning", "an intent with far fewer examples than another")]
    assert kinds([*CLEAN[:2], *large[:40]]) == []


def test_many_out_of_scope_examples_are_no_imbalance() -> None:
    assert kinds([*CLEAN, *(Example(f"what is {n}", "oos") for n in range(100))]) == []


def test_out_of_scope_intents_by_other_names_are_no_imbalance_either() -> None:
    many = [Example(f"what is {n}", "out_of_scope/facts") for n in range(100)]
    others = [Example(f"tell me {n}", "chitchat") for n in range(100)]
    assert kinds([*CLEAN, *many]) == []
    assert [finding.kind for finding in audit([*CLEAN, *others], out_of_scope=["chitchat"])] == []
    assert kinds([*CLEAN, *others]) != []


def test_an_entity_that_cuts_a_word_is_named() -> None:
    assert kinds(with_entity("to Romeo", (3, 7))) == [("warning", "an entity that cuts a word")]
    assert kinds(with_entity("in 1234", (5, 7))) == [("warning", "an entity that cuts a word")]


def test_borders_between_words_signs_and_digits_are_fine() -> None:
    assert kinds(with_entity("it's Rome's 5pm, OK", (5, 9), (12, 13), (13, 15))) == []


def test_borders_in_scripts_without_spaces_and_after_marks_are_fine() -> None:
    assert kinds(with_entity("我要看上海天气", (3, 5))) == []
    assert kinds(with_entity("부산에서", (0, 2))) == []
    assert kinds(with_entity("ไปกรุงเทพ", (2, 9))) == []
    assert kinds(with_entity("at Cafe\u0301 now", (3, 8))) == []
    assert kinds(with_entity("at Cafe\u0301 now", (3, 7))) == [("warning", "an entity that cuts a word")]


def test_spaces_at_the_edge_of_an_entity_are_named() -> None:
    assert kinds(with_entity("to Rome", (2, 7))) == [("warning", "an entity with spaces at its edge")]


def test_entities_outside_the_text_or_over_each_other_are_errors() -> None:
    assert kinds(with_entity("Rome", (0, 5))) == [("error", "an entity outside its text")]
    assert kinds(with_entity("New York", (0, 8), (4, 8))) == [("error", "entities that overlap")]


def test_brackets_like_those_of_an_annotation_are_named() -> None:
    assert kinds([*CLEAN, Example("to [Rome] (city)", "greet")]) == [("warning", "what looks like a broken annotation")]


def test_errors_come_first() -> None:
    levels = [level for level, _ in kinds([*CLEAN, Example("hi", "greet"), Example("help", "help")])]
    assert levels == ["error", "warning"]


@pytest.mark.parametrize(
    ("annotated", "says"),
    [
        ('pay from my ["current"]("account")', "has quotes"),
        ("pay from my [current]('account')", "has quotes"),
        ("pay from my [current](\u201caccount\u201d)", "has quotes"),
        ("see [our page](https://shop.example/a) first", "address"),
        ("see [our page](HTTP://shop.example) first", "address"),
        ("write to [us](mailto:ada@shop.example)", "address"),
        ("call [us](tel:+441234) now", "address"),
        ("write to [us](ada@shop.example)", "address"),
        ("see [our page](www.shop.example)", "address"),
        ("see [the terms](terms.html)", "address"),
        ("see [the terms](/legal/terms)", "slashes"),
        ("see [above](#returns)", "sign"),
        ('to [Rome]{"entity": "city", "role": "`to`"}', "The role"),
        ('to [Rome]{"entity": "city", "group": "a/b"}', "The group"),
    ],
)
def test_an_entity_with_a_name_that_cannot_be_meant_is_named_once(annotated: str, says: str) -> None:
    text, entities = parse_annotations(annotated)
    (finding,) = audit([*CLEAN, Example(text, "greet", entities, "a:5"), Example(text + "!", "bye", entities, "a:6")])
    assert (finding.level, finding.source) == ("warning", "a:5")
    assert finding.kind == "an entity's name that is hardly meant as one" and says in finding.message


@pytest.mark.parametrize("name", ["order_number", "amount-of-money", "from.city_name", "Größe", "都市", "file", "Tel"])
def test_names_of_entities_that_teams_have_are_fine(name: str) -> None:
    text, entities = parse_annotations(f"it is [10]({name}) or [the last one]({name}:42)")
    assert audit([*CLEAN, Example(text, "greet", entities, "a:5")]) == []


@pytest.mark.parametrize("intent", ["faq/pay/card", "a//b", "faq/", "/greet", "faq/ ", "/", ""])
def test_an_intent_that_rasa_refuses_is_an_error(intent: str) -> None:
    (finding,) = audit([*CLEAN, Example("one", intent, source="a:5"), Example("two", intent, source="a:6")])
    assert (finding.level, finding.kind, finding.source) == ("error", "an intent's name that Rasa refuses", "a:5")


@pytest.mark.parametrize("intent", ['"greet"', "'greet'", "greet{now}", "greet@home", "greet[1]"])
def test_an_intent_that_no_payload_can_name_is_warned_of(intent: str) -> None:
    (finding,) = audit([*CLEAN, Example("one", intent, source="a:5"), Example("two", intent, source="a:6")])
    assert (finding.level, finding.kind) == ("warning", "an intent's name that is hardly meant as one")


def test_names_of_intents_that_teams_have_are_fine() -> None:
    names = ["faq/pay", "reverted_card_payment?", "flight#airfare", "check+pay", "wie geht's", "out_of_scope/x"]
    assert audit([Example(f"{name} {n}", name) for name in names for n in range(2)]) == []
