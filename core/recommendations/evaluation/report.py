"""All models on one table of interactions, by one protocol: the figures, and how they are shown."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np

from core.recommendations import blend, choosing, cuts, names
from core.recommendations.answers import Fitted
from core.recommendations.arrays import Floats
from core.recommendations.evaluation import curve, errors, ranking, splits
from core.recommendations.evaluation.curve import Point
from core.recommendations.evaluation.intervals import interval
from core.recommendations.evaluation.splits import Split
from core.recommendations.interactions import Interactions

Protocol = Literal["last", "random", "folds"]
BLEND = "blend"
BAR = 40
MANY_USERS = 20_000
"""With more users than so many, the formula of users is left out: it compares everybody with everybody."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """How a model ranks: means over users, with the interval of the first."""

    ndcg: float
    ndcg_interval: tuple[float, float]
    hit_rate: float
    recall: float
    coverage: float
    novelty: float


@dataclass(frozen=True, slots=True)
class Misses:
    """How far a model's ratings are off, with the interval of the first."""

    rmse: float
    rmse_interval: tuple[float, float]
    mae: float


@dataclass(frozen=True, slots=True)
class Report:
    """Figures by model; `ranks` and `misses` are empty where the protocol or the data have none."""

    protocol: Protocol
    users: int
    items: int
    interactions: int
    judged: int
    ranks: Mapping[str, Ranks] = field(default_factory=dict)
    misses: Mapping[str, Misses] = field(default_factory=dict)
    cold_start: tuple[Point, ...] = ()

    def plain(self) -> dict[str, object]:
        """For programs."""
        return {**asdict(self), "cold_start": [asdict(each) for each in self.cold_start]}


def evaluate(
    interactions: Interactions,
    protocol: Protocol,
    *,
    rated: bool,
    seed: int = 1,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Judge all models; `say` is told which one comes next. Folds judge ratings where there are any."""
    parts = tuple(held_out(interactions, protocol, seed))
    ranks, points = _ranks(parts, protocol, seed, say) if protocol != "folds" or not rated else ({}, ())
    misses = _misses(parts, seed, say) if rated else {}
    judged = sum(int(np.count_nonzero(each.test.counts)) for each in parts)
    people = int(np.count_nonzero(interactions.counts))
    things = int(np.count_nonzero(interactions.takers))
    return Report(protocol, people, things, len(interactions), judged, ranks, misses, points)


def held_out(interactions: Interactions, protocol: Protocol, seed: int) -> Iterator[Split]:
    """The splits of a protocol."""
    if protocol == "last":
        yield splits.last(interactions)
    elif protocol == "random":
        yield splits.at_random(interactions, seed)
    else:
        yield from splits.folds(interactions, seed)


def _cut(protocol: Protocol) -> cuts.Protocol:
    return "last" if protocol == "last" else "random"


def _ranks(
    parts: tuple[Split, ...], protocol: Protocol, seed: int, say: Callable[[str], None]
) -> tuple[dict[str, Ranks], tuple[Point, ...]]:
    """The figures of each model, and the blend's curve on the first split."""
    points: tuple[Point, ...] = ()

    def chosen(taken: Interactions) -> Fitted:
        return blend.fit(taken, choosing.choose(taken, _cut(protocol), seed).settings)

    many = parts[0].train.users > MANY_USERS
    models = {**names.TAKEN, BLEND: chosen}
    found = dict[str, Ranks]()
    for name, fit in models.items():
        if name == "taste cosine" and many:
            continue
        say(name)
        fitted = [fit(part.train) for part in parts]
        each = [ranking.judge(model, part) for model, part in zip(fitted, parts, strict=True)]
        if name == BLEND:
            points = curve.cold_start(fitted[0], parts[0])
        ndcg = np.concatenate([one.ndcg for one in each])
        if len(ndcg):
            found[name] = Ranks(
                ndcg=float(ndcg.mean()),
                ndcg_interval=interval(ndcg, seed),
                hit_rate=float(np.concatenate([one.hit for one in each]).mean()),
                recall=float(np.concatenate([one.recall for one in each]).mean()),
                coverage=float(np.mean([one.coverage for one in each])),
                novelty=float(np.mean([one.novelty for one in each])),
            )
    return found, points


def _misses(parts: tuple[Split, ...], seed: int, say: Callable[[str], None]) -> dict[str, Misses]:
    found = dict[str, Misses]()
    for name, fit in names.RATED.items():
        say(name)
        left: Floats = np.concatenate(
            [errors.judge(fit(part.train).predict, part).difference for part in parts]
        )
        if len(left):
            whole = errors.Errors(left)
            low, high = interval(left**2, seed)
            found[name] = Misses(whole.rmse, (float(np.sqrt(low)), float(np.sqrt(high))), whole.mae)
    return found


def shown(report: Report) -> list[str]:
    """The figures as a table and a chart, in lines of text."""
    lines = [
        f"{report.interactions:,} interactions of {report.users:,} users with {report.items:,} items",
        f"protocol {report.protocol}, {report.judged:,} users judged",
    ]
    if not report.ranks and not report.misses:
        return [*lines, "Nothing could be held out: nobody has two things."]
    if report.ranks:
        lines += [
            "",
            f"{'':18}{'NDCG@10':>9}{'95 %':>17}{'hit':>8}{'recall':>8}{'coverage':>10}{'novelty':>9}",
        ]
        lines += [
            f"{name:18}{each.ndcg:9.4f}{_range(each.ndcg_interval):>17}{each.hit_rate:8.3f}{each.recall:8.3f}"
            f"{each.coverage:10.3f}{each.novelty:9.2f}"
            for name, each in sorted(report.ranks.items(), key=lambda one: -one[1].ndcg)
        ]
    if report.misses:
        lines += ["", f"{'':18}{'RMSE':>9}{'95 %':>17}{'MAE':>8}"]
        lines += [
            f"{name:18}{each.rmse:9.4f}{_range(each.rmse_interval):>17}{each.mae:8.4f}"
            for name, each in sorted(report.misses.items(), key=lambda one: one[1].rmse)
        ]
    if report.cold_start:
        most = max(*(each.ndcg for each in report.cold_start), 1e-12)
        lines += ["", "NDCG@10 of the blend by the number of things taken"]
        lines += [
            f"{each.taken:4} {'█' * round(BAR * each.ndcg / most):{BAR}} {each.ndcg:.4f} ({each.users:,} users)"
            for each in report.cold_start
        ]
    return lines


def _range(bounds: tuple[float, float]) -> str:
    return f"{bounds[0]:.4f}–{bounds[1]:.4f}"
