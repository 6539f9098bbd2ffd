"""Runs the graph of a trained model node by node, in an order that is worked out once.

Rasa hands the graph to Dask for every message, and again for every action that it predicts. Dask plans, queues and
watches the handful of nodes as it would the work of a cluster; that took longer than all policies together.
"""

from functools import lru_cache
from graphlib import TopologicalSorter
from typing import Any

from rasa.core import processor
from rasa.engine.exceptions import GraphRunError
from rasa.engine.runner.dask import DaskGraphRunner


class SerialGraphRunner(DaskGraphRunner):
    """Rasa's runner without Dask. It keeps every output until the end of a run, so it is not for training."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._order = lru_cache(maxsize=None)(self._order_of)

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """The outputs of the targets, by their names.

        Args:
            inputs: What no node gives, by the names under which nodes ask for it.
            targets: The nodes whose outputs are wanted; without it those that the schema marks as targets.

        Raises:
            GraphRunError: A node lacks an input, or ended with a RuntimeError.
        """
        wanted = tuple(targets or self._graph_schema.target_names)
        outputs = {name: (name, value) for name, value in (inputs or {}).items()}
        try:
            for name in self._order(wanted):
                if name not in outputs:
                    needs = self._graph_schema.nodes[name].needs.values()
                    outputs[name] = self._instantiated_nodes[name](*(outputs.get(need, need) for need in needs))
        except RuntimeError as error:
            raise GraphRunError("Error running runner.") from error
        return dict(outputs[name] for name in wanted)

    def _order_of(self, targets: tuple[str, ...]) -> list[str]:
        """The targets and what they need, each after what it needs itself."""
        nodes = self._graph_schema.minimal_graph_schema(list(targets)).nodes
        order = TopologicalSorter({name: node.needs.values() for name, node in nodes.items()}).static_order()
        return [name for name in order if name in nodes]


def answer_without_dask() -> None:
    """Have Rasa answer messages with this runner; calling this again changes nothing."""
    processor.DaskGraphRunner = SerialGraphRunner
