"""What `check` says of Discord: asked of a local one, told in words, with no secret in it and no harm done."""

import base64
import copy
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import operations, platforms
from bot.adapters.discord.check import EACH, check
from bot.adapters.discord.commands import definitions
from bot.adapters.discord.permissions import (
    ADMINISTRATOR,
    CREATE,
    IN_CLAIMS,
    IN_ROOMS,
    MANAGE_THREADS,
    PERMISSIONS,
    SEND,
    VIEW,
    WRITE,
    application_in,
    bits_in,
    granted,
    link,
    missing,
    number,
)
from bot.cli import main
from bot.config import Settings
from bot.ports import Finding
from bot.program import program
from core import importing, topics
from core.policy import Policy
from core.store.database import open_database
from core.store.types import Keyring
from tests.platforms.discord_server import (
    GATEWAY,
    DiscordServer,
    Guild,
    cloudflare,
    global_limit,
    refusal,
)
from tests.platforms.discord_world import GRANTED, Channel, Json
from tests.platforms.kit import Hang, Refuse429, Reply, Reset, Status
from tests.world import open_world, settings

ME, APPLICATION, GUILDS, BOT_GATEWAY = (
    *("get /users/@me", "get /oauth2/applications/@me", "get /users/@me/guilds", "get /gateway/bot"),
)
LISTED, CHANNEL, ROLES, MEMBER = (
    *("get /applications/#/commands", "get /channels/#", "get /guilds/#/roles", "get /guilds/#/members/#"),
)
TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.abcdefghijklmnopqrstuvwxyz0"
SECRET = "verysecret"


@cache
def ours() -> Sequence[Mapping[str, Any]]:
    """The commands that `run` would register."""
    return platforms._discord_commands(settings("sqlite:///unused.db"))


@dataclass
class World:
    server: DiscordServer
    guild: Guild
    room: Channel

    def configured(self, url: str = "sqlite:///unused.db", **more: str) -> Settings:
        """The settings of a host who has done what the guide says."""
        given = {
            "discord__token": self.server.token,
            "discord__api_url": self.server.api_url,
            "discord__gateway_url": self.server.gateway_url,
        }
        return settings(url, **(given | more))

    async def register(self) -> None:
        """Register the commands, as Discord keeps them."""
        url = f"{self.server.api_url}/applications/{self.server.app_id}/commands"
        headers = {"Authorization": f"Bot {self.server.token}"}
        async with (
            aiohttp.ClientSession() as session,
            session.put(url, json=ours(), headers=headers) as answer,
        ):
            assert answer.status == 200


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    # The log is for what the program sends, and these tests send what Discord refuses.
    monkeypatch.delenv("WIRE_LOG", raising=False)
    async with DiscordServer(seed=1) as server:
        guild = server.guild("5001", "Academy")
        yield World(server, guild, guild.channel("mentors"))


async def findings(
    world: World,
    *rooms: str,
    token: str = "",
    shards: int = 0,
    claims: str = "",
    off: timedelta = timedelta(),
    patience: float = 10,
) -> dict[str, Finding]:
    asked = token or world.server.token
    found = await check(
        asked,
        world.server.api_url,
        world.server.gateway_url,
        shards,
        rooms,
        claims,
        ours(),
        datetime.now(UTC) + off,
        patience,
    )
    for finding in found:
        assert asked not in f"{finding}"
        assert SECRET not in f"{finding}"
        assert (finding.state == "ok") == (finding.remedy == "")
        assert finding.seen.isprintable()
    assert len({finding.name for finding in found}) == len(found)
    assert world.server.violations == []
    assert world.server.identifies == []
    assert {call.method.partition(" ")[0] for call in world.server.calls} <= {"get", "put", GATEWAY}
    return {finding.name: finding for finding in found}


def states(found: dict[str, Finding]) -> dict[str, str]:
    return {name: finding.state for name, finding in found.items()}


