"""What was recommended to whom, and what somebody wants no more of: for judging, and so that nobody is shown too often.

A mentor who is shown holds a place of theirs for a week, as long as whoever saw them may still ask.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from core import requests
from core.policy import Policy
from core.recommendations.showing import FIT
from core.store.tables import dismissals, showings, users
from core.store.upsert import insert_or_ignore

DISMISSED = select(dismissals.c.course_id, dismissals.c.mentor_id).where(
    dismissals.c.user_id == bindparam("user")
)
HELD = timedelta(days=7)
LIST, AFTER = "list", "finished"
"""Where something was shown: in a list that was asked for, after a course."""
AT_ONCE = 10_000
"""Mentors named in one statement: databases have a limit."""
USUAL = "ongoing"
"""The format by which a mentor's room is counted."""


@dataclass(frozen=True, slots=True)
class Showing:
    """One place of a list: a course or a mentor, why it is there, and how likely that was."""

    place: int
    course_id: int | None = None
    mentor_id: int | None = None
    why: str = FIT
    chance: float = 1.0


def put(tx: Connection, user_id: int, shown: Sequence[Showing], surface: str, now: datetime) -> None:
    """Write down what was shown."""
    rows = [
        {
            "user_id": user_id,
            "course_id": one.course_id,
            "mentor_id": one.mentor_id,
            "why": one.why,
            "chance": one.chance,
            "place": one.place,
            "surface": surface,
            "shown_at": now,
        }
        for one in shown
    ]
    if rows:
        tx.execute(insert(showings), rows)


# --- Mentors ----------------------------------------------------------------------------------------------------


def room(
    tx: Connection,
    user_id: int,
    mentors: Sequence[int],
    policy: Policy,
    now: datetime,
    *,
    reads: bool = False,
) -> dict[int, int]:
    """Give of each mentor how many more people they may be shown to, counting whoever saw them within a week.

    One's own showings take nothing. The mentors' rows are locked, so that whoever shows one of them decides after this;
    who only `reads` decides nothing.
    """
    ids = sorted(mentors)
    if not ids:
        return {}
    query = select(users.c.id, users.c.budget_hours).where(users.c.id.in_(ids)).order_by(users.c.id)
    budgets = tx.execute(query if reads else query.with_for_update())
    used = requests.hours_used(tx, policy, now, ids)
    places = {
        mentor: int((budget - used.get(mentor, 0.0)) // max(policy.hours_of_format[USUAL], 0.25))
        for mentor, budget in budgets
    }
    gone = select(dismissals.c.mentor_id).where(
        dismissals.c.user_id == showings.c.user_id, dismissals.c.mentor_id == showings.c.mentor_id
    )
    held = tx.execute(
        select(showings.c.mentor_id, func.count(showings.c.user_id.distinct()))
        .where(
            showings.c.mentor_id.in_(ids),
            showings.c.shown_at > now - HELD,
            showings.c.user_id != user_id,
            ~gone.exists(),
        )
        .group_by(showings.c.mentor_id)
    )
    for mentor, count in held:
        places[mentor] -= count
    return places


def full(tx: Connection, user_id: int, policy: Policy, now: datetime) -> frozenset[int]:
    """Give the mentors who were shown to as many others within a week as they have room for."""
    shown = tx.execute(
        select(showings.c.mentor_id)
        .where(showings.c.mentor_id.is_not(None), showings.c.shown_at > now - HELD)
        .distinct()
    )
    left: dict[int, int] = {}
    for some in shown.scalars().partitions(AT_ONCE):
        left |= room(tx, user_id, some, policy, now, reads=True)
    return frozenset(mentor for mentor, places in left.items() if places <= 0)


def held_by(tx: Connection, user_id: int, now: datetime) -> list[int]:
    """List the mentors who were shown to somebody within a week, in the order of their places."""
    mine = (
        showings.c.user_id == user_id,
        showings.c.mentor_id.is_not(None),
        showings.c.shown_at > now - HELD,
    )
    rows = tx.execute(
        select(showings.c.mentor_id)
        .where(*mine)
        .group_by(showings.c.mentor_id)
        .order_by(func.max(showings.c.shown_at).desc(), func.min(showings.c.place))
    )
    return list(rows.scalars())


# --- Not for me -------------------------------------------------------------------------------------------------


def dismiss(
    tx: Connection, user_id: int, now: datetime, *, course_id: int | None = None, mentor_id: int | None = None
) -> bool:
    """Recommend something to somebody no more; false where that is known."""
    values = {"user_id": user_id, "course_id": course_id, "mentor_id": mentor_id, "created_at": now}
    return insert_or_ignore(tx, dismissals, values) == 1


def allow(
    tx: Connection, user_id: int, *, course_id: int | None = None, mentor_id: int | None = None
) -> None:
    """Recommend it again."""
    which = dismissals.c.course_id == course_id if course_id else dismissals.c.mentor_id == mentor_id
    tx.execute(delete(dismissals).where(dismissals.c.user_id == user_id, which))


def dismissed(tx: Connection, user_id: int) -> tuple[frozenset[int], frozenset[int]]:
    """Give the courses and the mentors that somebody wants no more of."""
    rows = tx.execute(DISMISSED, {"user": user_id}).all()
    return (
        frozenset(course for course, _ in rows if course is not None),
        frozenset(mentor for _, mentor in rows if mentor is not None),
    )
