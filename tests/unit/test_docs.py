"""The documentation keeps up with the code: options, commands, routes, folders, words of the kit, and links."""

import ast
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from ruamel.yaml import YAML

from parlance import cli
from parlance.actions import server
from parlance.actions.settings import Settings
from parlance.channels.rest.options import RestOptions
from parlance.channels.retention import RetentionOptions
from parlance.channels.slack.options import SlackOptions, SlackTexts
from parlance.channels.web.channel import WebInput
from parlance.channels.web.options import WebOptions
from parlance.finetuning import FinetuneOptions
from parlance.foreign_options import FOR_NLU
from parlance.rasa import DialoguePolicy, OtherLanguage, TurnPolicy
from parlance.rasa.transformer_nlu import SERVING_OPTIONS
from parlance.url_secrets import LINK
from shop import setup as shop_setup

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
READERS = ("designers", "qa", "ml-engineers", "operators", "integrators")
PAGES = sorted({*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "benchmarks").rglob("*.md")})


BUILT = ("web/dist/",)
"""Folders that pages name and that are not in the repository."""


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section_of(text: str, heading: str) -> str:
    """What stands under a heading, to the next one of its level or above."""
    level = len(re.match("#+", heading)[0])  # type: ignore[index]
    found = re.search(rf"^{re.escape(heading)}$\n(.*?)(?=^#{{1,{level}}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"there is no heading {heading!r}"
    return found[1]


def rows(text: str) -> dict[str, str]:
    """The second column of tables by the name in the first, where that is one name in backticks."""
    return {name: cell.strip() for name, cell in re.findall(r"^\| `([\w.]+)` \|(.*?)\|", text, re.MULTILINE)}


def as_stated(default: Any) -> str:
    """A default as the tables write it."""
    if isinstance(default, (tuple, list)):
        return json.dumps(list(default))
    if isinstance(default, bool):
        return str(default).lower()
    return "none" if default is None else f"{default:g}" if isinstance(default, float) else str(default)


def check_defaults(stated: Mapping[str, str], defaults: Mapping[str, Any]) -> None:
    assert stated.keys() == defaults.keys()
    for name, default in defaults.items():
        value = stated[name].strip("`")
        is_number = isinstance(default, (int, float)) and not isinstance(default, bool)
        assert value == as_stated(default) or is_number and float(value) == default, f"{name}: {value}, not {default}"


# Components -----------------------------------------------------------------------------------------------------------


def test_every_option_of_the_component_is_documented_with_its_default() -> None:
    text = page("transformer-nlu.md")
    check_defaults(rows(section_of(text, "## Options of training")), FinetuneOptions().as_dict())
    check_defaults(rows(section_of(text, "## Options of serving")), SERVING_OPTIONS)


@pytest.mark.parametrize("policy", [TurnPolicy, DialoguePolicy])
def test_every_option_of_a_policy_is_documented_with_its_default(policy: Any) -> None:
    section = next(part for part in page("policies.md").split("\n## ") if part.startswith(policy.__name__))
    check_defaults(rows(section), policy.get_default_config())


def test_every_option_of_other_language_is_documented_with_its_default() -> None:
    check_defaults(rows(page("other-language.md")), OtherLanguage.get_default_config())


def test_every_option_that_was_diets_is_in_the_page_for_those_who_come_from_it() -> None:
    section = page("coming-from-diet.md").split("| option | of | what to do |")[1].split("\n\n")[0]
    stated = {
        option: (component, advice)
        for options, component, advice in re.findall(r"^\| (`.+?) \| (\w+) \| (.+?) \|$", section, re.MULTILINE)
        for option in re.findall(r"`(\w+)`", options)
    }

    assert stated == dict(FOR_NLU)


# Channels -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "where", "heading"),
    [
        (WebOptions, "web-chat.md", "## Options in `credentials.yml`"),
        (RestOptions, "http-reference.md", "## REST"),
        (RetentionOptions, "operators.md", "## What is forgotten, and when"),
    ],
)
def test_every_option_of_a_channel_is_documented_with_its_default(options: Any, where: str, heading: str) -> None:
    names = [field.name for field in fields(options)]
    stated = {name: default for name, default in rows(section_of(page(where), heading)).items() if default}

    # REST's section has a table of the request's fields, too, whose second column is no default.
    stated = {name: default for name, default in stated.items() if name in names or default.startswith("`")}
    check_defaults(stated, {field.name: field.default for field in fields(options)})


