"""What is chosen from Discord's menus, from the frame as it comes to what people are told."""

from typing import Any

from sqlalchemy import insert

from bot.adapters.discord.parse import parse
from bot.adapters.discord.surface import Heard
from bot.ports import Answer, Ref
from core.store.tables import addresses, deliveries, outbox, reports
from tests.platforms.test_discord_parse import ANA, BOT, DM, LEE, LEES, SELF, TEXT, USER, interaction
from tests.world import World, asked, match, open_world, read, run_of

CAST = 'ana mentee UTC en "Ana Ruiz" · lee mentor UTC en python "Lee Chan" · olga organiser'
STRANGER = {"id": "80351110224678913", "username": "tom", "global_name": "Tom", "discriminator": "0"}
Json = dict[str, Any]


async def join(world: World) -> None:
    """Let Ana and Lee have an account on Discord as well."""
    for who, number in (("ana", ANA), ("lee", LEE)):
        row = {"platform": "discord", "id": number, "user_id": await world.user(who), "name": who}
        more = {"reachable": True, "preferred": False, "created_at": world.clock.now}
        await world.write(lambda tx, row=row, more=more: tx.execute(insert(addresses).values(**row, **more)))  # type: ignore[misc]


async def chosen(world: World, raw: Json) -> Answer:
    """Let the program handle what came."""
    signal = parse(raw, BOT)
    assert isinstance(signal, Heard)
    return await world.app.router.handle(signal.incoming)


def on_person(person: Json, **more: Any) -> Json:
    data = {"id": "7", "name": "Ask to mentor me", "type": 2, "target_id": person["id"]}
    return interaction(2, {**data, "resolved": {"users": {person["id"]: person}, "members": {}}}, **more)


def on_message(message: Json, **more: Any) -> Json:
    data = {"id": "8", "name": "Report", "type": 3, "target_id": message["id"]}
    return interaction(2, {**data, "resolved": {"messages": {message["id"]: message}}}, **more)


async def test_a_mentor_on_whom_the_menu_is_used_is_asked_for(store_url: str) -> None:
    async with open_world(store_url, CAST) as world:
        await join(world)
        answer = await chosen(world, on_person(LEES))
        assert asked(answer) == ["topics", "goal", "format", "urgency"]
        assert "Your request goes to Lee Chan alone" in read(answer)
        for person, words in ((STRANGER, "They are not a mentor here."), (USER, "That is you.")):
            assert read(await chosen(world, on_person(person, id=person["id"]))).startswith(words)


async def test_a_message_that_is_reported_from_the_menu_goes_to_the_organisers(store_url: str) -> None:
    async with open_world(store_url, CAST) as world:
        await join(world)
        rude = {**TEXT, "author": LEES, "content": "You are stupid.", "channel_id": "645027906669510667"}
        answer = await chosen(world, on_message(rude))
        assert asked(answer) == ["words"]
        await fill(world, answer)
        (row,) = await world.rows(reports)
        assert (row.about_id, row.body["quoted"]) == (await world.user("lee"), "You are stupid.")
        assert "by Lee Chan" in world.got("olga")[-1].text


async def test_what_the_bot_passed_on_is_reported_as_its_authors(store_url: str) -> None:
    async with open_world(store_url, CAST) as world:
        await join(world)
        await match(world)
        await world.types("lee", "/talk")
        await world.types("lee", "You are stupid.")
        await world.settle()
        passed = (await world.rows(outbox))[-1]
        ref = Ref("discord", ANA, f"{DM}/1400")
        sent = {"outbox_id": passed.id, "platform": ref.platform, "address": ref.chat, "ref": ref.id}
        await world.write(lambda tx: tx.execute(insert(deliveries).values(**sent, sent_at=world.clock.now)))
        shown = {**TEXT, "id": "1400", "author": SELF, "content": "", "flags": 32768}
        shown["components"] = [{"type": 10, "id": 1, "content": "**Lee Chan**: You are stupid."}]
        answer = await chosen(world, on_message(shown, server=False))
        assert "with Lee Chan" in read(answer)
        await fill(world, answer)
        (row,) = await world.rows(reports)
        assert row.about_id == await world.user("lee")
        assert "You are stupid." in row.body["quoted"]


async def fill(world: World, answer: Answer) -> None:
    """Say what happened, in the form that was opened on Discord."""
    field = {"type": 18, "component": {"type": 4, "custom_id": "words", "value": "It was rude."}}
    data = {"custom_id": f"form:{run_of(answer)}", "components": [field]}
    raw = interaction(5, data, id="786008729715212339")
    assert "The organisers have it" in read(await chosen(world, raw))
    await world.settle()


async def test_the_same_event_twice_opens_one_form(store_url: str) -> None:
    async with open_world(store_url, CAST) as world:
        await join(world)
        first, second = [await chosen(world, on_person(LEES)) for _ in range(2)]
        assert (run_of(first), asked(first)) == (run_of(second), asked(second))
