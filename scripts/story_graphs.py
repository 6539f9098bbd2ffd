"""Draws what ``rasa visualize`` makes of each skill's stories as a picture: ``docs/images/stories/<skill>.svg``.

Rasa's own page needs scripts from other servers to draw its graph, and shows other example messages at every run.
Graphviz needs neither, and a picture can stand in a page.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import warnings

from scripts.console import Problem, Steps, report_problems
from scripts.environment import ROOT

STORIES = ROOT / "data" / "stories"
PICTURES = ROOT / "docs" / "images" / "stories"


def graph_of(stories: str, domain: str) -> str:
    """The graph of a stories file, as ``rasa visualize`` makes it, in Graphviz's language."""
    from networkx.drawing.nx_pydot import to_pydot
    from rasa.shared.core.domain import Domain
    from rasa.shared.core.training_data.loading import load_data_from_resource
    from rasa.shared.core.training_data.visualization import visualize_stories

    known = Domain.load(domain)
    graph = visualize_stories(load_data_from_resource(stories, known), known, output_file=None, max_history=2)
    for _, node in graph.nodes(data=True):
        # Rasa quotes some labels and forgets the quotation marks inside.
        node["label"] = '"' + node["label"].strip('"').replace('"', "'") + '"'
    return str(to_pydot(graph).to_string())


@report_problems
def main(_arguments: list[str]) -> int:
    """``make story-graphs``."""
    if shutil.which("dot") is None:
        raise Problem("There is no Graphviz here.", "Install it: apt install graphviz")
    warnings.filterwarnings("ignore")  # of Rasa and what it depends on
    files = sorted(STORIES.glob("*.yml"))
    PICTURES.mkdir(parents=True, exist_ok=True)
    steps = Steps(len(files))
    for file in files:
        picture = PICTURES / f"{file.stem}.svg"
        with steps.step(str(picture.relative_to(ROOT))):
            drawing = ["dot", "-Tsvg", "-Grankdir=LR", "-Nfontname=sans-serif", "-o", str(picture)]
            subprocess.run(drawing, input=graph_of(str(file), str(ROOT / "domain.yml")), text=True, check=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
