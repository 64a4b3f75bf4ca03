"""Who takes which course, and how far they are: places, the lesson in hand, the end.

A learner reads a lesson in the version that they began; the next one they get is the course's as it is then.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, insert, select, update

from core.courses.catalogue import LESSON, Course, Lesson
from core.store.tables import courses, enrolments, lessons, progress
from core.store.upsert import insert_or_ignore

ACTIVE, WAITING, DONE, LEFT = "active", "waiting", "done", "left"
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Of a certificate's code: none that looks like another."""
CODE = 10


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Somebody's place in a course. `lesson_id`, `version` and `block` are where they read."""

    id: int
    course_id: int
    user_id: int
    state: str
    drip: bool
    lesson_id: int | None
    version: int
    block: int
    code: str | None
    enrolled_at: datetime
    touched_at: datetime
    finished_at: datetime | None


COLUMNS = tuple(enrolments.c[name] for name in Enrolment.__slots__)


def _one(row: Row[*tuple[Any, ...]] | None) -> Enrolment | None:
    return Enrolment(*row) if row else None


def get(tx: Connection, enrolment_id: int) -> Enrolment | None:
    """Find an enrolment."""
    return _one(tx.execute(select(*COLUMNS).where(enrolments.c.id == enrolment_id)).first())


def lock(tx: Connection, enrolment_id: int) -> Enrolment:
    """Take the enrolment's row for this transaction."""
    row = tx.execute(select(*COLUMNS).where(enrolments.c.id == enrolment_id).with_for_update()).one()
    return Enrolment(*row)


def find(tx: Connection, course_id: int, user_id: int) -> Enrolment | None:
    """Find somebody's place in a course."""
    where = and_(enrolments.c.course_id == course_id, enrolments.c.user_id == user_id)
    return _one(tx.execute(select(*COLUMNS).where(where)).first())


def by_code(tx: Connection, code: str) -> Enrolment | None:
    """Find what a certificate was given for."""
    return _one(tx.execute(select(*COLUMNS).where(enrolments.c.code == code)).first())


def of_user(tx: Connection, user_id: int, states: Sequence[str] = (ACTIVE, WAITING)) -> list[Enrolment]:
    """List somebody's courses, the one they were last in first."""
    rows = tx.execute(
        select(*COLUMNS)
        .where(and_(enrolments.c.user_id == user_id, enrolments.c.state.in_(states)))
        .order_by(enrolments.c.touched_at.desc(), enrolments.c.id.desc())
    )
    return [Enrolment(*row) for row in rows]


def of_course(tx: Connection, course_id: int, states: Sequence[str]) -> list[Enrolment]:
    """List who is in a course, the first to come first."""
    rows = tx.execute(
        select(*COLUMNS)
        .where(and_(enrolments.c.course_id == course_id, enrolments.c.state.in_(states)))
        .order_by(enrolments.c.enrolled_at, enrolments.c.id)
    )
    return [Enrolment(*row) for row in rows]


def done_slugs(tx: Connection, user_id: int) -> frozenset[str]:
    """Give the courses that somebody has finished, by their slugs."""
    rows = tx.execute(
        select(courses.c.slug)
        .select_from(enrolments.join(courses, courses.c.id == enrolments.c.course_id))
        .where(and_(enrolments.c.user_id == user_id, enrolments.c.state == DONE))
    )
    return frozenset(rows.scalars())


# --- Places -----------------------------------------------------------------------------------------------------


def taken(tx: Connection, course_id: int) -> int:
    """Count the places that are taken; decide by it only with the course's row locked."""
    where = and_(enrolments.c.course_id == course_id, enrolments.c.state.in_((ACTIVE, DONE)))
    return int(tx.execute(select(func.count()).where(where)).scalar_one())


def enrol(
    tx: Connection, course: Course, user_id: int, now: datetime, *, drip: bool
) -> tuple[Enrolment, bool]:
    """Give somebody a place, or one on the waiting list; says whether it is new. The course's row is locked."""
    before = find(tx, course.id, user_id)
    if before is not None and before.state != LEFT:
        return before, False
    full = course.capacity is not None and taken(tx, course.id) >= course.capacity
    state = WAITING if full else ACTIVE
    if before is None:
        values = {
            "course_id": course.id,
            "user_id": user_id,
            "state": state,
            "drip": drip,
            "version": 0,
            "block": 0,
            "enrolled_at": now,
            "touched_at": now,
        }
        tx.execute(insert(enrolments).values(**values))
    else:
        # What they had done when they left is still theirs; their place in the queue is a new one.
        change(tx, before.id, state=state, drip=drip, enrolled_at=now, touched_at=now)
    _count(tx, course.id)
    found = find(tx, course.id, user_id)
    assert found is not None
    return found, True


def leave(tx: Connection, course: Course, enrolment: Enrolment, now: datetime) -> Enrolment | None:
    """Give a place back; gives whoever gets it from the waiting list. The course's row is locked."""
    change(tx, enrolment.id, state=LEFT, touched_at=now)
    return fill(tx, course, now)


