"""The claim channel: a request that nobody has taken is put to all mentors at once; whoever presses first has it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.ports import Address, Delivery, Place, Pressed, Refused, Rendered
from bot.richtext import plain
from core import users
from core.store.tables import mentorships, offers, outbox, requests, waits
from core.store.tables import users as people
from tests.world import Told, World, open_world, twin

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
CAST = (
    'ana mentee UTC {0} "Ana Ruiz" goal="leave my job" · lee mentor UTC {0} python:5 "Lee Chan"'
    ' · tom mentor UTC {0} sql "Tom Berg" · mei mentor UTC {0} sql "Mei Lin" · bob mentee UTC "Bob Hale"'
    " · sam stranger · olga organiser"
)
CHANNEL = "T1/C1"
WHERE = "console:T1/C1"


@asynccontextmanager
async def claimable(url: str, locale: str = "en", wait: str = "48h") -> AsyncIterator[World]:
    """Ana has asked for python; Lee, the only one who fits, has declined: it is in the channel now."""
    async with open_world(
        url,
        CAST.format(locale),
        requests__claim_channel=WHERE,
        requests__claim_wait=wait,
        community__locale=locale,
    ) as world:
        await in_channel(world)
        yield world


async def in_channel(world: World) -> None:
    """Ask for python, and let Lee decline."""
    await world.types("ana", "/find python")
    await world.pushes("ana", "first:1")
    await world.settle()
    await world.pushes("lee", "decline:1")
    await world.types("lee", "1")
    await world.settle()


def channel(world: World, *kinds: str) -> list[str]:
    """What the channel shows."""
    return [shown.text for shown in world.got(CHANNEL, *kinds)]


async def pairs(world: World) -> list[tuple[int, int]]:
    """The pairs there are: mentee and mentor."""
    return [(row.mentee_id, row.mentor_id) for row in await world.rows(mentorships)]


ASKS = {
    "en": """Somebody would like help with Python: an ongoing mentorship, this month.
        Whoever presses first is introduced. [I can help]""",
    "zh": "有人希望得到 Python 方面的帮助：长期辅导，这个月内。谁先按下按钮，我就介绍谁。 [我能帮忙]",
}
TOLD = {
    "en": """Still looking for somebody for Python: I have now asked all mentors in their channel,
        without your name. [Withdraw]""",
    "zh": "还在为 Python 找导师：我在导师频道里问了大家，没有提你的名字。 [撤回申请]",
}


@pytest.mark.parametrize("locale", ["en", "zh"])
async def test_the_channel_is_asked_without_a_name_and_the_mentee_is_told(
    store_url: str, locale: str
) -> None:
    async with claimable(store_url, locale) as world:
        (shown,) = channel(world)
        assert shown.split() == ASKS[locale].split()
        (told,) = world.got("ana")
        assert told.text.split() == TOLD[locale].split()
        stored = repr([row.message for row in await world.rows(outbox) if row.kind == "claim"])
        assert "Ana" not in stored
        assert "leave" not in stored
        # Nobody else was written to.
        assert [shown.who for shown in world.screens.shown if shown.kind == "push"] == ["lee", CHANNEL, "ana"]


async def test_where_no_channel_is_configured_every_fitting_mentor_is_asked(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await in_channel(world)
        assert channel(world) == []
        assert {row.kind for row in await world.rows(waits)} == {"request.retry"}
        # A button of a channel that there was once, or never, claims nothing.
        assert "taken care of" in await world.pushes("tom", "claim:1")
        assert await pairs(world) == []


async def test_whoever_presses_is_paired_and_the_channel_says_so(store_url: str) -> None:
    async with claimable(store_url) as world:
        answer = await world.does("tom", Pressed("claim", "1"))
        # In a channel an answer must not take the place of what the others need.
        assert not answer.replace
        assert plain(answer.messages[0].body).startswith("Thank you! Ana Ruiz is told")
        await world.settle()
        assert await pairs(world) == [(await world.user("ana"), await world.user("tom"))]
        assert channel(world, "edited") == ["Help with Python: taken care of. Thank you!"]
        assert "Good news: Tom Berg" in world.got("ana")[-1].text
        assert "You and Ana Ruiz are a pair now" in world.got("tom")[-1].text
        made = {row.mentor_id: (row.step, row.state) for row in await world.rows(offers)}
        assert made[await world.user("tom")] == ("claim", "accepted")
        assert [row.kind for row in await world.rows(waits) if row.kind.startswith("request")] == []
        assert "taken care of already" in await world.pushes("mei", "claim:1")
        assert "You have accepted Ana Ruiz's request already." in await world.pushes("tom", "claim:1")


async def test_a_mentor_who_declined_before_may_think_again(store_url: str) -> None:
    async with claimable(store_url) as world:
        assert "Thank you!" in await world.pushes("lee", "claim:1")
        assert await pairs(world) == [(await world.user("ana"), await world.user("lee"))]
        (offer,) = await world.rows(offers)
        assert offer.state == "accepted"


async def test_withdrawn_the_channel_says_so_and_nobody_can_claim_it(store_url: str) -> None:
    async with claimable(store_url) as world:
        await world.pushes("ana", "withdraw:1")
        await world.settle()
        assert channel(world, "edited") == ["Help with Python: taken care of. Thank you!"]
        assert "taken care of already" in await world.pushes("tom", "claim:1")
        assert await pairs(world) == []


async def test_withdrawn_before_it_was_sent_the_channel_hears_nothing(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en"), requests__claim_channel=WHERE) as world:
        await world.types("bob", "/find python")
        await world.pushes("bob", "first:1")
        await world.settle()
        await world.pushes("lee", "decline:1")
        await world.types("lee", "1")
        await world.pushes("bob", "withdraw:1")
        await world.settle()
        assert channel(world, "push", "edited") == []


async def test_after_two_days_the_organiser_looks_after_it_and_it_can_still_be_claimed(
    store_url: str,
) -> None:
    async with claimable(store_url) as world:
        await world.advance(2 * DAY - HOUR)
        assert world.got("olga") == []
        await world.advance(2 * HOUR)
        assert "Ana Ruiz found no mentor for Python" in world.got("olga")[-1].text
        assert "an organiser now looks after your request" in world.got("ana")[-1].text
        # Looked at again every day, it is not asked twice in the channel.
        await world.advance(3 * DAY)
        assert len(channel(world, "push", "edited")) == 1
        assert "Thank you!" in await world.pushes("tom", "claim:1")
        assert len(await pairs(world)) == 1


async def test_the_wait_is_the_one_of_the_settings_and_survives_a_stop(store_url: str) -> None:
    async with claimable(store_url, wait="3h") as world:
        await world.restart()
        await world.advance(2 * HOUR)
        assert world.got("olga") == []
        await world.advance(HOUR + timedelta(minutes=1))
        assert len(world.got("olga")) == 1


async def test_where_nobody_fits_the_channel_is_asked_at_once(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en"), requests__claim_channel=WHERE) as world:
        await world.types("ana", "/find haskell")
        answer = await world.pushes("ana", "first:1")
        assert "so I have asked all mentors in their channel, without your name" in answer
        await world.settle()
        assert len(channel(world)) == 1
        assert world.got("olga") == []
        assert "every mentor who fits can take it" in await world.types("ana", "/requests")


async def test_two_who_press_at_once_make_one_pair_and_the_second_is_told_kindly(store_url: str) -> None:
    async with claimable(store_url) as world, twin(world, CAST.format("en")) as other:
        answers = await asyncio.gather(
            world.pushes("tom", "claim:1"), other.pushes("mei", "claim:1"), world.pushes("lee", "claim:1")
        )
        assert sorted(answer.partition("!")[0].partition(".")[0] for answer in answers) == [
            "Thank you",
            "This request is taken care of already",
            "This request is taken care of already",
        ]
        assert len(await pairs(world)) == 1
        assert [row.state for row in await world.rows(offers)].count("accepted") == 1


async def test_claimed_and_withdrawn_at_the_same_moment_is_one_of_the_two(store_url: str) -> None:
    async with claimable(store_url) as world, twin(world, CAST.format("en")) as other:
        await asyncio.gather(world.pushes("tom", "claim:1"), other.pushes("ana", "withdraw:1"))
        (request,) = await world.rows(requests)
        assert len(await pairs(world)) == (request.state == "matched")


NOT_NOW = [
    ("mentor", False, "Only mentors can take requests", "只有导师才能接下申请"),
    ("state", "waiting", "The organisers look at new mentors first", "新导师要先由组织者看一看"),
    ("stopped", True, "You take no requests at the moment", "你现在不接收申请"),
    ("budget_hours", 0.0, "You have no hours left this month", "你这个月的时间已经排满了"),
]


@pytest.mark.parametrize(("column", "value", "en", "zh"), NOT_NOW, ids=[row[0] for row in NOT_NOW])
@pytest.mark.parametrize("locale", ["en", "zh"])
async def test_who_may_not_take_it_is_told_why(
    sqlite_store_url: str, column: str, value: object, en: str, zh: str, locale: str
) -> None:
    async with claimable(sqlite_store_url, locale) as world:
        tom = await world.user("tom")
        change = update(people).where(people.c.id == tom).values({column: value})
        await world.write(lambda tx: tx.execute(change))
        assert {"en": en, "zh": zh}[locale] in await world.pushes("tom", "claim:1")
        assert await pairs(world) == []
        assert len(await world.rows(offers)) == 1


async def test_who_pauses_comes_back_with_a_press_and_takes_it(store_url: str) -> None:
    async with claimable(store_url) as world:
        await world.types("tom", "/pause 2 weeks")
        assert "Come back first" in await world.pushes("tom", "claim:1")
        await world.pushes("tom", "resume")
        assert "Thank you!" in await world.pushes("tom", "claim:1")


@pytest.mark.parametrize(("blocker", "blocked"), [("ana", "tom"), ("tom", "ana")])
async def test_who_was_blocked_cannot_take_it_and_is_not_told_so(
    store_url: str, blocker: str, blocked: str
) -> None:
    async with claimable(store_url) as world:
        one, other, now = await world.user(blocker), await world.user(blocked), world.clock()
        await world.write(lambda tx: users.block(tx, one, other, now))
        refused = await world.pushes("tom", "claim:1")
        assert await pairs(world) == []
        await world.pushes("mei", "claim:1")
        assert await world.pushes("tom", "claim:1") == refused


async def test_ones_own_request_a_stranger_and_a_mentee_without_a_mentors_role(store_url: str) -> None:
    async with claimable(store_url) as world:
        assert await world.pushes("ana", "claim:1") == "That is your own request."
        assert "Only mentors" in await world.pushes("bob", "claim:1")
        assert "sign up as a mentor first" in await world.pushes("sam", "claim:1")
        for arg in ("", "2", "-1", "x", "1.1"):
            assert "taken care of already" in await world.pushes("tom", f"claim:{arg}")
        assert await pairs(world) == []


async def test_a_request_that_was_never_in_the_channel_cannot_be_claimed(store_url: str) -> None:
    async with claimable(store_url) as world:
        await world.types("bob", "/find sql")
        await world.pushes("bob", "first:2")
        await world.settle()
        answer = await world.pushes("lee", "claim:2")
        assert "taken care of" in answer
        assert "Bob" not in answer
        assert await pairs(world) == []


class Shut(Told):
    """A platform that lets nobody write into its channel."""

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Refuse the channel."""
        return Refused("not_in_channel") if to.id == CHANNEL else await super().push(to, message, once)


@pytest.mark.parametrize("more", ["", ' · dan mentor UTC sql "Dan Roe"'], ids=["nobody left", "one left"])
async def test_a_channel_that_cannot_be_reached_holds_nothing_up(store_url: str, more: str) -> None:
    shut = Shut()
    async with open_world(
        store_url, CAST.format("en") + more, adapters=[shut], requests__claim_channel=WHERE
    ) as world:
        await world.types("ana", "/find python, sql")
        await world.pushes("ana", "first:1")
        await world.settle()
        await world.advance(2 * DAY + HOUR)
        assert [row.kind for row in await world.rows(outbox) if row.state == "dead"] == ["claim"]
        assert "request.claim" not in {row.kind for row in await world.rows(waits)}
        told = [plain(message.body) for to, _, message in shut.pushed if to == "ana"]
        steps = [row.step for row in await world.rows(offers)]
        if more:
            assert steps == ["first", "next", "next", "claim"]
            assert "every mentor who fits can now take your request" in told[-1]
        else:
            assert steps == ["first", "next", "next"]
            assert "an organiser now looks after your request" in told[-1]
