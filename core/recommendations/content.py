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
    """For each topic, `having` is the sorted items that have it, `levels` (1 to 5, 0 unknown) at which each does."""

    items: int
    having: tuple[Places, ...]
    levels: tuple[Places, ...]
    rarity: Floats

    @classmethod
    def of(cls, topics: Sequence[Mapping[int, int]], count: int) -> Self:
        """From the topics of each item with their levels; `count` topics in all."""
        having: list[list[int]] = [[] for _ in range(count)]
        levels: list[list[int]] = [[] for _ in range(count)]
        for item, own in enumerate(topics):
            for topic, level in own.items():
                having[topic].append(item)
                levels[topic].append(level)
        sizes = np.array([max(len(items), 1) for items in having], dtype=np.float64)
        return cls(
            len(topics),
            tuple(np.array(items, dtype=np.int64) for items in having),
            tuple(np.array(each, dtype=np.int64) for each in levels),
            np.log1p(len(topics) / sizes),
        )

    def scores(self, wishes: Wishes) -> Singles:
        """0 to 1 for every item: 1 has all that is wished for, each at the next level; shape (items,)."""
        score = np.zeros(self.items, np.float32)
        for topic, weight in self._weights(wishes).items():
            fit = fits(self.levels[topic], wishes[topic])
            score[self.having[topic]] += (weight * fit).astype(np.float32)
        return score

    def explain(self, wishes: Wishes, item: int, most: int = MOST) -> tuple[Because, ...]:
        """The wished topics that the item has, by what they add, with its level in each."""
        told = list[Because]()
        for topic, weight in self._weights(wishes).items():
            items = self.having[topic]
            at = int(np.searchsorted(items, item))
            if at < len(items) and items[at] == item:
                level = self.levels[topic][at : at + 1]
                share = weight * float(fits(level, wishes[topic])[0])
                told.append(Because("topic", topic, share, level=int(level[0])))
        return tuple(sorted(told, key=lambda each: (-each.share, each.of))[:most])

    def _weights(self, wishes: Wishes) -> dict[int, float]:
        total = sum(float(self.rarity[topic]) for topic in wishes)
        return {topic: float(self.rarity[topic]) / total for topic in sorted(wishes)}


def fits(level: Places, own: int) -> Floats:
    """How well levels fit somebody of level `own`, of the same shape."""
    fit = np.full(len(level), FAR)
    for step, share in FITS.items():
        fit[level - own == step] = share
    fit[level == 0] = UNKNOWN
    return fit
