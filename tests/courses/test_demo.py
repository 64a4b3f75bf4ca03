"""The courses that come with the program, and the demo's community that has learned with them."""

from bot.stage import community, shelf
from core.courses import catalogue, folder
from core.store.tables import course_ratings, enrolments
from tests.courses.shelf import TOPICS
from tests.world import open_world


def test_the_courses_that_come_with_the_program_are_sound() -> None:
    drafts, faults = folder.read(shelf.home(), TOPICS)
    assert list(map(str, faults)) == []
    assert len(drafts) >= 6
    assert all({"en", "zh"} <= set(draft.texts) for draft in drafts)


async def test_the_demos_people_have_taken_finished_and_rated_them(sqlite_store_url: str) -> None:
    async with open_world(sqlite_store_url, "zoe stranger") as world:
        cast = community.community(1)
        await community.seat(world.app, cast, world.clock.now)
        slugs = await shelf.stock(world.app)
        await shelf.take(world.app, cast, world.clock.now, 1)
        places = await world.rows(enrolments)
        states = {row.state for row in places}
        assert {"active", "done"} <= states
        assert len(await world.rows(course_ratings)) > 2 * len(slugs)
        known = await world.read(catalogue.every)
        assert any(course.shown_stars for course in known)
        ana = await world.user("ana")
        assert not [row for row in places if row.user_id == ana]
        told = await world.types("ana", "/courses")
        assert "stars" in told
        assert told.count("level") == 5
