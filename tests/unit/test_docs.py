"""The documentation keeps up with the code."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from parlance.channels.rest.options import RestOptions
from parlance.channels.web.options import WebOptions
from parlance.finetuning import FinetuneOptions
from parlance.foreign_options import FOR_NLU
from parlance.rasa import DialoguePolicy, TurnPolicy
from parlance.rasa.transformer_nlu import SERVING_OPTIONS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "benchmarks" / "README.md"]


def test_every_option_of_the_component_is_documented_with_its_default() -> None:
    page = (ROOT / "docs" / "transformer-nlu.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", page, re.MULTILINE))
    expected = {**FinetuneOptions().as_dict(), **SERVING_OPTIONS}

    assert rows.keys() == expected.keys()
    for name, default in expected.items():
        stated = rows[name].strip("`")
        assert stated == str(default).lower() or stated == default or float(stated) == default, name


@pytest.mark.parametrize("policy", [TurnPolicy, DialoguePolicy])
def test_every_option_of_a_policy_is_documented_with_its_default(policy: Any) -> None:
    page = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    section = next(part for part in page.split("\n## ") if part.startswith(policy.__name__))
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", section, re.MULTILINE))
    expected = policy.get_default_config()

    assert rows.keys() == expected.keys()
    for name, default in expected.items():
        stated = rows[name]
        assert stated == str(default).lower() or float(stated) == default, name


def test_every_option_of_the_web_chat_is_documented_with_its_default() -> None:
    page = (ROOT / "docs" / "web-chat.md").read_text(encoding="utf-8")
    section = page.split("## Options in `credentials.yml`")[1].split("\n## ")[0]
    stated = {
        name: default.strip("`") for name, default in re.findall(r"^\| `(\w+)` \| (.+?) \|", section, re.MULTILINE)
    }

    for field in fields(WebOptions):
        default = "none" if field.default is None else field.default
        default = json.dumps(default) if isinstance(default, tuple) else default
        assert stated.pop(field.name) in (default, f"{default:g}" if isinstance(default, (int, float)) else default)
    assert stated == {}


def test_every_option_that_was_diets_is_in_the_page_for_those_who_come_from_it() -> None:
    page = (ROOT / "docs" / "coming-from-diet.md").read_text(encoding="utf-8")
    section = page.split("| option | of | what to do |")[1].split("\n\n")[0]
    stated = {
        option: (component, advice)
        for options, component, advice in re.findall(r"^\| (`.+?) \| (\w+) \| (.+?) \|$", section, re.MULTILINE)
        for option in re.findall(r"`(\w+)`", options)
    }

    assert stated == dict(FOR_NLU)


def test_every_option_of_rest_is_documented_with_its_default() -> None:
    page = (ROOT / "docs" / "assistant.md").read_text(encoding="utf-8")
    section = page.split("## Messages over HTTP")[1].split("\n## ")[0]
    stated = dict(re.findall(r"^\| `(\w+)` \| `(.+?)` \|", section, re.MULTILINE))

    defaults = {field.name: field.default for field in fields(RestOptions)}
    assert stated == {
        name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in defaults.items()
    }


def anchors(page: Path) -> set[str]:
    """What a link to a page's headings may end in, as GitHub makes it from the heading."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", prose):
        linked = page.parent / target if target else page
        assert linked.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in anchors(linked), f"{page.name} links to {target}#{anchor}"
