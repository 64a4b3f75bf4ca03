"""Recommendations beside `implicit` and `scikit-surprise`, on the same splits in one run.

`python -m benchmarks.recommendations --ratings FILE` ranks a fifth of the lines and predicts ratings in five
folds; `--train FILE --test FILE` ranks what is held out as it was published. Lines are user,item[,rating[,time]].
Without a file, data are invented. `--json` prints one line for a program. Every model is a process of its own.
"""

import argparse
import json
import multiprocessing
import os
import re
import resource
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.peers import invented, recommenders
from core.recommendations import blend, choosing, cuts, names, popularity
from core.recommendations.answers import Fitted
from core.recommendations.arrays import Floats, Ints
from core.recommendations.blend import Settings
from core.recommendations.choosing import Chosen
from core.recommendations.cuts import Protocol
from core.recommendations.evaluation import errors, ranking, reading, splits
from core.recommendations.evaluation.intervals import interval
from core.recommendations.evaluation.splits import Split
from core.recommendations.interactions import Interactions

BLEND = "blend"
PLAIN = "blend, order unused"
RATING_BLEND = "rating blend"
ASKED = 2000
"""Users asked one by one, for the time of one answer."""
SAMPLE = 3000
SEED = 1
MEGABYTE = 1024
"""The system counts peaks in kilobytes."""


@dataclass(frozen=True, eq=False, slots=True)
class Outcome:
    """What a process found: `each` is NDCG by user, or the error of each rating."""

    each: Floats
    figures: Mapping[str, object]


Result = TypeVar("Result")
Say = Callable[[str], None]


def peak_mb() -> int:
    """The most memory this process has had."""
    # What the system counts for a process includes that of the one it came from; Linux knows better.
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        assert found
        return round(int(found[1]) / MEGABYTE)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE)


