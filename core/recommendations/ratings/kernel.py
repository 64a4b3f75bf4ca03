"""Kernel ridge regression: each person's ratings as a smooth function over items that are rated alike.

A Gaussian process a person (Rasmussen and Williams, "Gaussian processes for machine learning", 2006, equation
2.25): what the baselines leave of an unrated item is K_j (K + ridge I)^-1 e, where e is what they leave of the
rated ones. K is the kernel of normalised vectors that Paterek, "Improving regularized singular value
decomposition for collaborative filtering", 2007, section 3.6, took to ratings: exp(cosine - 1), of what the
baselines leave of both items. Sums, products and powers of positive tables are positive, so it is as well.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from core.recommendations.answers import Because
from core.recommendations.arrays import Floats, Ints, Singles
from core.recommendations.interactions import History, Interactions
from core.recommendations.ratings import baselines
from core.recommendations.ratings.baselines import Baselines
from core.recommendations.ratings.pairs import Pairs, block, weighed
from core.recommendations.ratings.rated import Rated

RIDGE = 0.3
SHRINK = 2.0
"""Added to the squared length of each item's vector: of what few people rated little is said."""
MOST = 500
"""The newest ratings of one person that count: the work grows with their cube."""


@dataclass(frozen=True, eq=False, slots=True)
class Kernel(Rated):
    """`kernel`, shape (items, items), symmetric and positive, 1 on the diagonal; `both` as in `Neighbours`."""

    base: Baselines
    kernel: Singles
    both: Singles
    ridge: float = RIDGE

    @property
    def items(self) -> int:
        """How many items it knows."""
        return self.base.items

    def weights(self, history: History) -> tuple[Ints, Floats]:
        """The rated items that count, and the weight of each one's kernel, both of shape (counted,)."""
        left = self.base.residuals(history)[-MOST:]
        item = history.item[-MOST:]
        system = block(self.kernel, item, item).astype(np.float64)
        system[np.diag_indices_from(system)] += self.ridge
        factor = cho_factor(system, overwrite_a=True, check_finite=False)
        return item, np.asarray(cho_solve(factor, left, check_finite=False), dtype=np.float64)

    def predict(self, history: History, items: Ints) -> Floats:
        """The baseline, and what the regression says is left."""
        item, weight = self.weights(history)
        return self.base.within(self.base.plain(history, items) + weighed(self.kernel, items, item, weight))

    def added(self, history: History, items: Ints) -> Floats:
        """What the regression takes from each rated item that somebody rated together with these."""
        item, weight = self.weights(history)
        added = np.zeros((len(items), len(history)))
        added[:, -MOST:] = block(self.kernel, items, item) * weight
        return np.where(self.people(history, items) > 0, added, 0)

    def people(self, history: History, items: Ints) -> Singles:
        """How many rated both."""
        return block(self.both, items, history.item)

    def rest(self, history: History, items: Ints) -> list[tuple[Because, ...]]:
        """The baseline's parts."""
        return self.base.rest(history, items)


def fit(
    interactions: Interactions,
    base: Baselines | None = None,
    pairs: Pairs | None = None,
    *,
    ridge: float = RIDGE,
    shrink: float = SHRINK,
) -> Kernel:
    """Compare items by what the baselines leave of their ratings."""
    base = base or baselines.fit(interactions)
    pairs = pairs or Pairs.of(interactions, base.all_residuals(interactions))
    length = np.sqrt(np.diag(pairs.product) + np.float32(shrink))
    cosine = pairs.product / length / length[:, np.newaxis]
    np.fill_diagonal(cosine, 1)
    return Kernel(base, np.exp(cosine - 1), pairs.both, ridge)
