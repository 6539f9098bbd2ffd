"""Pictures are stored by what is in them; nothing else is."""

from pathlib import Path

import pytest

from parlance.components.channels.uploads import UploadRefused, UploadTooLarge, store

PICTURES = {
    "image/png": b"\x89PNG\r\n\x1a\n....",
    "image/jpeg": b"\xff\xd8\xff\xe0....",
    "image/gif": b"GIF89a....",
    "image/webp": b"RIFF\x10\x00\x00\x00WEBPVP8 ",
}


@pytest.mark.parametrize("media_type", PICTURES)
def test_a_picture_is_stored_under_a_random_name_for_this_user_alone(tmp_path: Path, media_type: str) -> None:
    data = PICTURES[media_type]
    first, second = (store(data, "vase.exe", tmp_path / "uploads", 1000) for _ in range(2))

    assert (first.type, first.size, first.name) == (media_type, len(data), "vase.exe")
    assert first.id != second.id and "vase" not in first.id
    stored = tmp_path / "uploads" / first.id
    assert stored.read_bytes() == data
    assert (stored.stat().st_mode & 0o777, stored.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize(
    "data", [b"", b"MZ\x90", b"<svg/>", b"%PDF-1.7", b"RIFF\x10\x00\x00\x00WAVEfmt ", b"\x00\x00\x00\x18ftypheic"]
)
def test_what_is_no_picture_is_refused_whatever_it_is_called(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UploadRefused, match="JPEG, PNG, GIF or WebP"):
        store(data, "photo.png", tmp_path / "uploads", 1000)
    assert not (tmp_path / "uploads").exists()


def test_a_picture_over_the_limit_is_refused(tmp_path: Path) -> None:
    data = PICTURES["image/png"]
    with pytest.raises(UploadTooLarge):
        store(data, "photo.png", tmp_path, len(data) - 1)
    assert store(data, "photo.png", tmp_path, len(data)).size == len(data)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\pictures\\vase.png", "vase.png"),
        ("a\x00b\u202egnp.exe", "abgnp.exe"),
        ("", "picture"),
        ("/", "picture"),
        ("x" * 500, "x" * 120),
    ],
)
def test_the_senders_name_is_never_a_path(tmp_path: Path, name: str, expected: str) -> None:
    assert store(PICTURES["image/png"], name, tmp_path, 1000).name == expected
