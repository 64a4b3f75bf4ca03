"""Matrix factorisation by alternating least squares, with what is not known of each factor taken into account.

A rating is mean + user + item + p_u q_i + noise. Users and items are solved for in turns, each by ridge
regression on the other; the covariance of the other's factors counts as well, and the ridge of every factor
and the noise follow from the data, so that there is next to nothing to choose: Lim and Teh, "Variational
Bayesian approach to movie rating prediction", 2007. Who rated what tells of taste before any star is seen
(Koren's SVD++, 2008): factors lean towards what the set of rated items says, a regression on it as in Simm et
al., "Macau: scalable Bayesian multi-relational factorization with side information", 2017.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from core.recommendations.answers import Because
from core.recommendations.arrays import Bools, Floats, Ints, Singles, Sparse
from core.recommendations.interactions import History, Interactions
from core.recommendations.ratings import baselines, links
from core.recommendations.ratings.baselines import Baselines
from core.recommendations.ratings.links import Link
from core.recommendations.ratings.rated import Rated

FACTORS = 10
ROUNDS = 32
SEED = 7
LINKED = 4000
"""With more users and more items than so many, factors lean towards nothing: the regression is cubic."""


@dataclass(frozen=True, eq=False, slots=True)
class Side:
    """One side's factors: `mean` (n, k + 1), its last column the deviation; `spread` (n, k + 1, k + 1)."""

    mean: Floats
    spread: Floats
    precision: Floats

    @classmethod
    def of(cls, mean: Floats, precision: Floats) -> Self:
        """Factors taken as known exactly."""
        count, width = mean.shape
        return cls(mean, np.zeros((count, width, width)), precision)

    @property
    def known(self) -> Floats:
        """The factors as a regression on them sees them: (factors, 1)."""
        known = self.mean.copy()
        known[:, -1] = 1
        return known

    @property
    def squares(self) -> Floats:
        """The expected outer product of (factors, 1), half of it, as it is symmetric: (n, (k + 1) (k + 2) / 2)."""
        known, (one, other) = self.known.T, np.triu_indices(self.mean.shape[1])
        squares = known[one] * known[other]
        factors = other < len(known) - 1
        squares[factors] += self.spread.transpose(1, 2, 0)[one[factors], other[factors]]
        return squares.T

    @property
    def pulled(self) -> Floats:
        """What the covariance of factors and deviation takes from each side of the equations: (n, k + 1)."""
        pulled = self.spread[:, :, -1].copy()
        pulled[:, -1] = 0
        return pulled


@dataclass(frozen=True, eq=False, slots=True)
class Rows:
    """The ratings by the rows of one side, as they are and as 1 for each; `link` says what sets of them tell."""

    rating: Sparse
    rated: Sparse
    seen: Bools
    link: Link | None

    @classmethod
    def of(cls, rating: Sparse, ridge: float | None) -> Self:
        """The rows of a matrix; with a `ridge` of None, or where all are many, sets of them tell nothing."""
        rated = rating.copy()
        rated.data = np.ones_like(rated.data)
        link = None
        if ridge is not None and 0 < min(rating.shape) <= LINKED:
            link = links.link(rated, ridge)
        return cls(rating, rated, np.diff(rated.indptr) > 0, link)


@dataclass(frozen=True, eq=False, slots=True)
class Factors(Rated):
    """`item` is the side of the items; `lean`, shape (items, k + 1), is what each rated item says of a user."""

    base: Baselines
    item: Side
    precision: Floats
    noise: float
    lean: Floats | None
    squares: Floats
    pulled: Floats

    @classmethod
    def of(cls, base: Baselines, item: Side, precision: Floats, noise: float, lean: Floats | None) -> Self:
        """With what is asked of the items for every user worked out."""
        squares = unfolded(item.squares).transpose(2, 0, 1).reshape(len(item.mean), -1)
        return cls(base, item, precision, noise, lean, squares, item.pulled)

    @property
    def items(self) -> int:
        """How many items it knows."""
        return len(self.item.mean)

    def _parts(self, history: History) -> tuple[Floats, Floats, Floats]:
        """What a user's factors are expected to be, the equations' inverse, and each rating's pull on it."""
        expected = np.zeros(len(self.precision))
        if self.lean is not None and len(history):
            expected = self.lean[history.item].sum(axis=0) / np.sqrt(len(history))
        width = len(self.precision)
        gram = self.squares[history.item].sum(axis=0).reshape(width, width) / self.noise
        inverse = np.linalg.inv(gram + np.diag(self.precision))
        known = self.item.mean[history.item].copy()
        left = history.value.astype(np.float64) - self.base.mean - known[:, -1]
        known[:, -1] = 1
        pull = (known * left[:, np.newaxis] - self.pulled[history.item]) / self.noise
        return expected, inverse, pull

    def user(self, history: History) -> Floats:
        """The factors and the deviation of whoever has this history, shape (k + 1,)."""
        expected, inverse, pull = self._parts(history)
        return np.asarray(inverse @ (self.precision * expected + pull.sum(axis=0)))

    def predict(self, history: History, items: Ints) -> Floats:
        """Mean, deviations and the product of factors."""
        return self.base.within(self._rated(self.user(history), items))

    def _rated(self, user: Floats, items: Ints) -> Floats:
        own = self.item.mean[items]
        return np.asarray(self.base.mean + user[-1] + own[:, -1] + own[:, :-1] @ user[:-1], dtype=np.float64)

    def added(self, history: History, items: Ints) -> Floats:
        """What each rating adds by way of the user's factors."""
        _, inverse, pull = self._parts(history)
        return np.asarray(self.item.known[items] @ inverse @ pull.T)

    def people(self, history: History, items: Ints) -> Singles:
        """Nobody counted."""
        return np.zeros((len(items), len(history)), np.float32)

    def rest(self, history: History, items: Ints) -> list[tuple[Because, ...]]:  # noqa: ARG002  as all models
        """The item's deviation."""
        own = self.item.mean[:, -1]
        return [
            (Because("item_mean", item, float(own[item]), int(self.base.takers[item])),)
            for item in items.tolist()
        ]


