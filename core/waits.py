"""Rows that know when they are due. What a kind of wait does is listed in `bot/reminders/waits.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, select, update

from core.store.tables import waits
from core.store.upsert import insert_or_ignore


def put(tx: Connection, kind: str, subject: object, due_at: datetime) -> None:
    """Wait for something about a subject; a wait that is there already is moved."""
    where = and_(waits.c.kind == kind, waits.c.subject == str(subject))
    move = update(waits).where(where).values(due_at=due_at)
    new = {"kind": kind, "subject": str(subject), "due_at": due_at}
    # Where another process puts the same wait at this moment, whoever commits last has the say.
    if tx.execute(move).rowcount == 0 and insert_or_ignore(tx, waits, new) == 0:
        tx.execute(move)


def put_all(tx: Connection, new: Sequence[Mapping[str, Any]]) -> None:
    """Wait for many things at once; none of them is waited for already."""
    if new:
        insert_or_ignore(tx, waits, new)


def exists(tx: Connection, kind: str, subject: object) -> bool:
    """Tell whether there is such a wait."""
    where = and_(waits.c.kind == kind, waits.c.subject == str(subject))
    return tx.execute(select(waits.c.due_at).where(where)).first() is not None


def cancel(tx: Connection, kind: str, subject: object) -> None:
    """Wait no longer."""
    tx.execute(delete(waits).where(and_(waits.c.kind == kind, waits.c.subject == str(subject))))


def take_due(tx: Connection, kind: str, now: datetime, limit: int) -> Sequence[str]:
    """Take the subjects that are due, out of the table: whoever commits has done them."""
    subjects = (
        tx.execute(
            select(waits.c.subject)
            .where(and_(waits.c.kind == kind, waits.c.due_at <= now))
            .order_by(waits.c.due_at, waits.c.subject)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        .scalars()
        .all()
    )
    if subjects:
        tx.execute(delete(waits).where(and_(waits.c.kind == kind, waits.c.subject.in_(subjects))))
    return subjects


def take(tx: Connection, kind: str, subject: str) -> bool:
    """Take one wait out of the table; false where another has taken it."""
    where = and_(waits.c.kind == kind, waits.c.subject == subject)
    return bool(tx.execute(delete(waits).where(where)).rowcount)


def due_subjects(tx: Connection, kind: str, now: datetime, limit: int) -> Sequence[str]:
    """List what is due of a kind without taking it."""
    due = select(waits.c.subject).where(and_(waits.c.kind == kind, waits.c.due_at <= now))
    return tx.execute(due.order_by(waits.c.due_at, waits.c.subject).limit(limit)).scalars().all()


def due_kinds(tx: Connection, now: datetime) -> list[str]:
    """List the kinds that have something due."""
    return list(
        tx.execute(
            select(waits.c.kind).where(waits.c.due_at <= now).distinct().order_by(waits.c.kind)
        ).scalars()
    )


def next_due(tx: Connection) -> datetime | None:
    """Say when the next wait is due."""
    return tx.execute(select(func.min(waits.c.due_at))).scalar()


def soonest(tx: Connection, limit: int, without: Sequence[str] = ()) -> Sequence[tuple[str, datetime]]:
    """List the kinds of what is due next and when, the soonest first."""
    next_ones = (
        select(waits.c.kind, waits.c.due_at)
        .where(waits.c.kind.not_in(without))
        .order_by(waits.c.due_at, waits.c.kind, waits.c.subject)
        .limit(limit)
    )
    return [(kind, due) for kind, due in tx.execute(next_ones)]
