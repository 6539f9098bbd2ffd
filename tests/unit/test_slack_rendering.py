"""Block Kit from what Fern says, and plain text from what people write."""

import sys

import pytest

from parlance.channels.slack.rendering import (
    SECTION_LENGTH,
    answered,
    button_blocks,
    card_messages,
    feedback_block,
    home_view,
    mrkdwn,
    plain_text,
    read_block_id,
    section,
    split,
)
from tests.slack_rules import BadBlocks, check_blocks


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("<!channel>", "&lt;!channel&gt;"),
        ("<https://evil.example|bank>", "&lt;https://evil.example|bank&gt;"),
        ("**bold** and * not", "*bold* and * not"),
        ("[terms](https://shop.example/a?b=1&c=2)", "<https://shop.example/a?b=1&amp;c=2|terms>"),
        ("[a|b](https://shop.example)", "<https://shop.example|a/b>"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("[x](https://a|<!channel>)", "<https://a%7C%3C!channel%3E|x>"),
        ("![x](https://shop.example/x.png)", "!<https://shop.example/x.png|x>"),
        ("[the map](https://maps.example/Bath_(Somerset)#top)", "<https://maps.example/Bath_(Somerset)#top|the map>"),
        ('[terms](https://shop.example/terms "All of them")', "<https://shop.example/terms|terms>"),
        ("[list](<https://shop.example/price list.pdf>)", "<https://shop.example/price%20list.pdf|list>"),
        ("[write](mailto:help@shop.example?subject=Order)", "<mailto:help@shop.example?subject=Order|write>"),
        ("[ring us](tel:+441225000000)", "<tel:+441225000000|ring us>"),
        ("<https://shop.example/a?b=1&c=2>", "<https://shop.example/a?b=1&amp;c=2>"),
        ("<help@shop.example>", "<mailto:help@shop.example>"),
        ("[**new** [2] `x` & <b>](https://shop.example)", "<https://shop.example|new [2] x &amp; &lt;b&gt;>"),
        ("**[terms](https://shop.example)**", "*<https://shop.example|terms>*"),
        ("[two\nlines](https://shop.example)", "<https://shop.example|two lines>"),
        ("[](https://shop.example)", "<https://shop.example>"),
        ("[<@U1>](https://shop.example)", "<https://shop.example|&lt;@U1&gt;>"),
        ("[x](#returns) [y](/terms) [z](data:text/html,x)", "[x](#returns) [y](/terms) [z](data:text/html,x)"),
        ("*it* and ~~gone~~, 2*3*4, snake_case_here", "_it_ and ~gone~, 2*3*4, snake_case_here"),
        ("\\*not\\* [x\\](https://shop.example)", "*not* [x](https://shop.example)"),
        ("`[x](https://shop.example) **b** <c>`", "`[x](https://shop.example) **b** &lt;c&gt;`"),
        ("```\na **b**\n  c\n```", "```\na **b**\n  c\n```"),
        ("**two\n\nparagraphs**", "**two\n\nparagraphs**"),
    ],
)
def test_markdown_becomes_mrkdwn_and_everything_else_is_escaped(text: str, expected: str) -> None:
    assert mrkdwn(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "word " * 2000,
        "x" * 10_000,
        "&" * 10_000,
        "A sentence that ends. " * 500,
        "[a link with words](https://shop.example/) " * 300,
        "line\n" * 3000,
        " " * 5000 + "end",
        "[x](https://shop.example/" + "y" * 4000 + ")",
        "**" * 5000,
    ],
    ids=lambda text: text[:12],
)
def test_a_long_text_is_split_into_sections_and_nothing_is_lost(text: str) -> None:
    parts = split(text)

    assert "".join("".join(parts).split()) == "".join(text.split())
    for part in parts:
        check_blocks([section(mrkdwn(part))])
    assert len(parts) <= 5 * len(text) / SECTION_LENGTH + 2


def test_a_split_falls_where_a_reader_would_pause() -> None:
    paragraph = "One sentence. " * 10
    parts = split("\n\n".join([paragraph.strip()] * 5), 400)
    assert all(part.endswith(".") for part in parts)

    parts = split("[the terms of sale](https://shop.example/terms) " * 10, 100)
    assert all(part.count("[") == part.count(")") for part in parts)


