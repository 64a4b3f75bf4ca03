"""The life of a request and of its offers: who asked whom, what was answered, what is left of a mentor's hours."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, select, update

from core.availability import Span
from core.policy import Policy
from core.store.tables import mentorships, offers, requests, users
from core.store.types import Json
from core.users import Levels

OPEN, MATCHED, WITHDRAWN = "open", "matched", "withdrawn"
WANTED, ASKING, FIRST, NEXT, CLAIM, ORGANISER = "wanted", "asking", "first", "next", "claim", "organiser"
OFFERED, ACCEPTED, DECLINED, EXPIRED, CLOSED = "open", "accepted", "declined", "expired", "closed"


@dataclass(frozen=True, slots=True)
class Request:
    """A mentee's wish for help. `step` says how far it was handed on, `stuck` where in a course they do not get on."""

    id: int
    mentee_id: int
    topics: Levels
    languages: tuple[str, ...]
    free: tuple[Span, ...]
    goal: str | None
    stuck: Mapping[str, Json] | None
    format: str
    urgency: str
    wanted_id: int | None
    state: str
    step: str
    created_at: datetime
    step_at: datetime
    closed_at: datetime | None

    @property
    def slugs(self) -> list[str]:
        """The topics without levels."""
        return [topic for topic, _ in self.topics]


@dataclass(frozen=True, slots=True)
class Offer:
    """A request shown to one mentor. `reasons` are the message keys and parameters that spoke for them."""

    id: int
    request_id: int
    mentor_id: int
    step: str
    state: str
    reasons: Sequence[Mapping[str, Json]]
    why: str | None
    created_at: datetime
    delivered_at: datetime | None
    expires_at: datetime | None
    answered_at: datetime | None


REQUEST = tuple(requests.c[name] for name in Request.__slots__)
OFFER = tuple(offers.c[name] for name in Offer.__slots__)


def _request(row: Row[*tuple[Any, ...]]) -> Request:
    data = dict(zip(Request.__slots__, row, strict=True))
    data["topics"] = tuple((str(topic), level) for topic, level in data["topics"])
    data["languages"] = tuple(data["languages"])
    data["free"] = tuple(tuple(span) for span in data["free"])
    return Request(**data)


def create(tx: Connection, now: datetime, mentee_id: int, step: str, **fields: Any) -> int:  # noqa: ANN401
    """Add a request; the caller has checked the limit with the mentee's row locked."""
    values = {
        "mentee_id": mentee_id,
        "state": OPEN,
        "step": step,
        "created_at": now,
        "step_at": now,
        "languages": [],
        "free": [],
        "goal": None,
        "stuck": None,
        "wanted_id": None,
        **fields,
    }
    request_id: int = tx.execute(insert(requests).values(**values).returning(requests.c.id)).scalar_one()
    return request_id


def get(tx: Connection, request_id: int) -> Request | None:
    """Find a request."""
    row = tx.execute(select(*REQUEST).where(requests.c.id == request_id)).first()
    return _request(row) if row else None


def lock(tx: Connection, request_id: int) -> Request:
    """Take the request's row for this transaction: whoever answers, hands on or withdraws decides after this."""
    return _request(tx.execute(select(*REQUEST).where(requests.c.id == request_id).with_for_update()).one())


def open_of(tx: Connection, mentee_id: int) -> list[Request]:
    """List a mentee's open requests, oldest first."""
    rows = tx.execute(
        select(*REQUEST)
        .where(and_(requests.c.mentee_id == mentee_id, requests.c.state == OPEN))
        .order_by(requests.c.id)
    )
    return [_request(row) for row in rows]


def move(tx: Connection, request_id: int, step: str, now: datetime) -> None:
    """Say that a request has reached a step."""
    tx.execute(update(requests).where(requests.c.id == request_id).values(step=step, step_at=now))


def close(tx: Connection, request_id: int, state: str, now: datetime) -> None:
    """End a request as matched or withdrawn."""
    tx.execute(update(requests).where(requests.c.id == request_id).values(state=state, closed_at=now))


def add_offer(
    tx: Connection,
    request_id: int,
    mentor_id: int,
    step: str,
    reasons: Sequence[Mapping[str, Json]],
    now: datetime,
) -> int:
    """Show a request to a mentor."""
    offer_id: int = tx.execute(
        insert(offers)
        .values(
            request_id=request_id,
            mentor_id=mentor_id,
            step=step,
            state=OFFERED,
            reasons=[dict(reason) for reason in reasons],
            created_at=now,
        )
        .returning(offers.c.id)
    ).scalar_one()
    return offer_id


def offer(tx: Connection, offer_id: int) -> Offer | None:
    """Find an offer."""
    row = tx.execute(select(*OFFER).where(offers.c.id == offer_id)).first()
    return Offer(*row) if row else None


def offers_of(tx: Connection, request_id: int) -> list[Offer]:
    """List all offers of a request."""
    rows = tx.execute(select(*OFFER).where(offers.c.request_id == request_id).order_by(offers.c.id))
    return [Offer(*row) for row in rows]


def offers_to(tx: Connection, mentor_id: int) -> list[Offer]:
    """List the open offers a mentor has seen or will see, oldest first."""
    rows = tx.execute(
        select(*OFFER)
        .where(and_(offers.c.mentor_id == mentor_id, offers.c.state == OFFERED))
        .order_by(offers.c.id)
    )
    return [Offer(*row) for row in rows]


