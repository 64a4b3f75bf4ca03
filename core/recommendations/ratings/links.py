"""What the set of rated items says of a user before any rating is looked at: a regression of factors on it."""

from dataclasses import dataclass

import numpy as np

from core.recommendations.arrays import Floats, Sparse

RIDGE = 10.0


@dataclass(frozen=True, eq=False, slots=True)
class Link:
    """`rows`, shape (n, others): 1 / sqrt(count) where rated; `solver`, shape (n, n): rows rows' + ridge, inverted."""

    rows: Sparse
    solver: Floats

    def lean(self, factors: Floats) -> Floats:
        """What each of the others says, shape (others, k): a ridge regression of factors, shape (n, k), on rows."""
        return np.asarray(self.rows.T @ (self.solver @ factors))


def link(matrix: Sparse, ridge: float) -> Link:
    """The link of one side; the matrix has its rows. Solved by way of users, or items: whichever it has rows of."""
    rows = matrix.copy()
    counts = np.diff(rows.indptr)
    rows.data = np.repeat(1 / np.sqrt(np.maximum(counts, 1)), counts)
    system = (rows @ rows.T).toarray()
    system[np.diag_indices_from(system)] += ridge
    return Link(rows, np.linalg.inv(system))
