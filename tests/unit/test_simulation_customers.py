"""Who comes, what they say and how they type; what answers state; what is wrong in a profile."""

import sqlite3
from datetime import date
from pathlib import Path
from random import Random

import pytest
from ruamel.yaml import YAML
from sqlalchemy.engine import make_url

from parlance.simulation.claims import meanings
from parlance.simulation.customer import Customer
from parlance.simulation.database import Reader
from parlance.simulation.exchange import NOTHING, Heard, Said
from parlance.simulation.personas import HABITS, Casting, Persona, Utterances
from parlance.simulation.phrases import ENGLISH, typed_badly
from parlance.simulation.profile import Profile, fits
from parlance.simulation.profile_reader import read_profile
from parlance.testing.errors import BadTestFile
from parlance.testing.turns import BotMessage, Button
from shop.setup import set_up

PROFILE = """\
utterances: nlu.yml
apart: who
remembered: [number]
entities: {number: "{order}", product: "{product}"}
answers:
  number: ["{order}"]
  day: ["{day}", "make it {day}"]
questions: {utter_confirm: []}
digressions: [weather]
goals:
  move:
    opens: move
    form: move_form
    facts: [{who: 1, order: 101, day: monday}, {who: 2, order: 102, day: friday}, {who: 3, order: 103, day: sunday}]
    reached: utter_moved
"""
NLU = """\
nlu:
  - intent: move
    examples: |
      - move my order
      - can [555](number) come later
      - can the [lamp](product) come later
      - swap [1](number) and [2](number)
  - intent: weather
    examples: |
      - nice weather
"""


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    (tmp_path / "nlu.yml").write_text(NLU)
    (tmp_path / "simulation.yml").write_text(PROFILE)
    return read_profile(tmp_path / "simulation.yml")


def customer(profile: Profile, *habits: str, number: int = 0) -> Customer:
    facts = {"who": 1, "order": 101, "day": "monday"}
    persona = Persona(number, "move", habits=habits, facts=facts, others={"order": 102, "day": "friday"})
    return Customer(persona, profile, Utterances(profile), Reader(None), seed=1)


def asked(slot: str, response: str = "utter_ask", *buttons: Button) -> Heard:
    return Heard((BotMessage("Well?", response, buttons),), "move_form", slot)


def says(customer: Customer, *heard: Heard) -> list[Said]:
    """What they say to the beginning and to each thing heard."""
    said = [customer.next(one) for one in (NOTHING, *heard)]
    assert all(said)
    return [one for one in said if one]


def test_utterances_carry_the_customers_own_facts_and_no_others(profile: Profile) -> None:
    goal, facts = profile.goal("move"), {"order": 101}
    requests = [Utterances(profile).request(goal, facts, Random(seed)) for seed in range(40)]
    assert {(request.text, request.slots) for request in requests} == {
        ("move my order", ()),
        ("can 101 come later", ("number",)),
    }


def test_each_habit_comes_and_nobody_is_there_twice_at_once(profile: Profile) -> None:
    casting = Casting(profile, Reader(None), seed=3)
    assert {habit for one in casting.personas(range(400)) for habit in one.habits} == {*HABITS}
    for start in range(0, 60, 3):
        assert len({one.facts["who"] for one in casting.personas(range(start, start + 3))}) == 3


def test_a_plain_customer_answers_what_is_asked(profile: Profile) -> None:
    said = says(customer(profile, "plain"), asked("number"), asked("day"), asked("confirmed", "utter_confirm"))
    assert [one.kind for one in said] == ["request", "answer", "answer", "yes"]
    assert said[1].text == "101" and "monday" in said[2].text
    assert said[1].gives == ("number",) and said[3].text.lower() in {"yes", *ENGLISH["yes"]}


def test_a_yes_by_button_is_the_button_of_the_question(profile: Profile) -> None:
    yes = Button("Aye", '/affirm{"confirmation": "1"}')
    heard = Heard(
        (BotMessage("Help.", "utter_help", (Button("Orders", "/orders"),)), BotMessage("?", "utter_confirm", (yes,))),
        "move_form",
        "confirmed",
    )
    pressed = {said.text for n in range(30) if (said := says(customer(profile, "plain", number=n), heard)[1]).pressed}
    assert pressed == {"Aye"}


def test_somebody_who_corrects_themselves_says_another_and_then_the_right_one(profile: Profile) -> None:
    said = says(customer(profile, "corrects itself"), asked("number"), asked("day"), asked("day"))
    assert said[1].text == "102" and said[1].gives == ()
    assert said[2].kind == "correction" and "101" in said[2].text and said[2].gives == ("number",)
    assert said[3].kind == "answer" and "monday" in said[3].text


def test_somebody_who_hesitates_does_so_once_at_each_question(profile: Profile) -> None:
    question = asked("confirmed", "utter_confirm")
    for number in range(20):
        kinds = [one.kind for one in says(customer(profile, "hesitates", number=number), question, question)][1:]
        assert kinds in (["hesitation", "yes"], ["yes", "yes"], ["yes", "hesitation"])


def test_nobody_disowns_who_was_taken_for_nobody(profile: Profile) -> None:
    for number in range(20):
        said = says(customer(profile, "disowns", number=number), asked("number"))
        assert said[1].kind == "answer" or said[0].gives


