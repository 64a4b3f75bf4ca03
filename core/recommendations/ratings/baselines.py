"""How much better than others an item is rated, and how kindly a user rates: what is left is taste.

Koren, "Factor in the neighbors: scalable and accurate collaborative filtering", 2010, section 2.1: the mean of
all, and deviations of items and users that shrink to 0 where there are few ratings.
"""

from dataclasses import dataclass

import numpy as np

from core.recommendations.answers import Because
from core.recommendations.arrays import Floats, Ints, Singles
from core.recommendations.interactions import History, Interactions
from core.recommendations.ratings.rated import Rated

ITEM_SHRINK = 5.0
USER_SHRINK = 5.0
ROUNDS = 15


@dataclass(frozen=True, eq=False, slots=True)
class Baselines(Rated):
    """`mean` of all ratings, `item` deviations of shape (items,), and the range of the ratings given."""

    mean: float
    item: Floats
    low: float
    high: float
    takers: Ints

    @property
    def items(self) -> int:
        """How many items it knows."""
        return len(self.item)

    def user(self, history: History) -> float:
        """How much more kindly than others this person rates."""
        left = history.value.astype(np.float64) - self.mean - self.item[history.item]
        return float(left.sum() / (USER_SHRINK + len(history)))

    def residuals(self, history: History) -> Floats:
        """What the baselines leave unexplained of each rating, shape (n,)."""
        return np.asarray(
            history.value - self.mean - self.user(history) - self.item[history.item], np.float64
        )

    def plain(self, history: History, items: Ints) -> Floats:
        """The baseline of some items, not held within the range."""
        return np.asarray(self.mean + self.user(history) + self.item[items])

    def within(self, ratings: Floats) -> Floats:
        """Ratings held within the range."""
        return np.asarray(np.clip(ratings, self.low, self.high))

    def predict(self, history: History, items: Ints) -> Floats:
        """The baseline."""
        return self.within(self.plain(history, items))

    def added(self, history: History, items: Ints) -> Floats:
        """Nothing that is of one rating alone."""
        return np.zeros((len(items), len(history)))

    def people(self, history: History, items: Ints) -> Singles:
        """Nobody counted."""
        return np.zeros((len(items), len(history)), np.float32)

    def rest(self, history: History, items: Ints) -> list[tuple[Because, ...]]:
        """The item's deviation and the user's."""
        kindness, rated = self.user(history), len(history)
        return [
            (
                Because("item_mean", item, float(self.item[item]), int(self.takers[item])),
                Because("user_mean", item, kindness, rated),
            )
            for item in items.tolist()
        ]

    def all_residuals(self, interactions: Interactions) -> Floats:
        """What is left of every rating, shape (n,)."""
        left = interactions.value.astype(np.float64) - self.mean - self.item[interactions.item]
        sums = np.bincount(interactions.user, left, minlength=interactions.users)
        kindness = sums / (USER_SHRINK + interactions.counts)
        return np.asarray(left - np.repeat(kindness, interactions.counts))


def fit(interactions: Interactions, rounds: int = ROUNDS) -> Baselines:
    """Deviations of items and users in turns, until they hold still; without any rating, all is 0."""
    rating = interactions.value.astype(np.float64)
    if not len(rating):
        nothing = np.zeros(interactions.items)
        return Baselines(0.0, nothing, 0.0, 0.0, nothing.astype(np.int32))
    user, takers = interactions.user, interactions.takers
    mean = float(rating.mean())
    of_user, of_item = np.zeros(interactions.users), np.zeros(interactions.items)
    for _ in range(rounds):
        left = rating - mean - of_user[user]
        of_item = np.bincount(interactions.item, left, minlength=interactions.items) / (ITEM_SHRINK + takers)
        left = rating - mean - of_item[interactions.item]
        of_user = np.bincount(user, left, minlength=interactions.users) / (USER_SHRINK + interactions.counts)
    return Baselines(mean, of_item, float(rating.min()), float(rating.max()), takers.astype(np.int32))
