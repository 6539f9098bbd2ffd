"""A PostgreSQL server of the tests' own, from the system's binaries: one folder, one Unix socket, no open port."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import URL

INSTALL = "PostgreSQL's initdb and pg_ctl are not installed; on Debian or Ubuntu: apt-get install postgresql"
USER = "fern"
NOT_DURABLE = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


def find_binaries() -> Path | None:
    """The folder with initdb and pg_ctl: one on the PATH, or Debian's with the highest version."""
    on_path = shutil.which("pg_ctl")
    debian = Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")
    found = [Path(on_path).resolve()] if on_path else sorted(debian, key=lambda file: float(file.parts[-3]))
    return next((file.parent for file in reversed(found) if (file.parent / "initdb").is_file()), None)


@contextmanager
def running_server(binaries: Path) -> Iterator[URL]:
    """The address of the empty database ``postgres`` on a server that ends with the block."""
    folder = Path(tempfile.mkdtemp(prefix="fern-pg-"))
    data = folder / "data"
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' {NOT_DURABLE}"
    try:
        as_user = _other_user_than_root(folder)
        _run([*as_user, str(binaries / "initdb"), "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "-N"])
        control = [*as_user, str(binaries / "pg_ctl"), "-D", str(data), "-w"]
        _run([*control, "-l", str(folder / "log"), "-o", options, "start"])
        try:
            yield URL.create("postgresql", username=USER, database="postgres", query={"host": str(folder)})
        finally:
            _run([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _other_user_than_root(folder: Path) -> list[str]:
    """What a command begins with so that it does not run as root, which PostgreSQL refuses; owns ``folder`` then."""
    if os.geteuid() != 0:
        return []
    import pwd

    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "env", f"HOME={folder}"]


def _run(command: list[str]) -> None:
    # Not a pipe: the server would inherit it and keep it open.
    with tempfile.TemporaryFile("w+") as output:
        result = subprocess.run(command, stdout=output, stderr=output, cwd="/", timeout=60, check=False)
        output.seek(0)
        assert result.returncode == 0, f"{' '.join(command)} failed:\n{output.read()}"
