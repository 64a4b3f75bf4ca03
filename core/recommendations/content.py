"""Topics and levels: what fits somebody of whom nothing but their wishes is known.

A topic counts by its rarity, as a word in search does (Spärck Jones, 1972); the level that fits best is one
above one's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from core.recommendations.answers import MOST, Because
from core.recommendations.arrays import Floats, Places, Singles

FITS = {-1: 0.35, 0: 0.7, 1: 1.0, 2: 0.7}
"""How well a level fits that is so far above one's own; others fit `FAR`."""
FAR = 0.15
UNKNOWN = 0.6

Wishes = Mapping[int, int]
"""Wished topics, each with one's own level in it: 0 for no idea yet."""


@dataclass(frozen=True, eq=False, slots=True)
class Content:
    """`having`, a sorted array of items for each topic; `level` 1 to 5 or 0 for unknown, shape (items,)."""

    having: tuple[Places, ...]
    level: Places
    rarity: Floats

    @classmethod
    def of(cls, topics: Sequence[Sequence[int]], level: Sequence[int], count: int) -> Self:
        """From the topics and the level of each item; `count` topics in all."""
        having: list[list[int]] = [[] for _ in range(count)]
        for item, own in enumerate(topics):
            for topic in sorted(set(own)):
                having[topic].append(item)
        sizes = np.array([max(len(items), 1) for items in having], dtype=np.float64)
        arrays = tuple(np.array(items, dtype=np.int64) for items in having)
        return cls(arrays, np.asarray(level, dtype=np.int64), np.log1p(len(topics) / sizes))

    def fits(self, items: Places, own: int) -> Floats:
        """How well the level of some items fits somebody of level `own`, shape (n,)."""
        level = self.level[items]
        fit = np.full(len(items), FAR)
        for step, share in FITS.items():
            fit[level - own == step] = share
        fit[level == 0] = UNKNOWN
        return fit

    def _weights(self, wishes: Wishes) -> dict[int, float]:
        total = sum(float(self.rarity[topic]) for topic in wishes)
        return {topic: float(self.rarity[topic]) / total for topic in sorted(wishes)}

    def scores(self, wishes: Wishes) -> Singles:
        """0 to 1 for every item: 1 has all that is wished for, each at the next level; shape (items,)."""
        score = np.zeros(len(self.level), np.float32)
        for topic, weight in self._weights(wishes).items():
            items = self.having[topic]
            score[items] += (weight * self.fits(items, wishes[topic])).astype(np.float32)
        return score

    def explain(self, wishes: Wishes, item: int, most: int = MOST) -> tuple[Because, ...]:
        """The wished topics that the item has, by what they add, with its level."""
        told = list[Because]()
        for topic, weight in self._weights(wishes).items():
            items = self.having[topic]
            at = int(np.searchsorted(items, item))
            if at < len(items) and items[at] == item:
                share = weight * float(self.fits(items[at : at + 1], wishes[topic])[0])
                told.append(Because("topic", topic, share, level=int(self.level[item])))
        return tuple(sorted(told, key=lambda each: (-each.share, each.of))[:most])