def fit(
    interactions: Interactions,
    base: Baselines | None = None,
    rounds: int = ROUNDS,
    *,
    factors: int = FACTORS,
    ridge: float | None = links.RIDGE,
    start: Factors | None = None,
) -> Factors:
    """Solve for users and items in turns. A `ridge` of None: no leaning.

    The start is drawn with a fixed seed, or is a fit on most of the same ratings: then fewer rounds do.
    """
    base = base or baselines.fit(interactions)
    rating = interactions.matrix(interactions.value.astype(np.float64) - base.mean)
    users, items = Rows.of(rating, ridge), Rows.of(rating.T.tocsr(), ridge)
    start = start or _drawn(interactions, base, factors)
    # Users begin at nothing, so that it does not matter who comes first.
    user = Side.of(np.zeros((interactions.users, len(start.precision))), start.precision)
    item, noise, lean = start.item, start.noise, start.lean
    for _ in range(rounds if len(interactions) else 0):
        user, lean, _ = solved(users, user, item, noise)
        item, _, left = solved(items, item, user, noise)
        noise = left / len(interactions)
    return Factors.of(base, item, user.precision, noise, lean)


def _drawn(interactions: Interactions, base: Baselines, factors: int) -> Factors:
    drawn = np.random.default_rng(SEED).normal(0, 0.1, (interactions.items, factors))
    item = Side.of(np.column_stack((drawn, base.item)), np.full(factors + 1, 10.0))
    noise = float(np.var(interactions.value, dtype=np.float64)) * 0.7 + 1e-6 if len(interactions) else 1.0
    return Factors.of(base, item, item.precision, noise, None)


def solved(rows: Rows, own: Side, other: Side, noise: float) -> tuple[Side, Floats | None, float]:
    """One side solved for, given the other; how it leans; and the squares of what is then left of all ratings.

    With d the other's deviation and z its (factors, 1), a rating is d + z x + noise. The expected square of what
    is left is that of rating - d, less 2 x z (rating - d), and x z z' x, which the equations just solved tell.
    """
    lean = None if rows.link is None else rows.link.lean(own.mean)
    expected = np.zeros_like(own.mean) if rows.link is None else rows.link.rows @ lean
    gram = unfolded(rows.rated @ other.squares)
    away = other.mean[:, -1:]
    pull = rows.rating @ other.known - rows.rated @ (other.known * away + other.pulled)
    spread = inverted(gram / noise + np.diag(own.precision)[:, :, np.newaxis])
    mean = np.einsum("ijn,nj->ni", spread, pull / noise + own.precision * expected)
    beyond, alone = mean - expected, np.einsum("iin->ni", spread)
    # Each factor's ridge is one over how far it strays from what was expected.
    precision = 1 / np.maximum((beyond**2 + alone)[rows.seen].mean(axis=0), 1e-6)
    column = rows.rating.indices
    left = ((rows.rating.data - away[column, 0]) ** 2 + other.spread[column, -1, -1]).sum()
    left += noise * (1 - own.precision * (alone + mean * beyond)).sum() - (pull * mean).sum()
    return Side(mean, spread.transpose(2, 0, 1), precision), lean, float(left)


def unfolded(half: Floats) -> Floats:
    """Symmetric matrices of which `half`, shape (n, pairs), has one half, as `Side.squares`: (k + 1, k + 1, n)."""
    width = math.isqrt(2 * half.shape[1])
    place = np.empty((width, width), np.intp)
    one, other = np.triu_indices(width)
    place[one, other] = place[other, one] = np.arange(half.shape[1])
    return np.ascontiguousarray(half.T)[place]


def inverted(system: Floats) -> Floats:
    """The inverse of many small symmetric positive matrices, (k, k, n), in their place: Gauss and Jordan, all at once.

    It takes half as long as `np.linalg.inv`, which has them one by one.
    """
    for at in range(len(system)):
        pivot = 1 / system[at, at]
        column, row = system[:, at].copy(), system[at] * pivot
        system -= column[:, np.newaxis] * row
        system[at], system[:, at] = row, -column * pivot
        system[at, at] = pivot
    return system
