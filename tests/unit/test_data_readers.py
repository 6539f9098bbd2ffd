import json
from pathlib import Path

import pytest

from parlance.data.examples import Example
from parlance.data.readers import read_examples
from parlance.errors import ParlanceError

GREET = "nlu:\n- intent: greet\n  examples: |\n    - hi\n"
CLINC = {
    "train": [["my balance", "balance"]],
    "val": [["balance?", "balance"]],
    "test": [["what is left", "balance"]],
    "oos_train": [["how tall is it", "oos"]],
    "oos_val": [["how deep is it", "oos"]],
    "oos_test": [["how far is the moon", "oos"], ["who won", "oos"]],
}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def error_of(path: Path) -> str:
    with pytest.raises(ParlanceError) as error:
        read_examples(path)
    assert error.value.remedy
    return str(error.value)


def test_folder_is_read_with_its_subfolders_in_order_of_names(tmp_path: Path) -> None:
    write(tmp_path / "nlu" / "b.yaml", GREET.replace("hi", "from b"))
    write(tmp_path / "a.yml", GREET.replace("hi", "from a"))
    write(tmp_path / "stories.yml", "stories:\n- story: x\n  steps: []\n")
    write(tmp_path / ".hidden" / "c.yml", GREET.replace("hi", "from c"))
    write(tmp_path / "notes.txt", GREET)
    assert [e.text for e in read_examples(tmp_path)] == ["from a", "from b"]


def test_other_yaml_of_a_folder_need_not_be_readable(tmp_path: Path) -> None:
    write(tmp_path / "nlu.yml", GREET)
    write(tmp_path / "template.yml", "{{ not: yaml\n")
    assert len(read_examples(tmp_path)) == 1


def test_folder_without_nlu_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "domain.yml", "intents: [greet]\n")
    assert "has an 'nlu:' section" in error_of(tmp_path)


@pytest.mark.parametrize("header", ["text,intent", "text,category", "Intent,Text", "id,text,intent"])
def test_csv_columns_go_by_their_names(tmp_path: Path, header: str) -> None:
    values = {"text": '"where, and when?"', "intent": "ask", "category": "ask", "id": "7"}
    row = ",".join(values[name.lower()] for name in header.split(","))
    path = write(tmp_path / "data.csv", f"\ufeff{header}\n{row}\n\n{row}\n")
    examples = read_examples(path)
    assert examples[0] == Example("where, and when?", "ask", source=f"{path}:2")
    assert examples[1].source == f"{path}:4"


def test_brackets_in_a_csv_are_plain_text(tmp_path: Path) -> None:
    path = write(tmp_path / "data.csv", "text,intent\n[a](b),x\n")
    assert read_examples(path)[0].text == "[a](b)"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("utterance;label\nhi;greet\n", "its first row has: 'utterance;label'"),
        ("text,label\nhi,greet\n", "its first row has: 'text', 'label'"),
        ("", "its first row has: none"),
        ("text,intent\nwell, hello,greet\n", ":2: this row has 3 values for 2 columns"),
        ("text,intent\nhi,greet\n,greet\n", ":3: this row has no text"),
        ("text,intent\nhi,\n", ":2: this row has no intent"),
        ('text,intent\n"hi" there,greet\n', ":2: this is not valid CSV"),
        ("text,intent\n", "holds no examples"),
    ],
)
def test_faults_of_a_csv_are_named(tmp_path: Path, content: str, words: str) -> None:
    assert words in error_of(write(tmp_path / "data.csv", content))


def test_clinc_split_says_which_part_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "data_full.json", json.dumps(CLINC))
    assert [(e.text, e.intent) for e in read_examples(path)] == [("my balance", "balance")]
    assert [e.text for e in read_examples(path, "valid")] == ["balance?"]
    assert [(e.text, e.intent) for e in read_examples(path, "test")] == [
        ("what is left", "balance"),
        ("how far is the moon", "oos"),
        ("who won", "oos"),
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not valid JSON"),
        ("[]", "no 'train' part"),
        ('{"data": []}', "it has 'data'"),
        ('{"train": [["a", "b"], ["c"]]}', "train[1] is not a pair"),
        ('{"rasa_nlu_data": {}}', "rasa data convert"),
    ],
)
def test_faults_of_json_are_named(tmp_path: Path, content: str, words: str) -> None:
    assert words in error_of(write(tmp_path / "data.json", content))


def test_missing_path_unknown_type_and_file_without_nlu_are_named(tmp_path: Path) -> None:
    assert "nowhere.yml does not exist" in error_of(tmp_path / "nowhere.yml")
    assert "file type" in error_of(write(tmp_path / "data.md", "## intent:greet\n- hi\n"))
    assert "has no 'nlu:' section" in error_of(write(tmp_path / "domain.yml", "intents: []\n"))
    assert "holds no examples" in error_of(
        write(tmp_path / "empty.yml", "nlu:\n- synonym: a\n  examples: |\n    - b\n")
    )


@pytest.mark.parametrize("name", ["data.yml", "data.csv", "data.json"])
def test_bytes_that_are_not_utf8_are_named_with_their_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes("nlu:\n- intent: café\n".encode("latin-1"))
    assert f"{path}:2: the byte 0xe9 is not UTF-8. Save the file as UTF-8." == error_of(path)


def test_json_lines_have_what_was_said_before(tmp_path: Path) -> None:
    rows = [
        {
            "text": "the second",
            "intent": "find",
            "act": "SELECT",
            "context": ["a bistro", "Ada or Bo?"],
            "other": 1,
        },
        {"text": "hi there", "intent": "greet", "context": ["", ""]},
    ]
    path = write(tmp_path / "data.jsonl", "\n".join(map(json.dumps, rows)) + "\n")
    assert read_examples(path) == [
        Example("the second", "find", (), f"{path}:1", ("Ada or Bo?",), "a bistro", "SELECT"),
        Example("hi there", "greet", (), f"{path}:2"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"text": "hi"}',
        '{"text": "hi", "intent": "a", "context": ["x"]}',
        '{"text": "hi", "intent": "a", "context": [1, 2]}',
        '{"text": "hi", "intent": "a", "act": 7}',
    ],
)
def test_a_wrong_line_of_json_is_named(tmp_path: Path, line: str) -> None:
    path = write(tmp_path / "data.jsonl", '{"text": "hi", "intent": "greet"}\n' + line)
    assert error_of(path).startswith(f"{path}:2: ")
