"""Messages that are no business of an assistant's, for small projects to learn from what lies outside (Hendrycks et
al. 2019, "Deep Anomaly Detection with Outlier Exposure"): mashed keys, scrambled words, signs, foreign languages,
sentences about other things.

A few dozen utterances do not tell an encoder that "asdfgh" is no name. Whatever may be a project's own business is
left out: the languages that it speaks, sentences that share a word with it, digits where it learns bare numbers.
"""

import re
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from parlance.data.examples import Example

SENTENCES = Path(__file__).with_name("out_of_scope.yml")

ITS_LANGUAGE = 0.1
"""A language is a project's own when this share of its utterances is nearest to it."""

LONG_WORD = 4
"""Letters from which on a word says what a sentence is about."""

KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", string.ascii_lowercase)
SIGNS = "?!.,;:-_#*+/()%&=<>@$~"


@dataclass(frozen=True)
class Outliers:
    """Messages that are foreign to a project, to draw from."""

    sentences: list[str]
    examples: Sequence[Example]

    @classmethod
    def of(cls, examples: Sequence[Example]) -> "Outliers":
        """All that is foreign to these examples."""
        return cls(foreign_sentences([example.text for example in examples]), examples)

    def split(self) -> tuple["Outliers", "Outliers"]:
        """Two halves that share no sentence, one to learn from and one to look at."""
        return tuple(replace(self, sentences=self.sentences[start::2]) for start in (0, 1))  # type: ignore[return-value]

    def draw(self, count: int, random: np.random.Generator) -> list[Example]:
        """So many messages without an intent; half of them sentences, as far as there are."""
        chosen = random.permutation(len(self.sentences))[: count // 2]
        sentences = [self.sentences[row] for row in chosen]
        return [Example(text, None) for text in sentences + gibberish(self.examples, count - len(sentences), random)]


def gibberish(examples: Sequence[Example], count: int, random: np.random.Generator) -> list[str]:
    """Mashed keys, the project's own words with their letters in disorder, signs, and digits where none are learned."""
    texts = [example.text for example in examples]
    words = sorted({word for text in texts for word in re.findall(r"[^\W\d_]{4,}", text)})
    learns_digits = any(re.fullmatch(r"[\W\d]*\d[\W\d]*", text) for text in texts)
    known = {text.lower() for text in texts}
    made: list[str] = []
    while len(made) < count:
        kind = random.random()
        if kind < 0.15 and words:
            letters = list(words[random.integers(len(words))].lower())
            text = "".join(random.permutation(letters))
        elif kind < 0.3:
            text = _drawn(SIGNS, 1, 6, random)
        elif kind < 0.4 and not learns_digits:
            text = _drawn(string.digits, 1, 9, random)
        else:
            lengths = range(int(random.integers(1, 4)))
            text = " ".join(_drawn(KEYS[random.integers(len(KEYS))], 3, 10, random) for _ in lengths)
        if text not in known:
            made.append(text)
    return made


def foreign_sentences(texts: Sequence[str]) -> list[str]:
    """The written sentences that are in no language of these texts and share no word of theirs that means something.

    English sentences stay where the texts are in English: they are about other things.
    """
    own = own_languages(texts)
    words = {word for text in texts for word in _long_words(text)}
    return [
        sentence
        for language, sentences in written_sentences().items()
        if language == "english" or language not in own
        for sentence in sentences
        if not words & _long_words(sentence)
    ]


def own_languages(texts: Sequence[str]) -> set[str]:
    """The languages, among those of the written sentences, to which a tenth of the texts is nearest.

    Nearest by the letters in threes; texts too short to tell, as names are, say nothing.
    """
    nearest = Counter(language for text in texts if (language := _language(text)))
    told = sum(nearest.values())
    return {language for language, count in nearest.items() if count >= 2 and count > ITS_LANGUAGE * told}


def _language(text: str) -> str | None:
    if len(text.split()) < 3 and text.isascii():
        return None
    profiles = _profiles()
    threes = _threes(text)
    scores = {language: sum(profile.get(three, 0.0) for three in threes) for language, profile in profiles.items()}
    best = max(scores, key=lambda language: scores[language])
    return best if scores[best] > 0 else None


@cache
def _profiles() -> dict[str, dict[str, float]]:
    """How often each three letters come in each language, against how often they come in all."""
    counts = {
        language: Counter(three for sentence in sentences for three in _threes(sentence))
        for language, sentences in written_sentences().items()
    }
    shares = {language: {t: n / sum(c.values()) for t, n in c.items()} for language, c in counts.items()}
    total: Counter[str] = Counter()
    for share in shares.values():
        total.update(share)
    return {language: {t: s / total[t] for t, s in share.items()} for language, share in shares.items()}


def _threes(text: str) -> list[str]:
    """Letters in threes, words with a space around; single characters of scripts that write no spaces."""
    padded = f" {' '.join(text.lower().split())} "
    wide = [letter for letter in padded if letter >= "\u0900"]
    return [padded[i : i + 3] for i in range(len(padded) - 2)] + wide


@cache
def written_sentences() -> dict[str, tuple[str, ...]]:
    """The sentences of ``out_of_scope.yml``, by language."""
    content = YAML(typ="safe", pure=True).load(SENTENCES.read_text(encoding="utf-8"))
    return {language: tuple(sentences) for language, sentences in content.items()}


def _long_words(text: str) -> set[str]:
    words: Iterable[str] = re.findall(rf"[^\W\d_]{{{LONG_WORD},}}", text.lower())
    return {word for word in words if word not in COMMON}


COMMON = frozenset(
    "about after again always because before does from have into more most only over that them there they this those "
    "than their then until very were what when where which while will with would your never many much some same".split()
)
"""Long words that say nothing of what a sentence is about."""


def _drawn(letters: str, shortest: int, longest: int, random: np.random.Generator) -> str:
    return "".join(random.choice(list(letters), random.integers(shortest, longest + 1)))
