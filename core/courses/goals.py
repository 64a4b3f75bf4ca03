"""What somebody wants to learn: a topic, up to a level, by the shortest or the gentlest way."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from core import levels
from core.courses import catalogue, enrolments
from core.courses.paths import Course, Knows
from core.store.tables import learning_goals

OF_USER = (
    select(learning_goals.c.topic, learning_goals.c.level, learning_goals.c.way)
    .where(learning_goals.c.user_id == bindparam("user"))
    .order_by(learning_goals.c.created_at.desc(), learning_goals.c.topic)
)


@dataclass(frozen=True, slots=True)
class Goal:
    """One of somebody's goals."""

    topic: str
    level: int
    way: str


def of(tx: Connection, user_id: int) -> list[Goal]:
    """List somebody's goals, the newest first."""
    return [Goal(*row) for row in tx.execute(OF_USER, {"user": user_id})]


def put(tx: Connection, user_id: int, goal: Goal, now: datetime) -> None:
    """Keep a goal; there is one for a topic."""
    drop(tx, user_id, goal.topic)
    values = {
        "user_id": user_id,
        "topic": goal.topic,
        "level": goal.level,
        "way": goal.way,
        "created_at": now,
    }
    tx.execute(insert(learning_goals).values(**values))


def drop(tx: Connection, user_id: int, topic: str) -> bool:
    """Give a goal up, or have reached it."""
    mine = (learning_goals.c.user_id == user_id, learning_goals.c.topic == topic)
    return bool(tx.execute(delete(learning_goals).where(*mine)).rowcount)


def shelf(tx: Connection) -> dict[str, Course]:
    """Read what planning knows of the courses that are offered."""
    return {
        course.slug: Course(course.slug, course.topics, course.requires, course.difficulty, course.minutes)
        for course in catalogue.every(tx)
    }


def knows(tx: Connection, user_id: int) -> Knows:
    """Read what somebody knows."""
    return Knows(levels.of(tx, user_id), enrolments.done_slugs(tx, user_id))
