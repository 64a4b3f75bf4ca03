"""What was taken lately says more: a weight for each thing in a history.

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

    `steps`: a thing with k newer ones weighs 1 / (1 + k / steps). `days`: after so many days, half.
    """

    steps: float | None = None
    days: float | None = None


LASTING = Decay()


def weights(history: History, decay: Decay) -> Singles:
    """The weight of each thing in a history, shape (n,): 1 for the newest."""
    weight = np.ones(len(history), np.float32)
    if decay.steps is not None:
        weight /= 1 + np.arange(len(history) - 1, -1, -1, dtype=np.float32) / np.float32(decay.steps)
    if decay.days is not None and history.day is not None and len(history):
        weight *= np.exp2((history.day - history.day.max()) / decay.days).astype(np.float32)
    return weight


def all_weights(interactions: Interactions, decay: Decay) -> Singles:
    """The same for everybody at once, shape (n,)."""
    weight = np.ones(len(interactions), np.float32)
    if decay.steps is not None:
        weight /= 1 + interactions.age.astype(np.float32) / np.float32(decay.steps)
    if decay.days is not None and interactions.day is not None and len(interactions):
        newest = np.full(interactions.users, -np.inf)
        user = interactions.user
        np.maximum.at(newest, user, interactions.day)
        weight *= np.exp2((interactions.day - newest[user]) / decay.days).astype(np.float32)
    return weight
