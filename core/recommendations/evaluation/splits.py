"""What is held out to judge by, and what is left to learn from: the three protocols.

`last`: the newest thing of everybody who has at least two. `random`: a share of all lines. `folds`: every line
once, in turns. Chance comes in as a seed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.recommendations.arrays import Bools
from core.recommendations.interactions import Interactions

FOLDS = 5
SHARE = 0.2


@dataclass(frozen=True, eq=False, slots=True)
class Split:
    """Two parts of the same users and items, with no line in both."""

    train: Interactions
    test: Interactions


def split(interactions: Interactions, held: Bools) -> Split:
    """Hold out the lines where `held`, of shape (n,), is true."""
    return Split(interactions.kept(~held), interactions.kept(held))


def last(interactions: Interactions, aside: int = 0) -> Split:
    """Hold out the newest thing of everybody who has two; with `aside`, the newest but so many."""
    able = np.repeat(interactions.counts >= 2 + aside, interactions.counts)
    return split(interactions, able & (interactions.age == aside))


def one_each(interactions: Interactions, seed: int) -> Split:
    """Hold out one thing of everybody who has two, any of them: for where nobody knows an order."""
    counts = interactions.counts
    drawn = (np.random.default_rng(seed).random(interactions.users) * counts).astype(np.int64)
    held = np.repeat(counts >= 2, counts) & (interactions.age == np.repeat(drawn, counts))
    return split(interactions, held)


def at_random(interactions: Interactions, seed: int, share: float = SHARE) -> Split:
    """Hold out a share of all lines."""
    drawn = np.random.default_rng(seed).permutation(len(interactions))
    return split(interactions, drawn < round(share * len(interactions)))


def folds(interactions: Interactions, seed: int, count: int = FOLDS) -> Iterator[Split]:
    """Hold out each line in one of `count` splits of nearly the same size."""
    drawn = np.random.default_rng(seed).permutation(len(interactions))
    for fold in range(count):
        yield split(interactions, drawn % count == fold)
