"""The blend of the models of ratings: how much of each is learnt from ratings that the models did not see.

Stacked regression (Breiman, 1996), with weights that are never negative (Lawson and Hanson's NNLS).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Self

import numpy as np
from scipy.optimize import nnls

from core.recommendations.answers import Because
from core.recommendations.arrays import Floats, Ints, Singles
from core.recommendations.evaluation import errors, splits
from core.recommendations.interactions import History, Interactions
from core.recommendations.ratings import baselines, factors, kernel, neighbours
from core.recommendations.ratings.baselines import Baselines
from core.recommendations.ratings.factors import Factors
from core.recommendations.ratings.pairs import Pairs, block
from core.recommendations.ratings.rated import Predictor, Rated

HELD = 0.1
"""The share of ratings that the weights are learnt from."""
SEED = 11
AGAIN = 12
"""Rounds of factors that begin where those without some ratings ended."""
PLAIN = 3.0
"""Added squares in favour of the baselines: with few ratings the weights stay small."""
LEAST = 0.02
"""A part of less weight is left out: it takes as long as the others, and says next to nothing."""

Fit = Callable[["Ground", Predictor | None], Predictor]


class Ground(NamedTuple):
    """What parts are fitted to: in this order it is what `neighbours.fit` and `kernel.fit` take."""

    ratings: Interactions
    base: Baselines
    pairs: Pairs

    @classmethod
    def of(cls, ratings: Interactions) -> Self:
        """The baselines, and what they leave to pairs of items."""
        base = baselines.fit(ratings)
        return cls(ratings, base, Pairs.of(ratings, base.all_residuals(ratings)))


def _factors(ground: Ground, before: Predictor | None, ridge: float) -> Factors:
    start = before if isinstance(before, Factors) else None
    return factors.fit(
        ground.ratings, ground.base, AGAIN if start else factors.ROUNDS, ridge=ridge, start=start
    )


PARTS: Mapping[str, Fit] = {
    "neighbours": lambda ground, _: neighbours.fit(*ground),
    "kernel": lambda ground, _: kernel.fit(*ground),
    "leaning factors": partial(_factors, ridge=1.0),
    "factors": partial(_factors, ridge=10.0),
}
"""With the baselines, five. How far factors lean on the set of what was rated is a matter of the data: so, both."""


@dataclass(frozen=True, eq=False, slots=True)
class Blend(Rated):
    """`parts` with `weights` on what each says beyond the baselines; `both`, (items, items): who rated both."""

    base: Baselines
    parts: Mapping[str, Predictor]
    weights: Mapping[str, float]
    both: Singles

    @property
    def items(self) -> int:
        """How many items it knows."""
        return self.base.items

    def predict(self, history: History, items: Ints) -> Floats:
        """The baseline, and what the parts say beyond it."""
        plain = self.base.predict(history, items)
        total = plain.copy()
        for name, part in self.parts.items():
            total += self.weights[name] * (part.predict(history, items) - plain)
        return self.base.within(total)

    def added(self, history: History, items: Ints) -> Floats:
        """What each rated item adds by way of all parts, where somebody rated both."""
        added = np.zeros((len(items), len(history)))
        for name, part in self.parts.items():
            added += self.weights[name] * part.added(history, items)
        return np.where(self.people(history, items) > 0, added, 0)

    def people(self, history: History, items: Ints) -> Singles:
        """How many rated both."""
        return block(self.both, items, history.item)

    def rest(self, history: History, items: Ints) -> list[tuple[Because, ...]]:
        """The baseline's parts."""
        return self.base.rest(history, items)


def fit(interactions: Interactions) -> Blend:
    """Fit every part twice: without some ratings, to learn the weights from these, then with all."""
    cut = splits.at_random(interactions, SEED, HELD)
    ground = Ground.of(cut.train)
    before = {name: part(ground, None) for name, part in PARTS.items()}
    plain = errors.predictions(ground.base.predict, cut)
    beyond = [errors.predictions(part.predict, cut) - plain for part in before.values()]
    found = stacked(np.stack(beyond, axis=1), cut.test.value.astype(np.float64) - plain)
    weights = {name: weight for name, weight in zip(PARTS, found.tolist(), strict=True) if weight >= LEAST}
    ground = Ground.of(interactions)
    parts = {name: PARTS[name](ground, before[name]) for name in weights}
    return Blend(ground.base, parts, weights, ground.pairs.both)


def stacked(beyond: Floats, left: Floats) -> Floats:
    """Weights of shape (parts,) with which `beyond`, shape (n, parts), comes nearest to `left`, shape (n,)."""
    parts = beyond.shape[1]
    if not len(left):
        return np.zeros(parts)
    system = np.concatenate((beyond, np.sqrt(PLAIN) * np.eye(parts)))
    weights, _ = nnls(system, np.concatenate((left, np.zeros(parts))))
    return np.asarray(weights, dtype=np.float64)
