"""A few hundred simulated customers talk to Fern: nothing does harm, and most get what they came for."""

import json
from pathlib import Path

from typer.testing import CliRunner

from parlance.cli import app
from parlance.simulation.invariants import HARM
from tests.e2e.running import ROOT, Fern

CUSTOMERS = 200
FLOOR = 0.9
"""97 to 98 of 100 reached theirs when this was written, with two seeds."""


def test_simulated_customers_come_to_no_harm_and_most_reach_their_goal(fern: Fern, tmp_path: Path) -> None:
    arguments = ["simulate", "--url", fern.address, "--database", str(fern.folder / "shop.db")]
    arguments += ["--profile", str(ROOT / "simulation.yml"), "--conversations", str(CUSTOMERS), "--tests", "3"]
    result = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path), "--json", str(tmp_path / "report.json")])
    assert (tmp_path / "report.json").is_file(), result.output
    report = json.loads((tmp_path / "report.json").read_text())

    assert not [violation for violation in report["violations"] if violation["invariant"] in HARM], result.output
    assert report["conversations"] == CUSTOMERS
    assert report["goals_reached"] >= FLOOR * CUSTOMERS, result.output
