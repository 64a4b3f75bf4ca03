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

    def added(self, history: History, items: Ints) -> Floats:
        """What each rating adds to each prediction, shape (n, history); 0 where it is no reason."""

    def people(self, history: History, items: Ints) -> Singles:
        """How many rated both, of the same shape; 0 where nobody counted."""

    def rest(self, history: History, items: Ints) -> list[tuple[Because, ...]]:
        """The parts of each prediction that no rating of the history stands for."""


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
        score = self.scores(history)
        chosen = answers.chosen(score, history, limit, may).astype(np.int32)
        return tuple(
            Recommendation(int(item), float(score[item]), because)
            for item, because in zip(chosen, self.reasons(history, chosen), strict=True)
        )

    def reasons(
        self: Predictor, history: History, items: Ints, most: int = MOST
    ) -> list[tuple[Because, ...]]:
        """What raises the prediction of each of some items most, shape (n,)."""
        added, people = self.added(history, items), self.people(history, items)
        # Few are told: of these alone objects are made.
        first = np.argsort(-added, axis=1, kind="stable")[:, :most]
        found = []
        for at, rest in enumerate(self.rest(history, items)):
            raising = [
                *(_item(history, added[at], people[at], each) for each in first[at] if added[at, each] > 0),
                *(each for each in rest if each.share > 0),
            ]
            found.append(tuple(sorted(raising, key=lambda each: -each.share)[:most]))
        return found

    def explain(self: "RatedPredictor", history: History, item: int, most: int = MOST) -> tuple[Because, ...]:
        """What raises the prediction most."""
        return self.reasons(history, np.array([item], np.int32), most)[0]

    def shares(self: Predictor, history: History, item: int) -> tuple[Because, ...]:
        """The parts that a prediction is made of, in any order."""
        items = np.array([item], np.int32)
        added, people = self.added(history, items)[0], self.people(history, items)[0]
        told = (_item(history, added, people, int(each)) for each in np.flatnonzero(added))
        return (*told, *self.rest(history, items)[0])


def _item(history: History, added: Floats, people: Singles, at: int) -> Because:
    return Because("item", int(history.item[at]), float(added[at]), int(people[at]))


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

    def reasons(self, history: History, items: Ints, most: int = MOST) -> list[tuple[Because, ...]]:
        """What raises the prediction of each of some items most."""

    def explain(self, history: History, item: int, most: int = MOST) -> tuple[Because, ...]:
        """What raises the prediction most."""

    def shares(self, history: History, item: int) -> tuple[Because, ...]:
        """The parts that a prediction is made of."""
