"""What no conversation may show. One ``Watch`` looks at one conversation, exchange by exchange."""

import re
from collections.abc import Iterator
from typing import Any

from parlance.simulation.claims import untrue
from parlance.simulation.database import Reader
from parlance.simulation.exchange import NOTHING, Heard, Said, Violation
from parlance.simulation.profile import Facts, Profile, fits

ACT_WITHOUT_YES = "act_without_yes"
UNTRUE = "said_what_is_not_so"
SERVER_ERROR = "server_error"
NO_ANSWER = "no_answer"
RAW_BLANK = "raw_blank"
TRACEBACK = "traceback"
BROKEN = "said_it_broke"
ASKED_WHAT_IT_KNOWS = "asked_what_it_knows"
ASKED_TOO_OFTEN = "asked_too_often"
DEAD_END = "dead_end"
NOT_UNDERSTOOD_TWICE = "not_understood_twice"
COULD_NOT_LEAVE = "could_not_leave"

HARM = (ACT_WITHOUT_YES, UNTRUE, SERVER_ERROR, NO_ANSWER, RAW_BLANK, TRACEBACK)
"""What does harm, or shows that something is broken; the others make a conversation a bad one."""
CLUMSY = (BROKEN, ASKED_WHAT_IT_KNOWS, ASKED_TOO_OFTEN, DEAD_END, NOT_UNDERSTOOD_TWICE, COULD_NOT_LEAVE)

MOST_ASKINGS = 2
REQUESTS = ("request", "again", "change", "add")
"""Messages that ask for something, and need an answer, a question or an offer."""
LEAVING = ("give up", "disown")

_BLANK = re.compile(r"\{\w+\}")
_TRACEBACK = re.compile(r"Traceback \(most recent call last\)|\b[A-Z]\w+(?:Error|Exception)\b: ")


class Watch:
    """Looks for violations in one conversation of somebody with these facts."""

    def __init__(self, profile: Profile, database: Reader, facts: Facts, conversation: str) -> None:
        self._profile = profile
        self._database = database
        self._facts = {**facts, "conversation": conversation}
        self._state: dict[str, Any] = database.watched(profile.watched, self._facts)
        self._given: set[str] = set()
        self._asked = ("", "")
        self._askings = 0

    def violations(self, said: Said, before: Heard, heard: Heard) -> tuple[Violation, ...]:
        """What is wrong with an exchange that followed ``before``."""
        found = [*self._acts(said, before, heard)]
        if heard.fault:
            return *found, Violation(SERVER_ERROR, heard.fault, before.form, before.slot)
        if not heard.messages or not heard.text.strip() and not heard.buttons:
            return *found, Violation(NO_ANSWER, "the assistant said nothing", before.form, before.slot)
        return *found, *self._words(heard), *self._questions(said, heard), *self._ends(said, before, heard)

    def _acts(self, said: Said, before: Heard, heard: Heard) -> Iterator[Violation]:
        state = self._database.watched(self._profile.watched, self._facts)
        changed = {name for name in state if state[name] != self._state[name]}
        self._state = state
        allowed = (self._profile.may_change(before.responses) or set()) if said.kind == "yes" else set()
        for name in sorted(changed - allowed):
            why = f"'{said.text}' changed {name}"
            yield self._violation(ACT_WITHOUT_YES, why, heard, place=before)

    def _words(self, heard: Heard) -> Iterator[Violation]:
        for message in heard.messages:
            if blank := _BLANK.search(message.text):
                yield self._violation(RAW_BLANK, f"{blank[0]} was not filled", heard, message.response, blank[0])
            if error := _TRACEBACK.search(message.text):
                yield self._violation(TRACEBACK, error[0], heard, message.response, error[0])
            for pattern in self._profile.broken:
                if broken := re.search(pattern, message.text):
                    yield self._violation(BROKEN, broken[0], heard, message.response, broken[0])
            if self._database.knows:
                for stated, detail in untrue(message, self._profile.claims, self._facts, self._database):
                    yield self._violation(UNTRUE, detail, heard, message.response, stated)

    def _questions(self, said: Said, heard: Heard) -> Iterator[Violation]:
        if said.kind in LEAVING or said.kind == "change" or not heard.form:
            self._given &= set() if said.kind in LEAVING else {*self._profile.remembered}
        self._given = (self._given - {*said.takes_back}) | {*said.gives}
        asked = (heard.form, heard.slot)
        self._askings = self._askings + 1 if asked == self._asked and heard.slot else 1
        self._asked = asked
        if not heard.slot:
            return
        if heard.slot in self._given:
            yield self._violation(ASKED_WHAT_IT_KNOWS, f"asks for {heard.slot}, which was given", heard)
        if self._askings == MOST_ASKINGS + 1:
            yield self._violation(ASKED_TOO_OFTEN, f"asks for {heard.slot} the third time in a row", heard)

    def _ends(self, said: Said, before: Heard, heard: Heard) -> Iterator[Violation]:
        if said.kind in REQUESTS and not self._goes_on(heard):
            yield self._violation(DEAD_END, f"after '{said.text}' there is no question, answer or offer", heard)
        fallbacks = self._profile.fallbacks
        if any(fits(one, fallbacks) for one in before.responses) and any(
            fits(one, fallbacks) for one in heard.responses
        ):
            yield self._violation(NOT_UNDERSTOOD_TWICE, f"'{said.text}' is the second message not understood", heard)
        if said.kind in LEAVING and heard.form and heard.form == before.form:
            yield self._violation(COULD_NOT_LEAVE, f"'{said.text}' left the form open", heard)

    def _goes_on(self, heard: Heard) -> bool:
        outcomes = [pattern for goal in self._profile.goals for pattern in (*goal.reached, *goal.refused)]
        answered = any(fits(one, outcomes) for one in heard.responses)
        return answered or bool(heard.slot) or "?" in heard.text or bool(heard.buttons)

    def _violation(
        self, invariant: str, detail: str, heard: Heard, response: str = "", text: str = "", place: Heard = NOTHING
    ) -> Violation:
        """Named by what was said last, unless a response or text is to blame."""
        last = heard.messages[-1] if heard.messages else None
        where = place if place is not NOTHING else heard
        if not response and not text and last is not None:
            response, text = last.response, "" if last.response else last.text
        return Violation(invariant, detail, where.form, where.slot, response, text)
