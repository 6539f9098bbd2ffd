"""Words that speak against a yes: a question, a condition, a hesitation, a negation, another detail. English."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from parlance.actions.messages import in_small_letters, marked_in

_HARMLESS = re.compile(
    r"\bno (?:problems?|probs?|worries|bother|objections?|doubts?|question|rush|thanks needed)\b"
    r"|\bwhy (?:the hell |on earth |ever )?not\b|\bwithout (?:a )?(?:doubt|question|hesitation)\b"
    r"|\b(?:don'?t|wouldn'?t|do not|would not) mind(?: if (?:you|i) do)?\b|\bnot a problem\b|\bcan'?t wait\b"
    r"|\bif you (?:could|can|would|will|please|like|wouldn'?t mind|don'?t mind|insist)\b"
    r"|\bif (?:that|it)'?s (?:ok|okay|alright|all right|fine) (?:with|by) you\b|\bif that'?s ok(?:ay)?\b"
    r"|\b(?:what|as|like) (?:i|i'?ve|i have|i'?m) (?:been )?(?:want(?:ed|ing)?|said|saying|ask(?:ed|ing)|need(?:ed)?"
    r"|meant|told you|after|hoping|waiting)(?: for)?\b|\bwhat are (?:you|we) waiting for\b"
    r"|\bwhatever you need to do\b|\bafter all\b|\b(?:can|could|would|will) (?:you|u|ya)\b"
)
"""Phrases with such words that speak for it, or are politeness; the words around them are looked at all the same."""
_AGAINST = re.compile(
    "[?\N{BLACK QUESTION MARK ORNAMENT}\N{THINKING FACE}\N{THUMBS DOWN SIGN}]"
    # conditions, other details, more than a yes
    r"|\b(?:but|buts|if|unless|until|till|depend\w{0,4}|provided|providing|assuming|supposing|as long as|so long as|"
    r"although|though|tho|except|excluding|apart from|only|instead|rather|actually|or|either|whether|first|before|"
    r"after|once|another|other|others|different|else|also|as well|plus|besides|change|changed|wrong|mistake|"
    # hesitations
    r"wait|waiting|maybe|perhaps|possibly|probably|presumably|unsure|hm+|mm+|er+m*|um+|uh+|hesita\w{1,5}|doubt\w{0,4}|"
    r"later|tomorrow|tonight|yet|hold on|hang on|let me|think|thinking|thought|thoughts|guess|suppose|"
    r"(?:one|a|two) (?:sec|secs|second|seconds|min|mins|minute|minutes|moment|mo|bit|while)|sorry|pardon|huh|eh|"
    r"whatever|suddenly|apparently|joking|kidding|as if|yeah right|"
    # negations
    r"not|no|nope|nah|nor|none|never|nothing|cannot|without|stop|leave|forget|keep|dunno|idk|dont|doesnt|didnt|cant|"
    r"wont|isnt|arent|wasnt|havent|hasnt|shouldnt|wouldnt|couldnt|"
    # questions, and requests for more
    r"what|what'?s|when|where|who|whom|why|how|which|tell|explain|show|know|question|questions|repeat|again|say|talk|"
    r"give me|do (?:i|they|we|you)|"
    r"(?:can|could|may|might|should|shall|would|will|does|did|is|are|am|was) (?:i|it|that|this|they|there|we|my))\b"
    r"|\b\w{1,9}n't\b"
)
SHORTEST_PART = 4
"""So many letters or digits of a longer word name it: "10432" of "FH-10432", but "3" is not in it."""
_LETTERS_OR_DIGITS = re.compile(r"[a-z0-9]+")
_NUMBER = re.compile(r"\d[\d ,.:/-]*")
_WHOLLY = re.compile(r"\b(?:1\d\d|1000|110) ?(?:%|percent|per cent)")


def speaks_against_a_yes(text: str, act: str = "") -> bool:
    """Whether words hold anything that speaks against a yes, whatever else they say.

    Args:
        text: What the user wrote.
        act: Words that say again what is asked: "yes, change the address" changes nothing about "shall I change it?".
    """
    said = _HARMLESS.sub(" ", in_small_letters(text))
    own = {*act.split()}
    return any(found[0] not in own for found in _AGAINST.finditer(said))


def names_another_detail(message: Mapping[str, Any], asked: Iterable[str], known: Collection[str] = ()) -> bool:
    """Whether a message names what the question did not: "yes, 10433", "go ahead with the lamp".

    Args:
        message: Its parse result.
        asked: What the question said: its text, and the values that it is about.
        known: Words that name nothing, and so may be marked in a message.
    """
    text = _WHOLLY.sub(" ", str(message.get("text") or ""))
    asked_for = " ".join(asked)
    words, run = set(_words(asked_for)), _bare(asked_for)
    details = [str(found["value"]) for found in marked_in(message)]
    return any(
        (len(_bare(detail)) < SHORTEST_PART or _bare(detail) not in run)
        and not all(word in words or word in known for word in _words(detail))
        for detail in (*details, *_NUMBER.findall(text))
    )


def _words(text: str) -> list[str]:
    return _LETTERS_OR_DIGITS.findall(in_small_letters(text))


def _bare(text: str) -> str:
    return "".join(_words(text))
