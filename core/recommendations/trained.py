"""What a fit leaves, and all that is needed to answer: loaded without what fitting takes."""

from dataclasses import dataclass

import numpy as np

from core.recommendations.arrays import Places, Singles
from core.recommendations.decay import LASTING
from core.recommendations.handover import CAUTIOUS, Handover
from core.recommendations.items import ItemModel


@dataclass(frozen=True, eq=False, slots=True)
class Trained:
    """What a fit leaves: the model, whose items are which, the hand-over, and how each item stands."""

    ids: Places
    model: ItemModel
    handover: Handover
    standing: Singles


def empty() -> Trained:
    """What is there before the first fit."""
    none: Singles = np.zeros((0, 0), np.float32)
    model = ItemModel(none, none[0:0].reshape(-1), none, none, LASTING)
    return Trained(np.zeros(0, np.int64), model, CAUTIOUS, np.zeros(0, np.float32))
