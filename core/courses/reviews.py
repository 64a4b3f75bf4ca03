"""What learners say of a course: stars, words, and whether others may read the words."""

from datetime import datetime

from sqlalchemy import Connection, func, select, update

from core.courses import catalogue, enrolments
from core.courses.catalogue import Course
from core.store.tables import course_ratings, courses
from core.store.upsert import insert_or_ignore

LEAST_RATERS = 5
"""From so many raters on an average is shown."""


def rate(
    tx: Connection,
    course_id: int,
    user_id: int,
    stars: int,
    words: str | None,
    now: datetime,
    *,
    shared: bool,
) -> bool:
    """Keep a rating; false where this person has rated the course before."""
    values = {
        "course_id": course_id,
        "user_id": user_id,
        "stars": stars,
        "words": words,
        "shared": shared and bool(words),
        "created_at": now,
    }
    if insert_or_ignore(tx, course_ratings, values) != 1:
        return False
    mine = course_ratings.c.course_id == course_id
    total = select(func.sum(course_ratings.c.stars)).where(mine).scalar_subquery()
    count = select(func.count()).select_from(course_ratings).where(mine).scalar_subquery()
    tx.execute(update(courses).where(courses.c.id == course_id).values(stars_sum=total, stars_count=count))
    return True


def rated(tx: Connection, course_id: int, user_id: int) -> bool:
    """Tell whether somebody has rated a course."""
    where = (course_ratings.c.course_id == course_id, course_ratings.c.user_id == user_id)
    return tx.execute(select(course_ratings.c.stars).where(*where)).first() is not None


def unrated(tx: Connection, user_id: int) -> list[Course]:
    """List the courses that somebody has finished and not rated, the latest first."""
    mine = enrolments.of_user(tx, user_id, (enrolments.DONE,))
    courses = catalogue.many(tx, [each.course_id for each in mine])
    return [courses[each.course_id] for each in mine if not rated(tx, each.course_id, user_id)]


def said(tx: Connection, course_id: int, most: int) -> list[str]:
    """List what others may read, the newest first."""
    rows = tx.execute(
        select(course_ratings.c.words)
        .where(course_ratings.c.course_id == course_id, course_ratings.c.shared)
        .order_by(course_ratings.c.created_at.desc(), course_ratings.c.user_id)
        .limit(most)
    )
    return [str(words) for words in rows.scalars()]


def show_averages(tx: Connection) -> None:
    """Bring the averages that are shown to where the ratings are: in half stars, and of five raters at the least.

    Done once a week, so that nobody can tell the newest rating from the average before it.
    """
    rows = tx.execute(
        select(courses.c.id, courses.c.stars_sum, courses.c.stars_count, courses.c.shown_stars)
    ).all()
    for course_id, total, count, shown in rows:
        average = half_stars(total, count)
        if average != shown:
            tx.execute(update(courses).where(courses.c.id == course_id).values(shown_stars=average))


def half_stars(total: int, count: int) -> float | None:
    """Give an average as it is shown; None for too few raters."""
    return round(2 * total / count) / 2 if count >= LEAST_RATERS else None