def faulty(found: dict[str, Finding]) -> list[str]:
    return [name for name, finding in found.items() if finding.state != "ok"]


def called(world: World) -> list[str]:
    return [call.method for call in world.server.calls]


async def test_a_good_configuration_has_nothing_to_mend(world: World) -> None:
    await world.register()
    claims = world.guild.channel("claims")
    found = await findings(world, world.room.id, claims=claims.id)
    assert {name: (finding.state, finding.seen) for name, finding in found.items()} == {
        "discord token": ("ok", f"it is mentoring, the bot {world.server.app_id}"),
        "discord application": ("ok", "mentoring: its owner alone may add it to servers"),
        "discord commands": ("ok", "they are registered"),
        "discord servers": ("ok", "it is in Academy"),
        "discord permissions": ("ok", "it has what it needs, and no more sight than that"),
        "discord room channel 1": ("ok", "in #mentors in Academy new pairs get their threads"),
        "discord claim channel": ("ok", "in #claims in Academy requests that nobody has taken are offered"),
        "discord gateway": ("ok", "it answers; 1000 of 1000 sessions may still begin within 1 h"),
        "discord shards": ("ok", "discord.shards is 0, which does"),
        "discord clock": ("ok", "it agrees with Discord's"),
    }


# --- The token --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("", "empty"),
        ("xoxb-1-verysecret", "a token of Slack's"),
        ("123456:verysecret", "a token of Telegram's"),
        ("MTIzNDU2Nzg5MDEyMzQ1Njc4", "no token of a bot: that has three parts, with dots between them"),
        (f"{TOKEN} ", "no token of a bot: that has three parts, with dots between them"),
    ],
)
async def test_a_wrong_token_is_told_before_any_call(world: World, token: str, kind: str) -> None:
    found = await check(
        token, world.server.api_url, world.server.gateway_url, 0, (), "", (), datetime.now(UTC)
    )
    assert [(each.name, each.state, each.seen) for each in found] == [
        ("discord token", "fault", f"discord.token is {kind}")
    ]
    assert "Reset Token" in found[0].remedy
    assert called(world) == []


async def test_a_token_that_was_reset_is_told_with_where_the_new_one_is(world: World) -> None:
    world.server.token = TOKEN
    found = await findings(world, token=f"{TOKEN[:-1]}1")
    assert states(found) == {"discord token": "fault", "discord clock": "ok"}
    assert found["discord token"].seen == "discord.token: Discord does not know it"
    assert "Reset Token" in found["discord token"].remedy
    assert called(world) == [ME]


# --- The application --------------------------------------------------------------------------------------------


async def test_an_endpoint_that_takes_everything_away_is_told_by_its_host(world: World) -> None:
    world.server.page["interactions_endpoint_url"] = f"https://other.example/{SECRET}"
    endpoint = (await findings(world))["discord endpoint"]
    assert endpoint.state == "fault"
    assert "go to other.example" in endpoint.seen
    assert "General Information" in endpoint.remedy


@pytest.mark.parametrize(
    ("page", "name", "state", "seen"),
    [
        ({"bot_public": True}, "discord application", "ok", "mentoring: anybody may add it to a server"),
        ({"bot_require_code_grant": True}, "discord code grant", "fault", "so that no link adds the bot"),
        ({"integration_types_config": {"1": {}}}, "discord installation", "fault", "and not to servers"),
        (
            {
                "integration_types_config": {
                    "0": {"oauth2_install_params": {"scopes": ["applications.commands"]}}
                }
            },
            "discord installation",
            "warning",
            "it lacks: the scope bot",
        ),
        (
            {
                "install_params": {
                    "scopes": ["bot", "applications.commands"],
                    "permissions": str(1 << 10 | 1 << 11),
                }
            },
            "discord installation",
            "warning",
            "Create Private Threads, Send Messages in Threads",
        ),
    ],
)
async def test_what_is_set_on_the_applications_page_is_told(
    world: World, page: Json, name: str, state: str, seen: str
) -> None:
    world.server.page |= page
    found = (await findings(world))[name]
    assert found.state == state
    assert seen in found.seen


