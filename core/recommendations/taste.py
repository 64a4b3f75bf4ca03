"""The cosine formula of the product's design: what those like who share one's taste."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.recommendations import answers
from core.recommendations.answers import MOST, Because, Recommendation
from core.recommendations.arrays import Bools, Floats, Singles, Sparse
from core.recommendations.interactions import History, Interactions


def predicted(interest: npt.ArrayLike, ratings: npt.ArrayLike) -> Floats:
    """R^_ij = sum_k a_ik R_kj / sqrt(sum_k a_ik^2 * sum_k R_kj^2), shape (users, items).

    `interest` a, shape (users, others), is user i's interest in the taste of user k; `ratings` R, shape
    (others, items), is 0 where nothing was rated. So R^_ij is the cosine of the angle between row i of a and
    column j of R: the measure of Salton and McGill, "Introduction to modern information retrieval", 1983,
    which Breese, Heckerman and Kadie, "Empirical analysis of predictive algorithms for collaborative
    filtering", 1998, took to ratings. It is 0 where one of the two is nothing but zeros.
    """
    a, r = np.asarray(interest, dtype=np.float64), np.asarray(ratings, dtype=np.float64)
    length = np.sqrt(np.outer((a**2).sum(axis=1), (r**2).sum(axis=0)))
    return np.divide(a @ r, length, out=np.zeros(length.shape), where=length > 0)


@dataclass(frozen=True, eq=False, slots=True)
class Taste:
    """The formula at work: `ratings` are the rows of all users, with `lengths` (users,) and `heights` (items,).

    One's interest in somebody's taste is the cosine between the two rows of ratings, unless it is given.
    """

    ratings: Sparse
    lengths: Floats
    heights: Floats

    @property
    def items(self) -> int:
        """How many items it knows."""
        return len(self.heights)

    def interest(self, history: History) -> Floats:
        """The cosine between a history and the ratings of each user, shape (users,)."""
        own = np.zeros(self.items)
        own[history.item] = history.value
        length = self.lengths * np.sqrt((own**2).sum())
        product: Floats = self.ratings @ own
        return np.asarray(np.divide(product, length, out=np.zeros(len(length)), where=length > 0))

    def scores(self, history: History) -> Singles:
        """The formula, with `interest` as a."""
        return self.by_interest(self.interest(history)).astype(np.float32)

    def by_interest(self, interest: Floats) -> Floats:
        """The formula for any row of a, shape (users,)."""
        length = self.heights * np.sqrt((interest**2).sum())
        product: Floats = self.ratings.T @ interest
        return np.asarray(np.divide(product, length, out=np.zeros(self.items), where=length > 0))

    def table(self, histories: Interactions) -> Singles:
        """The same for many at once."""
        return answers.one_by_one(self, histories)

    def recommend(
        self, history: History, limit: int = 10, may: Bools | None = None
    ) -> tuple[Recommendation, ...]:
        """The best items not in the history."""
        return answers.recommend(self, history, limit, may)

    def explain(self, history: History, item: int, most: int = MOST) -> tuple[Because, ...]:
        """Whose taste it is: users who rated the item, by their part of the sum."""
        interest = self.interest(history)
        column = self.ratings[:, [item]].toarray().ravel()
        length = self.heights[item] * np.sqrt((interest**2).sum())
        share = np.divide(interest * column, length, out=np.zeros(len(column)), where=length > 0)
        people = int(np.count_nonzero(column))
        return tuple(
            Because("user", int(user), float(share[user]), people)
            for user in answers.best(share, most)
            if share[user] > 0
        )


def fit(interactions: Interactions) -> Taste:
    """Keep the ratings, and the lengths of their rows and columns."""
    ratings = interactions.matrix(interactions.value.astype(np.float64))
    squares = ratings.multiply(ratings)
    return Taste(
        ratings,
        np.sqrt(np.asarray(squares.sum(axis=1)).ravel()),
        np.sqrt(np.asarray(squares.sum(axis=0)).ravel()),
    )
