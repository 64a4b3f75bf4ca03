"""What came of what was recommended: how often each kind was shown, and how often somebody began or asked.

Whether a new course has the last place of a list is drawn by chance, so what comes of either can be compared as in an
experiment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, select

from core.policy import Policy
from core.recommendations.evaluation.intervals import share
from core.recommendations.showing import NEW
from core.showings import LIST
from core.store.tables import courses, enrolments, offers, requests, showings

WITHIN = timedelta(days=7)
"""What is begun or asked in so much time came of the showing."""
KNOWN, NEW_BY_FIT, NEW_BY_CHANCE, MENTORS = "courses", "new_by_fit", "new_by_chance", "mentors"


@dataclass(frozen=True, slots=True)
class Group:
    """One kind of what was shown: places of lists, people, and the share that came to something with its interval."""

    places: int
    people: int
    followed: float
    followed_interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Exposure:
    """What was shown since a day. Of first pages, new courses are to get the share `wanted` by chance, and `got` it."""

    days: int
    places: int
    people: int
    wanted: float
    got: float
    groups: Mapping[str, Group] = field(default_factory=dict)
    last_place: Mapping[str, Group] = field(default_factory=dict)
    """The place that was drawn for: what came of it when the best that was left had it, and when a new course had."""

    def plain(self) -> dict[str, object]:
        """For programs."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Shown:
    user: int
    kind: str
    first: bool
    drawn: bool
    followed: bool


def report(tx: Connection, policy: Policy, now: datetime, days: int) -> Exposure:
    """Look at what was shown in so many days."""
    shown = [*_courses(tx, policy, now, days), *_mentors(tx, now, days)]
    groups: dict[str, list[_Shown]] = {}
    for one in shown:
        groups.setdefault(one.kind, []).append(one)
    firsts = [one for one in shown if one.first]
    drawn: dict[str, list[_Shown]] = {}
    for one in firsts:
        if one.drawn:
            drawn.setdefault(one.kind, []).append(one)
    return Exposure(
        days=days,
        places=len(shown),
        people=len({one.user for one in shown}),
        wanted=policy.new_share,
        got=len(drawn.get(NEW_BY_CHANCE, ())) / len(firsts) if firsts else 0.0,
        groups={kind: _group(groups[kind]) for kind in sorted(groups)},
        last_place={kind: _group(drawn[kind]) for kind in sorted(drawn)},
    )


def _group(shown: Sequence[_Shown]) -> Group:
    followed = sum(one.followed for one in shown)
    people = len({one.user for one in shown})
    return Group(len(shown), people, followed / len(shown), share(followed, len(shown)))


def _courses(tx: Connection, policy: Policy, now: datetime, days: int) -> list[_Shown]:
    theirs = and_(enrolments.c.user_id == showings.c.user_id, enrolments.c.course_id == showings.c.course_id)
    rows = tx.execute(
        select(
            showings.c.user_id,
            showings.c.why,
            showings.c.chance,
            (showings.c.surface == LIST) & (showings.c.place < policy.shown_courses),
            showings.c.shown_at,
            courses.c.created_at,
            enrolments.c.enrolled_at,
        )
        .select_from(
            showings.join(courses, courses.c.id == showings.c.course_id).outerjoin(enrolments, theirs)
        )
        .where(showings.c.shown_at > now - timedelta(days=days))
        .order_by(showings.c.id)
    )
    return [
        _Shown(
            user,
            NEW_BY_CHANCE
            if why == NEW
            else NEW_BY_FIT
            if created_at > shown_at - policy.new_course
            else KNOWN,
            bool(first),
            why == NEW or chance < 1,
            enrolled_at is not None and shown_at <= enrolled_at <= shown_at + WITHIN,
        )
        for user, why, chance, first, shown_at, created_at, enrolled_at in rows
    ]


def _mentors(tx: Connection, now: datetime, days: int) -> list[_Shown]:
    asked = (
        select(func.min(offers.c.created_at))
        .select_from(offers.join(requests, requests.c.id == offers.c.request_id))
        .where(
            requests.c.mentee_id == showings.c.user_id,
            offers.c.mentor_id == showings.c.mentor_id,
            offers.c.created_at >= showings.c.shown_at,
        )
        .correlate(showings)
        .scalar_subquery()
    )
    rows = tx.execute(
        select(showings.c.user_id, showings.c.shown_at, asked)
        .where(showings.c.mentor_id.is_not(None), showings.c.shown_at > now - timedelta(days=days))
        .order_by(showings.c.id)
    )
    return [
        _Shown(user, MENTORS, first=False, drawn=False, followed=at is not None and at <= shown_at + WITHIN)
        for user, shown_at, at in rows
    ]
