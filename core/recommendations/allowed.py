"""What may be recommended to one person: not what they took, and nothing whose prerequisites they lack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from core.recommendations.arrays import Bools, Places
from core.recommendations.interactions import History


@dataclass(frozen=True, eq=False, slots=True)
class Prerequisites:
    """Which items want which others first: pairs of `item` and `first`, each of shape (n,), of `items` in all."""

    item: Places
    first: Places
    items: int

    @classmethod
    def of(cls, wants: Mapping[int, Sequence[int]], items: int) -> Self:
        """From the prerequisites of each item that has any."""
        pairs = [(item, first) for item, firsts in wants.items() for first in firsts]
        item, first = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        return cls(item, first, items)

    def met(self, history: History, known: Bools | None = None) -> Bools:
        """The items whose prerequisites are all taken, or `known` otherwise; shape (items,)."""
        have = np.zeros(self.items, np.bool_) if known is None else known.copy()
        have[history.item] = True
        lacking = np.bincount(self.item[~have[self.first]], minlength=self.items)
        return np.asarray(lacking == 0, dtype=np.bool_)
