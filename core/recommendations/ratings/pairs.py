"""What is known of every two items from those who rated both: the ground of neighbours and of the kernel."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from core.recommendations.arrays import Floats, Ints, Singles
from core.recommendations.interactions import Interactions
from core.recommendations.together import together


@dataclass(frozen=True, eq=False, slots=True)
class Pairs:
    """Of who rated both of two items, each of shape (items, items): `both` counts them.

    Of what the baselines leave of their ratings, `product` is the sum of products, and `length` the length of
    those of row's item.
    """

    product: Singles
    length: Singles
    both: Singles

    @classmethod
    def of(cls, interactions: Interactions, residuals: Floats) -> Self:
        """From what is left of every rating, shape (n,)."""
        left = interactions.matrix(residuals.astype(np.float32))
        columns = left.T.tocsr()
        length = np.sqrt((columns.multiply(columns) @ interactions.matrix()).toarray())
        return cls((columns @ left).toarray(), length, together(interactions))


def block(table: Singles, rows: Ints, columns: Ints) -> Singles:
    """Some rows and columns of a symmetric table: whole rows first, by whichever there are fewer of."""
    if len(rows) <= len(columns):
        return table.take(rows, axis=0).take(columns, axis=1)
    return table.take(columns, axis=0).T.take(rows, axis=0)


def weighed(table: Singles, rows: Ints, columns: Ints, weight: Floats) -> Singles:
    """The sum of some columns, each of so much weight, in some rows of a symmetric table: `block` @ weight."""
    single = weight.astype(np.float32)
    if len(rows) <= len(columns):
        return np.asarray(block(table, rows, columns) @ single)
    return np.asarray((single @ table.take(columns, axis=0))[rows])
