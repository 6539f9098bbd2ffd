"""Everything in Rasa and in its web server that this library replaces, in one place: ``apply`` puts it there.

What stands in for a method is written where its subject is; here it is only assigned. Methods of Rasa that are no part
of its interface are among them, so that another version of Rasa is refused before anything of it is changed.
"""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import rasa.core.run
from rasa.core.actions.action import RemoteAction
from rasa.core.policies.ensemble import DefaultPolicyPredictionEnsemble
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.graph_components.validators.default_recipe_validator import DefaultV1RecipeValidator
from rasa.graph_components.validators.finetuning_validator import FinetuningValidator
from rasa.nlu.selectors.response_selector import ResponseSelector
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import EndpointConfig
from rasa.validator import Validator

from parlance.errors import ParlanceError
from parlance.http_heads import refuse_odd_lengths
from parlance.rasa import action_calls, checks, graph_runner, selectors, turn_completion
from parlance.url_secrets import mask_logs

MADE_FOR = "3.6."


class UnknownRasa(ParlanceError, RasaException):
    """This version of Rasa was not looked into."""


def apply() -> None:
    """Change Rasa in this process; calling this again changes nothing.

    Called by each component and channel where Rasa first asks something of it, and by the import of none.

    Raises:
        UnknownRasa: Rasa is of another version.
    """
    _check_version(version("rasa"))
    if hasattr(RemoteAction, "__parlance__"):
        return
    RemoteAction.__parlance__ = True
    # What would be done anew for each message.
    RemoteAction.__init__ = action_calls.init_remote_action
    RemoteAction._validate_action_result = action_calls.validate_action_result
    EndpointConfig.session = action_calls.session
    _wrap(DaskGraphRunner, "run", graph_runner.without_dask)
    # What is decided otherwise.
    _wrap(DefaultPolicyPredictionEnsemble, "combine_predictions", turn_completion.then_complete)
    _wrap(ResponseSelector, "_set_message_property", selectors.unless_worse)
    # Checks that know only Rasa's own components.
    _wrap(FinetuningValidator, "_compare_or_memorize", checks.allow_new_labels)
    _wrap(DefaultV1RecipeValidator, "_warn_if_some_training_data_is_unused", checks.count_learners_of_entities)
    _wrap(Validator, "verify_example_repetition_in_intents", checks.repetitions_alone)


def apply_to_server(guarded: Callable[[Any], Any]) -> None:
    """The same, and the web server that Rasa runs in; for channels.

    Args:
        guarded: ``single_server.guarded``, which no model is trained with, so that it is not imported here.
    """
    apply()
    refuse_odd_lengths()
    mask_logs()
    if not hasattr(rasa.core.run.configure_app, "__wrapped__"):
        _wrap(rasa.core.run, "configure_app", guarded)


def _check_version(found: str) -> None:
    if not found.startswith(MADE_FOR):
        raise UnknownRasa(
            f"Rasa is {found} here, and parlance changes methods of Rasa {MADE_FOR}x.",
            "Install that one: pip install 'rasa==3.6.21'",
        )


def _wrap(owner: Any, name: str, around: Callable[[Any], Any]) -> None:
    setattr(owner, name, around(getattr(owner, name)))
