"""A channel's options: each mistake is named, with what is right."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from parlance.channels.core.options import ChannelOptions, Texts, from_zero, one_of, secret
from parlance.errors import ParlanceError


@dataclass(frozen=True)
class Sayings(ChannelOptions):
    channel: ClassVar[str] = "The pigeon"
    kind: ClassVar[str] = "text"

    hello: str = "Coo"


@dataclass(frozen=True)
class Options(ChannelOptions):
    channel: ClassVar[str] = "The pigeon"

    flight: str = one_of("low", "high", default="low")
    letters: int = 2
    hours: float = 1.5
    rings: int = from_zero(0)
    rested: bool = True
    lofts: Texts = ()
    key: str = secret("PIGEON_KEY")
    home: str = "loft"
    keeper: str | None = None
    texts: Sayings = field(default_factory=Sayings)


def test_what_is_given_replaces_the_defaults() -> None:
    given = {"flight": "high", "hours": 3, "rings": 0, "lofts": ["a", "b"], "keeper": None, "texts": {"hello": "Hi"}}
    assert Options.from_credentials(given) == Options("high", 2, 3, 0, True, ("a", "b"), texts=Sayings("Hi"))
    assert Options.from_credentials(None) == Options()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"leters": 3}, "The pigeon has no option 'leters'. Did you mean 'letters'? Its options: flight, letters, "),
        ({"zebra": 3}, "The pigeon has no option 'zebra'. Its options: flight, "),
        ({7: 3}, "The pigeon has no option 7. Its options: "),
        ({"texts": {"helo": "Hi"}}, "The pigeon has no text 'helo'. Did you mean 'hello'? Its texts: hello."),
        ({"texts": "Hi"}, "The pigeon's texts are not given by name."),
        ({"flight": "up"}, "The pigeon's option flight is 'up'. Write flight: low or flight: high."),
        ({"flight": ["low"]}, "The pigeon's option flight is ['low']. Write flight: low or flight: high."),
        ({"letters": 0}, "The pigeon's option letters is 0. It is a whole number above 0."),
        ({"letters": 1.5}, "It is a whole number above 0."),
        ({"letters": True}, "It is a whole number above 0."),
        ({"hours": "two"}, "The pigeon's option hours is 'two'. It is a number above 0."),
        ({"rings": -1}, "It is a whole number from 0."),
        ({"rested": "no"}, "It is true or false."),
        ({"lofts": "a"}, "It is a list of texts."),
        ({"lofts": ["a", 1]}, "It is a list of texts."),
        ({"home": ""}, "The pigeon's option home is ''. It is a text, and not empty."),
        ({"home": None}, "It is a text, and not empty."),
        ({"keeper": 3}, "It is a text."),
    ],
    ids=str,
)
def test_a_mistake_is_named(given: dict[Any, Any], said: str) -> None:
    with pytest.raises(ParlanceError) as raised:
        Options.from_credentials(given)
    assert said in str(raised.value)


def test_a_secret_comes_from_the_environment_unless_the_file_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIGEON_KEY", " from the environment ")
    assert [Options.from_credentials({"key": key}).key for key in ("", None, "given")] == [
        "from the environment",
        "from the environment",
        "given",
    ]


def test_a_function_is_loaded_by_its_dotted_name() -> None:
    assert Options(keeper="os.path.join").function("keeper") is __import__("os").path.join
    assert Options().function("keeper") is None
    with pytest.raises(ParlanceError, match="^The pigeon's option keeper names 'os.nowhere', which cannot be loaded"):
        Options(keeper="os.nowhere").function("keeper")
