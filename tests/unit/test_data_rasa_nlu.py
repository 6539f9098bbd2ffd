from collections import Counter
from pathlib import Path
from textwrap import dedent

import pytest

from parlance.data.examples import Entity
from parlance.data.rasa_nlu import read_nlu_file
from parlance.errors import ParlanceError

VARIED = r"""
version: "3.1"
nlu:
# A comment, and an intent that YAML 1.1 would take for a boolean.
- intent: yes
  examples: |
    - yes
    - yes, please: now
    -no space after the dash

    - "quoted"
- intent: faq/returns
  metadata: {team: shop}
  examples: |
    - can I send [boots](item) back to [your shop]{"entity": "place", "role": "to", "group": "1"}?
    - refund [the red one](item:red boots) [today](date)
- intent: thanks
  examples:
  - text: |
      thanks \u2764 [Fern](name)
    metadata: {sentiment: good}
  - text: "cheers"
- synonym: Fernhill
  examples: |
    - fern hill
- regex: order_number
  examples: |
    - \d{6}
- lookup: item
  examples: |
    - boots
responses:
  utter_faq/returns:
  - text: Yes.
"""


def write(folder: Path, text: str, name: str = "nlu.yml") -> Path:
    path = folder / name
    path.write_text(dedent(text), encoding="utf-8")
    return path


MERGED = """
version: "3.1"
team: &team
  metadata: {team: shop}
  examples: |
    - nobody should read this one
lines: &lines
  examples: |
    - where is my [parcel](item)
    - parcel, please
deep: &deep
  <<: *lines
  intent: unused
nlu:
- intent: track
  <<: *lines
- <<: [*deep, *team]
  intent: find
- <<: *deep
  intent: own
  examples: |
    - its own text
    - and a second one
- intent: "<<"
  examples: &texts
  - text: a name that is no merge
  - text: of two texts
- intent: alias
  examples: *texts
"""


@pytest.mark.parametrize(("text", "number"), [(VARIED, 8), (MERGED, 10)])
def test_reads_what_rasa_reads(tmp_path: Path, text: str, number: int) -> None:
    loading = pytest.importorskip("rasa.shared.nlu.training_data.loading")
    path = write(tmp_path, text)

    ours = Counter(
        (e.text, e.intent, tuple((s.start, s.end, s.type, s.role, s.group, s.value) for s in e.entities))
        for e in read_nlu_file(path) or []
    )
    theirs = Counter(
        (
            message.get("text"),
            message.get_full_intent(),
            tuple(
                (s["start"], s["end"], s["entity"], s.get("role"), s.get("group"), s["value"])
                for s in message.get("entities", [])
            ),
        )
        for message in loading.load_data(str(path)).intent_examples
    )
    assert ours == theirs
    assert ours.total() == number


def test_intents_keep_their_full_name_and_stay_text(tmp_path: Path) -> None:
    examples = read_nlu_file(write(tmp_path, VARIED)) or []
    assert list(dict.fromkeys(e.intent for e in examples)) == ["yes", "faq/returns", "thanks"]


def test_source_is_the_line_of_the_example(tmp_path: Path) -> None:
    path = write(tmp_path, VARIED)
    lines = path.read_text(encoding="utf-8").splitlines()
    for example in read_nlu_file(path) or []:
        file, number = example.source.rsplit(":", 1)
        assert file == str(path)
        assert example.text.split()[0].strip('"') in lines[int(number) - 1], f"{example} is not on line {number}"


def test_entities_are_found_in_lists_too(tmp_path: Path) -> None:
    thanks = [e for e in read_nlu_file(write(tmp_path, VARIED)) or [] if e.intent == "thanks"]
    assert thanks[0].text == "thanks ❤ Fern"
    assert thanks[0].entities == (Entity(9, 13, "name", value="Fern"),)


def test_byte_order_mark_and_windows_line_ends_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "nlu.yml"
    path.write_bytes(b"\xef\xbb\xbfnlu:\r\n- intent: greet\r\n  examples: |\r\n    - hi\r\n    - hello\r\n")
    assert [(e.text, e.source) for e in read_nlu_file(path) or []] == [("hi", f"{path}:4"), ("hello", f"{path}:5")]


