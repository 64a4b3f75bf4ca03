"""Matrix factorisation by alternating least squares, with what is not known of each factor taken into account.

A rating is mean + user + item + p_u q_i + noise. Users and items are solved for in turns, each by ridge
regression on the other; the covariance of the other's factors counts as well, and the ridge of every factor
and the noise follow from the data, so that there is next to nothing to choose: Lim and Teh, "Variational
Bayesian approach to movie rating prediction", 2007. Who rated what tells of taste before any star is seen
(Koren's SVD++, 2008): factors lean towards what the set of rated items says, a regression on it as in Simm et
al., "Macau: scalable Bayesian multi-relational factorization with side information", 2017.
"""

from dataclasses import dataclass

import numpy as np

from core.recommendations.answers import Because
from core.recommendations.arrays import Floats, Ints, Sparse
from core.recommendations.interactions import History, Interactions
from core.recommendations.ratings import baselines, links
from core.recommendations.ratings.baselines import Baselines
from core.recommendations.ratings.links import Link
from core.recommendations.ratings.rated import Rated

FACTORS = 10
ROUNDS = 32
SEED = 7
NOISE_EVERY = 4
AT_ONCE = 100_000
"""Ratings looked at at once."""
LINKED = 4000
"""With more users than so many, or more items, that side leans towards nothing: the regression is cubic."""


@dataclass(frozen=True, eq=False, slots=True)
class Side:
    """One side's factors: `mean` (n, k + 1), its last column the deviation; `spread` (n, k + 1, k + 1)."""

    mean: Floats
    spread: Floats
    precision: Floats

    @property
    def squares(self) -> Floats:
        """The expected outer product of (factors, 1), flat: shape (n, (k + 1) ** 2)."""
        known = self.mean.copy()
        known[:, -1] = 1
        outer = known[:, :, np.newaxis] * known[:, np.newaxis, :]
        outer[:, :-1, :-1] += self.spread[:, :-1, :-1]
        return outer.reshape(len(outer), -1)

    @property
    def known(self) -> Floats:
        """The factors as a regression on them sees them: (factors, 1)."""
        known = self.mean.copy()
        known[:, -1] = 1
        return known

    @property
    def pulled(self) -> Floats:
        """What the covariance of factors and deviation takes from each side of the equations: (n, k + 1)."""
        pulled = self.spread[:, :, -1].copy()
        pulled[:, -1] = 0
        return pulled


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

    def shares(self, history: History, item: int) -> tuple[Because, ...]:
        """What each rating adds by way of the user's factors, and the item's deviation."""
        people = int(self.base.takers[item])
        own = Because("item_mean", item, float(self.item.mean[item, -1]), people)
        if not len(history):
            return (own,)
        _, inverse, pull = self._parts(history)
        known = self.item.mean[item].copy()
        known[-1] = 1
        share = pull @ inverse @ known
        return (
            *(
                Because("item", int(each), float(part))
                for each, part in zip(history.item, share, strict=True)
            ),
            own,
        )


def fit(
    interactions: Interactions,
    base: Baselines | None = None,
    factors: int = FACTORS,
    rounds: int = ROUNDS,
    *,
    ridge: float | None = links.RIDGE,
) -> Factors:
    """Solve for users and items in turns; the start is drawn with a fixed seed. A `ridge` of None: no leaning."""
    base = base or baselines.fit(interactions)
    rng = np.random.default_rng(SEED)
    rows = interactions.matrix(interactions.value.astype(np.float64) - base.mean)
    columns = rows.T.tocsr()
    # Users begin at nothing, so that it does not matter who comes first.
    user, item = (_start(np.zeros((n, factors + 1))) for n in (interactions.users, interactions.items))
    item.mean[:, :-1] = rng.normal(0, 0.1, (interactions.items, factors))
    item.mean[:, -1] = base.item
    known = tuple(
        links.link(matrix, ridge) if ridge is not None and 0 < matrix.shape[0] <= LINKED else None
        for matrix in (rows, columns)
    )
    noise = float(np.var(rows.data)) * 0.7 + 1e-6 if len(interactions) else 1.0
    lean: Floats | None = None
    for at in range(rounds if len(interactions) else 0):
        user, lean = solved(rows, user, item, noise, known[0])
        item, _ = solved(columns, item, user, noise, known[1])
        if at % NOISE_EVERY == NOISE_EVERY - 1:
            noise = left_over(rows, user, item)
    return Factors(base, item, user.precision, noise, lean, item.squares, item.pulled)


def _start(mean: Floats) -> Side:
    count, width = mean.shape
    return Side(mean, np.zeros((count, width, width)), np.full(width, 10.0))


def solved(
    matrix: Sparse, own: Side, other: Side, noise: float, known: Link | None
) -> tuple[Side, Floats | None]:
    """One side solved for, given the other; rows of the matrix are this side's, columns the other's."""
    count, width = own.mean.shape
    pattern = matrix.copy()
    pattern.data = np.ones_like(pattern.data)
    lean = None if known is None else known.lean(own.mean)
    expected = np.zeros_like(own.mean) if known is None or lean is None else known.rows @ lean
    gram = (pattern @ other.squares).reshape(count, width, width) / noise
    gram[:, np.arange(width), np.arange(width)] += own.precision
    spread = np.linalg.inv(gram)
    sides = matrix @ other.known - pattern @ (other.known * other.mean[:, -1:] + other.pulled)
    pull = sides / noise + own.precision * expected
    mean = np.einsum("nij,nj->ni", spread, pull)
    # Each factor's ridge is one over how far it strays from what was expected.
    strays = (mean - expected) ** 2 + np.einsum("nii->ni", spread)
    seen = np.diff(pattern.indptr) > 0
    precision = 1 / np.maximum(strays[seen].mean(axis=0), 1e-6)
    return Side(mean, spread, precision), lean


def left_over(rows: Sparse, user: Side, item: Side) -> float:
    """The mean expected square of what the factors leave of a rating."""
    who = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    total = 0.0
    for begin in range(0, len(who), AT_ONCE):
        part = slice(begin, begin + AT_ONCE)
        u, i = who[part], rows.indices[part]
        left = rows.data[part] - user.mean[u, -1] - item.mean[i, -1]
        left -= np.einsum("nk,nk->n", user.mean[u, :-1], item.mean[i, :-1])
        spread, other = user.spread[u], item.spread[i]
        total += float(left @ left)
        total += float(np.einsum("nij,ni,nj->", spread, item.known[i], item.known[i], optimize=True))
        total += float(np.einsum("nij,ni,nj->", other, user.known[u], user.known[u], optimize=True))
        total += float(np.einsum("nij,nij->", spread[:, :-1, :-1], other[:, :-1, :-1]))
    return total / max(len(who), 1)
