"""The nightly fit: when it comes, that it is swapped whole, what happens when it fails, is killed or meets another."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete, update

from bot.ports import Command
from bot.recommending import nightly
from bot.turn import Turn
from bot.work import Bench, Kind, Publish
from core import models, waits, work
from core.courses.shelf import MODEL
from core.recommendations.packing import unpacked
from core.store.tables import enrolments, model_parts
from core.store.tables import models as versions
from core.store.tables import waits as waiting
from core.store.tables import work as rows
from tests.recommending.community import items, learnt, night, stock, titles, words
from tests.world import World, open_world, twin

PEOPLE = ("ben", "cleo", "dan", "eve")
CAST = 'ana mentee UTC "Ana Ruiz" · ' + " · ".join(f"{name} mentee UTC" for name in PEOPLE)
RECOMMEND = Command("recommend", "")


@pytest.fixture
async def world(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """A community of which some took two courses one after the other, and Ana the first of them."""
    async with open_world(store_url, CAST, recommendations__new_share="0") as opened:
        await stock(opened, tmp_path, ("a", "sql: 1"), ("b", "python: 1"), ("c", "rust: 1"))
        for name in PEOPLE:
            await learnt(opened, name, "a", "b")
        await learnt(opened, "ana", "a")
        yield opened


async def reason(world: World) -> str:
    """What Ana's first recommendation says."""
    return words(items(await world.does("ana", RECOMMEND))[0])


@pytest.mark.parametrize(
    ("now", "zone", "then"),
    [
        ("2026-03-02T01:00+00:00", "UTC", "2026-03-02T03:00+00:00"),
        ("2026-03-02T03:00+00:00", "UTC", "2026-03-03T03:00+00:00"),
        ("2026-03-02T01:00+00:00", "Asia/Shanghai", "2026-03-02T19:00+00:00"),
        # On the night in which three o'clock comes at two.
        ("2026-03-28T23:00+00:00", "Europe/Berlin", "2026-03-29T01:00+00:00"),
    ],
)
def test_the_night_is_the_communitys(now: str, zone: str, then: str) -> None:
    found = nightly.next_night(datetime.fromisoformat(now), zone)
    assert found == datetime.fromisoformat(then)
    assert found.tzinfo is UTC


async def test_each_night_brings_a_new_version_and_the_old_one_goes(world: World) -> None:
    assert "people" not in (await reason(world)).replace("4 people here", "")
    await world.write(lambda tx: waits.put(tx, nightly.KIND, "all", world.clock.now))
    await world.settle()
    assert "4 people who finished “a” went on to this" in await reason(world)
    (due,) = (row for row in await world.rows(waiting) if row.kind == nightly.KIND)
    assert (due.due_at.hour, due.due_at.day) == (3, 3)
    assert await world.rows(rows) == []
    await world.advance(due.due_at - world.clock.now)
    (version,) = await world.rows(versions)
    assert version.version == 2
    assert {row.version for row in await world.rows(model_parts)} == {2}
    assert world.app.world.shelves.version == 2


async def test_a_large_model_is_kept_in_parts_and_read_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "PART", 500)
    await night(world)
    assert len(await world.rows(model_parts)) > 2
    assert "4 people who finished" in await reason(world)


async def test_killed_between_two_parts_the_old_model_counts_until_the_next_night(world: World) -> None:
    await night(world)
    await world.write(lambda tx: models.put(tx, MODEL, 2, 0, b"half"))
    await world.write(lambda tx: models.put(tx, MODEL, 2, 1, b"of it"))
    await world.restart()
    await world.app.worker.renew()
    assert world.app.world.shelves.version == 1
    assert "4 people who finished" in await reason(world)
    await night(world)
    assert world.app.world.shelves.version == 2
    assert "4 people who finished" in await reason(world)
    assert {row.version for row in await world.rows(model_parts)} == {2}


async def test_a_version_with_a_part_missing_never_counts(world: World) -> None:
    await world.write(lambda tx: models.put(tx, MODEL, 1, 0, b"x"))
    assert not await world.write(lambda tx: models.publish(tx, MODEL, 1, 2, world.clock()))
    assert await world.write(lambda tx: models.publish(tx, MODEL, 1, 1, world.clock()))
    assert not await world.write(lambda tx: models.publish(tx, MODEL, 1, 1, world.clock()))
    assert not await world.write(lambda tx: models.publish(tx, MODEL, 3, 0, world.clock()))


