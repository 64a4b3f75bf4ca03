"""The cold-start curve: how well a model ranks for who has taken 0, 1, 2, … things."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.recommendations.answers import Fitted
from core.recommendations.evaluation import ranking
from core.recommendations.evaluation.splits import Split
from core.recommendations.handover import TAKEN, shortened


@dataclass(frozen=True, slots=True)
class Point:
    """NDCG for `users` whose histories are cut to the first `taken` things."""

    taken: int
    users: int
    ndcg: float


def cold_start(model: Fitted, split: Split, taken: Sequence[int] = TAKEN) -> tuple[Point, ...]:
    """A point for each number that anybody reaches. What is cut off is not told to the model, nor counted for it."""
    points = []
    for count in taken:
        users = np.flatnonzero((split.test.counts > 0) & (split.train.counts >= count))
        if not len(users):
            break
        short = Split(shortened(split.train.only(users), count), split.test.only(users))
        points.append(Point(count, len(users), float(ranking.judge(model, short).ndcg.mean())))
    return tuple(points)
