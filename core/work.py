"""What takes too long for a turn: a row says that it is to be done; whoever publishes its result takes the row away.

How each kind is done is listed in `bot/work.py`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, select, update

from core.store.tables import work
from core.store.upsert import insert_or_ignore

AGAIN = timedelta(hours=1)
"""Times the number of tries: after so long what failed is done again."""
LONGEST = timedelta(days=1)
AT_ONCE = 50
TROUBLE = 120


@dataclass(frozen=True, slots=True)
class Work:
    """Something to be done."""

    kind: str
    subject: str
    put_at: datetime
    tries: int
    trouble: str | None = None


COLUMNS = tuple(work.c[name] for name in Work.__slots__)


def put(tx: Connection, kind: str, subject: object, now: datetime) -> None:
    """Ask for something to be done; what is asked for already is done once."""
    values = {"kind": kind, "subject": str(subject), "put_at": now, "due_at": now, "tries": 0}
    insert_or_ignore(tx, work, values)


def due(tx: Connection, now: datetime) -> list[Work]:
    """List what is to be done now, what has been due for longest first."""
    rows = select(*COLUMNS).where(work.c.due_at <= now).order_by(work.c.due_at, work.c.kind, work.c.subject)
    return [Work(*row) for row in tx.execute(rows.limit(AT_ONCE))]


def done(tx: Connection, one: Work) -> bool:
    """Take it away; false where another has done it meanwhile: then its result is to be thrown away."""
    return bool(tx.execute(delete(work).where(_is(one))).rowcount)


def failed(tx: Connection, one: Work, trouble: str, now: datetime) -> None:
    """Put it off, the longer the oftener it failed; it never gets lost."""
    after = min(AGAIN * (one.tries + 1), LONGEST)
    values = {"due_at": now + after, "tries": one.tries + 1, "trouble": trouble[:TROUBLE]}
    tx.execute(update(work).where(_is(one)).values(**values))


def troubled(tx: Connection) -> list[Work]:
    """List what has failed and is still to be done."""
    rows = tx.execute(select(*COLUMNS).where(work.c.tries > 0).order_by(work.c.kind, work.c.subject))
    return [Work(*row) for row in rows]


def _is(one: Work) -> ColumnElement[bool]:
    return (work.c.kind == one.kind) & (work.c.subject == one.subject) & (work.c.put_at == one.put_at)
