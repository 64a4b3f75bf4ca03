"""Item k-nearest neighbours on baselines: what one rated above or below expectation, near items follow.

Koren, 2010, as in `baselines`, equation 3: r^_uj = b_uj + sum s_ij (r_ui - b_ui) / sum s_ij over the k items
i most similar to j among those that u rated. The similarity is Pearson's correlation of what the baselines
leave, shrunk by n_ij / (n_ij + shrink), where n_ij rated both.
"""

from dataclasses import dataclass

import numpy as np

from core.recommendations.answers import Because
from core.recommendations.arrays import Floats, Ints, Singles
from core.recommendations.interactions import History, Interactions
from core.recommendations.ratings import baselines
from core.recommendations.ratings.baselines import Baselines
from core.recommendations.ratings.rated import Rated
from core.recommendations.together import together

NEAREST = 40
SHRINK = 100.0
DAMPING = 0.3
"""Added to the sum of similarities: few or weak neighbours say less."""


@dataclass(frozen=True, eq=False, slots=True)
class Neighbours(Rated):
    """`similar`, shape (items, items): never negative, 0 on the diagonal; `both` counts who rated both."""

    base: Baselines
    similar: Singles
    both: Singles
    nearest: int = NEAREST

    @property
    def items(self) -> int:
        """How many items it knows."""
        return self.base.items

    def weights(self, history: History, items: Ints) -> Floats:
        """What each rating counts in each prediction, shape (history, items)."""
        near = self.similar[np.ix_(history.item, items)].astype(np.float64)
        if len(history) > self.nearest:
            least = np.partition(near, len(history) - self.nearest, axis=0)[len(history) - self.nearest]
            near = np.where(near >= least, near, 0)
        return np.asarray(near / (near.sum(axis=0) + DAMPING))

    def predict(self, history: History, items: Ints) -> Floats:
        """The baseline, moved as the nearest items were rated."""
        plain = self.base.plain(history, items)
        if len(history):
            plain = plain + self.base.residuals(history) @ self.weights(history, items)
        return self.base.within(plain)

    def shares(self, history: History, item: int) -> tuple[Because, ...]:
        """The baseline's parts, and each rated item that somebody rated together with this one."""
        weight = self.weights(history, np.array([item], np.int32))[:, 0] * self.base.residuals(history)
        people = self.both[history.item, item]
        told = tuple(
            Because("item", int(history.item[at]), float(weight[at]), int(people[at]))
            for at in np.flatnonzero((weight != 0) & (people > 0))
        )
        return (*told, *self.base.shares(history, item))


def correlations(interactions: Interactions, residuals: Floats, shrink: float) -> tuple[Singles, Singles]:
    """Shrunk correlations of items over who rated both, and how many these are, each of shape (items, items)."""
    left = interactions.matrix(residuals)
    squares = left.multiply(left).tocsr()
    both = together(interactions)
    product = np.asarray((left.T @ left).toarray())
    # Only who rated both counts in a length.
    length = np.asarray((squares.T @ interactions.matrix(np.ones(len(interactions)))).toarray())
    length = np.sqrt(length * length.T)
    found = np.divide(product, length, out=np.zeros_like(product), where=length > 0)
    return (found * (both / (both + shrink))).astype(np.float32), both


def fit(
    interactions: Interactions, base: Baselines | None = None, nearest: int = NEAREST, shrink: float = SHRINK
) -> Neighbours:
    """Correlate what the baselines leave."""
    base = base or baselines.fit(interactions)
    similar, both = correlations(interactions, base.all_residuals(interactions), shrink)
    np.fill_diagonal(similar, 0)
    return Neighbours(base, np.maximum(similar, 0), both, nearest)
