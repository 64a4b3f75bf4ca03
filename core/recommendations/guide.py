"""One answer from both: topics and levels, and what others did, by the measured hand-over."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from core.recommendations import answers
from core.recommendations.answers import MOST, Because, Recommendation
from core.recommendations.arrays import Bools, Singles
from core.recommendations.content import Content
from core.recommendations.handover import Handover, mixed
from core.recommendations.interactions import History
from core.recommendations.items import ItemModel


@dataclass(frozen=True, eq=False, slots=True)
class Guide:
    """`content` for who is new, `model` for who is known, `handover` in between."""

    model: ItemModel
    content: Content
    handover: Handover

    def share(self, history: History, wishes: Mapping[int, int]) -> float:
        """How much the model counts: all where nothing is wished for."""
        return self.handover.at(len(history)) if wishes else 1.0

    def scores(self, history: History, wishes: Mapping[int, int]) -> Singles:
        """A score for every item, shape (items,)."""
        share = self.share(history, wishes)
        return mixed(self.content.scores(wishes), self.model.scores(history), share)

    def recommend(
        self, history: History, wishes: Mapping[int, int], limit: int = 10, may: Bools | None = None
    ) -> tuple[Recommendation, ...]:
        """The best items not in the history, where `may`, shape (items,), is true."""
        score = self.scores(history, wishes)
        score[history.item] = -np.inf
        if may is not None:
            score[~may] = -np.inf
        chosen = answers.best(score, limit)
        return tuple(
            Recommendation(int(item), float(score[item]), self._told(history, wishes, int(item), because))
            for item, because in zip(chosen, self.model.reasons(history, chosen), strict=True)
        )

    def explain(
        self, history: History, wishes: Mapping[int, int], item: int, most: int = MOST
    ) -> tuple[Because, ...]:
        """The reasons of both, the stronger side's first; shares are parts of what each side says for the item."""
        return self._told(history, wishes, item, self.model.explain(history, item, most), most)

    def _told(
        self,
        history: History,
        wishes: Mapping[int, int],
        item: int,
        because: tuple[Because, ...],
        most: int = MOST,
    ) -> tuple[Because, ...]:
        share = self.share(history, wishes)
        told = [*_weighed(because, share), *_weighed(self.content.explain(wishes, item, most), 1 - share)]
        return tuple(sorted(told, key=lambda each: -each.share)[:most])


def _weighed(reasons: tuple[Because, ...], share: float) -> list[Because]:
    total = sum(each.share for each in reasons)
    if share <= 0 or total <= 0:
        return []
    return [replace(each, share=share * each.share / total) for each in reasons]