def fill(tx: Connection, course: Course, now: datetime) -> Enrolment | None:
    """Give a free place to the first who waits for one. The course's row is locked."""
    promoted = None
    if course.capacity is None or taken(tx, course.id) < course.capacity:
        promoted = next(iter(of_course(tx, course.id, (WAITING,))), None)
    if promoted is not None:
        change(tx, promoted.id, state=ACTIVE, touched_at=now)
    _count(tx, course.id)
    return promoted


def _count(tx: Connection, course_id: int) -> None:
    count = select(func.count()).where(
        enrolments.c.course_id == course_id, enrolments.c.state.in_((ACTIVE, DONE))
    )
    tx.execute(update(courses).where(courses.c.id == course_id).values(enrolled=count.scalar_subquery()))


def change(tx: Connection, enrolment_id: int, **fields: Any) -> None:  # noqa: ANN401
    """Change columns of an enrolment."""
    tx.execute(update(enrolments).where(enrolments.c.id == enrolment_id).values(**fields))


# --- Lessons ----------------------------------------------------------------------------------------------------


def next_lesson(tx: Connection, enrolment: Enrolment) -> Lesson | None:
    """Find the first lesson of the course as it is now that is not finished."""
    behind = select(progress.c.lesson_id).where(
        progress.c.enrolment_id == enrolment.id, progress.c.finished_at.is_not(None)
    )
    row = tx.execute(
        select(*LESSON)
        .where(
            lessons.c.course_id == enrolment.course_id,
            lessons.c.retired.is_(False),
            lessons.c.id.not_in(behind),
        )
        .order_by(lessons.c.place)
        .limit(1)
    ).first()
    return Lesson(*row) if row else None


def finished(tx: Connection, enrolment_id: int) -> frozenset[int]:
    """Give the lessons that are finished."""
    rows = tx.execute(
        select(progress.c.lesson_id).where(
            progress.c.enrolment_id == enrolment_id, progress.c.finished_at.is_not(None)
        )
    )
    return frozenset(rows.scalars())


def finished_by(tx: Connection, ids: Sequence[int]) -> dict[int, frozenset[int]]:
    """Give the lessons that are finished, by enrolment."""
    rows = tx.execute(
        select(progress.c.enrolment_id, progress.c.lesson_id).where(
            progress.c.enrolment_id.in_(list(ids)), progress.c.finished_at.is_not(None)
        )
    )
    found: dict[int, set[int]] = {}
    for enrolment_id, lesson_id in rows:
        found.setdefault(enrolment_id, set()).add(lesson_id)
    return {enrolment_id: frozenset(behind) for enrolment_id, behind in found.items()}


def steps(tx: Connection, enrolment: Enrolment) -> tuple[int, int]:
    """Count the lessons of the course as it is now: how many are finished, of how many."""
    behind = finished(tx, enrolment.id)
    rows = tx.execute(
        select(lessons.c.id).where(lessons.c.course_id == enrolment.course_id, lessons.c.retired.is_(False))
    )
    every = list(rows.scalars())
    return sum(lesson_id in behind for lesson_id in every), len(every)


def open_lesson(tx: Connection, enrolment: Enrolment, lesson: Lesson, now: datetime) -> Enrolment:
    """Begin a lesson as it is now, from its first page."""
    change(tx, enrolment.id, lesson_id=lesson.id, version=lesson.version, block=0, touched_at=now)
    new = {"enrolment_id": enrolment.id, "lesson_id": lesson.id, "opened_at": now, "passed": False}
    insert_or_ignore(tx, progress, new)
    found = get(tx, enrolment.id)
    assert found is not None
    return found


def open_lessons(tx: Connection, opening: Sequence[tuple[Enrolment, Lesson]], now: datetime) -> None:
    """Begin lessons of many people, with few statements however many they are."""
    tx.execute(
        update(enrolments)
        .where(enrolments.c.id == bindparam("row"))
        .values(lesson_id=bindparam("lesson"), version=bindparam("as_of"), block=0),
        [{"row": each.id, "lesson": lesson.id, "as_of": lesson.version} for each, lesson in opening],
    )
    new = [
        {"enrolment_id": each.id, "lesson_id": lesson.id, "opened_at": now, "passed": False}
        for each, lesson in opening
    ]
    insert_or_ignore(tx, progress, new)


def finish_lesson(tx: Connection, enrolment: Enrolment, lesson_id: int, now: datetime) -> None:
    """Say that a lesson is behind somebody; the first time counts."""
    tx.execute(
        update(progress)
        .where(
            progress.c.enrolment_id == enrolment.id,
            progress.c.lesson_id == lesson_id,
            progress.c.finished_at.is_(None),
        )
        .values(finished_at=now)
    )
    change(tx, enrolment.id, lesson_id=None, version=0, block=0, touched_at=now)


# --- The end ----------------------------------------------------------------------------------------------------


def finish(tx: Connection, enrolment: Enrolment, now: datetime) -> str:
    """End a course; returns the code of its certificate, which nobody can guess."""
    code = enrolment.code or "".join(secrets.choice(LETTERS) for _ in range(CODE))
    change(
        tx, enrolment.id, state=DONE, lesson_id=None, version=0, block=0,
        code=code, finished_at=enrolment.finished_at or now, touched_at=now,
    )  # fmt: skip
    return code
