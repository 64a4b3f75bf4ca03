"""What came of what was recommended: what new courses got, and who began or asked because of it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from bot import cli
from bot.ports import Command
from bot.recommending import operations
from core.courses import exposure
from core.courses.exposure import KNOWN, MENTORS, NEW_BY_CHANCE, Exposure
from tests.recommending.community import begin, change, learnt, night, press, pressed, stock, titles
from tests.world import World, open_world

TOPICS = ("sql", "python", "rust", "docker", "linux", "testing", "react", "aws")
PEOPLE = tuple(f"p{number}" for number in range(8))
CAST = " · ".join(f"{name} mentee UTC git" for name in PEOPLE) + ' · lee mentor UTC git:4 hours=40 "Lee Chan"'
RECOMMEND = Command("recommend", "")


async def report(world: World, days: int = 30) -> Exposure:
    """What was shown in so many days."""
    policy = world.app.settings.policy
    return await world.read(lambda tx: exposure.report(tx, policy, world.clock.now, days))


async def shown(world: World, home: Path) -> None:
    """Let everybody be shown a list that has a new course in it; two begin something, and one asks."""
    await stock(world, home, *((topic, f"{topic}: 1") for topic in TOPICS))
    for name in PEOPLE[5:]:
        await learnt(world, name, *TOPICS[:-1], ago=100)
    await change(world, "aws", created_at=world.clock.now - timedelta(days=2))
    await night(world)
    for name in PEOPLE[:5]:
        answer = await world.does(name, RECOMMEND)
        if name == "p0":
            await begin(world, name, "aws")
            await pressed(world, name, press(answer, "Ask this mentor"))
        if name == "p1":
            await begin(world, name, titles(answer)[0])


async def test_new_courses_get_what_is_theirs_and_it_is_known_what_came_of_it(
    store_url: str, tmp_path: Path
) -> None:
    async with open_world(store_url, CAST, recommendations__new_share="0.2") as world:
        await shown(world, tmp_path)
        found = await report(world)
        assert (found.places, found.people) == (5 * 5 + 5, 5)
        assert (found.wanted, found.got) == (0.2, 0.2)
        by_chance, known, mentors = (found.groups[kind] for kind in (NEW_BY_CHANCE, KNOWN, MENTORS))
        assert (by_chance.places, by_chance.followed) == (5, 0.2)
        assert (known.places, known.followed) == (20, 1 / 20)
        assert (mentors.places, mentors.followed) == (5, 0.2)
        assert 0 <= by_chance.followed_interval[0] <= 0.2 <= by_chance.followed_interval[1] <= 1
        assert set(found.last_place) == {NEW_BY_CHANCE}
        # What is begun long after came of something else.
        world.clock.now += timedelta(days=8)
        await begin(world, "p2", "aws")
        assert (await report(world)).groups[NEW_BY_CHANCE].followed == 0.2
        world.clock.now += timedelta(days=30)
        assert (await report(world)).places == 0


async def test_what_came_of_the_drawn_place_can_be_compared(store_url: str, tmp_path: Path) -> None:
    async with open_world(
        store_url, CAST, recommendations__new_share="0.1", messages__flood_events="1000"
    ) as world:
        await shown(world, tmp_path)
        for _ in range(40):
            await world.does("p3", RECOMMEND)
        found = await report(world)
        # Half of the lists give their last place away, as the lot falls.
        known, new = (found.last_place[kind].places for kind in (KNOWN, NEW_BY_CHANCE))
        assert known + new == 45
        assert found.got == new / (45 * 5)
        assert 0.05 < found.got < 0.15


async def test_without_a_share_nothing_is_left_to_chance(store_url: str, tmp_path: Path) -> None:
    async with open_world(store_url, CAST, recommendations__new_share="0") as world:
        await stock(world, tmp_path, ("git", "git: 1"), ("new", "sql: 1"), old=False)
        assert titles(await world.does("p0", RECOMMEND)) == ["git", "new"]
        found = await report(world)
        assert (found.wanted, found.got, found.last_place) == (0, 0, {})


async def test_the_command_prints_a_table_or_json_and_says_when_there_is_nothing(
    store_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_world(store_url, CAST, recommendations__new_share="0.2") as world:
        settings = world.app.settings

        async def printed(days: int, *, as_json: bool = False) -> str:
            capsys.readouterr()
            assert operations.exposure(settings, world.clock.now, days, as_json=as_json) == 0
            return capsys.readouterr().out

        assert await printed(30) == "Nothing was recommended in the last 30 days.\n"
        await shown(world, tmp_path)
        table = await printed(7)
        assert table.startswith("In the last 7 days: 30 places, people: 5\n")
        assert "new_by_chance           5    16.7%        5  20.0% (3.6–62.4)" in table
        assert "Of first pages, new courses got 20.0% of the places by chance; 20% are wanted." in table
        found = json.loads(await printed(7, as_json=True))
        assert found["groups"]["mentors"]["places"] == 5
        assert found["last_place"]["new_by_chance"]["followed"] == 0.2


def test_days_that_are_none_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for days in ("0", "366", "-1", "x", "٣"):
        with pytest.raises(SystemExit):
            cli.main(["evaluate", "exposure", f"--days={days}"])
        assert "no number of days from 1 to 365" in capsys.readouterr().err
