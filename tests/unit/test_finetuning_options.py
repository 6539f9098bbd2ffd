"""Options: a mistake in config.yml is named, with what would be right."""

import pytest

from parlance.errors import ParlanceError
from parlance.finetuning import FinetuneOptions


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
