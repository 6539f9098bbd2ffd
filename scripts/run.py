"""``make run`` after the set-up: the shop's database, the web chat, a model, the two servers, and what to try first.

HOST, PORT and ACTION_PORT choose the addresses, LOGS the folder for the logs, DATA one for conversations, pictures and
what else the channels keep, apart from those of other runs; RASA_ARGS is passed on to ``rasa run`` (``--enable-api``,
``--debug``); START_SECONDS is how long a server that starts may say nothing.
"""

from __future__ import annotations

import os
import secrets
import shlex
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from scripts.console import Problem, Steps, duration, quiet, report_problems
from scripts.environment import ROOT, VENV_PYTHON
from scripts.model import ensure_model, rasa, rasa_settings
from scripts.server_files import DEFAULT_ACTION_PORT, ServerFiles, server_files, with_readiness
from scripts.services import Service, check_port, stop_all, wait_until_healthy
from scripts.supervision import supervise
from scripts.web import ensure_widget

LOGS = ROOT / (os.environ.get("LOGS") or "logs")
DATA = ROOT / os.environ["DATA"] if os.environ.get("DATA") else None
START_SECONDS = 300
SECRET_VARIABLE = "ACTION_SERVER_SECRET"  # parlance.action_secret's, which this script does not import


def port_from_environment(variable: str, default: int) -> int:
    """A port number from an environment variable.

    Raises:
        Problem: it is not a port number.
    """
    text = os.environ.get(variable) or str(default)
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise Problem(f"{variable}={text} is not a port.", "Give a number from 1 to 65535.")
    return int(text)


def seconds_from_environment(variable: str, default: int) -> int:
    """A number of seconds from an environment variable.

    Raises:
        Problem: it is no such number.
    """
    text = os.environ.get(variable) or str(default)
    if not text.isascii() or not text.isdigit() or not int(text):
        raise Problem(f"{variable}={text} is no number of seconds.", "Give a whole number, such as 600.")
    return int(text)


def make_services(model: Path, files: ServerFiles, host: str, port: int, action_port: int) -> list[Service]:
    """The action server, which only this machine may reach, and Rasa; they share a secret, new for each run."""
    environment = rasa_settings()
    environment[SECRET_VARIABLE] = environment.get(SECRET_VARIABLE) or secrets.token_urlsafe(32)
    actions = [str(VENV_PYTHON), "-m", "parlance.actions.server", "--actions", "actions", "--port", str(action_port)]
    actions += ["--ready", "shop.database.check"]
    server = rasa("run", "--model", str(model), "--interface", host, "--port", str(port))
    server += ["--endpoints", str(files.endpoints), "--credentials", str(files.credentials)]
    server += with_readiness(shlex.split(os.environ.get("RASA_ARGS", "")), DATA or LOGS)
    reachable = "localhost" if host in ("0.0.0.0", "127.0.0.1") else host
    return [
        Service(
            name="action server",
            command=actions,
            health=f"http://127.0.0.1:{action_port}/ready",
            log=LOGS / "actions.log",
            env=environment,
            cwd=ROOT,
        ),
        Service(
            name="Rasa server",
            command=server,
            health=f"http://{reachable}:{port}/ready",
            log=LOGS / "rasa.log",
            env=environment,
            cwd=ROOT,
        ),
    ]


def mail_sender() -> Service:
    """What sends the shop's e-mail; it listens on nothing, so that there is nothing to wait for."""
    command = [str(VENV_PYTHON), "-m", "shop.deliver_mail"]
    return Service("mail sender", command, health="", log=LOGS / "mail.log", env=rasa_settings(), cwd=ROOT)


def end_on_signal(number: int, _frame: FrameType | None) -> None:
    """Ends like Ctrl-C, so that the servers are stopped whoever asks."""
    raise KeyboardInterrupt(signal.Signals(number).name)


def greet(address: str, seconds: float) -> None:
    """Says where the assistant is and what to do next."""
    logs = os.path.relpath(LOGS, ROOT)
    print(
        f"\nFern answers at {address} (ready in {duration(seconds)}; logs in {logs}/). Ctrl-C stops it.\n\n"
        f"  The shop with the chat: {address}/chat/\n\n{_over_http(address)}",
        flush=True,
    )


def _over_http(address: str) -> str:
    """How to speak with it over REST, which other machines may only do with a token."""
    host = os.environ.get("HOST") or "127.0.0.1"
    has_token = bool(os.environ.get("REST_TOKEN"))
    if not has_token and host != "localhost" and not host.startswith("127.") and host != "::1":
        return f"REST is off, since HOST={host} lets other machines in: set REST_TOKEN to use it.\n"
    bearer = ' -H "Authorization: Bearer $REST_TOKEN"' if has_token else ""
    body = '{"sender": "me", "message": "Where is my order?"}'
    return (
        f"Or over HTTP:\n\n  curl -s {address}/webhooks/rest/webhook -H 'Content-Type: application/json'{bearer} \\\n"
        f"    -d '{body}'\n"
    )


@report_problems
def main(arguments: list[str]) -> int:
    """The last steps of ``make run``; returns when somebody stops it."""
    began = time.monotonic()
    first, total = (int(number) for number in arguments) if arguments else (1, 4)
    steps = Steps(total, first)
    host = os.environ.get("HOST") or "127.0.0.1"
    port = port_from_environment("PORT", 5005)
    action_port = port_from_environment("ACTION_PORT", DEFAULT_ACTION_PORT)
    start_seconds = seconds_from_environment("START_SECONDS", START_SECONDS)
    # Before the training, not after it.
    check_port(host, port, "PORT")
    check_port("127.0.0.1", action_port, "ACTION_PORT")
    # SIGINT too, because a shell that starts this in the background has it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end_on_signal)

    for folder in filter(None, (LOGS, DATA)):
        folder.mkdir(parents=True, exist_ok=True)
    with steps.step("preparing the shop's database"):
        make_shop = [str(VENV_PYTHON), "-m", "shop.setup"]
        quiet(make_shop, "The shop's database cannot be prepared.", "The lines above say why.", cwd=ROOT)
    ensure_widget(steps)
    model = ensure_model(steps)
    services = make_services(model, server_files(action_port, DATA or LOGS, DATA), host, port, action_port)
    try:
        with steps.step("starting the action server and Rasa"):
            for service in services:
                service.start()
            wait_until_healthy(services, start_seconds)
        if os.environ.get("SMTP_HOST"):
            services.append(mail_sender())
            services[-1].start()
        greet(services[1].health.removesuffix("/ready"), time.monotonic() - began)
        supervise(services)
    except KeyboardInterrupt:
        print("\nStopping ...", flush=True)
    finally:
        # A second Ctrl-C while stopping must not leave a server behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        stop_all(services)
    print("Both servers are stopped.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
