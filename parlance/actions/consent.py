"""An explicit yes to one asking. Whatever has consequences goes through here (``confirmation.ConfirmedAct``).

A question is asked by ``ask``, which keeps in the slot ``consent`` what exactly it was about. ``answer`` is the one
place that says what answers it: its own button, which is worth nothing for any other asking; words that are plainly a
yes; or other words, where NLU is sure that they are a yes to what was asked and none of them speaks against it.
"""

import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from parlance.actions.acts import ADD, AFFIRM, ASK, CORRECT, DENY, HESITATE, INFORM, REQUEST, STOP, act_in, act_of
from parlance.actions.doubts import names_another_detail, speaks_against_a_yes
from parlance.actions.messages import (
    ANSWERS,
    FURTHER_REQUEST,
    SURE,
    earlier_events,
    entity,
    in_small_letters,
    intent_of,
    latest_text,
    marked_in,
    value_before_this_turn,
)
from parlance.actions.settings import settings

CONSENT = "consent"
"""The slot for the open question: {id, about: the slots that it speaks of}."""
CONFIRMED = "confirmed"
CONFIRMATION = "confirmation"
"""The entity of a button's payload that names the asking."""
YES_TITLE, NO_TITLE = "Yes", "No"
MOST_WORDS = 12
"""A longer message says more than yes."""
MOST_WORDS_OF_A_STORY = 25
"""As MOST_WORDS, where NLU is sure that it is one."""


def _phrases(text: str) -> str:
    """An alternation of the phrases in a text, which commas and ends of lines divide; the longest first."""
    phrases = {phrase.strip() for phrase in re.split("[,\n]", text)}
    return "|".join(map(re.escape, sorted(phrases, key=len, reverse=True)))


_YES = _phrases(
    """yes, yess, yep, yepp, yup, yeah, yeahh, yea, yeh, ye, yah, ya, aye, y, ok, okay, okey, oki, okie
    okey dokey, okie dokie, alright, all right, sure, sure thing, for sure, of course, ofc, certainly, definitely
    def, absolutely, totally
    by all means, go ahead, go ahead with it, go ahead with that
    go for it, go on then, go on, do it, do that, do so, please do, just do it, lets do it
    let's do it, make it so, proceed, confirm, confirmed, i confirm, i confirm it, i confirm that, agreed, i agree
    sounds good, that's fine, thats fine, that is fine, that's right, thats right, that is right, that's correct
    thats correct, that is correct, correct, i'm sure, im sure, i am sure, i do, i am, it is, indeed, affirmative
    that's it, thats it, i'd like that, i want that, i'm happy with that, im happy with that, happy with that"""
)
_COURTESY = _phrases(
    """please, pls, plz, pleease, thanks, thank you, thx, ty, ta, cheers, mate, love, sir, madam, miss, then, now
    right now, right away, straight away, asap, today, very much, so much, a lot, that would be great, that'd be great
    that would be lovely, lovely, great, perfect, brilliant, 100%, 100 percent, hundred percent, positive, really
    very, quite, completely, just, no problem, no worries, you can, you may"""
)
_EMPHASIS = _phrases(
    """i said so, i said yes, i already said so, i already said yes, i've said yes, ive said yes, as i said, like i said
    i told you, i told you so, i've told you, ive told you, that's what i want, thats what i want, that is what i want
    that's what i said, thats what i said, that's what i asked for, thats what i asked for, i do want that
    i want you to, i'd like you to, id like you to, i would like that, i would like you to, if you would
    if you please"""
)
_OF_ANY_ACT = "it that this them those these the my me a an one all everything both for to of from up out off".split()
"""Words that say what shall be done, whatever it is; the others are the form's (``Form.act``)."""
_WANTING = frozenset("want wanna would like need id i'd gonna going back number again with and some few".split())
_NO = frozenset("no nope nah naw non don't dont not".split())
_NEVER_PLAIN = _NO | frozenset("but if or unless wait maybe only without".split())
"""Words that no name of a thing makes a part of a yes."""
_BEFORE_A_NO = frozenset("oh um umm er sorry god please ok well actually do".split())
WORDS_OF_A_NO = 2
_GOES_ON = frozenset({HESITATE, INFORM, ASK, CORRECT, REQUEST, ADD})
"""Acts of messages that begin with a no and end nothing: "no wait, the other one"."""
_YES_SIGNS = re.compile("[\N{THUMBS UP SIGN}\N{WHITE HEAVY CHECK MARK}\N{OK HAND SIGN}\N{HEAVY CHECK MARK}]")
_DECORATION = re.compile(
    "[\N{EMOJI MODIFIER FITZPATRICK TYPE-1-2}-\N{EMOJI MODIFIER FITZPATRICK TYPE-6}\ufe0f]|[.,!;:)]+"
)
_WORD = re.compile(r"[a-z]+", re.IGNORECASE)
_LENGTHENED = re.compile(r"([a-z])\1{2,}")


