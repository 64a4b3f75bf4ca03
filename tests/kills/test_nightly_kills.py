"""Killed again and again while it learns at night: the model that counts is whole; in the end there is a new one."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection, create_engine, insert, select

from bot.recommending import nightly
from core import models, users, work
from core.courses import catalogue, importing
from core.courses.shelf import MODEL
from core.recommendations.packing import unpacked
from core.store.database import open_database
from core.store.migrate import migrate
from core.store.tables import enrolments
from core.store.types import Keyring
from tests.courses.shelf import TOPICS, course, drafts
from tests.kills.crowd import chances
from tests.kills.process import Service
from tests.kills.seed import AWAKE, POLICY

PEOPLE = 80
COURSES = 24
LOOKS = 60
REPLACED = "model_parts WHERE version <> (SELECT version FROM models)"
"""Parts that count no longer: they are deleted once the next model does."""
MOMENTS = ("begun", "fitted", "published")
SLUGS = [f"c{number}" for number in range(COURSES)]


async def seed(service: Service, home: Path, rng: Random) -> None:
    """Make a database with a community that has learnt."""
    found = drafts(home, *((slug, course(slug, topics="git: 2")) for slug in SLUGS))
    keys, now = Keyring(()), datetime.now(UTC)
    migrate(service.url, keys, now)
    database = open_database(service.url, keys, "seed")

    def fill(tx: Connection) -> None:
        importing.put(tx, found, TOPICS, POLICY, now)
        ids = [each.id for each in catalogue.every(tx)]
        for number in range(PEOPLE):
            user = users.create(tx, now, POLICY, name=f"learner-{number}", mentee=True, **AWAKE)
            for day, taken in enumerate(rng.sample(ids, 6)):
                at = now - timedelta(days=60 - day)
                values = {"drip": False, "version": 1, "block": 0, "enrolled_at": at, "touched_at": at}
                row = {"course_id": taken, "user_id": user, "state": "done", "finished_at": at, **values}
                tx.execute(insert(enrolments).values(**row))

    try:
        await database.write(fill)
    finally:
        await database.close()


async def ask(service: Service) -> None:
    """Ask for a fit while nobody runs."""
    database = open_database(service.url, Keyring(()), "seed")
    try:
        await database.write(lambda tx: work.put(tx, nightly.KIND, "all", datetime.now(UTC)))
    finally:
        await database.close()


async def come_to(service: Service, moment: str, before: int) -> None:
    """Wait until the fit has begun, its result is there in part, or it counts."""
    match moment:
        case "begun":
            while not await asyncio.to_thread(service.count, "leases"):
                pass
        case "fitted":
            while not await asyncio.to_thread(service.count, "model_parts WHERE version > ?", before):
                pass
        case _:
            while await undone(service):
                pass


async def undone(service: Service) -> int:
    """Look whether there is work left."""
    return await asyncio.to_thread(service.count, "work")


def version(service: Service) -> int:
    """The version that counts, whose parts are all there and make a model; 0 before the first."""
    engine = create_engine(service.url)
    try:
        with engine.begin() as tx:
            found = models.load(tx, MODEL)
            ids = set(tx.execute(select(enrolments.c.course_id)).scalars())
    finally:
        engine.dispose()
    if found is None:
        return 0
    model = unpacked(found[1])
    assert ids <= set(model.ids.tolist())
    assert model.model.weights.shape == (COURSES, COURSES)
    return found[0].version


@pytest.mark.parametrize(
    "kills", [pytest.param(5, id="five"), pytest.param(50, id="fifty", marks=pytest.mark.soak)]
)
async def test_the_model_is_whole_however_often_the_night_is_killed(folder: Path, kills: int) -> None:
    with chances() as rng:
        async with asyncio.timeout(60 + 8 * kills):
            await kill_and_look(folder, kills, rng)


async def kill_and_look(folder: Path, kills: int, rng: Random) -> None:
    service = Service(folder)
    await seed(service, folder / "shelf", rng)
    before = 0
    async with service:
        for _ in range(kills):
            await ask(service)
            await service.start()
            await service.listening()
            await come_to(service, rng.choice(MOMENTS), before)
            # A few looks more, so that no two kills come at the same statement.
            for _ in range(rng.randint(0, LOOKS)):
                await undone(service)
            await service.kill()
            now = version(service)
            assert now in (before, before + 1)
            before = now
        await ask(service)
        await service.start()
        await service.listening()
        while await undone(service) or await asyncio.to_thread(service.count, REPLACED):
            pass
        await service.stop()
    assert version(service) in (before + 1, before + 2)
    assert "Traceback" not in "".join(service.said)
