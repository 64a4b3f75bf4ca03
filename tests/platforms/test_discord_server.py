import asyncio
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import discord
import pytest
from discord.http import Route

from tests.platforms.discord_app import FIND, QUIET, Client, World, refused, said, world
from tests.platforms.discord_core import API
from tests.platforms.discord_limits import EPHEMERAL, Refused, check_commands, check_message, check_modal
from tests.platforms.discord_server import (
    CALLBACK,
    COMMANDS,
    DELETE,
    DM,
    EDIT,
    FOLLOWUP,
    MEMBER,
    MESSAGE,
    ORIGINAL,
    SILENCE,
    THREAD,
    ClientRefuses,
    DiscordServer,
    Json,
    cloudflare,
    global_limit,
    refusal,
    shown,
)
from tests.platforms.kit import Refuse429, Reset, Status

__all__ = ["world"]

FREQUENT = {MESSAGE, EDIT, DELETE, DM, CALLBACK, FOLLOWUP, ORIGINAL, COMMANDS, THREAD, MEMBER}

MODAL = {
    "custom_id": "form:7",
    "title": "About you",
    "components": [
        {"type": 10, "content": "Two minutes."},
        {"type": 18, "label": "Name", "component": {"type": 4, "custom_id": "name", "style": 1, "value": "Ana"}},
        {"type": 18, "label": "Role", "component": {"type": 21, "custom_id": "role", "options": [
            {"label": "Mentor", "value": "mentor"}, {"label": "Mentee", "value": "mentee"}]}},
        {"type": 18, "label": "Topics", "component": {"type": 22, "custom_id": "topics", "options": [
            {"label": "Rust", "value": "rust"}, {"label": "SQL", "value": "sql"}]}},
        {"type": 18, "label": "CV", "component": {"type": 19, "custom_id": "cv", "required": False}},
    ],
}  # fmt: skip


# --- Commands, answers, forms -------------------------------------------------------------------------------------


async def test_a_command_is_answered_for_the_person_alone(world: World) -> None:
    world.answers(4, said("Hola **Ana**", ("Yes", "yes:1"), flags=EPHEMERAL))
    ack = await world.ana.slash("find", {"words": "rust"}, command="mentora")
    assert (ack.ok, ack.kind, ack.why) == (True, 4, "")
    assert [(m.text, m.words, m.labels) for m in world.ana.ephemerals] == [
        ("Hola **Ana**", "Hola Ana", ["Yes"])
    ]
    (told,) = world.client.told("INTERACTION_CREATE")
    assert told["data"]["options"][0]["options"] == [{"name": "words", "type": 3, "value": "rust"}]
    assert (told["guild_id"], told["member"]["user"]["id"], told["locale"]) == ("5001", "101", "es-ES")
    assert not world.server.violations
    assert not world.ana.errors


async def test_a_command_may_be_used_in_the_conversation_and_pressed_on(world: World) -> None:
    ana = world.ana
    world.answers(4, said("Well?", ("Yes", "yes:1")))
    ack = await ana.slash("help", where=ana.dm)
    assert [message.text for message in ana.received] == ["Well?"]
    world.answers(7, said("Done."))
    assert ack.message is not None
    await ana.press(ack.message, "Yes")
    assert [(message.text, len(message.versions)) for message in ana.received] == [("Done.", 1)]
    pressed = world.client.told("INTERACTION_CREATE")[-1]
    assert (pressed["type"], pressed["data"]["custom_id"], pressed["context"]) == (3, "yes:1", 1)
    assert (pressed["user"]["id"], pressed["message"]["id"]) == ("101", ack.message.id)
    await ana.press(ack.message, "yes:1", version=0)
    with pytest.raises(ClientRefuses):
        await ana.slash("find", {"wrods": "rust"})
    with pytest.raises(LookupError):
        await ana.press(ack.message, "Yes")
    assert not world.server.violations


