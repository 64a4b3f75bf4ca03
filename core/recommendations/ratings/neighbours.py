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
from core.recommendations.ratings.pairs import Pairs, block
from core.recommendations.ratings.rated import Rated

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

    def near(self, history: History, items: Ints) -> tuple[Singles, Singles]:
        """How near each rated item is to each of some items, shape (items, history), and what these add up to."""
        near = block(self.similar, items, history.item)
        if len(history) > self.nearest:
            least = np.partition(near, len(history) - self.nearest, axis=1)[:, len(history) - self.nearest]
            near *= near >= least[:, np.newaxis]
        return near, near.sum(axis=1) + np.float32(DAMPING)

    def predict(self, history: History, items: Ints) -> Floats:
        """The baseline, moved as the nearest items were rated."""
        near, total = self.near(history, items)
        moved = near @ self.base.residuals(history).astype(np.float32) / total
        return self.base.within(self.base.plain(history, items) + moved)

    def added(self, history: History, items: Ints) -> Floats:
        """What was rated near, and above or below expectation."""
        near, total = self.near(history, items)
        return np.asarray(near * self.base.residuals(history) / total[:, np.newaxis])

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
    nearest: int = NEAREST,
    shrink: float = SHRINK,
) -> Neighbours:
    """Correlate what the baselines leave."""
    base = base or baselines.fit(interactions)
    pairs = pairs or Pairs.of(interactions, base.all_residuals(interactions))
    # Only who rated both counts in a length.
    length = pairs.length * pairs.length.T
    similar = np.divide(pairs.product, length, out=np.zeros_like(length), where=length > 0)
    similar *= pairs.both / (pairs.both + np.float32(shrink))
    np.fill_diagonal(similar, 0)
    return Neighbours(base, np.maximum(similar, 0), pairs.both, nearest)
