"""Learning: what is kept, what an edit leaves alone, what time brings, and what bad input gets."""

import asyncio
import io
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from bot import cli
from core import levels, users
from core.courses import catalogue, certificates, enrolments, reviews
from core.store.tables import attempts, course_notes, outbox, progress, requests
from core.store.tables import enrolments as places
from core.users import WANTS
from tests.courses.shelf import FILES, NOW, PICTURE, course, drafts
from tests.courses.shelf import put as bring
from tests.world import Told, World, open_world

CAST = 'ana mentee UTC {0} "Ana Ruiz" · bea mentee UTC en "Bea Sol" · lee mentor UTC git:5 "Lee Chan" · olga organiser'
TWO = {
    "one": "minutes: 5\ncheck: {kind: text, question: What is it, answer: [this], explanation: So.}\n---\nA.",
    "two": "minutes: 5\n---\nB.",
}


@pytest.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    """The program, and its people."""
    async with open_world(store_url, CAST.format("en")) as opened:
        yield opened


async def stock(
    world: World, home: Path, slug: str = "git", files: Mapping[str, str | bytes] | None = None
) -> int:
    """Bring a course in; gives its id."""
    (draft,) = drafts(home, (slug, files or course(slug, lessons=TWO)))
    (outcome,) = await world.write(
        lambda tx: bring(tx, draft, now=world.clock.now, policy=world.app.settings.policy)
    )
    await world.settle()
    return outcome.course_id


async def test_everything_is_kept_with_its_time(world: World, tmp_path: Path) -> None:
    await stock(world, tmp_path)
    await world.pushes("ana", "enrol:1")
    opened = world.clock.now
    world.clock.now += timedelta(minutes=5)
    await world.pushes("ana", "check:1.1")
    await world.types("ana", "that")
    await world.pushes("ana", "check:1.1")
    await world.types("ana", " This. ")
    answered = world.clock.now
    rows = await world.rows(attempts)
    assert [(row.answer, row.passed) for row in rows] == [("that", False), ("This.", True)]
    (kept,) = await world.rows(progress)
    assert abs(kept.opened_at - opened) < timedelta(seconds=1)
    assert abs(kept.answered_at - answered) < timedelta(seconds=1)
    assert kept.finished_at is not None
    assert kept.passed


async def test_an_edit_leaves_the_lesson_in_hand_alone(world: World, tmp_path: Path) -> None:
    await stock(world, tmp_path / "a")
    await world.pushes("ana", "enrol:1")
    changed = {
        "one": TWO["one"].replace("A.", "Changed.").replace("[this]", "[other]"),
        "three": "minutes: 5\n---\nC.",
    }
    await stock(world, tmp_path / "b", files=course("git", lessons=changed))
    assert "A." in await world.types("ana", "/learn")
    await world.pushes("ana", "check:1.1")
    told = await world.types("ana", "this")
    assert "That is right" in told
    assert "three" in told
    assert "C." in await world.pushes("ana", "lesson:1")
    assert "You have finished" in await world.pushes("ana", "lesson_done:1.3")


async def test_a_lesson_that_was_taken_out_is_read_to_its_end(world: World, tmp_path: Path) -> None:
    await stock(world, tmp_path / "a")
    await world.pushes("ana", "enrol:1")
    await stock(world, tmp_path / "b", files=course("git", lessons={"two": TWO["two"]}))
    await world.pushes("ana", "check:1.1")
    told = await world.types("ana", "this")
    assert "That is right" in told
    assert "0 of 1" in told


async def test_a_course_that_was_withdrawn_goes_on_for_those_who_are_in_it(
    world: World, tmp_path: Path
) -> None:
    await stock(world, tmp_path)
    await world.pushes("ana", "enrol:1")
    await world.write(lambda tx: catalogue.set_state(tx, 1, catalogue.WITHDRAWN, NOW))
    assert "not offered any more" in await world.pushes("bea", "enrol:1")
    assert "no such course" in await world.pushes("bea", "course:1")
    assert "not offered any more" in await world.pushes("ana", "course:1")
    assert "A." in await world.types("ana", "/learn")


async def test_enrolling_twice_is_once(world: World, tmp_path: Path) -> None:
    await stock(world, tmp_path)
    await world.pushes("ana", "enrol:1")
    assert "already" in await world.pushes("ana", "enrol:1")
    assert len(await world.rows(places)) == 1


