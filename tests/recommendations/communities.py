"""Small communities for tests: any that hypothesis thinks of, and some with a known taste."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from core.recommendations.arrays import Floats
from core.recommendations.interactions import Interactions

USERS, ITEMS = 9, 7


def taken(*rows: Sequence[int], items: int = ITEMS) -> Interactions:
    """What each user took, in that order."""
    user = [number for number, row in enumerate(rows) for _ in row]
    return Interactions.of(user, [item for row in rows for item in row], users=len(rows), items=items)


def rated(table: Sequence[Sequence[float]]) -> Interactions:
    """Ratings from a table of users by items; 0 is no rating."""
    values = np.array(table, dtype=float)
    user, item = np.nonzero(values)
    return Interactions.of(user, item, values[user, item], users=values.shape[0], items=values.shape[1])


def dense(interactions: Interactions) -> Floats:
    """The values as a table of users by items, 0 where nothing was taken."""
    table = np.zeros((interactions.users, interactions.items))
    table[interactions.user, interactions.item] = interactions.value
    return table


history = st.tuples(st.permutations(range(ITEMS)), st.integers(0, ITEMS)).map(
    lambda drawn: drawn[0][: drawn[1]]
)
communities = st.lists(history, min_size=USERS, max_size=USERS).map(lambda rows: taken(*rows))
"""Any community of nine users and seven items, those without a history and without a taker included."""

stars = st.lists(
    st.lists(st.sampled_from((0, 0, 1, 2, 3, 4, 5)), min_size=ITEMS, max_size=ITEMS),
    min_size=USERS,
    max_size=USERS,
).map(rated)
"""Any ratings."""


def two_camps(users: int = 120, seed: int = 3) -> Interactions:
    """Two camps of users, each with ten items of its own, of which everybody takes most, in any order."""
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(10)[:7] + 10 * (user % 2) for user in range(users)]
    return taken(*(row.tolist() for row in rows), items=20)


def tasteful(users: int = 150, items: int = 60, seed: int = 5) -> Interactions:
    """Ratings with one direction of taste: half of the users like what the other half does not."""
    rng = np.random.default_rng(seed)
    side, kind = rng.choice((-1, 1), users), rng.choice((-1, 1), items)
    seen = rng.random((users, items)) < 0.4
    user, item = np.nonzero(seen)
    stars = 3 + side[user] * kind[item] + 0.5 * rng.normal(size=len(user))
    return Interactions.of(user, item, np.clip(np.rint(stars), 1, 5), users=users, items=items)
