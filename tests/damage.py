"""Ways in which a SQLite file is damaged."""

from collections.abc import Callable
from pathlib import Path

PAGE = 4096


def replace_by_text(file: Path) -> None:
    """Another file in its place, by a mistaken copy."""
    file.write_text("Not a database, and longer than the header that SQLite would look for. " * 20)


def overwrite_header(file: Path) -> None:
    """What a disk that failed may leave."""
    file.write_bytes(b"\0" * 100 + file.read_bytes()[100:])


def break_pages(file: Path) -> None:
    """The schema can be read, and nothing else."""
    content = bytearray(file.read_bytes())
    for start in range(PAGE, len(content), PAGE):
        content[start : start + PAGE // 2] = b"\xff" * (PAGE // 2)
    file.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "text": replace_by_text,
    "header": overwrite_header,
    "pages": break_pages,
}
