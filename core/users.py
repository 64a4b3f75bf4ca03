"""People: who they are, how they can be reached, what they agreed to, and when they want to be left alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from core.address import Address
from core.availability import Span
from core.policy import Policy
from core.store.prepared import Prepared
from core.store.tables import addresses, blocks, consents, unknown_topics, user_topics, users
from core.store.upsert import insert_or_ignore

HELPS, WANTS, KNOWS = "helps", "wants", "knows"
"""The sides of a topic: what somebody helps with, wants help with, has learnt here."""
Levels = tuple[tuple[str, int | None], ...]
"""Topics with the level 1 to 5 that somebody has in each, None where they did not say."""


@dataclass(frozen=True, slots=True)
class User:
    """A person. `state` is invited (imported, no address yet), active or waiting (for an organiser's approval)."""

    id: int
    state: str
    ref: str | None
    name: str
    mentor: bool
    mentee: bool
    country: str | None
    locale: str
    zone: str
    zone_assumed: bool
    languages: tuple[str, ...]
    free: tuple[Span, ...]
    goal: str | None
    formats: tuple[str, ...]
    budget_hours: float
    quiet_from: int
    quiet_to: int
    muted: tuple[str, ...]
    consent_version: int
    own_answers: Mapping[str, str]
    paused_until: datetime | None
    stopped: bool
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """An address with what its platform told about it."""

    address: Address
    user_id: int | None
    name: str
    locale: str | None
    zone: str | None
    reachable: bool
    preferred: bool
    room_id: int | None


USER_COLUMNS = tuple(users.c[name] for name in User.__slots__)
ACCOUNT_COLUMNS = (
    addresses.c.platform,
    addresses.c.id.label("address_id"),
    addresses.c.user_id,
    addresses.c.name.label("address_name"),
    addresses.c.locale.label("address_locale"),
    addresses.c.zone.label("address_zone"),
    addresses.c.reachable,
    addresses.c.preferred,
    addresses.c.room_id,
)
AT = (addresses.c.platform == bindparam("platform")) & (addresses.c.id == bindparam("address"))
MEET = Prepared(
    select(*ACCOUNT_COLUMNS, *USER_COLUMNS)
    .select_from(addresses.outerjoin(users, users.c.id == addresses.c.user_id))
    .where(AT)
)
# Taking the address's row is what keeps one person's events in order when several processes run. It is taken before
# anything is read: who had to wait for it would otherwise see the user as they were before the wait.
TAKE = select(addresses.c.id).where(AT).with_for_update()
NAMES = select(users.c.id, users.c.name).where(users.c.id.in_(bindparam("people", expanding=True)))
CREATE = Prepared(insert(users).returning(users.c.id), [name for name in User.__slots__ if name != "id"])
CLAIM = Prepared(
    update(addresses)
    .where((addresses.c.platform == bindparam("of")) & (addresses.c.id == bindparam("at")))
    .values(user_id=bindparam("user"))
)
AGREE = Prepared(
    update(users)
    .where(users.c.id == bindparam("user"))
    .values(consent_version=bindparam("version"), changed_at=bindparam("now"))
)
TOPICS_OF = (user_topics.c.user_id == bindparam("user")) & (user_topics.c.side == bindparam("of"))
DROP_TOPICS = Prepared(delete(user_topics).where(TOPICS_OF))
ADD_TOPICS = insert(user_topics)
BY_ID = select(*USER_COLUMNS).where(users.c.id == bindparam("user"))


def meet(
    tx: Connection,
    who: Address,
    now: datetime,
    name: str,
    locale: str | None,
    zone: str | None,
    *,
    alone: bool,
) -> tuple[Account, User | None]:
    """Find the account and the user behind an address; the first time, remember the address."""
    where = {"platform": who.platform, "address": who.id}
    if alone and tx.dialect.name != "sqlite":
        tx.execute(TAKE, where)
    row = MEET.first(tx, where)
    if row is None:
        account = Account(who, None, name, locale, zone, reachable=True, preferred=True, room_id=None)
        if alone and not _remember(tx, account, now):
            # Another process met them a moment ago and has committed: the row is there to be taken.
            return meet(tx, who, now, name, locale, zone, alone=True)
        return account, None
    account = Account(who, *row[2:9])
    told = {"name": name or account.name, "locale": locale or account.locale, "zone": zone or account.zone}
    if alone and (told["name"], told["locale"], told["zone"]) != (account.name, account.locale, account.zone):
        tx.execute(update(addresses).where(_is(who)).values(**told))
        account = replace(account, name=str(told["name"]), locale=told["locale"], zone=told["zone"])
    return account, None if row[2] is None else _user(row, 9)


def _remember(tx: Connection, account: Account, now: datetime) -> bool:
    values = {
        "platform": account.address.platform,
        "id": account.address.id,
        "user_id": None,
        "name": account.name,
        "locale": account.locale,
        "zone": account.zone,
        "reachable": True,
        "preferred": True,
        "room_id": None,
        "created_at": now,
    }
    return insert_or_ignore(tx, addresses, values) == 1


def _is(who: Address) -> Any:  # noqa: ANN401
    return and_(addresses.c.platform == who.platform, addresses.c.id == who.id)


def _user(row: Sequence[Any], start: int = 0) -> User:
    data = dict(zip(User.__slots__, row[start:], strict=True))
    for key in ("languages", "formats", "muted"):
        data[key] = tuple(data[key])
    data["free"] = tuple(tuple(span) for span in data["free"])
    data["own_answers"] = data["own_answers"] or {}
    return User(**data)


def get(tx: Connection, user_id: int) -> User | None:
    """Find a user by id."""
    row = tx.execute(BY_ID, {"user": user_id}).first()
    return _user(row) if row else None


def known(tx: Connection, user_id: int) -> User:
    """Find a user that must be there."""
    return _user(tx.execute(BY_ID, {"user": user_id}).one())


def many(tx: Connection, ids: Sequence[int]) -> dict[int, User]:
    """Find several users at once."""
    rows = tx.execute(select(*USER_COLUMNS).where(users.c.id.in_(list(ids)))) if ids else ()
    return {user.id: user for user in map(_user, rows)}


def names(tx: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Give the names of several users at once."""
    rows = tx.execute(NAMES, {"people": list(ids)})
    return {user_id: name for user_id, name in rows}  # noqa: C416  (a row is not typed as a pair)


def by_ref(tx: Connection, ref: str) -> User | None:
    """Find an imported person by the importer's own reference."""
    row = tx.execute(select(*USER_COLUMNS).where(users.c.ref == ref)).first()
    return _user(row) if row else None


def everybody(tx: Connection) -> list[User]:
    """List all users by name."""
    return [_user(row) for row in tx.execute(select(*USER_COLUMNS).order_by(users.c.name, users.c.id))]


def in_state(tx: Connection, state: str) -> list[User]:
    """List the users in a state, the longest there first."""
    return [
        _user(row)
        for row in tx.execute(select(*USER_COLUMNS).where(users.c.state == state).order_by(users.c.id))
    ]


def lock(tx: Connection, user_id: int) -> User:
    """Take the user's row for this transaction: whoever decides about a capacity counts after this."""
    return _user(tx.execute(BY_ID.with_for_update(), {"user": user_id}).one())


def create(tx: Connection, now: datetime, policy: Policy, **fields: Any) -> int:  # noqa: ANN401
    """Add a user with the community's defaults for what is not given; returns the id."""
    values = {
        "state": "active",
        "ref": None,
        "country": None,
        "mentor": False,
        "mentee": False,
        "locale": policy.locale,
        "zone": policy.zone,
        "zone_assumed": True,
        "languages": [],
        "free": [],
        "goal": None,
        "formats": [],
        "budget_hours": float(policy.budget_hours),
        "quiet_from": policy.quiet_from,
        "quiet_to": policy.quiet_to,
        "muted": [],
        "consent_version": 0,
        "own_answers": None,
        "paused_until": None,
        "stopped": False,
        "created_at": now,
        "changed_at": now,
        **fields,
    }
    ((user_id,),) = CREATE.rows(tx, values)
    return int(user_id)


def change(tx: Connection, user_id: int, now: datetime, **fields: Any) -> None:  # noqa: ANN401
    """Change columns of a user; the index of mentors sees it by `changed_at`."""
    tx.execute(update(users).where(users.c.id == user_id).values(**fields, changed_at=now))


def touch(tx: Connection, user_ids: Sequence[int], now: datetime) -> None:
    """Say that something the ranking knows of these people has changed."""
    if user_ids:
        tx.execute(update(users).where(users.c.id.in_(list(user_ids))).values(changed_at=now))


def claim(tx: Connection, who: Address, user_id: int) -> None:
    """Make an address one of this user's."""
    CLAIM.count(tx, {"of": who.platform, "at": who.id, "user": user_id})


def accounts(tx: Connection, user_id: int) -> list[Account]:
    """List a user's addresses, the preferred one first."""
    rows = tx.execute(
        select(*ACCOUNT_COLUMNS)
        .where(addresses.c.user_id == user_id)
        .order_by(addresses.c.preferred.desc(), addresses.c.created_at, addresses.c.platform, addresses.c.id)
    )
    return [Account(Address(row[0], row[1]), *row[2:]) for row in rows]


def platforms(tx: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Say on which platform people are reached first."""
    rows = tx.execute(
        select(addresses.c.user_id, addresses.c.platform)
        .where(and_(addresses.c.user_id.in_(list(ids)), addresses.c.reachable))
        .order_by(addresses.c.preferred, addresses.c.created_at.desc(), addresses.c.platform.desc())
    )
    return {user_id: platform for user_id, platform in rows}  # noqa: C416  (a row is not typed as a pair)


def account_at(tx: Connection, who: Address) -> Account | None:
    """Find an account by its address."""
    row = tx.execute(select(*ACCOUNT_COLUMNS).where(_is(who))).first()
    return Account(who, *row[2:]) if row else None


def reach(tx: Connection, who: Address, *, reachable: bool) -> None:
    """Remember whether the platform lets us write to this address."""
    tx.execute(update(addresses).where(_is(who)).values(reachable=reachable))


def open_room(tx: Connection, who: Address, room_id: int | None) -> None:
    """Send what is written at this address to a room from now on, or to none."""
    tx.execute(update(addresses).where(_is(who)).values(room_id=room_id))


def set_topics(tx: Connection, user_id: int, side: str, levels: Levels) -> None:
    """Replace the topics somebody helps with, or wants help with."""
    DROP_TOPICS.count(tx, {"user": user_id, "of": side})
    if levels:
        tx.execute(
            ADD_TOPICS,
            [{"user_id": user_id, "side": side, "topic": topic, "level": level} for topic, level in levels],
        )


def topics_of(tx: Connection, user_id: int, side: str) -> Levels:
    """Give somebody's topics with their levels, in alphabetical order."""
    rows = tx.execute(
        select(user_topics.c.topic, user_topics.c.level)
        .where(and_(user_topics.c.user_id == user_id, user_topics.c.side == side))
        .order_by(user_topics.c.topic)
    )
    return tuple((topic, level) for topic, level in rows)


def keep_unknown_topic(tx: Connection, slug: str, typed: str, now: datetime) -> None:
    """Remember a topic that the catalogue lacks, for the organiser to merge."""
    insert_or_ignore(tx, unknown_topics, {"slug": slug, "typed": typed[:80], "first_seen": now})


def consent(tx: Connection, user_id: int, version: int, now: datetime) -> None:
    """Keep that somebody agreed, by the version of the words they saw."""
    AGREE.count(tx, {"user": user_id, "version": version, "now": now})
    insert_or_ignore(tx, consents, {"user_id": user_id, "version": version, "given_at": now})


def block(tx: Connection, blocker_id: int, blocked_id: int, now: datetime) -> None:
    """Keep two people apart for ever, silently."""
    values = {"blocker_id": blocker_id, "blocked_id": blocked_id, "created_at": now}
    insert_or_ignore(tx, blocks, values)


def kept_apart(tx: Connection, user_id: int) -> frozenset[int]:
    """Give everybody this person blocked or was blocked by."""
    rows = tx.execute(
        select(blocks.c.blocker_id, blocks.c.blocked_id).where(
            (blocks.c.blocker_id == user_id) | (blocks.c.blocked_id == user_id)
        )
    )
    return frozenset(other for pair in rows for other in pair if other != user_id)


def paused(user: User, now: datetime) -> bool:
    """Tell whether somebody takes no offers and no reminders now."""
    return user.paused_until is not None and user.paused_until > now
