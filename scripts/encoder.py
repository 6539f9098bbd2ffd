"""Writes the pretrained encoder as an ONNX graph to ``models/encoder/``, for the shop's recommendations.

The shop compares texts of products with each other and with what customers ask for. The encoder that was fine-tuned on
intents has unlearned what tells goods apart (benchmarks/README.md has the figures), so this one is as it was published.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from scripts.console import report_problems
from scripts.environment import ROOT

ENCODER = ROOT / "models" / "encoder"
GRAPH, TOKENIZER = "model.onnx", "tokenizer.json"
LONGEST = 128
"""Tokens of a text that are read; a product's description has about 60."""
DEFAULT = "sentence-transformers/all-MiniLM-L6-v2"


def export(name: str, folder: Path) -> None:
    """Write the graph in int8, from token numbers and mask to ``embedding``, and the tokenizer."""
    import torch

    from parlance.finetuning.encoder import load_encoder, pooled, usable_length
    from parlance.finetuning.export import write_graph
    from parlance.finetuning.quantization import alone, balance, quantize
    from shop.catalogue import read_catalogue

    encoder, tokenizer, _ = load_encoder(name, dropout=0.0)
    tokenizer.no_padding()
    tokenizer.enable_truncation(usable_length(encoder.config, LONGEST))

    class Sentences(torch.nn.Module):
        """The mean of the vectors of a text's tokens."""

        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder.eval()

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            return pooled(hidden, attention_mask)

    folder.mkdir(parents=True, exist_ok=True)
    sample = torch.ones(2, 5, dtype=torch.int64)
    with tempfile.TemporaryDirectory(dir=folder) as unfinished:
        whole, small = Path(unfinished) / "fp32.onnx", Path(unfinished) / GRAPH
        write_graph(Sentences(), (sample, sample), whole, ["embedding"])
        texts = [f"{entry.name}. {entry.description}" for entry in read_catalogue()]
        balance(whole, [alone(tokenizer.encode(text).ids) for text in texts])
        quantize(whole, small)
        tokenizer.save(str(folder / TOKENIZER))
        small.replace(folder / GRAPH)


@report_problems
def main(arguments: list[str]) -> int:
    """Writes the encoder of this name, or the default."""
    export(arguments[0] if arguments else DEFAULT, ENCODER)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
