"""The server of custom actions: rasa_sdk's, which does what whoever reaches it says, behind a secret shared with Rasa.

    python -m parlance.actions.server --actions actions

The secret is the environment variable ``ACTION_SERVER_SECRET``, the same for Rasa and for this server, so that it
stands in no file of the project and in no list of processes. Without it ``GET /health`` answers, and ``GET /ready``
says whether what the actions need answers, too: each ``--ready`` names a function that raises where it does not.
"""

import argparse
import hmac
import ipaddress
import json
import logging
import os
import sys
import zlib
from collections.abc import Iterable
from typing import Any

from rasa_sdk import utils
from rasa_sdk.cli.arguments import action_arg
from rasa_sdk.constants import APPLICATION_ROOT_LOGGER_NAME, DEFAULT_SERVER_PORT
from rasa_sdk.endpoint import create_app
from rasa_sdk.plugin import plugin_manager
from sanic import Sanic, response
from sanic.exceptions import Forbidden, PayloadTooLarge, SanicException, Unauthorized
from sanic.request import Request
from sanic.response import HTTPResponse

from parlance.action_secret import SECRET_VARIABLE, authorization, shared_secret
from parlance.errors import ParlanceError
from parlance.http_heads import refuse_odd_lengths
from parlance.readiness import Readiness, load_check

BODY_BYTES = 16 * 1024 * 1024
"""A call holds the whole conversation and the domain: some 200 kB as a rule, a few MB after thousands of messages."""
OPEN_PATHS = ("/health", "/ready")

logger = logging.getLogger(f"{APPLICATION_ROOT_LOGGER_NAME}.parlance")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server on that address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_reach(host: str, secret: str) -> None:
    """Refuses a server that others could reach without a secret.

    Raises:
        ParlanceError: It would be one.
    """
    if not secret and not is_loopback(host):
        raise ParlanceError(
            f"The action server would do what anyone who reaches {host} tells it, since {SECRET_VARIABLE} is not set.",
            f"Set {SECRET_VARIABLE} to the same secret for Rasa and for the action server, or leave --interface out.",
        )


def make_app(actions: str, secret: str, body_bytes: int = BODY_BYTES, ready: Iterable[str] = ()) -> Sanic:
    """rasa_sdk's application that runs the actions of a package, for callers who know the secret.

    Args:
        actions: The package or module of the actions.
        secret: What callers show; empty lets everybody in who reaches it, except pages in a browser.
        body_bytes: How long a call may be, unpacked.
        ready: The functions that check what the actions need, such as that a database answers.

    Raises:
        ParlanceError: There is no such function.
    """
    readiness = Readiness()
    for path in ready:
        readiness.add(path.rpartition(".")[0], load_check(path))
    app = create_app(actions, cors_origins="")
    refuse_odd_lengths()
    app.config.REQUEST_MAX_SIZE = body_bytes
    expected = authorization(secret).encode()

    # Between a request's head and its body: a body of a caller who may not call is not read.
    @app.signal("http.routing.after")
    async def check_caller(request: Request, **_: Any) -> None:
        if request.path in OPEN_PATHS:
            return
        if "origin" in request.headers:
            # Rasa sends none. A browser does, and any page in it could reach this machine's own servers.
            raise Forbidden("Pages in a browser may not call actions.")
        shown = request.headers.get("authorization", "").encode("utf-8", "surrogateescape")
        if secret and not hmac.compare_digest(shown, expected):
            raise Unauthorized(f"Rasa and the action server need the same {SECRET_VARIABLE}.")

    @app.middleware("request")
    async def unpack(request: Request) -> None:
        if request.headers.get("content-encoding") == "deflate":
            request.body = _unpacked(request.body, body_bytes)
            del request.headers["content-encoding"]

    @app.get("/ready")
    async def tell_readiness(_request: Request) -> HTTPResponse:
        faults = await readiness.faults()
        return response.json(faults, status=503 if faults else 200)

    # In place of rasa_sdk's, which logs the request and answers with its body: the whole conversation, which Rasa
    # then logs, too.
    app.error_handler.add(Exception, _refuse)
    return app


def _unpacked(body: bytes, limit: int) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(body, limit + 1)
    except zlib.error as error:
        raise SanicException("The body is not packed as its head says.", status_code=415) from error
    if len(content) > limit:
        raise PayloadTooLarge(f"The call is longer than {limit} bytes.")
    if not unpacking.eof:
        raise SanicException("The packed body is cut off.", status_code=415)
    return content


async def _refuse(request: Request, error: Exception) -> HTTPResponse:
    """Says what went wrong without what the user said."""
    if isinstance(error, SanicException):
        logger.warning("A call of %s was refused: %s", request.path, error)
        return response.json({"error": str(error)}, status=error.status_code)
    action = _action_of(request)
    logger.error("The action %s failed.", action, exc_info=error)
    return response.json({"error": f"{type(error).__name__} in {action}", "action_name": action}, status=500)


def _action_of(request: Request) -> str:
    try:
        return str(json.loads(request.body)["next_action"])
    except (ValueError, KeyError, TypeError):
        return "(none)"


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="parlance.actions.server", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--actions", type=action_arg, default="actions", help="package of the actions (%(default)s)")
    parser.add_argument("-p", "--port", type=int, default=DEFAULT_SERVER_PORT, help="port (%(default)s)")
    parser.add_argument("-i", "--interface", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--ready", metavar="FUNCTION", action="append", default=[], help="checks at /ready what the actions need"
    )
    utils.add_logging_level_option_arguments(parser)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """The command; returns when the server is stopped."""
    options = _arguments(arguments)
    try:
        secret = shared_secret()
        check_reach(options.interface, secret)
        sys.path.insert(0, os.getcwd())  # as for `rasa run actions`
        utils.configure_colored_logging(options.loglevel)
        utils.update_sanic_log_level()
        app = make_app(options.actions, secret, ready=options.ready)
    except ParlanceError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    plugin_manager().hook.attach_sanic_app_extensions(app=app)
    logger.info("Actions run at http://%s:%d", options.interface, options.port)
    app.run(options.interface, options.port, workers=utils.number_of_sanic_workers())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
