"""What `check` says of Telegram: asked of a local one, told in words, with no secret in it and no harm done."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import check as checks
from bot import operations, platforms
from bot.adapters.telegram.check import check
from bot.config import Settings
from bot.ports import Finding
from core import importing, leases, topics
from core.policy import Policy
from core.store.database import Database, open_database
from core.store.types import Keyring
from tests.platforms.kit import Reply, Reset, Status
from tests.platforms.telegram_app import World, world
from tests.platforms.telegram_core import CONFLICT, error
from tests.world import settings

__all__ = ["world"]

URL, SECRET = "https://mentor.example", "made_up-verysecret"
OTHER = "https://other.example/hidden-path"


async def findings(
    world: World,
    *tokens: str,
    mode: str = "polling",
    url: str | None = URL,
    secret: str | None = SECRET,
    off: timedelta = timedelta(),
    held: Collection[str] = (),
    listen: int = 0,
) -> dict[str, Finding]:
    asked = tokens or (world.bot.token,)
    now = datetime.now(UTC) + off
    found = await check(asked, mode, url, secret, world.server.url, now, held, listen)
    for finding in found:
        for token in asked:
            assert token not in f"{finding}"
        assert SECRET not in f"{finding}"
        assert "hidden-path" not in f"{finding}"
        assert (finding.state == "ok") == (finding.remedy == "")
        assert finding.seen
    assert len({finding.name for finding in found}) == len(found)
    assert world.server.violations == []
    return {finding.name: finding for finding in found}


def states(found: dict[str, Finding]) -> dict[str, str]:
    return {name: finding.state for name, finding in found.items()}


def called(world: World) -> list[str]:
    return [call.method for call in world.server.calls]


async def test_a_good_configuration_has_nothing_to_mend(world: World) -> None:
    found = await findings(world)
    assert {name: (finding.state, finding.seen) for name, finding in found.items()} == {
        "telegram token 1": ("ok", "it is @mentor7_bot, the bot 7"),
        "telegram updates, @mentor7_bot": ("ok", "nobody else fetches them"),
        "telegram clock": ("ok", "it agrees with Telegram's"),
    }
    assert called(world) == ["getMe", "getWebhookInfo", "getUpdates"]


async def test_looking_confirms_nothing_and_changes_nothing(world: World) -> None:
    api = await world.api()
    await api.get_updates(allowed_updates=["message", "callback_query"])
    first, second = await world.ana.start(), await world.ana.say("help")
    found = await findings(world, listen=1)
    assert found["telegram updates, @mentor7_bot"].seen == "nobody else fetches them; 2 wait"
    assert [first.confirmed, second.confirmed] == [False, False]
    assert world.bot.allowed == ("message", "callback_query")
    assert [update.update_id for update in await api.get_updates()] == [first.id, second.id]
    assert world.server.calls_of("getUpdates")[1].body == {"limit": 1, "timeout": 1}


async def test_another_program_that_fetches_is_told(world: World) -> None:
    api = await world.api(patience=30)

    async def competing() -> None:
        while True:
            try:
                await api.get_updates(timeout=20)
            except Exception:  # noqa: BLE001, S112  (as programs do that go on whatever happens)
                continue

    poller = asyncio.create_task(competing())
    await world.server.called("getUpdates")
    found = await findings(world, listen=5)
    poller.cancel()
    assert found["telegram updates, @mentor7_bot"] == Finding(
        "telegram updates, @mentor7_bot",
        "fault",
        "another program fetches this bot's messages",
        "Stop the other program, or give it a bot of its own.",
    )


async def test_the_service_of_ours_is_not_disturbed(world: World) -> None:
    world.server.fault("getUpdates", CONFLICT)
    found = await findings(world, held={"telegram:7"})
    assert found["telegram updates, @mentor7_bot"].seen == "the service runs, and fetches them"
    assert called(world) == ["getMe", "getWebhookInfo"]
    assert states(await findings(world, held={"telegram:8"}))["telegram updates, @mentor7_bot"] == "fault"


async def test_a_webhook_in_the_way_of_fetching_is_told_by_its_host(world: World) -> None:
    api = await world.api()
    await api.set_webhook(OTHER)
    updates = (await findings(world))["telegram updates, @mentor7_bot"]
    assert updates.state == "warning"
    assert updates.seen == "a webhook is set, so that Telegram brings what people write to other.example"
    assert "`mentorbot run` removes it" in updates.remedy
    assert "getUpdates" not in called(world)


async def test_a_webhook_is_compared_with_ours(world: World) -> None:
    api = await world.api()
    hook = "telegram webhook, @mentor7_bot"
    assert (await findings(world, mode="webhook"))[hook].seen == (
        "none is set; `mentorbot run` sets it to mentor.example"
    )
    await api.set_webhook(OTHER)
    other = (await findings(world, mode="webhook"))[hook]
    assert (other.state, "other.example" in other.seen) == ("warning", True)
    await api.set_webhook(f"{URL}/telegram/7", secret_token=SECRET)
    found = await findings(world, mode="webhook", url=f"{URL}/")
    assert found[hook] == Finding(hook, "ok", "Telegram brings what people write")
    assert "telegram updates, @mentor7_bot" not in found


async def test_what_telegram_could_not_bring_is_told_while_it_is_new(world: World) -> None:
    api, hook = await world.api(), "telegram webhook, @mentor7_bot"
    await api.set_webhook(f"{URL}/telegram/7", secret_token=SECRET)
    await world.ana.start()
    await world.server.until(lambda: bool(world.server.brought))
    bad = (await findings(world, mode="webhook"))[hook]
    assert bad.state == "warning"
    assert bad.seen == (
        "Telegram could not bring something: Connection failed: ClientConnectionError; 1 waits"
    )
    assert "certificate" in bad.remedy
    assert states(await findings(world, mode="webhook", off=timedelta(hours=2)))[hook] == "ok"


async def test_many_that_wait_are_told(world: World) -> None:
    hook = "telegram webhook, @mentor7_bot"
    info = {"url": f"{URL}/telegram/7", "has_custom_certificate": False, "pending_update_count": 101}
    world.server.fault("getWebhookInfo", Reply({"ok": True, "result": info}))
    assert states(await findings(world, mode="webhook"))[hook] == "warning"


@pytest.mark.parametrize(
    ("url", "secret", "faulty"),
    [
        (None, SECRET, ["telegram webhook address"]),
        ("http://mentor.example", SECRET, ["telegram webhook address"]),
        (URL, None, ["telegram webhook secret"]),
        (URL, "a b", ["telegram webhook secret"]),
    ],
)
async def test_what_a_webhook_needs_is_told(
    world: World, url: str | None, secret: str | None, faulty: Sequence[str]
) -> None:
    found = await findings(world, mode="webhook", url=url, secret=secret)
    assert [name for name, finding in found.items() if finding.state == "fault"] == faulty
    assert "fault" not in states(await findings(world, url=url, secret=secret)).values()


async def test_a_wrong_token_is_told_before_any_call(world: World) -> None:
    tokens = ("xoxb-1-verysecret", "123456789", "verysecret", world.bot.token + " ")
    found = await findings(world, *tokens)
    assert called(world) == []
    assert set(states(found).values()) == {"fault"}
    assert [finding.seen.partition(" is ")[2] for finding in found.values()] == [
        "a token of Slack's",
        "the number of a bot alone, without what stands behind the colon",
        "no token of a bot",
        "no token of a bot",
    ]


async def test_no_token_and_the_same_bot_twice_are_faults(world: World) -> None:
    told = await check((), "polling", None, None, world.server.url, datetime.now(UTC))
    assert [finding.seen for finding in told] == ["telegram.tokens is empty"]
    second = world.server.bot(8)
    old = world.bot.token
    found = await findings(world, old, second.token, world.bot.revoke())
    assert found["telegram token 1"].state == "fault"
    assert found["telegram token 2"].seen == "it is @mentor8_bot, the bot 8"
    assert found["telegram token 3"].seen == "numbers 1 and 3 of telegram.tokens are both of the bot 7"


async def test_a_revoked_token_is_told_with_where_the_new_one_is(world: World) -> None:
    old = world.bot.token
    world.bot.revoke()
    found = await findings(world, old)
    assert found["telegram token 1"].seen == "number 1 of telegram.tokens: Telegram does not know it"
    assert "BotFather" in found["telegram token 1"].remedy
    assert called(world) == ["getMe"]


async def test_a_bot_that_reads_its_groups_is_told(world: World) -> None:
    world.bot.privacy = False
    privacy = (await findings(world))["telegram privacy, @mentor7_bot"]
    assert (privacy.state, "/setprivacy" in privacy.remedy) == ("warning", True)


@pytest.mark.parametrize(
    ("off", "state"),
    [(timedelta(seconds=20), "ok"), (timedelta(minutes=2), "warning"), (timedelta(minutes=-2), "warning")],
)
async def test_the_clock_is_compared_with_telegrams(world: World, off: timedelta, state: str) -> None:
    clock = (await findings(world, off=off))["telegram clock"]
    assert clock.state == state
    if state != "ok":
        assert ("ahead of" if off > timedelta() else "behind") in clock.seen


@pytest.mark.parametrize("method", ["getMe", "getWebhookInfo", "getUpdates"])
@pytest.mark.parametrize(
    "fault",
    [Status(502), Reset(), Reply("<h1>verysecret</h1>"), Reply([1]), Reply({"ok": False}, status=407)],
)
async def test_what_is_not_telegram_is_no_bad_token(
    world: World, method: str, fault: Status | Reset | Reply
) -> None:
    world.server.fault(method, fault)
    found = await findings(world)
    (bad,) = [finding for finding in found.values() if finding.state == "fault"]
    assert "did not answer" in bad.seen
    assert "127.0.0.1" in bad.remedy
    assert "telegram.api_url" in bad.remedy
    assert "verysecret" not in f"{bad}"


async def test_a_wait_that_telegram_asks_for_is_told(world: World) -> None:
    body = error(429, "Too Many Requests: retry after 5", retry_after=5)
    world.server.fault("getUpdates", Reply(body, status=429))
    assert (await findings(world))["telegram updates, @mentor7_bot"].seen == "Telegram asks to wait"


async def test_nobody_there_is_told_with_the_host(world: World) -> None:
    await world.server.refuse()
    found = await findings(world)
    assert states(found) == {"telegram token 1": "fault"}
    assert "127.0.0.1" in found["telegram token 1"].remedy


async def test_nobody_can_write_on_the_hosts_screen(world: World) -> None:
    world.bot.user.username = "mentor\x1b[2J\n" * 50
    found = await findings(world)
    assert all(finding.seen.isprintable() and len(finding.seen) < 200 for finding in found.values())


# --- What else asks ---------------------------------------------------------------------------------------------


def configured(world: World, url: str, tokens: str = "") -> Settings:
    more = {"telegram__tokens": tokens or world.bot.token, "telegram__api_url": world.server.url}
    return settings(url, **more)


async def test_the_whole_check_leaves_the_service_alone_that_runs(
    world: World, sqlite_store_url: str
) -> None:
    now = datetime.now(UTC)
    async with closing_database(sqlite_store_url) as database:
        for until, state in ((now, "fault"), (now + timedelta(seconds=30), "ok")):
            await database.write(lambda tx, until=until: leases.take(tx, ["telegram:7"], "run", now, until))  # type: ignore[misc]
            world.server.fault("getUpdates", CONFLICT)
            found = await checks.check(configured(world, sqlite_store_url), now)
            assert {each.name: each.state for each in found}["telegram updates, @mentor7_bot"] == state
    assert called(world).count("getUpdates") == 1


async def test_an_invitation_comes_with_a_link_for_each_bot(
    world: World, sqlite_store_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    other, now = world.server.bot(8), datetime.now(UTC)
    async with closing_database(sqlite_store_url) as database:
        sheet = importing.read(b"ref,topics\nm1,react\n", topics.load())
        await database.write(lambda tx: importing.put(tx, sheet.drafts, Policy(), now))
    chosen = configured(world, sqlite_store_url, f"{world.bot.token}, {other.token}")
    assert await operations.invite(chosen, "m1") == 0
    command, *links = capsys.readouterr().out.split("\n")[:-1]
    code = command.removeprefix("/signup ")
    assert links == [f"https://t.me/mentor{number}_bot?start={code}" for number in (7, 8)]
    await world.server.refuse()
    assert await operations.invite(chosen, "m1") == 0
    told = capsys.readouterr()
    assert told.out.startswith("/signup ")
    assert "t.me" not in told.out
    assert "there is no link" in told.err


async def test_half_of_telegram_is_told(tmp_path: Path) -> None:
    chosen = settings(f"sqlite:///{tmp_path / 'a.db'}", telegram__webhook_url=URL)
    (half, none) = await platforms.check(chosen, datetime.now(UTC))
    assert (half.name, half.state) == ("telegram", "warning")
    assert "telegram.tokens" in none.remedy
    assert platforms.configured(chosen) == []


async def test_telegram_is_made_from_the_settings(world: World, tmp_path: Path) -> None:
    (made,) = platforms.configured(configured(world, f"sqlite:///{tmp_path / 'a.db'}"))
    assert (made.name, made.leases, made.routes) == ("telegram", ("telegram:7",), ())
    more = {
        "telegram__webhook_url": URL,
        "telegram__webhook_secret": SECRET,
        "http__listen": "127.0.0.1:8080",
    }
    chosen = settings("sqlite:///a.db", telegram__tokens=world.bot.token, telegram__mode="webhook", **more)
    (made,) = platforms.configured(chosen)
    assert ([route.path for route in made.routes], made.leases) == (["/telegram/7"], ())


@asynccontextmanager
async def closing_database(url: str) -> AsyncIterator[Database]:
    database = open_database(url, Keyring(()), "tests")
    try:
        yield database
    finally:
        await database.close()