async def test_an_own_link_with_everything_in_it_is_well(world: World) -> None:
    params = {"scopes": ["bot", "applications.commands"], "permissions": str(number(PERMISSIONS))}
    world.server.page["integration_types_config"] = {"0": {"oauth2_install_params": params}, "1": {}}
    assert "discord installation" not in await findings(world)


async def test_commands_are_compared_with_those_of_this_release(world: World) -> None:
    fresh = (await findings(world))["discord commands"]
    assert (fresh.state, fresh.seen) == ("warning", "none are registered yet")
    assert fresh.remedy == "`mentorbot run` registers them."
    await world.register()
    assert states(await findings(world))["discord commands"] == "ok"
    world.server.commands[""][0]["options"][0]["description"] += "."
    other = (await findings(world))["discord commands"]
    assert (other.state, "this release" in other.seen) == ("warning", True)


# --- Servers and channels ---------------------------------------------------------------------------------------


async def test_a_bot_in_no_server_is_told_where_the_link_is(world: World) -> None:
    world.server.guilds.clear()
    found = await findings(world)
    assert found["discord servers"].state == "warning"
    assert "`mentorbot invite discord`" in found["discord servers"].remedy
    assert "discord permissions" not in found


async def test_many_servers_are_counted(world: World) -> None:
    for count in range(7):
        world.server.guild(str(6000 + count), f"G{count}")
    assert (await findings(world))["discord servers"].seen == "it is in Academy, G0, G1, G2, G3 and 3 more"
    for count in range(200):
        world.server.guild(str(7000 + count))
    assert (await findings(world))[
        "discord servers"
    ].seen == "it is in 200 or more; the first 200 were looked at"


@pytest.mark.parametrize("bit", [ADMINISTRATOR, MANAGE_THREADS])
async def test_a_bot_that_may_read_what_is_not_for_it_is_told(world: World, bit: int) -> None:
    world.guild.place.granted |= bit
    much = (await findings(world, world.room.id))["discord permissions"]
    assert much.state == "warning"
    assert "private threads in Academy" in much.seen
    assert "Roles" in much.remedy


async def test_what_a_server_did_not_give_is_named_unless_its_channel_tells_more(world: World) -> None:
    world.guild.place.granted &= ~(CREATE.bit | SEND.bit)
    few = (await findings(world))["discord permissions"]
    assert few.state == "warning"
    assert few.seen == ("the bot was not given everything in Academy (Send Messages, Create Private Threads)")
    assert "`mentorbot invite discord`" in few.remedy
    found = await findings(world, world.room.id)
    assert states(found)["discord permissions"] == "ok"
    assert (
        found["discord room channel 1"].seen == "in #mentors in Academy the bot lacks: Create Private Threads"
    )


@pytest.mark.parametrize("lacks", IN_ROOMS[1:])
async def test_what_a_room_channel_denies_is_named_with_how_to_mend_it(world: World, lacks: Any) -> None:
    world.room.overwrites.append({"id": "5001", "type": 0, "allow": "0", "deny": str(lacks.bit)})
    room = (await findings(world, world.room.id))["discord room channel 1"]
    assert room.state == "fault"
    assert room.seen == f"in #mentors in Academy the bot lacks: {lacks.name}"
    assert room.remedy.endswith(f"allow: {lacks.name}.")
    world.room.overwrites.append({"id": world.server.app_id, "type": 1, "allow": str(lacks.bit), "deny": "0"})
    assert states(await findings(world, world.room.id))["discord room channel 1"] == "ok"