@pytest.mark.parametrize(
    "button",
    ["lesson:1", "read:1.1.0", "check:1.1", "lesson_done:1.1", "reveal:1.1", "stuck:1", "note:1.1", "notes:1",
     "leave_course:1", "certificate:1", "lesson_now:1", "snooze:course.1", "drop_note:1", "rate_course:1"],
)  # fmt: skip
async def test_nobody_presses_a_button_of_somebody_else(world: World, tmp_path: Path, button: str) -> None:
    await stock(world, tmp_path)
    await world.pushes("ana", "enrol:1")
    await world.pushes("ana", "note:1.1")
    await world.types("ana", "mine alone")
    before = [tuple(row) for table in (places, progress, course_notes) for row in await world.rows(table)]
    told = await world.pushes("bea", button)
    assert "mine alone" not in told
    assert "A." not in told.split("\n")
    after = [tuple(row) for table in (places, progress, course_notes) for row in await world.rows(table)]
    assert before == after


@pytest.mark.parametrize(
    "button",
    ["lesson:x", "read:1", "read:1.9.9", "check:", "course:", "course:99", "enrol:99", "drip:no", "filter:9",
     "more_courses:", "note:1", "reveal:1.9", "certificate:9", "drop_note:x", "rate_course:99"],
)  # fmt: skip
async def test_an_old_or_broken_button_is_answered_kindly(world: World, tmp_path: Path, button: str) -> None:
    await stock(world, tmp_path)
    told = await world.pushes("ana", button)
    assert told
    assert "Something went wrong" not in told


async def test_one_place_is_given_once_however_many_press(world: World, tmp_path: Path) -> None:
    await stock(world, tmp_path, files=course("git", lessons=TWO, more="capacity: 1\n"))
    await asyncio.gather(*(world.pushes(who, "enrol:1") for who in ("ana", "bea", "lee") for _ in range(4)))
    states = Counter(row.state for row in await world.rows(places))
    assert states == {"active": 1, "waiting": 2}
    (first,) = [row for row in await world.rows(places) if row.state == "active"]
    who = {await world.user(name): name for name in ("ana", "bea", "lee")}
    await world.pushes(who[first.user_id], f"leave_course:{first.id}")
    await world.settle()
    states = Counter(row.state for row in await world.rows(places))
    assert states == {"active": 1, "waiting": 1, "left": 1}
    letters = [row for row in await world.rows(outbox) if row.kind == "course"]
    assert len(letters) == 1


async def test_who_comes_back_goes_on_where_they_left(world: World, tmp_path: Path) -> None:
    await stock(world, tmp_path)
    await world.pushes("ana", "enrol:1")
    await world.pushes("ana", "check:1.1")
    await world.types("ana", "this")
    await world.pushes("ana", "leave_course:1")
    told = await world.pushes("ana", "enrol:1")
    assert "B." in told


async def test_finishing_raises_the_levels_and_nobody_falls_back(world: World, tmp_path: Path) -> None:
    await stock(world, tmp_path, files=course("git", topics="git: 2, sql: 1", lessons={"two": TWO["two"]}))
    ana = await world.user("ana")
    await world.write(lambda tx: users.set_topics(tx, ana, WANTS, (("git", 4), ("sql", None))))
    await world.pushes("ana", "enrol:1")
    told = await world.pushes("ana", "lesson_done:1.1")
    assert "Git 4, SQL 1" in told
    assert await world.read(lambda tx: levels.of(tx, ana)) == {"git": 4, "sql": 1}
    assert await world.read(lambda tx: dict(users.topics_of(tx, ana, WANTS))) == {"git": 4, "sql": 1}


# --- What time brings -------------------------------------------------------------------------------------------


async def test_pictures_follow_their_page_once(store_url: str, tmp_path: Path) -> None:
    told = Told()
    async with open_world(store_url, CAST.format("en"), adapters=[told]) as world:
        await stock(world, tmp_path, files=FILES)
        await world.pushes("ana", "enrol:1")
        await world.types("ana", "/learn")
        await world.settle()
        ((to, _, message),) = told.pushed
        assert to == "ana"
        assert message.attached is not None
        assert (message.attached.name, message.attached.mime) == ("row.png", "image/png")
        assert message.attached.data == PICTURE
        assert message.attached.alt == "A row of commits"


