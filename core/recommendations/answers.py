"""What a fitted model answers, and what every model can be asked: `scores`, `recommend`, `explain`.

A model answers for a history, not for a number: so what somebody did a second ago counts without a new fit,
and who was not there when it was fitted is answered too.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from core.recommendations.arrays import Bools, Singles
from core.recommendations.interactions import History, Interactions

Kind = Literal["item", "user", "popular", "topic", "item_mean", "user_mean"]
MOST = 3
"""Reasons for one recommendation."""


@dataclass(frozen=True, slots=True)
class Because:
    """One true part of a score.

    `kind` item: something in the history (`of` is the item); user: somebody whose taste is near (`of` is the
    user); topic: a wished topic, and the `level` of the item; popular: how many took it; item_mean, user_mean:
    how well the item is rated, how kindly the user rates. `share` is what it adds to the score. `people` counts
    who really did so: took both items, of them `after` this one after that one; or took the item.
    """

    kind: Kind
    of: int
    share: float
    people: int = 0
    after: int = 0
    level: int = 0


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One item, its score (greater is better, only comparable within one answer), and why."""

    item: int
    score: float
    because: tuple[Because, ...]


class Fitted(Protocol):
    """A fitted model: immutable, and the same answer for the same history."""

    @property
    def items(self) -> int:
        """How many items it knows."""

    def scores(self, history: History) -> Singles:
        """A score for every item, shape (items,)."""

    def table(self, histories: Interactions) -> Singles:
        """The same for many at once, shape (users, items)."""

    def recommend(
        self, history: History, limit: int = 10, may: Bools | None = None
    ) -> tuple[Recommendation, ...]:
        """The best items not in the history, the best first; only those where `may`, shape (items,), is true."""

    def explain(self, history: History, item: int, most: int = MOST) -> tuple[Because, ...]:
        """The parts of the score of one item that speak for it, the greatest first."""


def best(score: npt.NDArray[np.floating], limit: int) -> npt.NDArray[np.intp]:
    """The places of the `limit` greatest scores, greatest first, ties by place; those of -inf are left out."""
    if limit <= 0:
        return np.empty(0, dtype=np.intp)
    if len(score) > limit:
        last = np.partition(score, len(score) - limit)[len(score) - limit]
        places = np.flatnonzero(score >= last)
    else:
        places = np.arange(len(score))
    places = places[np.argsort(-score[places], kind="stable")][:limit]
    kept: npt.NDArray[np.intp] = places[np.isfinite(score[places])]
    return kept


def chosen(score: Singles, history: History, limit: int, may: Bools | None) -> npt.NDArray[np.intp]:
    """The best of what was not taken and may be; the scores of all else are overwritten."""
    score[history.item] = -np.inf
    if may is not None:
        score[~may] = -np.inf
    return best(score, limit)


def recommend(
    model: Fitted, history: History, limit: int = 10, may: Bools | None = None
) -> tuple[Recommendation, ...]:
    """What `Fitted.recommend` promises, for any model: neither what was taken nor what may not be."""
    score = model.scores(history).copy()
    return tuple(
        Recommendation(int(item), float(score[item]), model.explain(history, int(item)))
        for item in chosen(score, history, limit, may)
    )


def one_by_one(model: Fitted, histories: Interactions) -> Singles:
    """What `Fitted.table` promises, for a model without a faster way."""
    table = np.empty((histories.users, model.items), np.float32)
    for user, history in enumerate(histories.histories()):
        table[user] = model.scores(history)
    return table