async def test_a_channel_that_the_bot_may_not_see_is_told_with_all_it_needs(world: World) -> None:
    world.room.overwrites.append({"id": "5001", "type": 0, "allow": "0", "deny": str(VIEW.bit)})
    found = await findings(world, world.room.id, claims=world.room.id)
    room, claims = found["discord room channel 1"], found["discord claim channel"]
    assert (room.state, room.seen) == (
        "fault",
        "number 1 of discord.room_channels is a channel that the bot may not see",
    )
    assert all(each.name in room.remedy for each in IN_ROOMS)
    assert claims.seen == "requests.claim_channel is a channel that the bot may not see"
    assert all(each.name in claims.remedy for each in IN_CLAIMS)


async def test_a_claim_channel_in_which_the_bot_may_not_write_is_told(world: World) -> None:
    world.room.overwrites.append({"id": "5001", "type": 0, "allow": "0", "deny": str(SEND.bit)})
    found = await findings(world, world.room.id, claims=world.room.id)
    assert found["discord claim channel"].seen == "in #mentors in Academy the bot lacks: Send Messages"
    assert states(found)["discord room channel 1"] == "ok"


async def test_what_is_no_text_channel_is_told(world: World) -> None:
    voice = Channel(world.server.snowflake(), 0, "voice", world.guild.place)
    world.server.channels[voice.id] = voice
    ana = world.guild.person("101")
    dm = world.server.dm_of(ana.user)
    world.server.fault(CHANNEL, Reply({**voice.json(), "type": 2}))
    found = await findings(world, voice.id, dm.id, world.server.snowflake())
    first, second, third = (found[f"discord room channel {at}"] for at in (1, 2, 3))
    assert {first.state, second.state, third.state} == {"fault"}
    assert "is no text channel of a server" in f"{first.seen} {second.seen}"
    assert third.seen == "number 3 of discord.room_channels is a channel that Discord does not know"


async def test_news_may_be_a_claim_channel_but_have_no_private_threads(world: World) -> None:
    news = {**world.room.json(), "type": 5}
    world.server.fault(CHANNEL, Reply(news), times=2)
    found = await findings(world, world.room.id, claims=world.room.id)
    assert states(found)["discord room channel 1"] == "fault"
    assert states(found)["discord claim channel"] == "ok"


async def test_two_channels_of_a_server_are_one_too_many(world: World) -> None:
    other = world.server.guild("5002", "Guild").channel("pairs")
    second = world.guild.channel("general")
    found = await findings(world, world.room.id, other.id, second.id)
    assert [found[f"discord room channel {at}"].state for at in (1, 2, 3)] == ["ok", "ok", "warning"]
    assert found["discord room channel 3"].seen == (
        "numbers 1 and 3 of discord.room_channels are of the same server"
    )


# --- Permissions ------------------------------------------------------------------------------------------------


def test_the_link_asks_for_exactly_these_bits() -> None:
    assert number(PERMISSIONS) == 1 << 10 | 1 << 11 | 1 << 36 | 1 << 38 == GRANTED
    assert link("42") == (
        "https://discord.com/oauth2/authorize?client_id=42&scope=bot+applications.commands&permissions=343597386752"
    )
    assert {*IN_ROOMS, *IN_CLAIMS} == set(PERMISSIONS)
    assert not number(PERMISSIONS) & (ADMINISTRATOR | MANAGE_THREADS)


def role(name: str, *permissions: Any) -> Json:
    return {"id": name, "permissions": str(sum(getattr(each, "bit", each) for each in permissions))}


def overwrite(kind: int, whose: str, allow: int = 0, deny: int = 0) -> Json:
    return {"id": whose, "type": kind, "allow": str(allow), "deny": str(deny)}


EVERYBODY, MENTORS, OTHERS, BOT = "1", "2", "3", "9"


