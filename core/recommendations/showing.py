"""Which of the best are shown: not all of one topic, and now and then a new one that nobody could know yet.

What is shown only because it is new is drawn by chance, and the chance is kept: so what came of it can be judged
as in an experiment (Bottou et al., "Counterfactual reasoning and learning systems", 2013).
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from core.recommendations.arrays import Floats, Singles

OF_ONE_TOPIC = 2
"""So many on a page share a topic at the most."""

FIT, NEW = "fit", "new"


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a page: its item, why it is there, and how likely that was: 1 where nothing was left to chance."""

    item: int
    why: str = FIT
    chance: float = 1.0


def fits_in(page: Sequence[int], item: int, topics: Mapping[int, Collection[str]]) -> bool:
    """Whether a page may have an item beside those it has."""
    counts = Counter(topic for each in page for topic in topics[each])
    return all(counts[topic] < OF_ONE_TOPIC for topic in topics[item])


def varied(
    ranked: Sequence[int], topics: Mapping[int, Collection[str]], size: int, begun: Sequence[int] = ()
) -> list[list[int]]:
    """All of `ranked` in pages of at most `size`, in that order as far as no page has a topic too often.

    What has no room on a page comes first on the next; so pages may be short where all are about one thing. The first
    page goes on after what is `begun`.
    """
    left, pages, page = list(ranked), list[list[int]](), list(begun)
    while left or page:
        later = list[int]()
        for item in left:
            (page if len(page) < size and fits_in(page, item, topics) else later).append(item)
        pages.append(page)
        left, page = later, []
    return pages


def with_new(
    page: Sequence[int], new: Sequence[int], scores: Singles, share: float, rng: Random
) -> list[Place]:
    """The places of a page, where by chance one that is `new` has the last: `share` of all places is for them.

    Of several, better ones are likelier: by the exponential of their scores, shape (len(new),).
    """
    places = [Place(item) for item in page]
    odds = min(share * len(page), 1.0)
    if not new or odds <= 0:
        return places
    if rng.random() >= odds:
        return [*places[:-1], Place(page[-1], FIT, 1 - odds)]
    likely = softened(scores)
    drawn = rng.choices(range(len(new)), weights=likely.tolist())[0]
    return [*places[:-1], Place(new[drawn], NEW, odds * float(likely[drawn]))]


def softened(scores: Singles) -> Floats:
    """Scores as chances that add up to 1, shape (n,)."""
    raised = np.exp(scores.astype(np.float64) - scores.max())
    return np.asarray(raised / raised.sum(), dtype=np.float64)
