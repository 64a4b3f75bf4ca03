"""Settling: what became of a send, and what follows from it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, assert_never

from sqlalchemy import Connection, and_, bindparam, insert, select, update

from bot.outbox.box import CANCELLED, DEAD, HELD, READY, SENDING, SENT, UNKNOWN
from bot.outbox.claim import Parcel
from bot.outbox.kinds import KINDS
from bot.ports import Delivery, Gone, Later, Refused, Sent, Shut, Unknown
from core import users
from core.address import Address
from core.store.tables import deliveries, outbox

TRIES = 8
DOUBTS = 1
SLOWEST = 3600.0
HELD_FOR = timedelta(days=14)
"""How long a message waits for somebody who takes none to do something; then it is listed as not delivered."""

# The fence shuts out an owner whose lease ran out and whose row another process has taken since.
STILL_OURS = (
    select(outbox.c.id, outbox.c.fence)
    .where(
        and_(
            outbox.c.id.in_(bindparam("rows", expanding=True)),
            outbox.c.state == SENDING,
            outbox.c.owner == bindparam("by"),
        )
    )
    .with_for_update()
)
SETTLED = update(outbox).values(
    state=bindparam("end"),
    due_at=bindparam("due"),
    attempts=bindparam("tries"),
    doubts=bindparam("doubt"),
    settled_at=bindparam("at"),
    trouble=bindparam("why"),
    owner=None,
    lease_until=None,
)
SETTLE = SETTLED.where(outbox.c.id.in_(bindparam("rows", expanding=True)))
SETTLE_ONE = SETTLED.where(outbox.c.id == bindparam("row"))
EMPTY = update(outbox).where(outbox.c.id.in_(bindparam("rows", expanding=True))).values(message=None)


Outcome = tuple[Parcel, Address | None, Delivery]


def backoff(attempts: int, rng: Random) -> timedelta:
    """Wait longer after each try, from a second to an hour, with jitter so that nothing comes in step."""
    return timedelta(seconds=SLOWEST ** min(1.0, (attempts - 1) / (TRIES - 2)) * (0.5 + rng.random() / 2))


def settle(
    tx: Connection,
    outcomes: Sequence[Outcome],
    now: datetime,
    owner: str,
    rng: Random,
) -> tuple[list[Parcel], list[Parcel]]:
    """Write down how sends went; returns what was sent and what is given up, for those who wait to know."""
    # Most sends of a batch end alike: those are settled by one statement.
    settled: dict[tuple[Any, ...], list[int]] = {}
    refs: list[dict[str, Any]] = []
    sent: list[Parcel] = []
    given_up: list[Parcel] = []
    for parcel, address, delivery in _held(tx, outcomes, owner):
        end, due, tries, doubts, why = _outcome(tx, parcel, address, delivery, now, rng)
        settled.setdefault((end, due, tries, doubts, why), []).extend(parcel.rows)
        if end == SENT:
            sent.append(parcel)
            if address is not None and isinstance(delivery, Sent) and parcel.edits is None:
                refs.extend(
                    {
                        "outbox_id": row,
                        "platform": address.platform,
                        "address": address.id,
                        "ref": delivery.ref,
                        "sent_at": now,
                    }
                    for row in parcel.rows
                )
        elif end in (DEAD, CANCELLED):
            given_up.append(parcel)
    singles = []
    for (end, due, tries, doubts, why), rows in settled.items():
        values = {"end": end, "due": due, "tries": tries, "doubt": doubts, "why": why}
        values["at"] = None if end == READY else now
        if len(rows) == 1:
            singles.append({**values, "row": rows[0]})
        else:
            tx.execute(SETTLE, {**values, "rows": rows})
    if singles:
        tx.execute(SETTLE_ONE, singles)
    emptied = [row for key, rows in settled.items() if key[0] in (SENT, CANCELLED) for row in rows]
    if emptied:
        tx.execute(EMPTY, {"rows": emptied})
    if refs:
        tx.execute(insert(deliveries), refs)
    return sent, given_up


def _held(tx: Connection, outcomes: Sequence[Outcome], owner: str) -> list[Outcome]:
    """Leave out what is not this owner's any more: another process says how that went."""
    rows = [row for parcel, _, _ in outcomes for row in parcel.rows]
    fences = {row.id: row.fence for row in tx.execute(STILL_OURS, {"rows": rows, "by": owner})}
    return [
        outcome
        for outcome in outcomes
        if all(
            fences.get(row) == fence for row, fence in zip(outcome[0].rows, outcome[0].fences, strict=True)
        )
    ]


def _outcome(
    tx: Connection, parcel: Parcel, address: Address | None, delivery: Delivery, now: datetime, rng: Random
) -> tuple[str, datetime, int, int, str | None]:
    """Say (state, due, attempts, doubts, trouble) after a send."""
    tries, doubts = parcel.attempts, parcel.doubts
    match delivery:
        case Sent():
            return SENT, now, tries, doubts, None
        case Later(seconds):
            return READY, now + timedelta(seconds=seconds), tries - 1, doubts, "asked to wait"
        case Refused(why, again):
            if again and tries < TRIES:
                return READY, now + backoff(tries, rng), tries, doubts, why[:120]
            # That there is no shared room is no trouble: there is another way.
            return CANCELLED if parcel.kind.gathers else DEAD, now, tries, doubts, why[:120]
        case Unknown(why):
            if parcel.kind.on_ambiguous == "resend" and doubts < DOUBTS:
                return READY, now + backoff(tries, rng), tries, doubts + 1, why[:120]
            return UNKNOWN, now, tries, doubts, why[:120]
        case Gone() | Shut():
            end, due, trouble = _unreached(tx, parcel, address, delivery, now)
            return end, due, tries, doubts, trouble[:120]
        case _:
            assert_never(delivery)


def _unreached(
    tx: Connection, parcel: Parcel, address: Address | None, delivery: Gone | Shut, now: datetime
) -> tuple[str, datetime, str]:
    """Try the person's next address at once; without one, wait until they act, or give it up."""
    if address is not None:
        users.reach(tx, address, reachable=False)
        if len(parcel.to) > 1:
            return READY, now, delivery.why
    if isinstance(delivery, Shut) and parcel.kind.waits and not parcel.held:
        return READY, now + HELD_FOR, HELD
    return DEAD, now, delivery.why


def recover(tx: Connection, now: datetime, real: datetime, *, alone: bool) -> int:
    """Find sends whose process ended before it wrote down how they went: nobody knows whether they arrived.

    `alone` says that no other process can be sending (SQLite's lock holder); otherwise a lease must have run out.
    """
    rows = tx.execute(
        select(outbox.c.id, outbox.c.kind, outbox.c.doubts)
        .where(
            and_(
                outbox.c.state == SENDING,
                (outbox.c.lease_until < real) if not alone else outbox.c.id.is_not(None),
            )
        )
        .with_for_update(skip_locked=True)
    ).all()
    for row_id, kind, doubts in rows:
        resend = KINDS[kind].on_ambiguous == "resend" and doubts < DOUBTS
        again = resend or KINDS[kind].gathers
        tx.execute(
            update(outbox)
            .where(outbox.c.id == row_id)
            .values(
                state=READY if again else UNKNOWN,
                due_at=now,
                doubts=doubts + 1,
                owner=None,
                lease_until=None,
                settled_at=None if again else now,
                trouble="the process ended while it was sending",
            )
        )
    return len(rows)
