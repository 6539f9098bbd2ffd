"""Messages that are learned and understood with what the assistant said before them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from tokenizers import Tokenizer

from parlance.data.examples import Entity, Example
from parlance.finetuning import FinetuneOptions, finetune
from parlance.finetuning.dataset import IGNORED, Labels, collate, encode
from parlance.inference import Context, NLUModel
from parlance.inference.context import ContextReader

CANCEL, BACK, NUMBER = "Shall I cancel it?", "Shall I send it back?", "Which order is it?"
WORDS = ("yes", "please do", "go on", "yeah", "fine", "sure", "do it", "good idea")
NUMBERS = ("10432", "it is 10555", "10111 please", "number 10987")


@pytest.fixture(scope="module")
def talk(examples: list[Example]) -> list[Example]:
    """The small project, and answers whose intent depends on the question."""
    answers = [
        Example(text, intent, after=after, act="affirm")
        for text in WORDS
        for intent, after in (("cancel", (CANCEL, "Cancel it now?")), ("send_back", (BACK,)))
    ]
    for text in NUMBERS:
        start = text.index("10")
        number = Entity(start, start + 5, "order_number")
        answers.append(Example(text, "inform", (number,), after=(NUMBER,), act="inform"))
    return examples + answers


@pytest.fixture(scope="module")
def options(tiny_encoder: Path) -> FinetuneOptions:
    return FinetuneOptions(encoder=str(tiny_encoder), epochs=60, learning_rate=3e-3, batch_size=8, device="cpu")


@pytest.fixture(scope="module")
def trained(talk: list[Example], options: FinetuneOptions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "talk"
    finetune(talk, folder, options=options, quiet=True)
    return folder


@pytest.fixture
def tokenizer(tiny_encoder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(tiny_encoder / "tokenizer.json"))


def intents(model: NLUModel, after: str) -> list[str]:
    return [p.intent.name for p in model.predict_batch(WORDS, [Context(after)] * len(WORDS)) if p.intent]


def test_the_same_words_mean_what_was_asked(trained: Path) -> None:
    model = NLUModel.load(trained)

    assert intents(model, CANCEL) == ["cancel"] * len(WORDS)
    assert intents(model, BACK) == ["send_back"] * len(WORDS)


def test_there_is_an_act_where_something_was_said_before(trained: Path) -> None:
    model = NLUModel.load(trained)
    answer = model.predict("yes", Context(CANCEL))

    assert model.acts == ("affirm", "inform")
    assert answer.act and answer.act.name == "affirm" and 0.5 < answer.act.confidence <= 1
    assert answer.as_dict()["act"] == answer.act._asdict()
    assert model.predict("yes").act is None and "act" not in model.predict("yes").as_dict()
    assert model.predict("yes", Context("")).act is None
    detail = model.predict("10432", Context(NUMBER))
    assert detail.act and detail.act.name == "inform"
    assert [(e.type, e.value) for e in detail.entities] == [("order_number", "10432")]


def test_a_message_that_stands_alone_means_the_same_after_anything(trained: Path, examples: list[Example]) -> None:
    model = NLUModel.load(trained)
    texts = [example.text for example in examples if example.intent]
    alone = model.predict_batch(texts)
    later = model.predict_batch(texts, [Context(NUMBER)] * len(texts))

    same = [a.intent.name == b.intent.name for a, b in zip(alone, later, strict=True) if a.intent and b.intent]
    assert np.mean(same) > 0.9
    assert all(entity.end <= len(p.text) for p in later for entity in p.entities)


def test_data_without_contexts_trains_what_it_always_did(
    examples: list[Example], talk: list[Example], options: FinetuneOptions, tmp_path: Path
) -> None:
    brief = replace(options, epochs=1)
    for name, data, chosen in (("plain", examples, brief), ("off", talk, replace(brief, context_tokens=0))):
        finetune(data, tmp_path / name, options=chosen, quiet=True)
        metadata = json.loads((tmp_path / name / "parlance.json").read_text())
        graph = onnxruntime.InferenceSession(str(tmp_path / name / "model.onnx"))
        model = NLUModel.load(tmp_path / name)

        assert not {"acts", "context"} & metadata.keys()
        assert [one.name for one in graph.get_inputs()] == ["input_ids", "attention_mask"]
        assert "act_logits" not in [one.name for one in graph.get_outputs()]
        assert not model.is_contextual and model.acts == ()
        assert model.predict("yes", Context(CANCEL)) == model.predict("yes")


def test_a_later_training_keeps_acts_and_adds_to_them(
    trained: Path, talk: list[Example], options: FinetuneOptions, tmp_path: Path
) -> None:
    refusals = [Example(text, "deny", after=(CANCEL, BACK), act="deny") for text in ("no", "nope", "leave it", "never")]
    finetune([*talk, *refusals], tmp_path / "more", options=options, initial_model=trained, quiet=True)
    model = NLUModel.load(tmp_path / "more")

    assert model.acts == ("affirm", "inform", "deny")
    refusal = model.predict("nope", Context(CANCEL))
    assert refusal.act and refusal.act.name == "deny"
    assert intents(model, BACK) == ["send_back"] * len(WORDS)


def test_a_model_that_read_messages_alone_can_learn_contexts(
    examples: list[Example], talk: list[Example], options: FinetuneOptions, tmp_path: Path
) -> None:
    finetune(examples, tmp_path / "alone", options=replace(options, epochs=5), quiet=True)
    finetune(talk, tmp_path / "talk", options=options, initial_model=tmp_path / "alone", quiet=True)

    assert intents(NLUModel.load(tmp_path / "talk"), CANCEL) == ["cancel"] * len(WORDS)


def test_a_batch_and_one_message_agree_in_context(trained: Path) -> None:
    model = NLUModel.load(trained)
    contexts = [Context(CANCEL), None, Context(NUMBER), Context("")]
    texts = ["yes", "hi there", "10432", "yes"]
    together = model.predict_with_tokens(texts, [[(0, len(text))] for text in texts], contexts, batch_size=3)

    for text, context, (prediction, vectors) in zip(texts, contexts, together, strict=True):
        alone = model.predict(text, context)
        assert alone.intent and prediction.intent and alone.intent.name == prediction.intent.name
        assert (alone.act and alone.act.name) == (prediction.act and prediction.act.name)
        assert vectors.shape == (1, model.embedding_size) and vectors.any()


def test_a_context_is_cut_on_the_left_and_stands_behind_the_message(tokenizer: Tokenizer) -> None:
    whole, short = (ContextReader(tokenizer, budget) for budget in (50, 3))
    message, pair = tokenizer.encode("yes").ids, tokenizer.encode("yes", CANCEL).ids

    (tokens,) = whole.tokens([Context(CANCEL, "hello")])
    (cut,) = short.tokens([Context(CANCEL)])
    assert message + tokens == pair
    assert cut[-4:] == tokens[-4:] and len(cut) < len(tokens)
    assert whole.tokens([Context("", "hello")]) == [[]]
    assert ContextReader(tokenizer, 0).tokens([Context(CANCEL)]) == [[]]
    (both,) = ContextReader(tokenizer, 50, with_said=True).tokens([Context(CANCEL, "hello")])
    assert both[-len(tokens) :] == tokens and len(both) > len(tokens)


def test_each_pass_shows_one_context_and_others_only_sometimes(talk: list[Example], tokenizer: Tokenizer) -> None:
    labels, reader = Labels.of(talk), ContextReader(tokenizer, 32)
    data = encode(talk, tokenizer, labels, 32, reader)
    pool = reader.tokens([Context(NUMBER)])
    shown = data.in_contexts(pool, np.random.default_rng(0))

    own = [bool(example.after) for example in talk]
    assert labels.contextual and labels.acts == ("affirm", "inform")
    for has, choices, context in zip(own, data.own_contexts, shown.contexts, strict=True):
        assert context in (choices if has else [[], *pool])
    alone = [bool(context) for has, context in zip(own, shown.contexts, strict=True) if not has]
    assert 0.2 < np.mean(alone) < 0.8
    two = {tuple(data.in_contexts(pool, np.random.default_rng(n)).contexts[own.index(True)]) for n in range(20)}
    assert len(two) == 2


def test_entities_and_types_are_the_messages_own(talk: list[Example], tokenizer: Tokenizer) -> None:
    reader = ContextReader(tokenizer, 32)
    data = encode(talk, tokenizer, Labels.of(talk), 32, reader).in_contexts([], np.random.default_rng(0))
    batch = collate(data, np.array([len(talk) - 1, 0]), padding=0)

    assert batch.token_types[0].any() and not batch.token_types[1].any()
    assert (batch.tags[batch.token_types == 1] == IGNORED).all()
    assert (batch.attention_mask[batch.token_types == 1] == 1).all()
    assert [part.acts.tolist() for part in batch.split(2)] == [[1], [IGNORED]]
