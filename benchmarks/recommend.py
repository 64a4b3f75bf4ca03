"""Recommending from a database: how long the nightly fit takes, and how long somebody waits for `/recommend`.

`python -m benchmarks.recommend [--json] [--postgres] [--people N] [--courses N] [--enrolments N] [--asked N]
[--folder DIR]`. People and what they took are invented; a twentieth of them mentor. The fit is what the night's work
does; what is asked goes through the program's own reader and router.
"""

import argparse
import asyncio
import json
import os
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random

from sqlalchemy import Connection, Table, insert, update

from benchmarks.adapters import percentile_ms
from benchmarks.courses import fill, postgres
from benchmarks.dialogs import filesystem, fsync_ms
from benchmarks.peers import invented
from benchmarks.peers.invented import Size
from bot.adapters.console import NAME
from bot.app import App, open_app
from bot.config import load
from bot.ports import Address, Command, Incoming
from bot.recommending import courses as recommending
from bot.recommending import nightly
from bot.stage.driver import Screens
from core import topics, users
from core.policy import Policy
from core.store.tables import addresses, course_ratings, courses, enrolments, user_topics
from core.store.tables import users as people_table
from core.users import HELPS, WANTS

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LONG_AGO = timedelta(days=400)
TARGET_MS, FIT_SECONDS = 10.0, 5.0
TEN = 10
WARM = 20
CHUNK = 50_000
FINISHED, RATED = 0.6, 0.3
"""Shares of what is taken that is finished, and of that which is rated."""


def seed(tx: Connection, size: Size) -> None:
    """Fill an empty database: courses, people with an address and topics they want, and what they took."""
    if tx.dialect.name == "sqlite":
        # Room for the ends of thousands of courses in an index: else each of millions of rows reads and writes a page.
        tx.exec_driver_sql("PRAGMA cache_size = -262144")
    known, rng = topics.load(), Random(8)
    fill(tx, size.items, known)
    tx.execute(update(courses).values(created_at=NOW - LONG_AGO, changed_at=NOW - LONG_AGO, enrolled=100))
    user_id = users.create(tx, NOW, Policy(), name="Somebody", mentee=True, consent_version=1)
    row = dict(tx.execute(people_table.select().where(people_table.c.id == user_id)).mappings().one())
    slugs = sorted(known.rows)[:120]
    # What changed lately is looked at again for every answer: here nothing did.
    row |= {"created_at": NOW - LONG_AGO, "changed_at": NOW - LONG_AGO}
    everybody = range(1, size.users + 1)
    where = {"platform": NAME, "name": "Somebody", "reachable": True, "preferred": True, "created_at": NOW}
    _insert(tx, people_table, ({**row, "id": each, "mentor": each % 20 == 0} for each in everybody[1:]))
    _insert(tx, addresses, ({**where, "id": f"p{each}", "user_id": each} for each in everybody))
    wanted = (
        {"user_id": each, "side": WANTS if each % 20 else HELPS, "topic": topic, "level": rng.randint(1, 4)}
        for each in everybody
        for topic in rng.sample(slugs, 3)
    )
    _insert(tx, user_topics, wanted)
    _insert(tx, enrolments, _taken(size))
    done = (each for each in _taken(size) if each["finished_at"] and rng.random() < RATED)
    rated = (
        {"course_id": each["course_id"], "user_id": each["user_id"], "created_at": each["finished_at"],
         "stars": rng.randint(3, 5), "shared": False}
        for each in done
    )  # fmt: skip
    _insert(tx, course_ratings, rated)


def _taken(size: Size) -> Iterator[dict[str, object]]:
    """Invent what people took, a row each."""
    taken, rng = invented.enrolments(size, 7), Random(11)
    plain = {"drip": False, "version": 1, "block": 0}
    for number, (user, item, age) in enumerate(zip(taken.user, taken.item, taken.age, strict=True), 1):
        at = NOW - LONG_AGO / 2 - timedelta(days=int(age))
        done = rng.random() < FINISHED
        yield {
            "id": number, "course_id": int(item) + 1, "user_id": int(user) + 1, "state": "done" if done else "active",
            "enrolled_at": at, "touched_at": at, "finished_at": at + timedelta(hours=9) if done else None, **plain,
        }  # fmt: skip


def _insert(tx: Connection, table: Table, rows: Iterable[dict[str, object]]) -> None:
    left = iter(rows)
    while some := list(islice(left, CHUNK)):
        tx.execute(insert(table), some)


