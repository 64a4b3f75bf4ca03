"""Cuts of training data, made as a test is made, on which settings are judged before any test is seen."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.recommendations import blend, ease
from core.recommendations.arrays import Singles
from core.recommendations.blend import COSINE, Near, Onward, Ridge
from core.recommendations.decay import LASTING, Decay, all_weights
from core.recommendations.evaluation import ranking, splits
from core.recommendations.evaluation.splits import Split
from core.recommendations.interactions import Interactions
from core.recommendations.together import together

Protocol = Literal["last", "random"]
Part = Near | Ridge | Onward

MOSTLY = 0.99
UNPREDICTABLE = 0.25
"""Newest things that can be told less than so much as well as those before them are set aside."""
ASIDE = 2
"""More than so many are never set aside."""
HIDDEN = 0.05
"""The share that a cut at random hides: little, since the models that are tested learn from all that is left."""
CUTS = 3
"""Cuts at random where each has few to judge by: what looks best on one may be luck."""


@dataclass(frozen=True, eq=False, slots=True)
class Cut:
    """A cut with the sample of users that judges; `taught` is what the models learn from, `both` its `together`."""

    taught: Interactions
    both: Singles
    histories: Interactions
    seen: Interactions
    wanted: Interactions

    @classmethod
    def of(cls, split: Split, aside: int, sample: int, seed: int) -> "Cut":
        """A cut with users drawn from those who have something held out and something left."""
        able = np.flatnonzero((split.test.counts > 0) & (split.train.counts > 0))
        drawn = np.sort(np.random.default_rng(seed).permutation(able)[:sample])
        taught = blend.looked_at(split.train, aside)
        return cls(
            taught, together(taught), taught.only(drawn), split.train.only(drawn), split.test.only(drawn)
        )

    def table(self, part: Part) -> Singles:
        """The weights of one part of the blend, scaled as the blend has it."""
        match part:
            case Near():
                made = blend.near(self.taught, self.both, part)
            case Ridge():
                made = ease.regress(self.both, part.ridge, part.dropout)
            case Onward():
                made = blend.after(self.taught, part)
        return blend.scaled(made, self.taught.takers)

    def scores(self, weights: Singles, decay: Decay) -> Singles:
        """What a table of weights says of the sample, shape (sample, items)."""
        return np.asarray(self.histories.matrix(all_weights(self.histories, decay)) @ weights)

    def ndcg(self, scores: Singles) -> float:
        """The mean NDCG of such scores."""
        return ranking.ndcg(scores, self.seen, self.wanted)


def has_order(interactions: Interactions) -> bool:
    """Whether the lines of a user may stand in the order of time: not where they are sorted by item."""
    if interactions.day is not None:
        return True
    same = interactions.user[1:] == interactions.user[:-1]
    if not same.any():
        return False
    return bool(np.mean((interactions.item[1:] > interactions.item[:-1])[same]) < MOSTLY)


def cut_like(interactions: Interactions, protocol: Protocol, seed: int, aside: int = 0) -> Split:
    """A cut of training data as the protocol makes it; `last` becomes one of each where there is no order."""
    if protocol == "last" and has_order(interactions):
        return splits.last(interactions, aside)
    return unordered(interactions, protocol, seed)


def unordered(interactions: Interactions, protocol: Protocol, seed: int) -> Split:
    """A cut of training data whose order says nothing."""
    one = protocol == "last"
    return splits.one_each(interactions, seed) if one else splits.at_random(interactions, seed, HIDDEN)


def cuts(
    interactions: Interactions, protocol: Protocol, seed: int, sample: int, *, aside: int, ordered: bool
) -> tuple[Cut, ...]:
    """One cut, or several where chance makes them and few users judge; none where nobody could."""
    if ordered and protocol == "last":
        made = [splits.last(interactions, aside)]
    else:
        few = np.count_nonzero(interactions.counts > 1) * CUTS <= sample
        made = [unordered(interactions, protocol, seed + more) for more in range(CUTS if few else 1)]
    found = tuple(Cut.of(each, aside, sample, seed) for each in made)
    return tuple(each for each in found if len(each.wanted))


def set_aside(interactions: Interactions, sample: int, seed: int) -> int:
    """How many of everybody's newest things tell nothing about the rest, nor can be told from it.

    Some data end a history with a thing that was not chosen as the others were. Item cosine predicts each of
    the newest places from all the others; a place that is far worse than the one before it is set aside.
    """
    found = []
    for aside in range(ASIDE + 1):
        split = splits.last(interactions, aside)
        if not len(split.test):
            break
        cut = Cut.of(split, 0, sample, seed)
        found.append(cut.ndcg(cut.scores(cut.table(COSINE), LASTING)))
    aside = 0
    while aside + 1 < len(found) and found[aside] < UNPREDICTABLE * found[aside + 1]:
        aside += 1
    return aside
