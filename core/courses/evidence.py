"""What people took and what they thought of it, as the models of recommendations want it."""

from collections.abc import Iterable

import numpy as np
from sqlalchemy import Connection, select

from core.courses.enrolments import ACTIVE, DONE
from core.recommendations.interactions import Interactions
from core.store.tables import course_ratings, enrolments

DAY = 86_400


def taken(tx: Connection) -> Interactions:
    """Who took which course when; who waits for a place or has given it back took nothing."""
    columns = (enrolments.c.user_id, enrolments.c.course_id, enrolments.c.enrolled_at)
    rows = tx.execute(
        select(*columns).where(enrolments.c.state.in_((ACTIVE, DONE))).order_by(enrolments.c.id)
    )
    return _interactions((user, course, 1.0, at.timestamp() / DAY) for user, course, at in rows)


def rated(tx: Connection) -> Interactions:
    """Who gave which course how many stars, and when."""
    columns = (
        course_ratings.c.user_id,
        course_ratings.c.course_id,
        course_ratings.c.stars,
        course_ratings.c.created_at,
    )
    rows = tx.execute(select(*columns).order_by(*columns[:2]))
    return _interactions((user, course, stars, at.timestamp() / DAY) for user, course, stars, at in rows)


def _interactions(rows: Iterable[tuple[int, int, float, float]]) -> Interactions:
    """People and courses by their place among those there are."""
    found = np.array(list(rows), dtype=np.float64).reshape(-1, 4)
    who, user = np.unique(found[:, 0], return_inverse=True)
    what, item = np.unique(found[:, 1], return_inverse=True)
    return Interactions.of(user, item, found[:, 2], found[:, 3], users=len(who), items=len(what))
