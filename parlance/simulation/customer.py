"""A customer in conversation: says what they came for, answers, hesitates, wanders off, and knows when to stop."""

from collections.abc import Iterator
from random import Random
from typing import Any

from parlance.simulation.database import Reader
from parlance.simulation.exchange import NOTHING, Heard, Said
from parlance.simulation.personas import Persona, Utterances
from parlance.simulation.phrases import Words, fill, has_blanks, typed_badly
from parlance.simulation.profile import Facts, Goal, Profile, fits

MOST_TURNS = 24
_REQUESTS = 3
"""How often a customer asks for the same thing."""
_UNHEARD = 4
"""How often a customer answers the same question."""

REACHED, REFUSED, DECLINED, LEFT, DIED = "reached", "refused", "declined", "left", "died"
CONTENT = (REACHED, DECLINED, LEFT)
"""Ends in which customers got what they wanted, be it to be left alone."""


class Customer:
    """Decides what to say next. ``outcome`` is set when there is nothing more to say.

    Args:
        persona: Who it is.
        profile: The project.
        utterances: How people ask.
        database: What is so.
        seed: Of this customer's choice of words.
    """

    def __init__(self, persona: Persona, profile: Profile, utterances: Utterances, database: Reader, seed: int) -> None:
        self.outcome = ""
        self.reached: list[str] = []
        self._persona = persona
        self._profile = profile
        self._utterances = utterances
        self._database = database
        self._random = Random(f"{seed}/{persona.number}/words")
        self._words = Words(profile.words, self._random)
        self._goal, self._facts = profile.goal(persona.goal), persona.facts
        self._waiting: list[tuple[Goal, Facts]] = []
        self._wandered: set[str] = set()
        self._answers: dict[str, int] = {}
        self._corrects = ""
        self._requests = self._turns = self._slots = 0
        self._leaves_at = self._random.randint(1, 3)
        self._changed = self._left = self._declined = self._corrected = False
        self._told: set[str] = set()

    def next(self, heard: Heard) -> Said | None:
        """What to say to what was heard; ``NOTHING`` begins. None, and an ``outcome``, at the end."""
        self._turns += 1
        if self._is_over(heard):
            return None
        said = self._request("request") if heard is NOTHING else self._reply(heard)
        if said is None:
            return None
        self._told |= {*said.gives}
        return self._styled(said)

    def _is_over(self, heard: Heard) -> bool:
        if heard is NOTHING:
            return False
        if heard.fault or self._turns > MOST_TURNS:
            return self._end(DIED)
        if self._left:
            return self._end(DIED if heard.form else LEFT)
        if self._has_reached(heard):
            self.reached.append(self._goal.name)
            if not self._waiting:
                return self._end(REACHED)
            self._goal, self._facts = self._waiting.pop(0)
            self._requests = 0
        elif any(fits(one, self._goal.refused) for one in heard.responses):
            return self._end(REFUSED)
        elif self._declined and not heard.form:
            return self._end(DECLINED)
        return False

    def _end(self, outcome: str) -> bool:
        self.outcome = outcome
        return True

    def _has_reached(self, heard: Heard) -> bool:
        if self._goal.reached and not any(fits(one, self._goal.reached) for one in heard.responses):
            return False
        query = self._goal.reached_query
        return not query or not self._database.knows or self._database.finds(query, self._facts)

    # What to say ------------------------------------------------------------------------------------------------------

    def _reply(self, heard: Heard) -> Said | None:
        asks_before = self._profile.may_change(heard.responses) is not None
        if heard.slot and (leaving := self._leaves()):
            return leaving
        if self._corrects and (heard.slot or asks_before):
            return self._correction()
        if asks_before:
            return self._consents(heard)
        if not heard.slot:
            return self._asks_again(heard)
        if heard.slot not in self._wandered and (wandering := self._wanders(heard.slot, ("digresses", "beside"))):
            return wandering
        return self._answer(heard.form, heard.slot)

    def _leaves(self) -> Said | None:
        self._slots += 1
        if "changes the goal" in self._habits and not self._changed and self._persona.second_goal:
            if self._slots > 1:
                self._changed = True
                self._goal = self._profile.goal(self._persona.second_goal)
                self._facts = self._persona.second_facts
                self._requests = 0
                return self._request("change")
        known = self._told >= {*self._profile.remembered}  # nobody disowns who was not taken for anybody
        for habit, kind in (("gives up", "give up"), ("disowns", "disown")):
            if habit in self._habits and self._slots >= self._leaves_at and (known or kind != "disown"):
                self._left = True
                return Said(self._words.say(kind), kind)
        return None

    def _wanders(self, slot: str, ways: tuple[str, ...]) -> Said | None:
        """What a habit has somebody say instead of an answer, once for each question."""
        for way in ways:
            habit = next((habit for habit in self._habits if habit.startswith(way)), "")
            if not habit or self._random.random() < 0.3:
                continue
            self._wandered.add(slot)
            if way == "hesitates":
                return Said(self._words.say("hesitation"), "hesitation")
            if way == "beside":
                return Said(self._words.say("beside"), "beside")
            if question := self._utterances.of(self._profile.digressions, self._facts, self._random):
                return Said(question, "digression")
        return None

    def _consents(self, heard: Heard) -> Said:
        """The answer to a question with consequences."""
        place = heard.slot or heard.responses[-1]
        if place not in self._wandered and (wandering := self._wanders(place, ("hesitates", "digresses"))):
            return wandering
        if "declines" in self._habits:
            self._declined = True
            return Said(self._words.say("no"), "no")
        tries = self._answers[place] = self._answers.get(place, 0) + 1
        if "own yes" in self._habits and tries == 1:
            return Said(self._words.say("yes in own words"), "yes")
        asking = next(one for one in reversed(heard.messages) if self._profile.may_change([one.response]) is not None)
        if asking.buttons and (tries > 1 or self._random.random() < 0.4):
            return Said(asking.buttons[0].title, "yes", pressed=True)
        return Said("yes" if tries > 1 else self._words.say("yes"), "yes")

    def _asks_again(self, heard: Heard) -> Said | None:
        """Nothing is open: presses the button for what was wanted, or asks in other words."""
        button = next((one for one in heard.buttons if self._is_for_goal(one.payload)), None)
        self._requests += 1
        if self._requests > _REQUESTS:
            self._end(DIED)
            return None
        if button is not None:
            return Said(button.title, "choice", pressed=True)
        return self._request("again")

    def _is_for_goal(self, payload: str) -> bool:
        return any(payload.split("{")[0] == f"/{intent}" for intent in self._goal.opens)

    def _request(self, kind: str) -> Said:
        request = self._utterances.request(self._goal, self._facts, self._random)
        gives, text = request.slots, request.text
        if kind == "request" and "adds" in " ".join(self._habits) and self._persona.second_goal:
            second = self._profile.goal(self._persona.second_goal)
            self._waiting.append((second, self._persona.second_facts))
            other = self._utterances.request(second, self._persona.second_facts, self._random)
            return Said(self._words.say("add", request=text, other=other.text), "add", tuple({*gives, *other.slots}))
        if kind != "request":
            text = self._words.say(kind, request=text)
        elif "over-answers" in self._habits:
            for slot, answer in self._further_answers(gives):
                text, gives = f"{text}, {answer}", (*gives, slot)
        return Said(text, kind, gives)

    def _answer(self, form: str, slot: str) -> Said | None:
        tries = self._answers[slot] = self._answers.get(slot, 0) + 1
        if tries > _UNHEARD:
            self._end(DIED)
            return None
        answer = self._fact(slot, self._facts, bare="hedges" in self._habits)
        if not answer and self._goal.form and form != self._goal.form:
            return self._request("again")
        if not answer:
            return Said(self._words.say("do not know"), "answer")
        if "corrects itself" in self._habits and not self._corrected and slot not in self._profile.never_wrong:
            wrong = self._fact(slot, {**self._facts, **self._persona.others}, bare=True)
            if wrong and wrong != self._fact(slot, self._facts, bare=True):
                self._corrects, self._corrected = slot, True
                return Said(wrong, "answer")
        gives: tuple[str, ...] = (slot,)
        if "over-answers" in self._habits and tries == 1:
            for further, more in self._further_answers((slot,)):
                answer, gives = f"{answer}, {more}", (*gives, further)
                break
        if "hedges" in self._habits:
            answer = self._words.say("hedge", answer=answer)
        return Said(answer, "answer", gives)

    def _correction(self) -> Said:
        slot, self._corrects = self._corrects, ""
        self._answers[slot] = self._answers.get(slot, 0) + 1
        text = self._words.say("correction", answer=self._fact(slot, self._facts, bare=True))
        return Said(text, "correction", (slot,), (slot,))

    def _further_answers(self, given: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """What somebody tells unasked: the slots that hold for a whole conversation."""
        for slot in self._profile.remembered:
            if slot not in given and (answer := self._fact(slot, self._facts)):
                yield slot, answer

    def _fact(self, slot: str, facts: Facts, bare: bool = False) -> str:
        """An answer with a customer's facts in it, empty where they do not know one; ``bare`` is the first template."""
        templates = self._goal.answers.get(slot) or self._profile.answers.get(slot) or ()
        if not templates:
            return ""
        template = templates[0] if bare else self._random.choice(templates)
        looked_up: dict[str, Any] = {
            name: self._database.first(query, facts)
            for name, query in self._profile.lookups.items()
            if f"{{{name}}}" in template
        }
        known = {name: value for name, value in {**facts, **looked_up}.items() if value not in (None, "")}
        text = fill(template, known)
        return "" if has_blanks(text) else text

    # How it is said ---------------------------------------------------------------------------------------------------

    @property
    def _habits(self) -> tuple[str, ...]:
        return self._persona.habits

    def _styled(self, said: Said) -> Said:
        if said.pressed:
            return said
        text = said.text
        # A yes with anything around it may be none, and what somebody means is to stay clear.
        if said.kind in ("request", "again") and self._requests == 0:
            text = self._words.say(self._persona.temper, text=text)
        if "pastes" in self._habits and said.kind == "request":
            pasted = fill(self._words.say("paste"), self._facts)
            text = text if has_blanks(pasted) else f"{pasted}\n{text}".strip()
        if "types badly" in self._habits and said.kind != "yes":
            text = typed_badly(text, self._random, map(str, self._facts.values()))
        return Said(text, said.kind, said.gives, said.takes_back)
