"""Mentors who are recommended: to no more people than they have room for, however many look at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.ports import Command
from core.store.tables import offers, requests, showings
from core.store.tables import users as people
from tests.recommending.community import press, pressed, titles
from tests.world import World, open_world, read

MANY = 12
CAST = (
    " · ".join(f'm{number} mentee UTC en git "Mentee {number}"' for number in range(MANY))
    + ' · lee mentor UTC en git:4 hours=5 "Lee Chan" · kim mentor UTC en git:2,rust hours=2 "Kim Park"'
    + ' · pat mentor UTC en rust hours=9 "Pat Moe" · zoe mentor UTC en "Zoe Lund"'
)
RECOMMEND = Command("recommend", "")
LEE_HAS_ROOM_FOR = 2
"""Five hours, of which an ongoing mentorship takes two."""


@pytest.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    """The program and its people."""
    async with open_world(store_url, CAST) as opened:
        yield opened


async def shown_to(world: World, mentor: str) -> set[int]:
    """The people to whom a mentor was shown."""
    id_ = await world.user(mentor)
    return {row.user_id for row in await world.rows(showings) if row.mentor_id == id_}


async def test_a_popular_mentor_is_shown_to_as_many_as_they_have_room_for(world: World) -> None:
    lists = [titles(await world.does(f"m{number}", RECOMMEND)) for number in range(5)]
    assert lists[:2] == [["Lee Chan", "Kim Park"], ["Lee Chan"]]
    assert lists[2:] == [[], [], []]
    # Whoever saw one may look again: that takes no more room.
    assert titles(await world.does("m0", RECOMMEND)) == ["Lee Chan", "Kim Park"]
    assert len(await shown_to(world, "lee")) == LEE_HAS_ROOM_FOR


async def test_a_place_is_free_again_after_a_week_or_when_somebody_does_not_want_it(world: World) -> None:
    first = await world.does("m0", RECOMMEND)
    await world.does("m1", RECOMMEND)
    other = await pressed(world, "m0", press(first, "Not for me", "Lee"))
    assert read(other).startswith("Lee Chan will not come up again. These have room, too:")
    assert titles(other) == ["Kim Park"]
    assert titles(await world.does("m2", RECOMMEND)) == ["Lee Chan"]
    assert titles(await world.does("m3", RECOMMEND)) == []
    world.clock.now += timedelta(days=7, minutes=1)
    assert titles(await world.does("m3", RECOMMEND)) == ["Lee Chan", "Kim Park"]
    assert titles(await world.does("m0", RECOMMEND)) == []


async def test_who_was_asked_or_has_no_hours_left_is_not_shown(world: World) -> None:
    first = await world.does("m0", RECOMMEND)
    assert "I have asked Kim Park" in read(await pressed(world, "m0", press(first, "Ask this mentor", "Kim")))
    # What is asked for is what this mentor can help with, of what is wanted.
    (request,) = await world.rows(requests)
    assert request.topics == [["git", None]]
    assert len(await world.rows(offers)) == 1
    assert titles(await world.does("m0", RECOMMEND)) == ["Lee Chan"]
    # Kim's two hours are on offer now; Lee has room for one more.
    assert titles(await world.does("m1", RECOMMEND)) == ["Lee Chan"]
    assert titles(await world.does("m2", RECOMMEND)) == []


@pytest.mark.parametrize("round_", range(3))
async def test_however_many_look_at_once_nobody_is_shown_too_often(store_url: str, round_: int) -> None:
    async with open_world(store_url, CAST, community__seed=f"{round_}") as world:
        answers = await asyncio.gather(
            *(world.does(f"m{number}", RECOMMEND) for number in range(MANY)),
        )
        assert all(answer.saved for answer in answers)
        assert len(await shown_to(world, "lee")) == LEE_HAS_ROOM_FOR
        assert len(await shown_to(world, "kim")) == 1
        assert sum("Lee Chan" in titles(answer) for answer in answers) == LEE_HAS_ROOM_FOR


async def test_only_who_was_shown_somebody_can_ask_them_by_it(world: World) -> None:
    lee = await world.user("lee")
    assert "from a while ago" in await world.pushes("m0", f"ask_shown:0.{lee}")
    assert "from a while ago" in await world.pushes("m0", f"not_this_mentor:0.{lee}")
    await world.does("m0", RECOMMEND)
    assert "I have asked Lee Chan" in await world.pushes("m0", f"ask_shown:0.{lee}")


async def test_a_mentor_who_pauses_or_whom_one_blocked_is_not_shown(world: World) -> None:
    await world.command("lee", "pause", "two weeks")
    await world.write(
        lambda tx: tx.execute(people.update().where(people.c.name == "Kim Park").values(stopped=True))
    )
    await world.write(lambda tx: tx.execute(people.update().values(changed_at=world.clock())))
    assert titles(await world.does("m0", RECOMMEND)) == []


async def test_who_only_mentors_is_shown_no_mentors_and_a_topic_can_be_named(world: World) -> None:
    assert titles(await world.does("pat", RECOMMEND)) == []
    answer = await world.does("m0", Command("recommend", "rust"))
    assert titles(answer) == ["Pat Moe", "Kim Park"]
    assert "I have asked Kim Park" in read(
        await pressed(world, "m0", press(answer, "Ask this mentor", "Kim"))
    )
    (request,) = await world.rows(requests)
    assert request.topics == [["rust", None]]


async def test_where_the_best_are_taken_those_far_behind_are_shown(store_url: str) -> None:
    cast = " · ".join(f"m{number} mentee UTC en git" for number in range(5))
    cast += " · " + " · ".join(f"lead{number} mentor UTC en git:4 hours=2" for number in range(32))
    async with open_world(store_url, cast, requests__shown_mentors="10") as world:
        seen = [titles(await world.does(f"m{number}", RECOMMEND)) for number in range(5)]
        assert [len(each) for each in seen] == [10, 10, 10, 2, 0]
        assert len({name for each in seen for name in each}) == 32
