"""Bringing courses in: the same one twice changes nothing, a changed one becomes a new version.

A lesson that was changed keeps what it said, and one that was taken out stays for those who are in it.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from core import users, waits
from core.address import Address
from core.availability import local
from core.courses import catalogue, postings
from core.courses.building import cycle
from core.courses.catalogue import OPEN, WITHDRAWN
from core.courses.drafts import CourseDraft, Fault, LessonDraft, Picture, digest, lesson_text_of
from core.policy import Policy
from core.store.tables import course_pictures, courses, lesson_versions, lessons
from core.store.upsert import insert_or_ignore
from core.topics import Topics
from core.users import keep_unknown_topic


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a draft: added, changed or same."""

    slug: str
    course_id: int
    what: str


def faults(tx: Connection, drafts: Sequence[CourseDraft]) -> tuple[Fault, ...]:
    """Say what does not fit together: a slug twice, a course that nobody has, a circle, a mentor who is not here."""
    mine = {draft.slug: draft.requires for draft in drafts}
    stored = {course.slug: course.requires for course in catalogue.every(tx, withdrawn=True)}
    together: Mapping[str, Sequence[str]] = {**stored, **mine}
    found: list[Fault] = []
    seen: dict[str, CourseDraft] = {}
    for draft in drafts:
        if draft.slug in seen:
            other = seen[draft.slug]
            why = f'the course "{draft.slug}" is also in {other.file}:{other.line}: rename one'
            found.append(Fault(draft.file, draft.line, why))
        seen[draft.slug] = draft
        found += [
            Fault(draft.file, draft.line, f'it requires "{slug}", and there is no such course: import it too')
            for slug in draft.requires
            if slug not in together
        ]
        if draft.mentor is not None and _mentor(tx, draft.mentor) is None:
            why = f'nobody is known as "{draft.mentor}": write the ref of a mentor, or an address such as slack:T1/U1'
            found.append(Fault(draft.file, draft.line, why))
    circle = cycle(together)
    if circle:
        first = next((seen[slug] for slug in circle if slug in seen), drafts[0])
        found.append(
            Fault(
                first.file,
                first.line,
                f"these courses require each other in a circle: {' → '.join(circle)}: take one requirement out",
            )
        )
    return tuple(found)


def sound(tx: Connection, drafts: Sequence[CourseDraft]) -> tuple[list[CourseDraft], tuple[Fault, ...]]:
    """Leave out what does not fit together with the rest, until the rest does."""
    left, told = list(drafts), list[Fault]()
    while left and (wrong := faults(tx, left)):
        told += wrong
        bad = {(fault.file, fault.line) for fault in wrong}
        left = [draft for draft in left if (draft.file, draft.line) not in bad]
    return left, tuple(told)


def put(
    tx: Connection, drafts: Sequence[CourseDraft], topics: Topics, policy: Policy, now: datetime
) -> tuple[Outcome, ...]:
    """Add courses, or bring them to what the drafts say; the drafts fit together."""
    return tuple(_put(tx, draft, topics, policy, now) for draft in drafts)


def _put(tx: Connection, draft: CourseDraft, topics: Topics, policy: Policy, now: datetime) -> Outcome:
    said = {**_said(tx, draft, policy), "digest": draft.digest, "changed_at": now}
    # Whoever knows a meeting's name can walk in, so it is a draw that nobody can repeat.
    fresh = {
        "room": secrets.token_hex(8),
        "slug": draft.slug,
        "version": 1,
        "enrolled": 0,
        "stars_sum": 0,
        "stars_count": 0,
        "created_at": now,
    }
    new = insert_or_ignore(tx, courses, {**said, **fresh}) == 1
    # Two imports at once meet in the same row, and the later one sees what the earlier has made of it.
    row = tx.execute(
        select(courses.c.id, courses.c.digest, courses.c.version)
        .where(courses.c.slug == draft.slug)
        .with_for_update()
    ).one()
    if not new and row.digest == draft.digest:
        return Outcome(draft.slug, row.id, "same")
    if not new:
        tx.execute(update(courses).where(courses.c.id == row.id).values(**said, version=row.version + 1))
    _put_lessons(tx, row.id, draft.lessons, now)
    _put_pictures(tx, row.id, draft.pictures)
    postings.put(tx, row.id, draft, topics)
    # What follows from days and meetings is decided when these are due: at once, and again whenever they change.
    if draft.starts:
        waits.put(tx, "course.start", row.id, now)
    if draft.meetings:
        waits.put(tx, "course.meeting", row.id, now)
    for slug, typed in draft.unknown:
        keep_unknown_topic(tx, slug, typed, now)
    return Outcome(draft.slug, row.id, "added" if new else "changed")


