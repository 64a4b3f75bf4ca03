"""Somebody as a learner: what they know, what they want, what they have taken."""

from sqlalchemy import Connection

from core import levels, users
from core.courses import enrolments
from core.courses.enrolments import ACTIVE, DONE, WAITING
from core.courses.search import Learner
from core.users import WANTS, User


def of(tx: Connection, user: User, locale: str) -> Learner:
    """Read it from the tables."""
    return Learner(
        levels=levels.of(tx, user.id),
        wanted=frozenset(topic for topic, _ in users.topics_of(tx, user.id, WANTS)),
        language=locale,
        taken=frozenset(each.course_id for each in enrolments.of_user(tx, user.id, (ACTIVE, WAITING, DONE))),
        done=enrolments.done_slugs(tx, user.id),
    )