@pytest.mark.parametrize(("habit", "outcome"), [("gives up", "left"), ("declines", "declined"), ("plain", "reached")])
def test_how_it_ends_is_told(profile: Profile, habit: str, outcome: str) -> None:
    one = customer(profile, habit)
    said = [one.next(NOTHING)]
    for _ in range(4):
        said.append(one.next(asked("confirmed", "utter_confirm")))
        if said[-1] and said[-1].kind in ("give up", "no", "yes"):
            break
    assert one.next(Heard((BotMessage("Done.", "utter_moved" if habit == "plain" else "utter_left"),))) is None
    assert one.outcome == outcome


@pytest.mark.parametrize("seed", range(40))
def test_bad_typing_keeps_what_is_copied(seed: int) -> None:
    text = "Hello, my order FH-10432 with the Moss velvet cushion went to ada@example.com, please help"
    typed = typed_badly(text, Random(seed), ["Moss velvet cushion"])
    assert "FH-10432" in typed and "ada@example.com" in typed and "Moss velvet cushion" in typed
    assert typed != text and len(typed.split()) == len(text.split())


@pytest.mark.parametrize(
    ("stated", "kind", "expected"),
    [
        ("1,200", "money", [120000]),
        ("£48.50", "money", [4850]),
        ("£", "money", []),
        ("Tuesday 3 March", "day", ["2025-03-03", "2026-03-03", "2027-03-03"]),
        ("3 March 2026", "day", ["2026-03-03"]),
        ("29 February", "day", []),
        ("12 Elm", "day", []),
        ("RT-1004", "text", ["RT-1004"]),
    ],
)
def test_what_is_stated_is_read(stated: str, kind: str, expected: list[object]) -> None:
    assert meanings(stated, kind, date(2026, 11, 28)) == expected


def test_a_fact_that_a_customer_does_not_know_equals_nothing(tmp_path: Path) -> None:
    file = tmp_path / "some.db"
    with sqlite3.connect(file) as made:
        made.execute("CREATE TABLE orders (number INTEGER)")
        made.execute("INSERT INTO orders VALUES (1)")
    with Reader(file) as database:
        assert database.finds("SELECT 1 FROM orders WHERE number = :order", {"order": 1})
        assert not database.finds("SELECT 1 FROM orders WHERE number = :order", {})
        with pytest.raises(BadTestFile, match="no such table"):
            database.rows("SELECT * FROM nobody", {})
        with pytest.raises(BadTestFile, match="readonly"):
            database.rows("DELETE FROM orders", {})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("goals:", "there is no goal"),
        ("nonsense: 1\ngoals: {a: {says: b, reached: c}}", "no key 'nonsense'"),
        ("goals: {a: {reached: c}}", "nobody can ask for 'a'"),
        ("goals: {a: {says: b}}", "needs the key 'reached'"),
        ("questions: {q: [orders]}\ngoals: {a: {says: b, reached: c}}", "'orders', which is not under 'watched:'"),
        ("words: {yess: [y]}\ngoals: {a: {says: b, reached: c}}", "no kind of words 'yess'"),
        ("broken: ['(']\ngoals: {a: {says: b, reached: c}}", "no regular expression"),
        ("claims: {d: {pattern: x, query: y, kind: year}}\ngoals: {a: {says: b, reached: c}}", "no kind 'year'"),
        ("goals: {a: {says: b, reached: c, weight: often}}", "here comes a number"),
        ("goals: [a", "not valid YAML"),
        ("", "is empty"),
    ],
)
def test_what_is_wrong_in_a_profile_is_said_with_its_place(tmp_path: Path, change: str, message: str) -> None:
    file = tmp_path / "simulation.yml"
    file.write_text(change)
    with pytest.raises(BadTestFile, match=message) as raised:
        read_profile(file)
    assert str(file) in str(raised.value) and raised.value.exit_status == 2


def test_a_goal_that_no_utterance_asks_for_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "simulation.yml"
    file.write_text("goals: {a: {opens: nothing, reached: c}}")
    profile = read_profile(file)
    with pytest.raises(BadTestFile, match="no utterance asks for 'a'"):
        Utterances(profile).check(profile)


def test_ferns_profile_fits_ferns_domain_data_and_shop(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    fern = read_profile(root / "simulation.yml")
    domain = YAML(typ="safe").load(root / "domain.yml")
    Utterances(fern).check(fern)
    patterns = [*fern.questions, *fern.fallbacks, *(name for claim in fern.claims for name in claim.responses)]
    patterns += [name for goal in fern.goals for name in (*goal.reached, *goal.refused)]
    for pattern in patterns:
        assert pattern == "*" or any(fits(response, [pattern]) for response in domain["responses"]), pattern
    assert {goal.form for goal in fern.goals} - {""} <= domain["forms"].keys()
    slots = {
        *fern.remembered,
        *fern.never_wrong,
        *fern.answers,
        *(slot for goal in fern.goals for slot in goal.answers),
    }
    assert slots <= domain["slots"].keys()
    asks = {name for name in domain["responses"] if name.startswith("utter_confirm_")} - {"utter_confirm_person"}
    assert all(fern.may_change([name]) is not None for name in asks if name != "utter_confirmed_unclear")

    set_up(make_url(f"sqlite:///{tmp_path / 'shop.db'}"))
    with Reader(tmp_path / "shop.db") as database:
        assert Casting(fern, database, seed=1).without_anybody == []
        for query in (*fern.watched.values(), *fern.lookups.values(), *(claim.query for claim in fern.claims)):
            database.rows(query, {})
        for goal in filter(lambda goal: goal.reached_query, fern.goals):
            assert not database.finds(goal.reached_query, {})
