"""Claiming: which rows leave now, which wait, which are too late, and which go out together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, exists, func, select, update

from bot.outbox.box import CANCELLED, EXPIRED, HELD, READY, SENDING, SENT
from bot.outbox.holding import Reader, hold
from bot.outbox.kinds import KINDS, Kind
from bot.turn import Message, message_from
from core.address import Address
from core.availability import day_start
from core.policy import Policy
from core.store.tables import addresses, deliveries, outbox, users

BATCH = 250
LEASE = timedelta(seconds=60)

before = outbox.alias("before")
# Nothing of a stream leaves behind what is not settled, and no edit before the message that it edits.
FREE = and_(
    outbox.c.state == READY,
    outbox.c.stream.is_(None)
    | ~exists(
        select(before.c.id).where(
            before.c.stream == outbox.c.stream,
            before.c.id < outbox.c.id,
            before.c.state.in_((READY, SENDING)),
        )
    ),
    outbox.c.edits.is_(None)
    | ~exists(select(before.c.id).where(before.c.id == outbox.c.edits, before.c.state.in_((READY, SENDING)))),
)
DUE = (
    select(
        outbox.c.id,
        outbox.c.kind,
        outbox.c.once,
        outbox.c.subject,
        outbox.c.user_id,
        outbox.c.platform,
        outbox.c.address,
        outbox.c.message,
        outbox.c.expires_at,
        outbox.c.edits,
        outbox.c.fence,
        outbox.c.attempts,
        outbox.c.doubts,
        outbox.c.trouble,
        users.c.locale,
        users.c.zone,
        users.c.quiet_from,
        users.c.quiet_to,
        users.c.paused_until,
        users.c.muted,
    )
    .select_from(outbox.outerjoin(users, users.c.id == outbox.c.user_id))
    .where(FREE, outbox.c.due_at <= bindparam("now"))
    .order_by(outbox.c.due_at, outbox.c.id)
    .limit(BATCH)
    .with_for_update(of=outbox, skip_locked=True)
)
MARK = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("rows", expanding=True)))
    .values(
        state=SENDING,
        attempts=outbox.c.attempts + 1,
        fence=outbox.c.fence + 1,
        owner=bindparam("by"),
        lease_until=bindparam("until"),
    )
)
# A kind that bundles has its lead for a bundle, the lead itself too; another kind has none.
MARK_ALONE = MARK.values(bundle=None)
MARK_LEADS = MARK.values(bundle=outbox.c.id)
JOIN = update(outbox).where(outbox.c.id == bindparam("row")).values(bundle=bindparam("lead"))
MOVE = update(outbox).where(outbox.c.id == bindparam("row")).values(due_at=bindparam("until"))
END = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"))
    .values(state=bindparam("end"), message=None, settled_at=bindparam("at"), trouble=bindparam("why"))
)

# The state is compared behind a function, or SQLite would walk through all that was ever sent to find a few people.
SENT_SINCE = (
    select(outbox.c.user_id, outbox.c.settled_at, func.count())
    .where(
        and_(
            outbox.c.user_id.in_(bindparam("people", expanding=True)),
            outbox.c.settled_at >= bindparam("since"),
            func.coalesce(outbox.c.state, "") == SENT,
            outbox.c.kind.in_([kind.name for kind in KINDS.values() if kind.counts]),
            outbox.c.bundle.is_(None) | (outbox.c.bundle == outbox.c.id),
        )
    )
    .group_by(outbox.c.user_id, outbox.c.settled_at)
)
ON_THEIR_WAY = (
    select(outbox.c.user_id, func.count())
    .where(
        and_(
            outbox.c.state == SENDING,
            outbox.c.user_id.in_(bindparam("people", expanding=True)),
            outbox.c.kind.in_([kind.name for kind in KINDS.values() if kind.counts]),
            outbox.c.bundle.is_(None) | (outbox.c.bundle == outbox.c.id),
        )
    )
    .group_by(outbox.c.user_id)
)
PLACES = (
    select(addresses.c.user_id, addresses.c.platform, addresses.c.id)
    .where(and_(addresses.c.user_id.in_(bindparam("people", expanding=True)), addresses.c.reachable))
    .order_by(addresses.c.preferred.desc(), addresses.c.created_at, addresses.c.platform, addresses.c.id)
)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One send: a row, or several that go out together; `to` lists where the person may be reached, best first.

    `held`: it has waited for them to act, and they have not.
    """

    rows: tuple[int, ...]
    kind: Kind
    once: str
    subject: str
    user_id: int | None
    to: tuple[Address, ...]
    messages: tuple[Message, ...]
    locale: str
    zone: str
    fences: tuple[int, ...]
    attempts: int
    doubts: int
    held: bool = False
    edits: tuple[tuple[Address, str], ...] | None = None


