"""Which language a message is in, where it is not the assistant's own: lingua's opinion, and the words the assistant
knows."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from lingua import IsoCode639_1, Language, LanguageDetector, LanguageDetectorBuilder

from parlance.errors import ParlanceError, did_you_mean
from parlance.words import word_spans

FEWEST_WORDS = 3
"""One or two are a name, a thing, or a courtesy that everybody knows more often than another language."""
SURE_OF_FEW, SURE = 0.995, 0.6
"""The confidence that FEWEST_WORDS need ("thnx soz m8"), and that more of them do."""
KNOWN_FROM = 3
KNOWN_SHARE = 0.4
"""So large a share of a message's words may be known to the assistant; of a language's words some always are."""


def words_in(text: str) -> list[str]:
    """The words of a text without digits and signs, in small letters."""
    words = (text[start:end].lower() for start, end in word_spans(text))
    return [word for word in words if any(letter.isalpha() for letter in word)]


class LanguageIdentifier:
    """Tells messages in another language from the assistant's own.

    lingua alone takes "the harbour sofa" for Danish and a mistyped question for Lithuanian: on a few words no detector
    is sure. So a message is another language's only if the assistant knows next to none of its words, too.

    Args:
        own: The assistant's language, by its ISO 639-1 code.
        others: The languages that messages may be in besides.
        vocabulary: Words that the assistant's own messages have, in small letters.

    Raises:
        ParlanceError: A code is not one of lingua's languages.
    """

    def __init__(self, own: str, others: Sequence[str], vocabulary: Collection[str]) -> None:
        self._own = _language(own)
        self._vocabulary = frozenset(vocabulary)
        self._detector = _detector([self._own, *(_language(code) for code in others)])

    def other_language(self, text: str) -> tuple[str, float] | None:
        """The ISO 639-1 code of the language that a message is in and the confidence, or None for the assistant's own
        and where it cannot be told."""
        words = words_in(text)
        is_latin = all(letter < "\N{GREEK CAPITAL LETTER ALPHA}" for word in words for letter in word)
        too_few = len(words) < (FEWEST_WORDS if is_latin else 1)
        if too_few or sum(word in self._vocabulary for word in words) > KNOWN_SHARE * len(words):
            return None
        best = self._detector.compute_language_confidence_values(" ".join(words))[0]
        if best.language == self._own or best.value < (SURE_OF_FEW if len(words) <= FEWEST_WORDS else SURE):
            return None
        return best.language.iso_code_639_1.name.lower(), best.value


def vocabulary_of(texts: Iterable[str]) -> list[str]:
    """The words that at least KNOWN_FROM of the texts have, in order; fewer may be typing errors."""
    counts = Counter(word for text in texts for word in set(words_in(text)))
    return sorted(word for word, count in counts.items() if count >= KNOWN_FROM)


def _language(code: str) -> Language:
    names = {language.iso_code_639_1.name.lower(): language for language in Language.all()}
    if code not in names:
        raise ParlanceError(
            f"{code!r} is not a language that can be told from others.",
            did_you_mean(code, names) or "Write an ISO 639-1 code, such as de or fr.",
        )
    return Language.from_iso_code_639_1(getattr(IsoCode639_1, code.upper()))


def _detector(languages: Sequence[Language]) -> LanguageDetector:
    # The trigrams alone: all of lingua's models take 430 MB for 18 languages, these 40.
    builder = LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode()
    return builder.with_preloaded_language_models().build()
