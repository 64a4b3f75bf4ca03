"""Accepted pairs, and the rooms they talk in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, insert, select, update

from core.address import Address
from core.policy import Policy
from core.requests import Request
from core.store.tables import mentorships, rooms

ACTIVE, ENDED = "active", "ended"


@dataclass(frozen=True, slots=True)
class Mentorship:
    """A mentee and a mentor who said yes to each other, and their room."""

    id: int
    request_id: int
    mentee_id: int
    mentor_id: int
    format: str
    state: str
    started_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    reason: str | None
    room_id: int

    def partner(self, user_id: int) -> int:
        """The other one of the pair."""
        return self.mentor_id if user_id == self.mentee_id else self.mentee_id

    def has(self, user_id: int) -> bool:
        """Whether somebody is one of the pair."""
        return user_id in (self.mentee_id, self.mentor_id)


COLUMNS = (
    *(mentorships.c[name] for name in Mentorship.__slots__ if name != "room_id"),
    rooms.c.id.label("room_id"),
)
BOTH = mentorships.join(rooms, rooms.c.mentorship_id == mentorships.c.id)


def create(tx: Connection, request: Request, mentor_id: int, policy: Policy, now: datetime) -> Mentorship:
    """Make a pair and its room."""
    mentorship_id = tx.execute(
        insert(mentorships)
        .values(
            request_id=request.id,
            mentee_id=request.mentee_id,
            mentor_id=mentor_id,
            format=request.format,
            state=ACTIVE,
            started_at=now,
            ends_at=now + policy.mentorship_length,
        )
        .returning(mentorships.c.id)
    ).scalar_one()
    tx.execute(insert(rooms).values(mentorship_id=mentorship_id, place=None, created_at=now))
    return known(tx, mentorship_id)


def get(tx: Connection, mentorship_id: int) -> Mentorship | None:
    """Find a pair."""
    row = tx.execute(select(*COLUMNS).select_from(BOTH).where(mentorships.c.id == mentorship_id)).first()
    return Mentorship(*row) if row else None


def known(tx: Connection, mentorship_id: int) -> Mentorship:
    """Find a pair that must be there."""
    return Mentorship(
        *tx.execute(select(*COLUMNS).select_from(BOTH).where(mentorships.c.id == mentorship_id)).one()
    )


def many(tx: Connection, ids: Sequence[int]) -> dict[int, Mentorship]:
    """Find several pairs at once."""
    rows = tx.execute(select(*COLUMNS).select_from(BOTH).where(mentorships.c.id.in_(list(set(ids)))))
    return {row[0]: Mentorship(*row) for row in rows}


def of_room(tx: Connection, room_id: int) -> Mentorship | None:
    """Find the pair of a room."""
    row = tx.execute(select(*COLUMNS).select_from(BOTH).where(rooms.c.id == room_id)).first()
    return Mentorship(*row) if row else None


def of_user(tx: Connection, user_id: int, *, active: bool = True) -> list[Mentorship]:
    """List somebody's pairs, the oldest first."""
    mine = (mentorships.c.mentee_id == user_id) | (mentorships.c.mentor_id == user_id)
    where = and_(mine, mentorships.c.state == ACTIVE) if active else mine
    rows = tx.execute(select(*COLUMNS).select_from(BOTH).where(where).order_by(mentorships.c.id))
    return [Mentorship(*row) for row in rows]


def lock(tx: Connection, mentorship_id: int) -> Mentorship:
    """Take the pair's row for this transaction: sessions are booked and ended after this."""
    tx.execute(select(mentorships.c.id).where(mentorships.c.id == mentorship_id).with_for_update())
    return known(tx, mentorship_id)


def place(tx: Connection, pair: Mentorship) -> Address | None:
    """Give the shared conversation that was opened for a pair on their platform, or None."""
    stored = tx.execute(select(rooms.c.place).where(rooms.c.id == pair.room_id)).scalar()
    return Address(*stored) if stored else None


def meet_at(tx: Connection, pair: Mentorship, where: Address | None) -> None:
    """Remember the shared conversation of a pair, or that there is none."""
    stored = [where.platform, where.id] if where else None
    tx.execute(update(rooms).where(rooms.c.id == pair.room_id).values(place=stored))


def end(tx: Connection, mentorship_id: int, reason: str, now: datetime) -> None:
    """End a pair; the reason is one of the code's own words, and told to nobody."""
    tx.execute(
        update(mentorships)
        .where(mentorships.c.id == mentorship_id)
        .values(state=ENDED, ended_at=now, reason=reason)
    )
