"""Meetings of a pair: proposed times, one confirmed, moved, cancelled; and afterwards whether they met."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, select, update

from core.policy import Policy
from core.store.tables import mentorships, ratings, session_answers, sessions
from core.store.upsert import insert_or_ignore

PROPOSED, CONFIRMED, CANCELLED, MET, MISSED = "proposed", "confirmed", "cancelled", "met", "missed"


@dataclass(frozen=True, slots=True)
class Session:
    """A meeting. `times` are the starts that were proposed, `starts_at` the confirmed one; `revision` counts moves."""

    id: int
    mentorship_id: int
    state: str
    proposed_by: int
    times: tuple[datetime, ...]
    starts_at: datetime | None
    minutes: int
    link: str
    revision: int
    late: bool
    created_at: datetime

    @property
    def ends_at(self) -> datetime:
        """When a confirmed session is over."""
        assert self.starts_at is not None
        return self.starts_at + timedelta(minutes=self.minutes)


COLUMNS = tuple(sessions.c[name] for name in Session.__slots__)


def _session(row: Row[*tuple[Any, ...]]) -> Session:
    data = dict(zip(Session.__slots__, row, strict=True))
    data["times"] = tuple(datetime.fromisoformat(time) for time in data["times"])
    return Session(**data)


def propose(
    tx: Connection, mentorship_id: int, by: int, times: Sequence[datetime], policy: Policy, now: datetime
) -> Session:
    """Propose a meeting at one of several times; the link is made once and stays when the session moves.

    Whoever knows a meeting's name can walk in, so it is the one draw that nobody can repeat.
    """
    room = secrets.token_hex(8)
    row = tx.execute(
        insert(sessions)
        .values(
            mentorship_id=mentorship_id,
            state=PROPOSED,
            proposed_by=by,
            times=[time.isoformat() for time in times],
            minutes=policy.session_minutes,
            link=policy.meeting_link.format(room=f"mentoring-{room}"),
            revision=0,
            late=False,
            created_at=now,
        )
        .returning(*COLUMNS)
    ).one()
    return _session(row)


def get(tx: Connection, session_id: int) -> Session | None:
    """Find a session."""
    row = tx.execute(select(*COLUMNS).where(sessions.c.id == session_id)).first()
    return _session(row) if row else None


def many(tx: Connection, ids: Sequence[int]) -> list[Session]:
    """Find several sessions at once."""
    return [_session(row) for row in tx.execute(select(*COLUMNS).where(sessions.c.id.in_(list(ids))))]


def propose_again(tx: Connection, session_id: int, by: int, times: Sequence[datetime], *, late: bool) -> None:
    """Propose other times for a session; a confirmed one stays at its time until the other side answers."""
    values: dict[str, Any] = {"proposed_by": by, "times": [time.isoformat() for time in times]}
    if late:
        values["late"] = True
    tx.execute(update(sessions).where(sessions.c.id == session_id).values(**values))


def confirm(tx: Connection, session: Session, starts_at: datetime) -> Session:
    """Fix the time; a calendar sees by the revision that it is newer."""
    tx.execute(
        update(sessions)
        .where(sessions.c.id == session.id)
        .values(state=CONFIRMED, starts_at=starts_at, times=[], revision=session.revision + 1)
    )
    found = get(tx, session.id)
    assert found is not None
    return found


def end(tx: Connection, session: Session, state: str, *, late: bool = False) -> None:
    """Cancel a session, or say how it went."""
    tx.execute(
        update(sessions)
        .where(sessions.c.id == session.id)
        .values(state=state, times=[], late=session.late or late, revision=session.revision + 1)
    )


def of_user(tx: Connection, user_id: int, now: datetime) -> list[Session]:
    """List somebody's sessions that are proposed or still to come, the next one first."""
    rows = tx.execute(
        select(*COLUMNS)
        .select_from(sessions.join(mentorships, mentorships.c.id == sessions.c.mentorship_id))
        .where(
            and_(
                (mentorships.c.mentee_id == user_id) | (mentorships.c.mentor_id == user_id),
                sessions.c.state.in_((PROPOSED, CONFIRMED)),
                sessions.c.starts_at.is_(None) | (sessions.c.starts_at > now - timedelta(days=1)),
            )
        )
        .order_by(sessions.c.starts_at, sessions.c.id)
    )
    return [_session(row) for row in rows]


def of_mentorship(tx: Connection, mentorship_id: int) -> list[Session]:
    """List the sessions of a pair that are proposed or confirmed."""
    rows = tx.execute(
        select(*COLUMNS)
        .where(and_(sessions.c.mentorship_id == mentorship_id, sessions.c.state.in_((PROPOSED, CONFIRMED))))
        .order_by(sessions.c.id)
    )
    return [_session(row) for row in rows]


def busy(
    tx: Connection, user_id: int, now: datetime, but: int | None = None
) -> tuple[tuple[datetime, datetime], ...]:
    """Give the (start, end) of somebody's confirmed sessions from now on, leaving one out."""
    return tuple(
        (session.starts_at, session.ends_at)
        for session in of_user(tx, user_id, now)
        if session.state == CONFIRMED and session.starts_at and session.id != but
    )


def unrated(tx: Connection, user_id: int, mentorship_ids: Sequence[int]) -> list[Session]:
    """List the sessions of these pairs that took place and that somebody has not rated, the latest first."""
    mine = select(ratings.c.session_id).where(ratings.c.rater_id == user_id)
    rows = tx.execute(
        select(*COLUMNS)
        .where(
            and_(
                sessions.c.mentorship_id.in_(list(mentorship_ids)),
                sessions.c.state == MET,
                sessions.c.id.not_in(mine),
            )
        )
        .order_by(sessions.c.starts_at.desc())
        .limit(10)
    )
    return [_session(row) for row in rows]


def over(tx: Connection, mentorship_ids: Sequence[int], now: datetime) -> list[Session]:
    """List the sessions of these pairs that have begun and of which nobody knows yet how they went."""
    rows = tx.execute(
        select(*COLUMNS).where(
            and_(
                sessions.c.mentorship_id.in_(list(mentorship_ids)),
                sessions.c.state.in_((CONFIRMED, MET)),
                sessions.c.starts_at < now,
            )
        )
    )
    return [session for session in map(_session, rows) if session.ends_at <= now]


def answer(tx: Connection, session_id: int, user_id: int, now: datetime, *, met: bool) -> dict[int, bool]:
    """Keep one side's answer to "did you meet?", the first one only; returns the answers so far by user."""
    values = {"session_id": session_id, "user_id": user_id, "met": met, "created_at": now}
    insert_or_ignore(tx, session_answers, values)
    return answers(tx, session_id)


def answers(tx: Connection, session_id: int) -> dict[int, bool]:
    """Give who said that they met."""
    rows = tx.execute(
        select(session_answers.c.user_id, session_answers.c.met).where(
            session_answers.c.session_id == session_id
        )
    )
    return {user_id: met for user_id, met in rows}  # noqa: C416  (a row is not typed as a pair)
