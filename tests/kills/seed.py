"""What is in the database before the first start: pairs who have met, and a wait for each of their sessions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, insert

from core import mentorships, requests, sessions, users, waits
from core.address import Address
from core.policy import Policy
from core.store.database import open_database
from core.store.migrate import migrate
from core.store.tables import addresses
from core.store.types import Keyring

POLICY = Policy()
AWAKE = {"quiet_from": 0, "quiet_to": 0, "consent_version": POLICY.consent_version, "languages": ["en"]}


@dataclass(frozen=True)
class Pair:
    """Two people with a room, and the sessions that both may rate."""

    mentee: str
    mentor: str
    room: int
    sessions: tuple[int, ...]


def on_console(name: str) -> Address:
    """Give the address of somebody on the console, who is called what they are called."""
    return Address("console", name)


async def pairs(
    url: str,
    key: str | None,
    names: Sequence[tuple[str, str]],
    met: int = 0,
    where: Callable[[str], Address] = on_console,
) -> list[Pair]:
    """Make a database with these pairs (mentee, mentor), who have met so many times and were not asked about it.

    `where` gives somebody's address.
    """
    keyring, now = Keyring([key] if key else []), datetime.now(UTC)
    migrate(url, keyring, now)
    database = open_database(url, keyring, "seed")
    try:
        return await database.write(lambda tx: [_pair(tx, now, each, met, where) for each in names])
    finally:
        await database.close()


async def strangers(
    url: str, key: str | None, mentee: tuple[str, Address], mentor: tuple[str, Address]
) -> None:
    """Make a database with two people (name, address) who have not met."""
    keyring, now = Keyring([key] if key else []), datetime.now(UTC)
    migrate(url, keyring, now)
    database = open_database(url, keyring, "seed")

    def seat(tx: Connection) -> None:
        _person(tx, now, *mentee, mentor=False)
        _person(tx, now, *mentor, mentor=True)

    try:
        await database.write(seat)
    finally:
        await database.close()


def _pair(
    tx: Connection, now: datetime, names: tuple[str, str], met: int, where: Callable[[str], Address]
) -> Pair:
    mentee, mentor = (_person(tx, now, name, where(name), mentor=name == names[1]) for name in names)
    request_id = requests.create(
        tx, now, mentee, requests.FIRST, topics=[["sql", None]], format="ongoing", urgency="month"
    )
    request = requests.get(tx, request_id)
    assert request is not None
    pair = mentorships.create(tx, request, mentor, POLICY, now)
    requests.close(tx, request_id, requests.MATCHED, now)
    held = []
    for number in range(met):
        start = now - timedelta(days=1, hours=2 * number)
        session = sessions.propose(tx, pair.id, mentee, [start], POLICY, start - timedelta(days=2))
        sessions.confirm(tx, session, start)
        # The first ticks find some of these due, later ones the others.
        waits.put(tx, "session.after", session.id, now + timedelta(seconds=3 * number))
        held.append(session.id)
    return Pair(*names, pair.room_id, tuple(held))


def _person(tx: Connection, now: datetime, name: str, at: Address, *, mentor: bool) -> int:
    user = users.create(tx, now, POLICY, name=name, mentor=mentor, mentee=not mentor, **AWAKE)
    row = {"platform": at.platform, "id": at.id, "user_id": user, "name": name, "created_at": now}
    tx.execute(insert(addresses).values(**row, reachable=True, preferred=True))
    users.set_topics(tx, user, users.HELPS if mentor else users.WANTS, (("sql", 4),))
    return user
