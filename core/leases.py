"""Leases: what one process alone may do at a time, such as fetching a bot's messages, and until when.

Several processes may share a database. Each asks by its own clock, so a lease is longer than clocks differ.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, or_, select, update

from core.store.tables import leases
from core.store.upsert import insert_or_ignore


def take(tx: Connection, subjects: Sequence[str], owner: str, now: datetime, until: datetime) -> str | None:
    """Take all of these, or none: gives the first that another holds, None where all are taken.

    What is free, has run out or is the owner's already can be taken.
    """
    # In one order everywhere: two who want the same then wait for one another, and not each for the other.
    for subject in sorted(subjects):
        if insert_or_ignore(tx, leases, {"subject": subject, "owner": owner, "until": until}):
            continue
        mine = or_(leases.c.owner == owner, leases.c.until <= now)
        got = tx.execute(
            update(leases).where(leases.c.subject == subject, mine).values(owner=owner, until=until)
        )
        if not got.rowcount:
            release(tx, subjects, owner)
            return subject
    return None


def renew(tx: Connection, subjects: Sequence[str], owner: str, until: datetime) -> bool:
    """Hold these for longer; false where one of them is another's now, or was given back."""
    mine = leases.c.subject.in_(subjects) & (leases.c.owner == owner)
    return tx.execute(update(leases).where(mine).values(until=until)).rowcount == len(set(subjects))


def release(tx: Connection, subjects: Sequence[str], owner: str) -> None:
    """Give back those of these that the owner holds."""
    tx.execute(delete(leases).where(leases.c.subject.in_(subjects) & (leases.c.owner == owner)))


def clear(tx: Connection) -> None:
    """Forget all leases: for a process that is known to be the only one."""
    tx.execute(delete(leases))


def holders(tx: Connection, now: datetime) -> Mapping[str, str]:
    """Give who holds what now."""
    rows = tx.execute(select(leases.c.subject, leases.c.owner).where(leases.c.until > now))
    return {row.subject: row.owner for row in rows}
