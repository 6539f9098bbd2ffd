"""What the folder of pictures forgets. Claims refer to them, so that they outlive their conversations."""

import asyncio
import re
import time
from pathlib import Path

from parlance.rasa.retention import Erased, Keeper

ID = re.compile(r"[0-9a-f]{32}")


class PictureKeeper(Keeper):
    """Forgets pictures.

    Args:
        folder: Where they are.
        days: How long one is kept.
    """

    def __init__(self, folder: Path, days: float) -> None:
        self._folder = folder
        self._days = days

    async def forget(self, erased: Erased) -> None:
        """Remove pictures."""
        for picture in filter(ID.fullmatch, erased.pictures):
            (self._folder / picture).unlink(missing_ok=True)

    async def forget_old(self) -> None:
        """Remove those that are older than they are kept for."""
        await asyncio.to_thread(self._forget_before, time.time() - self._days * 86_400)

    def _forget_before(self, moment: float) -> None:
        for file in self._folder.iterdir() if self._folder.is_dir() else ():
            if ID.fullmatch(file.name) and file.stat().st_mtime < moment:
                file.unlink(missing_ok=True)


def keeper_of(folder: Path, days: float) -> tuple[str, PictureKeeper]:
    """A name for the folder, the same whichever channel names it, and what forgets its pictures."""
    return f"pictures in {folder.absolute()}", PictureKeeper(folder, days)
