"""One answer from all that is known: topics and levels, what others did, and what they made of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from core.recommendations import answers
from core.recommendations.answers import MOST, Because, Recommendation
from core.recommendations.arrays import Bools, Singles
from core.recommendations.content import Content, Wishes
from core.recommendations.handover import Handover, mixed
from core.recommendations.interactions import History
from core.recommendations.items import ItemModel


@dataclass(frozen=True, eq=False)
class Guide:
    """`content` for who is new, `model` for who is known, `handover` in between, and how every item stands.

    The model knows the first items alone where others have come since it was fitted: of these, it says neither
    good nor bad. `standing`, shape (items,), is added to every score.
    """

    model: ItemModel
    content: Content
    handover: Handover
    standing: Singles

    @cached_property
    def _whole(self) -> bool:
        return self.model.items == self.content.items

    def known(self, history: History) -> History:
        """What the model knows of a history."""
        if self._whole:
            return history
        keep = history.item < self.model.items
        return History(
            history.item[keep], history.value[keep], history.day[keep] if history.day is not None else None
        )

    def share(self, history: History, wishes: Wishes) -> float:
        """How much the model counts: all where nothing is wished for."""
        return self.handover.at(len(self.known(history))) if wishes else 1.0

    def scores(self, history: History, wishes: Wishes) -> Singles:
        """A score for every item, shape (items,)."""
        own = self.model.scores(self.known(history))
        if not self._whole:
            middle = float(own.mean()) if len(own) else 0.0
            own = np.concatenate((own, np.full(self.content.items - len(own), middle, np.float32)))
        return mixed(self.content.scores(wishes), own, self.share(history, wishes)) + self.standing

    def recommend(
        self, history: History, wishes: Wishes, limit: int = 10, may: Bools | None = None
    ) -> tuple[Recommendation, ...]:
        """The best items not in the history, where `may`, shape (items,), is true."""
        score = self.scores(history, wishes)
        chosen = answers.chosen(score, history, limit, may).tolist()
        return tuple(
            Recommendation(item, float(score[item]), because)
            for item, because in zip(chosen, self.reasons(history, wishes, chosen), strict=True)
        )

    def reasons(
        self, history: History, wishes: Wishes, items: Sequence[int], most: int = MOST
    ) -> list[tuple[Because, ...]]:
        """What speaks for each of some items, by both sides, the greatest part first.

        Shares are parts of what each side says for the item, by the side's own share.
        """
        known = self.known(history)
        seen = np.array([item for item in items if item < self.model.items], dtype=np.int64)
        others = dict(zip(seen.tolist(), self.model.reasons(known, seen, most), strict=True))
        share = self.share(history, wishes)
        return [
            tuple(
                sorted(
                    (
                        *_weighed(others.get(item, ()), share),
                        *_weighed(self.content.explain(wishes, item, most), 1 - share),
                    ),
                    key=lambda each: -each.share,
                )[:most]
            )
            for item in items
        ]


def _weighed(reasons: tuple[Because, ...], share: float) -> list[Because]:
    total = sum(each.share for each in reasons)
    if share <= 0 or total <= 0:
        return []
    return [replace(each, share=share * each.share / total) for each in reasons]
