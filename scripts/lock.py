"""Compiles the locks from pyproject.toml: ``make lock`` (``make lock UPGRADE=1`` takes the newest versions).

All three come from one resolution, so that a server runs the versions that the tests ran on:
``requirements-dev.txt`` is resolved first and constrains the others.
"""

from __future__ import annotations

import argparse
import re
import sys

from scripts.console import Problem, Steps, quiet, report_problems
from scripts.environment import ROOT, find_uv, uv_settings

HEADER = "# Compiled from pyproject.toml for Python 3.10 on Linux and Apple silicon: do not edit, run `make lock`.\n"
LOCKS = {
    "requirements-dev.txt": ("assistant", "train", "dev"),
    "requirements.txt": ("assistant",),
    "requirements-bench.txt": ("assistant", "train", "dev", "bench"),
}
FIRST = "requirements-dev.txt"
SERVING = "requirements.txt"
NOT_FOR_SERVING = ("torch", "transformers", "accelerate", "onnx")

# uv repeats on every line what tool.uv.environments says; what all lines share says nothing.
PYTHON_MARKERS = re.compile(
    r"(implementation_name == 'cpython'|platform_python_implementation == 'CPython'|python_full_version < '3\.11') and "
)
MAC = "(platform_machine == 'arm64' and sys_platform == 'darwin')"
LINUX_ARM = "(platform_machine == 'aarch64' and sys_platform == 'linux')"
LINUX_X86 = "(platform_machine == 'x86_64' and sys_platform == 'linux')"
EVERYWHERE = f" ; ({MAC} or {LINUX_ARM} or {LINUX_X86})"
ADDRESS_OR_PATH = re.compile(r"https?://|file:|@ |^ *--(?!hash=)|(?:^|\s)/\w", re.MULTILINE)


def tidy(compiled: str) -> str:
    """The lock as it is kept: our header, and no marker that every line has."""
    return HEADER + PYTHON_MARKERS.sub("", compiled).replace(EVERYWHERE, "")


def packages(lock: str) -> set[str]:
    """The names pinned in a lock."""
    return set(re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE))


def check(name: str, lock: str) -> None:
    """Refuses a lock that names a host or a path, or a serving lock with training packages in it.

    Raises:
        Problem: naming what was found.
    """
    found = ADDRESS_OR_PATH.search(lock)
    if found:
        line = lock.count("\n", 0, found.start()) + 1
        raise Problem(f"{name}, line {line} names an address or a path.", "Compile it with plain package names only.")
    unwanted = packages(lock) & set(NOT_FOR_SERVING)
    if name == SERVING and unwanted:
        raise Problem(
            f"{name} would install {', '.join(sorted(unwanted))} on servers.",
            "Move what pulls them in to the extra `train`.",
        )


def compile_lock(uv: str, name: str, extras: tuple[str, ...], upgrade: bool) -> None:
    """Writes one lock; the versions already in it are kept unless ``upgrade``."""
    target = ROOT / name
    command = [uv, "pip", "compile", "pyproject.toml", "--python-version", "3.10", "--universal", "--generate-hashes"]
    command += ["--no-header", "--no-annotate", "--no-emit-index-url", "--quiet", "--output-file", name]
    command += [part for extra in extras for part in ("--extra", extra)]
    command += ["--group", "fern"]
    if name != FIRST:
        command += ["--constraint", FIRST]
    if upgrade:
        command.append("--upgrade")
    remedy = "Loosen the version named above in pyproject.toml."
    quiet(command, "The requirements cannot be resolved.", remedy, cwd=ROOT, env=uv_settings())
    lock = tidy(target.read_text())
    check(name, lock)
    target.write_text(lock)


@report_problems
def main(arguments: list[str]) -> int:
    """Compiles every lock."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    options = parser.parse_args(arguments)
    steps = Steps(total=len(LOCKS))
    uv = find_uv()
    for name, extras in LOCKS.items():
        with steps.step(f"compiling {name}"):
            compile_lock(uv, name, extras, options.upgrade)
    print("Next: make test, then commit the three files together.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
