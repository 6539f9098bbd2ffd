"""Options of Rasa's own components that are pasted under a component of this library, and what to do with each.

The names are those of Rasa Open Source 3.6's ``get_default_config``; a test compares them. docs/coming-from-diet.md
shows the same in a table.
"""

from collections.abc import Mapping

LEAVE_OUT = "Leave it out"

_MODEL = (
    "hidden_layers_sizes share_hidden_layers transformer_size number_of_transformer_layers number_of_attention_heads "
    "use_key_relative_attention use_value_relative_attention max_relative_position unidirectional_encoder "
    "batch_strategy embedding_dimension dense_dimension concat_dimension number_of_negative_examples similarity_type "
    "loss_type maximum_positive_similarity maximum_negative_similarity use_maximum_negative_similarity scale_loss "
    "negative_margin_scale drop_rate_attention connection_density use_sparse_input_dropout use_dense_input_dropout "
    "constrain_similarities model_confidence run_eagerly drop_small_last_batch"
).split()

_TRAINING: dict[str, str] = {
    "random_seed": "Write `seed`",
    "drop_rate": "Leave it out, or write `dropout`",
    "regularization_constant": "Leave it out, or write `weight_decay`",
    "evaluate_every_number_of_epochs": "Leave it out: each epoch is looked at, on the share that `holdout` keeps back",
    "evaluate_on_number_of_examples": "Leave it out, or write `holdout`, a share of the data",
    "checkpoint_model": "Leave it out: `patience` says when training stops and the best epoch is taken",
    "tensorboard_log_directory": "Leave it out: the figures of each epoch are shown and kept in parlance.json",
    "tensorboard_log_level": LEAVE_OUT,
}

_CLASSIFIERS = dict.fromkeys(_MODEL, LEAVE_OUT) | _TRAINING

DIET_CLASSIFIER: dict[str, str] = _CLASSIFIERS | {
    "use_masked_language_model": "Leave it out: the encoder is pretrained",
    "BILOU_flag": "Leave it out: entities are always tagged so",
    "split_entities_by_comma": "Leave it out: annotate each entity of a list by itself",
    "renormalize_confidences": "Leave it out: what confidences lack of 1 is the probability of being out of scope",
    "featurizers": "Leave it out: it reads the text itself, and no features",
    "use_gpu": "Leave it out, or write `device`",
}

RESPONSE_SELECTOR: dict[str, str] = {
    "retrieval_intent": "Leave it out: the answers of every retrieval intent are learned (`response_selection`)",
    "use_text_as_label": "Leave it out: an answer is learned by its name",
}

CRF_ENTITY_EXTRACTOR: dict[str, str] = dict.fromkeys("max_iterations L1_c L2_c".split(), LEAVE_OUT)

FEATURIZERS: dict[str, dict[str, str]] = {
    "LanguageModelFeaturizer": {
        "model_name": "Write `encoder`, with the model's Hugging Face name or its folder",
        "model_weights": "Write `encoder`, with the model's Hugging Face name or its folder",
        "cache_dir": "Leave it out: the environment variable HF_HOME says where models are kept",
    },
    "CountVectorsFeaturizer": dict.fromkeys(
        (
            "use_shared_vocab analyzer strip_accents stop_words min_df max_df min_ngram max_ngram max_features "
            "lowercase OOV_token OOV_words use_lemma"
        ).split(),
        "Leave it out: the encoder reads pieces of words",
    ),
    "RegexFeaturizer": dict.fromkeys(
        "case_sensitive use_lookup_tables use_regexes use_word_boundaries".split(),
        "Put a RegexEntityExtractor with it before this component, for patterns and lookup tables",
    ),
    "LexicalSyntacticFeaturizer": {"features": "Leave it out: it reads the text itself, and no features"},
    "SpacyFeaturizer": {"pooling": "Leave it out: the encoder makes its own embedding of the sentence"},
}

_OF_COMPONENTS = {
    **FEATURIZERS,
    "CRFEntityExtractor": CRF_ENTITY_EXTRACTOR,
    "ResponseSelector": RESPONSE_SELECTOR,
    "DIETClassifier": DIET_CLASSIFIER,
}

FOR_NLU: Mapping[str, tuple[str, str]] = {
    name: (component, advice) for component, options in _OF_COMPONENTS.items() for name, advice in options.items()
}
"""By name: the component of Rasa whose option it is, and what to do with it under TransformerNLU."""

FOR_DIALOGUE: Mapping[str, tuple[str, str]] = {
    name: ("TEDPolicy", advice)
    for name, advice in {
        **_CLASSIFIERS,
        "evaluate_every_number_of_epochs": LEAVE_OUT,
        "evaluate_on_number_of_examples": "Leave it out, or write `holdout`, a share of the stories",
        "checkpoint_model": LEAVE_OUT,
        "tensorboard_log_directory": LEAVE_OUT,
        "transformer_size": "Leave it out, or write `hidden_size`",
        "number_of_transformer_layers": "Leave it out, or write `layers`",
        "number_of_attention_heads": "Leave it out, or write `heads`",
        "encoding_dimension": LEAVE_OUT,
        "entity_recognition": "Leave it out: entities come from the pipeline",
        "e2e_confidence_threshold": "Leave it out: end-to-end stories are for TEDPolicy",
        "ranking_length": LEAVE_OUT,
        "renormalize_confidences": LEAVE_OUT,
        "split_entities_by_comma": "Leave it out: entities come from the pipeline",
        "BILOU_flag": "Leave it out: entities come from the pipeline",
        **dict.fromkeys(
            "use_gpu use_masked_language_model drop_rate_dialogue drop_rate_label featurizers".split(), LEAVE_OUT
        ),
    }.items()
}
"""The same under DialoguePolicy."""
