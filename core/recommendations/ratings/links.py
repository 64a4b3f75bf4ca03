"""What the set of rated items says of a user before any rating is looked at: a regression of factors on it."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from core.recommendations.arrays import Floats, Sparse

RIDGE = 10.0


@dataclass(frozen=True, eq=False, slots=True)
class Link:
    """`rows`, shape (n, others): 1 / sqrt(count) where rated; `factor`, Cholesky's: see `link`."""

    rows: Sparse
    factor: Floats

    def lean(self, factors: Floats) -> Floats:
        """What each of the others says, shape (others, k): a ridge regression of factors, shape (n, k), on rows."""
        by_rows = self.rows.shape[0] == len(self.factor)
        if by_rows:
            return np.asarray(self.rows.T @ cho_solve((self.factor, True), factors, check_finite=False))
        return np.asarray(cho_solve((self.factor, True), self.rows.T @ factors, check_finite=False))


def link(rated: Sparse, ridge: float) -> Link:
    """The link of one side; the matrix has its rows, and 1 where somebody rated.

    With R for rows, R' (R R' + ridge)^-1 is (R' R + ridge)^-1 R': the smaller of both systems is solved.
    """
    rows = rated.copy()
    counts = np.diff(rows.indptr)
    rows.data = np.repeat(1 / np.sqrt(np.maximum(counts, 1)), counts)
    narrow = rows if rows.shape[0] <= rows.shape[1] else rows.T.tocsr()
    system = (narrow @ narrow.T).toarray()
    system[np.diag_indices_from(system)] += ridge
    return Link(rows, cho_factor(system, lower=True, overwrite_a=True, check_finite=False)[0])
