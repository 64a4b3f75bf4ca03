"""What may be recommended to one person: not what they took, and nothing whose prerequisites they lack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import sparse

from core.recommendations.arrays import Bools, Places, Sparse
from core.recommendations.interactions import History


@dataclass(frozen=True, eq=False, slots=True)
class Prerequisites:
    """Which items want which others first: rows of items, columns of what each wants."""

    wants: Sparse
    count: Places

    @classmethod
    def of(cls, wants: Mapping[int, Sequence[int]], items: int) -> Self:
        """From the prerequisites of each item that has any."""
        pairs = sorted({(item, first) for item, firsts in wants.items() for first in firsts})
        at = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        matrix = sparse.csr_matrix((np.ones(len(at)), (at[:, 0], at[:, 1])), shape=(items, items))
        return cls(matrix, np.asarray(matrix.sum(axis=1)).ravel().astype(np.int64))

    def met(self, history: History, known: Bools | None = None) -> Bools:
        """The items whose prerequisites are all taken, or `known` otherwise; shape (items,)."""
        have = np.zeros(len(self.count))
        have[history.item] = 1
        if known is not None:
            have[known] = 1
        return np.asarray(self.wants @ have >= self.count, dtype=np.bool_)
