import pytest

from parlance.data.annotations import parse_annotations
from parlance.data.examples import Entity
from parlance.errors import ParlanceError


def test_text_without_annotations_is_itself() -> None:
    assert parse_annotations("where is my order?") == ("where is my order?", ())


def test_spans_count_characters_of_the_plain_text() -> None:
    text, entities = parse_annotations("from [Rome](city) to [Paris](city) é")
    assert text == "from Rome to Paris é"
    assert [text[e.start : e.end] for e in entities] == ["Rome", "Paris"]
    assert {e.type for e in entities} == {"city"}


def test_value_after_a_colon_is_the_synonym() -> None:
    text, entities = parse_annotations("to [the eternal city](city:Rome: Italy)")
    assert text == "to the eternal city"
    assert entities == (Entity(3, 19, "city", value="Rome: Italy"),)


def test_long_form_has_role_group_and_value() -> None:
    text, entities = parse_annotations('to [Rome]{"entity": "city", "role": "to", "group": "1", "value": "ROM"}!')
    assert text == "to Rome!"
    assert entities == (Entity(3, 7, "city", "to", "1", "ROM"),)


def test_value_is_the_span_unless_given() -> None:
    assert parse_annotations('[Rome]{"entity": "city"}')[1][0].value == "Rome"
    assert parse_annotations('[five]{"entity": "count", "value": 5}')[1][0].value == "5"


def test_list_form_with_one_entity_is_that_entity() -> None:
    text, entities = parse_annotations('[Rome][{"entity": "city", "role": "to"}] please')
    assert (text, entities) == ("Rome please", (Entity(0, 4, "city", "to", None, "Rome"),))


def test_brackets_that_are_no_annotation_stay_as_in_rasa() -> None:
    for text in ("press [enter] now", "[](city)", "[Rome] (city)", "f(x)", r"\[a\]"):
        assert parse_annotations(text) == (text, ())


@pytest.mark.parametrize(
    ("annotated", "words"),
    [
        ("[new [York](city) state](region)", "starts inside another"),
        ('[Rome][{"entity": "city"}, {"entity": "team"}]', "'city' and 'team' at once"),
        ('[Rome]{"entity": "city", }', "not valid JSON"),
        ("[Rome]{city}", "not valid JSON"),
        ('[Rome]{"role": "to"}', "names no entity"),
        ('[Rome]{"entity": 3}', "'entity' of the annotation of 'Rome' is not text"),
        ('[Rome]{"entity": "city", "role": true}', "'role'"),
    ],
)
def test_wrong_annotations_are_named_with_their_line(annotated: str, words: str) -> None:
    with pytest.raises(ParlanceError, match=words) as error:
        parse_annotations(annotated, "nlu.yml:7")
    assert str(error.value).startswith("nlu.yml:7: ")
    assert error.value.remedy
