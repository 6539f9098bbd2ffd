"""Options: a mistake in config.yml is named, with what would be right."""

import re

import pytest

from parlance.dialogue.options import DialogueOptions
from parlance.errors import ParlanceError
from parlance.finetuning import FinetuneOptions
from parlance.finetuning.options import SERVING_OPTIONS


def test_values_are_taken_from_a_mapping() -> None:
    options = FinetuneOptions.from_dict({"epochs": 3, "learning_rate": "5e-5", "weight_decay": 0, "precision": "fp32"})

    assert (options.epochs, options.learning_rate, options.weight_decay) == (3, 5e-5, 0.0)
    assert options.as_dict()["precision"] == "fp32"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"learning_rat": 1e-4}, "Did you mean `learning_rate`?"),
        ({"zzz": 1}, "The options are encoder"),
        ({"epochs": -1}, "The nearest value that works is 0."),
        ({"dropout": 2}, "outside 0 to 0.9"),
        ({"epochs": 2.5}, "It takes a whole number."),
        ({"epochs": True}, "It takes a whole number."),
        ({"learning_rate": "fast"}, "It takes a number."),
        ({"encoder": None}, "It takes text."),
        ({"precision": "bf61"}, "Did you mean `bf16`?"),
    ],
)
def test_a_mistake_is_named_with_what_would_be_right(values: dict[str, object], says: str) -> None:
    with pytest.raises(ParlanceError, match="TransformerNLU") as caught:
        FinetuneOptions.from_dict(values)

    assert says in str(caught.value)
    assert next(iter(values)) in str(caught.value)


def test_everything_that_was_diets_is_named_at_once_with_what_to_do() -> None:
    pasted = {
        "epochs": 100,
        "constrain_similarities": True,
        "batch_size": [64, 256],
        "model_weights": "rasa/LaBSE",
        "BILOU_flag": False,
        "learning_rte": 1e-4,
        "tensorboard_log_directory": "./tensorboard",
        "rankinglength": 5,
    }
    with pytest.raises(ParlanceError) as caught:
        FinetuneOptions.from_dict(pasted, beside=SERVING_OPTIONS)

    first, *lines = str(caught.value).splitlines()
    assert first == "TransformerNLU cannot use 7 of its options:"
    assert (
        lines[0]
        == "- TransformerNLU has no option `constrain_similarities`; it is one of DIETClassifier. Leave it out."
    )
    assert "a whole number, not two as in Rasa's own components" in lines[1]
    assert "one of LanguageModelFeaturizer. Write `encoder`" in lines[2]
    assert "Did you mean `learning_rate`?" in lines[4]
    assert "Did you mean `ranking_length`?" in lines[6]


RASA_COMPONENTS = {
    "rasa.nlu.classifiers.diet_classifier": "DIETClassifier",
    "rasa.nlu.selectors.response_selector": "ResponseSelector",
    "rasa.nlu.extractors.crf_entity_extractor": "CRFEntityExtractor",
    "rasa.nlu.featurizers.sparse_featurizer.count_vectors_featurizer": "CountVectorsFeaturizer",
    "rasa.nlu.featurizers.sparse_featurizer.regex_featurizer": "RegexFeaturizer",
    "rasa.nlu.featurizers.sparse_featurizer.lexical_syntactic_featurizer": "LexicalSyntacticFeaturizer",
    "rasa.nlu.featurizers.dense_featurizer.lm_featurizer": "LanguageModelFeaturizer",
    "rasa.nlu.featurizers.dense_featurizer.spacy_featurizer": "SpacyFeaturizer",
}


@pytest.mark.parametrize("module", RASA_COMPONENTS)
def test_every_option_of_rasas_components_is_taken_or_explained(module: str) -> None:
    component = getattr(pytest.importorskip(module), RASA_COMPONENTS[module])
    taken = {*FinetuneOptions().as_dict(), *SERVING_OPTIONS, "alias"}
    pasted = component.get_default_config().keys() - taken

    assert pasted - FinetuneOptions.foreign.keys() == set()


def test_every_option_of_ted_is_taken_or_explained() -> None:
    ted = pytest.importorskip("rasa.core.policies.ted_policy").TEDPolicy
    pasted = ted.get_default_config().keys() - DialogueOptions().as_dict().keys() - {"priority"}

    assert pasted - DialogueOptions.foreign.keys() == set()


@pytest.mark.parametrize("options", [FinetuneOptions, DialogueOptions])
def test_what_is_to_be_written_instead_exists(options: type[FinetuneOptions] | type[DialogueOptions]) -> None:
    known = {*options().as_dict(), *(SERVING_OPTIONS if options is FinetuneOptions else ())}
    for name, (_, advice) in options.foreign.items():
        assert name not in known
        assert set(re.findall(r"`(\w+)`", advice)) <= known, name
