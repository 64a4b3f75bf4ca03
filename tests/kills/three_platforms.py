"""Slack, Telegram and Discord at once before one service of its own process, and people on all of them.

async with three_platforms(folder, patience=20) as there:
    ana = there.member("slack", 1, "Ana")             # sign_up, ask, accept, talk, as in tests/kills
    there.storm(rates, polls)                         # calls go wrong on all three
    await there.disturb("slack drop")                 # a connection breaks
    there.came()                                      # what the service has sent
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from core.address import Address
from core.store.types import new_key
from tests.kills import discord_people, presence, slack_people, telegram_people
from tests.kills.crowd import Member
from tests.kills.people import Ledger
from tests.kills.process import Service
from tests.platforms.discord_server import REAL_LIMITS, DiscordServer
from tests.platforms.kit import ANY, Fault, WireServer
from tests.platforms.slack_server import SlackServer
from tests.platforms.telegram_server import CONFLICT, TelegramServer

TEAMS, BOTS, SERVERS = 10, 4, 10
BURST = 3
EVERYWHERE = (50, 1.0)
"""What Discord lets a bot do in all."""
RETRIES = (0.5, 10.0, 30.0)
"""Seconds after which Slack delivers again: its minutes are shorter here."""
AWAY_SECONDS = 0.5
GENTLE = ("discord drop", "slack refresh", "telegram elsewhere")
"""Ways in which a connection breaks, and is there again at once."""
ROUGH = (
    *GENTLE,
    *("discord reconnect", "slack drop", "telegram away", "discord invalid", "slack dead", "discord away"),
    *("slack away", "discord forgotten"),
)
"""All of them."""


class Steady(presence.Presence):
    """A service that stays: who sees no answer does the next thing."""

    patience = 20.0
    """The seconds after which they do."""

    async def wait(self) -> int:
        """Wait until it is there; gives which time it is."""
        time = await super().wait()
        # That a connection has just broken is noticed before the next try.
        await asyncio.sleep(0)
        return time

    async def shows(self, condition: Callable[[], object]) -> bool:
        """Wait until something is on the screen; false where it is not there soon."""
        with suppress(TimeoutError):
            await self.server.until(condition, self.patience)
        return bool(condition())

    async def ended(self, time: int) -> None:
        """Wait for nothing: what was not answered is tried again."""


class AtSlack(Steady, slack_people.Presence):
    """The same on Slack."""


class AtTelegram(Steady, telegram_people.Presence):
    """The same on Telegram."""


class AtDiscord(Steady, discord_people.Presence):
    """The same on Discord, where who acts while there is no session is told so at once."""

    async def wait(self) -> int:
        """Wait until there is a session; gives which time the service is there."""
        await self.discord.until(lambda: self.here and self.discord.alive, presence.PATIENCE)
        return await super().wait()


@dataclass(frozen=True, slots=True)
class Came:
    """A message of the service's on somebody's screen: where, whose, and what it said when it came."""

    platform: str
    who: str
    words: str


@dataclass
class ThreePlatforms:
    """The three local servers, and the service between them."""

    slack: SlackServer
    telegram: TelegramServer
    discord: DiscordServer
    service: Service
    key: str
    patience: float
    ledger: Ledger = field(default_factory=Ledger)

    def __post_init__(self) -> None:
        """Let nobody be there yet, and every platform keep its limits."""
        self.slack.retries = RETRIES
        self.slack.strict_burst = self.telegram.strict_burst = BURST
        self.discord.limits, self.discord.limit_all = dict(REAL_LIMITS), EVERYWHERE
        self.at_slack = AtSlack(self.slack, self.service)
        self.bots = [self.telegram.bot(number + 1) for number in range(BOTS)]
        self.at_telegram = [AtTelegram(self.telegram, bot, self.service) for bot in self.bots]
        self.at_discord = AtDiscord(self.discord, self.service)
        for there in (self.at_slack, *self.at_telegram, self.at_discord):
            there.patience = self.patience

    @property
    def servers(self) -> Sequence[WireServer]:
        """All three."""
        return self.slack, self.telegram, self.discord

    # --- People -------------------------------------------------------------------------------------------------

    def address(self, platform: str, number: int) -> Address:
        """Say where somebody is reached."""
        where = {
            "slack": f"T{number % TEAMS}/U{number}",
            "telegram": f"{number % BOTS + 1}/{1000 + number}",
            "discord": str(4_000_000_000 + number),
        }
        return Address(platform, where[platform])

    def member(self, platform: str, number: int, name: str) -> Member:
        """Let somebody sit down at their client."""
        rng = Random(f"{platform}:{number}")
        if platform == "slack":
            team = self.slack.team(f"T{number % TEAMS}")
            at_slack = team.person(f"U{number}", name=name, tz="Europe/Madrid", locale="en-GB")
            return slack_people.Member(at_slack, self.at_slack, self.ledger, rng)
        if platform == "telegram":
            there = self.at_telegram[number % BOTS]
            before = self.bots[number % BOTS].person(1000 + number, name=name)
            before.chat.open = True
            return telegram_people.Member(before, there, self.ledger, rng)
        guild = self.discord.guild(str(5001 + number % SERVERS))
        on_discord = guild.person(str(4_000_000_000 + number), name=name)
        # They use commands in their conversation with the bot, in which it writes to them.
        on_discord.here = on_discord.dm
        return discord_people.Member(on_discord, self.at_discord, self.ledger, rng)

    async def begin(self) -> None:
        """Start the service, and wait until it listens everywhere."""
        await self.at_slack.up()
        await self.at_discord.come()
        for there in self.at_telegram:
            await there.come()
        await self.service.listening()

    async def kill(self) -> None:
        """End the service at once; everybody notices."""
        await self.service.kill()
        for there in (self.at_slack, self.at_discord, *self.at_telegram):
            await there.go()

    # --- What goes wrong ----------------------------------------------------------------------------------------

    def storm(self, rates: Sequence[tuple[float, Fault]], polls: Sequence[tuple[float, Fault]]) -> None:
        """Let calls go wrong at these rates, on all three; `polls` are the rates of those that wait for news."""
        for server in self.servers:
            server.storm(ANY, rates)
        self.telegram.storm("getUpdates", polls)

    def calm(self) -> None:
        """Let nothing go wrong any more."""
        for server in self.servers:
            server.calm()

    async def disturb(self, way: str) -> None:
        """Break a connection in one of these ways, or refuse all of a platform's for a moment."""
        match way.split():
            case ["slack", "refresh"]:
                await self.slack.disconnect("refresh_requested")
            case ["slack", "drop"]:
                for connection in self.slack.alive[-1:]:
                    await self.slack.drop(connection)
            case ["slack", "dead"]:
                for connection in self.slack.alive[:1]:
                    self.slack.kill(connection)
            case ["telegram", "elsewhere"]:
                self.telegram.fault("getUpdates", CONFLICT)
            case ["discord", "drop"]:
                await self.discord.drop()
            case ["discord", "reconnect"]:
                await self.discord.reconnect()
            case ["discord", "invalid"]:
                await self.discord.invalidate()
            case ["discord", "forgotten"]:
                await self.discord.drop(resume=False)
            case [name, "away"]:
                server = next(each for each in self.servers if each.platform == name)
                await server.refuse()
                await asyncio.sleep(AWAY_SECONDS)
                await server.accept()
            case _:
                raise LookupError(way)

    # --- What has come ------------------------------------------------------------------------------------------

    def came(self) -> dict[tuple[str, str, str], Came]:
        """Give all messages of the service's, by platform, address and reference."""
        found: dict[tuple[str, str, str], Came] = {}
        for team in self.slack.workspaces.values():
            for one in team.people.values():
                for posted in one.dm.messages:
                    if posted.bot_id and not posted.ephemeral:
                        who, words = f"{team.id}/{one.id}", slack_people.words(posted)
                        found["slack", who, posted.ref] = Came("slack", who, words)
        for bot in self.bots:
            for other in bot.people.values():
                for message in other.received:
                    who, words = f"{bot.id}/{other.id}", telegram_people.words(message)
                    found["telegram", who, str(message.id)] = Came("telegram", who, words)
        for person in self.discord.people.values():
            for shown in person.received:
                words = discord_people.words(shown)
                found["discord", person.id, shown.ref] = Came("discord", person.id, words)
        return found


