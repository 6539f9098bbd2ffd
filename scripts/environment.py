"""Makes ``.venv``: Python 3.10, the locked packages, the project itself. Needs nothing but a Python 3.8 or newer.

``make run`` and ``make test`` start here. A finished environment is stamped with the hash of its lock, so that the
next start costs nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from scripts.console import Problem, Steps, quiet, report_problems

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
TOOLS = ROOT / ".venv-tools"
DEFAULT_LOCK = "requirements-dev.txt"

# A Python without these was built without their system libraries, and Rasa would fail on it much later.
PROBE = "import ctypes, sqlite3, ssl, sys; print('%d.%d' % sys.version_info[:2], sys.executable)"


def answer(*command: str) -> str | None:
    """What a command prints; None where it is missing or fails."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


# uv ---------------------------------------------------------------------------------------------------------------


def find_uv() -> str:
    """The uv on PATH, or one installed for this project alone.

    Raises:
        Problem: there is none, and pip could not install it.
    """
    for candidate in ("uv", *map(str, uv_places())):
        # Asked for its version, because a version manager's stub may stand on PATH with nothing behind it.
        if answer(candidate, "--version"):
            return candidate
    return install_uv()


def uv_places() -> list[Path]:
    """Where an earlier ``install_uv`` left it, by each of the two ways."""
    return [TOOLS / "bin" / "uv", TOOLS / "packages" / "bin" / "uv"]


def install_uv() -> str:
    """Installs uv with pip below ``.venv-tools``."""
    venv_pip = [str(TOOLS / "bin" / "python"), "-m", "pip", "install", "--quiet", "uv"]
    # Systems that ship Python without venv often ship pip on its own.
    plain_pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(TOOLS / "packages"), "uv"]
    in_venv, in_folder = uv_places()
    attempts = [(in_venv, [[sys.executable, "-m", "venv", str(TOOLS)], venv_pip]), (in_folder, [plain_pip])]
    for place, commands in attempts:
        shutil.rmtree(TOOLS, ignore_errors=True)
        if all(answer(*command) is not None for command in commands) and answer(str(place), "--version"):
            return str(place)
    raise Problem(
        "uv, which installs the packages, is not on this machine and pip could not install it.",
        "Check the network, or install uv yourself (`pip install uv`, `pipx install uv` or `brew install uv`), "
        "and run the command again.",
    )


def uv_settings() -> dict[str, str]:
    """The environment for uv: patience for large wheels, and the mirror that pip is set up to use."""
    settings = dict(os.environ)
    settings.pop("VIRTUAL_ENV", None)
    settings.setdefault("UV_HTTP_TIMEOUT", "300")
    if not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & set(settings):
        mirror = os.environ.get("PIP_INDEX_URL") or answer(
            sys.executable, "-m", "pip", "config", "get", "global.index-url"
        )
        if mirror:
            settings["UV_DEFAULT_INDEX"] = mirror
    if "PIP_CERT" in settings:
        settings.setdefault("SSL_CERT_FILE", settings["PIP_CERT"])
    return settings


# Python 3.10 ------------------------------------------------------------------------------------------------------


def candidates(uv: str) -> Iterator[str]:
    """Interpreters that may be a Python 3.10, the likeliest first."""
    yield sys.executable
    yield "python3.10"
    yield "python3"
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(pyenv.glob("versions/3.10*/bin/python"), reverse=True))
    found = answer(uv, "python", "find", "--system", "--no-python-downloads", "3.10")
    if found:
        yield found


def find_python(uv: str) -> str:
    """A working Python 3.10: one on this machine, else one that uv downloads.

    Raises:
        Problem: there is none and the download failed.
    """
    for candidate in candidates(uv):
        version, _, executable = (answer(candidate, "-c", PROBE) or "").partition(" ")
        if version == "3.10":
            return executable
    print("      no Python 3.10 here; asking uv to download one", flush=True)
    quiet(
        [uv, "python", "install", "3.10"],
        "There is no Python 3.10 on this machine, and uv could not download one.",
        "Install Python 3.10 (`apt install python3.10 python3.10-venv`, `brew install python@3.10` or "
        "`pyenv install 3.10`) and run the command again.",
        env=uv_settings(),
    )
    return quiet([uv, "python", "find", "--system", "3.10"], "uv's Python 3.10 cannot be found.", "").strip()


