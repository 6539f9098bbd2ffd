"""``make run`` after its set-up, and a customer who talks to Fern over HTTP: real servers, model and database."""

import re

import pytest

from tests.e2e.running import Fern


def test_a_customer_finds_out_where_the_order_is(fern: Fern) -> None:
    assert "number" in fern.answers("ada", "hiya, any idea where my order's got to?").lower()
    assert "mail" in fern.answers("ada", "its FH-10432").lower()
    answer = fern.answers("ada", "ada.byrne@example.com")

    # Every variation of the answer has these two.
    assert "FH-10432" in answer
    assert "tracking number" in answer


def test_somebody_elses_order_and_one_that_does_not_exist_get_the_same_answer(fern: Fern) -> None:
    def ask(customer: str, number: str) -> str:
        fern.answers(customer, "where is my order")
        fern.answers(customer, number)
        return fern.answers(customer, "tom.okafor@example.com").replace(number, "NUMBER")

    nosy, lost = ask("nosy", "FH-10432"), ask("lost", "FH-99999")
    # An answer has variations; what they have in common is that none says whose order it is, or that there is one.
    for answer in (nosy, lost):
        assert answer and "ada" not in answer.lower() and "dispatched" not in answer.lower()


def test_a_question_in_the_middle_of_the_form_is_answered_and_the_form_goes_on(fern: Fern) -> None:
    fern.answers("mia", "track my parcel please")
    middle = fern.answers("mia", "what can you do?")
    after = fern.answers("mia", "FH-10433")

    assert "number" in middle.lower()
    assert "mail" in after.lower()


def test_a_person_is_called_when_the_customer_asks_for_one(fern: Fern) -> None:
    answer = fern.answers("zoe", "let me talk to a real person please")

    assert re.search(r"T-?\d+|ticket|reference", answer, re.IGNORECASE), answer


@pytest.mark.parametrize("text", ["", "🙂", "x" * 10_000, "<script>alert(1)</script>", "/etc/passwd", "\u202egnirts"])
def test_no_message_leaves_the_customer_without_an_answer(fern: Fern, text: str) -> None:
    assert fern.answers(f"odd-{len(text)}-{text[:3]!r}", text or " ") != "", repr(text)


def test_what_is_not_understood_is_asked_back_and_then_handed_over(fern: Fern) -> None:
    first = fern.answers("riddle", "colourless green ideas sleep furiously in brackets")
    second = fern.answers("riddle", "qwe rty uio")
    third = fern.answers("riddle", "zxc vbn")

    assert first and second and third
