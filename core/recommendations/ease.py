"""EASE: each item predicted from all others by ridge regression, solved for all at once.

Steck, "Embarrassingly shallow autoencoders for sparse data", 2019: B = I - P diag(P)^-1 with
P = (X'X + ridge I)^-1. With `dropout` the ridge of an item grows with its takers, as if so large a share of
each history were hidden: Steck, "Autoencoders that don't overfit towards the identity", 2020.
"""

import numpy as np
from scipy.linalg import lapack

from core.recommendations.arrays import Singles

BLOCK = 512
"""Rows mirrored at once."""


def regress(together: Singles, ridge: float, dropout: float = 0.0) -> Singles:
    """Weights from row's item to column's, shape (items, items), with nothing on the diagonal."""
    own = np.diag(together).copy()
    system = together.copy()
    system[np.diag_indices_from(system)] += np.float32(ridge) + np.float32(dropout / (1 - dropout)) * own
    weights = inverted(system)
    weights /= -np.diag(weights).copy()
    np.fill_diagonal(weights, 0)
    # An item that nobody took says nothing about others, nor they about it.
    weights[own == 0] = 0
    weights[:, own == 0] = 0
    return weights


def inverted(system: Singles) -> Singles:
    """The inverse of a symmetric positive matrix, in its place: by Cholesky, in half the work and without a copy."""
    diagonal = np.diag(system).copy()
    # Rows are LAPACK's columns: what it calls the upper triangle is the lower one here, and the other one stays.
    factor, failed = lapack.spotrf(system.T, lower=0, overwrite_a=1, clean=0)
    if failed:
        # Too near to singular for single precision.
        upper = np.triu(system, 1).astype(np.float64)
        return np.linalg.inv(upper + upper.T + np.diag(diagonal.astype(np.float64))).astype(np.float32)
    inverse, _ = lapack.spotri(factor, lower=0, overwrite_c=1)
    table = np.asarray(inverse.T, dtype=np.float32)
    for begin in range(0, len(table), BLOCK):
        end = begin + BLOCK
        corner = table[begin:end, begin:end]
        corner[:] = np.tril(corner) + np.tril(corner, -1).T
        table[begin:end, end:] = table[end:, begin:end].T
    return table