async def test_typing_into_an_option_offers_choices(world: World) -> None:
    world.answers(8, {"choices": [{"name": "Python", "value": "python"}]})
    assert await world.ana.autocomplete("find", "words", "py") == [{"name": "Python", "value": "python"}]
    (told,) = world.client.told("INTERACTION_CREATE")
    assert told["data"]["options"][0]["options"][0]["focused"]
    world.answers(8, {"choices": [{"name": str(n), "value": str(n)} for n in range(26)]})
    assert not (await world.ana.slash("help", timeout=0.1)).ok
    assert "type 8 to an interaction of type 2" in world.server.violations[0]


async def test_a_modal_is_filled_and_sent_as_the_client_does(world: World) -> None:
    ana = world.ana
    world.answers(9, MODAL)
    await ana.slash("help")
    assert ana.modal is not None
    assert (ana.modal.title, list(ana.modal.fields)) == ("About you", ["name", "role", "topics", "cv"])
    with pytest.raises(ClientRefuses, match="role is required"):
        await ana.submit({"Topics": ["SQL"]})
    await ana.fill({"role": "Mentee", "cv": [("a.pdf", b"%PDF")]})
    world.answers(4, said("Thank you.", flags=EPHEMERAL))
    ack = await ana.submit()
    assert (ack.ok, ana.ephemerals[-1].text) == (True, "Thank you.")
    assert not ana.modal
    data = world.client.told("INTERACTION_CREATE")[-1]["data"]
    answers = [each["component"] for each in data["components"] if each["type"] == 18]
    assert [each.get("value", each.get("values")) for each in answers[:3]] == ["Ana", "mentee", ["sql"]]
    (file,) = data["resolved"]["attachments"].values()
    assert (answers[3]["values"], file["filename"], file["size"]) == ([file["id"]], "a.pdf", 4)
    assert await world.client.http.get_from_cdn(file["url"]) == b"%PDF"
    assert not world.server.violations


async def test_a_modal_cannot_answer_a_modal_and_stays_open_unanswered(world: World) -> None:
    world.answers(9, MODAL)
    await world.ana.slash("help")
    ack = await world.ana.submit({"role": "mentor", "topics": ["rust"]}, timeout=0.1)
    assert (ack.ok, ack.why, world.ana.errors) == (False, "timeout", [SILENCE])
    assert world.ana.modal
    world.ana.dismiss()
    with pytest.raises(ClientRefuses):
        await world.ana.submit()
    assert "type 9 to an interaction of type 5" in world.server.violations[0]


async def test_menus_carry_the_person_or_the_message(world: World) -> None:
    lee = world.guild.person("102", name="Lee")
    world.answers(4, said("Asked.", flags=EPHEMERAL))
    assert (await world.ana.user_menu("Ask to mentor me", lee)).ok
    message = await lee.say("rude words", where=world.guild.channel("general"))
    assert (await world.ana.message_menu("Report", message)).ok
    person, reported = world.client.told("INTERACTION_CREATE")
    assert person["data"]["resolved"]["users"]["102"]["global_name"] == "Lee"
    assert reported["data"]["resolved"]["messages"][message.id]["content"] == "rude words"
    assert world.client.told("MESSAGE_CREATE") == []  # the bot does not read servers


async def test_an_interaction_takes_one_answer_and_in_time(world: World) -> None:
    codes: list[int] = []

    async def twice(client: Client, interaction: Json) -> None:
        await client.reply(interaction, 4, said("one", flags=EPHEMERAL))
        codes.append(await refused(client.reply(interaction, 4, said("two"))))

    world.client.answer = twice
    await world.ana.slash("help")
    await world.server.until(lambda: world.server.violations)
    world.client.answer = None
    ack = await world.ana.slash("help", timeout=0.01)
    assert ack.why == "timeout"
    world.server.age(ack.interaction, 3)
    told = world.client.told("INTERACTION_CREATE")[-1]
    codes.append(await refused(world.client.reply(told, 4, said("late"))))
    assert codes == [40060, 10062]
    assert [message.text for message in world.ana.ephemerals] == ["one"]