async def test_lessons_of_many_come_at_their_time_and_once(world: World, tmp_path: Path) -> None:
    await stock(world, tmp_path, files=course("git", lessons={"one": TWO["two"], "two": TWO["two"]}))
    for who in ("ana", "bea", "lee"):
        await world.pushes(who, "drip:1")
    for number in (1, 2, 3):
        await world.pushes(("ana", "bea", "lee")[number - 1], f"lesson_done:{number}.1")
    await world.advance(timedelta(hours=23))
    assert not [row for row in await world.rows(outbox) if row.kind == "lesson"]
    await world.advance(timedelta(hours=2))
    await world.advance(timedelta(days=3))
    sent = [row for row in await world.rows(outbox) if row.kind == "lesson"]
    assert Counter(row.user_id for row in sent) == {await world.user(who): 1 for who in ("ana", "bea", "lee")}
    assert all(row.state == "sent" for row in sent)
    for who, number in (("ana", 1), ("bea", 2), ("lee", 3)):
        assert "B." in world.got(who)[-1].text
        assert "You have finished" in await world.pushes(who, f"lesson_done:{number}.2")


async def test_a_week_of_silence_is_noticed_once(world: World, tmp_path: Path) -> None:
    await stock(world, tmp_path)
    await world.pushes("ana", "enrol:1")
    await world.advance(timedelta(days=5))
    await world.types("ana", "/learn")
    await world.advance(timedelta(days=5))
    assert not world.got("ana")
    await world.advance(timedelta(days=30))
    (shown,) = world.got("ana")
    assert "0 of 2" in shown.text
    assert "[Ask a mentor]" in shown.text


async def test_who_finished_or_left_is_not_reminded(world: World, tmp_path: Path) -> None:
    await stock(world, tmp_path)
    for who in ("ana", "bea"):
        await world.pushes(who, "enrol:1")
    await world.pushes("ana", "leave_course:1")
    await world.pushes("bea", "check:2.1")
    await world.types("bea", "this")
    await world.pushes("bea", "lesson:2")
    await world.pushes("bea", "lesson_done:2.2")
    await world.advance(timedelta(days=30))
    assert not world.got("ana")
    assert not world.got("bea")


async def test_a_cohort_begins_and_meets_together(world: World, tmp_path: Path) -> None:
    lee = await world.user("lee")
    more = (
        "starts: 2026-03-09\nends: 2026-04-01\nmentor: console:lee\n"
        "meetings: ['2026-03-10T18:00+00:00', '2026-03-12T18:00+00:00']\n"
    )
    await stock(world, tmp_path, files=course("git", lessons=TWO, more=more))
    told = await world.pushes("ana", "enrol:1")
    assert "begins on" in told
    assert "A." not in told
    assert "With Lee Chan" in await world.pushes("bea", "course:1")
    await world.advance(timedelta(days=14))
    kinds = Counter((row.kind, row.user_id == lee) for row in await world.rows(outbox) if row.state == "sent")
    assert kinds[("course", False)] == 1
    assert kinds[("course", True)] == 1
    assert kinds[("course.meeting.day", False)] == kinds[("course.meeting.day", True)] == 2
    assert kinds[("course.meeting.soon", False)] == kinds[("course.meeting.soon", True)] == 2
    links = {
        found for shown in world.got("ana") for found in re.findall(r"https://meet.jit.si/\S+", shown.text)
    }
    assert len(links) == 1
    assert "A." in await world.types("ana", "/learn")
    world.clock.now += timedelta(days=30)
    assert "is over" in await world.pushes("bea", "enrol:1")


async def test_averages_are_shown_once_a_week(world: World, tmp_path: Path) -> None:
    await stock(world, tmp_path)

    def rate(tx: object) -> None:
        for number in range(5):
            user_id = users.create(tx, NOW, world.app.settings.policy, name=f"u{number}")  # type: ignore[arg-type]
            reviews.rate(tx, 1, user_id, 4, f"words {number}", NOW, shared=number < 2)  # type: ignore[arg-type]

    await world.write(rate)
    assert "stars" not in await world.pushes("ana", "course:1")
    await world.write(reviews.show_averages)
    told = await world.pushes("ana", "course:1")
    assert "4 of 5 stars" in told
    assert "words 1" in told
    assert "words 3" not in told


