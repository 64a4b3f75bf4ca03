"""What most people take: for who is new, and the least that every other model must beat."""

from dataclasses import dataclass

import numpy as np

from core.recommendations import answers
from core.recommendations.answers import MOST, Because, Recommendation
from core.recommendations.arrays import Bools, Singles
from core.recommendations.interactions import History, Interactions


@dataclass(frozen=True, eq=False, slots=True)
class Popularity:
    """`takers`, shape (items,), are the scores."""

    takers: Singles

    @property
    def items(self) -> int:
        """How many items it knows."""
        return len(self.takers)

    def scores(self, history: History) -> Singles:
        """The same for everybody."""
        del history
        return self.takers

    def table(self, histories: Interactions) -> Singles:
        """The same for many at once."""
        return np.repeat(self.takers[np.newaxis], histories.users, axis=0)

    def recommend(
        self, history: History, limit: int = 10, may: Bools | None = None
    ) -> tuple[Recommendation, ...]:
        """The most taken of what this person did not take."""
        return answers.recommend(self, history, limit, may)

    def explain(self, history: History, item: int, most: int = MOST) -> tuple[Because, ...]:
        """How many took it."""
        del history
        people = int(self.takers[item])
        return (Because("popular", item, float(people), people),)[:most] if people else ()


def fit(interactions: Interactions) -> Popularity:
    """Count who took each item."""
    return Popularity(interactions.takers.astype(np.float32))
