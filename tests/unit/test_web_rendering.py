"""From Rasa responses to bubbles of the web chat."""

import pytest

from parlance.channels.web.rendering import bubbles, split_text

SENTENCE = "This is a sentence of some length. "


def test_long_answers_are_cut_where_a_reader_would_pause() -> None:
    parts = split_text(f"First.\n\n{SENTENCE * 30}\n\nLast.", limit=200)

    assert parts[0] == "First." and parts[-1] == "Last."
    assert all(len(part) <= 200 and part.endswith(".") for part in parts)
    assert " ".join(parts).split() == f"First. {SENTENCE * 30} Last.".split(), "nothing is lost"


@pytest.mark.parametrize("text", ["", "  \n\n ", "x" * 1000, "a\nb", "word " * 300, "línea\n" * 200])
def test_no_bubble_is_empty_or_too_long(text: str) -> None:
    parts = split_text(text, limit=100)

    assert all(0 < len(part) <= 100 for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_no_cut_goes_through_a_link() -> None:
    link = "[all the terms (and more)](https://shop.example/terms_(2026).html)"
    parts = split_text("word " * 17 + link + " and so on and on" * 4, limit=100)

    assert any(link in part for part in parts)
    assert split_text("[x](https://shop.example/" + "y" * 300 + ")", limit=100)[0].startswith("[x](https://shop")


def test_buttons_stand_under_the_last_bubble() -> None:
    response = {"text": f"One.\n\n{SENTENCE}", "buttons": [{"title": "Yes", "payload": "/affirm"}, {"payload": "/no"}]}

    assert [bubble.get("buttons") for bubble in bubbles(response)] == [None, [{"title": "Yes", "payload": "/affirm"}]]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//evil", "https:///x", 7, None])
def test_addresses_that_are_not_of_the_web_are_left_out(address: object) -> None:
    response = {"text": "Hi", "image": address, "buttons": [{"title": "Go", "url": address}]}
    [bubble] = bubbles(response)

    assert bubble == {"text": "Hi", "buttons": [{"title": "Go", "payload": "Go"}]}


def test_a_channel_without_cards_would_say_their_text_and_so_do_cards_without_titles() -> None:
    custom = {"type": "product_cards", "text": "Nothing found.", "cards": [{"price": "£1"}, "nonsense"]}

    assert bubbles({"custom": custom}) == [{"text": "Nothing found."}]
    assert bubbles({"custom": {"type": "unknown", "text": "Plain."}}) == [{"text": "Plain."}]
    assert bubbles({"custom": {"type": "unknown"}}) == []
