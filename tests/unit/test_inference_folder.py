"""Model folders: damage is noticed, and a failure to save leaves the model that was there."""

import json
from pathlib import Path

import pytest

from parlance.errors import ParlanceError
from parlance.inference.folder import METADATA, read_metadata, write_folder


def save(folder: Path, text: str = "graph") -> None:
    def fill(fresh: Path) -> None:
        (fresh / "model.onnx").write_text(text)

    write_folder(folder, {"intents": ["greet"]}, fill)


def test_a_folder_is_read_as_it_was_written(tmp_path: Path) -> None:
    save(tmp_path / "model")

    assert read_metadata(tmp_path / "model")["intents"] == ["greet"]


@pytest.mark.parametrize("content", ["grap", "graph!", ""])
def test_a_truncated_or_changed_file_is_named(tmp_path: Path, content: str) -> None:
    save(tmp_path / "model")
    (tmp_path / "model" / "model.onnx").write_text(content)

    with pytest.raises(ParlanceError, match=r"damaged: model\.onnx .* train again"):
        read_metadata(tmp_path / "model")


def test_a_lost_file_is_named(tmp_path: Path) -> None:
    save(tmp_path / "model")
    (tmp_path / "model" / "model.onnx").unlink()

    with pytest.raises(ParlanceError, match=r"incomplete: model\.onnx is missing"):
        read_metadata(tmp_path / "model")


@pytest.mark.parametrize(("found", "says"), [(0, "an older version"), (99, "a newer version"), (None, "an older")])
def test_another_version_of_the_format_is_refused(tmp_path: Path, found: int | None, says: str) -> None:
    save(tmp_path / "model")
    path = tmp_path / "model" / METADATA
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": found}))

    with pytest.raises(ParlanceError, match=says):
        read_metadata(tmp_path / "model")


@pytest.mark.parametrize("files", [None, {}, [], {"model.onnx": 1}])
def test_metadata_that_lacks_what_is_needed_is_refused(tmp_path: Path, files: object) -> None:
    save(tmp_path / "model")
    path = tmp_path / "model" / METADATA
    path.write_text(json.dumps(json.loads(path.read_text()) | {"files": files}))

    with pytest.raises(ParlanceError, match="is damaged: "):
        read_metadata(tmp_path / "model", "model.onnx", "intents")


def test_metadata_that_is_not_json_and_a_folder_that_is_no_model_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParlanceError, match="is not a model"):
        read_metadata(tmp_path)
    (tmp_path / METADATA).write_text("{")
    with pytest.raises(ParlanceError, match="cannot be read"):
        read_metadata(tmp_path)


def test_a_full_disk_leaves_the_old_model_and_nothing_else(tmp_path: Path) -> None:
    save(tmp_path / "model", "old")

    def onto_a_full_disk(fresh: Path) -> None:
        (fresh / "model.onnx").symlink_to("/dev/full")  # the system's own full disk: every write fails with ENOSPC
        (fresh / "model.onnx").write_text("new")

    with pytest.raises(ParlanceError, match="No space left on device.*untouched"):
        write_folder(tmp_path / "model", {}, onto_a_full_disk)

    assert (tmp_path / "model" / "model.onnx").read_text() == "old"
    assert read_metadata(tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_new_model_takes_the_place_of_the_old_one_but_other_folders_are_left(tmp_path: Path) -> None:
    save(tmp_path / "model", "old")
    save(tmp_path / "model", "new")
    assert (tmp_path / "model" / "model.onnx").read_text() == "new"

    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "photo.jpg").write_text("precious")
    with pytest.raises(ParlanceError, match="not a model"):
        save(tmp_path / "holiday")
    assert (tmp_path / "holiday" / "photo.jpg").read_text() == "precious"
