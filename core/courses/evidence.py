"""What people took and what they made of it, as recommendations want it: read from the tables, for all or for one."""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, and_, bindparam, case, func, select

from core.courses import taught
from core.courses.enrolments import ACTIVE, DONE, LEFT, WAITING
from core.courses.taught import Wider
from core.recommendations.arrays import Bools, Floats, Ints, Places, Singles
from core.recommendations.evidence import Evidence
from core.recommendations.interactions import Interactions
from core.store.tables import course_ratings, courses, enrolments, learning_goals, progress, user_topics
from core.users import KNOWS, WANTS

DAY = 86_400
FINISHED, BEGUN, GIVEN_UP = 4.0, 2.0, 1.0
"""What these say where no stars do, from 1 to 5; the share of lessons that are done adds to the last two."""
ON_THE_WAY = 2.0


class Line(NamedTuple):
    """What one person did with one course; `value` is 1 to 5, days are counted from 1970."""

    user: int
    course: int
    state: str
    value: float
    day: float
    ended: float


_BEHIND = (
    select(func.count())
    .where(progress.c.enrolment_id == enrolments.c.id, progress.c.finished_at.is_not(None))
    .correlate(enrolments)
    .scalar_subquery()
)
_STARS = and_(
    course_ratings.c.course_id == enrolments.c.course_id, course_ratings.c.user_id == enrolments.c.user_id
)
LINES = select(
    enrolments.c.user_id,
    enrolments.c.course_id,
    enrolments.c.state,
    course_ratings.c.stars,
    case((enrolments.c.state == DONE, None), else_=_BEHIND),
    courses.c.lessons,
    enrolments.c.enrolled_at,
    enrolments.c.finished_at,
).select_from(
    enrolments.join(courses, courses.c.id == enrolments.c.course_id).outerjoin(course_ratings, _STARS)
)
# In the order in which they lie there: nobody sorts millions of rows for what is sorted once more here.
OF_ALL = LINES.where(enrolments.c.state != WAITING).order_by(enrolments.c.id)
OF_USER = LINES.where(enrolments.c.user_id == bindparam("user")).order_by(
    enrolments.c.enrolled_at, enrolments.c.id
)


def _lines(rows: Iterable[Any]) -> Iterator[Line]:
    for user, course, state, stars, done, lessons, enrolled_at, finished_at in rows:
        value = made(state, stars, (done or 0) / max(lessons, 1))
        yield Line(user, course, state, value, day_of(enrolled_at), day_of(finished_at))


@dataclass(frozen=True, eq=False, slots=True)
class _Columns:
    """Lines as arrays, each of shape (n,): a table of millions then takes no more than its numbers do."""

    user: Places
    course: Ints
    left: Bools
    value: Singles
    day: Floats
    ended: Floats

    @classmethod
    def of(cls, lines: Iterable[Line]) -> "_Columns":
        who, what, gone = array("q"), array("i"), array("b")
        value, day, ended = array("f"), array("d"), array("d")
        for line in lines:
            who.append(line.user)
            what.append(line.course)
            gone.append(line.state == LEFT)
            value.append(line.value)
            day.append(line.day)
            ended.append(line.ended)
        return cls(
            np.frombuffer(who, dtype=np.int64),
            np.frombuffer(what, dtype=np.int32),
            np.frombuffer(gone, dtype=np.bool_),
            np.frombuffer(value, dtype=np.float32),
            np.frombuffer(day, dtype=np.float64),
            np.frombuffer(ended, dtype=np.float64),
        )


def made(state: str, stars: int | None, share: float) -> float:
    """Give what somebody made of a course, from 1 to 5: their stars, or what finishing, going on or giving up says."""
    if stars is not None:
        return float(stars)
    if state == DONE:
        return FINISHED
    return min(BEGUN + ON_THE_WAY * share, FINISHED) if state == ACTIVE else min(GIVEN_UP + share, BEGUN)


def day_of(moment: datetime | None) -> float:
    """Give a moment in days; NaN for none."""
    return moment.timestamp() / DAY if moment else np.nan


