"""The organiser's page: what was not delivered, what came too late to be sent, and what was not handled."""

from datetime import timedelta

import pytest

from bot.outbox import box
from bot.outbox.box import Letter
from bot.ports import Said
from bot.program import program
from bot.turn import Message
from core import waits
from core.store.tables import dead_events, outbox
from tests.world import World, at, open_world

CAST = 'ana mentee UTC {0} "Ana Ruiz" · lee mentor UTC python "Lee Chan" · olga organiser'
LATE = {"en": "session.soon to Ana Ruiz, Mon 2 Mar, 10:00: came too late", "zh": "已经过时，没有发出"}


async def too_late(world: World, count: int = 1) -> None:
    """Put reminders to Ana, and let the program be away while they would have been of use."""
    ana, now = await world.user("ana"), world.clock.now
    await world.write(
        lambda tx: box.put(
            tx,
            now,
            *(
                Letter("session.soon", ana, Message("session.past"), f"late {number}")
                for number in range(count)
            ),
        )
    )
    world.clock.now += timedelta(hours=1)
    await world.settle()


@pytest.mark.parametrize("locale", ["en", "zh"])
async def test_what_came_too_late_is_listed_and_cannot_be_sent_again(store_url: str, locale: str) -> None:
    async with open_world(store_url, CAST.format("en"), community__locale=locale) as world:
        await too_late(world)
        page = await world.types("olga", "/organiser")
        assert LATE[locale] in page
        assert "session.soon" in page
        assert page.count("[") == 1
        assert {"en": "One message came too late to be sent.", "zh": "有 1 条消息已经过时"}[locale] in page
        assert "Nothing needs you" in page or locale == "zh"
        (row,) = await world.rows(outbox)
        await world.pushes("olga", f"requeue:{row.id}")
        assert [one.state for one in await world.rows(outbox)] == ["expired"]


async def test_what_can_be_sent_again_comes_first_and_has_its_button(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await too_late(world)
        await world.write(
            lambda tx: box.put(
                tx, world.clock(), Letter("room.trouble", at("x"), Message("session.past"), "dead")
            )
        )
        await world.write(
            lambda tx: tx.execute(outbox.update().where(outbox.c.once == "dead").values(state="dead"))
        )
        _, first, second, courses = (await world.types("olga", "/organiser")).split("\n")
        assert courses == "[Courses]"
        assert first.endswith("not delivered [Send again]")
        assert second.endswith("came too late")


async def test_it_shows_the_latest_and_forgets_what_is_long_over(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await too_late(world, 25)
        page = await world.types("olga", "/organiser")
        assert "25 messages came too late" in page
        assert page.count("came too late") == 21
        await world.advance(timedelta(days=15))
        assert "too late" not in await world.types("olga", "/organiser")


DEAD = {
    "en": [
        "One message could not be handled; the log has it.",
        "2 messages could not be handled; the log has them.",
    ],
    "zh": ["有 1 条消息没能处理，详情在日志里。", "有 2 条消息没能处理，详情在日志里。"],
}


@pytest.mark.parametrize("locale", ["en", "zh"])
async def test_what_could_not_be_handled_is_counted_and_forgotten_in_time(
    store_url: str, locale: str
) -> None:
    async with open_world(store_url, CAST.format("en"), community__locale=locale) as world:
        offered = program(world.app.router, world.app.world)
        first = world.incoming("ana", Said("my secret wish"))
        for said in DEAD[locale]:
            assert said not in await world.types("olga", "/organiser")
            await offered.bury(first)
            await offered.bury(first)
            assert said in await world.types("olga", "/organiser")
            first = world.incoming("ana", Said("another"))
        rows = await world.rows(dead_events)
        assert [(row.platform, row.address) for row in rows] == [("console", "ana")] * 2
        assert "secret" not in str(rows)
        await world.write(lambda tx: waits.put(tx, "tidy", "all", world.clock()))
        await world.advance(timedelta(days=15))
        assert await world.rows(dead_events) == []
        assert DEAD[locale][1] not in await world.types("olga", "/organiser")
