"""Links that open the bot: a room for its member only, an invitation for who is new, each once."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.dialogs import links, signup
from bot.ports import Address, Said, Started
from core import mentorships, tokens, users
from core.store.tables import addresses
from core.store.tables import tokens as table
from tests.world import World, asked, match, open_world, read

CAST = 'ana mentee UTC en "Ana Ruiz" · lee mentor UTC python "Lee Chan" · tom mentor UTC sql "Tom"'
RNG = random.Random(7)


async def code_for(world: World, handle: str) -> str:
    """Make the code of a link into the room of Ana and Lee."""
    user_id, now = await world.user(handle), world.clock()

    def issue(tx: Connection) -> str:
        pair = mentorships.get(tx, 1)
        assert pair is not None
        return links.room_code(tx, pair, user_id, now, RNG)

    return await world.write(issue)


async def opens(world: World, handle: str, code: str) -> str:
    return read(await world.does(handle, Started(code)))


async def rooms(world: World) -> dict[str, int]:
    """Whose words go to which room."""
    return {row.id: row.room_id for row in await world.rows(addresses) if row.room_id is not None}


async def test_a_link_opens_the_room_of_its_member_once(store_url: str) -> None:
    async with open_world(store_url, CAST) as world:
        await match(world)
        code = await code_for(world, "lee")
        assert code not in str(await world.rows(table))
        for other in ("ana", "tom"):
            assert "used already, or is too old" in await opens(world, other, code)
        assert "not valid any more" in await opens(world, "newcomer", code)
        assert await rooms(world) == {}
        assert "goes to Ana Ruiz" in await opens(world, "lee", f" {code.upper()} ")
        assert await rooms(world) == {"lee": 1}
        assert "Passed on to Ana Ruiz" in read(await world.does("lee", Said("hello")))
        assert await world.rows(table) == []
        assert "used already, or is too old" in await opens(world, "lee", code)


async def test_it_opens_the_room_where_it_is_followed_and_nowhere_else(store_url: str) -> None:
    async with open_world(store_url, CAST) as world:
        await match(world)
        lee, now = await world.user("lee"), world.clock()
        there = Address("telegram", "7/102")

        def second(tx: Connection) -> None:
            users.meet(tx, there, now, "Lee", None, None, alone=True)
            users.claim(tx, there, lee)

        await world.write(second)
        event = world.incoming("lee", Started(await code_for(world, "lee")))
        answer = await world.app.router.handle(type(event)(event.id, there, event.event))
        assert "goes to Ana Ruiz" in read(answer)
        assert await rooms(world) == {"7/102": 1}


async def test_it_runs_out_and_a_closed_room_stays_closed(store_url: str) -> None:
    async with open_world(store_url, CAST) as world:
        await match(world)
        old = await code_for(world, "lee")
        world.clock.now += links.GOOD_FOR
        assert "used already, or is too old" in await opens(world, "lee", old)
        code = await code_for(world, "lee")
        await world.write(lambda tx: mentorships.end(tx, 1, "done", world.clock()))
        assert "closed" in await opens(world, "lee", code)
        assert await rooms(world) == {}


async def test_only_the_two_of_a_pair_get_one(store_url: str) -> None:
    async with open_world(store_url, CAST) as world:
        await match(world)
        with pytest.raises(ValueError, match=str(await world.user("tom"))):
            await code_for(world, "tom")
        assert await world.rows(table) == []


async def test_an_invitation_in_the_hands_of_somebody_signed_up_is_not_used_up(store_url: str) -> None:
    async with open_world(store_url, CAST) as world:
        tom, until = await world.user("tom"), world.clock() + timedelta(days=1)
        code = await world.write(lambda tx: tokens.issue(tx, signup.INVITATION, tom, until, RNG))
        assert "You are signed up already, Ana Ruiz." in await opens(world, "ana", code)
        assert len(await world.rows(table)) == 1
        assert "too old" not in await opens(world, "ana", "")
        assert asked(await world.does("newcomer", Started(code))) != []
