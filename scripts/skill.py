"""``make skill NAME=newsletter WISH="subscribe to the newsletter"``: the skeleton of a skill, which trains and passes
the tests as it is: utterances, rules, form, question, act, shop call, table, held-out utterances, story, conversation
test, and its lines in ``domain.yml``, ``config.yml``, the titles and the docs. ``scripts/skill_template/`` has them.
"""

from __future__ import annotations

import argparse
import keyword
import re
import subprocess
import sys
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from ruamel.yaml import YAML

from scripts.console import Problem, report_problems
from scripts.environment import ROOT, VENV_PYTHON

TEMPLATES = Path(__file__).with_name("skill_template")
UTTERANCES = (
    "I want to {wish}", "can you {wish} for me", "{wish} please", "how do I {wish}", "I'd like to {wish} if I may",
    "ok now {wish}", "could I {wish} here", "hi, {wish}", "need to {wish} today", "what must I do to {wish}?",
    "my wife would like to {wish}", "{wish}",
)  # fmt: skip
HELD_OUT = (
    "is there any way for me to {wish}", "I was hoping you'd let me {wish}", "pls {wish} thx",
    "so where could I {wish}",
)  # fmt: skip
FILES = {
    "data/nlu/{name}.yml": "nlu.yml.j2",
    "data/rules/{name}.yml": "rules.yml.j2",
    "actions/{name}.py": "actions.py.j2",
    "shop/{name}.py": "shop.py.j2",
    "shop/models/{name}.py": "model.py.j2",
    "shop/migrations/versions/{revision}_{name}.py": "migration.py.j2",
    "tests/nlu/{name}.yml": "nlu.yml.j2",
    "tests/stories/test_{name}.yml": "story.yml.j2",
    "tests/conversations/{name}.yml": "conversation.yml.j2",
}


def additions(name: str, wish: str, camel: str) -> list[tuple[str, str, str]]:
    """Lines for files that are there: the file, a pattern behind whose last match they go, and the lines."""
    intent = f"- {{type: from_intent, intent: {name}, value: {name}}}"
    return [
        ("domain.yml", r"(?m)^intents:\n(?:[ #].*\n)+", f"  # {name}\n  - {name}\n"),
        ("domain.yml", r"(?m)^      - delete_data\n(?:      - \w+\n)*", f"      - {name}\n"),
        ("domain.yml", r"(?m)(?:^      - \{type: from_intent, intent: \w+, value: \w+\}\n)+", f"      {intent}\n"),
        (
            "domain.yml",
            r"(?m)^forms:\n(?:[ #].*\n)+",
            f"  # {name}\n  {name}_form:\n    required_slots: [order_number, email, confirmed]\n",
        ),
        (
            "domain.yml",
            r"(?m)^actions:\n(?:[ #].*\n)+",
            f"  # {name}\n  - validate_{name}_form\n  - action_ask_{name}_form_confirmed\n  - action_{name}\n",
        ),
        ("domain.yml", r"(?s)\A.*\n", responses(name, wish)),
        ("config.yml", r"(?m)^    split_requests:\n(?:      - \[.*\]\n)+", f"      - [{name}]\n"),
        ("actions/intent_titles.yml", r"(?s)\A.*\n", f"\n# {name}\n{name}: {wish[0].upper()}{wish[1:]}\n"),
        ("docs/assistant.md", r"(?m)(?:^\| [\w, ]+ \| .* \|\n)+", f"| {name.replace('_', ' ')} | {wish} |\n"),
        ("shop/models/__init__.py", r"(?m)(?:^from shop\.models\.\w+ import .*\n)+", _import(name, camel)),
        ("shop/models/__init__.py", r"__all__ = \[\n", f'    "{camel}",\n'),
    ]


def _import(name: str, camel: str) -> str:
    return f"from shop.models.{name} import {camel}\n"


def responses(name: str, wish: str) -> str:
    """The responses, each in two wordings."""
    line = f"\n  # --- {name} ".ljust(121, "-")
    return f"""{line}
  utter_confirm_{name}:
    - text: "Shall I do that for {{email}}: {wish}?"
    - text: "So you want to {wish}, as {{email}}. Shall I go ahead?"
  utter_{name}_done:
    - text: "Done for {{email}}: {wish}."
    - text: "That's done. I've noted it for {{email}}."
  utter_{name}_already:
    - text: "That was done before for {{email}}, so I've changed nothing."
    - text: "I have {{email}} down for that already."
"""


