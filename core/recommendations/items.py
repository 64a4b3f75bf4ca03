"""A fitted model of items: what was taken adds up, by a table of weights, to a score for every item.

Item cosine, RP3beta, EASE, what comes after what, and every blend of them are one such table; so a blend costs
no more than one of them, and what each thing taken adds to a score is known exactly.
"""

from dataclasses import dataclass

import numpy as np

from core.recommendations import answers
from core.recommendations.answers import MOST, Because, Recommendation
from core.recommendations.arrays import Bools, Floats, Places, Singles
from core.recommendations.decay import Decay, all_weights, weights
from core.recommendations.interactions import History, Interactions

AT_ONCE = 1024
"""Users scored at once."""


@dataclass(frozen=True, eq=False, slots=True)
class ItemModel:
    """`weights`, shape (items, items), from what was taken to what is scored; `prior`, shape (items,).

    `together` and `onward`, of the same shape as the weights, count who took both, and row's before column's:
    only what really happened is given as a reason. `onward` is None where nobody knows the order.
    """

    weights: Singles
    prior: Singles
    together: Singles
    onward: Singles | None
    decay: Decay
    aside: int = 0
    """So many of the newest things in a history are not looked at."""

    @property
    def items(self) -> int:
        """How many items it knows."""
        return len(self.prior)

    def _looked_at(self, history: History) -> tuple[History, Singles]:
        if self.aside and len(history):
            end = max(len(history) - self.aside, 1)
            day = None if history.day is None else history.day[:end]
            history = History(history.item[:end], history.value[:end], day)
        return history, weights(history, self.decay)

    def scores(self, history: History) -> Singles:
        """A score for every item."""
        seen, weight = self._looked_at(history)
        if not len(seen):
            return self.prior.copy()
        return np.asarray(weight @ self.weights.take(seen.item, axis=0) + self.prior, dtype=np.float32)

    def table(self, histories: Interactions) -> Singles:
        """The same for many at once."""
        if self.aside:
            counts = np.repeat(histories.counts, histories.counts)
            age = histories.age
            histories = histories.kept((age >= self.aside) | (age == counts - 1))
        rows = histories.matrix(all_weights(histories, self.decay))
        table = np.empty((histories.users, self.items), np.float32)
        for begin in range(0, histories.users, AT_ONCE):
            part = slice(begin, begin + AT_ONCE)
            table[part] = rows[part] @ self.weights
        table += self.prior
        return table

    def recommend(
        self, history: History, limit: int = 10, may: Bools | None = None
    ) -> tuple[Recommendation, ...]:
        """The best items not in the history."""
        score = self.scores(history)
        chosen = answers.chosen(score, history, limit, may)
        return tuple(
            Recommendation(int(item), float(score[item]), because)
            for item, because in zip(chosen, self.reasons(history, chosen), strict=True)
        )

    def reasons(self, history: History, items: Places, most: int = MOST) -> list[tuple[Because, ...]]:
        """What `explain` says of each of some items, shape (n,)."""
        seen, weight = self._looked_at(history)
        shares = weight[:, np.newaxis] * self.weights[np.ix_(seen.item, items)]
        return [self._because(seen, shares[:, at], int(item), most) for at, item in enumerate(items)]

    def explain(self, history: History, item: int, most: int = MOST) -> tuple[Because, ...]:
        """What was taken and adds to the score of an item that somebody took with it; else how many took it."""
        seen, weight = self._looked_at(history)
        return self._because(seen, weight * self.weights[seen.item, item], item, most)

    def shares(self, history: History, item: int) -> Floats:
        """What each thing looked at adds to a score, shape (looked at,); with the prior, they add up to it."""
        seen, weight = self._looked_at(history)
        return np.asarray(weight * self.weights[seen.item, item], dtype=np.float64)

    def _because(self, seen: History, share: Singles, item: int, most: int) -> tuple[Because, ...]:
        people = self.together[seen.item, item]
        order = np.argsort(-share, kind="stable")
        told = order[(share[order] > 0) & (people[order] > 0)][:most]
        if not len(told):
            takers = int(self.together[item, item])
            return (Because("popular", item, float(self.prior[item]), takers),)[:most] if takers else ()
        return tuple(
            Because(
                "item",
                int(seen.item[at]),
                float(share[at]),
                int(people[at]),
                0 if self.onward is None else int(self.onward[seen.item[at], item]),
            )
            for at in told
        )
