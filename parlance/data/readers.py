"""Reading examples from whatever form a team, or a public benchmark, has them in."""

import csv
import io
import json
from pathlib import Path
from typing import Any, Literal

from parlance.data.context import example_context
from parlance.data.examples import Example
from parlance.data.files import read_text
from parlance.data.rasa_nlu import may_hold_nlu, read_nlu_file
from parlance.errors import ParlanceError

Split = Literal["train", "valid", "test"]

_YAML_SUFFIXES = (".yml", ".yaml")
_INTENT_COLUMNS = ("intent", "category")
_CLINC_PARTS: dict[Split, tuple[str, ...]] = {"train": ("train",), "valid": ("val",), "test": ("test", "oos_test")}
_FORMS = (
    "A Rasa NLU file (.yml, .yaml), a folder of them, a .csv with text and intent, a .jsonl with text, intent, act and "
    "context, or CLINC150's .json is read."
)


def read_examples(path: Path, split: Split = "train") -> list[Example]:
    """The examples at ``path``, in the order of the file; a folder's files are read in the order of their names.

    Args:
        path: A Rasa NLU YAML file or a folder of them, a CSV with the columns ``text`` and ``intent`` (or
            ``category``), JSON lines with ``text``, ``intent``, and where known ``act`` and ``context`` (the messages
            of the customer and of the assistant before it), or CLINC150's JSON (Larson et al. 2019).
        split: Which part of CLINC150's file: ``train`` and ``valid`` without, ``test`` with its out-of-scope
            queries (intent ``oos``). The other forms hold one part, and are read whole.

    Raises:
        ParlanceError: There is nothing to read, or something in it is wrong; with ``file:line`` where known.
    """
    if not path.exists():
        raise ParlanceError(f"{path} does not exist.", "Check the path.")
    if path.is_dir():
        examples = _read_folder(path)
    elif path.suffix.lower() in _YAML_SUFFIXES:
        examples = _read_yaml_file(path)
    elif path.suffix.lower() == ".csv":
        examples = _read_csv(path)
    elif path.suffix.lower() == ".jsonl":
        examples = _read_json_lines(path)
    elif path.suffix.lower() == ".json":
        examples = _read_clinc(path, split)
    else:
        raise ParlanceError(f"{path} has a file type that cannot be read.", _FORMS)
    if not examples:
        raise ParlanceError(f"{path} holds no examples.", "Add at least two intents with several examples each.")
    return examples


def _read_folder(folder: Path) -> list[Example]:
    files = sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in _YAML_SUFFIXES and file.is_file() and not _is_hidden(file.relative_to(folder))
    )
    examples: list[Example] = []
    has_nlu = False
    for file in files:
        found = read_nlu_file(file) if may_hold_nlu(file) else None
        has_nlu = has_nlu or found is not None
        examples += found or []
    if not has_nlu:
        raise ParlanceError(f"No .yml or .yaml file in the folder {folder} has an 'nlu:' section.", _FORMS)
    return examples


def _is_hidden(relative: Path) -> bool:
    return any(part.startswith(".") for part in relative.parts)


def _read_yaml_file(path: Path) -> list[Example]:
    examples = read_nlu_file(path)
    if examples is None:
        raise ParlanceError(f"{path} has no 'nlu:' section.", "Give the file or folder with the NLU training data.")
    return examples


def _read_csv(path: Path) -> list[Example]:
    rows = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    examples: list[Example] = []
    try:
        header = next(rows, [])
        text_column, intent_column = _columns(header, path)
        for row in rows:
            if not row:
                continue
            source = f"{path}:{rows.line_num}"
            if len(row) != len(header):
                raise ParlanceError(
                    f"{source}: this row has {len(row)} values for {len(header)} columns.",
                    "Put a text that has a comma in it in double quotes.",
                )
            text, intent = row[text_column].strip(), row[intent_column].strip()
            if not text or not intent:
                raise ParlanceError(
                    f"{source}: this row has no {'text' if not text else 'intent'}.", "Fill it in or remove the row."
                )
            examples.append(Example(text, intent, source=source))
    except csv.Error as error:
        raise ParlanceError(f"{path}:{rows.line_num}: this is not valid CSV: {error}.", "Check the quotes.") from error
    return examples


def _columns(header: list[str], path: Path) -> tuple[int, int]:
    """Where the text and the intent stand in a row."""
    names = [name.strip().lower() for name in header]
    intent_name = next((name for name in _INTENT_COLUMNS if name in names), None)
    if "text" not in names or intent_name is None:
        found = ", ".join(f"'{name}'" for name in header) or "none"
        raise ParlanceError(
            f"{path} has no columns 'text' and 'intent' (or 'category'); its first row has: {found}.",
            "Name the columns in the first row, with commas between them.",
        )
    return names.index("text"), names.index(intent_name)


def _read_json_lines(path: Path) -> list[Example]:
    return [
        _json_line(line, f"{path}:{number}")
        for number, line in enumerate(read_text(path).split("\n"), start=1)
        if line.strip()
    ]


def _json_line(line: str, source: str) -> Example:
    form = 'Write {"text": "...", "intent": "...", "act": "...", "context": ["customer before", "assistant before"]}.'
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ParlanceError(f"{source}: this is not valid JSON: {error.msg}.", form) from error
    text, intent, context = (
        (row.get(key) for key in ("text", "intent", "context")) if isinstance(row, dict) else 3 * [0]
    )
    if not (isinstance(text, str) and text.strip() and isinstance(intent, str) and intent):
        raise ParlanceError(f"{source}: this line has no text or no intent.", form)
    said, after = context if isinstance(context, list) and len(context) == 2 else (None, None)
    if context is not None and not (isinstance(said, str) and isinstance(after, str)):
        raise ParlanceError(f"{source}: 'context' is not two texts.", form)
    known = {"after": after or None, "said": said or None, "act": row.get("act")}
    return Example(text.strip(), intent, (), source, *example_context(known, None, source))


def _read_clinc(path: Path, split: Split) -> list[Example]:
    try:
        content = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise ParlanceError(f"{path}:{error.lineno}: this is not valid JSON: {error.msg}.", _FORMS) from error
    if isinstance(content, dict) and "rasa_nlu_data" in content:
        raise ParlanceError(
            f"{path} is in Rasa's old JSON format.", "Convert it with: rasa data convert nlu -f yaml --data FILE"
        )
    first, *others = _CLINC_PARTS[split]
    if not isinstance(content, dict) or first not in content:
        found = ", ".join(f"'{key}'" for key in content) if isinstance(content, dict) else "no keys"
        raise ParlanceError(f"{path} has no '{first}' part as CLINC150's file has; it has {found}.", _FORMS)
    rows: list[Example] = []
    for part in (first, *others):
        rows += _clinc_part(content.get(part, []), path, part)
    return rows


def _clinc_part(rows: Any, path: Path, part: str) -> list[Example]:
    examples: list[Example] = []
    for number, row in enumerate(rows if isinstance(rows, list) else [rows]):
        source = f"{path}: {part}[{number}]"
        if not (isinstance(row, list) and len(row) == 2 and all(isinstance(value, str) and value for value in row)):
            raise ParlanceError(f"{source} is not a pair of text and intent.", 'Write it as ["text", "intent"].')
        examples.append(Example(row[0], row[1], source=source))
    return examples
