"""Fern's actions: what is Fern's, on the kit ``parlance.actions``."""

from pathlib import Path

from actions.alternatives import ALTERNATIVES
from actions.refusals import REFUSABLE
from actions.visits import leave_earlier_visits
from parlance.actions.fallback import read_titles
from parlance.actions.settings import configure

configure(
    name="Fern",
    user="Customer",
    between="order account",
    before_action=leave_earlier_visits,
    titles=read_titles(Path(__file__).with_name("intent_titles.yml")),
    refusable=REFUSABLE,
    kept_between_forms=frozenset({"order_number", "email", "product"}),
    kept_by_the_next_form=frozenset({"item"}),
    kept_from_outside=frozenset({"photo"}),
    free_text=frozenset({"description", "driver_note", "gift_note", "reason"}),
    secrets=frozenset({"one_time_code"}),
    alternatives=ALTERNATIVES,
)