def test_every_option_and_text_of_slack_is_documented_with_its_default() -> None:
    section = section_of(page("slack.md"), "## Options")
    stated = rows(section)

    assert stated.keys() == {field.name for kind in (SlackOptions, SlackTexts) for field in fields(kind)}
    for field in fields(SlackOptions):
        default = field.default
        if isinstance(default, (bool, int, float, str)) and default != "":
            assert stated[field.name].strip("`") == as_stated(default), field.name


def test_every_channel_is_named_to_integrators() -> None:
    named = set(re.findall(r"`parlance\.channels\.(?:\w+\.)*(\w+)`", page("integrators.md")))
    assert named == {"WebInput", "SlackChannel", "RestInput", "ReadinessInput", "RetentionInput"}


# HTTP -----------------------------------------------------------------------------------------------------------------

WEB = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "parlance/channels/web").glob("*.py"))


def test_every_route_of_the_web_chat_is_documented() -> None:
    section = section_of(page("http-reference.md"), "### Routes")
    stated = set(re.findall(r"^\| `(GET|POST) (\S+)` \|", section, re.MULTILINE))
    source = inspect.getsource(WebInput._routes).replace("{LINK}", LINK)
    routes = re.findall(r'Route\("(\w+)", f?"([^"]+)"', source)

    assert len(routes) == source.count("Route(")
    assert stated == {(method, re.sub(r"<(\w+):\w+>", r"<\1>", uri)) for method, uri in routes}


def test_every_error_of_the_web_chat_is_documented_with_its_status() -> None:
    section = section_of(page("http-reference.md"), "### Errors")
    stated = {
        (int(status), code)
        for status, codes in re.findall(r"^\| (\d+) \| (.+?) \|", section, re.MULTILINE)
        for code in re.findall(r"`(\w+)`", codes)
    }
    raised = {(int(status), code) for status, code in re.findall(r'Refused\(\s*(\d+),\s*"(\w+)"', WEB)}
    chosen = {(415, code) for code in re.findall(r'code = "(\w+)" if .* else "(\w+)"', WEB)[0]}

    assert stated == raised | chosen


def test_every_kind_of_entry_and_notice_of_the_stream_is_documented() -> None:
    section = section_of(page("http-reference.md"), "### The stream")
    kinds = set(re.findall(r'(?:say|take_in)\([\w.]+, "(\w+)"', WEB))
    events = set(re.findall(r"event: (\w+)\\n", WEB))
    notices = set(re.findall(r'"code": "(\w+)"', WEB)) | set(re.findall(r'_sorry\("(\w+)"', WEB))

    assert rows(section).keys() == kinds | events | notices
    assert {"user", "bot", "notice", "feedback", "restart"} == kinds and events == {"entry", "typing"}


# Commands -------------------------------------------------------------------------------------------------------------


