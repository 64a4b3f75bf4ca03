"""The mentors of the community as the ranking sees them: rows read from the tables, kept as a snapshot."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import Connection, and_, func, select

from core import requests
from core.matching.features import MentorRow
from core.matching.index import MentorIndex
from core.policy import Policy
from core.store.tables import offers, ratings, user_topics, users
from core.users import HELPS

# A change may commit this long after the moment it carries (a slow transaction, clocks of two processes).
LATE = timedelta(seconds=60)
CHUNK = 500


def rows(
    tx: Connection, policy: Policy, now: datetime, only: Sequence[int] | None = None, *, invited: bool = False
) -> list[MentorRow]:
    """Read what the ranking knows, of all mentors or of some; `invited` lets in people who have no address yet."""
    if only is not None and len(only) > CHUNK:
        parts = (only[start : start + CHUNK] for start in range(0, len(only), CHUNK))
        return [row for part in parts for row in rows(tx, policy, now, part, invited=invited)]
    person = select(
        users.c.id,
        users.c.state,
        users.c.zone,
        users.c.free,
        users.c.languages,
        users.c.formats,
        users.c.budget_hours,
        users.c.paused_until,
        users.c.stopped,
    ).where(users.c.mentor)
    topic = select(user_topics.c.user_id, user_topics.c.topic, user_topics.c.level).where(
        user_topics.c.side == HELPS
    )
    stars = select(ratings.c.ratee_id, func.sum(ratings.c.stars), func.count()).group_by(ratings.c.ratee_id)
    asked = (
        select(offers.c.mentor_id, offers.c.state, func.count())
        .where(
            and_(offers.c.delivered_at.is_not(None), offers.c.state.in_(("accepted", "declined", "expired")))
        )
        .group_by(offers.c.mentor_id, offers.c.state)
    )
    if only is not None:
        person = person.where(users.c.id.in_(only))
        topic = topic.where(user_topics.c.user_id.in_(only))
        stars = stars.where(ratings.c.ratee_id.in_(only))
        asked = asked.where(offers.c.mentor_id.in_(only))
    topics: dict[int, list[tuple[str, int]]] = {}
    for user_id, slug, level in tx.execute(topic):
        topics.setdefault(user_id, []).append((slug, level or 3))
    rated = {ratee: (float(total), count) for ratee, total, count in tx.execute(stars)}
    answered: dict[int, tuple[int, int]] = {}
    for mentor_id, state, count in tx.execute(asked):
        yes, all_ = answered.get(mentor_id, (0, 0))
        answered[mentor_id] = (yes + (0 if state == requests.EXPIRED else count), all_ + count)
    used = requests.hours_used(tx, policy, now, only)
    states = ("active", "invited") if invited else ("active",)
    return [
        MentorRow(
            user_id=row.id,
            topics=tuple(sorted(topics.get(row.id, ()))),
            zone=row.zone,
            free=tuple((day, start, end) for day, start, end in row.free),
            languages=tuple(row.languages),
            formats=tuple(row.formats),
            hours_left=row.budget_hours - used.get(row.id, 0.0),
            stars_sum=rated.get(row.id, (0.0, 0))[0],
            stars_count=rated.get(row.id, (0.0, 0))[1],
            offers_answered=answered.get(row.id, (0, 0))[0],
            offers_sent=answered.get(row.id, (0, 0))[1],
            available=row.state in states
            and not row.stopped
            and (row.paused_until is None or row.paused_until <= now),
        )
        for row in tx.execute(person)
    ]


class Mentors:
    """A snapshot in memory, derived from the tables; what has changed since is read when it is asked for."""

    def __init__(
        self, policy: Policy, wider: Callable[[str], tuple[str, ...]], *, invited: bool = False
    ) -> None:
        """Start empty; `refresh` fills it from committed data."""
        self._policy = policy
        self._wider = wider
        self._invited = invited
        self._index = MentorIndex.build((), wider, policy)
        self._seen: dict[int, datetime] = {}
        self._read_at: datetime | None = None
        self._lock = Lock()
        self.stale = True

    def snapshot(self, tx: Connection, now: datetime) -> MentorIndex:
        """Give the index with everything this transaction can see."""
        if self._read_at is None or requests.month_start(self._read_at) != requests.month_start(now):
            # A month's hours begin anew for everybody.
            self.stale = True
            every = rows(tx, self._policy, now, invited=self._invited)
            return MentorIndex.build(every, self._wider, self._policy)
        changed = self._changed(tx)
        if not changed:
            return self._index
        self.stale = True
        ids = sorted(changed)
        fresh = rows(tx, self._policy, now, ids, invited=self._invited)
        return self._index.updated(fresh, set(ids) - {row.user_id for row in fresh})

    def refresh(self, tx: Connection, now: datetime) -> None:
        """Take over what has been committed; `tx` must be a read of committed data."""
        # A read on the event loop gives way to others between its statements: waiting here would stop them all.
        if not self._lock.acquire(blocking=False):
            return
        try:
            window = select(users.c.id, users.c.changed_at).where(users.c.changed_at >= now - LATE)
            seen = {user_id: changed for user_id, changed in tx.execute(window)}  # noqa: C416  (rows are not pairs)
            index = self.snapshot(tx, now)
            self._index, self._seen, self._read_at, self.stale = index, seen, now, False
        finally:
            self._lock.release()

    def _changed(self, tx: Connection) -> set[int]:
        assert self._read_at is not None
        window = select(users.c.id, users.c.changed_at).where(users.c.changed_at >= self._read_at - LATE)
        return {user_id for user_id, changed in tx.execute(window) if self._seen.get(user_id) != changed}
