"""Learning paths: what is needed comes first, what is known is left out, and no shorter way is overlooked."""

import io
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.courses.drawing import Box
from core.courses.drawing import path as drawn
from core.courses.paths import GENTLE, SHORT, WAYS, Course, Knows, edges, needed, order, plan
from tests.courses.shelf import course as files
from tests.courses.shelf import drafts, put
from tests.world import World, open_world


def course(slug: str, topics: Mapping[str, int], *requires: str, minutes: int = 60, hard: int = 1) -> Course:
    return Course(slug, topics, requires, hard, minutes)


def shelf(*courses: Course) -> dict[str, Course]:
    return {each.slug: each for each in courses}


WEB = shelf(
    course("html", {"html": 1}, minutes=30),
    course("js", {"javascript": 2}, "html", hard=2),
    course("react-1", {"react": 1}, "js", hard=2, minutes=40),
    course("react-2", {"react": 2}, "react-1", hard=3, minutes=50),
    course("react-crash", {"react": 3}, "js", hard=4, minutes=70),
    course("react-3", {"react": 3}, "react-2", hard=4, minutes=45),
)


def slugs(knows: Knows, topic: str = "react", level: int | None = None, way: str = SHORT) -> tuple[str, ...]:
    found = plan(WEB, knows, topic, level, way)
    assert found is not None
    return found.courses


def test_what_is_needed_comes_first() -> None:
    assert slugs(Knows()) == ("html", "js", "react-crash")
    assert slugs(Knows(), level=1) == ("html", "js", "react-1")


def test_the_gentlest_way_takes_small_steps() -> None:
    assert slugs(Knows(), way=GENTLE) == ("html", "js", "react-1", "react-2", "react-3")


def test_what_is_known_or_done_is_left_out() -> None:
    assert slugs(Knows({"javascript": 2})) == ("react-crash",)
    assert slugs(Knows({"javascript": 1})) == ("html", "js", "react-crash")
    assert slugs(Knows({}, frozenset({"html", "js"}))) == ("react-crash",)
    assert slugs(Knows({"react": 2, "javascript": 3}), way=GENTLE) == ("react-3",)


def test_a_goal_nobody_teaches_has_no_plan_and_one_that_is_reached_an_empty_one() -> None:
    assert plan(WEB, Knows(), "cobol") is None
    found = plan(WEB, Knows({"react": 4}), "react")
    assert found is not None
    assert (found.courses, found.minutes) == ((), 0)


def test_a_level_nobody_teaches_leads_to_the_highest_there_is() -> None:
    found = plan(WEB, Knows(), "react", 5)
    assert found is not None
    assert found.level == 3


def test_a_course_whose_need_is_not_offered_any_more_is_no_way() -> None:
    broken = shelf(course("b", {"x": 2}, "gone"), course("c", {"x": 2}, minutes=500))
    found = plan(broken, Knows(), "x")
    assert found is not None
    assert found.courses == ("c",)
    assert needed(broken, Knows({}, frozenset({"gone"})), "b") == frozenset({"b"})


TOPICS = ("x", "y", "z")
LEVELS = st.dictionaries(st.sampled_from(TOPICS), st.integers(1, 5), min_size=1, max_size=2)


@st.composite
def shelves(draw: st.DrawFn) -> dict[str, Course]:
    found: dict[str, Course] = {}
    for number in range(draw(st.integers(1, 7))):
        before = draw(st.sets(st.sampled_from(sorted(found)), max_size=2)) if found else set()
        slug = f"c{number}"
        found[slug] = Course(
            slug, draw(LEVELS), tuple(sorted(before)), draw(st.integers(1, 5)), draw(st.integers(1, 99))
        )
    return found


KNOWS = st.builds(Knows, st.dictionaries(st.sampled_from(TOPICS), st.integers(1, 5), max_size=3))


def holds(courses: Mapping[str, Course], knows: Knows, chosen: frozenset[str], target: int) -> bool:
    """Whether a set of courses leads to the goal, with all that each needs."""
    reached = any(courses[slug].topics.get("x", 0) >= target for slug in chosen)
    return reached and all(
        each in chosen or knows.has(courses[each]) for slug in chosen for each in courses[slug].requires
    )


@given(shelves(), KNOWS, st.sampled_from(WAYS))
def test_no_plan_breaks_a_need_and_none_is_shorter_than_the_shortest(
    courses: dict[str, Course], knows: Knows, way: str
) -> None:
    found = plan(courses, knows, "x", None, way)
    most = max((each.topics.get("x", 0) for each in courses.values()), default=0)
    if most == 0:
        assert found is None
        return
    assert found is not None
    if knows.levels.get("x", 0) >= most:
        assert found.courses == ()
        return
    assert holds(courses, knows, frozenset(found.courses), most)
    place = {slug: at for at, slug in enumerate(found.courses)}
    for slug in found.courses:
        assert all(place[each] < place[slug] for each in courses[slug].requires if each in place)
    if way == SHORT:
        every = (
            frozenset(some)
            for size in range(1, len(courses) + 1)
            for some in combinations(sorted(courses), size)
        )
        least = min(
            sum(courses[slug].minutes for slug in some) for some in every if holds(courses, knows, some, most)
        )
        assert found.minutes == least


def test_the_order_is_the_same_however_it_was_chosen() -> None:
    chosen = ["react-3", "react-2", "react-1", "js", "html"]
    assert order(WEB, chosen) == order(WEB, reversed(chosen))
    assert edges(WEB, order(WEB, chosen)) == [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_a_path_is_drawn_with_all_its_boxes() -> None:
    few = Image.open(io.BytesIO(drawn("To React 3", [Box("一", "x")], [])))
    many = Image.open(io.BytesIO(drawn("To React 3", [Box("一", "x")] * 6, [(0, 1), (0, 5), (1, 4)])))
    assert few.width == many.width
    assert many.height > 3 * few.height
    assert len(many.getcolors(1 << 24) or ()) > 3


@pytest.fixture
def cast() -> str:
    return 'ana mentee UTC en "Ana Ruiz"'


async def test_the_plan_changes_as_levels_change(store_url: str, cast: str, tmp_path: Path) -> None:
    home = tmp_path / "all"
    found = drafts(
        home,
        ("a", files("a", topics="git: 1")),
        ("b", files("b", topics="git: 2", requires=["a"])),
    )
    async with open_world(store_url, cast) as world:
        await world.write(lambda tx: put(tx, *found))
        assert "2 courses" in await world.types("ana", "/learn git")
        await finish(world, 1)
        assert "one course" in await world.types("ana", "/learn git")
        await finish(world, 2)
        assert "no course here leads further" in await world.types("ana", "/learn git")


async def finish(world: World, course_id: int) -> None:
    """Take a course of one lesson."""
    await world.pushes("ana", f"enrol:{course_id}")
    assert "finished" in await world.pushes("ana", f"lesson_done:{course_id}.{course_id}")


@pytest.mark.parametrize("words", ["x" * 300, "🎉", "git 9", "  git  3 ", "React Native 2", "<b>git</b>"])
async def test_odd_words_are_answered(store_url: str, cast: str, words: str) -> None:
    async with open_world(store_url, cast) as world:
        told = await world.types("ana", f"/learn {words}")
        assert told
        assert "Something went wrong" not in told
        assert "no longer" not in await world.pushes("ana", "path:9.short")
