"""Topics and levels: what fits somebody of whom nothing but their wishes is known.

A topic counts by its rarity, as a word in search does (Spärck Jones, 1972); the level that fits best is one
above one's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import sparse

from core.recommendations.answers import MOST, Because
from core.recommendations.arrays import Floats, Places, Singles, Sparse

LEVELS = 5
FITS = {0: 0.7, 1: 1.0, 2: 0.7, -1: 0.35}
"""How well a level fits that is so far above one's own; others fit `FAR`."""
FAR = 0.15
UNKNOWN = 0.6


@dataclass(frozen=True, eq=False, slots=True)
class Content:
    """`topics`, rows of items and columns of topics; `level` 1 to 5 or 0 for unknown, shape (items,)."""

    topics: Sparse
    level: Places
    rarity: Floats

    @classmethod
    def of(cls, topics: Sequence[Sequence[int]], level: Sequence[int], count: int) -> Self:
        """From the topics and the level of each item; `count` topics in all."""
        pairs = sorted({(item, topic) for item, own in enumerate(topics) for topic in own})
        at = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        matrix = sparse.csr_matrix((np.ones(len(at)), (at[:, 0], at[:, 1])), shape=(len(topics), count))
        having = np.bincount(at[:, 1], minlength=count)
        return cls(matrix, np.asarray(level, np.int64), np.log1p(len(topics) / np.maximum(having, 1)))

    def fits(self, own: int) -> Floats:
        """How well each item's level fits somebody of level `own` (0: no idea yet), shape (items,)."""
        ahead = self.level - own
        fit = np.full(len(self.level), FAR)
        for step, share in FITS.items():
            fit[ahead == step] = share
        fit[self.level == 0] = UNKNOWN
        return fit

    def shares(self, wishes: Mapping[int, int]) -> Sparse:
        """What each wish, a topic with one's own level in it, adds to each item: rows of items, columns of topics."""
        width = self.topics.shape[1]
        total = sum(self.rarity[topic] for topic in wishes) or 1.0
        if not wishes:
            return sparse.csr_matrix((len(self.level), width))
        wished = sorted(wishes)
        columns = [
            self.topics[:, [topic]].multiply((self.rarity[topic] / total * self.fits(wishes[topic]))[:, None])
            for topic in wished
        ]
        at = sparse.csr_matrix(
            (np.ones(len(wished)), (range(len(wished)), wished)), shape=(len(wished), width)
        )
        return (sparse.hstack(columns, format="csr") @ at).tocsr()

    def scores(self, wishes: Mapping[int, int]) -> Singles:
        """0 to 1 for every item: 1 has all that is wished for, each at the next level; shape (items,)."""
        return np.asarray(self.shares(wishes).sum(axis=1), dtype=np.float32).ravel()

    def explain(self, wishes: Mapping[int, int], item: int, most: int = MOST) -> tuple[Because, ...]:
        """The wished topics that the item has, by what they add, with its level."""
        row = self.shares(wishes)[[item]].tocoo()
        told = sorted(zip(row.col, row.data, strict=True), key=lambda each: (-each[1], each[0]))
        return tuple(
            Because("topic", int(topic), float(share), level=int(self.level[item]))
            for topic, share in told[:most]
            if share > 0
        )
