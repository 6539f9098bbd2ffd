"""A model's archive is whole, or `make run` says which file to delete."""

import io
import random
import tarfile
from pathlib import Path

import pytest

from scripts.console import Problem
from scripts.model_archive import check_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """An archive of the form of Rasa's, with content that does not pack well."""
    file = tmp_path / "fern-a-b.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        for name, size in (("components/train_nlu/weights.bin", 200_000), ("metadata.json", 3000)):
            member = tarfile.TarInfo(name)
            member.size = size
            archive.addfile(member, io.BytesIO(random.Random(name).randbytes(size)))
    return file


def test_a_whole_model_is_taken(model: Path) -> None:
    check_model(model)


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_wherever_an_archive_is_cut_off_it_is_noticed(model: Path, kept: float) -> None:
    content = model.read_bytes()
    model.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(Problem, match=r"fern-a-b.tar.gz cannot be used: .* Delete it \(rm .*run the command again"):
        check_model(model)


@pytest.mark.parametrize("seed", range(20))
def test_a_changed_byte_is_noticed(model: Path, seed: int) -> None:
    content = bytearray(model.read_bytes())
    at = random.Random(seed).randrange(20, len(content) - 8)  # behind the head, which holds a time and the name
    content[at] ^= 0xFF
    model.write_bytes(content)
    with pytest.raises(Problem, match="Delete it"):
        check_model(model)


def test_an_archive_of_something_else_is_no_model(tmp_path: Path) -> None:
    file = tmp_path / "photos.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("photo.jpg"))
    with pytest.raises(Problem, match="holds no metadata.json"):
        check_model(file)