def of_user(tx: Connection, user_id: int) -> list[Line]:
    """List what one person did, the oldest first; what they gave up, or wait for, as well."""
    return list(_lines(tx.execute(OF_USER, {"user": user_id})))


def taken(tx: Connection) -> Interactions:
    """Who took which course when, and made what of it; who waits for a place or has given it back took nothing."""
    all_ = _Columns.of(_lines(tx.execute(OF_ALL)))
    keep = ~all_.left
    return _interactions(all_.user[keep], all_.course[keep], all_.value[keep], all_.day[keep])


def rated(tx: Connection) -> Interactions:
    """Who gave which course how many stars, and when."""
    columns = (
        course_ratings.c.user_id,
        course_ratings.c.course_id,
        course_ratings.c.stars,
        course_ratings.c.created_at,
    )
    rows = tx.execute(select(*columns).order_by(*columns[:2])).all()
    people, things = (np.array([row[at] for row in rows], dtype=np.int64) for at in (0, 1))
    stars, days = [row[2] for row in rows], [day_of(row[3]) for row in rows]
    return _interactions(people, things, np.array(stars, dtype=np.float64), np.array(days, dtype=np.float64))


def _interactions(
    people: Places, things: Ints | Places, values: Floats | Singles, days: Floats
) -> Interactions:
    """People and courses by their place among those there are."""
    who, user = np.unique(people, return_inverse=True)
    what, item = np.unique(things, return_inverse=True)
    return Interactions.of(user, item, values, days, users=len(who), items=len(what))


def evidence(tx: Connection, wider: Wider) -> Evidence | None:
    """Gather all that a fit learns from; None where nobody has taken anything."""
    rows = tx.execute(select(courses.c.id, courses.c.topics).order_by(courses.c.id)).all()
    ids = np.array([course for course, _ in rows], dtype=np.int64)
    topics, numbers = taught.numbered([taught.levels(levels, wider) for _, levels in rows])
    every = _Columns.of(_lines(tx.execute(OF_ALL)))
    item = np.searchsorted(ids, every.course)
    kept = np.flatnonzero(~every.left)
    if not len(kept):
        return None
    who, user = np.unique(every.user[kept], return_inverse=True)
    # In the order that the interactions keep, so that the days of finishing stand beside them.
    order = np.lexsort((every.day[kept], user))
    user, kept = user[order], kept[order]
    gone = item[every.left]
    wanted = _wishes(tx, numbers)
    return Evidence(
        ids=ids,
        taken=Interactions.of(
            user, item[kept], every.value[kept], every.day[kept], users=len(who), items=len(ids)
        ),
        ended=every.ended[kept],
        dropped=np.bincount(gone, minlength=len(ids)),
        dropped_sum=np.asarray(np.bincount(gone, every.value[every.left], minlength=len(ids)), np.float64),
        topics=topics,
        named=len(numbers),
        wishes=[wanted.get(each, {}) for each in who.tolist()],
    )


def _wishes(tx: Connection, numbers: Mapping[str, int]) -> dict[int, dict[int, int]]:
    """What each person wants to learn, with the level they have in it."""
    known: dict[tuple[int, int], int] = {}
    wanted: dict[int, dict[int, int]] = {}
    rows = tx.execute(
        select(user_topics.c.user_id, user_topics.c.side, user_topics.c.topic, user_topics.c.level).where(
            user_topics.c.side.in_((WANTS, KNOWS))
        )
    )
    for user, side, topic, level in rows:
        if (number := numbers.get(topic)) is not None:
            known[user, number] = max(known.get((user, number), 0), level or 0)
            if side == WANTS:
                wanted.setdefault(user, {})[number] = 0
    for user, topic in tx.execute(select(learning_goals.c.user_id, learning_goals.c.topic)):
        if (number := numbers.get(topic)) is not None:
            wanted.setdefault(user, {})[number] = 0
    return {
        user: {number: known.get((user, number), 0) for number in sorted(own)} for user, own in wanted.items()
    }
