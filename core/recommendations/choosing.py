"""Settings chosen from training data alone, on a cut of it that is made as the test is.

Each part of the blend is tried by itself, then what is best of each is mixed; one figure decides throughout,
NDCG@10 of a sample of users. Nothing here ever sees the test.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

import numpy as np

from core.recommendations import blend, ease
from core.recommendations.arrays import Places, Singles
from core.recommendations.blend import Near, Onward, Ridge, Settings
from core.recommendations.decay import LASTING, Decay, all_weights
from core.recommendations.evaluation import ranking, splits
from core.recommendations.evaluation.ranking import LIMIT, discounts, gains, unseen
from core.recommendations.evaluation.splits import Split
from core.recommendations.interactions import Interactions
from core.recommendations.together import together

Protocol = Literal["last", "random"]
Candidate = TypeVar("Candidate")

SAMPLE = 3000
STEPS = (1.0, 2.0, 4.0, 8.0, 16.0)
NEARS = (
    *(Near(0.0, 0.5, 0.5), Near(0.0, 1.0, 0.3), Near(0.5, 0.7, 0.4), Near(0.5, 0.5, 0.5)),
    *(Near(1.0, 1.0, 0.2), Near(1.0, 1.0, 0.4), Near(1.0, 1.0, 0.6), Near(1.0, 0.7, 0.5)),
)
ONWARDS = (
    Onward(10, 0.5, 1.0, 0.3),
    Onward(10, 1.0, 1.0, 0.3),
    Onward(30, 0.5, 1.0, 0.3),
    Onward(3, 0.5, 1.0, 0.1),
    Onward(10, 0.5, 1.0, 0.3, back=1.0),
    Onward(30, 0.5, 0.7, 0.4, back=1.0),
)
RIDGES = (30.0, 100.0, 300.0)
FACTOR = 3.0
DROPOUTS = (0.0, 0.1, 0.5)
SHARES = (0.0, 0.15, 0.3, 0.6, 1.0, 1.5)
POPULAR = (1e-6, 0.001, 0.003, 0.01, 0.03)
ROUNDS = 2
UNPREDICTABLE = 0.25
"""Newest things that can be told less than so much as well as those before them are set aside."""
ASIDE = 2
"""More than so many are never set aside."""
MOSTLY = 0.99


@dataclass(frozen=True, slots=True)
class Chosen:
    """The settings, their NDCG on the cut, and what was tried: a figure a name."""

    settings: Settings
    ndcg: float
    tried: Mapping[str, float]


@dataclass(frozen=True, eq=False, slots=True)
class Bench:
    """A cut with the sample of users that judges; `taught` is what the models learn from."""

    taught: Interactions
    histories: Interactions
    seen: Interactions
    wanted: Interactions
    tried: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, cut: Split, aside: int, sample: int, seed: int) -> "Bench":
        """A bench with users drawn from those who have something held out and something left."""
        able = np.flatnonzero((cut.test.counts > 0) & (cut.train.counts > 0))
        drawn = np.sort(np.random.default_rng(seed).permutation(able)[:sample])
        taught = blend.looked_at(cut.train, aside)
        return cls(taught, taught.only(drawn), cut.train.only(drawn), cut.test.only(drawn))

    def scores(self, weights: Singles, decay: Decay) -> Singles:
        """What a table of weights says of the sample, shape (sample, items)."""
        return np.asarray(self.histories.matrix(all_weights(self.histories, decay)) @ weights)

    def ndcg(self, scores: Singles) -> float:
        """The mean NDCG of such scores."""
        lists = ranking.ordered(unseen(scores.copy(), self.seen), LIMIT)
        ideal = np.cumsum(discounts(LIMIT))[np.minimum(self.wanted.counts, LIMIT) - 1]
        dcg, _ = gains(lists, self.wanted)
        return float(np.mean(dcg / ideal)) if len(dcg) else 0.0

    def tell(self, name: str, ndcg: float) -> float:
        """Write down what was tried."""
        self.tried[name] = round(ndcg, 5)
        return ndcg


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
    return splits.one_each(interactions, seed) if one else splits.at_random(interactions, seed)


def set_aside(interactions: Interactions, sample: int, seed: int) -> int:
    """How many of everybody's newest things tell nothing about the rest, nor can be told from it.

    Some data end a history with a thing that was not chosen as the others were. Item cosine predicts each of
    the newest places from all the others; a place that is far worse than the one before it is set aside.
    """
    found = []
    for aside in range(ASIDE + 1):
        cut = splits.last(interactions, aside)
        if not len(cut.test):
            break
        bench = Bench.of(cut, 0, sample, seed)
        weights = blend.near(bench.taught, together(bench.taught), blend.COSINE)
        found.append(bench.ndcg(bench.scores(weights, LASTING)))
    aside = 0
    while aside + 1 < len(found) and found[aside] < UNPREDICTABLE * found[aside + 1]:
        aside += 1
    return aside


def choose(
    interactions: Interactions,
    protocol: Protocol = "last",
    seed: int = 1,
    sample: int = SAMPLE,
    *,
    ordered: bool = True,
) -> Chosen:
    """The settings of `blend.fit` for these data; the plain ones where there is too little to judge by.

    Unless `ordered`, the order of a history counts for nothing.
    """
    timely = ordered and has_order(interactions)
    aside = set_aside(interactions, sample, seed) if timely and protocol == "last" else 0
    cut = cut_like(interactions, protocol, seed, aside) if timely else unordered(interactions, protocol, seed)
    bench = Bench.of(cut, aside, sample, seed)
    if not len(bench.wanted):
        return Chosen(blend.DEFAULT, float("nan"), {})
    bench.tell("set aside", float(aside))
    takers, both = bench.taught.takers, together(bench.taught)

    def table(near: Near) -> Singles:
        return blend.scaled(blend.near(bench.taught, both, near), takers)

    trial = table(blend.DEFAULT.near)
    decays = (LASTING, *(Decay(steps=steps) for steps in STEPS)) if timely else (LASTING,)
    decay = _best(decays, lambda each: bench.tell(f"{each}", bench.ndcg(bench.scores(trial, each))))
    near = _best(NEARS, lambda each: bench.tell(f"{each}", bench.ndcg(bench.scores(table(each), decay))))
    ridge, regressed = _ridge(bench, both, decay)
    tables = {"ridge_share": blend.scaled(regressed, takers), "near_share": table(near)}
    then = blend.DEFAULT.onward
    if timely:

        def comes_after(onward: Onward) -> Singles:
            return blend.scaled(blend.after(bench.taught, onward), takers)

        then = _best(
            ONWARDS, lambda each: bench.tell(f"{each}", bench.ndcg(bench.scores(comes_after(each), decay)))
        )
        tables["onward_share"] = comes_after(then)
    parts = Settings(near=near, ridge=ridge, onward=then, decay=decay, aside=aside)
    return _mixed(bench, parts, tables, takers, decays)


def _mixed(
    bench: Bench, parts: Settings, tables: Mapping[str, Singles], takers: Places, decays: Sequence[Decay]
) -> Chosen:
    popular = np.log1p(takers).astype(np.float32)
    scores = {name: bench.scores(table, parts.decay) for name, table in tables.items()}

    def figure(shares: Mapping[str, float]) -> float:
        total = sum((scores[name] * np.float32(shares[name]) for name in scores), start=np.float32(0))
        return bench.ndcg(np.asarray(total + popular * np.float32(shares["popular"])))

    alone = {
        name: figure({**dict.fromkeys(scores, 0.0), name: 1.0, "popular": POPULAR[0]}) for name in scores
    }
    strongest = max(alone, key=lambda name: alone[name])
    shares = {**dict.fromkeys(scores, 0.0), strongest: 1.0, "popular": POPULAR[0]}
    reached = alone[strongest]
    for _ in range(ROUNDS):
        for name in (*(each for each in scores if each != strongest), "popular"):
            for share in POPULAR if name == "popular" else SHARES:
                if share != shares[name]:
                    trial = {**shares, name: share}
                    now = bench.tell(
                        ", ".join(f"{key} {each:g}" for key, each in trial.items()), figure(trial)
                    )
                    if now > reached:
                        reached, shares = now, trial
    settings = replace(
        parts,
        near_share=shares["near_share"],
        ridge_share=shares["ridge_share"],
        onward_share=shares.get("onward_share", 0.0),
        popular=shares["popular"],
    )
    table = sum((tables[name] * np.float32(shares[name]) for name in tables), start=np.float32(0))
    for decay in decays:
        now = bench.ndcg(bench.scores(np.asarray(table), decay) + popular * np.float32(settings.popular))
        if bench.tell(f"all, {decay}", now) > reached:
            reached, settings = now, replace(settings, decay=decay)
    return Chosen(settings, reached, dict(bench.tried))


def _ridge(bench: Bench, both: Singles, decay: Decay) -> tuple[Ridge, Singles]:
    """The best ridge, farther out while it is at an edge, then the best dropout; with its table."""
    kept: tuple[float, Ridge, Singles] | None = None

    def figure(each: Ridge) -> float:
        nonlocal kept
        weights = ease.regress(both, each.ridge, each.dropout)
        now = bench.tell(f"{each}", bench.ndcg(bench.scores(weights, decay)))
        if kept is None or now > kept[0]:
            kept = now, each, weights
        return now

    tried: dict[float, float] = {}
    for ridge in RIDGES:
        tried[ridge] = figure(Ridge(ridge, blend.DEFAULT.ridge.dropout))
    for _ in range(3):
        best = max(tried, key=lambda each: tried[each])
        farther = best * FACTOR if best == max(tried) else best / FACTOR if best == min(tried) else best
        if farther in tried:
            break
        tried[farther] = figure(Ridge(farther, blend.DEFAULT.ridge.dropout))
    best = max(tried, key=lambda each: tried[each])
    for dropout in DROPOUTS:
        figure(Ridge(best, dropout))
    assert kept is not None
    return kept[1], kept[2]


def _best(candidates: Sequence[Candidate], figure: Callable[[Candidate], float]) -> Candidate:
    return max(candidates, key=figure)