# The environment --------------------------------------------------------------------------------------------------


def is_usable() -> bool:
    """Whether ``.venv`` is there, starts, and is a Python 3.10."""
    return (answer(str(VENV_PYTHON), "-c", PROBE) or "").startswith("3.10 ")


def stamp_file(lock: str) -> Path:
    """Where the hash of an installed lock is kept."""
    return VENV / f"installed-{Path(lock).stem}"


def stamp(lock: str) -> str:
    """What an environment with this lock installed is stamped with; a moved project is not the same environment."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in (lock, "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def is_installed(lock: str) -> bool:
    """Whether ``.venv`` holds this lock's packages already."""
    file = stamp_file(lock)
    return file.is_file() and file.read_text() == stamp(lock)


def check_owner() -> None:
    """Refuses a ``.venv`` that is a link to the environment of another checkout, which an installation would re-point
    to this one.

    Raises:
        Problem: saying whose it is.
    """
    if not VENV.is_symlink():
        return
    for file in VENV.glob("lib/python*/site-packages/parlance-*.dist-info/direct_url.json"):
        url = urllib.parse.urlsplit(json.loads(file.read_text())["url"])
        owner = Path(urllib.request.url2pathname(url.path))
        if owner.is_dir() and owner.resolve() != ROOT.resolve():
            raise Problem(
                f"The environment .venv is a link to {VENV.resolve()}, in which the checkout {owner} is installed.",
                "Remove the link and run the command again: this checkout gets an environment of its own, with "
                "packages from uv's cache.",
            )


def install(lock: str, uv: str) -> None:
    """Installs the locked packages, each checked against its hash, and the project itself as editable.

    Raises:
        Problem: a download failed, or a package is not the one that was locked.
    """
    base = [uv, "pip", "install", "--python", str(VENV_PYTHON)]
    # uv draws progress bars on a terminal; in a log it would print every package instead.
    base += [] if sys.stderr.isatty() else ["--quiet"]
    commands = [
        [*base, "--require-hashes", "--requirements", lock],
        # The locked setuptools builds it: nothing is downloaded outside the lock.
        [*base, "--no-deps", "--no-build-isolation", "--editable", "."],
    ]
    for command in commands:
        if subprocess.run(command, cwd=ROOT, env=uv_settings(), stdin=subprocess.DEVNULL).returncode:
            raise Problem(
                f"The packages of {lock} could not be installed; uv's message above says which.",
                "Check the network and the free disk space (8 GB), then run the command again: it continues.",
            )
    stamp_file(lock).write_text(stamp(lock))


@report_problems
def main(arguments: list[str]) -> int:
    """Steps one and two of ``make run`` and ``make test``."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lock", default=DEFAULT_LOCK, help="the lock to install (%(default)s)")
    parser.add_argument("--steps", type=int, default=2, help="how many steps the whole command has")
    options = parser.parse_args(arguments)
    steps = Steps(options.steps)
    check_owner()
    usable = is_usable()
    if usable and is_installed(options.lock):
        steps.skip("environment .venv is there")
        steps.skip(f"packages of {options.lock} are there")
        return 0
    uv = find_uv()
    if usable:
        steps.skip("environment .venv is there")
    else:
        with steps.step("making the environment .venv with Python 3.10"):
            command = [uv, "venv", "--quiet", "--clear", "--python", find_python(uv), str(VENV)]
            quiet(command, "The environment .venv cannot be made.", "Remove the folder .venv and try again.")
    with steps.step(f"installing the packages of {options.lock} (several minutes the first time)"):
        install(options.lock, uv)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