async def test_what_follows_lives_fifteen_minutes(world: World) -> None:
    world.answers(5, {"flags": EPHEMERAL})
    ack = await world.ana.slash("help")
    assert (ack.kind, world.ana.ephemerals) == (5, [])
    hook = f"/webhooks/{world.server.app_id}/{ack.interaction.token}"
    await world.client.call("patch", f"{hook}/messages/@original", said("Found."))
    await world.client.call("post", hook, said("And more.", flags=EPHEMERAL))
    assert [message.text for message in world.ana.ephemerals] == ["Found.", "And more."]
    await world.client.call("delete", f"{hook}/messages/@original")
    assert [message.text for message in world.ana.ephemerals] == ["And more."]
    world.server.age(ack.interaction, 901)
    assert await refused(world.client.call("post", hook, said("Too late."))) == 50027
    assert not world.server.violations


# --- Messages -----------------------------------------------------------------------------------------------------


async def test_messages_go_both_ways(world: World) -> None:
    ana = world.ana
    messages = await world.dm()
    made = await world.client.call("post", messages, said(r"1 \* 2 `a*b` <t:0:F>"))
    await world.client.call("patch", f"{messages}/{made['id']}", said("changed"))
    assert [(m.text, m.ref) for m in ana.received] == [("changed", f"{ana.dm.id}/{made['id']}")]
    mine = await ana.say("hi", reply_to=ana.received[0], files=[("cv.pdf", b"%PDF")])
    await ana.edit(mine, "hello")
    await ana.delete(mine)
    await world.server.until(lambda: world.client.told("MESSAGE_DELETE"))
    heard = next(each for each in world.client.told("MESSAGE_CREATE") if each["author"]["id"] == "101")
    assert (heard["content"], heard["attachments"][0]["filename"]) == ("hi", "cv.pdf")
    assert heard["referenced_message"]["id"] == made["id"]
    assert world.client.told("MESSAGE_UPDATE")[-1]["content"] == "hello"
    await world.client.call("delete", f"{messages}/{made['id']}")
    assert ana.messages == []
    assert not world.server.violations


async def test_files_are_sent_and_shown(world: World) -> None:
    messages = await world.dm()
    body = said("A chart")
    body["components"].append(
        {"type": 12, "items": [{"media": {"url": "attachment://c.png"}, "description": "Up"}]}
    )
    body["attachments"] = [{"id": 0, "filename": "c.png", "description": "Up"}]
    form: list[Json] = [
        {"name": "payload_json", "value": json.dumps(body)},
        {"name": "files[0]", "value": b"\x89PNG", "filename": "c.png", "content_type": "image/png"},
    ]
    await world.client.http.request(Route("POST", messages), form=form)
    (message,) = world.ana.received
    assert [(file.name, file.data, file.description) for file in message.files] == [
        ("c.png", b"\x89PNG", "Up")
    ]
    assert message.components[1]["items"][0]["media"]["url"] == message.files[0].url
    body["components"].pop()
    form[0]["value"] = json.dumps(body)
    await world.client.http.request(Route("POST", messages), form=form)
    assert world.server.violations == [f"post {messages}: files that no component shows: ['c.png']"]


async def test_a_nonce_gives_the_same_message_for_two_minutes(world: World) -> None:
    messages = await world.dm()
    body = {**said("once"), "nonce": "n" * 25, "enforce_nonce": True}
    first = await world.client.call("post", messages, body)
    assert (await world.client.call("post", messages, body))["id"] == first["id"]
    assert len(world.ana.received) == 1
    world.server.nonce_seconds = 0
    assert (await world.client.call("post", messages, body))["id"] != first["id"]
    assert await refused(world.client.call("post", messages, {**body, "nonce": "n" * 26})) == 50035