def _said(tx: Connection, draft: CourseDraft, policy: Policy) -> dict[str, Any]:
    """Give the columns that a draft decides."""
    return {
        "state": WITHDRAWN if draft.withdrawn else OPEN,
        "difficulty": draft.level,
        "topics": dict(draft.topics),
        "requires": list(draft.requires),
        "texts": {language: asdict(text) for language, text in draft.texts.items()},
        "minutes": draft.minutes,
        "lessons": len(draft.lessons),
        "starts_at": local(draft.starts, 0, policy.zone) if draft.starts else None,
        "ends_at": local(draft.ends, 24 * 60 - 1, policy.zone) if draft.ends else None,
        "capacity": draft.capacity,
        "drip_days": draft.drip,
        "mentor_id": _mentor(tx, draft.mentor) if draft.mentor else None,
        "meetings": [at.isoformat() for at in draft.meetings],
    }


def _mentor(tx: Connection, typed: str) -> int | None:
    """Find a mentor by the importer's own reference, or by an address."""
    person = users.by_ref(tx, typed)
    if person is not None:
        return person.id
    platform, colon, id_ = typed.partition(":")
    account = users.account_at(tx, Address(platform, id_)) if colon else None
    return account.user_id if account else None


def _put_lessons(tx: Connection, course_id: int, drafts: Sequence[LessonDraft], now: datetime) -> None:
    known = {
        row.slug: row
        for row in tx.execute(
            select(lessons.c.id, lessons.c.slug, lessons.c.version, lessons.c.digest).where(
                lessons.c.course_id == course_id
            )
        )
    }
    tx.execute(update(lessons).where(lessons.c.course_id == course_id).values(retired=True))
    moved: list[dict[str, Any]] = []
    versions: list[dict[str, Any]] = []
    for place, draft in enumerate(drafts):
        texts = {language: asdict(text) for language, text in draft.texts.items()}
        marks = digest(texts)
        row = known.get(draft.slug)
        if row is None:
            lesson_id = tx.execute(
                insert(lessons)
                .values(
                    course_id=course_id,
                    slug=draft.slug,
                    module=draft.module,
                    place=place,
                    version=1,
                    digest=marks,
                    retired=False,
                )
                .returning(lessons.c.id)
            ).scalar_one()
            versions.append({"lesson_id": lesson_id, "version": 1, "texts": texts, "created_at": now})
            continue
        version = row.version + (row.digest != marks)
        if version != row.version:
            versions.append({"lesson_id": row.id, "version": version, "texts": texts, "created_at": now})
        moved.append({"row": row.id, "in": draft.module, "at": place, "new": version, "marks": marks})
    if moved:
        tx.execute(
            update(lessons)
            .where(lessons.c.id == bindparam("row"))
            .values(
                module=bindparam("in"),
                place=bindparam("at"),
                version=bindparam("new"),
                digest=bindparam("marks"),
                retired=False,
            ),
            moved,
        )
    if versions:
        tx.execute(insert(lesson_versions), versions)


def _put_pictures(tx: Connection, course_id: int, pictures: Sequence[Picture]) -> None:
    """Bring in pictures; an old one stays, since an old version of a lesson may show it."""
    for picture in pictures:
        here = and_(course_pictures.c.course_id == course_id, course_pictures.c.file == picture.file)
        tx.execute(delete(course_pictures).where(here))
        tx.execute(insert(course_pictures).values(course_id=course_id, **asdict(picture)))


# --- Out again --------------------------------------------------------------------------------------------------


def stored(tx: Connection, course: catalogue.Course, policy: Policy) -> CourseDraft:
    """Give a course as a draft again: what is exported, and what is edited in chat."""
    rows = tx.execute(
        select(lessons.c.slug, lessons.c.module, lesson_versions.c.texts)
        .select_from(
            lessons.join(
                lesson_versions,
                and_(
                    lesson_versions.c.lesson_id == lessons.c.id,
                    lesson_versions.c.version == lessons.c.version,
                ),
            )
        )
        .where(and_(lessons.c.course_id == course.id, lessons.c.retired.is_(False)))
        .order_by(lessons.c.place)
    ).all()
    pictures = tx.execute(
        select(course_pictures.c.file, course_pictures.c.mime, course_pictures.c.data)
        .where(course_pictures.c.course_id == course.id)
        .order_by(course_pictures.c.file)
    )
    zone = ZoneInfo(policy.zone)
    return CourseDraft(
        slug=course.slug,
        texts=course.texts,
        topics=course.topics,
        requires=course.requires,
        level=course.difficulty,
        lessons=tuple(
            LessonDraft(slug, module, {language: lesson_text_of(text) for language, text in texts.items()})
            for slug, module, texts in rows
        ),
        pictures=tuple(Picture(file, mime, bytes(data)) for file, mime, data in pictures),
        starts=course.starts_at.astimezone(zone).date() if course.starts_at else None,
        ends=course.ends_at.astimezone(zone).date() if course.ends_at else None,
        capacity=course.capacity,
        drip=course.drip_days,
        mentor=_known_as(tx, course.mentor_id) if course.mentor_id else None,
        meetings=course.meetings,
        withdrawn=course.state == WITHDRAWN,
    )


def _known_as(tx: Connection, user_id: int) -> str | None:
    person = users.get(tx, user_id)
    if person is None or person.ref:
        return person.ref if person else None
    accounts = users.accounts(tx, user_id)
    return str(accounts[0].address) if accounts else None
