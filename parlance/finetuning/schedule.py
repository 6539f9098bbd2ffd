"""How a learning rate goes with the steps of a training."""


def warmup_then_decay(step: int, steps: int, warmup: float) -> float:
    """The share of the peak rate for a step, counted from 0: it rises linearly, then falls linearly to nothing.

    Args:
        step: The step.
        steps: How many there are.
        warmup: The share of them in which the rate rises.
    """
    rise = max(1, round(steps * warmup))
    return (step + 1) / rise if step < rise else (steps - step) / max(1, steps - rise)
