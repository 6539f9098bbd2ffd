"""Reading conversation tests: Rasa Pro's format, and what is said about files that are wrong."""

import re
from pathlib import Path
from textwrap import dedent

import pytest

from parlance.testing.cases import ActionExecuted, Case, NotUttered, SlotNotSet, SlotSet, Uttered
from parlance.testing.errors import BadTestFile
from parlance.testing.reader import read_cases
from parlance.testing.settings import find_settings
from parlance.testing.turns import Button


def write(folder: Path, text: str, name: str = "tests.yml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text), encoding="utf-8")
    return path


def read_one(folder: Path, text: str) -> Case:
    (case,) = read_cases(write(folder, text))
    return case


# The examples of Rasa Pro's documentation, put together.
RASA_PRO = """\
fixtures:
  - premium:
      - membership_type: premium
      - logged_in: True
  - standard:
      - logged_in: True
      - membership_type: standard

metadata:
  - user_info:
      language: English
      location: Europe
  - device_info:
      os: linux
      language: Danish

test_cases:
  - test_case: test_premium_booking
    fixtures:
      - premium
    metadata: user_info
    steps:
      - user: "I want to book a trip."
        metadata: device_info
      - utter: utter_ask_location
      - slot_was_set:
        - seats
        - seats: 4
        - type: null
      - slot_was_not_set:
        - date
      - user: "London"
      - bot: "For when?"
  - test_case: flight_booking
    steps:
      - user: "New York"
        assertion_order_enabled: true
        assertions:
          - slot_was_set:
              - name: "destination"
                value: "New York"
              - name: origin
          - bot_uttered:
              utter_name: "utter_ask_origin"
              text_matches: "Where from\\\\?"
              buttons:
                - title: "Bath"
                  payload: "/bath"
          - bot_did_not_utter:
              utter_name: utter_default
          - action_executed: action_search
          - slot_was_not_set:
              - name: date
"""


def test_what_rasa_pro_writes_is_read(tmp_path: Path) -> None:
    first, second = read_cases(write(tmp_path, RASA_PRO))

    assert (first.name, first.line, first.slots) == (
        "test_premium_booking",
        18,
        {"membership_type": "premium", "logged_in": True},
    )
    assert [(turn.user, turn.line) for turn in first.turns] == [("I want to book a trip.", 23), ("London", 32)]
    # What the step says goes before what the case says.
    assert first.turns[0].metadata == {"language": "Danish", "location": "Europe", "os": "linux"}
    assert first.turns[1].metadata == {"language": "English", "location": "Europe"}
    assert first.turns[0].expectations == (
        Uttered(25, response="utter_ask_location", ordered=True),
        SlotSet(27, name="seats", any_value=True),
        SlotSet(28, name="seats", value=4),
        SlotSet(29, name="type", value=None),
        SlotNotSet(31, name="date", any_value=True),
    )
    assert first.turns[1].expectations == (Uttered(33, text="For when?", ordered=True),)

    assert second.turns[0].expectations == (
        SlotSet(40, name="destination", value="New York", ordered=True),
        SlotSet(42, name="origin", any_value=True, ordered=True),
        Uttered(
            43,
            response="utter_ask_origin",
            pattern=re.compile(r"Where from\?"),
            buttons=(Button("Bath", "/bath"),),
            ordered=True,
        ),
        NotUttered(49, response="utter_default", ordered=True),
        ActionExecuted(51, name="action_search", ordered=True),
        SlotNotSet(53, name="date", any_value=True, ordered=True),
    )


def test_what_a_user_types_is_text_whatever_yaml_takes_it_for(tmp_path: Path) -> None:
    case = read_one(
        tmp_path,
        """\
        test_cases:
          - test_case: 7
            steps:
              - user: 10432
              - user: yes
              - user: true
              - user: 2026-01-02
              - user: |
                  two
                  lines
              - slot_was_set:
                  - day: 2026-01-02
                  - ok: yes
                  - sure: true
        """,
    )
    assert [turn.user for turn in case.turns] == ["10432", "yes", "true", "2026-01-02", "two\nlines"]
    assert [(slot.name, slot.value) for slot in case.turns[-1].expectations if isinstance(slot, SlotSet)] == [
        ("day", "2026-01-02"),
        ("ok", "yes"),
        ("sure", True),
    ]


def test_merge_keys_are_read_at_every_depth(tmp_path: Path) -> None:
    (first, second) = read_cases(
        write(
            tmp_path,
            """\
            fixtures:
              - ada: &ada
                  name: Ada
                  level: 2
              - ben:
                  - <<: *ada
                    name: Ben
            test_cases:
              - &base
                test_case: one
                fixtures: [ada]
                steps: &steps
                  - &hello
                    user: hello
                    assertions:
                      - bot_uttered: &said {utter_name: utter_greet}
              - <<: *base
                test_case: two
                fixtures: [ben]
                steps:
                  - <<: *hello
                    user: hi there
                  - user: bye
                    assertions:
                      - bot_did_not_utter: {<<: *said, text_matches: x}
            """,
        )
    )
    assert (first.slots, second.slots) == ({"name": "Ada", "level": 2}, {"name": "Ben", "level": 2})
    assert [turn.user for turn in second.turns] == ["hi there", "bye"]
    assert [str(turn.expectations[0]) for turn in second.turns] == [
        "utter: utter_greet",
        "bot_did_not_utter: utter_name: utter_greet, text_matches: x",
    ]


CASE = "test_cases:\n  - test_case: {}\n    steps:\n      - user: hi\n"


def test_a_folder_is_read_with_its_subfolders_and_shares_fixtures(tmp_path: Path) -> None:
    write(tmp_path, CASE.format("b"), "b.yml")
    write(tmp_path, CASE.format("a") + "    fixtures: [ada]\n", "orders/a.yaml")
    write(tmp_path, "fixtures:\n  - ada: {name: Ada}\n", "shared.yml")
    write(tmp_path, "assistant: {start: x}\n", "conftest.yml")
    write(tmp_path, "stories:\n  - story: x\n", "stories.yml")

    assert [(case.name, case.slots) for case in read_cases(tmp_path)] == [("b", {}), ("a", {"name": "Ada"})]


def test_one_case_is_chosen_by_its_name(tmp_path: Path) -> None:
    path = write(tmp_path, CASE.format("late parcel") + CASE.format("other").split("\n", 1)[1])

    assert [case.name for case in read_cases(f"{path}::late parcel")] == ["late parcel"]
    with pytest.raises(BadTestFile, match="has no case called 'late parcels'. Did you mean 'late parcel'?"):
        read_cases(f"{path}::late parcels")


STEPS = "test_cases:\n  - test_case: x\n    steps:\n      - user: hi\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("test_case: []\n", ":1: a test file has no key 'test_case'. Did you mean 'test_cases'?"),
        ("test_cases:\n  - test_cas: x\n", ":2: a test case has no key 'test_cas'. Did you mean 'test_case'?"),
        ("test_cases:\n  - test_case: x\n", ":2: a test case needs the key 'steps'."),
        ("test_cases:\n  - test_case: x\n    steps: []\n", ":2: this case has no steps."),
        ("test_cases:\n  test_case: x\n", ":2: what stands under 'test_cases:' is not a list."),
        ("test_cases: []\n", "There is no test case in"),
        ("", "There is no test case in"),
        ("test_cases:\n  - test_case: x\n    steps:\n      - bot: hi\n", ":4: a case begins with what the user says."),
        (STEPS + "      - uter: utter_x\n", ":5: there is no step 'uter'. Did you mean 'utter'?"),
        (STEPS + "      - utter\n", ":5: after 'utter' a colon is missing."),
        (STEPS + "      - utter: a\n        bot: b\n", ":5: one step has both 'utter' and 'bot'."),
        (STEPS + "      - utter:\n", ":5: nothing is written after 'utter:'."),
        (STEPS + "      - utter: x\n        button: y\n", ":6: the step 'utter' has no key 'button'."),
        (STEPS + "      - slot_was_set:\n", ":5: nothing is written after 'slot_was_set:'."),
        (STEPS + "        metdata: x\n", ":5: a user step has no key 'metdata'. Did you mean 'metadata'?"),
        (STEPS + "        metadata: phone\n", ":5: there is no metadata called 'phone'."),
        (STEPS + "    fixtures: [ada]\n", ":5: there is no fixture called 'ada'. Define it under 'fixtures:'"),
        (
            STEPS + "        assertions:\n          - bot_utered:\n              utter_name: x\n",
            "Did you mean 'bot_uttered'",
        ),
        (
            STEPS + "        assertions:\n          - bot_uttered:\n              text_matches: '('\n",
            ":7: '(' is not a reg",
        ),
        (
            STEPS + "        assertions:\n          - flow_started: x\n",
            ":6: 'flow_started' is about what only Rasa Pro has",
        ),
        (
            "stub_custom_actions:\n  action_x:\n    events: []\n" + STEPS,
            ":1: 'stub_custom_actions' puts made-up answers",
        ),
        (STEPS + "    stub_custom_actions: {}\n", ":5: 'stub_custom_actions' puts made-up answers"),
        (STEPS + "  - test_case: x\n    steps:\n      - user: a\n", ":5: a case called 'x' is in line 2 already."),
        (STEPS + "  steps: [\n", "this is not valid YAML"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_the_nearest_name(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(BadTestFile, match=re.escape(message)) as raised:
        read_cases(path)
    assert str(path) in str(raised.value)
    assert raised.value.exit_status == 2


def test_a_path_that_is_not_there_is_a_mistake_in_usage(tmp_path: Path) -> None:
    with pytest.raises(BadTestFile, match="nowhere.yml does not exist"):
        read_cases(tmp_path / "nowhere.yml")


def test_settings_are_found_in_the_folders_above(tmp_path: Path) -> None:
    write(tmp_path, 'assistant:\n  start: run {port}\n  environment:\n    PORT: "{port}"\n', "conftest.yml")
    settings = find_settings(write(tmp_path, "", "orders/deep/tests.yml"))

    assert (settings.start, settings.environment) == ("run {port}", {"PORT": "{port}"})


def test_wrong_settings_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadTestFile, match="there is no conftest.yml .* --url"):
        find_settings(tmp_path)
    write(tmp_path, "assistant:\n  strat: x\n", "conftest.yml")
    with pytest.raises(BadTestFile, match=r"conftest.yml:2: 'assistant' has no key 'strat'. Did you mean 'start'\?"):
        find_settings(tmp_path)
