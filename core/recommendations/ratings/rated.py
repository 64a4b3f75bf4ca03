"""What every model of ratings has in common: `predict`, and the answers made from it."""

from typing import Protocol

import numpy as np

from core.recommendations import answers
from core.recommendations.answers import MOST, Because, Recommendation
from core.recommendations.arrays import Bools, Floats, Ints, Singles
from core.recommendations.interactions import History, Interactions


class Predictor(Protocol):
    """Predicts ratings of some items, shape (n,), for a history of ratings; never looks at more than these."""

    @property
    def items(self) -> int:
        """How many items it knows."""

    def predict(self, history: History, items: Ints) -> Floats:
        """The ratings this person would give, within the range of those that were given."""

    def shares(self, history: History, item: int) -> tuple[Because, ...]:
        """The parts that a prediction is made of, in any order."""


class Rated:
    """A mixin: `Fitted` for whoever predicts."""

    def scores(self: Predictor, history: History) -> Singles:
        """The predicted rating of every item."""
        return self.predict(history, np.arange(self.items, dtype=np.int32)).astype(np.float32)

    def table(self: "RatedPredictor", histories: Interactions) -> Singles:
        """The same for many at once."""
        return answers.one_by_one(self, histories)

    def recommend(
        self: "RatedPredictor", history: History, limit: int = 10, may: Bools | None = None
    ) -> tuple[Recommendation, ...]:
        """What would be rated best of what is not in the history."""
        return answers.recommend(self, history, limit, may)

    def explain(self: Predictor, history: History, item: int, most: int = MOST) -> tuple[Because, ...]:
        """What raises the prediction most."""
        told = [each for each in self.shares(history, item) if each.share > 0]
        return tuple(sorted(told, key=lambda each: -each.share)[:most])


class RatedPredictor(Predictor, Protocol):
    """A predictor with the answers of `Rated`."""

    def scores(self, history: History) -> Singles:
        """The predicted rating of every item."""

    def table(self, histories: Interactions) -> Singles:
        """The same for many at once."""

    def recommend(
        self, history: History, limit: int = 10, may: Bools | None = None
    ) -> tuple[Recommendation, ...]:
        """What would be rated best of what is not in the history."""

    def explain(self, history: History, item: int, most: int = MOST) -> tuple[Because, ...]:
        """What raises the prediction most."""
