"""EASE: each item predicted from all others by ridge regression, solved for all at once.

Steck, "Embarrassingly shallow autoencoders for sparse data", 2019: B = I - P diag(P)^-1 with
P = (X'X + ridge I)^-1. With `dropout` the ridge of an item grows with its takers, as if so large a share of
each history were hidden: Steck, "Autoencoders that don't overfit towards the identity", 2020.
"""

import numpy as np

from core.recommendations.arrays import Singles


def regress(together: Singles, ridge: float, dropout: float = 0.0) -> Singles:
    """Weights from row's item to column's, shape (items, items), with nothing on the diagonal."""
    own = np.diag(together).copy()
    system = together.copy()
    system[np.diag_indices_from(system)] += np.float32(ridge) + np.float32(dropout / (1 - dropout)) * own
    inverse = np.linalg.inv(system)
    inverse /= -np.diag(inverse).copy()
    np.fill_diagonal(inverse, 0)
    # An item that nobody took says nothing about others, nor they about it.
    inverse[own == 0] = 0
    inverse[:, own == 0] = 0
    return np.asarray(inverse, dtype=np.float32)