@lru_cache(maxsize=64)
def _plain_yes(act: str, assistant: str) -> re.Pattern[str]:
    words = "|".join(map(re.escape, (*act.split(), *_OF_ANY_ACT)))
    courtesy = f"{_COURTESY}|{re.escape(assistant)}"
    return re.compile(rf"(?:(?:{courtesy}) )*(?:{_YES})(?: (?:{_YES}|{courtesy}|{_EMPHASIS}|{words}))*")


def is_plain_yes(text: str, act: str = "") -> bool:
    """Whether words are a yes and nothing else: no doubt, question, condition, "but", or any word that is not known
    here.

    Args:
        text: What the user wrote.
        act: Words that say again what is asked: with "cancel booking" "yes, cancel the booking" is one, "yes, change
            the address" is none.
    """
    plain = _DECORATION.sub(" ", _YES_SIGNS.sub(" yes ", in_small_letters(text)))
    folded = _LENGTHENED.sub(r"\1", " ".join(plain.split()))
    return len(folded.split()) <= MOST_WORDS and bool(_plain_yes(act, settings().name.lower()).fullmatch(folded))


def repeats_only(text: str, act: str) -> bool:
    """Whether words say nothing but what is wanted, in any order: "a return please", "yes I want to send it back"."""
    known = {word for word in re.findall(r"[a-z0-9']+", f"{_YES} {_COURTESY} {_EMPHASIS} {act}".replace("\\", ""))}
    said = re.findall(r"[a-z0-9']+", in_small_letters(text))
    return all(word in known or word in _OF_ANY_ACT or word in _WANTING for word in said)


def is_yes(message: Mapping[str, Any], act: str = "", asked: Iterable[str] = (), request: str = "") -> bool:
    """Whether a message is a yes: plainly by its words, or by what NLU knows and its words do not contradict.

    Both are needed. NLU's ``affirm`` alone is not enough: it weighs a message as a whole, and one "but" or "10433" in a
    friendly sentence weighs little; and "hold on" has been taken for a yes. Words alone are not enough either: there is
    no list of all the ways to say yes, and "she'd be glad of it" has nothing in it that speaks against one.

    Args:
        message: The parse result.
        act: As for ``is_plain_yes``.
        asked: What the question said: its text, and the values that it is about.
        request: The intent that led to the question, which a yes may ask for again.
    """
    text = str(message.get("text") or "")
    if is_plain_yes(text, act):
        return True
    if act_in(message, settings().sure_of_a_yes) != AFFIRM or not 0 < len(_WORD.findall(text)) <= MOST_WORDS_OF_A_STORY:
        return False
    intent = message.get("intent") or {}
    asks_for_more = intent.get("name") not in (*ANSWERS, request) and float(intent.get("confidence") or 0.0) >= SURE
    if asks_for_more or any(found["entity"] == FURTHER_REQUEST for found in marked_in(message)):
        return False
    return not speaks_against_a_yes(text, act) and not names_another_detail(message, (*asked, act), _known_words())


@lru_cache(maxsize=1)
def _known_words() -> frozenset[str]:
    """Words that say no more than yes, such as "now", which may be marked as a day."""
    plain = f"{_YES} {_COURTESY} {_EMPHASIS}".replace("\\", "")
    return frozenset((*re.findall(r"[a-z0-9']+", plain), *_OF_ANY_ACT, "lot", "whole"))


def is_plain_no(text: str) -> bool:
    """Whether words begin as a no. Lenient, because a no changes nothing."""
    words = re.findall(r"[a-z']+", in_small_letters(text))[:MOST_WORDS]
    return next((word in _NO for word in words if word not in _BEFORE_A_NO), False)


def is_only_no(text: str) -> bool:
    """Whether words are a no and nothing else: "no", "nah thanks"."""
    return is_plain_no(text) and len(text.split()) <= WORDS_OF_A_NO