async def test_closed_conversations_refuse(world: World) -> None:
    messages = await world.dm()
    world.ana.close_dms()
    assert await refused(world.client.call("post", messages, said("x"))) == 50007
    world.ana.open_dms()
    world.ana.leave(world.guild.place)
    assert await refused(world.client.call("post", messages, said("x"))) == 50278
    world.server.dm_opens = (1, 60)
    await world.dm(world.guild.person("102"))
    assert await refused(world.dm(world.guild.person("103"))) == 40003
    assert not world.server.violations
    assert world.server.invalid == 3


async def test_a_private_thread_is_seen_by_its_members(world: World) -> None:
    lee, tom = world.guild.person("102"), world.guild.person("103")
    private = world.guild.channel("mentors", world.ana, lee)
    said_so = {"name": "Ana and Lee", "type": 12, "invitable": False, "auto_archive_duration": 10_080}
    made = await world.client.call("post", f"/channels/{private.id}/threads", said_so)
    for person in (world.ana, lee):
        await world.client.call("put", f"/channels/{made['id']}/thread-members/{person.id}")
    assert await refused(world.client.call("put", f"/channels/{made['id']}/thread-members/{tom.id}")) == 50001
    hello = {**said("<@101> and <@102>"), "allowed_mentions": {"parse": [], "users": ["101"]}}
    await world.client.call("post", f"/channels/{made['id']}/messages", hello)
    assert [[thread.name for thread in each.threads] for each in (world.ana, tom)] == [["Ana and Lee"], []]
    assert [(fired.kind, fired.text, fired.pings) for fired in world.server.fired] == [
        ("user", "<@101>", True), ("user", "<@102>", False),
    ]  # fmt: skip
    world.guild.place.granted &= ~(1 << 36)
    assert await refused(world.client.call("post", f"/channels/{private.id}/threads", said_so)) == 50013
    assert not world.server.violations


async def test_what_discord_would_not_take_is_refused_and_noted(world: World) -> None:
    messages = await world.dm()
    call, server = world.client.call, world.server
    assert await refused(call("post", messages, {"content": "x"})) == 50035
    assert await refused(call("post", messages, {**said("x"), "colour": 1})) == 50035
    assert await refused(call("post", messages, said("x" * 4_001))) == 50035
    assert await refused(call("get", "/channels/1/webhooks")) == 0
    assert await refused(call("get", f"/channels/{server.snowflake()}")) == 10003
    words = ("allowed_mentions", "colour", "content of 1 to 4000", "no such route")
    assert all(word in found for word, found in zip(words, server.violations, strict=True))
    world.client.http.token = "another"
    with pytest.raises(discord.HTTPException) as error:
        await call("get", "/users/@me")
    assert error.value.status == 401


# --- Limits by themselves -----------------------------------------------------------------------------------------


def _row(*buttons: Json) -> Json:
    return {**said("x"), "components": [{"type": 1, "components": list(buttons)}]}


def _button(number: int = 0, **more: Any) -> Json:
    return {"type": 2, "style": 1, "label": "x", "custom_id": str(number), **more}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({**said("x"), "content": "x"}, "content beside"),
        ({**said("x"), "embeds": [{}]}, "embeds"),
        (_row(*map(_button, range(6))), "a row of 6"),
        (_row(_button(), _button()), "custom_id used twice"),
        (_row(_button(label="x" * 81)), "label"),
        (_row(_button(custom_id="x" * 101)), "custom_id"),
        ({**said("x"), "components": [{"type": 10, "content": "x"}] * 41}, "41 components"),
        ({**said("x"), "components": []}, "empty"),
        ({"content": "x" * 2_001, "allowed_mentions": QUIET}, "2001 characters"),
        ({**said("x"), "allowed_mentions": {"parse": ["users"]}}, "allowed_mentions"),
    ],
)
def test_a_message_has_limits(body: Json, why: str) -> None:
    with pytest.raises(Refused, match=why):
        check_message(body)


def test_what_fits_is_taken() -> None:
    assert check_message(_row(*map(_button, range(5)))) == ""
    assert check_message({**said("x"), "components": [{"type": 10, "content": "x"}] * 40}).count("x") == 40
    check_modal(MODAL)
    check_commands([FIND])


