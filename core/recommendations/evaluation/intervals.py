"""How sure a mean is: percentile intervals by bootstrap over users (Efron and Tibshirani, 1993); and a share."""

from math import sqrt

import numpy as np

from core.recommendations.arrays import Floats

DRAWS = 1000
LEVEL = 0.95
Z = 1.959964
"""Of the normal distribution, for that level."""
AT_ONCE = 2_000_000


def interval(figures: Floats, seed: int, draws: int = DRAWS, level: float = LEVEL) -> tuple[float, float]:
    """Where the mean of such figures lies; (nan, nan) for none. Of two models, give the differences a user."""
    if not len(figures):
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    # Figures repeat (most users have 0): drawing how often each value comes is the same, and quicker.
    values, times = np.unique(figures, return_counts=True)
    # Many values are drawn a few draws at a time, to spare memory.
    at_once = max(1, AT_ONCE // len(values))
    sizes = [min(at_once, draws - begin) for begin in range(0, draws, at_once)]
    means = np.concatenate(
        [
            rng.multinomial(len(figures), times / times.sum(), size=size) @ values / len(figures)
            for size in sizes
        ]
    )
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def share(hits: int, count: int) -> tuple[float, float]:
    """Where a share lies of which `hits` of `count` were seen (Wilson, 1927), few or many; (0, 1) for none."""
    if not count:
        return 0.0, 1.0
    squared = Z * Z / count
    middle = (hits / count + squared / 2) / (1 + squared)
    half = Z / (1 + squared) * sqrt(hits / count * (1 - hits / count) / count + squared / count / 4)
    return max(0.0, middle - half), min(1.0, middle + half)
