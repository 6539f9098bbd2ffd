"""Tokens that end where words end, so that each word has a token of its own and with it a tag of its own.

Tokenizers differ: BERT's takes "£25" for one piece, "3d" for one token, and a Thai sentence for one unknown word; those
of multilingual encoders join punctuation and several Chinese characters. The rule is kept in the tokenizer's file, so
training and serving tokenize alike, and a model that was trained without it goes on as it was.
"""

from tokenizers import Regex, Tokenizer, pre_tokenizers

from parlance.words import NUMBER, UNSPACED

_SPACE_OF_SENTENCEPIECE = "\u2581"
_ALONE = Regex(rf"(?i)(?:{NUMBER})|(?=[{UNSPACED}])\X|(?=[\p{{P}}\p{{S}}&&[^{_SPACE_OF_SENTENCEPIECE}]])\X")


def split_at_words(tokenizer: Tokenizer) -> None:
    """Have the tokenizer divide a text at the ends of words, before it looks pieces up; offsets stay as they are."""
    split = pre_tokenizers.Split(_ALONE, behavior="isolated")
    before = tokenizer.pre_tokenizer
    if before is None:
        tokenizer.pre_tokenizer = split
    elif "ByteLevel" in str(before):  # after it a text is bytes, in which no script can be told
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, before])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([before, split])
