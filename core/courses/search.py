"""Finding courses: by words in any language, by topic, level and language; sorted by fit, rating, popularity or date.

The index is a table of terms with weights; what is found and in which order is decided here, so that it is the same on
every database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, select

from core.courses import postings
from core.courses.catalogue import OPEN
from core.courses.terms import terms
from core.policy import Policy
from core.ratings import bayesian_mean
from core.store.tables import course_terms, courses
from core.topics import Topics

FIT, RATING, POPULAR, NEW = "fit", "rating", "popular", "new"
SORTS = (FIT, RATING, POPULAR, NEW)
MOST_TERMS = 16
MOST = 100
"""Courses that one search gives; nobody pages further."""
MANY = 10_000
"""What a term's rarity is measured by."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody looks for; `levels` are the least and the most difficulty."""

    words: str = ""
    topic: str | None = None
    levels: tuple[int, int] | None = None
    language: str | None = None
    sort: str = FIT


@dataclass(frozen=True, slots=True)
class Learner:
    """Who looks: levels by topic, the topics they want, the language they read, the courses they have taken."""

    levels: Mapping[str, int] = field(default_factory=dict)
    wanted: frozenset[str] = frozenset()
    language: str = "en"
    taken: frozenset[int] = frozenset()
    done: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Facts:
    """What sorting by fit knows of a course. `text` is how well the words fit, from 0 to 1."""

    id: int
    difficulty: int
    topics: Mapping[str, int]
    requires: Sequence[str]
    languages: Sequence[str]
    stars_sum: int
    stars_count: int
    enrolled: int
    text: float


@dataclass(frozen=True, slots=True)
class Found:
    """Courses in their order; `exact` is false where none has all the words."""

    ids: tuple[int, ...]
    exact: bool = True


POSTINGS = (
    select(course_terms.c.course_id, course_terms.c.term, course_terms.c.weight)
    .select_from(course_terms.join(courses, courses.c.id == course_terms.c.course_id))
    .where(
        course_terms.c.term.in_(bindparam("terms", expanding=True)),
        courses.c.state == OPEN,
        courses.c.difficulty >= bindparam("low"),
        courses.c.difficulty <= bindparam("high"),
    )
)
WITHIN = and_(
    courses.c.state == OPEN,
    courses.c.difficulty >= bindparam("low"),
    courses.c.difficulty <= bindparam("high"),
)
FACTS = select(
    courses.c.id,
    courses.c.difficulty,
    courses.c.topics,
    courses.c.requires,
    courses.c.texts,
    courses.c.stars_sum,
    courses.c.stars_count,
    courses.c.enrolled,
)
ORDERS: Mapping[str, Sequence[ColumnElement[Any]]] = {
    POPULAR: (courses.c.enrolled.desc(), courses.c.id.desc()),
    NEW: (courses.c.created_at.desc(), courses.c.id.desc()),
}


def groups(words: str, topics: Topics) -> list[frozenset[str]]:
    """Give what the words ask for: of each group, one term has to be in a course."""
    found = topics.scan(words)
    asked: list[frozenset[str]] = []
    for slug in found.slugs:
        names = {slug, *topics.rows[slug].names.values()}
        alone = [spelt for name in names if len(spelt := list(terms(name))) == 1]
        asked.append(frozenset({postings.topic(slug), *(spelt[0] for spelt in alone)}))
    asked += [frozenset({term}) for term in dict.fromkeys(terms(found.rest))]
    return list(dict.fromkeys(asked))[:MOST_TERMS]


def search(tx: Connection, wish: Wish, learner: Learner, topics: Topics, policy: Policy) -> Found:
    """Find courses that are open, the best first."""
    low, high = wish.levels or (1, 5)
    within = {"low": low, "high": high}
    asked = groups(wish.words, topics)
    musts = [frozenset({postings.topic(wish.topic)})] if wish.topic else []
    musts += [frozenset({postings.language(wish.language)})] if wish.language else []
    interests = [] if asked or wish.sort != FIT else [frozenset(map(postings.topic, sorted(learner.wanted)))]
    scored: dict[int, float] | None = None
    exact = True
    if asked or musts or any(interests):
        weights = _weights(tx, [*asked, *musts, *interests], within)
        scored = _scores(weights, asked or [group for group in interests if group], musts, strict=bool(asked))
        if asked and not scored:
            scored, exact = _scores(weights, asked, musts, strict=False), False
    if scored is not None and not asked and not musts:
        # Nothing was asked for: what interests somebody first, then the rest.
        scored = {**dict.fromkeys(_ordered(tx, within, POPULAR, policy)[:MOST], 0.0), **scored}
    if wish.sort != FIT:
        order = _ordered(tx, within, wish.sort, policy)
        return Found(tuple([one for one in order if scored is None or one in scored][:MOST]), exact)
    if scored is None:
        scored = dict.fromkeys(_ordered(tx, within, POPULAR, policy)[:MOST], 0.0)
    best = sorted(scored, key=lambda one: (-scored[one], one))[:MOST]
    most = max((scored[one] for one in best), default=0.0) or 1.0
    facts = _facts(tx, {one: scored[one] / most for one in best})
    return Found(
        tuple(each.id for each in sorted(facts, key=lambda each: (-fit(each, learner, policy), each.id))),
        exact,
    )