# --- Certificates -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["en", "zh"])
async def test_a_certificate_comes_as_a_picture_and_to_be_printed(
    store_url: str, tmp_path: Path, locale: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = Told()
    name = "王睿梅" if locale == "zh" else "Ana Ñandú"
    async with open_world(store_url, f'ana mentee UTC {locale} "{name}"', adapters=[told]) as world:
        await stock(world, tmp_path, files=course("git", lessons={"two": TWO["two"]}))
        await world.pushes("ana", "enrol:1")
        done = await world.pushes("ana", "lesson_done:1.1")
        code = re.findall(r"[2-9A-Z]{10}", done)[0]
        await world.pushes("ana", "certificate:1")
        await world.settle()
        picture, document = [message.attached for _, _, message in told.pushed]
        assert picture is not None
        assert document is not None
        image = Image.open(io.BytesIO(picture.data))
        assert (image.format, image.size) == ("PNG", (certificates.WIDTH, certificates.HEIGHT))
        assert name in picture.alt
        assert document.data.startswith(b"%PDF-")
        spaced = f"{code[:4].lower()} {code[4:]}"
        assert name in await world.types("ana", f"/verify {spaced}")
        assert "/verify" in await world.types("ana", "/verify")
        assert name not in await world.types("ana", "/verify ZZZZZZZZZZ")
    settings = ["--set", f"database.url={store_url}", "--set", "encryption.mode=off"]
    assert await asyncio.to_thread(cli.main, [*settings, "verify", code]) == 0
    assert name in capsys.readouterr().out
    assert await asyncio.to_thread(cli.main, [*settings, "verify", "ZZZZZZZZZZ"]) == 1


def test_a_certificate_has_room_for_long_names_and_drops_what_no_font_draws() -> None:
    text, size = certificates.fitted("王" * 400, 84, 1300)
    assert text.endswith("…")
    assert size == certificates.SMALLEST
    assert certificates.letters(size).getlength(text) <= 1300
    assert certificates.written("Ana 🎉 Ruiz") == "Ana Ruiz"


async def test_a_code_is_drawn_anew_for_everybody(world: World, tmp_path: Path) -> None:
    await stock(world, tmp_path, files=course("git", lessons={"two": TWO["two"]}))
    for number, who in enumerate(("ana", "bea"), 1):
        await world.pushes(who, "enrol:1")
        await world.pushes(who, f"lesson_done:{number}.1")
    codes = [row.code for row in await world.rows(places)]
    assert len(set(codes)) == 2
    assert all(re.fullmatch(f"[{enrolments.LETTERS}]{{10}}", str(code)) for code in codes)


# --- Getting help, and what was said ----------------------------------------------------------------------------


async def test_the_mentor_of_a_course_comes_first(store_url: str, tmp_path: Path) -> None:
    cast = "ana mentee UTC en · kim mentor UTC git:5 en · lee mentor UTC git:2 en Lee"
    async with open_world(store_url, cast) as world:
        await stock(world, tmp_path, files=course("git", lessons=TWO, more="mentor: console:lee\n"))
        await world.pushes("ana", "enrol:1")
        told = await world.pushes("ana", "stuck:1")
        assert told.index("Lee") < told.index("Kim")


async def test_nobody_free_keeps_the_request_and_where_they_are_stuck(store_url: str, tmp_path: Path) -> None:
    async with open_world(store_url, "ana mentee UTC en · olga organiser") as world:
        await stock(world, tmp_path, files=FILES)
        await world.pushes("ana", "enrol:1")
        await world.pushes("ana", "check:1.1")
        await world.types("ana", "1")
        told = await world.pushes("ana", "stuck:1")
        assert "Nobody who knows Git is free" in told
        await world.pushes("ana", "first:1")
        (row,) = await world.rows(requests)
        assert row.stuck["lesson"] == "Commits are snapshots"
        assert row.stuck["attempts"] == ["The lines that changed"]


async def test_a_long_option_stands_in_the_question(world: World, tmp_path: Path) -> None:
    long = "A snapshot of every file that Git tracks at that moment and the note who made it"
    check = (
        f"check: {{kind: one, question: What is it, options: [Lines, {long}], answer: [2], explanation: So.}}"
    )
    await stock(world, tmp_path, files=course("git", lessons={"one": f"minutes: 5\n{check}\n---\nA."}))
    await world.pushes("ana", "enrol:1")
    told = await world.pushes("ana", "check:1.1")
    assert "2. A snapshot of every file" in told
    assert "[1] [2]" in told
    assert "That is right" in await world.types("ana", "2")