def test_lines_that_are_no_example_are_skipped_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(
        tmp_path,
        """\
        nlu:
        - intent: greet
          examples: |
            - hi
            and its second line
            -
        - rubbish: 1
        """,
    )
    assert [e.text for e in read_nlu_file(path) or []] == ["hi"]
    assert [message.split(": ")[0] for message in caplog.messages] == [f"{path}:5", f"{path}:6", f"{path}:7"]


def test_a_file_without_the_key_is_no_nlu_file(tmp_path: Path) -> None:
    assert read_nlu_file(write(tmp_path, "intents: [greet]")) is None
    assert read_nlu_file(write(tmp_path, "")) is None
    assert read_nlu_file(write(tmp_path, "nlu:\n")) == []


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("nlu:\n- intent: greet\n  examples: [hi\n", 4, "not valid YAML"),
        ("nlu:\n- intent: greet\n   examples: |\n", 3, "not valid YAML"),
        ("nlu: hello\n", 1, "not a list"),
        ("nlu:\n- intent: greet\n  examples: |\n    - hi\n- intent: bye\n", 5, "'bye' has no examples"),
        ("nlu:\n- intent: bye\n  examples: |\n    -\n", 2, "'bye' has no examples"),
        ("nlu:\n- intent:\n  examples: |\n    - hi\n", 2, "no name"),
        ("nlu:\n- intent: true\n  examples: |\n    - hi\n", 2, "intent name true as text"),
        ("nlu:\n- intent: [a]\n  examples: |\n    - hi\n", 2, "as text"),
        ("nlu:\n- intent: greet\n  examples:\n  - hi\n", 4, "no 'text:'"),
        ("nlu:\n- intent: greet\n  examples: {a: b}\n", 3, "not a block of text"),
        ("nlu:\n- intent: greet\n  examples: |\n    - hi [a [b](c) d](e)\n", 4, "starts inside another"),
        ("a: &a {b: c}\nnlu:\n- intent: x\n  <<: *a\n  <<: *a\n", 5, "'<<' is there twice"),
        ("a: &a text\nnlu:\n- intent: x\n  <<: *a\n", 1, "comes no mapping"),
        ("nlu:\n- intent: a\n  intent: b\n  examples: |\n    - hi\n", 3, "there twice"),
    ],
)
def test_faults_are_named_with_their_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ParlanceError) as error:
        read_nlu_file(path)
    assert str(error.value).startswith(f"{path}:{line}: "), str(error.value)
    assert words in str(error.value)
    assert error.value.remedy


def test_control_characters_are_named(tmp_path: Path) -> None:
    with pytest.raises(ParlanceError, match="not valid YAML: unacceptable character"):
        read_nlu_file(write(tmp_path, "nlu: \x00\n"))


IN_CONVERSATION = """
nlu:
- intent: affirm
  metadata:
    after: ["Shall I cancel it?", "Shall I send it?"]
    act: affirm
  examples: |
    - that would be great
- intent: affirm
  metadata:
    after: Anything else?
    team: shop
  examples:
  - text: go on then
  - text: "no, cancel [10432](order)"
    metadata: {act: request, said: thanks}
- intent: affirm
  examples: |
    - yes
"""


def test_metadata_say_what_comes_before_an_example(tmp_path: Path) -> None:
    examples = read_nlu_file(write(tmp_path, IN_CONVERSATION)) or []
    assert [(e.after, e.said, e.act) for e in examples] == [
        (("Shall I cancel it?", "Shall I send it?"), None, "affirm"),
        (("Anything else?",), None, None),
        (("Anything else?",), "thanks", "request"),
        ((), None, None),
    ]


@pytest.mark.parametrize("value", ["7", "[]", "['']", "[a, {b: c}]", "{a: b}", "[a, 7]"])
def test_a_context_that_is_no_text_is_an_error_with_its_line(tmp_path: Path, value: str) -> None:
    path = write(tmp_path, f"nlu:\n- intent: a\n  metadata:\n    after: {value}\n  examples: |\n    - hi\n")
    with pytest.raises(ParlanceError, match=r"nlu.yml:4: 'after' in the metadata"):
        read_nlu_file(path)
