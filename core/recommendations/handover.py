"""From topics to what others did, as evidence grows: a share for each number of things taken, measured.

On a cut of the data, histories are shortened to 0, 1, 2, … things, and of several shares the one is kept with
which both together rank best. Shares never fall with more evidence: the measured ones are smoothed by the
nearest rising curve (Barlow et al., "Statistical inference under order restrictions", 1972), and where few people
were measured they are drawn to the cautious ones: what somebody says they want is not overruled by chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.recommendations.answers import Fitted
from core.recommendations.arrays import Singles
from core.recommendations.evaluation import ranking
from core.recommendations.evaluation.splits import Split
from core.recommendations.interactions import Interactions

TAKEN = (0, 1, 2, 3, 5, 8, 12, 20)
SHARES = tuple(each / 10 for each in range(11))


@dataclass(frozen=True, slots=True)
class Handover:
    """`share` of collaborative filtering at each number of things `taken`; `ndcg` is what it reached there."""

    taken: tuple[int, ...]
    share: tuple[float, ...]
    ndcg: tuple[float, ...] = ()

    def at(self, taken: int) -> float:
        """The share for any number of things taken: between two measured ones, in proportion."""
        return float(np.interp(taken, self.taken, self.share))


PEOPLE = 300
"""The cautious shares count as much as what so many people show."""

CAUTIOUS = Handover((0, 5, 20), (0.0, 0.5, 0.9))
"""For a community with too little to measure."""


def mixed(content: Singles, collaborative: Singles, share: float) -> Singles:
    """Both scores of every item as one, shape (…, items): each is first brought to mean 0 and spread 1."""
    return np.asarray((1 - share) * level(content) + share * level(collaborative), dtype=np.float32)


def level(score: Singles) -> Singles:
    """Scores with mean 0 and spread 1 along the last axis; all 0 where they are all equal."""
    if not score.shape[-1]:
        return np.asarray(score, np.float32)
    left = score - score.mean(axis=-1, keepdims=True)
    spread = left.std(axis=-1, keepdims=True)
    return np.asarray(np.divide(left, spread, out=np.zeros_like(left), where=spread > 1e-12), np.float32)


def shortened(histories: Interactions, taken: int) -> Interactions:
    """The first so many things of everybody, as they stood when they had no more."""
    counts = np.repeat(histories.counts, histories.counts)
    return histories.kept(counts - 1 - histories.age < taken)


def measure(
    model: Fitted, split: Split, content: Singles, taken: Sequence[int] = TAKEN, least: int = 30
) -> Handover:
    """The hand-over on a split; `content`, shape (users, items), is what topics and levels say to each user.

    `model` was fitted on the training part. A number that fewer than `least` users reach is not measured.
    """
    able = np.flatnonzero(split.test.counts > 0)
    measured: list[tuple[int, float, float, int]] = []
    for count in taken:
        users = able[split.train.counts[able] >= count]
        if len(users) < least:
            break
        seen, wanted = split.train.only(users), split.test.only(users)
        short = shortened(seen, count)
        ours, theirs = level(content[users]), level(model.table(short))
        reached = [ranking.ndcg((1 - share) * ours + share * theirs, short, wanted) for share in SHARES]
        at = int(np.argmax(reached))
        measured.append((count, SHARES[at], reached[at], len(users)))
    if not measured:
        return CAUTIOUS
    counts, shares, ndcg, weight = zip(*measured, strict=True)
    drawn = [
        (people * share + PEOPLE * CAUTIOUS.at(count)) / (people + PEOPLE)
        for count, share, people in zip(counts, rising(shares, weight), weight, strict=True)
    ]
    return Handover(counts, tuple(rising(drawn, weight)), ndcg)


def rising(values: Sequence[float], weight: Sequence[float]) -> list[float]:
    """The never falling sequence nearest to `values`, by weighted squares: neighbours that fall are pooled."""
    pools: list[list[float]] = []
    for value, each in zip(values, weight, strict=True):
        pools.append([value, each, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, wa, na), (b, wb, nb) = pools[-2:]
            pools[-2:] = [[(a * wa + b * wb) / (wa + wb), wa + wb, na + nb]]
    return [value for value, _, count in pools for _ in range(int(count))]