@pytest.mark.parametrize("piece", ["[", "*a_", "[a](https://b.example) ", "<a", "&"])
def test_the_work_grows_with_the_text_and_not_faster(piece: str) -> None:
    """Counted in calls of functions, not in seconds."""

    def work(length: int) -> int:
        calls = 0

        def count(*_: object) -> None:
            nonlocal calls
            calls += 1

        text = piece * (length // len(piece))
        sys.setprofile(count)
        try:
            for part in split(text, 300):
                mrkdwn(part)
        finally:
            sys.setprofile(None)
        return calls

    assert work(4000) < 3 * work(2000)


def test_a_text_that_fits_is_one_part_and_an_empty_one_is_none() -> None:
    assert split(" short\n\ntext ") == ["short\n\ntext"]
    assert split(" \n ") == []


def test_many_and_long_buttons_keep_to_slacks_limits(caplog: pytest.LogCaptureFixture) -> None:
    buttons = [{"title": f"{number} " + "long " * 30, "payload": f"/choose_{number}"} for number in range(30)]
    blocks = button_blocks([*buttons, {"title": "too much", "payload": "x" * 2001}], "reply", "U1")

    check_blocks(blocks)
    assert [len(block["elements"]) for block in blocks] == [25, 5]
    assert {read_block_id(block["block_id"]) for block in blocks} == {("reply", "U1")}
    assert "too much" in caplog.text


def test_a_button_without_a_payload_says_its_title_and_one_with_an_address_links() -> None:
    (block,) = button_blocks([{"title": "Yes"}, {"title": "Shop", "url": "https://shop.example"}], "reply")

    assert block["elements"][0]["value"] == "Yes"
    assert block["elements"][1]["url"] == "https://shop.example"


def test_cards_are_spread_over_messages_and_show_only_pictures_that_slack_can() -> None:
    images = [
        "products/1.svg",
        "https://shop.example/1.svg?x",
        "http://shop.example/1.png",
        "https://shop.example/1.png",
    ]
    cards = [
        {"title": "<b>" * 100, "subtitle": "&" * 500, "price": "€1", "image": image, "buttons": [{"title": "Buy"}]}
        for image in images * 5
    ]
    messages = list(card_messages(cards, "U1"))

    assert [len(blocks) for blocks in messages] == [30, 10]
    for blocks in messages:
        check_blocks([*blocks, feedback_block("U1")])
    shown = [block["accessory"]["image_url"] for block in messages[0] if "accessory" in block]
    assert set(shown) == {"https://shop.example/1.png"}


def test_a_chosen_reply_stands_above_the_thumbs() -> None:
    blocks = [section("Which one?"), *button_blocks([{"title": "A"}], "reply"), feedback_block()]

    after = answered(blocks, "A & <B>")
    assert [block["type"] for block in after] == ["section", "context", "context_actions"]
    assert after[1]["elements"][0]["text"] == "✓ A &amp; &lt;B&gt;"


def test_the_home_view_is_made_of_blocks() -> None:
    view = home_view("**Hello** " + "there " * 1000, [{"title": "Help", "payload": "/help"}])

    assert view["type"] == "home"
    check_blocks(view["blocks"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<@U0FERN> where is it", "where is it"),
        ("hey <@U0FERN>, hi", "hey , hi"),
        ("1 &lt; 2 &amp;&amp; &amp;lt;", "1 < 2 && &lt;"),
        ("<mailto:ada@example.com|ada@example.com>", "ada@example.com"),
        ("<tel:+441234567|01234 567>", "01234 567"),
        ("<https://shop.example/x>", "https://shop.example/x"),
        ("<http://shop.example|shop.example>", "shop.example"),
        ("ask <@U1|grace> in <#C1|orders>", "ask grace in orders"),
        ("ask <@U2>", "ask @U2"),
        (":+1:", "👍"),
        ("no :-1: :wave::skin-tone-4:", "no 👎 👋"),
        ("thanks:heart:", "thanks❤️"),
        ("(:tada:)", "(🎉)"),
        (":man-shrugging: :woman-facepalming: :flag-ie:", "🤷‍♂️ 🤦‍♀️ 🇮🇪"),
        (":+1::+1:", "👍👍"),
        ("at 10:100:45, a ratio of 1:8:100", "at 10:100:45, a ratio of 1:8:100"),
        ("our own :fern_party: and :: and :a b:", "our own :fern_party: and :: and :a b:"),
        ("<https://shop.example/:100:/x|see :100:>", "see 💯"),
        ("<https://shop.example/:100:/x>", "https://shop.example/:100:/x"),
    ],
)
def test_what_somebody_typed_is_read_out_of_slacks_format(text: str, expected: str) -> None:
    assert plain_text(text, "U0FERN") == expected


def test_the_slack_of_the_tests_refuses_what_slack_refuses() -> None:
    with pytest.raises(BadBlocks):
        check_blocks([section("x" * 3001)])


def test_what_cannot_be_stored_is_not_taken_in() -> None:
    assert plain_text("where is\x00 10432\x07\r\nplease \ud83d") == "where is 10432\nplease ?"
