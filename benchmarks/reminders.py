"""Session reminders that all come due at once: put, claimed and settled, beside APScheduler's own job store.

`python -m benchmarks.reminders [--json] [--messages N] [--rounds N] [--folder DIR]`. A session's wait reminds two
people, so 10,000 messages are 5,000 sessions of 10,000 people; it is noon, so nobody has quiet hours. The network
is an adapter that answers `Sent` at once; rendering is part of what is measured. APScheduler fires as many jobs
that do nothing: it makes no message and keeps no outbox.
"""

import argparse
import asyncio
import gc
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select

from benchmarks.dialogs import filesystem, fsync_ms
from benchmarks.peers import apscheduler_store
from bot.app import App, SimulatedClock, open_app
from bot.config import load
from bot.mentorships.sessions import DAY_BEFORE
from bot.ports import Address, Delivery, File, Place, Program, Ref, Rendered, Route, Sent
from core.mentorships import ACTIVE
from core.policy import Policy
from core.sessions import CONFIRMED
from core.store.tables import (
    addresses,
    deliveries,
    mentorships,
    outbox,
    requests,
    rooms,
    sessions,
    users,
    waits,
)
from core.store.types import new_key

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TARGET_S = 2.0


class Nowhere:
    """A platform that takes everything at once."""

    name = "nowhere"
    routes: Sequence[Route] = ()
    leases: Sequence[str] = ()

    def __init__(self) -> None:
        """Nothing has been sent."""
        self.sent = 0

    async def run(self, program: Program) -> None:
        """Nothing comes in."""
        del program

    def ahead(self, to: Address | Place, *, urgent: bool) -> float:
        """Everything leaves at once."""
        del to, urgent
        return 0.0

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Take it."""
        assert to.id, once
        assert message.body
        self.sent += 1
        return Sent(str(self.sent))

    async def edit(self, ref: Ref, message: Rendered) -> Delivery:
        """Take it."""
        del message
        return Sent(ref.id)

    async def gather(self, people: Sequence[Address], title: str) -> Place | None:
        """No shared rooms."""
        del people, title
        return None

    async def open(self, file: File) -> AsyncIterator[bytes]:
        """No files."""
        yield file.id.encode()[:0]


def book(tx: Connection, count: int, policy: Policy, now: datetime) -> None:
    """Fill an empty database with sessions that are a day away, each of a pair of its own."""
    person = {
        "state": "active", "mentee": True, "mentor": True, "zone": "UTC", "zone_assumed": False,
        "languages": ["en"], "free": [], "formats": [], "budget_hours": 4.0, "muted": [],
        "quiet_from": policy.quiet_from, "quiet_to": policy.quiet_to,
        "consent_version": policy.consent_version, "stopped": False, "created_at": now, "changed_at": now,
    }  # fmt: skip
    people = range(1, 2 * count + 1)
    pairs = range(1, count + 1)
    rows: list[tuple[Any, list[dict[str, Any]]]] = [
        (
            users,
            [{**person, "id": i, "name": f"Person {i}", "locale": "zh" if i % 4 == 0 else "en"} for i in people],
        ),
        (
            addresses,
            [
                {
                    "platform": Nowhere.name, "id": f"p{i}", "user_id": i, "name": f"P{i}",
                    "reachable": True, "preferred": True, "created_at": now,
                }
                for i in people
            ],
        ),
        (
            requests,
            [
                {
                    "id": i, "mentee_id": 2 * i - 1, "topics": [], "languages": [], "free": [],
                    "format": "call", "urgency": "month", "state": "matched", "step": "first",
                    "created_at": now, "step_at": now,
                }
                for i in pairs
            ],
        ),
        (
            mentorships,
            [
                {
                    "id": i, "request_id": i, "mentee_id": 2 * i - 1, "mentor_id": 2 * i, "format": "call",
                    "state": ACTIVE, "started_at": now, "ends_at": now + policy.mentorship_length,
                }
                for i in pairs
            ],
        ),
        (rooms, [{"id": i, "mentorship_id": i, "created_at": now} for i in pairs]),
        (
            sessions,
            [
                {
                    "id": i, "mentorship_id": i, "state": CONFIRMED, "proposed_by": 2 * i, "times": [],
                    "starts_at": now + DAY_BEFORE + timedelta(minutes=1), "minutes": 45,
                    "link": f"https://meet.jit.si/mentoring-{i}", "revision": 1, "late": False,
                    "created_at": now,
                }
                for i in pairs
            ],
        ),
        (
            waits,
            [{"kind": "session.day", "subject": str(i), "due_at": now + timedelta(minutes=1)} for i in pairs],
        ),
    ]  # fmt: skip
    for table, values in rows:
        tx.execute(insert(table), values)


def count(tx: Connection) -> tuple[dict[str, int], int]:
    """Count the outbox by state, and the deliveries."""
    states = tx.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state)).all()
    return {str(state): int(number) for state, number in states}, tx.execute(
        select(func.count()).select_from(deliveries)
    ).scalar_one()


async def ours(folder: Path, messages: int) -> tuple[float, float]:
    """Seconds to do the waits and put their messages, and to claim, render, send nowhere and settle them."""
    settings = load(None, {"MENTORBOT_HOME": str(folder)}, {"encryption.keys": new_key()}, folder)
    clock = SimulatedClock(NOON)
    nowhere = Nowhere()
    async with open_app(settings, [nowhere], clock) as app:
        await app.database.write(lambda tx: book(tx, messages // 2, settings.policy, NOON))
        clock.now = NOON + timedelta(minutes=2)
        gc.collect()
        start = time.perf_counter()
        await app.tick()
        put = time.perf_counter() - start
        await check(app, {"ready": messages}, 0)
        gc.collect()
        start = time.perf_counter()
        await app.outbox.drain(clock)
        settled = time.perf_counter() - start
        await check(app, {"sent": messages}, messages)
        assert nowhere.sent == messages
    return put, settled


async def check(app: App, states: dict[str, int], delivered: int) -> None:
    """See that the outbox is as it must be."""
    found = await app.database.read(count)
    assert found == (states, delivered), found


async def measure(messages: int, rounds: int, folder: Path) -> dict[str, object]:
    """All figures, in seconds; the medians of rounds that alternate with the peer's."""
    puts: list[float] = []
    settles: list[float] = []
    adds: list[float] = []
    fires: list[float] = []
    for turn in range(rounds):
        place = folder / str(turn)
        place.mkdir()
        put, settled = await ours(place, messages)
        added, fired = await apscheduler_store.added_and_fired(place, messages)
        for figures, figure in ((puts, put), (settles, settled), (adds, added), (fires, fired)):
            figures.append(figure)
    total = statistics.median(put + settled for put, settled in zip(puts, settles, strict=True))
    fire = statistics.median(fires)
    return {
        "messages": messages,
        "waits": messages // 2,
        "put_s": round(statistics.median(puts), 3),
        "claim_settle_s": round(statistics.median(settles), 3),
        "total_s": round(total, 3),
        "holds": total < TARGET_S,
        "ratio_apscheduler": round(fire / total, 1),
        "apscheduler_fire_s": round(fire, 2),
        "apscheduler_add_s": round(statistics.median(adds), 2),
        "apscheduler_jobs": messages,
        "durability": {
            "mentorbot": "SQLite, WAL, synchronous=FULL; every message is a sealed row until it is settled",
            "apscheduler": apscheduler_store.DURABILITY,
        },
        "rounds": {
            "put": [round(each, 3) for each in puts],
            "claim_settle": [round(each, 3) for each in settles],
            "apscheduler_fire": [round(each, 2) for each in fires],
            "apscheduler_add": [round(each, 2) for each in adds],
        },
        "file_system": filesystem(folder),
        "fsync_ms": fsync_ms(folder),
    }


def main() -> None:
    """Measure and print, as a table or as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reminders", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--folder", type=Path, help="a folder on a real disk; the system's temporary one if not given"
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder, prefix="mentorbot-bench-") as folder:
        figures = asyncio.run(measure(chosen.messages, chosen.rounds, Path(folder).resolve()))
    if chosen.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        if isinstance(figure, dict):
            for part, each in figure.items():
                print(f"{name:20} {part}: {each}")
        else:
            print(f"{name:20} {figure}")


if __name__ == "__main__":
    main()
