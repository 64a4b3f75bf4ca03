"""Finding courses: by words in any language, by topic, level and language; sorted by fit, rating, popularity or date.

The index is a table of terms with weights; what is found and in which order is decided here, so that it is the same on
every database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from typing import Any

from sqlalchemy import ColumnElement, Connection, Double, and_, bindparam, cast, func, select, union_all

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
    asked = groups(wish.words, topics)
    musts = [frozenset({postings.topic(wish.topic)})] if wish.topic else []
    musts += [frozenset({postings.language(wish.language)})] if wish.language else []
    looking = _Looking(tx, {"low": low, "high": high}, musts, wish.sort, policy)
    exact = True
    if asked:
        scores = looking.by_terms(asked, len(asked))
        if not scores:
            scores, exact = looking.by_terms(asked, 1), False
    else:
        scores = looking.at_all()
        if wish.sort == FIT and learner.wanted:
            # Nothing was asked for: what interests somebody stands before the rest.
            scores |= looking.by_terms([frozenset(map(postings.topic, learner.wanted))], 1)
    if wish.sort != FIT:
        return Found(tuple(scores), exact)
    most = max(scores.values(), default=0) or 1
    facts = _facts(tx, {one: score / most for one, score in scores.items()})
    best = sorted(facts, key=lambda each: (-fit(each, learner, policy), each.id))
    return Found(tuple(each.id for each in best[:MOST]), exact)


@dataclass(frozen=True, slots=True)
class _Looking:
    """A search under way: what every course that is found has to be, and the order."""

    tx: Connection
    within: Mapping[str, int]
    musts: Sequence[frozenset[str]]
    sort: str
    policy: Policy

    def by_terms(self, asked: Sequence[frozenset[str]], least: int) -> dict[int, int]:
        """Find the best courses that meet so many groups, with their scores.

        For each group its heaviest term counts, and more for a rare one. All are whole numbers, which every database
        adds up to the same.
        """
        term, one, weight = course_terms.c.term, course_terms.c.course_id, course_terms.c.weight
        counts = [
            select(func.count(func.distinct(one)) if len(group) > 1 else func.count())
            .where(term.in_(sorted(group)))
            .scalar_subquery()
            for group in asked
        ]
        rare = [round(100 * log(1 + MANY / (1 + count))) for count in self.tx.execute(select(*counts)).one()]
        parts = [
            select(one.label("course_id"), (func.max(weight) * rarity).label("score"))
            .where(term.in_(sorted(group)))
            .group_by(one)
            if len(group) > 1
            else select(one.label("course_id"), (weight * rarity).label("score")).where(term.in_(group))
            for group, rarity in zip(asked, rare, strict=True)
        ]
        every = union_all(*parts).subquery()
        met = (
            select(every.c.course_id, func.sum(every.c.score).label("total"))
            .group_by(every.c.course_id)
            .having(func.count() >= least)
            .subquery()
        )
        rows = self.tx.execute(
            select(met.c.course_id, met.c.total)
            .select_from(met.join(courses, courses.c.id == met.c.course_id))
            .where(WITHIN, *self._musts())
            .order_by(*self._order(met.c.total), met.c.course_id)
            .limit(MOST),
            self.within,
        )
        return {course_id: int(total) for course_id, total in rows}

    def at_all(self) -> dict[int, int]:
        """Find the first courses in the order, or the most popular ones."""
        query = select(courses.c.id).where(WITHIN, *self._musts())
        order = self._order(courses.c.enrolled)
        return dict.fromkeys(
            self.tx.execute(query.order_by(*order, courses.c.id).limit(MOST), self.within).scalars(), 0
        )

    def _musts(self) -> list[ColumnElement[bool]]:
        return [
            courses.c.id.in_(select(course_terms.c.course_id).where(course_terms.c.term.in_(sorted(group))))
            for group in self.musts
        ]

    def _order(self, score: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
        match self.sort:
            case "rating":
                weight = self.policy.prior_ratings
                prior = cast(self.policy.prior_stars * weight, Double)
                return (
                    ((prior + courses.c.stars_sum) / cast(weight + courses.c.stars_count, Double)).desc(),
                )
            case "popular":
                return (courses.c.enrolled.desc(),)
            case "new":
                return (courses.c.created_at.desc(),)
            case _:
                return (score.desc(),)


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
