"""Whether the program can do its work: the database takes a write, and a platform is connected."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from bot.supervisor import Health
from core.store.database import Database
from core.store.types import Json

log = logging.getLogger(__name__)

PATIENCE = 2.0
KEPT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Written:
    """How a small write went: how long it took, in seconds, or why it failed."""

    seconds: float
    why: str = ""


def touch(tx: Connection) -> None:
    """Write something that changes nothing: a row that every database of ours has, as it is."""
    tx.execute(text("UPDATE alembic_version SET version_num = version_num"))


class Readiness:
    """Answers for those who watch the program; asked often, it still writes once a second at the most."""

    def __init__(self, database: Database, platforms: Callable[[], Sequence[Health]]) -> None:
        """`platforms` tells how the adapters are."""
        self._database = database
        self._platforms = platforms
        self._turn = asyncio.Lock()
        self._written: Written | None = None
        self._at = 0.0

    async def __call__(self) -> tuple[bool, Json]:
        """Tell whether it is ready, and how its parts are."""
        async with self._turn:
            if self._written is None or time.monotonic() - self._at >= KEPT_SECONDS:
                self._written, self._at = await self._write(), time.monotonic()
            written = self._written
        platforms = self._platforms()
        # Standing by is all that one of several processes may have to do.
        runs = not platforms or any(health.state == "running" or health.stands_by for health in platforms)
        ready = runs and not written.why
        return ready, {
            "ready": ready,
            "database": {"writes": not written.why, "seconds": round(written.seconds, 4), "why": written.why},
            "adapters": {
                health.name: {
                    "state": health.state,
                    "why": health.why,
                    "last_event_seconds": None if health.event_age is None else round(health.event_age, 1),
                }
                for health in platforms
            },
        }

    async def _write(self) -> Written:
        began = time.monotonic()
        why = ""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._database.write(touch)
        except TimeoutError:
            why = f"no write within {PATIENCE:g} s"
        except Exception as error:  # whatever it is, the program is not ready; its words may hold an address
            log.exception("the database does not take a write")
            why = type(error).__name__
        return Written(time.monotonic() - began, why)
