"""What the night reads of a community, against a reference that looks at one person at a time."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from core import topics
from core.courses import evidence, taught
from core.courses.enrolments import ACTIVE, DONE, LEFT, WAITING
from core.recommendations.evidence import Evidence
from core.store.tables import course_ratings, courses, enrolments, learning_goals, user_topics
from core.users import HELPS, KNOWS, WANTS
from tests.recommending.community import stock
from tests.world import World, open_world

WIDER = topics.load().wider
COURSES = {"a": "sql: 1", "b": "python: 2", "c": "react: 3", "d": "sql: 4"}
TOPICS = ("sql", "python", "react", "cooking")
PEOPLE = ("ben", "cleo", "dan", "eve", "fay", "gus")


@pytest.fixture
async def world(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    cast = " · ".join(f"{name} mentee UTC" for name in PEOPLE)
    async with open_world(store_url, cast) as opened:
        await stock(opened, tmp_path, *COURSES.items())
        yield opened


async def live(world: World, rng: Random) -> None:
    """Let everybody take, rate and want some things, in no order of people."""
    now = world.clock.now
    users = [await world.user(name) for name in PEOPLE]
    pairs = [(user, row.id) for user in users for row in await world.rows(courses)]
    rows: dict[Any, list[dict[str, Any]]] = {enrolments: [], course_ratings: []}
    for user, course in rng.sample(pairs, 16):
        pair = {"user_id": user, "course_id": course}
        # Two of one person may well be of the same moment.
        at, state = now - timedelta(days=rng.randint(1, 3)), rng.choice((ACTIVE, DONE, DONE, LEFT, WAITING))
        ended = at + timedelta(hours=5) if state == DONE else None
        times = {"enrolled_at": at, "touched_at": at, "finished_at": ended}
        rows[enrolments].append({**pair, "state": state, "drip": False, "version": 1, "block": 0, **times})
        if rng.random() < 0.5:
            given = {"stars": rng.randint(1, 5), "shared": False, "created_at": now}
            rows[course_ratings].append({**pair, **given})
    rows[user_topics] = [
        {"user_id": user, "side": side, "topic": topic, "level": rng.choice((None, 1, 3))}
        for user in users
        for side in (KNOWS, WANTS, HELPS)
        for topic in rng.sample(TOPICS, 2)
    ]
    rows[learning_goals] = [
        {"user_id": user, "topic": rng.choice(TOPICS), "level": 5, "way": "short", "created_at": now}
        for user in users[:3]
    ]

    def put(tx: Connection) -> None:
        for table, each in rows.items():
            tx.execute(insert(table), each)

    await world.write(put)


def wished(said: Sequence[Any], goals: Sequence[Any], numbers: Mapping[str, int]) -> dict[int, int]:
    """What one person wants of what is taught, with what they know of it."""
    wanted = {row.topic for row in said if row.side == WANTS} | {row.topic for row in goals}
    own = {
        topic: [row.level or 0 for row in said if row.topic == topic and row.side != HELPS]
        for topic in wanted
    }
    return {numbers[topic]: max(levels, default=0) for topic, levels in own.items() if topic in numbers}


@pytest.mark.parametrize("seed", range(4))
async def test_it_is_what_each_person_did_in_its_order_and_what_they_want(world: World, seed: int) -> None:
    await live(world, Random(seed))
    found = await world.read(lambda tx: evidence.evidence(tx, WIDER))
    assert found is not None
    shelf = await world.rows(courses)
    assert found.ids.tolist() == [row.id for row in shelf]
    levels, numbers = taught.numbered([taught.levels(row.topics, WIDER) for row in shelf])
    assert (found.topics, found.named) == (levels, len(numbers))
    stars = {(row.user_id, row.course_id): row.stars for row in await world.rows(course_ratings)}
    rows = [(row, stars.get((row.user_id, row.course_id))) for row in await world.rows(enrolments)]
    counted = [(row, given) for row, given in rows if row.state in {ACTIVE, DONE}]
    people = sorted({row.user_id for row, _ in counted})
    assert found.taken.users == len(people)
    said, goals = await world.rows(user_topics), await world.rows(learning_goals)
    for place, user in enumerate(people):
        own = sorted(
            ((row, given) for row, given in counted if row.user_id == user),
            key=lambda each: each[0].enrolled_at,
        )
        taken(found, place, own)
        assert found.wishes(place) == wished(
            [row for row in said if row.user_id == user],
            [row for row in goals if row.user_id == user],
            numbers,
        )
    left = [(row.course_id, evidence.made(LEFT, given, 0)) for row, given in rows if row.state == LEFT]
    for place, row in enumerate(shelf):
        values = [value for course, value in left if course == row.id]
        assert (found.dropped[place], found.dropped_sum[place]) == (len(values), pytest.approx(sum(values)))


def taken(found: Evidence, place: int, own: Sequence[tuple[Any, int | None]]) -> None:
    """Compare what one person took, the oldest first."""
    history = found.taken.history(place)
    assert found.ids[history.item].tolist() == [row.course_id for row, _ in own]
    assert history.value.tolist() == [evidence.made(row.state, given, 0) for row, given in own]
    assert history.day is not None
    assert history.day.tolist() == [evidence.day_of(row.enrolled_at) for row, _ in own]
    begin, end = found.taken.start[place : place + 2]
    ended = [evidence.day_of(row.finished_at) for row, _ in own]
    assert found.ended[begin:end] == pytest.approx(ended, nan_ok=True)


async def test_of_a_community_that_took_nothing_there_is_nothing_to_learn(world: World) -> None:
    assert await world.read(lambda tx: evidence.evidence(tx, WIDER)) is None
    assert len(await world.read(evidence.taken)) == 0
