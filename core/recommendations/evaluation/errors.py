"""How far predicted ratings are from those given."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.recommendations.arrays import Floats, Ints
from core.recommendations.evaluation.splits import Split
from core.recommendations.interactions import History

Predict = Callable[[History, Ints], Floats]


@dataclass(frozen=True, eq=False, slots=True)
class Errors:
    """The difference of each held-out rating from its prediction, shape (n,)."""

    difference: Floats

    @property
    def rmse(self) -> float:
        """The root of the mean square."""
        return float(np.sqrt(np.mean(self.difference**2))) if len(self.difference) else float("nan")

    @property
    def mae(self) -> float:
        """The mean of the sizes."""
        return float(np.mean(np.abs(self.difference))) if len(self.difference) else float("nan")


def predictions(predict: Predict, split: Split) -> Floats:
    """A prediction for each held-out line, from nothing but the training part."""
    out = np.zeros(len(split.test))
    for user in np.flatnonzero(split.test.counts):
        part = slice(int(split.test.start[user]), int(split.test.start[user + 1]))
        out[part] = predict(split.train.history(int(user)), split.test.item[part])
    return out


def judge(predict: Predict, split: Split) -> Errors:
    """The differences on a split."""
    return Errors(split.test.value.astype(np.float64) - predictions(predict, split))
