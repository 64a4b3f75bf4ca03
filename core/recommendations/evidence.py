"""What a community did, as arrays: what a fit learns from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.recommendations.arrays import Floats, Places
from core.recommendations.content import Wishes
from core.recommendations.interactions import Interactions


@dataclass(frozen=True, eq=False, slots=True)
class Evidence:
    """What people did. `ids` are the caller's numbers of the items, by place.

    A value of `taken` is 1 to 5: the stars that were given, or what finishing and going on say. `ended`, shape
    (len(taken),), is the day on which each was finished, NaN where it was not. What was given up is not taken, but
    counts: item by item, `dropped` times with values of `dropped_sum`, both of shape (items,). `topics` are the levels
    that each item leads to, of `named` topics in all, and `wishes(user)` one's own levels in those one wants.
    """

    ids: Places
    taken: Interactions
    ended: Floats
    dropped: Places
    dropped_sum: Floats
    topics: Sequence[Mapping[int, int]]
    named: int
    wishes: Callable[[int], Wishes]