def apart(task: Callable[[], Result]) -> Result:
    """Run a task in a new process, so that its peak of memory is its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(task).result()


# What people take next


def chosen(taken: Interactions, protocol: Protocol, seed: int, *, ordered: bool) -> tuple[Chosen, float]:
    """Our settings, from training data alone, and the seconds it took."""
    began = time.perf_counter()
    found = choosing.choose(taken, protocol, seed, SAMPLE, ordered=ordered)
    return found, round(time.perf_counter() - began, 2)


def ours(split: Split, settings: Settings | None) -> Outcome:
    """Fit, rank and time one of our models; without settings, popularity. Its peak of memory is that of the fit."""
    began = time.perf_counter()
    model: Fitted = popularity.fit(split.train) if settings is None else blend.fit(split.train, settings)
    fit_s, peak = time.perf_counter() - began, peak_mb()
    users = np.flatnonzero(split.test.counts > 0)
    asked = [split.train.history(int(user)) for user in users[:ASKED]]
    start = time.perf_counter()
    for history in asked:
        model.recommend(history)
    answer = (time.perf_counter() - start) / max(len(asked), 1)
    lists = ranking.listed(model, split, users)
    return outcome(
        lists, split, {"fit_s": fit_s, "us_a_user": answer * 1e6, "peak_mb": peak, "settings": settings}
    )


def theirs(name: str, split: Split, cut: Split) -> Outcome:
    """Choose on the cut, fit, rank and time a model of `implicit`."""
    began = time.perf_counter()
    judging = np.flatnonzero((cut.test.counts > 0) & (cut.train.counts > 0))
    judging = np.sort(np.random.default_rng(1).permutation(judging)[:SAMPLE])

    def on_the_cut(settings: recommenders.Settings) -> float:
        lists = recommenders.fit_taken(name, cut.train, settings).lists(judging)
        return float(ranking.figures(lists, cut, judging).ndcg.mean())

    settings = max(recommenders.GRID[name], key=on_the_cut)
    choose_s = round(time.perf_counter() - began, 2)
    began = time.perf_counter()
    model = recommenders.fit_taken(name, split.train, settings)
    fit_s = time.perf_counter() - began
    users = np.flatnonzero(split.test.counts > 0)
    start = time.perf_counter()
    for user in users[:ASKED]:
        model.one(int(user))
    answer = (time.perf_counter() - start) / max(len(users[:ASKED]), 1)
    told = {"fit_s": fit_s, "us_a_user": answer * 1e6, "peak_mb": peak_mb(), "settings": dict(settings)}
    return outcome(model.lists(users), split, {**told, "choose_s": choose_s})


def outcome(lists: Ints, split: Split, told: Mapping[str, object]) -> Outcome:
    """The figures of ranked lists, and what else is told of the model."""
    found = ranking.figures(lists, split, np.flatnonzero(split.test.counts > 0))
    figures = {
        "ndcg": float(found.ndcg.mean()),
        "interval": interval(found.ndcg, SEED),
        "hit": float(found.hit.mean()),
        "recall": float(found.recall.mean()),
        "coverage": found.coverage,
        "novelty": found.novelty,
    }
    return Outcome(found.ndcg, {**figures, **told})


def rank(split: Split, protocol: Protocol, seed: int, say: Say) -> dict[str, object]:
    """All models on one split, and by how much our blend leads the best of theirs."""
    say("choosing")
    best, took = apart(partial(chosen, split.train, protocol, seed, ordered=True))
    plain, took_plain = apart(partial(chosen, split.train, protocol, seed, ordered=False))
    models: dict[str, Settings | None] = {
        BLEND: best.settings,
        PLAIN: plain.settings,
        "item cosine": blend.alone(near=blend.COSINE),
        "RP3beta": blend.alone(near=blend.RP3BETA),
        "EASE": blend.alone(ridge=plain.settings.ridge),
        "popularity": None,
    }
    found = dict[str, Outcome]()
    for name, settings in models.items():
        say(name)
        found[name] = apart(partial(ours, split, settings))
    cut = cuts.cut_like(split.train, protocol, seed, best.settings.aside)
    peers = tuple(recommenders.GRID) if recommenders.installed("implicit") else ()
    for name in peers:
        say(name)
        found[name] = apart(partial(theirs, name, split, cut))
    figures: dict[str, object] = {
        "judged": len(found[BLEND].each),
        "on_the_cut": {BLEND: best.ndcg, PLAIN: plain.ndcg},
        "choose_s": {BLEND: took, PLAIN: took_plain},
        "models": {name: dict(each.figures) for name, each in found.items()},
    }
    if peers:
        rival = max(peers, key=lambda name: float(found[name].each.mean()))
        ahead = found[BLEND].each - found[rival].each
        figures["lead"] = {"over": rival, "ndcg": float(ahead.mean()), "interval": interval(ahead, SEED)}
    return figures


# Ratings


def rated(name: str, parts: tuple[Split, ...]) -> Outcome:
    """Fit and predict in each fold; our models and those of `surprise` alike."""
    fits, answers, left = list[float](), list[float](), list[Floats]()
    for part in parts:
        began = time.perf_counter()
        if name in names.RATED:
            predict = partial(errors.predictions, names.RATED[name](part.train).predict)
        else:
            predict = partial(recommenders.predicted, recommenders.fit_rated(name, part.train))
        fits.append(time.perf_counter() - began)
        began = time.perf_counter()
        left.append(part.test.value.astype(np.float64) - predict(part))
        answers.append((time.perf_counter() - began) / max(len(part.test), 1))
    whole = errors.Errors(np.concatenate(left))
    low, high = interval(whole.difference**2, SEED)
    figures = {
        "rmse": whole.rmse,
        "interval": (float(np.sqrt(low)), float(np.sqrt(high))),
        "mae": whole.mae,
        "by_fold": [errors.Errors(each).rmse for each in left],
        "fit_s": float(np.mean(fits)),
        "us_a_prediction": float(np.mean(answers)) * 1e6,
        "peak_mb": peak_mb(),
    }
    return Outcome(whole.difference, figures)


def rate(interactions: Interactions, seed: int, say: Say) -> dict[str, object]:
    """All models of ratings in five folds, and by how much our blend leads the best of theirs."""
    parts = tuple(splits.folds(interactions, seed))
    found = dict[str, Outcome]()
    peers = tuple(recommenders.RATED) if recommenders.installed("surprise") else ()
    for name in (*names.RATED, *peers):
        say(name)
        found[name] = apart(partial(rated, name, parts))
    figures: dict[str, object] = {
        "ratings": len(interactions),
        "models": {name: dict(each.figures) for name, each in found.items()},
    }
    if peers:
        rival = min(peers, key=lambda name: errors.Errors(found[name].each).rmse)
        ahead = found[rival].each ** 2 - found[RATING_BLEND].each ** 2
        lead = {"over": rival, "mean_square": float(ahead.mean()), "interval": interval(ahead, SEED)}
        figures["lead"] = lead
    return figures


# The data


def read(path: Path, users: dict[str, int], items: dict[str, int]) -> reading.Table:
    """A file's table; ends the program where it has faults."""
    table = reading.read(reading.text(path).splitlines(), users, items)
    if not isinstance(table, reading.Table):
        raise SystemExit("\n".join(reading.told(str(path), table)))
    return table


