"""The parts of a match, each from 0 to 1 and 0.5 where nothing is known; the score is their weighted mean."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from math import log

import numpy as np
import numpy.typing as npt

from core.matching.features import LEVELS, MentorRow, Query, Wider, knowledge
from core.policy import Policy, Weights

Floats = npt.NDArray[np.float64]

NEUTRAL = 0.5
ENOUGH_HOURS = 6.0
NARROWER = 0.6
FIT_OF_LEVEL = (0.6, 0.7, 0.8, 0.9, 1.0)
FIT: Floats = np.array((0.0, *(NARROWER * fit for fit in FIT_OF_LEVEL), *FIT_OF_LEVEL))
"""How well a mentor with a code of `features.knowledge` fits a wanted topic, shape (11,)."""

SENIORITY_OF_GAP = {-1: 0.25, 0: 0.5, 1: 1.0, 2: 1.0, 3: 1.0, 4: 0.75}
"""By the mentor's level minus the mentee's: a step or three ahead explains best; below -1 it is 0."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A wanted topic, the mentee's level in it, and its share of the whole by rarity; shares add up to 1."""

    topic: str
    level: int | None
    share: float


@dataclass(frozen=True, slots=True)
class Wish:
    """A query as one snapshot sees it: topics by rarity, the languages that count, weights adding up to 1."""

    query: Query
    topics: tuple[Wanted, ...]
    languages: tuple[str, ...]
    weights: Mapping[str, float]
    wider: Wider
    policy: Policy


def rarity(knowing: int, mentors: int) -> float:
    """How much a topic says: the smoothed inverse document frequency, ln(1 + mentors / (1 + knowing))."""
    return log(1 + mentors / (1 + knowing))


def wanted(query: Query, rarity_of: Callable[[str], float]) -> tuple[Wanted, ...]:
    """The wanted topics of a query, each once, in the order of their names."""
    levels = dict(sorted(query.topics, key=lambda pair: (pair[0], pair[1] is not None, pair[1] or 0)))
    rarities = {topic: rarity_of(topic) for topic in levels}
    whole = sum(rarities.values())
    return tuple(Wanted(topic, level, rarities[topic] / whole) for topic, level in levels.items())


def seniority(level: int | None) -> Floats:
    """How far ahead of a mentee of this level a mentor is, by code of `features.knowledge`, shape (11,)."""
    if level is None:
        return np.full(1 + 2 * LEVELS, NEUTRAL)
    ahead = [SENIORITY_OF_GAP.get(own - level, 0.0) for own in range(1, LEVELS + 1)]
    return np.array((NEUTRAL, *ahead, *ahead))


def by_code(topic: Wanted, count: int, weights: Mapping[str, float]) -> Floats:
    """What one of `count` wanted topics adds to the score by topics and seniority, by code, shape (11,)."""
    return weights["topics"] * topic.share * FIT + weights["seniority"] / count * seniority(topic.level)


def hours(common: Floats) -> Floats:
    """Of hours in common a week, of any shape: six are as good as more."""
    return np.minimum(common / ENOUGH_HOURS, 1.0)


def languages(spoken: Collection[str], asked: Collection[str]) -> float:
    """The share of the languages asked for that a mentor speaks."""
    if not spoken or not asked:
        return NEUTRAL
    return sum(language in spoken for language in asked) / len(asked)


def format_fit(liked: Collection[str], asked: str | None) -> float:
    """Whether a mentor likes the format asked for."""
    if asked is None or not liked:
        return NEUTRAL
    return float(asked in liked)


def capacity(hours_left: float, policy: Policy) -> float:
    """Hours left this month, against the usual budget."""
    return min(max(hours_left / policy.budget_hours, 0.0), 1.0)


def rating(stars_sum: float, stars_count: int, policy: Policy) -> float:
    """The Bayesian mean of 1 to 5 stars, mapped to 0..1: with `prior_ratings` of `prior_stars`."""
    given = policy.prior_stars * policy.prior_ratings + stars_sum
    count = policy.prior_ratings + stars_count
    return (given / count - 1) / 4 if count else NEUTRAL


def answers(answered: int, sent: int) -> float:
    """The share of offers answered, smoothed by Laplace's rule: nobody's first silence is the end."""
    return (answered + 1) / (sent + 2)


def normalised(weights: Weights) -> dict[str, float]:
    """The weights by part, adding up to 1."""
    raw = asdict(weights)
    whole = sum(raw.values())
    return {name: value / whole for name, value in raw.items()}


def fixed(row: MentorRow, weights: Mapping[str, float], policy: Policy) -> float:
    """What a mentor brings to every query's score: capacity, rating and answers, weighted."""
    return (
        weights["capacity"] * capacity(row.hours_left, policy)
        + weights["rating"] * rating(row.stars_sum, row.stars_count, policy)
        + weights["answers"] * answers(row.offers_answered, row.offers_sent)
    )


def parts(row: MentorRow, wish: Wish, common: float | None) -> dict[str, float]:
    """Every part of one match by its name in `Weights`; `common` is hours a week, None unknown."""
    codes = knowledge(row.topics, wish.wider)
    known = [(topic, codes.get(topic.topic, 0)) for topic in wish.topics]
    ahead = [float(seniority(topic.level)[code]) for topic, code in known]
    return {
        "topics": float(sum(topic.share * FIT[code] for topic, code in known)) if known else NEUTRAL,
        "hours": NEUTRAL if common is None else float(hours(np.array(common))),
        "languages": languages(row.languages, wish.languages),
        "capacity": capacity(row.hours_left, wish.policy),
        "format": format_fit(row.formats, wish.query.format),
        "rating": rating(row.stars_sum, row.stars_count, wish.policy),
        "answers": answers(row.offers_answered, row.offers_sent),
        "seniority": sum(ahead) / len(ahead) if ahead else NEUTRAL,
    }
