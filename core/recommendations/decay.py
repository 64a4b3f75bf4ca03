"""What was taken lately says more, and what was liked: a weight for each thing in a history.

Without days, age is the number of things taken since (Koren, "Collaborative filtering with temporal
dynamics", 2009, weighs by time in the same spirit); with days, it halves every so many days.
"""

from dataclasses import dataclass

import numpy as np

from core.recommendations.arrays import Singles
from core.recommendations.interactions import History, Interactions


@dataclass(frozen=True, slots=True)
class Decay:
    """How fast the past fades; None and None: not at all.

    `steps`: a thing with k newer ones weighs 1 / (1 + k / steps). `days`: after so many days, half. `liking`: its
    value to this power, so that with stars as values what was liked weighs more; 0 makes all alike.
    """

    steps: float | None = None
    days: float | None = None
    liking: float = 0.0


LASTING = Decay()


def liked(value: Singles, decay: Decay) -> Singles:
    """The weight of values by themselves, a new array of the same shape."""
    return np.ones_like(value) if decay.liking == 0 else np.power(value, np.float32(decay.liking))


def weights(history: History, decay: Decay) -> Singles:
    """The weight of each thing in a history, shape (n,)."""
    weight = liked(history.value, decay)
    if decay.steps is not None:
        weight /= 1 + np.arange(len(history) - 1, -1, -1, dtype=np.float32) / np.float32(decay.steps)
    if decay.days is not None and history.day is not None and len(history):
        weight *= np.exp2((history.day - history.day.max()) / decay.days).astype(np.float32)
    return weight


def all_weights(interactions: Interactions, decay: Decay) -> Singles:
    """The same for everybody at once, shape (n,)."""
    weight = liked(interactions.value, decay)
    if decay.steps is not None:
        weight /= 1 + interactions.age.astype(np.float32) / np.float32(decay.steps)
    if decay.days is not None and interactions.day is not None and len(interactions):
        newest = np.full(interactions.users, -np.inf)
        user = interactions.user
        np.maximum.at(newest, user, interactions.day)
        weight *= np.exp2((interactions.day - newest[user]) / decay.days).astype(np.float32)
    return weight