@pytest.mark.parametrize(
    ("overwrites", "lacks"),
    [
        ([], [WRITE]),
        ([overwrite(0, EVERYBODY, deny=VIEW.bit)], [VIEW, CREATE, WRITE]),
        ([overwrite(0, EVERYBODY, deny=VIEW.bit), overwrite(0, MENTORS, allow=VIEW.bit | WRITE.bit)], []),
        ([overwrite(0, MENTORS, allow=VIEW.bit | WRITE.bit), overwrite(0, EVERYBODY, deny=VIEW.bit)], []),
        ([overwrite(0, OTHERS, allow=WRITE.bit)], [WRITE]),
        ([overwrite(0, MENTORS, allow=WRITE.bit), overwrite(1, BOT, deny=WRITE.bit)], [WRITE]),
        ([overwrite(0, MENTORS, deny=CREATE.bit), overwrite(1, BOT, allow=CREATE.bit | WRITE.bit)], []),
        ([overwrite(1, MENTORS, allow=WRITE.bit), overwrite(0, BOT, allow=WRITE.bit)], [WRITE]),
    ],
)
def test_a_channel_overrules_its_server_from_everybody_to_roles_to_the_bot(
    overwrites: list[Json], lacks: list[Any]
) -> None:
    roles = [role(EVERYBODY, VIEW), role(MENTORS, CREATE), role(OTHERS, WRITE, ADMINISTRATOR)]
    channel = {"permission_overwrites": overwrites}
    assert missing(granted(EVERYBODY, channel, roles, [MENTORS], BOT), IN_ROOMS) == lacks
    administrators = [*roles[:1], role(MENTORS, ADMINISTRATOR)]
    assert missing(granted(EVERYBODY, channel, administrators, [MENTORS], BOT), IN_ROOMS) == []


def test_the_application_is_named_in_the_token() -> None:
    assert application_in(TOKEN) == "123456789012345678"
    for size in range(15, 21):
        part = base64.urlsafe_b64encode(b"1" * size).decode().rstrip("=")
        assert application_in(f"{part}.a.b") == "1" * size
    assert [application_in(token) for token in ("", "???.a.b", "aGVsbG8.a.b", "4pyT.a.b")] == [""] * 4


@given(st.text() | st.none() | st.integers())
def test_whatever_stands_for_permissions_is_read(value: object) -> None:
    assert bits_in(value) >= 0


# --- The gateway and the clock ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "shards", "state"), [(1000, 0, "ok"), (49, 0, "warning"), (99, 2, "warning"), (0, 0, "fault")]
)
async def test_sessions_that_are_used_up_are_told(world: World, left: int, shards: int, state: str) -> None:
    limit = {"total": 1000, "remaining": left, "reset_after": 7_200_000, "max_concurrency": 1}
    told = {"url": world.server.gateway_url, "shards": 1, "session_start_limit": limit}
    world.server.fault(BOT_GATEWAY, Reply(told))
    gateway = (await findings(world, shards=shards))["discord gateway"]
    assert gateway.state == state
    assert f"{left} of 1000 sessions may still begin within 2 h" in gateway.seen


@pytest.mark.parametrize(
    ("count", "advised", "shards", "state", "seen"),
    [
        (EACH, 1, 0, "ok", "which does"),
        (1900, 2, 0, "warning", "Discord advises 2"),
        (1900, 2, 2, "ok", "which does"),
        (EACH + 1, 3, 1, "fault", "about 2,501 servers"),
        (3 * EACH + 1, 2, 3, "fault", "about 7,501 servers"),
    ],
)
async def test_shards_are_compared_with_the_servers(
    world: World, count: int, advised: int, shards: int, state: str, seen: str
) -> None:
    world.server.shards = advised
    world.server.page["approximate_guild_count"] = count
    found = (await findings(world, shards=shards))["discord shards"]
    assert found.state == state
    assert seen in found.seen
    if state != "ok":
        assert f"Set discord.shards to {max(advised, -(-count // EACH))}." == found.remedy