def answer(tx: Connection, offer_id: int, state: str, now: datetime, why: str | None = None) -> None:
    """End an offer."""
    tx.execute(update(offers).where(offers.c.id == offer_id).values(state=state, answered_at=now, why=why))


def delivered(tx: Connection, offer_id: int, now: datetime, expires_at: datetime) -> None:
    """Start an offer's time: it runs from delivery."""
    tx.execute(update(offers).where(offers.c.id == offer_id).values(delivered_at=now, expires_at=expires_at))


def silent_in_a_row(tx: Connection, mentor_id: int) -> int:
    """Count the mentor's latest delivered offers that ran out, up to the last one that was answered."""
    rows = tx.execute(
        select(offers.c.state)
        .where(
            and_(
                offers.c.mentor_id == mentor_id,
                offers.c.delivered_at.is_not(None),
                offers.c.state.in_((ACCEPTED, DECLINED, EXPIRED)),
            )
        )
        .order_by(offers.c.answered_at.desc(), offers.c.id.desc())
        .limit(50)
    ).scalars()
    count = 0
    for state in rows:
        if state != EXPIRED:
            break
        count += 1
    return count


def earlier_partners(tx: Connection, mentee_id: int) -> frozenset[int]:
    """Give the mentors this mentee has, or had, a mentorship with."""
    return frozenset(
        tx.execute(select(mentorships.c.mentor_id).where(mentorships.c.mentee_id == mentee_id)).scalars()
    )


def asked_by(tx: Connection, mentee_id: int) -> frozenset[int]:
    """Give the mentors who were asked for this mentee's open requests."""
    rows = tx.execute(
        select(offers.c.mentor_id)
        .select_from(offers.join(requests, requests.c.id == offers.c.request_id))
        .where(and_(requests.c.mentee_id == mentee_id, requests.c.state == OPEN))
    )
    return frozenset(rows.scalars())


def have_met(tx: Connection, one_id: int, other_id: int) -> bool:
    """Tell whether two people were ever brought together: by an offer of one to the other, or as a pair."""
    for mentee, mentor in ((one_id, other_id), (other_id, one_id)):
        offered = (
            select(offers.c.id)
            .select_from(offers.join(requests, requests.c.id == offers.c.request_id))
            .where(and_(requests.c.mentee_id == mentee, offers.c.mentor_id == mentor))
        )
        paired = select(mentorships.c.id).where(
            and_(mentorships.c.mentee_id == mentee, mentorships.c.mentor_id == mentor)
        )
        if any(tx.execute(query.limit(1)).first() for query in (offered, paired)):
            return True
    return False


def month_start(now: datetime) -> datetime:
    """Give the moment a month of hours began, in UTC."""
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def hours_used(
    tx: Connection, policy: Policy, now: datetime, only: Iterable[int] | None = None
) -> dict[int, float]:
    """Give by mentor the hours of this month that are promised or on offer.

    An ongoing mentorship counts while it is active, anything else in the month it began, an offer while it is open.
    """
    cost = policy.hours_of_format
    used: dict[int, float] = {}
    pairs = select(mentorships.c.mentor_id, mentorships.c.format, func.count()).where(
        ((mentorships.c.format == "ongoing") & (mentorships.c.state == "active"))
        | ((mentorships.c.format != "ongoing") & (mentorships.c.started_at >= month_start(now)))
    )
    asked = (
        select(offers.c.mentor_id, requests.c.format, func.count())
        .select_from(offers.join(requests, requests.c.id == offers.c.request_id))
        .where(offers.c.state == OFFERED)
    )
    if only is not None:
        ids = list(only)
        pairs = pairs.where(mentorships.c.mentor_id.in_(ids))
        asked = asked.where(offers.c.mentor_id.in_(ids))
    for rows in (
        tx.execute(pairs.group_by(mentorships.c.mentor_id, mentorships.c.format)),
        tx.execute(asked.group_by(offers.c.mentor_id, requests.c.format)),
    ):
        for mentor_id, format_, count in rows:
            used[mentor_id] = used.get(mentor_id, 0.0) + cost.get(format_, 1.0) * count
    return used


def hours_left(tx: Connection, mentor_id: int, budget: float, policy: Policy, now: datetime) -> float:
    """Give what is left of a mentor's month, in hours; decide by it only with the mentor's row locked."""
    return budget - hours_used(tx, policy, now, (mentor_id,)).get(mentor_id, 0.0)


def expected_wait(tx: Connection, policy: Policy) -> timedelta:
    """Give the median time from request to match of the last fifty that were matched."""
    rows = tx.execute(
        select(requests.c.created_at, requests.c.closed_at)
        .where(requests.c.state == MATCHED)
        .order_by(requests.c.id.desc())
        .limit(50)
    ).all()
    if len(rows) < 5:
        return policy.expected_wait
    return timedelta(seconds=median((row.closed_at - row.created_at).total_seconds() for row in rows))


def waiting(tx: Connection) -> list[tuple[Request, str]]:
    """List the open requests that have reached the organiser, with the mentee's name."""
    rows = tx.execute(
        select(*REQUEST, users.c.name)
        .select_from(requests.join(users, users.c.id == requests.c.mentee_id))
        .where(and_(requests.c.state == OPEN, requests.c.step == ORGANISER))
        .order_by(requests.c.id)
    )
    return [(_request(row[:-1]), str(row[-1])) for row in rows]  # type: ignore[arg-type]
