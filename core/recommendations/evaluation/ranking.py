"""How good ranked lists are, a figure a user: NDCG, hit rate, recall; and what all lists have in common."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.recommendations.answers import Fitted
from core.recommendations.arrays import Floats, Ints, Places, Singles
from core.recommendations.evaluation.splits import Split
from core.recommendations.interactions import Interactions

LIMIT = 10
AT_ONCE = 1024
ROWS = 256
"""Users ordered at once where their scores are there already: what it takes beside them stays small."""
NOTHING = -1


@dataclass(frozen=True, eq=False, slots=True)
class Ranked:
    """The figures of each judged user, shape (judged,), and of all lists together.

    `novelty` is the mean of -log2 of the share of users who took what was recommended; `coverage` the share of
    items recommended to anybody.
    """

    users: Places
    ndcg: Floats
    hit: Floats
    recall: Floats
    coverage: float
    novelty: float


def ordered(score: npt.NDArray[np.floating], limit: int = LIMIT) -> Ints:
    """The `limit` best columns of each row, the best first, ties by column; -1 where only -inf is left."""
    limit = min(limit, score.shape[1])
    if not limit:
        return np.empty((len(score), 0), np.int32)
    # Stable among equals: of those that tie with the last one kept, the first columns stay.
    bound = np.partition(score, score.shape[1] - limit, axis=1)[:, [score.shape[1] - limit]]
    above, tied = score > bound, score == bound
    room = limit - above.sum(axis=1, keepdims=True)
    if (tied.sum(axis=1, keepdims=True) > room).any():
        tied &= np.cumsum(tied, axis=1) <= room
    places = np.nonzero(above | tied)[1].reshape(len(score), limit)
    found = np.take_along_axis(score, places, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    found = np.take_along_axis(found, order, axis=1)
    return np.where(np.isneginf(found), NOTHING, np.take_along_axis(places, order, axis=1)).astype(np.int32)


def unseen(score: npt.NDArray[np.floating], histories: Interactions) -> npt.NDArray[np.floating]:
    """Scores with -inf where the user took the item; written in place."""
    score[histories.user, histories.item] = -np.inf
    return score


def discounts(limit: int = LIMIT) -> Floats:
    """1 / log2(place + 1) for places from 1, shape (limit,): Järvelin and Kekäläinen, 2002."""
    return 1 / np.log2(np.arange(2, limit + 2))


def gains(lists: Ints, wanted: Interactions) -> tuple[Floats, Floats]:
    """DCG and hits of each list, shape (users,) each; `wanted` has a row a list."""
    right = np.zeros((wanted.users, wanted.items + 1), np.bool_)
    right[wanted.user, wanted.item] = True
    found = np.take_along_axis(
        right, np.where(lists == NOTHING, wanted.items, lists).astype(np.int64), axis=1
    )
    return found @ discounts(lists.shape[1]), found.sum(axis=1).astype(np.float64)


def best(wanted: Interactions, limit: int = LIMIT) -> Floats:
    """The DCG of a list that has all that is wanted in front, shape (users,); everybody wants something."""
    return np.asarray(np.cumsum(discounts(limit))[np.minimum(wanted.counts, limit) - 1])


def ndcg(score: Singles, seen: Interactions, wanted: Interactions) -> float:
    """The mean NDCG of ranking all that is not seen by scores, shape (users, items); the others have a row a user."""
    dcg = np.zeros(len(score))
    for begin in range(0, len(score), ROWS):
        rows = np.arange(begin, min(begin + ROWS, len(score)))
        dcg[rows], _ = gains(ordered(unseen(score[rows], seen.only(rows))), wanted.only(rows))
    return float(np.mean(dcg / best(wanted))) if len(dcg) else 0.0


def listed(model: Fitted, split: Split, users: Places, limit: int = LIMIT) -> Ints:
    """The best of all that each of some users did not take, shape (users, limit)."""
    lists = []
    for begin in range(0, len(users), AT_ONCE):
        histories = split.train.only(users[begin : begin + AT_ONCE])
        lists.append(ordered(unseen(model.table(histories), histories), limit))
    return np.concatenate(lists) if lists else np.empty((0, limit), np.int32)


def figures(lists: Ints, split: Split, users: Places) -> Ranked:
    """The figures of lists, one for each of `users`, all of whom have something held out."""
    limit = lists.shape[1]
    dcg, hits = np.zeros(len(users)), np.zeros(len(users))
    for begin in range(0, len(users), AT_ONCE):
        part = slice(begin, begin + AT_ONCE)
        dcg[part], hits[part] = gains(lists[part], split.test.only(users[part]))
    shown = np.bincount(lists[lists != NOTHING], minlength=split.train.items)
    wanted = split.test.only(users)
    rarity = -np.log2(np.maximum(split.train.takers, 1) / max(split.train.users, 1))
    return Ranked(
        users=users,
        ndcg=dcg / best(wanted, limit),
        hit=(hits > 0).astype(np.float64),
        recall=hits / wanted.counts,
        coverage=float(np.mean(shown > 0)) if len(shown) else 0.0,
        novelty=float(rarity @ shown / max(int(shown.sum()), 1)),
    )


def judge(model: Fitted, split: Split, limit: int = LIMIT) -> Ranked:
    """Rank all that a user did not take, for everybody with something held out."""
    users = np.flatnonzero(split.test.counts > 0)
    return figures(listed(model, split, users, limit), split, users)
