"""The ``rasa`` command without the deprecation warnings of its dependencies, which would bury what a person needs."""

import os
import signal
import sys
import warnings

# These turn warnings on as they are imported, so that they are turned off after it.
import pyparsing  # noqa: F401
import sanic.app  # noqa: F401

warnings.filterwarnings("ignore", category=DeprecationWarning)

if __name__ == "__main__":
    # As for `python -m rasa`: modules come from the project, not from this folder.
    sys.path[0] = os.getcwd()
    from rasa.__main__ import main

    if sys.argv[1:3] == ["data", "validate"]:  # which asks no component anything
        from parlance.rasa import patches

        patches.apply()
    is_training = sys.argv[1:2] == ["train"]
    if is_training and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # So a shell starts what a script puts in the background; a server has handlers of its own.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        main()
    except KeyboardInterrupt:  # what was interrupted says nothing to a person
        if is_training:
            print("Stopped. Run the same command again: Rasa keeps what is finished.", file=sys.stderr)
        sys.exit(130)