def _weights(
    tx: Connection, asked: Iterable[frozenset[str]], within: Mapping[str, int]
) -> dict[str, dict[int, int]]:
    """Read the postings of terms: term → course → weight."""
    wanted = sorted({term for group in asked for term in group})
    found: dict[str, dict[int, int]] = {term: {} for term in wanted}
    for course_id, term, weight in tx.execute(POSTINGS, {"terms": wanted, **within}):
        found[term][course_id] = weight
    return found


def _scores(
    weights: Mapping[str, Mapping[int, int]],
    asked: Sequence[frozenset[str]],
    musts: Sequence[frozenset[str]],
    *,
    strict: bool,
) -> dict[int, float]:
    """Score courses: for each group its heaviest term, and more for a rare one. Strict: every group has to be met."""
    totals: dict[int, float] = {}
    met: dict[int, int] = {}
    for group in asked:
        best: dict[int, int] = {}
        for term in group:
            for one, weight in weights[term].items():
                best[one] = max(best.get(one, 0), weight)
        rare = log(1 + MANY / (1 + len(best)))
        for one, weight in best.items():
            totals[one] = totals.get(one, 0.0) + weight * rare
            met[one] = met.get(one, 0) + 1
    if not asked:
        totals = {one: 0.0 for group in musts for term in group for one in weights[term]}
    for group in musts:
        having = {one for term in group for one in weights[term]}
        totals = {one: score for one, score in totals.items() if one in having}
    return {one: score for one, score in totals.items() if not strict or met[one] == len(asked)}


def _ordered(tx: Connection, within: Mapping[str, int], sort: str, policy: Policy) -> list[int]:
    if sort == RATING:
        rows = tx.execute(
            select(courses.c.id, courses.c.stars_sum, courses.c.stars_count).where(WITHIN), within
        )
        means = {one: stars(total, count, policy) for one, total, count in rows}
        return sorted(means, key=lambda one: (-means[one], -one))
    return list(tx.execute(select(courses.c.id).where(WITHIN).order_by(*ORDERS[sort]), within).scalars())


def _facts(tx: Connection, texts: Mapping[int, float]) -> list[Facts]:
    rows = tx.execute(FACTS.where(courses.c.id.in_(list(texts)))) if texts else ()
    return [
        Facts(row.id, row.difficulty, row.topics, row.requires, list(row.texts), *row[5:], text=texts[row.id])
        for row in rows
    ]


# --- Plain functions --------------------------------------------------------------------------------------------


def stars(total: int, count: int, policy: Policy) -> float:
    """Give what a course is rated, drawn towards what is usual by as many imagined ratings as a mentor's."""
    return bayesian_mean(float(total), count, policy.prior_stars, policy.prior_ratings)


def fit(course: Facts, learner: Learner, policy: Policy) -> float:
    """Say how well a course fits somebody; more is better.

    Half of it are the words. Then: a topic that they want, a step that is neither behind nor far ahead of them, a
    language they read, how it is rated and how many take it. What they lack counts against it, and most of all that
    they have it behind them.
    """
    wanted = 1.0 if learner.wanted & course.topics.keys() else 0.0
    steps = [level - learner.levels.get(topic, 0) for topic, level in course.topics.items()]
    step = max((STEP.get(min(each, 4), 0.0) for each in steps), default=0.0)
    rated = (stars(course.stars_sum, course.stars_count, policy) - 1) / 4
    liked = log(1 + course.enrolled) / log(1 + MANY)
    reads = learner.language.partition("-")[0] in {code.partition("-")[0] for code in course.languages}
    lacking = sum(slug not in learner.done for slug in course.requires)
    score = 0.5 * course.text + 0.2 * wanted + 0.12 * step + 0.08 * reads + 0.06 * rated + 0.04 * liked
    return score - 0.05 * min(lacking, 3) - (1.0 if course.id in learner.taken else 0.0)


STEP: Mapping[int, float] = {1: 1.0, 2: 0.8, 3: 0.4, 4: 0.2}
"""What a course is worth to somebody by how many levels above theirs it leads; what they know already is nothing."""
