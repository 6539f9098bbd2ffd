from pathlib import Path

import pytest

from parlance.data.files import read_text, write_text_atomically
from parlance.errors import ParlanceError


def test_parent_folders_are_made_and_no_other_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "report.json"
    write_text_atomically(path, "é\n")
    assert read_text(path) == "é\n"
    assert list(path.parent.iterdir()) == [path]


def test_a_fault_while_writing_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.json"
    write_text_atomically(path, "old")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(ParlanceError, match="No space left on device"):
        write_text_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_parent_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ParlanceError, match="cannot be written"):
        write_text_atomically(tmp_path / "file" / "report.json", "x")


def test_a_folder_is_not_read_as_text(tmp_path: Path) -> None:
    with pytest.raises(ParlanceError, match="cannot be read"):
        read_text(tmp_path)