def test_modals_and_commands_have_limits() -> None:
    six = [*MODAL["components"], MODAL["components"][0]]
    for modal in ({**MODAL, "title": "x" * 46}, {**MODAL, "components": six}, {**MODAL, "custom_id": ""}):
        with pytest.raises(Refused):
            check_modal(modal)
    for changed in ({"name": "Mentor"}, {"description": "x" * 101}, {"name_localizations": {"xx": "x"}},
                    {"options": [{"type": 3, "name": str(n), "description": "x"} for n in range(26)]}):  # fmt: skip
        with pytest.raises(Refused):
            check_commands([{**FIND, **changed}])
    with pytest.raises(Refused):
        check_commands([FIND, FIND])


@pytest.mark.parametrize(
    ("source", "read"),
    [
        (r"\*a\* **b** _c_ ~~d~~ __e__ snake_case", "*a* b c d e snake_case"),
        ("`**x**` ```py\nx = 1\n```", "**x** x = 1\n"),
        ("> quoted\n-# small\n## Head", "quoted\nsmall\nHead"),
        (r"[words](https://x.example) \[no](x)", "words [no](x)"),
        ("<t:1767225600:F>", "<t:1767225600:F>"),
    ],
)
def test_markdown_is_read_as_people_do(source: str, read: str) -> None:
    assert shown(source) == read


# --- Trouble ------------------------------------------------------------------------------------------------------


async def test_faults_strike_before_and_after_what_was_asked(world: World) -> None:
    messages, server = await world.dm(), world.server
    body = {**said("x"), "nonce": "1", "enforce_nonce": True}
    server.fault(MESSAGE, Refuse429(0))
    server.fault(MESSAGE, global_limit(0.01))
    await world.client.call("post", messages, body)
    assert [call.status for call in server.calls_of(MESSAGE)] == [429, 429, 200]
    server.fault(MESSAGE, cloudflare())
    with pytest.raises(discord.HTTPException) as banned:
        await world.client.call("post", messages, body)
    assert banned.value.status == 429
    server.fault(MESSAGE, refusal(50007))
    assert await refused(world.client.call("post", messages, body)) == 50007
    server.fault(MESSAGE, Reset(before=False))
    with pytest.raises(OSError):  # noqa: PT011  (which one is the system's)
        await world.client.call("post", messages, {**body, "nonce": "2"})
    server.fault(MESSAGE, Status(503, before=False))
    with pytest.raises(discord.DiscordServerError):
        await world.client.call("post", messages, {**body, "nonce": "3"})
    assert len(world.ana.received) == 3
    server.fault(DM, refusal(40003))
    assert await refused(world.dm(world.guild.person("102"))) == 40003


async def test_rates_are_held_where_they_are_set(world: World) -> None:
    messages = await world.dm()
    world.server.limits[MESSAGE] = (2, 0.2)
    await asyncio.gather(*(world.client.call("post", messages, said(str(n))) for n in range(6)))
    assert len(world.ana.received) == 6
    first, last = world.server.calls_of(MESSAGE)[0], world.server.calls_of(MESSAGE)[-1]
    assert last.at - first.at > 0.35  # the library waited, as the headers told it


async def test_a_lost_connection_is_resumed_and_what_was_missed_is_told(world: World) -> None:
    server, ana = world.server, world.ana
    await server.drop()
    await ana.say("while away")
    await server.connected()
    await server.until(lambda: world.client.told("RESUMED"))
    assert [each["content"] for each in world.client.told("MESSAGE_CREATE")] == ["while away"]
    assert (server.resumes, len(server.identifies)) == (1, 1)
    await server.reconnect()
    await server.until(lambda: server.resumes == 2 and server.alive)


@pytest.mark.parametrize("how", ["invalid", "forgotten"])
async def test_a_lost_session_begins_anew(world: World, how: str) -> None:
    server = world.server
    if how == "invalid":
        await server.invalidate()
    else:
        await server.drop(resume=False)
    await server.until(lambda: len(server.identifies) == 2 and server.alive)
    world.answers(4, said("Here.", flags=EPHEMERAL))
    assert (await world.ana.slash("help")).ok
    assert server.intents == 1 << 0 | 1 << 12


