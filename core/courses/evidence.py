"""What people took and what they made of it, as recommendations want it: read from the tables, for all or for one."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, Integer, and_, bindparam, case, cast, func, literal, null, select

from core.courses import taught
from core.courses.enrolments import ACTIVE, DONE, LEFT, WAITING
from core.courses.taught import Wider
from core.recommendations.arrays import Floats, Ints, Places
from core.recommendations.content import Wishes
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
# Person by person, the oldest first: so what millions took is laid down as it comes, and sorted by nobody here.
OF_ALL = LINES.where(enrolments.c.state != WAITING).order_by(
    enrolments.c.user_id, enrolments.c.enrolled_at, enrolments.c.id
)
OF_USER = LINES.where(enrolments.c.user_id == bindparam("user")).order_by(
    enrolments.c.enrolled_at, enrolments.c.id
)


def _lines(rows: Iterable[Any]) -> Iterator[Line]:
    for user, course, state, stars, done, lessons, enrolled_at, finished_at in rows:
        value = made(state, stars, (done or 0) / max(lessons, 1))
        yield Line(user, course, state, value, day_of(enrolled_at), day_of(finished_at))


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
    return _gathered(tx, _shelf(tx)).taken


def rated(tx: Connection) -> Interactions:
    """Who gave which course how many stars, and when."""
    columns = (
        course_ratings.c.user_id,
        course_ratings.c.course_id,
        course_ratings.c.stars,
        course_ratings.c.created_at,
    )
    rows = tx.execute(select(*columns).order_by(*columns[:2])).all()
    (who, user), (what, item) = (
        np.unique(np.array([row[at] for row in rows], dtype=np.int64), return_inverse=True) for at in (0, 1)
    )
    stars, days = [row[2] for row in rows], [day_of(row[3]) for row in rows]
    return Interactions.of(user, item, stars, days, users=len(who), items=len(what))


def _shelf(tx: Connection) -> list[tuple[int, Mapping[str, int]]]:
    """All courses, withdrawn ones too, with the topics they have."""
    rows = tx.execute(select(courses.c.id, courses.c.topics).order_by(courses.c.id))
    return [(course, topics) for course, topics in rows]


@dataclass(frozen=True, eq=False, slots=True)
class _Gathered:
    """What everybody took, by the places of people and courses; the rest as in `Evidence`."""

    people: Places
    taken: Interactions
    ended: Floats
    dropped: Places
    dropped_sum: Floats


def _gathered(tx: Connection, shelf: Sequence[tuple[int, object]]) -> _Gathered:
    """Read what everybody took into arrays: millions of lines then take no more than their numbers do."""
    place = {course: at for at, (course, _) in enumerate(shelf)}
    dropped, dropped_sum = np.zeros(len(place), np.int64), np.zeros(len(place))
    people, start = array("q"), array("q")
    item, value, day, ended = array("i"), array("f"), array("d"), array("d")
    for line in _lines(tx.execute(OF_ALL)):
        at = place[line.course]
        if line.state == LEFT:
            dropped[at] += 1
            dropped_sum[at] += line.value
            continue
        if not people or people[-1] != line.user:
            people.append(line.user)
            start.append(len(item))
        item.append(at)
        value.append(line.value)
        day.append(line.day)
        ended.append(line.ended)
    start.append(len(item))
    taken = Interactions(
        len(place),
        np.frombuffer(start, dtype=np.int64),
        np.frombuffer(item, dtype=np.int32),
        np.frombuffer(value, dtype=np.float32),
        np.frombuffer(day, dtype=np.float64),
    )
    who = np.frombuffer(people, dtype=np.int64)
    return _Gathered(who, taken, np.frombuffer(ended, dtype=np.float64), dropped, dropped_sum)


def evidence(tx: Connection, wider: Wider) -> Evidence | None:
    """Gather all that a fit learns from; None where nobody has taken anything."""
    shelf = _shelf(tx)
    topics, numbers = taught.numbered([taught.levels(levels, wider) for _, levels in shelf])
    all_ = _gathered(tx, shelf)
    if not len(all_.taken):
        return None
    return Evidence(
        ids=np.array([course for course, _ in shelf], dtype=np.int64),
        taken=all_.taken,
        ended=all_.ended,
        dropped=all_.dropped,
        dropped_sum=all_.dropped_sum,
        topics=topics,
        named=len(numbers),
        wishes=_Wanted.of(tx, numbers, all_.people).by,
    )


GOAL = "goal"
# What people know and want, and have set as goals, person by person.
SAID = (
    select(user_topics.c.user_id, user_topics.c.side, user_topics.c.topic, user_topics.c.level)
    .where(user_topics.c.side.in_((WANTS, KNOWS)))
    .union_all(select(learning_goals.c.user_id, literal(GOAL), learning_goals.c.topic, cast(null(), Integer)))
    .order_by("user_id")
)


@dataclass(frozen=True, eq=False, slots=True)
class _Wanted:
    """Everybody's wishes, as numbers: user u's are `start[u]:start[u + 1]` of topics and one's own levels in them."""

    start: Places
    topic: Ints
    level: Ints

    @classmethod
    def of(cls, tx: Connection, numbers: Mapping[str, int], people: Places) -> "_Wanted":
        """Read what people want; `people`, ascending, are those who count."""
        counts = np.zeros(len(people), np.int64)
        topics, levels = array("i"), array("i")
        for user, said in groupby(tx.execute(SAID), key=itemgetter(0)):
            own = _wishes(said, numbers)
            at = int(np.searchsorted(people, user))
            if own and at < len(people) and people[at] == user:
                counts[at] = len(own)
                topics.extend(own)
                levels.extend(own.values())
        start = np.concatenate(([0], np.cumsum(counts)))
        return cls(start, np.frombuffer(topics, dtype=np.int32), np.frombuffer(levels, dtype=np.int32))

    def by(self, user: int) -> Wishes:
        """What one of them wants."""
        part = slice(int(self.start[user]), int(self.start[user + 1]))
        return dict(zip(self.topic[part].tolist(), self.level[part].tolist(), strict=True))


def _wishes(said: Iterable[Any], numbers: Mapping[str, int]) -> dict[int, int]:
    """What one person wants to learn of what is taught, with the level they have in it."""
    known: dict[int, int] = {}
    wanted: set[int] = set()
    for _, side, topic, level in said:
        if (number := numbers.get(topic)) is not None:
            known[number] = max(known.get(number, 0), level or 0)
            if side != KNOWS:
                wanted.add(number)
    return {number: known[number] for number in sorted(wanted)}
