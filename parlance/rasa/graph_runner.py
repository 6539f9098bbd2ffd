"""Rasa's graph without Dask where a message is answered: node by node, in an order that is worked out once.

Rasa hands the graph to Dask for every message, and again for every action that it predicts. Dask plans, queues and
watches the handful of nodes as it would the work of a cluster; that took longer than all policies together. Training
stays with Dask, which lets go of what no node needs any more.
"""

from collections.abc import Callable
from functools import wraps
from graphlib import TopologicalSorter
from typing import Any

from rasa.engine.constants import PLACEHOLDER_IMPORTER
from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner

Run = Callable[..., dict[str, Any]]


def without_dask(original: Run) -> Run:
    """A ``DaskGraphRunner.run`` that answers messages itself and leaves training to the original."""

    @wraps(original)
    def run(
        self: DaskGraphRunner, inputs: dict[str, Any] | None = None, targets: list[str] | None = None
    ) -> dict[str, Any]:
        if not inputs or PLACEHOLDER_IMPORTER in inputs:
            return original(self, inputs, targets)
        schema, wanted = self._graph_schema, tuple(targets or self._graph_schema.target_names)
        orders = vars(self).setdefault("_orders", {})
        if wanted not in orders:
            orders[wanted] = _order(schema, wanted)
        outputs: dict[str, Any] = {name: (name, value) for name, value in inputs.items()}
        try:
            for name in orders[wanted]:
                # A node takes the bare name of a need for "there is none", and says so.
                needs = (outputs.get(need, need) for need in schema.nodes[name].needs.values())
                outputs[name] = self._instantiated_nodes[name](*needs)
        except RuntimeError as error:
            raise GraphRunError("Error running runner.") from error
        return dict(outputs[name] for name in wanted)

    return run


def _order(schema: GraphSchema, targets: tuple[str, ...]) -> list[str]:
    """The targets and the nodes that they need, each after what it needs itself."""
    nodes = schema.minimal_graph_schema(list(targets)).nodes
    names = TopologicalSorter({name: node.needs.values() for name, node in nodes.items()}).static_order()
    return [name for name in names if name in nodes]
