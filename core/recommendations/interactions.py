"""Who took what, in which order, and what they thought of it: the one input of every model.

A row a user, as in a sparse matrix, but a row keeps the order in which things were taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from core.recommendations.arrays import Bools, Floats, Ints, Places, Singles, Sparse

AT_ONCE = 1_000_000
"""Lines looked at at once."""


@dataclass(frozen=True, eq=False, slots=True)
class History:
    """What one person took, the newest last: items, values (ratings, or 1) and days, each of shape (n,).

    Days are counted from any one day; None where nobody knows them.
    """

    item: Ints
    value: Singles
    day: Floats | None = None

    @classmethod
    def of(
        cls, item: npt.ArrayLike, value: npt.ArrayLike | None = None, day: npt.ArrayLike | None = None
    ) -> Self:
        """A history from plain sequences; a value left out is 1."""
        items = np.asarray(item, dtype=np.int32)
        values = np.ones(len(items), np.float32) if value is None else np.asarray(value, dtype=np.float32)
        return cls(items, values, None if day is None else np.asarray(day, dtype=np.float64))

    def __len__(self) -> int:
        """How many things were taken."""
        return len(self.item)


@dataclass(frozen=True, eq=False, slots=True)
class Interactions:
    """What everybody took: user u's part of the other arrays is `start[u]:start[u + 1]`, the newest last.

    `start` has shape (users + 1,), `item`, `value` and `day` (n,); nobody has an item twice.
    """

    items: int
    start: Places
    item: Ints
    value: Singles
    day: Floats | None = None

    @classmethod
    def of(
        cls,
        user: npt.ArrayLike,
        item: npt.ArrayLike,
        value: npt.ArrayLike | None = None,
        day: npt.ArrayLike | None = None,
        *,
        users: int | None = None,
        items: int | None = None,
    ) -> "Interactions":
        """From parallel columns of numbers, in any order; of two lines of one user and item the later counts.

        Later is the later day; among equal days, or without days, the later line. Values left out are 1.
        """
        who, what = np.asarray(user, dtype=np.int32), np.asarray(item, dtype=np.int32)
        days = None if day is None else np.asarray(day, dtype=np.float64)
        people = users if users is not None else int(who.max(initial=-1)) + 1
        things = items if items is not None else int(what.max(initial=-1)) + 1
        values = np.ones(len(who), np.float32) if value is None else np.asarray(value, dtype=np.float32)
        if days is not None or np.any(who[1:] < who[:-1]):
            order = np.argsort(who, kind="stable") if days is None else np.lexsort((days, who))
            who, what, values = who[order], what[order], values[order]
            days = None if days is None else days[order]
        start = np.concatenate(([0], np.cumsum(np.bincount(who, minlength=people)))).astype(np.int64)
        sorted_ = cls(things, start, what, values, days)
        keep = sorted_.latest()
        return sorted_ if keep.all() else sorted_.kept(keep)

    @property
    def users(self) -> int:
        """How many users there are, those without a history included."""
        return len(self.start) - 1

    def __len__(self) -> int:
        """How many things were taken by all."""
        return len(self.item)

    @property
    def counts(self) -> Places:
        """How many things each user took, shape (users,)."""
        return np.diff(self.start)

    @property
    def takers(self) -> Places:
        """How many users took each item, shape (items,)."""
        return np.bincount(self.item, minlength=self.items)

    @property
    def user(self) -> Ints:
        """The user of each line, shape (n,)."""
        return np.repeat(np.arange(self.users, dtype=np.int32), self.counts)

    @property
    def age(self) -> Ints:
        """How many things the same user took after each one, shape (n,)."""
        age = np.repeat((self.start[1:] - 1).astype(np.int32), self.counts)
        age -= np.arange(len(self), dtype=np.int32)
        return age

    def latest(self) -> Bools:
        """Whether no later line has the same user and item, shape (n,); looked at in parts, to spare memory."""
        keep = np.ones(len(self), np.bool_)
        user = 0
        while user < self.users:
            first = int(self.start[user])
            beyond = int(np.searchsorted(self.start, first + AT_ONCE, side="right"))
            beyond = min(max(beyond - 1, user + 1), self.users)
            last = int(self.start[beyond])
            who = np.repeat(np.arange(beyond - user), np.diff(self.start[user : beyond + 1]))
            # The last of equal pairs is the first from behind.
            _, behind = np.unique((who * self.items + self.item[first:last])[::-1], return_index=True)
            if len(behind) < last - first:
                keep[first:last] = False
                keep[last - 1 - behind] = True
            user = beyond
        return keep

    def history(self, user: int) -> History:
        """What one user took."""
        part = slice(int(self.start[user]), int(self.start[user + 1]))
        return History(self.item[part], self.value[part], None if self.day is None else self.day[part])

    def histories(self) -> Iterator[History]:
        """What each user took, in the order of users."""
        return (self.history(user) for user in range(self.users))

    def matrix(self, value: npt.ArrayLike | None = None) -> Sparse:
        """Rows of users, columns of items: `value` of shape (n,), or 1 where something was taken."""
        from scipy import sparse  # noqa: PLC0415  takes long to load, and who only answers needs none

        filled = np.ones(len(self), np.float32) if value is None else np.asarray(value)
        return sparse.csr_matrix((filled, self.item, self.start), shape=(self.users, self.items))

    def kept(self, keep: Bools) -> "Interactions":
        """Only the lines where `keep`, of shape (n,), is true; users and items stay as many."""
        return Interactions(
            self.items,
            np.searchsorted(np.flatnonzero(keep), self.start),
            self.item[keep],
            self.value[keep],
            None if self.day is None else self.day[keep],
        )

    def only(self, users: Places) -> "Interactions":
        """The rows of some users, numbered anew in the order given."""
        counts = self.counts[users]
        start = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        at = np.arange(int(start[-1])) + np.repeat(self.start[:-1][users] - start[:-1], counts)
        return Interactions(
            self.items,
            start,
            self.item[at],
            self.value[at],
            None if self.day is None else self.day[at],
        )
