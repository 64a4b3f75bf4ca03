"""APScheduler's own job store in SQLite: jobs added, and jobs fired that are all due at once."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler

NAME = "APScheduler"
DURABILITY = (
    "SQLite, rollback journal, synchronous=FULL: a commit for each job; a job is lost if its run is killed"
)

fired = 0


async def remind(session: int) -> None:
    """Do nothing but count: no message is made, kept or sent."""
    global fired  # noqa: PLW0603  (a job in a store can be a function of a module only)
    fired += session >= 0


async def added_and_fired(folder: Path, jobs: int) -> tuple[float, float]:
    """Add jobs that come due together, then let them fire; returns the seconds of both."""
    global fired  # noqa: PLW0603  (as above)
    fired = 0
    scheduler = AsyncIOScheduler(
        jobstores={"default": SQLAlchemyJobStore(f"sqlite:///{folder / 'apscheduler.db'}")},
        executors={"default": AsyncIOExecutor()},
        timezone=UTC,
    )
    scheduler.start(paused=True)
    due = datetime.now(UTC) - timedelta(seconds=1)
    start = time.perf_counter()
    for number in range(jobs):
        scheduler.add_job(
            remind, "date", run_date=due, args=[number], id=f"session:{number}", misfire_grace_time=None
        )
    added = time.perf_counter() - start
    start = time.perf_counter()
    scheduler.resume()
    while fired < jobs:  # noqa: ASYNC110  (an event would have to be made in every job)
        await asyncio.sleep(0)
    took = time.perf_counter() - start
    scheduler.shutdown()
    return added, took