async def test_of_two_processes_one_fits_and_both_use_it(world: World) -> None:
    async with twin(world, CAST) as other:
        await world.write(lambda tx: work.put(tx, nightly.KIND, "all", world.clock.now))
        done = await asyncio.gather(world.app.worker.drain(), other.app.worker.drain())
        assert any(done)
        (version,) = await world.rows(versions)
        assert version.version == 1
        await other.app.worker.renew()
        await world.app.worker.renew()
        for each in (world, other):
            assert each.app.world.shelves.version == 1
            assert "4 people who finished" in await reason(each)


async def test_what_another_has_published_meanwhile_is_not_published_again(world: World) -> None:
    publish = await nightly.fit(Bench(world.app.database, world.app.settings.database.url, world.app.world))
    await night(world)
    now = world.clock()
    await world.write(lambda tx: publish(world.app.turn(tx, now, "late")))
    (version,) = await world.rows(versions)
    assert version.version == 1
    assert "4 people who finished" in await reason(world)


async def test_a_model_of_another_version_is_left_alone_until_it_is_replaced(world: World) -> None:
    await world.write(lambda tx: models.put(tx, MODEL, 1, 0, b"what a later release wrote"))
    assert await world.write(lambda tx: models.publish(tx, MODEL, 1, 1, world.clock()))
    await world.app.worker.renew()
    assert titles(await world.does("ana", RECOMMEND))
    await night(world)
    assert "4 people who finished" in await reason(world)


async def test_what_fails_is_done_again_later_and_stops_nobody(world: World) -> None:
    def broken(_: Bench) -> Publish:
        raise RuntimeError("no memory left")

    async def do(bench: Bench) -> Publish:
        return broken(bench)

    async def nothing(_: Bench) -> None:
        return None

    kinds = {**world.app.worker.kinds, "broken": Kind(do, nothing, nothing)}
    world.app.worker.kinds = kinds
    await world.write(lambda tx: work.put(tx, "broken", "all", world.clock.now))
    await night(world)
    assert "4 people who finished" in await reason(world)
    (left,) = await world.rows(rows)
    assert (left.kind, left.tries, left.trouble) == ("broken", 1, "RuntimeError: no memory left")
    assert left.due_at > world.clock.now
    assert not await world.app.worker.drain()
    assert [each.kind for each in await world.read(work.troubled)] == ["broken"]


async def test_who_took_nothing_leaves_nothing_to_learn_from(world: World) -> None:
    await world.write(lambda tx: tx.execute(delete(enrolments)))
    await night(world)
    assert await world.rows(versions) == await world.rows(rows) == []


async def test_asked_for_twice_it_is_done_once(world: World) -> None:
    for _ in range(2):
        await world.write(lambda tx: work.put(tx, nightly.KIND, "all", world.clock.now))
    assert await world.app.worker.drain()
    assert not await world.app.worker.drain()


async def test_in_a_process_of_its_own_it_learns_the_same(world: World) -> None:
    url = world.app.settings.database.url
    here, there = nightly.learnt(url, 4.0, 5), await nightly.elsewhere(url, 4.0, 5)
    assert here is not None
    assert there is not None
    one, other = unpacked(here), unpacked(there)
    assert one.ids.tolist() == other.ids.tolist()
    assert np.array_equal(one.model.weights, other.model.weights)
    assert one.handover == other.handover
    with pytest.raises(RuntimeError, match="the fit ended with"):
        await nightly.elsewhere("sqlite:////nowhere/x.db", 4.0, 5)


async def test_a_fit_that_is_given_up_leaves_no_process_behind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[asyncio.subprocess.Process] = []
    running = asyncio.Event()
    start = asyncio.create_subprocess_exec

    async def noted(*given: str, **more: int) -> asyncio.subprocess.Process:
        begun.append(await start(*given, **more))  # type: ignore[arg-type]
        running.set()
        return begun[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    fitting = asyncio.create_task(nightly.elsewhere(world.app.settings.database.url, 4.0, 5))
    await running.wait()
    fitting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fitting
    assert begun[0].returncode == -9


async def test_work_publishes_in_a_turn_and_what_it_puts_is_delivered(world: World) -> None:
    def publish(turn: Turn) -> None:
        turn.tx.execute(update(versions).values(fitted_at=turn.now))

    async def do(_: Bench) -> Publish:
        return publish

    async def nothing(_: Bench) -> None:
        return None

    await night(world)
    world.app.worker.kinds = {"stamp": Kind(do, nothing, nothing)}
    world.app.outbox.wake.clear()
    await world.write(lambda tx: work.put(tx, "stamp", "all", world.clock.now))
    before = (await world.rows(versions))[0].fitted_at
    assert await world.app.worker.drain()
    assert (await world.rows(versions))[0].fitted_at > before
    assert world.app.outbox.wake.is_set()