def ask(
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    slots: Iterable[str],
    response: str,
    names: Iterable[str] = (),
    ways_out: Iterable[dict[str, str]] = (),
    **blanks: Any,
) -> list[EventType]:
    """Ask whether to go ahead, with buttons that answer this asking and no other.

    Args:
        dispatcher: Where the question is said.
        tracker: The conversation.
        slots: What the question is about; if one of them changes, the answer to it is worth nothing.
        response: The question, which says what would happen.
        names: What the question is about, and nothing else; a yes may say it again: "yes, cancel the blue room".
        ways_out: Further buttons, for whoever neither says yes nor no.
        blanks: What fills the response.
    """
    asking = secrets.token_hex(8)
    buttons = [
        {"title": YES_TITLE, "payload": f'/affirm{{"{CONFIRMATION}": "{asking}"}}'},
        {"title": NO_TITLE, "payload": "/deny"},
        *ways_out,
    ]
    dispatcher.utter_message(response=response, buttons=buttons, **blanks)
    about = {slot: tracker.get_slot(slot) for slot in slots if slot != CONFIRMED}
    return [SlotSet(CONSENT, {"id": asking, "about": about, "words": _words_for(names)})]


def _words_for(names: Iterable[str]) -> str:
    """The words of names, in singular and plural, as ``is_plain_yes`` takes them."""
    words = {word for name in names for word in re.findall(r"[a-z0-9]+", name.lower())[:MOST_WORDS]} - _NEVER_PLAIN
    other = {word[:-1] if word.endswith("s") else f"{word}s" for word in words if word.isalpha() and len(word) > 2}
    return " ".join(sorted(words | other))


def answer(tracker: Tracker, act: str = "") -> bool | None:
    """The latest message as the answer to the open question: a yes to just this asking, a no, or neither.

    Args:
        tracker: The conversation.
        act: As for ``is_plain_yes``.
    """
    consent, said = tracker.get_slot(CONSENT), act_of(tracker)
    if consent and said in (DENY, STOP):
        return False
    if not consent or not is_about_the_same(tracker):
        return None
    text = latest_text(tracker)
    if not text:
        return True if _pressed(tracker, consent["id"]) else False if intent_of(tracker) == "deny" else None
    message = {**tracker.latest_message, "text": _without_repeated(tracker, consent["about"])}
    asked = (*map(str, consent["about"].values()), _said_last(tracker))
    request = str(value_before_this_turn(tracker, "request") or "")
    if is_yes(message, f"{act} {consent.get('words', '')}", asked, request):
        return True
    if is_only_no(text):
        return False
    return False if said not in _GOES_ON and (intent_of(tracker) == "deny" or is_plain_no(text)) else None


def _said_last(tracker: Tracker) -> str:
    """What the assistant said in its last turn."""
    return " ".join(str(event.get("text") or "") for event in earlier_events(tracker) if event["event"] == "bot")


def is_about_the_same(tracker: Tracker) -> bool:
    """Whether everything that the latest question was about is still as it was asked."""
    consent = tracker.get_slot(CONSENT)
    return bool(consent) and all(tracker.get_slot(slot) == value for slot, value in consent["about"].items())


def is_given(tracker: Tracker) -> bool:
    """Whether there is a yes, to what the slots still say."""
    return tracker.get_slot(CONFIRMED) is True and is_about_the_same(tracker)


def _without_repeated(tracker: Tracker, about: dict[str, Any]) -> str:
    """The latest message without what it repeats of the question: "yes, 07700 900118"."""
    text = latest_text(tracker)
    asked = {_bare(value) for value in about.values() if isinstance(value, str)} - {""}
    for found in reversed(tracker.latest_message.get("entities") or []):
        said = text[found["start"] : found["end"]] if "end" in found else ""
        if any(_bare(said).endswith(value) for value in asked):
            text = f"{text[: found['start']]} {text[found['end'] :]}"
    return text


def _bare(value: str) -> str:
    return "".join(filter(str.isalnum, value.lower()))


def _pressed(tracker: Tracker, asking: str) -> bool:
    """Whether the latest message is the button of an asking."""
    named = str(entity(tracker, CONFIRMATION) or "") if intent_of(tracker) == "affirm" else ""
    return hmac.compare_digest(named.encode(), asking.encode())