async def test_events_come_late_twice_and_in_another_order(world: World) -> None:
    server, ana = world.server, world.ana
    server.held = True
    for words in ("one", "two"):
        await ana.say(words)
    first, second = server.pending
    await server.release(second, first)
    await server.redeliver(first)
    await server.release()
    await server.until(lambda: len(world.client.told("MESSAGE_CREATE")) == 3)
    assert [each["content"] for each in world.client.told("MESSAGE_CREATE")] == ["two", "one", "one"]


async def test_two_shards_are_told_of_their_own_guilds(world: World) -> None:
    server = world.server
    await world.client.close()
    server.shards = 2
    far = server.guild(str((1 << 22) + 5), "Far").person("102")

    class Sharded(Client, discord.AutoShardedClient):
        pass

    client = Sharded()
    client.heard = server.changed
    world.client = client
    world.answers(4, said("Here.", flags=EPHEMERAL))
    running = asyncio.create_task(client.start(server.token))
    await server.connected(2)
    assert [list(session.shard) for session in server.alive] == [[0, 2], [1, 2]]
    assert [(await person.slash("help")).event.given for person in (world.ana, far)] == [1, 1]
    await world.ana.say("to the first")
    assert server.events[-1].given == 1
    await client.close()
    await running


async def test_who_may_not_come_in_is_told_why(world: World) -> None:
    curious = discord.Client(intents=discord.Intents.all())
    with pytest.raises(discord.PrivilegedIntentsRequired):
        await curious.start(world.server.token)
    await curious.close()
    stranger = discord.Client(intents=discord.Intents.none())
    with pytest.raises(discord.LoginFailure):
        await stranger.start("wrong")
    await stranger.close()


async def test_a_killed_bot_answers_nobody(world: World) -> None:
    waiting = asyncio.create_task(world.ana.slash("help", timeout=60))
    await world.server.until(lambda: world.server.interactions)
    await world.client.close()
    world.server.abandon()
    assert (await waiting).why == "abandoned"
    assert (await world.ana.slash("help")).why == "nobody"


async def test_every_request_is_a_line_of_the_wire_log(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIRE_LOG", str(tmp_path / "wire"))
    messages = await world.dm()
    await world.client.call("post", messages, said("é"))
    await world.client.call("put", f"/applications/{world.server.app_id}/commands", [FIND])
    lines = [json.loads(line) for line in (tmp_path / "wire").read_text().splitlines()]
    assert lines[0] == {
        "platform": "discord", "verb": "post", "path": "/users/@me/channels", "body": {"recipient_id": "101"}
    }  # fmt: skip
    assert (lines[1]["path"], lines[1]["body"]) == (messages, said("é"))
    assert lines[2]["body"] == [FIND]


async def test_a_storm_is_the_same_for_the_same_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WIRE_LOG", raising=False)

    async def weather(seed: int) -> list[int | None]:
        async with DiscordServer(seed) as server:
            with server.patched():
                server.storm("get /users/@me", ((0.3, refusal(50007)), (0.3, cloudflare())))
                for _ in range(20):
                    async with discord.Client(intents=discord.Intents(guilds=True)) as client:
                        with suppress(discord.HTTPException):
                            await client.login(server.token)
            return [call.status for call in server.calls_of("get /users/@me")]

    first = await weather(3)
    assert first == await weather(3) != await weather(4)
    assert set(first) == {200, 403, 429}


def test_the_names_of_the_frequent_routes_are_theirs() -> None:
    resources = [(route.method.lower(), route.resource) for route in DiscordServer().web.router.routes()]
    served = {
        f"{verb} {re.sub('{[^}]*}', '#', each.canonical)}".replace(API, "")
        for verb, each in resources
        if each
    }
    assert {*FREQUENT, "get /gateway"} <= served