def commands_of(group: Any, prefix: str = "parlance") -> Iterator[tuple[str, click.Command]]:
    """Each command with its full name, those of groups included."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands_of(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


def test_every_option_of_the_parlance_command_is_documented_and_no_other() -> None:
    for name, command in commands_of(typer.main.get_command(cli.app)):
        section = section_of(page("command-line.md"), f"## {name}")
        stated = set(re.findall(r"^\| `(--[\w-]+)", section, re.MULTILINE))
        options = {
            option
            for parameter in command.params
            for option in parameter.opts
            if parameter.param_type_name == "option" and option != "--help"
        }
        assert stated == options, name


@pytest.mark.parametrize(
    ("heading", "main"),
    [("## python -m parlance.actions.server", server.main), ("## python -m shop.setup", shop_setup.main)],
)
def test_every_option_of_a_module_that_is_started_is_documented(
    heading: str, main: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    options = set(re.findall(r"(?<!\w)--[a-z][a-z-]+", capsys.readouterr().out.split("options:")[1])) - {"--help"}

    table = "\n".join(re.findall(r"^\|.*", section_of(page("command-line.md"), heading), re.MULTILINE))
    assert options and set(re.findall(r"(?<!\w)--[a-z][a-z-]+", table)) == options


def test_every_make_target_is_documented_and_no_other() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    stated = re.findall(r"^\| `make ([a-z-]+)", section_of(page("command-line.md"), "## make"), re.MULTILINE)
    assert sorted(stated) == sorted(targets)


@pytest.mark.parametrize("text", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_page_has_run_is_there(text: Path) -> None:
    written = re.sub(r"<!--.*?-->", "", text.read_text(encoding="utf-8"), flags=re.DOTALL)
    code = "\n".join(re.findall(r"^ *```.*?^ *```|`[^`\n]+`", written, re.MULTILINE | re.DOTALL))
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for target in re.findall(r"^[ `]*make ([a-z-]+)", code, re.MULTILINE):
        assert target in targets, f"make {target}"
    for module in re.findall(r"-m ((?:parlance|scripts|shop|actions)(?:\.[a-z_]+)+)", code):
        assert (ROOT / module.replace(".", "/")).with_suffix(".py").is_file(), f"python -m {module}"


def test_every_variable_of_make_run_is_documented() -> None:
    sources = "".join((ROOT / "scripts" / f"{name}.py").read_text(encoding="utf-8") for name in ("run", "server_files"))
    used = set(re.findall(r'(?:environ\.get\(|environ\[|from_environment\()"(\w+)"', sources))
    told = {
        *rows(section_of(page("operators.md"), "## `make run`")),
        *rows(section_of(page("operators.md"), "## Secrets")),
    }
    told |= {name for name in re.findall(r"`([A-Z_]+)`", page("shop.md"))}
    assert used and used <= told


# The kit of actions ---------------------------------------------------------------------------------------------------


def in_the_kit(pattern: str) -> set[str]:
    sources = (file.read_text(encoding="utf-8") for file in (ROOT / "parlance/actions").glob("*.py"))
    return {found for source in sources for found in re.findall(pattern, source)}


def test_every_response_that_the_kit_says_is_documented() -> None:
    stated = {name for name in rows(section_of(page("actions.md"), "## What the domain needs")) if "utter_" in name}
    assert stated == in_the_kit(r'"(utter_\w+)"')


def test_every_slot_that_the_kit_uses_is_documented() -> None:
    stated = {name for name in rows(section_of(page("actions.md"), "## What the domain needs")) if "utter_" not in name}
    constants = in_the_kit(r'^(?:CONSENT|CONFIRMED|ENDED|FURTHER_REQUEST|IN_HAND) = "(\w+)"') | in_the_kit(
        r'\n(?:CONSENT|CONFIRMED|ENDED|FURTHER_REQUEST|IN_HAND) = "(\w+)"'
    )
    assert stated == constants | in_the_kit(r'(?:get_slot|SlotSet)\("(\w+)"')


def test_every_setting_of_the_kit_is_documented() -> None:
    assert list(rows(section_of(page("actions.md"), "## Say who the assistant is"))) == [
        field.name for field in fields(Settings)
    ]


def test_the_example_of_the_kit_has_what_it_says() -> None:
    section = section_of(page("actions.md"), "## A complete example")
    code, domain, rules = (
        re.search(rf"^`{re.escape(file)}`:\n\n```\w+\n(.*?)```", section, re.MULTILINE | re.DOTALL)[1]  # type: ignore[index]
        for file in ("actions/__init__.py", "domain.yml", "data/rules.yml")
    )
    declared, learned = YAML(typ="safe").load(domain), YAML(typ="safe").load(rules)
    said = {
        node.value
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Constant) and str(node.value).startswith("utter_")
    }
    steps = [step for rule in learned["rules"] for step in rule["steps"]]

    # Not of parts that it leaves out: what is not understood, and requests that wait.
    waiting = {"utter_next_request", "utter_request_noted", "utter_still_open"}
    kit = in_the_kit(r'"(utter_\w+)"') - {"utter_ask_affirmation", "utter_default", *waiting}
    assert declared["responses"].keys() >= said | kit
    known = {*declared["actions"], *declared["forms"], *declared["responses"]}
    assert {step["action"] for step in steps if "action" in step} <= known
    assert {step["intent"] for step in steps if "intent" in step} <= set(declared["intents"])