def claim(
    tx: Connection, now: datetime, real: datetime, owner: str, policy: Policy
) -> tuple[list[Parcel], bool]:
    """Claim a batch of what is due; true says that there was something, though perhaps nothing that may leave now."""
    due = tx.execute(DUE, {"now": now}).all()
    if not due:
        return [], False
    places = _places(tx, due)
    sent = _sent_today(tx, {row.user_id: row.zone for row in due if row.user_id is not None}, now)
    going: list[Row[*tuple[Any, ...]]] = []
    moved: list[dict[str, Any]] = []
    ended: list[dict[str, Any]] = []
    leads: dict[int, int] = {}
    for row in due:
        kind = KINDS[row.kind]
        if row.expires_at is not None and row.expires_at < now:
            ended.append({"row": row.id, "end": EXPIRED, "at": now, "why": None})
            continue
        if row.user_id is None:
            going.append(row)
            continue
        if kind.name in row.muted:
            ended.append({"row": row.id, "end": CANCELLED, "at": now, "why": "switched off"})
            continue
        reader = Reader(row.zone, row.quiet_from, row.quiet_to, row.paused_until, tuple(row.muted))
        together = kind.bundles and row.user_id in leads
        until = hold(kind, reader, now, sent[row.user_id] - together, policy.daily_cap)
        if until is not None:
            moved.append({"row": row.id, "until": until})
            continue
        going.append(row)
        if kind.bundles:
            leads.setdefault(row.user_id, row.id)
        sent[row.user_id] += kind.counts and not together
    if ended:
        tx.execute(END, ended)
    if moved:
        tx.execute(MOVE, moved)
    _mark(tx, going, leads, owner, real + LEASE)
    return _parcels(tx, going, leads, places, policy), True


def _mark(
    tx: Connection,
    going: Sequence[Row[*tuple[Any, ...]]],
    leads: dict[int, int],
    owner: str,
    lease: datetime,
) -> None:
    """Take the rows for this process, with few statements however many they are."""
    lead_of = {row.id: leads.get(row.user_id) if _bundles(row) else None for row in going}
    alone = [row for row, lead in lead_of.items() if lead is None]
    bundled = [row for row, lead in lead_of.items() if lead is not None]
    for statement, rows in ((MARK_ALONE, alone), (MARK_LEADS, bundled)):
        if rows:
            tx.execute(statement, {"rows": rows, "by": owner, "until": lease})
    joining = [{"row": row, "lead": lead} for row, lead in lead_of.items() if lead not in (None, row)]
    if joining:
        tx.execute(JOIN, joining)


def _bundles(row: Row[*tuple[Any, ...]]) -> bool:
    return KINDS[row.kind].bundles


def _parcels(
    tx: Connection,
    going: Sequence[Row[*tuple[Any, ...]]],
    leads: dict[int, int],
    places: dict[int, list[Address]],
    policy: Policy,
) -> list[Parcel]:
    groups: dict[int, list[Row[*tuple[Any, ...]]]] = {}
    for row in going:
        lead = leads.get(row.user_id, row.id) if _bundles(row) else row.id
        groups.setdefault(lead, []).append(row)
    parcels = []
    for rows in groups.values():
        first = rows[0]
        to = (
            tuple(places.get(first.user_id, ()))
            if first.user_id is not None
            else (Address(first.platform, first.address),)
        )
        parcels.append(
            Parcel(
                rows=tuple(row.id for row in rows),
                kind=KINDS[first.kind],
                once=first.once,
                subject=first.subject,
                user_id=first.user_id,
                to=to,
                messages=tuple(message_from(row.message) for row in rows),
                locale=first.locale or policy.locale,
                zone=first.zone or policy.zone,
                fences=tuple(row.fence + 1 for row in rows),
                attempts=first.attempts + 1,
                doubts=first.doubts,
                held=first.trouble == HELD,
                edits=_refs(tx, first.edits) if first.edits is not None else None,
            )
        )
    return parcels


def _places(tx: Connection, due: Sequence[Row[*tuple[Any, ...]]]) -> dict[int, list[Address]]:
    """Give the reachable addresses of each person, the preferred one first."""
    people = {row.user_id for row in due if row.user_id is not None}
    found: dict[int, list[Address]] = {}
    for user_id, platform, id_ in tx.execute(PLACES, {"people": list(people)}):
        found.setdefault(user_id, []).append(Address(platform, id_))
    return found


def _sent_today(tx: Connection, zones: dict[int, str], now: datetime) -> dict[int, int]:
    """Count what each person got unprompted since their midnight, or is getting now; a bundle counts once."""
    of_zone = {zone: day_start(now, zone) for zone in set(zones.values())}
    starts = {user_id: of_zone[zone] for user_id, zone in zones.items()}
    counts = dict.fromkeys(zones, 0)
    if not starts:
        return counts
    rows = tx.execute(SENT_SINCE, {"people": list(starts), "since": min(starts.values())})
    for user_id, settled_at, count in rows:
        if settled_at >= starts[user_id]:
            counts[user_id] += count
    for user_id, count in tx.execute(ON_THEIR_WAY, {"people": list(starts)}):
        counts[user_id] += count
    return counts


def _refs(tx: Connection, row_id: int) -> tuple[tuple[Address, str], ...]:
    """Give where a message was delivered that is to be edited now."""
    rows = tx.execute(
        select(deliveries.c.platform, deliveries.c.address, deliveries.c.ref).where(
            deliveries.c.outbox_id == row_id
        )
    )
    return tuple((Address(platform, address), ref) for platform, address, ref in rows)


def next_due(tx: Connection) -> datetime | None:
    """Say when the next message is due that waits for no other."""
    return tx.execute(select(func.min(outbox.c.due_at)).where(FREE)).scalar()
