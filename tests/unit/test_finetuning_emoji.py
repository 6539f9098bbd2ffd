"""Emoji in words."""

from parlance.finetuning.options import FinetuneOptions
from parlance.finetuning.start import start_from_encoder


def test_emoji_that_the_encoder_does_not_know_are_read_as_words() -> None:
    tokenizer = start_from_encoder(FinetuneOptions()).tokenizer
    tokenizer.no_padding()

    assert tokenizer.encode("👍").tokens == ["[CLS]", "thumbs", "up", "[SEP]"]
    assert tokenizer.encode("👎").tokens != tokenizer.encode("👍").tokens


def test_offsets_stay_those_of_the_message() -> None:
    tokenizer = start_from_encoder(FinetuneOptions()).tokenizer
    tokenizer.no_padding()
    text = "love it ❤️ order FH-10432"
    encoding = tokenizer.encode(text)

    for token, (start, end) in zip(encoding.tokens, encoding.offsets, strict=True):
        if token == "order":
            assert text[start:end] == "order"
    assert [text[s:e] for s, e in encoding.offsets if e][-1].endswith("2")