@pytest.mark.parametrize("fault", [Status(503), Reset(), Hang()])
async def test_a_gateway_that_is_not_reached_is_told(world: World, fault: Status | Reset | Hang) -> None:
    world.server.fault(GATEWAY, fault, times=2)
    found = await findings(world, patience=0.5)
    assert faulty(found) == ["discord commands", "discord gateway"]
    assert "the gateway is not reached: Discord did not answer" in found["discord gateway"].seen
    assert "discord.gateway_url" in found["discord gateway"].remedy


@pytest.mark.parametrize(
    ("off", "state"),
    [(timedelta(seconds=20), "ok"), (timedelta(minutes=2), "warning"), (timedelta(minutes=-2), "warning")],
)
async def test_the_clock_is_compared_with_discords(world: World, off: timedelta, state: str) -> None:
    clock = (await findings(world, off=off))["discord clock"]
    assert clock.state == state
    if state != "ok":
        assert ("ahead of" if off > timedelta() else "behind") in clock.seen


# --- Strange answers --------------------------------------------------------------------------------------------

EVERY = (ME, APPLICATION, LISTED, GUILDS, CHANNEL, ROLES, MEMBER, BOT_GATEWAY)


@pytest.mark.parametrize("method", EVERY)
@pytest.mark.parametrize(
    "fault",
    [
        Status(502),
        Reset(),
        Reply(f"<h1>{SECRET}</h1>"),
        Reply(7),
        Reply({"code": SECRET}, status=407),
        Reply(None),
    ],
)
async def test_what_is_not_discord_is_no_bad_setting(
    world: World, method: str, fault: Status | Reset | Reply
) -> None:
    await world.register()
    # Twice: aiohttp asks again where a connection breaks.
    world.server.fault(method, fault, times=2)
    found = await findings(world, world.room.id)
    (bad,) = [finding for finding in found.values() if finding.state == "fault"]
    assert "did not answer" in bad.seen
    assert "127.0.0.1" in bad.remedy
    assert "discord.api_url" in bad.remedy


@pytest.mark.parametrize("method", EVERY)
async def test_an_answer_that_does_not_come_is_told_in_words(world: World, method: str) -> None:
    await world.register()
    world.server.fault(method, Hang())
    found = await findings(world, world.room.id, patience=0.5)
    (bad,) = [finding for finding in found.values() if finding.state == "fault"]
    assert "Discord did not answer within 0.5 seconds" in bad.seen


@pytest.mark.parametrize("method", EVERY)
@pytest.mark.parametrize(
    "fault",
    [Refuse429(5), global_limit(5), cloudflare(), refusal(50013)],
    ids=["429", "global", "ban", "50013"],
)
async def test_a_refusal_of_discords_is_told_in_its_words(
    world: World, method: str, fault: Refuse429 | Reply
) -> None:
    await world.register()
    world.server.fault(method, fault)
    found = await findings(world, world.room.id)
    (bad,) = [finding for finding in found.values() if finding.state == "fault"]
    words = (
        "Discord asks to wait"
        if fault != refusal(50013) and getattr(fault, "status", 429) == 429
        else "Missing"
    )
    assert words in bad.seen


def shapes(body: Any) -> list[Any]:
    """A body with each of its values replaced by something strange."""
    strange: tuple[Any, ...] = (None, 7, -1, "x", [7], {"x": [{}]}, True, "9" * 400)
    if isinstance(body, list):
        return [[*strange], *([[each] for each in shapes(body[0])] if body else [])]
    return [{}, *({**body, key: each} for key in body for each in strange)]


@pytest.mark.parametrize("method", EVERY)
async def test_whatever_stands_in_an_answer_nothing_breaks(world: World, method: str) -> None:
    world.room.overwrites.append({"id": "5001", "type": 0, "allow": "0", "deny": "0"})
    await world.register()
    await findings(world, world.room.id)
    usual = copy.deepcopy(world.server.calls_of(method)[-1].answer)
    for body in shapes(usual):
        world.server.fault(method, Reply(body))
        await findings(world, world.room.id)
        world.server.calm()


