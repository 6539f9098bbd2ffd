"""Emoji in words, for encoders whose vocabulary has none: "👍" and "👎" would both be read as an unknown token."""

from tokenizers import Tokenizer, normalizers

MEANINGS = {
    "👍": "thumbs up", "👎": "thumbs down", "👌": "okay", "🙏": "thank you", "👏": "well done", "🙌": "hooray",
    "👋": "hello", "🤝": "deal", "💪": "strong", "🤞": "hopefully", "✌": "peace", "🫶": "love", "🤷": "no idea",
    "🤦": "oh no", "✅": "yes", "✔": "yes", "☑": "yes", "❌": "no", "✖": "no", "🚫": "no", "⛔": "no", "❓": "question",
    "❔": "question", "❗": "important", "‼": "important", "⚠": "warning", "💯": "perfect", "⭐": "star", "🌟": "star",
    "❤": "love", "🧡": "love", "💛": "love", "💚": "love", "💙": "love", "💜": "love", "🖤": "love", "🥰": "love",
    "😍": "love", "😘": "kiss", "💕": "love", "💔": "heartbroken", "🔥": "great", "🎉": "celebrate", "🥳": "celebrate",
    "😀": "smile", "😃": "smile", "😄": "smile", "😁": "smile", "😊": "smile", "🙂": "smile", "☺": "smile",
    "😉": "wink", "😎": "cool", "😂": "laughing", "🤣": "laughing", "😆": "laughing", "😅": "nervous laugh",
    "😢": "crying", "😭": "crying", "😞": "sad", "😔": "sad", "☹": "sad", "🙁": "sad", "😕": "confused",
    "😡": "angry", "😠": "angry", "🤬": "furious", "😤": "annoyed", "🙄": "annoyed", "😒": "annoyed", "😑": "annoyed",
    "😩": "tired", "😫": "tired", "😴": "sleepy", "🥱": "bored", "🤔": "thinking", "😱": "shocked", "😮": "surprised",
    "😬": "awkward", "🤮": "disgusting", "🤢": "disgusting", "💩": "rubbish", "🤡": "clown", "🤖": "robot",
    "📦": "parcel", "🚚": "delivery", "🚛": "delivery", "🎁": "gift", "💳": "card", "💰": "money", "💷": "money",
    "📷": "photo", "📸": "photo", "📞": "phone", "☎": "phone", "📧": "email", "✉": "email", "🏠": "home", "🛋": "sofa",
    "🛏": "bed", "🪑": "chair", "💡": "lamp", "🕯": "candle", "🛁": "bath", "🍽": "plate", "🪴": "plant", "📏": "size",
    "🔄": "exchange", "↩": "return", "⏰": "time", "📅": "date", "🔑": "password", "😋": "tasty", "🤗": "hug",
}  # fmt: skip
"""The emoji that people send to a shop most, in the words that say what they mean there."""

VARIATION_SELECTOR = "\ufe0f"


def spell_out_emoji(tokenizer: Tokenizer) -> None:
    """Have the tokenizer read as words the emoji that it does not know; offsets stay those of the message."""
    token = getattr(tokenizer.model, "unk_token", None)  # byte-level vocabularies know every character
    unknown = [emoji for emoji in MEANINGS if token and token in tokenizer.encode(emoji).tokens]
    if not unknown:
        return
    spelled = [normalizers.Replace(emoji, f" {MEANINGS[emoji]} ") for emoji in unknown]
    before = [tokenizer.normalizer] if tokenizer.normalizer else []
    tokenizer.normalizer = normalizers.Sequence([normalizers.Replace(VARIATION_SELECTOR, ""), *spelled, *before])
