"""Memory of a process that serves a model with ``parlance.inference`` alone.

    python benchmarks/memory.py --model MODEL_FOLDER [--messages FILE] [--count 100]

``--model`` is what ``parlance finetune`` wrote. A fresh process loads it and predicts the messages one at a time;
what it holds then, and the most that it has held, are printed as JSON, in mebibytes.
"""

import argparse
import json
import subprocess
import sys
from itertools import cycle, islice
from pathlib import Path

MESSAGES = (
    "Where is my order?",
    "I would like to return the blue armchair that arrived on Monday",
    "hi there",
    "Can you tell me how long delivery to Edinburgh takes, and what it costs?",
)

# Only what serving imports may be imported in the process that is measured.
CHILD = """
import json, sys
from pathlib import Path
from parlance.inference.model import NLUModel

def status(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(name))) / 1024

folder, messages = json.load(sys.stdin)
model = NLUModel.load(Path(folder))
for message in messages:
    model.predict(message)
loaded = [name for name in ("torch", "transformers", "tensorflow", "rasa") if name in sys.modules]
print(json.dumps({"messages": len(messages), "rss_mib": round(status("VmRSS"), 1),
                  "peak_mib": round(status("VmHWM"), 1), "should_not_be_loaded": loaded}))
"""


def measure(folder: Path, messages: list[str]) -> dict[str, object]:
    """The figures of a fresh process. Linux only: they are read from /proc."""
    given = json.dumps([str(folder.resolve()), messages])
    done = subprocess.run([sys.executable, "-c", CHILD], input=given, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr.strip().splitlines()[-1])
    figures: dict[str, object] = json.loads(done.stdout)
    return figures


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="a model folder of the library")
    parser.add_argument("--messages", type=Path, help="a text file with one message a line")
    parser.add_argument("--count", type=int, default=100, help="how many messages (%(default)s)")
    options = parser.parse_args()
    messages = options.messages.read_text(encoding="utf-8").splitlines() if options.messages else MESSAGES
    print(json.dumps(measure(options.model, list(islice(cycle(messages), options.count)))))


if __name__ == "__main__":
    main()
