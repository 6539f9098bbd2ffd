"""The documentation's pages: the layout that they draw, the files that they name, and their links."""

import re
from pathlib import Path

import grimp
import pytest

from tests.unit.test_docs import BUILT, DOCS, PAGES, READERS, ROOT, page, section_of

# The layout -----------------------------------------------------------------------------------------------------------


def folder_of(module: str) -> str:
    names = module.split(".")
    return ".".join(names[:2]) if names[0] == "parlance" else names[0]


def reachable(arrows: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """All pairs of which the first leads to the second, over others too."""
    pairs = set(arrows)
    while more := {(a, d) for a, b in pairs for c, d in pairs if b == c} - pairs:
        pairs |= more
    return pairs


def test_the_picture_of_the_folders_is_what_the_code_imports() -> None:
    drawing = page("architecture.md").split("```mermaid")[1].split("```")[0]
    names = {node: label.rstrip("/") for node, label in re.findall(r'(\w+)\["([\w./]+)"\]', drawing)}
    names.pop("Library")
    drawn = {(names[a], names[b]) for a, b in re.findall(r"(\w+) --> (\w+)", drawing)}

    graph = grimp.build_graph("parlance", "actions", "shop", cache_dir=None)
    folders = {folder_of(module) for module in graph.modules if graph.find_children(folder_of(module))} - {"parlance"}
    assert set(names.values()) == folders | {"parlance.cli"}

    imported = {
        (folder_of(module), folder_of(other))
        for module in graph.modules
        for other in graph.find_modules_directly_imported_by(module)
    }
    imported = {(a, b) for a, b in imported if a != b and {a, b} <= set(names.values())}
    assert drawn <= imported
    assert reachable(drawn) == reachable(imported)


def test_every_folder_is_explained() -> None:
    section = section_of(page("architecture.md"), "## What each folder is about")
    ours = {entry.name for entry in ROOT.iterdir() if (entry / "__init__.py").is_file()} | {"web", "benchmarks", "data"}
    library = {entry.name for entry in (ROOT / "parlance").iterdir() if (entry / "__init__.py").is_file()}

    for folder in (ours - {"parlance"}) | {f"parlance/{name}" for name in library}:
        assert f"`{folder}/`" in section, folder


def test_everything_that_is_replaced_in_rasa_is_explained() -> None:
    source = (ROOT / "parlance/rasa/patches.py").read_text(encoding="utf-8")
    section = section_of(page("architecture.md"), "## What is replaced in Rasa")
    wrapped = re.findall(r'_wrap\(([\w.]+), "(\w+)"', source)
    assigned = re.findall(r"^    (RemoteAction|EndpointConfig)\.(\w+) = \w+\.", source, re.MULTILINE)

    assert wrapped and assigned
    for owner, name in wrapped + assigned:
        assert owner in section and name in section, f"{owner}.{name}"


# Files and links ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", READERS)
def test_each_readers_page_begins_with_tasks(reader: str) -> None:
    text = page(f"{reader}.md")
    first = text.split("\n## ")[0]
    tasks = re.findall(r"^\| (?!I want to|---)(.+?) \| (.+?) \|$", first, re.MULTILINE)

    assert "| I want to | go to |" in first and len(tasks) >= 10
    assert f"]({reader}.md)" in page("README.md") and f"](docs/{reader}.md)" in (ROOT / "README.md").read_text()


def test_every_page_is_in_the_index() -> None:
    for text in DOCS.rglob("*.md"):
        name = str(text.relative_to(DOCS))
        assert name == "README.md" or f"]({name})" in page("README.md"), name


@pytest.mark.parametrize("text", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_files_that_a_page_names_are_there(text: Path) -> None:
    prose = re.sub(r"```.*?```", "", text.read_text(encoding="utf-8"), flags=re.DOTALL)
    top = r"actions|benchmarks|data|deploy|docs|parlance|scripts|shop|tests|web"
    for name in re.findall(rf"`((?:{top})(?:/[\w.-]+)+\.(?:py|yml|ts|csv|md))`", prose):
        # "tests/unit/test_<folder>.py" and the like are no names; the example of the kit has files of its own.
        assert (ROOT / name).is_file() or name == "data/rules.yml", name
    for name in re.findall(rf"`((?:{top})(?:/[\w-]+)*)/`", prose):
        assert (ROOT / name).is_dir() or f"{name}/" in BUILT, f"{name}/"


def anchors(text: Path) -> set[str]:
    """What a link to a page's headings may end in, as GitHub makes it from the heading."""
    prose = re.sub(r"^```.*?^```", "", text.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    names: dict[str, int] = {}
    found = set()
    for heading in re.findall(r"^#+ (.+)$", prose, re.MULTILINE):
        name = re.sub(r"[^\w\- ]", "", re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading).lower()).strip().replace(" ", "-")
        found.add(f"{name}-{names[name]}" if name in names else name)
        names[name] = names.get(name, 0) + 1
    return found


def links(text: Path) -> list[tuple[str, str]]:
    """The relative links of a page: file and anchor, each of which may be empty."""
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text.read_text(encoding="utf-8"), flags=re.DOTALL)
    inline = re.findall(r"\]\(\s*(?!https?:|mailto:)([^)#\s]*)#?([^)\s]*)\s*\)", prose)
    html = re.findall(r"""(?:href|src)=["'](?!https?:)([^"'#]*)#?([^"']*)["']""", prose)
    defined = re.findall(r"^\[[^\]]+\]:\s*(?!https?:)([^#\s]*)#?(\S*)", prose, re.MULTILINE)
    return [*inline, *html, *defined]


@pytest.mark.parametrize("text", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_anchors_lead_somewhere(text: Path) -> None:
    for target, anchor in links(text):
        linked = (text.parent / target if target else text).resolve()
        assert linked.exists(), f"{text.name} links to {target}"
        assert linked.is_relative_to(ROOT), f"{text.name} links out of the project: {target}"
        assert not anchor or anchor in anchors(linked), f"{text.name} links to {target}#{anchor}"


def test_a_link_that_leads_nowhere_is_noticed(tmp_path: Path) -> None:
    text = tmp_path / "page.md"
    text.write_text(
        "# One [x](y)\n## One x\n```\n# no heading\n```\n[a](gone.md) [b](#two) [c](https://x.y) `[d](no.md)`\n"
    )

    assert links(text) == [("y", ""), ("gone.md", ""), ("", "two")]
    assert anchors(text) == {"one-x", "one-x-1"}
