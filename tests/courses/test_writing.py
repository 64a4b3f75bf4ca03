"""Courses written in chat: what a draft becomes, and what is refused where it was asked."""

from pathlib import Path

import pytest

from bot.learning import editing
from bot.ports import Pressed, Submitted
from core.courses import catalogue
from core.courses.drafts import Check
from core.reading import Problem
from core.store.tables import courses, lessons
from tests.courses.shelf import FILES, drafts, put
from tests.world import World, asked, open_world, read, run_of

CAST = "ana mentee UTC en · olga organiser"
FORM = {
    "title": "Regular expressions",
    "about": "Find text by its shape.",
    "outcomes": "Write a pattern",
    "topics": "regex 1",
    "level": "1",
}
LESSON = {
    "title": "Dots",
    "minutes": "5",
    "module": None,
    "body": "A dot stands for any character.",
    "kind": "several",
    "question": "Which match a.c?",
    "options": "abc\nac\na-c",
    "answer": "abc, 3",
    "explanation": "One character stands between.",
}


async def submit(world: World, run: int, **values: object) -> str:
    return read(await world.does("olga", Submitted(run, values)))  # type: ignore[arg-type]


async def test_a_course_is_written_in_two_forms(store_url: str) -> None:
    async with open_world(store_url, CAST) as world:
        opened = await world.does("olga", Pressed("new_course", ""))
        first = await world.answers("olga", run_of(opened), **FORM)
        assert "title" in asked(first)
        run = run_of(first)
        front = ("title", "minutes", "module", "body", "kind")
        told = read(await world.answers("olga", run, **{key: LESSON[key] for key in front}))
        assert "What is the question" in told
        rest = ("question", "options", "answer", "explanation")
        assert "It is kept" in read(await world.answers("olga", run, **{key: LESSON[key] for key in rest}))
        (row,) = await world.rows(courses)
        assert (row.slug, row.topics, row.lessons) == ("regular-expressions", {"regex": 1}, 1)
        lesson = (await world.read(lambda tx: catalogue.lessons_of(tx, row.id)))[0]
        _, text = await world.read(lambda tx: catalogue.text_of(tx, lesson.id, 1, "en"))
        assert text.check is not None
        assert text.check.answer == (1, 3)


async def edited(world: World, button: str, **values: object) -> str:
    action, _, arg = button.partition(":")
    opened = await world.does("olga", Pressed(action, arg))
    return await submit(world, run_of(opened), **values)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "shelf"


async def stocked(world: World, home: Path) -> None:
    found = drafts(home, ("git", FILES))
    await world.write(lambda tx: put(tx, *found, policy=world.app.settings.policy))


@pytest.mark.parametrize(
    ("button", "values", "told"),
    [
        ("course_part:1.title", {"title": "Git, calmly"}, "Git, calmly"),
        ("course_part:1.outcomes", {"outcomes": "One\nTwo"}, "One · Two"),
        ("course_part:1.capacity", {"capacity": "12"}, "Places: 12"),
        ("course_part:1.capacity", {"capacity": "none"}, "I could not read a number"),
        ("course_part:1.requires", {"requires": "Nothing like it"}, "There is no course"),
        ("course_part:1.requires", {"requires": "git"}, "cannot build on itself"),
        ("lesson_part:1.body", {"body": "x" * 1600}, "in one piece"),
        ("lesson_part:1.body", {"body": "See ![it](gone.png)"}, "A picture is missing"),
        ("lesson_part:1.heading", {"title": "New", "minutes": "9"}, "New · 9 minutes"),
    ],
)
async def test_a_part_is_changed_or_refused(
    store_url: str, home: Path, button: str, values: dict[str, object], told: str
) -> None:
    async with open_world(store_url, CAST) as world:
        await stocked(world, home)
        before = [row.version for row in await world.rows(courses)]
        said = await edited(world, button, **values)
        assert told in said
        after = [row.version for row in await world.rows(courses)]
        assert (after > before) == ("It is kept" in said)


async def test_lessons_are_moved_taken_out_and_the_last_one_stays(store_url: str, home: Path) -> None:
    async with open_world(store_url, CAST) as world:
        await stocked(world, home)
        assert "1. Undo" in await world.pushes("olga", "raise_lesson:2")
        assert "taken out" in await world.pushes("olga", "drop_lesson:1")
        assert "only lesson" in await world.pushes("olga", "drop_lesson:2")
        assert [row.retired for row in await world.rows(lessons)] == [True, False]
        assert "not offered" in await world.pushes("olga", "withdraw_course:1")
        assert "not offered" not in await world.pushes("olga", "offer_course:1")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"kind": "none"}, None),
        ({"kind": "one", "options": "a\nb", "answer": "2"}, (2,)),
        ({"kind": "one", "options": "a\nb", "answer": "a"}, (1,)),
        ({"kind": "several", "options": "a; b; c", "answer": "1，3"}, (1, 3)),
        ({"kind": "text", "answer": "git reflog\nreflog"}, ("git reflog", "reflog")),
        ({"kind": "one", "options": "a", "answer": "1"}, "manage.wrong.options"),
        ({"kind": "one", "options": "a\na", "answer": "1"}, "manage.wrong.twice"),
        ({"kind": "one", "options": "a\nb", "answer": "3"}, "manage.wrong.answer"),
        ({"kind": "one", "options": "a\nb", "answer": "1, 2"}, "manage.wrong.answers"),
        ({"kind": "text", "answer": " "}, "manage.wrong.answers"),
    ],
)
def test_a_check_is_read_out_of_a_form(answers: dict[str, str], expected: object) -> None:
    found = editing.check_from({"question": "What?", "explanation": "So.", **answers})
    if isinstance(found, Check):
        assert found.answer == expected
    elif isinstance(found, Problem):
        assert found.key == expected
    else:
        assert expected is None
