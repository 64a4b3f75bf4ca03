"""Kernel ridge regression: each person's ratings as a smooth function over items that are rated alike.

A Gaussian process a person (Rasmussen and Williams, "Gaussian processes for machine learning", 2006, equation
2.25): what the baselines leave of an unrated item is K_j (K + ridge I)^-1 e, where e is what they leave of the
rated ones. K is the kernel of normalised vectors that Paterek, "Improving regularized singular value
decomposition for collaborative filtering", 2007, section 3.6, took to ratings.
"""

from dataclasses import dataclass

import numpy as np

from core.recommendations.answers import Because
from core.recommendations.arrays import Floats, Ints, Singles
from core.recommendations.interactions import History, Interactions
from core.recommendations.ratings import baselines
from core.recommendations.ratings.baselines import Baselines
from core.recommendations.ratings.neighbours import correlations
from core.recommendations.ratings.rated import Rated

RIDGE = 2.0
SHRINK = 50.0
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
        system = self.kernel[np.ix_(item, item)].astype(np.float64)
        system[np.diag_indices_from(system)] += self.ridge
        return item, np.asarray(np.linalg.solve(system, left), dtype=np.float64)

    def predict(self, history: History, items: Ints) -> Floats:
        """The baseline, and what the regression says is left."""
        plain = self.base.plain(history, items)
        if len(history):
            item, weight = self.weights(history)
            plain = plain + weight @ self.kernel[np.ix_(item, items)]
        return self.base.within(plain)

    def shares(self, history: History, item: int) -> tuple[Because, ...]:
        """The baseline's parts, and each rated item that somebody rated together with this one."""
        if not len(history):
            return self.base.shares(history, item)
        rated, weight = self.weights(history)
        share, people = weight * self.kernel[rated, item], self.both[rated, item]
        told = tuple(
            Because("item", int(rated[at]), float(share[at]), int(people[at]))
            for at in np.flatnonzero((share != 0) & (people > 0))
        )
        return (*told, *self.base.shares(history, item))


def positive(table: Singles) -> Singles:
    """The nearest symmetric table without negative eigenvalues, with 1 on the diagonal again."""
    values, vectors = np.linalg.eigh((table.astype(np.float64) + table.T) / 2)
    root = vectors * np.sqrt(np.maximum(values, 0))
    root /= np.maximum(np.linalg.norm(root, axis=1, keepdims=True), 1e-9)
    return np.asarray(root @ root.T, dtype=np.float32)


def fit(
    interactions: Interactions, base: Baselines | None = None, ridge: float = RIDGE, shrink: float = SHRINK
) -> Kernel:
    """The kernel is the shrunk correlation of items, made positive."""
    base = base or baselines.fit(interactions)
    similar, both = correlations(interactions, base.all_residuals(interactions), shrink)
    np.fill_diagonal(similar, 1)
    return Kernel(base, positive(similar), both, ridge)
