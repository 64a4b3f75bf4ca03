"""Courses that are recommended: what is never among them, why the others are, and that it counts at once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.ports import Command, Opened
from core import levels
from core.store import retention
from core.store.tables import dismissals, progress, showings
from tests.recommending.community import (
    begin,
    change,
    course_id,
    items,
    learnt,
    night,
    place,
    press,
    pressed,
    stock,
    titles,
    words,
)
from tests.world import World, open_world, read

PEOPLE = ("ben", "cleo", "dan", "eve", "fay", "gus")
TOPICS = ("sql", "python", "rust", "docker", "linux", "testing", "react", "aws")
CAST = (
    'ana mentee UTC en git "Ana Ruiz" · '
    + " · ".join(f'{name} mentee UTC en "{name.title()} Ito"' for name in PEOPLE)
    + ' · lee mentor UTC en git:4 hours=4 "Lee Chan" · olga organiser'
)
RECOMMEND = Command("recommend", "")


@pytest.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    """The program and its people; nothing is shown by chance."""
    async with open_world(store_url, CAST, recommendations__new_share="0") as opened:
        yield opened


async def test_what_one_wants_comes_first_and_what_one_did_counts_at_once(
    world: World, tmp_path: Path
) -> None:
    await stock(world, tmp_path, ("sql", "sql: 1"), ("git", "git: 1"), ("git-more", "git: 2"))
    answer = await world.does("ana", RECOMMEND)
    assert titles(answer)[0] == "git"
    assert "fits what you want to learn: Git, up to level 1" in words(items(answer)[0])
    await learnt(world, "ana", "git")
    # Her level is what the course led to only when she finishes it here; the course itself is behind her at once.
    assert "git" not in titles(await world.does("ana", RECOMMEND))


async def test_from_three_people_on_one_hears_what_others_did_and_of_fewer_nothing(
    world: World, tmp_path: Path
) -> None:
    await stock(world, tmp_path, ("a", "sql: 1"), ("b", "python: 1"), ("c", "rust: 1"))
    for name in PEOPLE[:3]:
        await learnt(world, name, "a", "b")
    for name in PEOPLE[3:5]:
        await learnt(world, name, "a", "c")
    await learnt(world, "ana", "a")
    await night(world)
    answer = await world.does("ana", RECOMMEND)
    assert "3 people who finished “a” went on to this" in words(items(answer)[0])
    (other,) = (words(item) for item in items(answer) if words(item).startswith("c"))
    assert "people" not in other


async def test_who_only_took_it_did_not_finish_it(world: World, tmp_path: Path) -> None:
    await stock(world, tmp_path, ("a", "sql: 1"), ("b", "python: 1"))
    for name in PEOPLE[:4]:
        await learnt(world, name, "a", "b", done=False)
    await learnt(world, "ana", "a")
    await night(world)
    assert "4 people who took “a” took this, too" in words(items(await world.does("ana", RECOMMEND))[0])


async def test_never_shown_is_what_one_took_gave_up_or_cannot_begin(world: World, tmp_path: Path) -> None:
    names = ("took", "left", "withdrawn", "full", "over")
    await stock(world, tmp_path / "a", *((name, "sql: 1") for name in names))
    await stock(world, tmp_path / "b", ("open", "python: 2"))
    await stock(world, tmp_path / "c", ("foreign", "sql: 1"), language="zh")
    await stock(world, tmp_path / "d", ("later", "sql: 3"), requires=("took",))
    await stock(world, tmp_path / "e", ("known", "git: 1"))
    await begin(world, "ana", "took")
    await begin(world, "ana", "left")
    await world.pushes("ana", f"leave_course:{await place(world, 'ana', 'left')}")
    await change(world, "withdrawn", state="withdrawn")
    await change(world, "full", capacity=1, enrolled=1)
    await change(world, "over", ends_at=world.clock.now - timedelta(days=1))
    assert set(titles(await world.does("ana", RECOMMEND))) == {"open", "known"}
    # What builds on something comes up when that is finished; what one has learnt meanwhile is not.
    one = await place(world, "ana", "took")
    lesson = (await world.rows(progress))[0].lesson_id
    assert "You have finished" in await world.pushes("ana", f"lesson_done:{one}.{lesson}")
    ana = await world.user("ana")
    await world.write(lambda tx: levels.reach(tx, ana, "git", 1))
    assert set(titles(await world.does("ana", RECOMMEND))) == {"open", "later"}


async def test_the_way_to_what_one_wants_is_shown_where_that_cannot_be_begun_yet(
    world: World, tmp_path: Path
) -> None:
    await stock(world, tmp_path / "a", ("shell", "linux: 1"), ("liked", "sql: 1"))
    await stock(world, tmp_path / "b", ("files", "python: 1"), requires=("shell",))
    await stock(world, tmp_path / "c", ("git-deep", "git: 1"), requires=("files",))
    for name in PEOPLE:
        await learnt(world, name, "liked", stars=5)
    answer = await world.does("ana", RECOMMEND)
    assert titles(answer) == ["shell", "liked"]
    assert "opens the way to “git-deep”" in words(items(answer)[0])
    await learnt(world, "ana", "shell")
    assert titles(await world.does("ana", RECOMMEND)) == ["files", "liked"]
    await learnt(world, "ana", "files")
    assert titles(await world.does("ana", RECOMMEND)) == ["git-deep", "liked"]


async def test_where_nothing_leads_further_it_says_so(world: World, tmp_path: Path) -> None:
    await stock(world, tmp_path, ("sql", "sql: 1"))
    told = await world.types("ana", "/recommend")
    assert told.startswith("I have no course that leads you further in Git right now. What others take:")


async def test_at_most_two_of_five_are_about_the_same(world: World, tmp_path: Path) -> None:
    given = [(f"git{number}", "git: 1") for number in range(6)] + [
        (f"sql{number}", "sql: 1, data-science: 1") for number in range(4)
    ]
    await stock(world, tmp_path, *given, ("rust", "rust: 1"))
    seen: list[str] = []
    answer = await world.does("ana", RECOMMEND)
    for _ in given:
        shown = titles(answer)
        assert 0 < len(shown) <= 5
        for topic in ("git", "sql"):
            assert sum(title.startswith(topic) for title in shown) <= 2
        seen += shown
        more = press(answer, "Show more")
        if not more:
            break
        answer = await pressed(world, "ana", more)
    assert sorted(seen) == sorted(slug for slug, _ in [*given, ("rust", "")])
    rows = await world.rows(showings)
    assert len([row for row in rows if row.course_id]) == len(seen)


async def test_not_for_me_takes_its_place_away_and_can_be_taken_back(world: World, tmp_path: Path) -> None:
    await stock(world, tmp_path, *((topic, f"{topic}: 1") for topic in TOPICS))
    first = await world.does("ana", RECOMMEND)
    shown = titles(first)
    assert len(shown) == 5
    second = await pressed(world, "ana", press(first, "Not for me", shown[1]))
    assert second.replace
    assert titles(second)[:4] == [shown[0], *shown[2:]]
    assert len(titles(second)) == 5
    assert "will not come up again" in read(second)
    assert shown[1] not in titles(await world.does("ana", RECOMMEND))
    # Of the second list, only the course that came up was a new showing.
    assert len([row for row in await world.rows(showings) if row.course_id]) == 5 + 1 + 5
    assert shown[1] in titles(await world.does("ben", RECOMMEND))
    assert "may come up again" in read(await pressed(world, "ana", press(second, "Undo")))
    assert shown[1] in titles(await world.does("ana", RECOMMEND))
    assert await world.rows(dismissals) == []


async def test_pressed_twice_long_after_or_by_somebody_else_it_answers_kindly(
    world: World, tmp_path: Path
) -> None:
    await stock(world, tmp_path, ("git", "git: 1"), ("sql", "sql: 1"))
    answer = await world.does("ana", RECOMMEND)
    away, why = press(answer, "Not for me", "git"), press(answer, "Why these?")
    assert "git" in await world.pushes("ana", why)
    for _ in range(2):
        assert "will not come up again" in await world.pushes("ana", away)
    assert len(await world.rows(dismissals)) == 1
    assert "git" not in await world.pushes("ana", why)
    for button in ("more_for_me:1.7", "not_for_me:1.99", "not_for_me:x", "for_me:mentor.2", "why_these:99"):
        assert "from a while ago" in await world.pushes("ana", button)
    for button in (away, why):
        assert "from a while ago" in await world.pushes("ben", button)
    assert len(await world.rows(dismissals)) == 1


async def test_what_is_there_by_chance_says_that_it_is_new_and_is_written_down(
    store_url: str, tmp_path: Path
) -> None:
    async with open_world(store_url, CAST, recommendations__new_share="0.2") as world:
        await stock(world, tmp_path, *((topic, f"{topic}: 1") for topic in TOPICS))
        for name in PEOPLE[:3]:
            await learnt(world, name, *TOPICS[:-1])
        await change(world, TOPICS[-1], created_at=world.clock.now - timedelta(days=2))
        await night(world)
        answer = await world.does("eve", RECOMMEND)
        # A fifth of five places is one in every list.
        assert titles(answer)[4] == TOPICS[-1]
        assert "new here, and few know it yet" in words(items(answer)[4])
        assert "20 of 100 places go to new courses" in await world.pushes("eve", press(answer, "Why these?"))
        kept = [(row.place, row.why, row.chance) for row in await world.rows(showings) if row.course_id]
        assert kept == [*((place_, "fit", 1.0) for place_ in range(4)), (4, "new", 1.0)]
        # After three months nobody knows any more what was shown.
        policy, later = world.app.settings.policy, world.clock.now + timedelta(days=91)
        await world.write(lambda tx: retention.tidy(tx, later, policy))
        assert await world.rows(showings) == []


async def test_stars_and_giving_up_move_a_course_up_and_down(world: World, tmp_path: Path) -> None:
    await stock(
        world, tmp_path, ("liked", "sql: 1"), ("plain", "rust: 1"), ("bad", "aws: 1"), ("left", "react: 1")
    )
    for name in PEOPLE:
        await learnt(world, name, "liked", stars=5)
        await learnt(world, name, "plain", ago=29)
        await learnt(world, name, "bad", stars=1, ago=28)
        await begin(world, name, "left")
        await world.pushes(name, f"leave_course:{await place(world, name, 'left')}")
    await night(world)
    assert titles(await world.does("lee", RECOMMEND)) == ["liked", "plain", "bad", "left"]


async def test_a_topic_can_be_named_and_nonsense_gets_a_sentence(world: World, tmp_path: Path) -> None:
    await stock(world, tmp_path, ("git", "git: 1"), ("sql", "sql: 1"), ("react", "react: 1"))
    assert titles(await world.does("ana", Command("recommend", "something about sql"))) == ["sql"]
    # A broader word finds what lies within it.
    assert titles(await world.does("ana", Command("recommend", "frontend"))) == ["react"]
    assert "did not find a topic" in await world.types("ana", "/recommend the weather")
    assert "nothing about Kubernetes" in await world.types("ana", "/recommend kubernetes")
    assert "200" in await world.types("ana", f"/recommend {'git ' * 60}")
    assert "“<b>x</b>”" in await world.types("ana", "/recommend <b>x</b>")


async def test_who_said_nothing_and_did_nothing_hears_how_to_begin(world: World, tmp_path: Path) -> None:
    assert "nothing for you right now" in await world.types("ben", "/recommend")
    await stock(world, tmp_path, ("git", "git: 1"))
    answer = await world.does("ben", RECOMMEND)
    assert read(answer).startswith("Courses to begin with:")
    assert "you can begin it at once: level 1 of 5" in words(items(answer)[0])


async def test_the_desk_shows_what_fits_and_keeps_nothing(world: World, tmp_path: Path) -> None:
    await stock(world, tmp_path, ("git", "git: 1"), ("sql", "sql: 1"), ("rust", "rust: 1"))
    home = await world.does("ana", Opened("home"))
    assert [title for title in titles(home) if title == "git"]
    assert "Lee Chan" not in read(home)
    assert await world.rows(showings) == []
    # A mentor stands there once they were shown where somebody looked.
    await world.does("ana", RECOMMEND)
    before = await world.rows(showings)
    home = await world.does("ana", Opened("home"))
    assert "Lee Chan" in read(home)
    assert await world.rows(showings) == before
    assert "I have asked Lee Chan" in read(await pressed(world, "ana", press(home, "Ask this mentor")))


async def test_after_a_course_comes_what_goes_on_from_it(world: World, tmp_path: Path) -> None:
    await stock(world, tmp_path / "a", ("git", "git: 1"), ("far", "rust: 1"))
    await stock(world, tmp_path / "b", ("git-team", "git: 2"), requires=("git",))
    assert "Read this." in await begin(world, "ana", "git")
    lesson = (await world.rows(progress))[0].lesson_id
    told = await world.pushes("ana", f"lesson_done:{await place(world, 'ana', 'git')}.{lesson}")
    assert "This may fit next:" in told
    assert (
        "git-team (level 1, 5 minutes): fits what you want to learn: Git, up to level 2 · builds on “git”"
        in told
    )
    assert "far" not in told
    kept = await world.rows(showings)
    assert {row.surface for row in kept} == {"finished"}
    assert [row.course_id for row in kept if row.course_id] == [await course_id(world, "git-team")]
