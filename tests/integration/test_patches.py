"""What the library replaces in Rasa: by a call, and only in the version that it knows."""

import subprocess
import sys

import pytest

from parlance.rasa.patches import UnknownRasa, _check_version

LOOK = """
import os
import rasa.core.run
from rasa.core.actions.action import RemoteAction
from rasa.core.policies.ensemble import DefaultPolicyPredictionEnsemble
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.graph_components.validators.default_recipe_validator import DefaultV1RecipeValidator
from rasa.graph_components.validators.finetuning_validator import FinetuningValidator
from rasa.nlu.selectors.response_selector import ResponseSelector
from rasa.utils.endpoints import EndpointConfig
from rasa.validator import Validator
from sanic.request import Request
import parlance

OURS = os.path.dirname(parlance.__file__)

def replaced():
    found = {
        "calls": RemoteAction.__init__, "checks": RemoteAction._validate_action_result,
        "session": EndpointConfig.session,
        "graph": DaskGraphRunner.run, "ensemble": DefaultPolicyPredictionEnsemble.combine_predictions,
        "selector": ResponseSelector._set_message_property, "server": rasa.core.run.configure_app,
        "labels": FinetuningValidator._compare_or_memorize, "head": Request.__init__,
        "repetitions": Validator.verify_example_repetition_in_intents,
        "entities": DefaultV1RecipeValidator._warn_if_some_training_data_is_unused,
    }
    return {name for name, method in found.items() if method.__code__.co_filename.startswith(OURS)}, len(found)
"""


def run(*lines: str) -> None:
    """Statements in a fresh Python, in which nothing is imported yet."""
    done = subprocess.run([sys.executable, "-c", "\n".join([LOOK, *lines])], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_importing_changes_nothing() -> None:
    run(
        "import parlance.channels.rest, parlance.channels.slack, parlance.channels.web, parlance.rasa.tracker_store",
        "from parlance.rasa import DialoguePolicy, TransformerNLU, TurnPolicy",
        "assert replaced()[0] == set(), replaced()",
    )


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("from parlance.rasa import TransformerNLU as asked; asked.required_packages()", {"server", "head"}),
        ("from parlance.channels.readiness import ReadinessInput as asked; asked.from_credentials(None)", set()),
        ("from parlance.rasa import patches; patches.apply(); patches.apply()", {"server", "head"}),
    ],
)
def test_what_rasa_asks_first_changes_everything(asked: str, left: set[str]) -> None:
    run(asked, "found, all = replaced()", f"assert len(found) == all - {len(left)} and not found & {left!r}, found")


@pytest.mark.parametrize("found", ["3.5.17", "3.7.0", "4.0"])
def test_another_version_of_rasa_is_refused_with_what_to_install(found: str) -> None:
    with pytest.raises(UnknownRasa, match=r"pip install 'rasa==3\.6"):
        _check_version(found)
