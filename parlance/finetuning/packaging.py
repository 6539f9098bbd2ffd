"""From a trained model to a model folder: the graph, the precision that it is served in, the metadata, the files."""

import datetime
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from safetensors.torch import save

from parlance.data.examples import Example
from parlance.finetuning import export, hardware
from parlance.finetuning.dataset import never_touching
from parlance.finetuning.encoder import save_architecture
from parlance.finetuning.learner import Learner
from parlance.finetuning.model import JointModel
from parlance.finetuning.precision import (
    ENOUGH_TO_COMPARE,
    Understanding,
    agreement_of,
    costs_too_much,
    messages_to_agree_on,
    understanding,
)
from parlance.finetuning.trainer import Training
from parlance.inference.folder import ENCODER, GRAPH, SCOPE, TOKENIZER, WEIGHTS
from parlance.inference.model import NLUModel, open_session
from parlance.inference.scope import Scope

EXPORT_SAMPLE = 256
"""Utterances, spread over the data, that the export to ONNX looks at."""


class Packager:
    """Makes what is served of a learner's models.

    Args:
        learner: It trained them.
        train: All that there is to learn.
        scratch: A folder for the graphs that are tried.
    """

    def __init__(self, learner: Learner, train: Sequence[Example], scratch: Path) -> None:
        self._start, self._labels, self._options = learner.start, learner.labels, learner.options
        self._learner = learner
        self._train = train
        self._never_touching = never_touching(train, learner.labels)
        self._scratch = scratch

    def export(self, model: JointModel, examples: Sequence[Example]) -> float:
        """Write the graph in fp32; returns the largest difference of a logit from PyTorch's."""
        sample = self._learner.encode(examples[:: max(1, len(examples) // EXPORT_SAMPLE)])
        return export.export_fp32(model, self._scratch, sample, self._start.padding)

    def graph(self, precision: str) -> Path:
        """The graph of what was exported last, in ``fp32`` or ``int8``."""
        return export.graph_in(self._scratch, precision)

    def figures(self, scope: Scope, held: list[Example]) -> dict[str, Any]:
        """What each precision reaches on the hold-out; nothing where there is none."""
        if not held:
            return {}
        precisions = ["fp32"] if self._options.quantize == "fp32" else ["fp32", "int8"]
        looks = {precision: self._understanding(precision, scope, held) for precision in precisions}
        figures: dict[str, Any] = {precision: look.figures for precision, look in looks.items()}
        if "int8" in looks:
            figures["int8_costs_too_much"] = costs_too_much(looks["fp32"], looks["int8"])
        return figures

    def choose_precision(self, holdout: dict[str, Any], scope: Scope) -> dict[str, Any]:
        """The precision to serve, and where the hold-out is too small to tell, how far int8 agrees with fp32."""
        too_much = holdout.pop("int8_costs_too_much", False)
        if self._options.quantize != "auto":
            return {"precision": self._options.quantize}
        if "kept" not in holdout and holdout["utterances"] >= ENOUGH_TO_COMPARE:
            return {"precision": "fp32" if too_much else "int8"}
        messages = messages_to_agree_on(self._train, self._options.seed)
        full, lower = (self._served(precision, scope) for precision in ("fp32", "int8"))
        agreement = agreement_of(full, lower, messages)
        return {
            "precision": "int8" if agreement.is_enough and not too_much else "fp32",
            "int8_agreement": agreement.figures,
        }

    def _understanding(self, precision: str, scope: Scope, examples: list[Example]) -> Understanding:
        return understanding(self._served(precision, scope), examples)

    def _served(self, precision: str, scope: Scope) -> NLUModel:
        session = open_session(self.graph(precision), 1)
        return NLUModel(self._basics(scope), self._start.tokenizer, session, scope)

    def _basics(self, scope: Scope) -> dict[str, Any]:
        return {
            "hidden_size": scope.hidden_size,
            "calibration": asdict(scope.calibration),
            "intents": list(self._labels.intents),
            "labels": [[label.type, label.role, label.group] for label in self._labels.spans],
            "never_touching": self._never_touching,
            **self._of_conversation(),
            "max_length": self._start.max_length,
            "padding": self._start.padding,
        }

    def _of_conversation(self) -> dict[str, Any]:
        """What a model says of acts and contexts; nothing if it reads messages alone."""
        if not self._labels.contextual:
            return {}
        read = {"tokens": self._options.context_tokens, "said": self._options.context == "both"}
        return {"acts": list(self._labels.acts), "context": read}

    def describe(self, training: Training, holdout: dict[str, Any], scope: Scope, seconds: float) -> dict[str, Any]:
        """The model's metadata."""
        libraries = ("torch", "transformers", "onnxruntime", "tokenizers")
        return self._basics(scope) | {
            "created": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "precision": holdout["precision"],
            "holdout": holdout,
            "training": {
                "seconds": round(seconds, 1),
                "epochs": training.epochs,
                "steps": training.steps,
                "history": training.history,
                "device": hardware.describe(self._learner.device),
                "precision": training.precision,
            },
            "options": self._options.as_dict(),
            "versions": {name: version(name) for name in libraries},
        }

    def fill(self, folder: Path, model: JointModel, scope: Scope, graph: Path) -> None:
        """Write every file of the model folder but the metadata."""
        shutil.copyfile(graph, folder / GRAPH)
        self._start.tokenizer.no_padding()
        (folder / TOKENIZER).write_text(self._start.tokenizer.to_str(), encoding="utf-8")
        scope.save(folder / SCOPE)
        # Half precision is enough to go on training from, and half the size.
        weights = {name: value.detach().cpu().half().contiguous() for name, value in model.state_dict().items()}
        (folder / WEIGHTS).write_bytes(save(weights))
        save_architecture(model.encoder, folder / ENCODER)
