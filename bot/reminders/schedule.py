"""The ticks. APScheduler gives them and nothing else: nothing durable lives in it, and no work runs in it."""

from collections.abc import Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler

SECONDS = 1


def start(tick: Callable[[], None]) -> AsyncIOScheduler:
    """Call `tick` every second; ticks that were missed are made up for by one."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(
        tick, "interval", seconds=SECONDS, coalesce=True, max_instances=1, misfire_grace_time=None
    )
    scheduler.start()
    return scheduler
