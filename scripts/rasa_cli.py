"""The ``rasa`` command without the deprecation warnings of its dependencies, which would bury what a person needs."""

import os
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

    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)  # what was interrupted says nothing to a person
