"""Rasa's messages as the library's examples."""

from pathlib import Path

from rasa.shared.nlu.training_data.loading import load_data

from parlance.data.rasa_nlu import read_nlu_file
from parlance.rasa.messages import examples_of
from tests.unit.test_data_rasa_nlu import IN_CONVERSATION, write


def test_rasa_reads_the_same_contexts(tmp_path: Path) -> None:
    path = write(tmp_path, IN_CONVERSATION)
    read = [(e.text, e.intent, e.entities, e.after, e.said, e.act) for e in read_nlu_file(path) or []]
    of_rasa = examples_of(load_data(str(path)), full_names=True)
    assert [(e.text, e.intent, e.entities, e.after, e.said, e.act) for e in of_rasa] == read
