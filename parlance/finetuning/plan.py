"""What a training learns, what it keeps apart to fit the confidence on, and whether it rehearses first."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from parlance.data.examples import Example
from parlance.finetuning.dataset import Labels, hold_out
from parlance.finetuning.options import FinetuneOptions
from parlance.finetuning.outliers import Outliers
from parlance.finetuning.start import Start

SMALL = 2000
"""With fewer utterances a hold-out costs accuracy, so the final model is trained on all of them."""

REHEARSAL_SHARE = 0.2
"""Share held out in a rehearsal, where it costs the final model nothing."""

FEWEST_TO_REHEARSE = 30
"""With fewer utterances a hold-out of a handful tells nothing, and one training on all of them is enough."""

FEWEST_HELD = 20
"""With fewer utterances that the initial model never learned, its calibration tells more than they do."""


@dataclass(frozen=True)
class Plan:
    """The parts of the data."""

    part: list[Example]
    """What the first training learns."""
    held: list[Example]
    """What it never sees, to fit the confidence on; may be empty."""
    rehearses: bool
    """Whether a second training follows, which learns everything."""
    outliers: Outliers | None
    """What the final model learns of what lies outside; None where the data is enough to tell by."""
    unseen: Outliers
    """Messages from outside that the first training never sees."""
    keeps_calibration: bool = False
    """Whether the initial model's confidence stays, because what it was fitted on has been learned by now."""

    @property
    def shown(self) -> Outliers | None:
        """Messages from outside for the first training."""
        return self.outliers.split()[0] if self.outliers else None


def plan(
    train: Sequence[Example], valid: Sequence[Example] | None, options: FinetuneOptions, start: Start, labels: Labels
) -> Plan:
    """Divide the data for a training from this start."""
    small = len(train) < SMALL
    learns_outside = small if start.metadata is None else bool(start.metadata["training"].get("outliers"))
    outside = Outliers.of(train)
    outliers = outside if learns_outside and labels.intents else None
    unseen = outside.split()[1] if outliers else outside
    if valid is not None:
        return Plan(list(train), list(valid), False, outliers, unseen)
    if start.metadata is not None:
        part, held = _hold_out_again(train, options, start)
        if small or len(held) < FEWEST_HELD:
            return Plan(list(train), [], False, outliers, unseen, keeps_calibration=True)
        return Plan(part, held, False, outliers, unseen)
    share = options.holdout
    if small and share:
        share = max(share, REHEARSAL_SHARE) if len(train) >= FEWEST_TO_REHEARSE else 0.0
    part, held = hold_out(train, share, options.seed)
    return Plan(part, held, small and bool(held), outliers, unseen)


def _hold_out_again(
    train: Sequence[Example], options: FinetuneOptions, start: Start
) -> tuple[list[Example], list[Example]]:
    """What the initial model's final training had held out, and the share of the intents that are new to it.

    Anything else it may have learned, and what has been learned tells nothing of confidence.
    """
    assert start.metadata and start.labels
    if not options.holdout:
        return list(train), []
    earlier = set(start.metadata["holdout"].get("texts", ()))
    known = {*start.labels.intents, None}
    _, new = hold_out([example for example in train if example.intent not in known], options.holdout, options.seed)
    held_out_before = [example for example in train if example.intent in known and digest(example) in earlier]
    held = {id(example) for example in [*held_out_before, *new]}
    return [e for e in train if id(e) not in held], [e for e in train if id(e) in held]


def digest(example: Example) -> str:
    """A short name of an utterance, by which a later training knows it again."""
    return blake2b(example.text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
