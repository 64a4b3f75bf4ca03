"""What somebody writes while they learn: their answers to checks, and notes of their own."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, insert, select, update

from core.courses import enrolments as places
from core.courses.drafts import Check
from core.courses.enrolments import Enrolment
from core.store.tables import attempts, course_notes, enrolments, progress
from core.store.types import Json


@dataclass(frozen=True, slots=True)
class Attempt:
    """An answer to a check."""

    answer: Json
    passed: bool
    created_at: datetime


def right(check: Check, given: Json) -> bool:
    """Tell whether an answer is right: the number of an option, several of them, or a text."""
    if check.kind == "text":
        return folded(str(given)) in {folded(str(each)) for each in check.answer}
    numbers = given if isinstance(given, list) else [given]
    return {int(str(each)) for each in numbers} == set(check.answer)


def folded(text: str) -> str:
    """Bring an answer to the form it is compared in: case, spaces, quotes and a full stop do not matter."""
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return re.sub(r"^[`'\"“”‘’$> ]+|[`'\"“”‘’.!。！ ]+$", "", plain)


def answer(
    tx: Connection,
    enrolment: Enrolment,
    lesson_id: int,
    version: int,
    given: Json,
    now: datetime,
    *,
    passed: bool,
) -> int:
    """Keep an answer to a check; returns how many were wrong since the last right one."""
    tx.execute(
        insert(attempts).values(
            enrolment_id=enrolment.id,
            lesson_id=lesson_id,
            version=version,
            answer=given,
            passed=passed,
            created_at=now,
        )
    )
    right = {"passed": True} if passed else {}
    where = and_(progress.c.enrolment_id == enrolment.id, progress.c.lesson_id == lesson_id)
    tx.execute(update(progress).where(where).values(answered_at=now, **right))
    places.change(tx, enrolment.id, touched_at=now)
    return failed(tx, enrolment.id, lesson_id)


def attempts_at(tx: Connection, enrolment_id: int, lesson_id: int) -> list[Attempt]:
    """List the answers to a check, the first one first."""
    rows = tx.execute(
        select(attempts.c.answer, attempts.c.passed, attempts.c.created_at)
        .where(attempts.c.enrolment_id == enrolment_id, attempts.c.lesson_id == lesson_id)
        .order_by(attempts.c.id)
    )
    return [Attempt(*row) for row in rows]


def failed(tx: Connection, enrolment_id: int, lesson_id: int) -> int:
    """Count the wrong answers to a check since the last right one."""
    count = 0
    for attempt in reversed(attempts_at(tx, enrolment_id, lesson_id)):
        if attempt.passed:
            break
        count += 1
    return count


# --- Notes ------------------------------------------------------------------------------------------------------


def note(tx: Connection, enrolment: Enrolment, lesson_id: int | None, words: str, now: datetime) -> None:
    """Keep a note of somebody's own."""
    values = {"enrolment_id": enrolment.id, "lesson_id": lesson_id, "words": words, "created_at": now}
    tx.execute(insert(course_notes).values(**values))


def notes(tx: Connection, enrolment_id: int) -> list[tuple[int, int | None, str]]:
    """List somebody's notes on a course: id, lesson, words."""
    rows = tx.execute(
        select(course_notes.c.id, course_notes.c.lesson_id, course_notes.c.words)
        .where(course_notes.c.enrolment_id == enrolment_id)
        .order_by(course_notes.c.id)
    )
    return [(row.id, row.lesson_id, str(row.words)) for row in rows]


def drop_note(tx: Connection, user_id: int, note_id: int) -> bool:
    """Throw a note of one's own away."""
    mine = select(enrolments.c.id).where(enrolments.c.user_id == user_id)
    done = tx.execute(
        delete(course_notes).where(course_notes.c.id == note_id, course_notes.c.enrolment_id.in_(mine))
    )
    return bool(done.rowcount)
