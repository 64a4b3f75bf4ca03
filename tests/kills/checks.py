"""What must hold after any number of kills: the ledger, the database and the receiver's log tell the same story."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from sqlite3 import Connection
from types import MappingProxyType

from tests.kills.lines import Push
from tests.kills.people import Ledger
from tests.kills.process import Service

log = logging.getLogger(__name__)

NOTHING: Mapping[int, int] = MappingProxyType({})
LONGEST_STOP = 10.0


@dataclass(frozen=True)
class Row:
    """A row of the outbox."""

    id: int
    kind: str
    once: str
    edits: int | None
    state: str
    bundle: int | None


def check(
    service: Service, ledger: Ledger, pushes: Sequence[Push], interrupted: Mapping[int, int] = NOTHING
) -> list[Row]:
    """Compare all three; `interrupted` counts, by row of the outbox, the sends that a kill fell into."""
    with service.look() as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        people(database, ledger)
        stories(database, ledger)
        every = "SELECT id, kind, once, edits, state, bundle FROM outbox ORDER BY id"
        rows = [Row(*row) for row in database.execute(every)]
    sends(rows, pushes, interrupted)
    rooms(rows, ledger, pushes)
    return rows


def check_stops(service: Service, ledger: Ledger, pushes: Sequence[Push], took: Sequence[float]) -> None:
    """Compare all three after stops in peace, which took so many seconds: everything was sent, and came once."""
    rows = check(service, ledger, pushes)
    log.info("%d stops, %.2f s at most; %d messages", len(took), max(took), len(ledger.said))
    assert max(took) < LONGEST_STOP
    assert {row.state for row in rows} == {"sent"}
    assert service.count("outbox WHERE doubts > 0") == 0
    assert len(pushes) == len({push["once"] for push in pushes}) == len(rows)


def copies(pushes: Sequence[Push]) -> int:
    """Count what came once more."""
    every = [push["once"] for push in pushes if "once" in push]
    return len(every) - len(set(every))


def people(database: Connection, ledger: Ledger) -> None:
    """Everybody who was told that they are signed up is a user, once, with the topic that they named."""
    rows = database.execute("""
        SELECT users.name, mentor, mentee, count(DISTINCT users.id), count(topic) FROM users
        LEFT JOIN user_topics ON user_topics.user_id = users.id GROUP BY users.name
    """).fetchall()
    found = {name: (mentor, mentee, topics) for name, mentor, mentee, _, topics in rows}
    assert [name for name, _, _, count, _ in rows if count > 1] == []
    told = {name: (role == "mentor", role == "mentee", 1) for name, role in ledger.roles.items()}
    assert {name: found.get(name) for name in told} == told
    addresses = database.execute("SELECT count(*), count(DISTINCT user_id) FROM addresses").fetchone()
    assert addresses[1] == len(rows)


def stories(database: Connection, ledger: Ledger) -> None:
    """Every request, pair and rating that was acknowledged is there, and nothing is there twice."""
    asked = Counter(
        name
        for (name,) in database.execute("""
        SELECT name FROM requests JOIN users ON users.id = mentee_id
        WHERE requests.id IN (SELECT request_id FROM offers)
    """)
    )
    assert set(asked.values()) <= {1}
    assert set(asked) >= ledger.asked
    assert database.execute("SELECT request_id FROM offers GROUP BY 1 HAVING count(*) > 1").fetchall() == []
    pairs = database.execute("""
        SELECT mentor.name, mentee.name FROM mentorships
        JOIN users mentor ON mentor.id = mentor_id JOIN users mentee ON mentee.id = mentee_id
    """).fetchall()
    assert len(pairs) == len(set(pairs))
    assert set(pairs) >= set(ledger.paired.items())
    rows = database.execute("SELECT session_id, name, stars FROM ratings JOIN users ON users.id = rater_id")
    rated = {(session, name): stars for session, name, stars in rows}
    assert {key: rated.get(key) for key in ledger.rated} == ledger.rated


def sends(rows: Sequence[Row], pushes: Sequence[Push], interrupted: Mapping[int, int]) -> None:
    """Every row was sent or taken back, and none came more often than once and once for each interrupted send."""
    assert {row.state for row in rows} <= {"sent", "cancelled"}
    arrived = Counter(push["once"] for push in pushes if "once" in push)
    assert set(arrived) <= {row.once for row in rows}
    for row in rows:
        alone = row.bundle in (None, row.id) and row.edits is None
        if row.state == "sent" and alone:
            assert arrived[row.once] >= 1, row
        assert arrived[row.once] <= 1 + interrupted.get(row.id, 0), row
    in_one = Counter((push["connection"], push["once"]) for push in pushes if "once" in push)
    assert [key for key, count in in_one.items() if count > 1] == []


def rooms(rows: Sequence[Row], ledger: Ledger, pushes: Sequence[Push]) -> None:
    """Every message that was kept has arrived, with its words; first copies come in the order of writing."""
    put = Counter(row.once.rpartition(":")[2] for row in rows if row.kind == "room")
    assert set(put.values()) <= {1}
    assert set(put) >= {said.event for said in ledger.said if said.kept}
    assert set(put) <= {said.event for said in ledger.said}
    first: dict[str, tuple[int, str, str]] = {}
    for number, push in enumerate(pushes):
        if push.get("once", "").startswith("room:"):
            event = push["once"].rpartition(":")[2]
            first.setdefault(event, (number, push["to"], push["message"]["text"]))
    again = {row.once.rpartition(":")[2] for row in rows if row.id in ledger.requeued}
    order: dict[tuple[str, str], list[int]] = {}
    for said in ledger.said:
        if said.event not in put:
            continue
        number, reader, text = first[said.event]
        assert reader == said.reader
        assert text.startswith(f"{said.author}: {said.text}")
        # What was listed and sent again comes after what was written later.
        if said.event not in again:
            order.setdefault((said.author, said.reader), []).append(number)
    assert [key for key, numbers in order.items() if any(a >= b for a, b in pairwise(numbers))] == []
