"""Whether a model's archive is whole: Rasa starts without a model where it is not, and answers nobody."""

from __future__ import annotations

import gzip
import os
import tarfile
import zlib
from pathlib import Path

from scripts.console import Problem
from scripts.environment import ROOT

METADATA = "metadata.json"


def check_model(model: Path) -> None:
    """Reads an archive to its end.

    Raises:
        Problem: it is cut off or damaged, or holds no model; says which file to delete.
    """
    fault = _fault(model)
    if fault:
        name = os.path.relpath(model, ROOT)
        raise Problem(
            f"The model {name} cannot be used: {fault}.",
            f"Delete it (rm {name}) and run the command again, which trains it anew.",
        )


def _fault(model: Path) -> str:
    try:
        with gzip.open(model) as packed:
            with tarfile.open(fileobj=packed, mode="r|") as archive:
                names = {os.path.normpath(member.name) for member in archive}
            while packed.read(1 << 20):  # the checksum is behind all else
                pass
    except EOFError:
        return "its end is missing, as after a copy that was interrupted or a disk that was full"
    except (OSError, tarfile.TarError, zlib.error) as error:
        return str(error)
    return "" if METADATA in names else f"it holds no {METADATA}, so that it is no model of Rasa's"
