"""Courses brought in: twice is once, changes are versions, and nobody loses the lesson that they are in."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from bot import cli
from core import users
from core.courses import catalogue, folder, importing
from core.courses.drafts import CourseDraft
from core.policy import Policy
from core.store.database import Database, open_database
from core.store.tables import course_terms, courses, lesson_versions, lessons, unknown_topics
from core.store.types import Keyring
from tests.courses.shelf import COMMITS, FILES, NOW, TOPICS, UNDO, course, drafts, put, write

LATER = NOW + timedelta(days=1)


@pytest.fixture
async def database(store_url: str) -> AsyncIterator[Database]:
    """A database with our tables."""
    opened = open_database(store_url, Keyring(()), "tests")
    yield opened
    await opened.close()


async def stored(database: Database) -> list[catalogue.Course]:
    return await database.read(lambda tx: catalogue.every(tx, withdrawn=True))


def counts(tx: Connection) -> list[int]:
    tables = (courses, lessons, lesson_versions, course_terms)
    return [tx.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


async def bring(database: Database, *found: CourseDraft) -> list[str]:
    return [outcome.what for outcome in await database.write(lambda tx: put(tx, *found, now=LATER))]


async def test_the_same_courses_twice_change_nothing(database: Database, tmp_path: Path) -> None:
    found = drafts(tmp_path, ("git", FILES), ("sql", course("sql", topics="sql: 2", requires=["git"])))
    assert await bring(database, *found) == ["added", "added"]
    before = await database.read(counts)
    assert await bring(database, *found) == ["same", "same"]
    assert await database.read(counts) == before
    git, sql = await stored(database)
    assert (git.slug, git.minutes, git.lessons, git.version) == ("git", 10, 2, 1)
    assert git.text("zh-TW").title == "不再害怕 Git"
    assert git.text("es").title == "Git without fear"
    assert sql.requires == ("git",)


async def test_a_changed_lesson_keeps_what_it_said(database: Database, tmp_path: Path) -> None:
    await bring(database, *drafts(tmp_path / "a", ("git", FILES)))
    changed = {**FILES, "en/undo.md": UNDO.replace("Nothing", "Little")}
    assert await bring(database, *drafts(tmp_path / "b", ("git", changed))) == ["changed"]
    (git,) = await stored(database)
    assert git.version == 2
    commits, undo = await database.read(lambda tx: catalogue.lessons_of(tx, git.id))
    assert (commits.version, undo.version) == (1, 2)
    said = [
        (await database.read(lambda tx, v=version: catalogue.text_of(tx, undo.id, v, "en")))[1].body[:7]  # type: ignore[misc]
        for version in (1, 2)
    ]
    assert said == ["Nothing", "Little "]


async def test_lessons_come_go_and_change_their_places(database: Database, tmp_path: Path) -> None:
    two = {"one": "minutes: 5\n---\nA.", "two": "minutes: 5\n---\nB."}
    await bring(database, *drafts(tmp_path / "a", ("git", course("git", lessons=two))))
    moved = {"two": two["two"], "three": "minutes: 5\n---\nC."}
    await bring(database, *drafts(tmp_path / "b", ("git", course("git", lessons=moved))))
    (git,) = await stored(database)
    now = await database.read(lambda tx: catalogue.lessons_of(tx, git.id))
    assert [(lesson.slug, lesson.place, lesson.version) for lesson in now] == [("two", 0, 1), ("three", 1, 1)]
    every = await database.read(lambda tx: tx.execute(select(lessons.c.slug, lessons.c.retired)).all())
    assert sorted(map(tuple, every)) == [("one", True), ("three", False), ("two", False)]
    await bring(database, *drafts(tmp_path / "c", ("git", course("git", lessons=two))))
    again = await database.read(lambda tx: catalogue.lessons_of(tx, git.id))
    assert [(lesson.slug, lesson.id) for lesson in again] == [("one", again[0].id), ("two", now[0].id)]
    assert again[0].version == 1


async def test_what_does_not_fit_together_is_told_and_left_out(database: Database, tmp_path: Path) -> None:
    found = drafts(
        tmp_path,
        ("a", course("a", requires=["b"])),
        ("b", course("b", requires=["c"])),
        ("c", course("c", requires=["a"])),
        ("d", course("d", requires=["nothing"])),
        ("e", course("e", more="mentor: nobody\n")),
        ("f", course("f")),
    )
    left, faults = await database.read(lambda tx: importing.sound(tx, found))
    told = " ".join(fault.why for fault in faults)
    assert "a → b → c → a" in told
    assert 'it requires "nothing"' in told
    assert 'nobody is known as "nobody"' in told
    assert [draft.slug for draft in left] == ["f"]
    assert all(fault.file.endswith("course.yaml") for fault in faults)


async def test_a_circle_with_what_is_there_already_is_seen(database: Database, tmp_path: Path) -> None:
    await bring(database, *drafts(tmp_path / "a", ("a", course("a")), ("b", course("b", requires=["a"]))))
    changed = drafts(tmp_path / "b", ("a", course("a", requires=["b"])))
    _, (fault,) = await database.read(lambda tx: importing.sound(tx, changed))
    assert "in a circle" in fault.why


async def test_a_slug_that_two_have_is_told(database: Database, tmp_path: Path) -> None:
    found = (*drafts(tmp_path / "a", ("git", FILES)), *drafts(tmp_path / "b", ("git", FILES)))
    (fault,) = await database.read(lambda tx: importing.faults(tx, found))
    assert "is also in" in fault.why


async def test_a_course_comes_out_as_it_came_in(database: Database, tmp_path: Path) -> None:
    def lee(tx: Connection) -> None:
        users.create(tx, NOW, Policy(), name="Lee", mentor=True, ref="m1")

    await database.write(lee)
    more = "starts: 2026-04-01\nends: 2026-05-01\ncapacity: 3\ndrip: 2\nmentor: m1\nwithdrawn: true\n"
    found = drafts(tmp_path, ("git", FILES), ("sql", course("sql", more=more)))
    await bring(database, *found)
    again = await database.read(
        lambda tx: [importing.stored(tx, each, Policy()) for each in catalogue.every(tx, withdrawn=True)]
    )
    assert [draft.digest for draft in again] == [draft.digest for draft in found]
    picture = await database.read(lambda tx: catalogue.picture(tx, 1, "row.png"))
    assert picture == ("image/png", FILES["row.png"])


async def test_a_topic_nobody_knows_is_kept_for_the_organiser(database: Database, tmp_path: Path) -> None:
    await bring(database, *drafts(tmp_path, ("bees", course("bees", topics="Beekeeping: 2"))))
    rows = await database.read(lambda tx: tx.execute(select(unknown_topics.c.slug)).scalars().all())
    assert rows == ["beekeeping"]


async def test_two_imports_at_once_make_one_course(database: Database, tmp_path: Path) -> None:
    found = drafts(tmp_path, ("git", FILES))
    done = await asyncio.gather(*(bring(database, *found) for _ in range(8)))
    assert sorted(what for (what,) in done) == ["added", *["same"] * 7]


# --- The command line -------------------------------------------------------------------------------------------


def run(home: Path, *words: str) -> int:
    return cli.main(
        ["--set", f"database.url=sqlite:///{home / 'm.db'}", "--set", "encryption.mode=off", *words]
    )


def test_a_folder_is_brought_in_and_written_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "in" / "git")
    write(tmp_path / "in" / "sql", course("sql", level=9))
    assert run(tmp_path, "import", "courses", str(tmp_path / "in")) == 1
    told = capsys.readouterr()
    assert told.out == "git: added\n"
    assert "sql/course.yaml:" in told.err
    assert "1 added; 1 faults." in told.err
    assert run(tmp_path, "export", "courses", str(tmp_path / "out")) == 0
    assert run(tmp_path, "export", "courses", str(tmp_path / "out.csv")) == 0
    assert run(tmp_path, "import", "courses", str(tmp_path / "out")) == 0
    assert "git: same" in capsys.readouterr().out
    assert run(tmp_path, "export", "courses", str(tmp_path / "out")) == 1
    (draft,), _ = folder.read(tmp_path / "out", TOPICS)
    assert draft.slug == "git"


def test_all_or_nothing_is_nothing_where_one_is_faulty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "in" / "git")
    write(tmp_path / "in" / "sql", {**course("sql"), "en/one.md": COMMITS})
    assert run(tmp_path, "import", "courses", str(tmp_path / "in"), "--strict") == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "Nothing was imported" in told.err
    assert run(tmp_path, "import", "courses", str(tmp_path / "in" / "git"), "--strict") == 0


@pytest.mark.parametrize("name", ["nowhere", "nowhere.csv"])
def test_a_path_that_is_not_there_is_told(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "import", "courses", str(tmp_path / name)) == 1
    assert name in capsys.readouterr().err


def test_a_table_that_is_none_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.csv").write_text("hello")
    assert run(tmp_path, "import", "courses", str(tmp_path / "x.csv")) == 1
    assert "x.csv" in capsys.readouterr().err
