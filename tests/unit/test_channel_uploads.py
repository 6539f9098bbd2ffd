"""Pictures are stored by what is in them, without their metadata; nothing else is stored."""

import asyncio
import errno
import os
import threading
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from parlance.channels.core import uploads
from parlance.channels.core.uploads import (
    StorageFull,
    StoredUpload,
    UploadRefused,
    UploadsBusy,
    UploadTooLarge,
    store,
    take_in,
)

LIMIT = 1_000_000


def picture(kind: str, size: tuple[int, int] = (8, 6), mode: str = "RGB", **details: object) -> bytes:
    written = BytesIO()
    Image.new(mode, size, "teal" if mode.startswith("RGB") else 3).save(written, kind, **details)
    return written.getvalue()


@pytest.mark.parametrize(
    ("kind", "mode", "stored_as"),
    [
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "L", "image/jpeg"),
        ("PNG", "RGBA", "image/png"),
        ("PNG", "P", "image/png"),
        ("WEBP", "RGB", "image/webp"),
        ("GIF", "P", "image/png"),
    ],
)
def test_a_picture_is_stored_under_a_random_name_for_this_user_alone(
    tmp_path: Path, kind: str, mode: str, stored_as: str
) -> None:
    data = picture(kind, mode=mode)
    first, second = (store(data, "vase.exe", tmp_path / "uploads", LIMIT) for _ in range(2))

    assert (first.type, first.name) == (stored_as, "vase.exe")
    assert first.id != second.id and "vase" not in first.id
    stored = tmp_path / "uploads" / first.id
    assert (stored.stat().st_mode & 0o777, stored.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert stored.stat().st_size == first.size
    with Image.open(stored) as opened:
        assert opened.size == (8, 6)


def test_where_a_photo_was_taken_is_not_stored(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    upload = store(picture("JPEG", exif=exif) + b"<script>", "photo.jpg", tmp_path, LIMIT)

    stored = (tmp_path / upload.id).read_bytes()
    assert b"taken at home" not in stored and b"<script>" not in stored


@pytest.mark.parametrize(
    "data",
    [b"", b"MZ\x90", b"<svg/>", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n" + bytes(64), picture("PNG")[:-30], picture("BMP")],
    ids=["empty", "program", "SVG", "PDF", "damaged", "cut off", "BMP"],
)
def test_what_is_no_picture_is_refused_whatever_it_is_called(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UploadRefused, match="JPEG, PNG, GIF or WebP"):
        store(data, "photo.png", tmp_path / "uploads", LIMIT)
    assert not (tmp_path / "uploads").exists()


def test_a_picture_over_the_limit_is_refused(tmp_path: Path) -> None:
    data = picture("PNG")
    with pytest.raises(UploadTooLarge):
        store(data, "photo.png", tmp_path, len(data) - 1)
    assert store(data, "photo.png", tmp_path, len(data)).id


def test_a_small_file_that_would_be_huge_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_PIXELS", 99)
    with pytest.raises(UploadTooLarge, match="pixels"):
        store(picture("PNG", (10, 10)), "photo.png", tmp_path, LIMIT)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    with pytest.raises(UploadTooLarge, match="unpacked"):
        store(picture("PNG", (10, 10)), "photo.png", tmp_path, LIMIT)


def test_more_pixels_are_taken_of_a_format_that_is_unpacked_at_a_fraction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_PIXELS_WHOLE", 99)
    with pytest.raises(UploadTooLarge, match="99 pixels"):
        store(picture("PNG", (10, 10)), "photo.png", tmp_path, LIMIT)
    assert store(picture("JPEG", (10, 10)), "photo.jpg", tmp_path, LIMIT).id


def test_a_turned_photo_stands_upright_and_is_small(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # held upright
    upload = store(picture("JPEG", (5000, 2500), exif=exif), "photo.jpg", tmp_path, LIMIT)
    with Image.open(tmp_path / upload.id) as opened:
        assert opened.size == (1024, 2048)


def test_the_folder_holds_no_more_than_it_may(tmp_path: Path) -> None:
    first = store(picture("PNG"), "photo.png", tmp_path, LIMIT)
    with pytest.raises(StorageFull, match=str(tmp_path)):
        store(picture("PNG"), "photo.png", tmp_path, LIMIT, storage=2 * first.size - 1)
    assert store(picture("PNG"), "photo.png", tmp_path, LIMIT, storage=2 * first.size).id


def test_a_full_disk_leaves_no_part_of_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class FullDisk(BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    def opened(descriptor: int, _mode: str) -> FullDisk:
        os.close(descriptor)
        return FullDisk()

    monkeypatch.setattr(uploads.os, "fdopen", opened)
    with pytest.raises(StorageFull, match="No space left"):
        store(picture("PNG"), "photo.png", tmp_path, LIMIT)
    assert list(tmp_path.iterdir()) == []


def test_no_more_pictures_wait_than_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_WAITING", 3)
    go_on = threading.Event()
    monkeypatch.setattr(uploads, "_decoded", lambda data: go_on.wait(20) and (Image.new("RGB", (1, 1)), "PNG"))

    async def send_five() -> list[StoredUpload | BaseException]:
        sent = [asyncio.ensure_future(take_in(b"x", "x", tmp_path, LIMIT)) for _ in range(5)]
        refused = await asyncio.gather(*sent[3:], return_exceptions=True)
        go_on.set()
        assert all(upload.id for upload in await asyncio.gather(*sent[:3]))
        assert (await take_in(b"x", "x", tmp_path, LIMIT)).id, "those that are done do not count"
        return refused

    assert [type(error) for error in asyncio.run(send_five())] == [UploadsBusy, UploadsBusy]


def test_a_large_picture_is_made_smaller(tmp_path: Path) -> None:
    upload = store(picture("JPEG", (3000, 1500)), "photo.jpg", tmp_path, LIMIT)

    with Image.open(tmp_path / upload.id) as opened:
        assert opened.size == (2048, 1024)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\pictures\\vase.png", "vase.png"),
        ("a\x00b\u202egnp.exe", "abgnp.exe"),
        ("", "picture"),
        ("/", "picture"),
        ("x" * 500, "x" * 80),
    ],
)
def test_the_senders_name_is_never_a_path(tmp_path: Path, name: str, expected: str) -> None:
    assert store(picture("PNG"), name, tmp_path, LIMIT).name == expected