async def timed(run: Callable[[int], Awaitable[object]], asked: int, size: Size) -> dict[str, float]:
    """Let people drawn by chance ask, one after the other; the first ones warm up."""
    rng, times = Random(9), list[float]()
    for number in range(asked + WARM):
        somebody = rng.randint(1, size.users)
        start = time.perf_counter()
        await run(somebody)
        if number >= WARM:
            times.append(time.perf_counter() - start)
    return {f"p{part}_ms": percentile_ms(times, part) for part in (50, 95, 99)}


def ten(app: App, somebody: int) -> Callable[[Connection], int]:
    """Give what finds ten courses for somebody, with the reasons in words."""

    def found(tx: Connection) -> int:
        user = users.known(tx, somebody)
        turn = app.world.turn(tx, NOW, f"benchmark:{somebody}", Address(NAME, f"p{somebody}"), user)
        told = recommending.search(turn, TEN)
        items = recommending.items(turn, told, told.pages[0] if told.pages else ())
        for item in items:
            app.world.words.text(item.key, item.params, "en", "UTC")
        return len(items)

    return found


async def measure(url: str, folder: Path, size: Size, asked: int) -> dict[str, object]:
    """All figures."""
    settings = load(
        None,
        {"MENTORBOT_HOME": str(folder)},
        {
            "database.url": url,
            "encryption.mode": "off",
            "messages.flood_events": "1000",
            "messages.flood_seconds": "1",
        },
        folder,
    )
    async with open_app(settings, [Screens([])], lambda: NOW, "benchmark", say=lambda _: None) as app:
        await app.database.write(lambda tx: seed(tx, size))
        policy = settings.policy
        start = time.perf_counter()
        raw = await nightly.elsewhere(url, policy.prior_stars, policy.prior_ratings)
        fitted = time.perf_counter() - start
        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        start = time.perf_counter()
        publish = await nightly.kept(app.database, raw or b"")
        await app.database.write(lambda tx: publish(app.turn(tx, NOW, "benchmark")))
        await app.worker.renew()
        switched = time.perf_counter() - start
        await app.database.read(lambda tx: app.world.mentors.refresh(tx, NOW))

        async def recommend(somebody: int) -> None:
            event = f"b{somebody}:{time.perf_counter_ns()}"
            answer = await app.router.handle(
                Incoming(event, Address(NAME, f"p{somebody}"), Command("recommend", ""))
            )
            assert answer.saved

        return {
            "fit_s": round(fitted, 1),
            "fit_mb": round(most / 1024),
            "switch_s": round(switched, 2),
            "model_mb": round(len(raw or b"") / 2**20, 1),
            "ten_with_reasons": await timed(lambda one: app.database.write(ten(app, one)), asked, size),
            "ten_by_a_reader": await timed(lambda one: app.database.read(ten(app, one)), asked, size),
            "recommend": await timed(recommend, asked, size),
        }


def main() -> None:
    """Measure and print, as a table or as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recommend", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--postgres", action="store_true", help="on a PostgreSQL of its own instead of SQLite"
    )
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--courses", type=int, default=1000)
    parser.add_argument("--enrolments", type=int, default=240_000)
    parser.add_argument("--asked", type=int, default=300)
    parser.add_argument(
        "--folder", type=Path, help="a folder on a real disk; the system's temporary one if not given"
    )
    chosen = parser.parse_args()
    size = Size(chosen.people, chosen.courses, chosen.enrolments)
    with (
        tempfile.TemporaryDirectory(dir=chosen.folder, prefix="mentorbot-bench-") as folder,
        ExitStack() as stack,
    ):
        place = Path(folder).resolve()
        url = stack.enter_context(postgres()) if chosen.postgres else f"sqlite:///{place / 'recommend.db'}"
        figures = asyncio.run(measure(url, place, size, chosen.asked))
        told = {
            "database": "postgresql" if chosen.postgres else "sqlite",
            "people": size.users,
            "courses": size.items,
            **figures,
            "load": [round(each, 2) for each in os.getloadavg()],
            "file_system": filesystem(place),
            "fsync_ms": fsync_ms(place),
        }
    if chosen.json:
        print(json.dumps(told))
        return
    for name, figure in told.items():
        print(f"{name:20} {figure}")


if __name__ == "__main__":
    main()