@asynccontextmanager
async def three_platforms(
    folder: Path, patience: float, *settings: str, hurry: float = 1.0
) -> AsyncIterator[ThreePlatforms]:
    """Prepare all three, and a service for them that has not begun; `patience` is that of the people, in seconds.

    The service's clock goes so many times as fast as any other.
    """
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackServer(seed=1))
        telegram = await stack.enter_async_context(TelegramServer(seed=1))
        discord = await stack.enter_async_context(DiscordServer(seed=1))
        key = new_key()
        secrets = {
            "MENTORBOT_SLACK__BOT_TOKENS": ",".join(slack.team(f"T{n}").bot_token for n in range(TEAMS)),
            "MENTORBOT_SLACK__APP_TOKEN": slack.app_token,
            "MENTORBOT_TELEGRAM__TOKENS": ",".join(telegram.bot(n + 1).token for n in range(BOTS)),
            "MENTORBOT_DISCORD__TOKEN": discord.token,
            "HURRY": str(hurry),
        }
        where = (
            f"slack.api_url={slack.api_url}",
            f"telegram.api_url={telegram.url}",
            f"discord.api_url={discord.api_url}",
            f"discord.gateway_url={discord.gateway_url}",
            *settings,
        )
        service = Service(folder, *where, key=key, environment=secrets, module="tests.kills.hurried")
        await stack.enter_async_context(service)
        yield ThreePlatforms(slack, telegram, discord, service, key, patience)
