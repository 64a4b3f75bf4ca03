"""What courses to recommend to one person, and why: their own history and wishes against the shelf."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

import numpy as np
from sqlalchemy import Connection, bindparam, select

from core import showings
from core.courses import catalogue, evidence, goals
from core.courses.catalogue import Course
from core.courses.enrolments import ACTIVE, DONE
from core.courses.shelf import Shelf
from core.policy import Policy
from core.recommendations.answers import best
from core.recommendations.arrays import Bools, Singles
from core.recommendations.interactions import History
from core.recommendations.showing import Place, fits_in, varied, with_new
from core.store.tables import user_topics
from core.users import KNOWS, WANTS, User

LOOKED_AT = 25
"""Candidates that are looked at closely, the best first."""
NEW_LOOKED_AT = 10
WAYS = 10
"""Wished courses to which ways are looked for."""
TOPICS = select(user_topics.c.side, user_topics.c.topic, user_topics.c.level).where(
    user_topics.c.user_id == bindparam("user")
)
FEW = 20
"""A course that so many have taken is not new any more."""


@dataclass(frozen=True, eq=False)
class Learner:
    """Somebody before the shelf: what they took, by place, and want, by the number of the topic.

    `goals` are the levels of topics that were set as goals, `known` the level in each topic; what is `out` is never
    recommended.
    """

    history: History
    wishes: Mapping[int, int]
    goals: Mapping[str, int]
    wanted: Collection[str]
    known: Mapping[str, int]
    done: Collection[int]
    out: Collection[int]


@dataclass(frozen=True, slots=True)
class Advice:
    """A course, and its score; `opens` is the place of one that fits, which builds on it and cannot be begun yet."""

    course: Course
    score: float
    opens: int | None = None


def learner(tx: Connection, shelf: Shelf, user_id: int, only: Sequence[str] = ()) -> Learner:
    """Read what somebody did and wants; with `only`, they want these topics this time."""
    lines = evidence.of_user(tx, user_id)
    taken = [line for line in lines if line.state in (ACTIVE, DONE) and line.course in shelf.places]
    rows = tx.execute(TOPICS, {"user": user_id}).all()
    known: dict[str, int] = {}
    for _, topic, level in rows:
        known[topic] = max(known.get(topic, 0), level or 0)
    aims = {goal.topic: goal.level for goal in goals.of(tx, user_id)}
    wanted = set(only) or {topic for side, topic, _ in rows if side == WANTS}
    # Who wants nothing in particular may like to go on with what they have learnt here.
    wishes = wanted if only else {*aims, *wanted} or {topic for side, topic, _ in rows if side == KNOWS}
    dismissed, _ = showings.dismissed(tx, user_id)
    out = {shelf.places[one] for one in (*dismissed, *(line.course for line in lines)) if one in shelf.places}
    return Learner(
        history=History.of(
            [shelf.places[line.course] for line in taken],
            [line.value for line in taken],
            [line.day for line in taken],
        ),
        wishes={shelf.numbers[each]: known.get(each, 0) for each in sorted(wishes) if each in shelf.numbers},
        goals=aims,
        wanted=wanted,
        known=known,
        done={shelf.places[line.course] for line in taken if line.state == DONE},
        out=out,
    )


def may(shelf: Shelf, one: Learner) -> tuple[Bools, Bools]:
    """What could be recommended, and of that what can be begun now, each of shape (courses,).

    It is open, not ruled out and new to them; what it builds on is behind who can begin it.
    """
    mastered = shelf.mastered(one.known)
    met = shelf.prerequisites.met(History.of(sorted(one.done)), mastered)
    could: Bools = shelf.open & ~mastered
    could[sorted(one.out)] = False
    return could, could & met


def ways(shelf: Shelf, one: Learner, score: Singles, could: Bools, now: Bools) -> dict[int, int]:
    """Give of courses that can be begun which wished one each opens the way to: the best of those that cannot yet."""
    wished = could & ~now & (shelf.guide.content.scores(one.wishes) > 0)
    found: dict[int, int] = {}
    for goal in best(np.where(wished, score, -np.inf), WAYS).tolist():
        before, seen = [goal], {goal}
        while before:
            for place in shelf.requires.get(before.pop(), ()):
                if place not in seen:
                    seen.add(place)
                    before.append(place)
                    if now[place]:
                        found.setdefault(place, goal)
    return found


def advise(
    tx: Connection, shelf: Shelf, one: Learner, user: User, policy: Policy, now: datetime
) -> tuple[list[Advice], list[Advice]]:
    """Give what fits somebody, the best first; and of what is new, the best for them that are not among those.

    A course that is full or over, or of which they read no language, is not given.
    """
    could, begin = may(shelf, one)
    score = shelf.guide.scores(one.history, one.wishes)
    opening = ways(shelf, one, score, could, begin)
    # The way to what fits is worth as much as what it leads to.
    for place, goal in opening.items():
        score[place] = max(score[place], score[goal])
    score = np.where(begin, score, -np.inf)
    fit = best(score, LOOKED_AT).tolist()
    since = (now - policy.new_course).timestamp()
    fresh = best(np.where(shelf.made_at > since, score, -np.inf), NEW_LOOKED_AT).tolist()
    courses = catalogue.many(tx, [shelf.ids[place] for place in dict.fromkeys((*fit, *fresh))])
    found = {
        place: Advice(course, float(score[place]), opening.get(place))
        for place, course in ((shelf.places[course.id], course) for course in courses.values())
        if fits(course, user, now)
    }
    new = [found[place] for place in fresh if place in found and found[place].course.enrolled < FEW]
    return [found[place] for place in fit if place in found], new


def fits(course: Course, user: User, now: datetime) -> bool:
    """Tell whether somebody could begin a course and read it."""
    over = course.ends_at is not None and course.ends_at <= now
    full = course.capacity is not None and course.enrolled >= course.capacity
    reads = {language.split("-")[0] for language in (user.locale, *user.languages)}
    return not over and not full and any(language.split("-")[0] in reads for language in course.texts)


def pages(
    fit: Sequence[Advice], new: Sequence[Advice], size: int, share: float, rng: Random
) -> list[list[Place]]:
    """Put advice on pages: no topic more than twice on one, and by chance a new course in the last place of the first.

    A place's item is the course's id.
    """
    topics = {each.course.id: list(each.course.topics) for each in (*fit, *new)}
    ranked = [each.course.id for each in fit]
    if not ranked:
        return []
    first = varied(ranked, topics, size)[0]
    within = [
        each for each in new if each.course.id not in first and fits_in(first[:-1], each.course.id, topics)
    ]
    scores = np.array([each.score for each in within], np.float32)
    places = with_new(first, [each.course.id for each in within], scores, share, rng)
    shown = {place.item for place in places}
    rest = varied([course for course in ranked if course not in shown], topics, size)
    return [places, *([Place(course) for course in page] for page in rest)]
