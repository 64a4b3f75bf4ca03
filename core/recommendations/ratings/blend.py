"""The blend of the models of ratings: how much of each is learnt from ratings that the models did not see.

Stacked regression (Breiman, 1996), with weights that are never negative (Lawson and Hanson's NNLS).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from core.recommendations.answers import Because
from core.recommendations.arrays import Floats, Ints, Singles
from core.recommendations.evaluation import errors, splits
from core.recommendations.interactions import History, Interactions
from core.recommendations.ratings import baselines, factors, kernel, neighbours
from core.recommendations.ratings.baselines import Baselines
from core.recommendations.ratings.pairs import Pairs, block
from core.recommendations.ratings.rated import Predictor, Rated

HELD = 0.1
"""The share of ratings that the weights are learnt from."""
SEED = 11
PLAIN = 3.0
"""Added squares in favour of the baselines: with few ratings the weights stay small."""

Fit = Callable[[Interactions, Baselines, Pairs], Predictor]

PARTS: Mapping[str, Fit] = {
    "neighbours": neighbours.fit,
    "kernel": kernel.fit,
    "leaning factors": lambda ratings, base, _: factors.fit(ratings, base, ridge=3.0),
    "factors": lambda ratings, base, _: factors.fit(ratings, base, ridge=20.0),
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
    base, pairs = _ground(cut.train)
    plain = errors.predictions(base.predict, cut)
    beyond = [
        errors.predictions(part(cut.train, base, pairs).predict, cut) - plain for part in PARTS.values()
    ]
    weights = stacked(np.stack(beyond, axis=1), cut.test.value.astype(np.float64) - plain)
    base, pairs = _ground(interactions)
    parts = {
        name: part(interactions, base, pairs)
        for (name, part), weight in zip(PARTS.items(), weights, strict=True)
        if weight > 0
    }
    return Blend(base, parts, dict(zip(PARTS, weights.tolist(), strict=True)), pairs.both)


def _ground(interactions: Interactions) -> tuple[Baselines, Pairs]:
    base = baselines.fit(interactions)
    return base, Pairs.of(interactions, base.all_residuals(interactions))


def stacked(beyond: Floats, left: Floats) -> Floats:
    """Weights of shape (parts,) with which `beyond`, shape (n, parts), comes nearest to `left`, shape (n,)."""
    parts = beyond.shape[1]
    if not len(left):
        return np.zeros(parts)
    system = np.concatenate((beyond, np.sqrt(PLAIN) * np.eye(parts)))
    weights, _ = nnls(system, np.concatenate((left, np.zeros(parts))))
    return np.asarray(weights, dtype=np.float64)
