"""Messages with two requests, told apart by a model that knows two words."""

import pytest

from parlance.inference import Context, EntitySpan, IntentScore, Prediction
from parlance.inference.request_splitting import cuts, known_request_groups, two_requests

GROUPS = {"cancel_order": 0, "order_status": 1, "parcel_missing": 1, "faq": 2}
BESIDE = ("greet", "thank", "inform")


class Words:
    """Understands a text by the first of its words that it knows, and with less certainty where there are commas."""

    known = {"cancel": "cancel_order", "where": "order_status", "lost": "parcel_missing", "open": "faq/hours"}
    aside = {"hello": "greet", "thank": "thank", "e-mail": "inform", "died": "inform", "joke": "complaint"}
    """What is said, where no word of the others is."""

    def __init__(self) -> None:
        self.contexts: set[Context | None] = set()

    def predict_batch(self, texts: list[str], contexts: list[Context | None]) -> list[Prediction]:
        assert len(texts) == len(contexts)
        self.contexts |= set(contexts)
        return [self._predict(text) for text in texts]

    def _predict(self, text: str) -> Prediction:
        words = text.lower().split()
        found = [self.known[word] for word in words if word in self.known]
        found = found or [self.aside[word] for word in words if word in self.aside]
        confidence = (0.95 if len(found) == 1 else 0.6) - 0.05 * text.count(",")
        days = [(start, start + 6) for start in [text.find("friday")] if start >= 0]
        entities = tuple(EntitySpan(start, end, "date", text[start:end], 0.9) for start, end in days)
        return Prediction(text, (IntentScore(found[0], confidence),) if found else (), entities)


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("cancel the lamp and where is the rug", "cancel the lamp", "where is the rug"),
        ("where is it? also cancel the other one", "where is it", "also cancel the other one"),
        ("cancel my order, when do you open on sunday", "cancel my order", "when do you open on sunday"),
        ("cancel my order\nwhen do you open", "cancel my order", "when do you open"),
    ],
)
def test_two_requests_of_different_matters_are_told_apart(text: str, first: str, second: str) -> None:
    found = two_requests(Words(), text, GROUPS, BESIDE)  # type: ignore[arg-type]

    assert found is not None
    assert (found.first.text, found.second.text) == (first, second)
    assert text[found.second_start :] == second


@pytest.mark.parametrize(
    "text",
    [
        "cancel the lamp and the rug",
        "where is it and is it lost",  # one group
        "where is my order",
        "cancel where is it and cancel where is that",  # neither side is certain
        "",
        "and",
    ],
)
def test_one_request_stays_one(text: str) -> None:
    assert two_requests(Words(), text, GROUPS, BESIDE) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "what a joke. cancel my order, where is the rug",
        "cancel my order, where is the rug, and nobody cares",
        "my dear old husband died on friday. cancel my order. when do you open",
        "cancel my order which I only placed because my sister told me to do so and where is the rug",
        "where is the rug " + "and nobody ever rings back " * 30 + "and cancel my order",
    ],
)
def test_a_message_that_says_more_than_two_requests_stays_whole(text: str) -> None:
    assert two_requests(Words(), text, GROUPS, BESIDE) is None  # type: ignore[arg-type]


def test_what_may_stand_beside_requests_is_for_the_assistant_to_say() -> None:
    text = "hello there fern. cancel my order, when do you open"

    assert two_requests(Words(), text, GROUPS, BESIDE)  # type: ignore[arg-type]
    assert two_requests(Words(), text, GROUPS) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("end", [". ", "? ", "! ", "...\n", "\n"])
def test_the_end_of_a_sentence_goes_before_a_comma_that_looks_surer(end: str) -> None:
    first, second = "cancel 10434, my e-mail is ada@example.com", "when do you open on sunday"
    found = two_requests(Words(), f"{first}{end}{second}", GROUPS, BESIDE)  # type: ignore[arg-type]

    assert found is not None
    assert (found.first.text.rstrip("."), found.second.text) == (first, second)


def test_a_comma_is_taken_where_the_sentences_are_not_two_requests() -> None:
    text = "hello there fern. cancel my order, when do you open please. thank you so much"
    found = two_requests(Words(), text, GROUPS, BESIDE)  # type: ignore[arg-type]

    assert found is not None
    assert found.first.text == "hello there fern. cancel my order"


def test_ends_of_sentences_are_not_crowded_out_by_commas() -> None:
    text = "one two, three four, five six, seven eight, nine ten. eleven twelve"

    assert cuts(text)[0].ends_sentence
    assert len(cuts(text)) == 4


def test_cuts_leave_words_on_both_sides_and_are_few() -> None:
    text = " and ".join(["one two"] * 50)

    for cut in cuts(text):
        assert len(text[: cut.end].split()) >= 2 and len(text[cut.start :].split()) >= 2
    assert len(cuts(text)) <= 4


def test_matters_are_those_of_the_intents_that_the_model_knows() -> None:
    groups = [["cancel_order"], ["order_status", "parcel_missing"], ["faq"]]

    assert known_request_groups(groups, ["greet", "parcel_missing", "faq/hours", "faq/returns"]) == {
        "parcel_missing": 1,
        "faq": 2,
    }
    assert known_request_groups(groups, ["greet", "order_status", "parcel_missing"]) == {}, (
        "one group is never two requests"
    )


def test_each_side_is_understood_after_what_was_said() -> None:
    model, context = Words(), Context("Anything else?")
    assert two_requests(model, "cancel it, where is mine", GROUPS, BESIDE, context)  # type: ignore[arg-type]
    assert model.contexts == {context}