def published(train: Path, test: Path) -> Split:
    """A split as it was published, in two files; what somebody has in both is left out of the test."""
    users, items = dict[str, int](), dict[str, int]()
    taught = read(train, users, items).interactions
    asked = read(test, users, items).interactions
    size = {"users": len(users), "items": len(items)}
    taught = Interactions.of(taught.user, taught.item, taught.value, taught.day, **size)
    pair = taught.user.astype(np.int64) * len(items) + taught.item
    fresh = ~np.isin(asked.user.astype(np.int64) * len(items) + asked.item, pair)
    left = asked.kept(fresh)
    return Split(taught, Interactions.of(left.user, left.item, left.value, left.day, **size))


def rounded(value: object) -> object:
    """Figures with as many digits as they are worth, and settings in words."""
    match value:
        case float():
            return float(f"{value:.4g}") if abs(value) < 1e4 else round(value)
        case dict():
            return {key: rounded(each) for key, each in value.items()}
        case list() | tuple():
            return [rounded(each) for each in value]
        case Settings():
            return repr(value)
    return value


def measure(chosen: argparse.Namespace, say: Say) -> dict[str, object]:
    """All figures for what was asked."""
    found: dict[str, object] = {}
    if chosen.train:
        found["next"] = rank(published(chosen.train, chosen.test), "last", chosen.seed, say)
    elif not chosen.ratings:
        size = replace(invented.COURSES, users=chosen.users, interactions=12 * chosen.users)
        found["next"] = rank(splits.last(invented.enrolments(size, chosen.seed)), "last", chosen.seed, say)
    if not chosen.train:
        ratings = (
            read(chosen.ratings, {}, {}).interactions
            if chosen.ratings
            else invented.ratings(invented.FILMS, chosen.seed)
        )
        found["unseen"] = rank(splits.at_random(ratings, chosen.seed), "random", chosen.seed, say)
        found["stars"] = rate(ratings, chosen.seed, say)
    return {**found, "load": os.getloadavg()}


def shown(figures: Mapping[str, object]) -> list[str]:
    """The figures as tables, in lines of text."""
    lines = list[str]()
    for part, found in figures.items():
        if not isinstance(found, dict):
            continue
        models: Mapping[str, Mapping[str, object]] = found["models"]
        columns = [
            key for key in next(iter(models.values())) if key not in {"settings", "by_fold", "choose_s"}
        ]
        lines += ["", f"{part:24}" + "".join(f"{key:>18}" for key in columns)]
        for name, each in models.items():
            cells = (
                ", ".join(map(str, one)) if isinstance(one, list) else str(one)
                for one in map(each.get, columns)
            )
            lines.append(f"{name:24}" + "".join(f"{cell:>18}" for cell in cells))
        if "lead" in found:
            lines.append(f"lead: {found['lead']}")
    return lines


def main() -> None:
    """Measure and print, as tables or as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recommendations", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--ratings", type=Path, metavar="FILE", help="user,item,rating[,time]; may be packed by gzip"
    )
    parser.add_argument("--train", type=Path, metavar="FILE", help="user,item[,rating[,time]], as published")
    parser.add_argument("--test", type=Path, metavar="FILE", help="what was held out of it")
    parser.add_argument("--users", type=int, default=5000, help="invented ones, where there is no file")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    if bool(chosen.train) != bool(chosen.test):
        parser.error("--train and --test go together")
    figures = rounded(measure(chosen, lambda name: print(f"{name} …", file=sys.stderr)))
    assert isinstance(figures, dict)
    print(json.dumps(figures) if chosen.json else "\n".join(shown(figures)))


if __name__ == "__main__":
    main()
