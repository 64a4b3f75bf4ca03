"""The outbox's rows: put, taken back, moved. Everything here runs inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select, true, update

from bot.outbox.kinds import KINDS
from bot.ports import Ref
from bot.turn import Message, message_json
from core.address import Address
from core.store.tables import deliveries, outbox
from core.store.upsert import insert_or_ignore

READY, SENDING, SENT, UNKNOWN = "ready", "sending", "sent", "unknown"
DEAD, EXPIRED, CANCELLED = "dead", "expired", "cancelled"

HELD = "held until the person acts"
"""The trouble of what waits for somebody who takes no messages."""

PUT = "outbox.put"
"""Set in the connection's `info` when something was put: whoever commits wakes the delivery."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to put: to a user, wherever they are reached, or to one address.

    `once` holds what it is about, time included: putting it twice sends one. `subject` is what `cancel` takes back.
    `expires_at` is when it is of no use any more, where its kind does not say so. `stream` keeps an order: nothing
    in it is sent before what was put earlier. `source` is the message of the sender's that it passes on; `edits` is
    the row whose delivered message it replaces.
    """

    kind: str
    to: int | Address
    message: Message
    once: str
    subject: str = ""
    stream: str | None = None
    due_at: datetime | None = None
    expires_at: datetime | None = None
    source: Ref | None = None
    edits: int | None = None


def put(tx: Connection, now: datetime, *letters: Letter) -> None:
    """Put letters into the outbox; one whose `once` is there already is left alone."""
    for letter in letters:
        insert_or_ignore(tx, outbox, _values(letter, now))
    tx.info[PUT] = True


def put_all(tx: Connection, now: datetime, letters: Sequence[Letter]) -> None:
    """Put many letters in one statement."""
    if letters:
        insert_or_ignore(tx, outbox, [_values(letter, now) for letter in letters])
        tx.info[PUT] = True


def _values(letter: Letter, now: datetime) -> dict[str, Any]:
    kind = KINDS[letter.kind]
    due = letter.due_at or now
    to_user = isinstance(letter.to, int)
    return {
        "user_id": letter.to if to_user else None,
        "platform": None if isinstance(letter.to, int) else letter.to.platform,
        "address": None if isinstance(letter.to, int) else letter.to.id,
        "kind": letter.kind,
        "subject": letter.subject,
        "once": letter.once,
        "stream": letter.stream,
        "source": str(letter.source) if letter.source else None,
        "edits": letter.edits,
        "message": message_json(letter.message),
        "state": READY,
        "due_at": due,
        "expires_at": letter.expires_at or (due + kind.expires if kind.expires else None),
        "created_at": now,
        "attempts": 0,
        "doubts": 0,
        "fence": 0,
    }


def cancel(tx: Connection, subject: str, now: datetime, kind: str | None = None) -> int:
    """Take back what no longer holds and has not been sent, all of it or of one kind; returns how many rows."""
    done = tx.execute(
        update(outbox).where(_waiting(subject, kind)).values(state=CANCELLED, message=None, settled_at=now)
    )
    return done.rowcount


def move(tx: Connection, subject: str, kind: str, due_at: datetime) -> int:
    """Let what has not been sent of a kind leave at another moment; returns how many rows."""
    done = tx.execute(update(outbox).where(_waiting(subject, kind)).values(due_at=due_at))
    tx.info[PUT] = True
    return done.rowcount


def release(tx: Connection, user_id: int, now: datetime) -> int:
    """Let what was held for somebody leave, since they are there; returns how many rows."""
    done = tx.execute(
        update(outbox)
        .where(and_(outbox.c.user_id == user_id, outbox.c.state == READY, outbox.c.trouble == HELD))
        .values(due_at=now, trouble=None)
    )
    tx.info[PUT] = True
    return done.rowcount


def _waiting(subject: str, kind: str | None) -> ColumnElement[bool]:
    waiting = and_(outbox.c.subject == subject, outbox.c.state == READY)
    return waiting if kind is None else and_(waiting, outbox.c.kind == kind)


def delivered(tx: Connection, subject: str, kind: str) -> int | None:
    """Find the newest row about a subject that was sent, to edit what is on the person's screen."""
    row = tx.execute(
        select(outbox.c.id)
        .where(
            and_(
                outbox.c.subject == subject,
                outbox.c.kind == kind,
                outbox.c.state.in_((SENT, UNKNOWN, SENDING)),
            )
        )
        .order_by(outbox.c.id.desc())
    ).first()
    return row.id if row else None


def sent_to(tx: Connection, row_id: int) -> Address | None:
    """Give the address a row was put for, or None where it is for a user, wherever they are reached."""
    row = tx.execute(select(outbox.c.platform, outbox.c.address).where(outbox.c.id == row_id)).one()
    return Address(row.platform, row.address) if row.address else None


def arrived_at(tx: Connection, row_id: int) -> Address | None:
    """Say where a row was delivered."""
    row = tx.execute(
        select(deliveries.c.platform, deliveries.c.address).where(deliveries.c.outbox_id == row_id)
    ).first()
    return Address(row.platform, row.address) if row else None


def stream_of(tx: Connection, ref: Ref) -> str | None:
    """Find the stream that a delivered message belongs to: whoever replies to it speaks there."""
    row = tx.execute(
        select(outbox.c.stream)
        .select_from(deliveries.join(outbox, outbox.c.id == deliveries.c.outbox_id))
        .where(
            and_(
                deliveries.c.platform == ref.platform,
                deliveries.c.address == ref.chat,
                deliveries.c.ref == ref.id,
            )
        )
    ).first()
    return row.stream if row else None


def from_source(tx: Connection, source: Ref) -> list[tuple[int, str, str | None]]:
    """Find the rows (id, once, stream) that passed on a message of the sender's."""
    rows = tx.execute(
        select(outbox.c.id, outbox.c.once, outbox.c.stream)
        .where(and_(outbox.c.source == str(source), outbox.c.edits.is_(None)))
        .order_by(outbox.c.id)
    )
    return [(row.id, row.once, row.stream) for row in rows]


def troubles(
    tx: Connection, states: Sequence[str] = (DEAD, UNKNOWN), since: datetime | None = None
) -> list[Any]:
    """List what was not delivered, or perhaps not, or (in the state `expired`) came too late to be of use.

    A row says kind, person, time and trouble, never the words; with `since` only what came to its end after that.
    """
    recent = outbox.c.settled_at >= since if since is not None else true()
    return list(
        tx.execute(
            select(
                outbox.c.id,
                outbox.c.kind,
                outbox.c.user_id,
                outbox.c.platform,
                outbox.c.address,
                outbox.c.state,
                outbox.c.due_at,
                outbox.c.trouble,
            )
            .where(and_(outbox.c.state.in_(states), recent))
            .order_by(outbox.c.id)
        )
    )


def requeue(tx: Connection, row_id: int, now: datetime) -> bool:
    """Send a dead or doubtful message again; false where there is none with that id."""
    done = tx.execute(
        update(outbox)
        .where(
            and_(outbox.c.id == row_id, outbox.c.state.in_((DEAD, UNKNOWN)), outbox.c.message.is_not(None))
        )
        .values(state=READY, due_at=now, expires_at=None, attempts=0, doubts=0, settled_at=None, trouble=None)
    )
    return bool(done.rowcount)
