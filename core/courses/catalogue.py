"""The courses there are: what they say in each language, their lessons, each lesson's versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, select, update

from core.courses.drafts import CourseText, LessonText, course_text_of, lesson_text_of
from core.store.tables import course_pictures, courses, lesson_versions, lessons

OPEN, WITHDRAWN = "open", "withdrawn"


@dataclass(frozen=True, slots=True)
class Course:
    """A course. `difficulty` is how hard it is, from 1 to 5; `topics` the levels that finishing it leads to."""

    id: int
    slug: str
    state: str
    version: int
    difficulty: int
    topics: Mapping[str, int]
    requires: tuple[str, ...]
    texts: Mapping[str, CourseText]
    minutes: int
    lessons: int
    starts_at: datetime | None
    ends_at: datetime | None
    capacity: int | None
    drip_days: int | None
    mentor_id: int | None
    meetings: tuple[datetime, ...]
    room: str
    enrolled: int
    stars_sum: int
    stars_count: int
    shown_stars: float | None
    created_at: datetime
    changed_at: datetime

    def language(self, wanted: str) -> str:
        """Choose the language for a reader: theirs, else English, else the first there is."""
        return choose(tuple(self.texts), wanted)

    def text(self, wanted: str) -> CourseText:
        """Give what is said of it to a reader of a language."""
        return self.texts[self.language(wanted)]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson of a course as it stands now; one that was taken out is `retired`."""

    id: int
    course_id: int
    slug: str
    module: int
    place: int
    version: int
    retired: bool


COLUMNS = tuple(courses.c[name] for name in Course.__slots__)
LESSON = tuple(lessons.c[name] for name in Lesson.__slots__)
BY_IDS = select(*COLUMNS).where(courses.c.id.in_(bindparam("ids", expanding=True)))
BY_ID = select(*COLUMNS).where(courses.c.id == bindparam("course"))


def choose(languages: Sequence[str], wanted: str) -> str:
    """Choose one of several languages: the reader's (zh-TW → zh), else English, else the first."""
    parts = wanted.replace("_", "-").split("-")
    tags = ["-".join(parts[:size]) for size in range(len(parts), 0, -1)]
    return next((tag for tag in (*tags, "en") if tag in languages), languages[0])


def _course(row: Row[*tuple[Any, ...]]) -> Course:
    data = dict(zip(Course.__slots__, row, strict=True))
    data["requires"] = tuple(data["requires"])
    data["texts"] = {language: course_text_of(text) for language, text in data["texts"].items()}
    data["meetings"] = tuple(datetime.fromisoformat(at) for at in data["meetings"])
    return Course(**data)


def get(tx: Connection, course_id: int) -> Course | None:
    """Find a course."""
    row = tx.execute(BY_ID, {"course": course_id}).first()
    return _course(row) if row else None


def known(tx: Connection, course_id: int) -> Course:
    """Find a course that must be there."""
    return _course(tx.execute(BY_ID, {"course": course_id}).one())


def lock(tx: Connection, course_id: int) -> Course:
    """Take the course's row for this transaction: whoever gives a place away counts after this."""
    return _course(tx.execute(BY_ID.with_for_update(), {"course": course_id}).one())


def many(tx: Connection, ids: Sequence[int]) -> dict[int, Course]:
    """Find several courses at once."""
    rows = tx.execute(BY_IDS, {"ids": list(ids)}) if ids else ()
    return {course.id: course for course in map(_course, rows)}


def by_slug(tx: Connection, slugs: Sequence[str]) -> dict[str, Course]:
    """Find courses by their slugs."""
    rows = tx.execute(select(*COLUMNS).where(courses.c.slug.in_(list(slugs)))) if slugs else ()
    return {course.slug: course for course in map(_course, rows)}


def every(tx: Connection, *, withdrawn: bool = False) -> list[Course]:
    """List the courses in the order of their slugs."""
    query = select(*COLUMNS).order_by(courses.c.slug)
    return [_course(row) for row in tx.execute(query if withdrawn else query.where(courses.c.state == OPEN))]


def lessons_of(tx: Connection, course_id: int) -> list[Lesson]:
    """List the lessons of a course as it stands now, in their order."""
    rows = tx.execute(
        select(*LESSON)
        .where(and_(lessons.c.course_id == course_id, lessons.c.retired.is_(False)))
        .order_by(lessons.c.place)
    )
    return [Lesson(*row) for row in rows]


def lesson(tx: Connection, lesson_id: int) -> Lesson | None:
    """Find a lesson, though it may be retired."""
    row = tx.execute(select(*LESSON).where(lessons.c.id == lesson_id)).first()
    return Lesson(*row) if row else None


def text_of(tx: Connection, lesson_id: int, version: int, wanted: str) -> tuple[str, LessonText]:
    """Give what a version of a lesson says to a reader of a language, and in which one it does."""
    where = and_(lesson_versions.c.lesson_id == lesson_id, lesson_versions.c.version == version)
    texts = tx.execute(select(lesson_versions.c.texts).where(where)).scalar_one()
    language = choose(tuple(texts), wanted)
    return language, lesson_text_of(texts[language])


def titles(tx: Connection, course_id: int, wanted: str) -> list[tuple[Lesson, str]]:
    """List the lessons of a course with their titles."""
    rows = tx.execute(
        select(*LESSON, lesson_versions.c.texts)
        .select_from(
            lessons.join(
                lesson_versions,
                and_(
                    lesson_versions.c.lesson_id == lessons.c.id,
                    lesson_versions.c.version == lessons.c.version,
                ),
            )
        )
        .where(and_(lessons.c.course_id == course_id, lessons.c.retired.is_(False)))
        .order_by(lessons.c.place)
    )
    return [(Lesson(*row[:-1]), str(row[-1][choose(tuple(row[-1]), wanted)]["title"])) for row in rows]


def picture(tx: Connection, course_id: int, file: str) -> tuple[str, bytes] | None:
    """Give the type and the bytes of a picture."""
    where = and_(course_pictures.c.course_id == course_id, course_pictures.c.file == file)
    row = tx.execute(select(course_pictures.c.mime, course_pictures.c.data).where(where)).first()
    return (row.mime, bytes(row.data)) if row else None


def set_state(tx: Connection, course_id: int, state: str, now: datetime) -> None:
    """Withdraw a course, or offer it again."""
    tx.execute(update(courses).where(courses.c.id == course_id).values(state=state, changed_at=now))
