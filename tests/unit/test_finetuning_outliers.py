"""Messages from outside: none of them may be a project's own business."""

import re

import numpy as np
import pytest

from parlance.data.examples import Example
from parlance.finetuning.outliers import Outliers, foreign_sentences, own_languages, written_sentences

ENGLISH = ["where is my parcel", "I want to send it back", "when do you open on Sunday", "the lamp is broken", "hello"]
IN_OTHER_LANGUAGES = {
    "french": ["où est mon colis s'il vous plaît", "je voudrais annuler la commande", "quand est-ce que vous ouvrez"],
    "spanish": ["dónde está mi paquete", "quiero cancelar el pedido que hice ayer", "no me gusta la lámpara"],
    "german": ["wo ist mein Paket", "ich möchte die Bestellung stornieren", "wann habt ihr am Samstag geöffnet"],
    "russian": ["где моя посылка", "я хочу отменить заказ", "когда вы открываетесь"],
    "chinese": ["我的包裹在哪里", "我想取消订单", "你们几点开门"],
    "japanese": ["荷物はどこですか", "注文をキャンセルしたいです", "何時に開きますか"],
}


def examples(texts: list[str]) -> list[Example]:
    return [Example(text, "any") for text in texts]


@pytest.mark.parametrize("language", IN_OTHER_LANGUAGES)
def test_a_projects_own_language_is_not_foreign_to_it(language: str) -> None:
    own = IN_OTHER_LANGUAGES[language]

    assert language in own_languages(own)
    assert not set(written_sentences()[language]) & set(foreign_sentences(own))
    assert language in own_languages([*ENGLISH, *own]), "a project in two languages"


def test_an_english_project_keeps_english_sentences_about_other_things_and_all_languages() -> None:
    foreign = foreign_sentences(ENGLISH)

    assert len(foreign) > 0.9 * sum(map(len, written_sentences().values()))


def test_a_sentence_that_shares_a_word_with_the_project_is_left_out() -> None:
    shared = foreign_sentences(["do you sell a telescope", "which volcano can I visit", "my parrot is ill"])

    assert not [sentence for sentence in shared if re.search("telescope|parrot", sentence)]


@pytest.mark.parametrize(("texts", "digits"), [(["12", "call me on 4450"], False), (["order 12 is late"], True)])
def test_digits_are_foreign_unless_bare_numbers_are_learned(texts: list[str], digits: bool) -> None:
    drawn = Outliers.of(examples(texts)).draw(300, np.random.default_rng(0))

    assert any(example.text.isdigit() for example in drawn) is digits


@pytest.mark.parametrize("seed", range(5))
def test_what_is_drawn_is_none_of_the_projects_own(seed: int) -> None:
    texts = [*ENGLISH, "asdf", "?", "what rhymes with orange"]
    outliers = Outliers.of(examples(texts))
    drawn = outliers.draw(200, np.random.default_rng(seed))

    assert len(drawn) == 200
    assert not {example.text for example in drawn} & set(texts)
    assert not any(example.intent or example.entities for example in drawn)
    assert [e.text for e in outliers.draw(200, np.random.default_rng(seed))] == [e.text for e in drawn]


def test_the_halves_share_no_sentence() -> None:
    shown, unseen = Outliers.of(examples(ENGLISH)).split()

    assert shown.sentences and unseen.sentences and not set(shown.sentences) & set(unseen.sentences)
