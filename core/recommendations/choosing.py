"""Settings chosen from training data alone, on cuts of it that are made as the test is.

Each part of the blend is tried by itself, then what is best of each is mixed; one figure decides throughout,
NDCG@10 of a sample of users. Nothing here ever sees the test.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from core.recommendations import blend
from core.recommendations.arrays import Singles
from core.recommendations.blend import Near, Onward, Ridge, Settings
from core.recommendations.cuts import Cut, Part, Protocol, cuts, has_order, set_aside
from core.recommendations.decay import LASTING, Decay
from core.recommendations.interactions import Interactions

Candidate = TypeVar("Candidate")

SAMPLE = 3000
STEPS = (1.0, 2.0, 4.0, 8.0, 16.0)
LIKINGS = (0.0, 0.5, 1.0, 2.0, 3.0)
NEARS = (
    *(Near(0.0, 0.5, 0.5), Near(0.0, 1.0, 0.3), Near(0.5, 0.7, 0.4), Near(0.5, 0.5, 0.5)),
    *(Near(1.0, 1.0, 0.2), Near(1.0, 1.0, 0.4), Near(1.0, 1.0, 0.6), Near(1.0, 0.7, 0.5)),
)
ONWARDS = (
    *(
        Onward(3, 0.5, 1.0, 0.1),
        Onward(10, 0.5, 1.0, 0.3),
        Onward(10, 1.0, 1.0, 0.3),
        Onward(30, 0.5, 1.0, 0.3),
    ),
    *(Onward(10, 0.5, 1.0, 0.3, back=1.0), Onward(30, 0.5, 0.7, 0.4, back=1.0)),
)
RIDGES = (30.0, 100.0, 300.0)
FACTOR = 3.0
FINER = 1.7
FARTHEST = 4
"""Steps beyond the first ridges."""
DROPOUTS = (0.0, 0.1, 0.25, 0.5)
SHARES = (0.0, 0.15, 0.3, 0.6, 1.0, 1.5)
POPULAR = (1e-6, 0.001, 0.003, 0.01, 0.03)
ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Chosen:
    """The settings, their NDCG on the cut, and what was tried: a figure a name."""

    settings: Settings
    ndcg: float
    tried: Mapping[str, float]


@dataclass(frozen=True, eq=False, slots=True)
class Search:
    """The cuts that judge, and what was tried on them."""

    cuts: tuple[Cut, ...]
    tried: dict[str, float] = field(default_factory=dict)

    def tell(self, name: str, scores: Sequence[Singles]) -> float:
        """The mean NDCG of scores on each cut, written down."""
        ndcg = float(np.mean([cut.ndcg(each) for cut, each in zip(self.cuts, scores, strict=True)]))
        self.tried[name] = round(ndcg, 5)
        return ndcg

    def part(self, part: Part, decay: Decay) -> float:
        """How well one part of the blend does by itself."""
        return self.tell(f"{part} {decay}", [cut.scores(cut.table(part), decay) for cut in self.cuts])


def choose(
    interactions: Interactions,
    protocol: Protocol = "last",
    seed: int = 1,
    sample: int = SAMPLE,
    *,
    ordered: bool = True,
    whole: bool = False,
) -> Chosen:
    """The settings of `blend.fit` for these data; the plain ones where there is too little to judge by.

    Unless `ordered`, the order of a history counts for nothing. Where the `whole` of it is known to be chosen by
    people, nothing is set aside: what somebody did last counts at once.
    """
    timely = ordered and has_order(interactions)
    aside = set_aside(interactions, sample, seed) if timely and protocol == "last" and not whole else 0
    search = Search(cuts(interactions, protocol, seed, sample, aside=aside, ordered=timely))
    if not search.cuts:
        return Chosen(blend.DEFAULT, float("nan"), {})
    decays = (LASTING, *(Decay(steps=steps) for steps in STEPS)) if timely else (LASTING,)
    trial = [cut.table(blend.DEFAULT.near) for cut in search.cuts]
    decay = _best(decays, lambda each: search.tell(f"{each}", _scores(search, trial, each)))
    if len(interactions) and interactions.value.min() < interactions.value.max():
        likings = tuple(replace(decay, liking=liking) for liking in LIKINGS)
        decay = _best(likings, lambda each: search.tell(f"{each}", _scores(search, trial, each)))
        decays = (*likings, *(replace(each, liking=decay.liking) for each in decays))
    near = _best(NEARS, lambda each: search.part(each, decay))
    ridge = _ridge(search, decay)
    parts: dict[str, Part] = {"ridge_share": ridge, "near_share": near}
    then = blend.DEFAULT.onward
    if timely:
        then = _best(ONWARDS, lambda each: search.part(each, decay))
        parts["onward_share"] = then
    settings = Settings(near=near, ridge=ridge, onward=then, decay=decay, aside=aside)
    return _mixed(search, settings, parts, decays)


def _scores(search: Search, tables: Sequence[Singles], decay: Decay) -> list[Singles]:
    return [cut.scores(table, decay) for cut, table in zip(search.cuts, tables, strict=True)]


def _mixed(search: Search, settings: Settings, parts: Mapping[str, Part], decays: Sequence[Decay]) -> Chosen:
    """The shares with which the parts do best together, begun with the strongest; then the decay once more."""
    tables = {name: [cut.table(part) for cut in search.cuts] for name, part in parts.items()}
    scores = {name: _scores(search, table, settings.decay) for name, table in tables.items()}
    popular = [np.log1p(cut.taught.takers).astype(np.float32) for cut in search.cuts]

    def figure(shares: Mapping[str, float]) -> float:
        total = _mix(scores, shares, [each * np.float32(shares["popular"]) for each in popular])
        return search.tell(", ".join(f"{name} {share:g}" for name, share in shares.items()), total)

    nothing = {**dict.fromkeys(parts, 0.0), "popular": POPULAR[0]}
    strongest = _best(tuple(parts), lambda name: figure({**nothing, name: 1.0}))
    shares = {**nothing, strongest: 1.0}
    reached = figure(shares)
    for _ in range(ROUNDS):
        for name in (*(each for each in parts if each != strongest), "popular"):
            for share in POPULAR if name == "popular" else SHARES:
                trial = {**shares, name: share}
                now = figure(trial)
                if now > reached:
                    reached, shares = now, trial
    settings = replace(
        settings,
        near_share=shares["near_share"],
        ridge_share=shares["ridge_share"],
        onward_share=shares.get("onward_share", 0.0),
        popular=shares["popular"],
    )
    blended = _added(tables, shares)
    for decay in decays:
        total = [
            each + most * np.float32(shares["popular"])
            for each, most in zip(_scores(search, blended, decay), popular, strict=True)
        ]
        now = search.tell(f"all, {decay}", total)
        if now > reached:
            reached, settings = now, replace(settings, decay=decay)
    return Chosen(settings, reached, dict(search.tried))


def _mix(
    parts: Mapping[str, Sequence[Singles]], shares: Mapping[str, float], start: Sequence[Singles]
) -> list[Singles]:
    """The sum of the parts by their shares, on each cut."""
    return [
        np.asarray(
            sum((parts[name][at] * np.float32(shares[name]) for name in parts if shares[name]), start=begin)
        )
        for at, begin in enumerate(start)
    ]


def _added(tables: dict[str, list[Singles]], shares: Mapping[str, float]) -> list[Singles]:
    """The sum of tables by their shares, on each cut; the tables are used up, to spare memory."""
    total: list[Singles] = []
    while tables:
        name, made = tables.popitem()
        for at, table in enumerate(made):
            np.multiply(table, np.float32(shares[name]), out=table)
            if at == len(total):
                total.append(table)
            else:
                total[at] += table
    return total


def _ridge(search: Search, decay: Decay) -> Ridge:
    """The best ridge, farther out while it is at an edge; then the best dropout; then the ridge once more, finer."""
    tried: dict[Ridge, float] = {}

    def reached(each: Ridge) -> float:
        if each not in tried:
            tried[each] = search.part(each, decay)
        return tried[each]

    ridges = list(RIDGES)
    dropout = blend.DEFAULT.ridge.dropout
    best = _best(ridges, lambda each: reached(Ridge(each, dropout)))
    for _ in range(FARTHEST):
        if best not in {min(ridges), max(ridges)}:
            break
        ridges.append(best * FACTOR if best == max(ridges) else best / FACTOR)
        best = _best(ridges, lambda each: reached(Ridge(each, dropout)))
    dropout = _best(DROPOUTS, lambda each: reached(Ridge(best, each)))
    best = _best((best, best * FINER, best / FINER), lambda each: reached(Ridge(each, dropout)))
    return Ridge(best, dropout)


def _best(candidates: Sequence[Candidate], figure: Callable[[Candidate], float]) -> Candidate:
    return max(candidates, key=figure)