async def test_nobody_there_is_told_with_the_host(world: World) -> None:
    await world.server.refuse()
    found = await findings(world)
    assert states(found) == {"discord token": "fault"}
    assert "127.0.0.1" in found["discord token"].remedy


async def test_nobody_can_write_on_the_hosts_screen(world: World) -> None:
    rude = "mentor\x1b[2J\n" * 50
    world.server.bot.name = world.guild.place.name = world.room.name = rude
    found = await findings(world, world.room.id)
    assert all(len(finding.seen) < 300 for finding in found.values())


# --- What else asks ---------------------------------------------------------------------------------------------


async def test_the_whole_check_asks_discord_with_the_settings(world: World) -> None:
    await world.register()
    more = {"discord__room_channels": world.room.id, "requests__claim_channel": f"discord:#{world.room.id}"}
    found = await platforms.check(world.configured(**more), datetime.now(UTC))
    assert {each.state for each in found} == {"ok"}
    assert {"discord room channel 1", "discord claim channel"} <= {each.name for each in found}


async def test_the_commands_it_compares_are_those_that_a_running_program_registers(store_url: str) -> None:
    async with open_world(store_url) as running:
        offered = program(running.app.router, running.app.world)
        assert [*ours()] == definitions(offered.commands, offered.languages, offered.words)


async def test_half_of_discord_is_told() -> None:
    channel = "1234567890123456789"
    for more in ({"discord__room_channels": channel}, {"requests__claim_channel": f"discord:#{channel}"}):
        (half, none) = await platforms.check(settings("sqlite:///unused.db", **more), datetime.now(UTC))
        assert (half.name, half.state) == ("discord", "warning")
        assert "discord.token" in none.remedy


async def test_discord_is_made_from_the_settings(world: World) -> None:
    more = {"discord__room_channels": world.room.id, "discord__shards": "2"}
    (made,) = platforms.configured(world.configured(**more))
    assert (made.name, made.routes) == ("discord", ())


async def test_the_link_that_adds_the_bot_has_the_applications_id(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.server.page["id"] = "42"
    assert await operations.invite_server(world.configured()) == 0
    told = capsys.readouterr()
    assert told.out == f"{link('42')}\n"
    assert "no more" in told.err


async def test_the_link_is_there_even_where_discord_is_not(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.server.refuse()
    assert await operations.invite_server(world.configured()) == 0
    told = capsys.readouterr()
    assert told.out == f"{link(world.server.app_id)}\n"
    assert "did not answer" in told.err
    assert (
        await operations.invite_server(world.configured(discord__token="????".replace("?", "_") + TOKEN[24:]))
        == 1
    )
    assert capsys.readouterr().out == ""


def test_the_word_discord_invites_the_bot_and_any_other_a_person(
    capsys: pytest.CaptureFixture[str], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MENTORBOT_HOME", str(tmp_path))
    off = ["--set", "encryption.mode=off"]
    assert main([*off, "invite", "discord"]) == 1
    assert "discord.token is not set" in capsys.readouterr().err
    assert main([*off, "invite", "m1"]) == 1
    assert "Nobody with the ref 'm1'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["invite", "--help"])
    assert "the link that adds the bot to a Discord server" in " ".join(capsys.readouterr().out.split())


async def test_a_code_is_told_as_it_is_typed_on_discord(
    world: World, sqlite_store_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    database, now = open_database(sqlite_store_url, Keyring(()), "tests"), datetime.now(UTC)
    try:
        sheet = importing.read(b"ref,topics\nm1,react\n", topics.load())
        await database.write(lambda tx: importing.put(tx, sheet.drafts, Policy(), now))
    finally:
        await database.close()
    assert await operations.invite(world.configured(sqlite_store_url), "m1") == 0
    command, typed = capsys.readouterr().out.split("\n")[:-1]
    assert typed == f"/mentor signup words: {command.removeprefix('/signup ')}"
