"""The nightly fit: the model of recommendations is learnt anew while everybody sleeps, kept, and put to use.

The fit reads a snapshot of its own, in a thread where there is little to learn from, else in a process of its own:
so no conversation waits for it, and its memory is given back.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from bot.turn import Turn
from bot.work import Bench, Publish
from core import models, topics, waits, work
from core.courses import evidence
from core.courses.shelf import MODEL
from core.recommendations import packing
from core.store.database import Database, open_snapshot
from core.store.tables import enrolments
from core.store.types import Keyring

log = logging.getLogger(__name__)

KIND = "recommendations"
NIGHT = time(3, 0)
"""By the community's clock: few are awake, and what they did the day before is complete."""
LITTLE = 5_000
"""Enrolments up to which a fit takes about a second: a program that is to stop need not wait longer for it."""


def due(turn: Turn, subjects: Sequence[str]) -> None:
    """Ask for the fit, and wait for the next night."""
    for subject in subjects:
        work.put(turn.tx, KIND, subject, turn.now)
        waits.put(turn.tx, KIND, subject, next_night(turn.now, turn.policy.zone))


def next_night(now: datetime, zone: str) -> datetime:
    """Give the next moment of the night in a zone."""
    local = now.astimezone(ZoneInfo(zone))
    night = datetime.combine(local.date(), NIGHT, local.tzinfo)
    return (night if night > local else night + timedelta(days=1)).astimezone(now.tzinfo)


async def fit(bench: Bench) -> Publish:
    """Learn from all that people did; what it gives puts the model to use."""
    policy = bench.world.policy
    many = await bench.database.read(
        lambda tx: tx.execute(select(func.count()).select_from(enrolments)).scalar_one()
    )
    if not many:
        return lambda _: None
    wanted = (bench.url, policy.prior_stars, policy.prior_ratings)
    raw = await (asyncio.to_thread(learnt, *wanted) if many <= LITTLE else elsewhere(*wanted))
    if raw is None:
        return lambda _: None
    return await kept(bench.database, raw)


async def kept(database: Database, raw: bytes) -> Publish:
    """Keep a model in parts; what it gives lets it count."""
    before = await database.read(lambda tx: models.current(tx, MODEL))
    version = before.version + 1 if before else 1
    parts = [raw[start : start + models.PART] for start in range(0, len(raw), models.PART)]
    for number, data in enumerate(parts):
        await database.write(partial(models.put, name=MODEL, version=version, part=number, data=data))

    def publish(turn: Turn) -> None:
        if not models.publish(turn.tx, MODEL, version, len(parts), turn.now):
            log.warning("another process has fitted the recommendations meanwhile")

    return publish


async def tidy(bench: Bench) -> None:
    """Delete what a published model has replaced."""
    await bench.database.write(lambda tx: models.sweep(tx, MODEL))


async def renew(bench: Bench) -> None:
    """Use the model that counts now, if it is another than the one in use."""
    shelves = bench.world.shelves
    if not await bench.database.read(shelves.behind):
        return
    found = await bench.database.read(lambda tx: models.load(tx, MODEL))
    if found is not None:
        version, raw = found
        if not await asyncio.to_thread(shelves.take, version.version, raw):
            log.warning("the model of recommendations is of another version; the next fit replaces it")


# --- Off the event loop -----------------------------------------------------------------------------------------


def learnt(url: str, prior_stars: float, prior_ratings: int) -> bytes | None:
    """Read all that people did and learn from it; None where nobody has taken anything."""
    from core.recommendations import training  # noqa: PLC0415  takes long to load, and a program may never fit

    engine = open_snapshot(url, Keyring(()))
    try:
        with engine.begin() as tx:
            found = evidence.evidence(tx, topics.load().wider)
    finally:
        engine.dispose()
    if found is None:
        return None
    trained = training.train(found, prior_stars, prior_ratings)
    del found
    return packing.packed(trained)


async def elsewhere(url: str, prior_stars: float, prior_ratings: int) -> bytes | None:
    """Do the same in a process of its own; raises RuntimeError with what it wrote where it fails."""
    # What it is to do goes in by its input: the address of a database may hold a password.
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.recommending.nightly",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        raw, trouble = await process.communicate(json.dumps((url, prior_stars, prior_ratings)).encode())
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise RuntimeError(
            f"the fit ended with {process.returncode}: {trouble.decode(errors='replace')[-500:]}"
        )
    return raw or None


if __name__ == "__main__":
    sys.stdout.buffer.write(learnt(*json.loads(sys.stdin.buffer.read())) or b"")