def check_name(name: str) -> None:
    """Refuses a name that cannot be an intent, a module and a table, or that is taken.

    Raises:
        Problem: what is wrong with it.
    """
    if not re.fullmatch(r"[a-z][a-z_]{2,29}", name) or keyword.iskeyword(name):
        raise Problem(
            f"NAME={name} cannot be the name of a skill.", "Take three to thirty small letters, such as NAME=gift_wrap."
        )
    domain = YAML(typ="safe").load((ROOT / "domain.yml").read_text(encoding="utf-8"))
    there = [path for path in (path.format(name=name, revision="*") for path in FILES) if any(ROOT.glob(path))]
    if name in domain["intents"] or there:
        raise Problem(f"There is a {name} already: {', '.join(there) or 'an intent'}.", "Take another NAME.")


def add(file: Path, pattern: str, lines: str) -> None:
    """Puts lines behind the last match of a pattern.

    Raises:
        Problem: the place is not there; the file stays as it was.
    """
    text = file.read_text(encoding="utf-8")
    places = list(re.finditer(pattern, text))
    if not places:
        raise Problem(f"{file.relative_to(ROOT)} has no place for the skill's lines.", f"Add them by hand:\n{lines}")
    end = places[-1].end()
    file.write_text(text[:end] + lines + text[end:], encoding="utf-8")


def write(name: str, wish: str) -> list[str]:
    """Writes the skill; the files that are new or changed."""
    title, camel = wish[0].upper() + wish[1:], "".join(part.capitalize() for part in name.split("_"))
    revisions = sorted(path.name[:4] for path in (ROOT / "shop/migrations/versions").glob("[0-9]*.py"))
    texts = {"utterances": [text.format(wish=wish) for text in UTTERANCES]}
    held_out = [text.format(wish=wish) for text in HELD_OUT]
    blanks = {
        "name": name, "wish": wish, "title": title, "camel": camel, "held_out": held_out, **texts,
        "previous": revisions[-1], "revision": f"{int(revisions[-1]) + 1:04}",
        "act": " ".join(dict.fromkeys(re.findall(r"[a-z0-9]+", wish.lower()))),
    }  # fmt: skip
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False
    )
    written = []
    for path, template in FILES.items():
        file = ROOT / path.format(**blanks)
        own = {"utterances": held_out} if path.startswith("tests/nlu") else {}
        file.write_text(templates.get_template(template).render(blanks | own), encoding="utf-8")
        written.append(str(file.relative_to(ROOT)))
    for changed, pattern, lines in additions(name, wish, camel):
        add(ROOT / changed, pattern, lines)
        written.append(changed)
    return list(dict.fromkeys(written))


@report_problems
def main(arguments: list[str]) -> int:
    """Writes the skeleton and says what to do with it."""
    parser = argparse.ArgumentParser(description="Write the skeleton of a skill.")
    parser.add_argument("name", help="its name: intent, module and table")
    parser.add_argument("--wish", default="", help='what people want, as in "I want to ...": "gift wrap my order"')
    options = parser.parse_args(arguments)
    check_name(options.name)
    wish = " ".join((options.wish or options.name.replace("_", " ")).split())
    if not re.fullmatch(r"[A-Za-z0-9' -]{3,60}", wish):
        raise Problem(f"WISH={wish} is no wish.", 'Say it as in "I want to ...": WISH="subscribe to the newsletter".')
    for path in write(options.name, wish):
        print(f"  {path}")
    subprocess.run([str(VENV_PYTHON), "-m", "ruff", "check", "--quiet", "--fix", "shop/models"], cwd=ROOT, check=False)
    print(
        f"The skill {options.name} is there, with worked examples. Next: write utterances in "
        f"data/nlu/{options.name}.yml and tests/nlu/{options.name}.yml, what it does in shop/{options.name}.py, its "
        "words at the end of domain.yml, then `make test`. docs/skills.md goes through it."
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
