"""What is taken together, and what after what: tables of items by items, the ground of the item models.

Made in parts, so that 20 million interactions with 5,000 items stay within a few hundred megabytes.
"""

import numpy as np
import numpy.typing as npt

from core.recommendations.arrays import Floats, Places, Singles
from core.recommendations.interactions import Interactions

BLOCK = 256
"""Items at once."""
PAIRS = 2_000_000
"""Pairs counted at once."""


def together(interactions: Interactions, by_user: npt.ArrayLike | None = None) -> Singles:
    """How many users took both of two items, shape (items, items); the diagonal counts the takers.

    A user counts `by_user`, shape (users,), instead of 1 where it is given.
    """
    weight = None if by_user is None else np.asarray(by_user, dtype=np.float32)
    plain = interactions.matrix()
    weighted = plain if weight is None else interactions.matrix(np.repeat(weight, interactions.counts))
    columns = plain.T.tocsr()
    table = np.empty((interactions.items, interactions.items), np.float32)
    for begin in range(0, interactions.items, BLOCK):
        table[begin : begin + BLOCK] = (columns[begin : begin + BLOCK] @ weighted).toarray()
    return table


def onward(
    interactions: Interactions, reach: int, fading: float = 0.0, ended: Floats | None = None
) -> Singles:
    """How often column's item was taken within `reach` steps after row's, shape (items, items).

    With `ended`, the day on which each was finished (NaN: never), shape (n,), only where row's was finished first.

    A step of k counts k ** -fading. Ludewig and Jannach, "Evaluation of session-based recommendation
    algorithms", 2018, call this sequential rules, with fading 1.
    """
    items = interactions.items
    table = np.zeros(items * items, np.float32)
    age, item = interactions.age, interactions.item
    for step in range(1, reach + 1):
        # A line has a successor at `step` where so many newer ones follow for the same user.
        before = np.flatnonzero(age >= step)
        if not len(before):
            break
        for begin in range(0, len(before), PAIRS):
            at = before[begin : begin + PAIRS]
            if ended is not None and interactions.day is not None:
                at = at[ended[at] <= interactions.day[at + step]]
            pair = item[at].astype(np.int64) * items + item[at + step]
            np.add.at(table, pair, np.float32(step**-fading))
    return table.reshape(items, items)


def similar(
    table: Singles, takers: Places, source: float, target: float, out: Singles | None = None
) -> Singles:
    """A table as weights from row to column: divided by takers ** source and takers ** target; no item to itself.

    Cosine is (1/2, 1/2) of `together` (Sarwar et al., "Item-based collaborative filtering recommendation
    algorithms", 2001). RP3beta is (1, beta) of `together` by users of 1 / (things taken): the walk user, item,
    user, item (Paudel et al., "Updatable, accurate, diverse, and scalable recommendations", 2017).
    Where `out` is the table itself, it is overwritten.
    """
    count: Floats = np.maximum(takers, 1).astype(np.float64)
    weights = np.multiply(table, (count**-source).astype(np.float32)[:, np.newaxis], out=out)
    weights *= (count**-target).astype(np.float32)
    np.fill_diagonal(weights, 0)
    return weights


def per_user(interactions: Interactions, damping: float) -> Singles:
    """What a user counts who took n things: n ** -damping, shape (users,)."""
    return (np.maximum(interactions.counts, 1).astype(np.float64) ** -damping).astype(np.float32)
