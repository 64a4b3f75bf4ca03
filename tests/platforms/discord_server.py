"""Discord, as its REST API and its gateway are seen by a bot and its people: strict, local, and rude on command.

```
async with DiscordServer(seed=1) as discord:  # .token .app_id .api_url .gateway_url; with discord.patched():
    guild = discord.guild("5001", "Academy")  # guild.channel("general", *people) makes or finds one; .place.granted
    await guild.remove()                      # the bot, that is: it is in that guild no more
    ana = guild.person("101", name="Ana Ruiz", locale="es-ES")  # later: discord.person("101"); in several guilds: same
    await discord.connected()                 # a session is ready; discord.intents as identified, .identifies, .resumes
    ack = await ana.slash("find", {"words": "rust"})  # Ack(ok, kind, seconds, why, interaction, event); timeout= each
    # ack.message, ack.modal, ack.choices; in ana.here (a channel of the first guild), or where=ana.dm, where=channel
    choices = await ana.autocomplete("find", "words", "py")  # [{"name": …, "value": …}]
    await ana.press(message, "accept:7")      # by custom_id or label; await ana.select(message, "set", ["a", "b"])
    await ana.user_menu("Ask to mentor me", lee); await ana.message_menu("Report", message)
    ana.modal                                 # in front, or None: .title .custom_id .fields (by custom_id) .entered
    await ana.fill({"topics": "python"}); await ana.submit({"cv": [("a.pdf", b"…")]}); ana.dismiss()  # or ClientRefuses
    m = await ana.say("hello", reply_to=, files=[(name, bytes)]); await ana.edit(m, "bye"); await ana.delete(m)
    ana.close_dms(); ana.open_dms(); ana.leave(guild.place); ana.join(guild.place)  # 50007; without any guild 50278
    ana.messages, ana.received, ana.notified, ana.ephemerals, ana.threads, ana.errors, ana.acks, ana.said
    # Message: .id .ref .text (markdown) .words (as read) .buttons .labels .button(words) .selects .files .ephemeral
    # .waiting (the bot is thinking) .versions .edited .deleted .flags .nonce .reply_to .author .at
    call = await discord.called(MESSAGE, 3)   # kit: called, answered, until, calls_of; call.body as sent
    discord.fault(MESSAGE, Refuse429(1), nth=3)  # kit: Refuse429 Status Reset Hang Reply; storm(method, rates)
    discord.fault(MESSAGE, refusal(50007))    # any code of SAID; global_limit(1), cloudflare(): 429 of other kinds
    await discord.drop(); await discord.drop(resume=False); await discord.reconnect(); await discord.invalidate()
    discord.held = True; await discord.release(second, first); await discord.redeliver(ack.event, times=2)
    discord.age(ack.interaction, 901)         # as if it had come so many seconds earlier
    discord.abandon()                         # ends all waiting for a killed bot
    assert not discord.violations, discord.violations  # and discord.fired: mentions in what was sent; .pings if they do
```
Names for faults are the verb and the path with # for ids: MESSAGE, EDIT, DELETE, DM, CALLBACK, FOLLOWUP, ORIGINAL,
COMMANDS, THREAD, MEMBER stand for the frequent ones, and GATEWAY for the opening of the websocket.
`discord.page` is what was set on the application's page; `channel.overwrites` what is allowed and denied in a channel.
Settings: `limits` (calls and seconds by route; REAL_LIMITS are as Discord's), `limit_all`, `dm_opens` (then 40003),
`privileged` (intents granted), `answer_seconds` and `people_seconds` 3, `token_seconds` 900, `nonce_seconds` 120,
`echoes`, `silent`, `deaf`, `shards`, `least_shards` (fewer are closed with 4011).
`discord.commands[""]` are the bot's commands, and those of a guild by its id; `discord.invalid` counts 401, 403, 429.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from tests.platforms.discord_acts import Ack, Acting
from tests.platforms.discord_core import (
    CALLBACK,
    COMMANDS,
    DELETE,
    DM,
    EDIT,
    FOLLOWUP,
    GATEWAY,
    MEMBER,
    MESSAGE,
    ORIGINAL,
    REAL_LIMITS,
    SAID,
    THREAD,
    cloudflare,
    global_limit,
    refusal,
)
from tests.platforms.discord_forms import ClientRefuses
from tests.platforms.discord_gateway import GUILDS, Event, Session
from tests.platforms.discord_markup import Fired, shown
from tests.platforms.discord_people import SILENCE, Person
from tests.platforms.discord_world import (
    TEXT_CHANNEL,
    Channel,
    File,
    Form,
    Interaction,
    Json,
    Message,
    Place,
    User,
)

__all__ = [
    "CALLBACK",
    "COMMANDS",
    "DELETE",
    "DM",
    "EDIT",
    "FOLLOWUP",
    "GATEWAY",
    "MEMBER",
    "MESSAGE",
    "ORIGINAL",
    "REAL_LIMITS",
    "SAID",
    "SILENCE",
    "THREAD",
    "Ack",
    "Channel",
    "ClientRefuses",
    "DiscordServer",
    "Event",
    "File",
    "Fired",
    "Form",
    "Guild",
    "Interaction",
    "Json",
    "Message",
    "Person",
    "Place",
    "Session",
    "cloudflare",
    "global_limit",
    "refusal",
    "shown",
]


class Guild:
    """A server with the bot in it, and its people; `place` holds what Discord knows."""

    def __init__(self, server: "DiscordServer", place: Place) -> None:
        """Look at a guild of this Discord."""
        self.server = server
        self.place = place
        self.id = place.id

    def channel(self, name: str, *people: Person) -> Channel:
        """Find a text channel, or make one: for these people, or for all."""
        for each in self.place.channels.values():
            if each.kind == TEXT_CHANNEL and each.name == name:
                return each
        members = {each.id: each.user for each in people}
        made = Channel(self.server.snowflake(), TEXT_CHANNEL, name, self.place, members=members)
        self.server.channels[made.id] = self.place.channels[made.id] = made
        return made

    def person(self, user: str, name: str = "", locale: str = "en-US") -> Person:
        """Let somebody join, or find them by their id alone."""
        if user not in self.server.people:
            known = self.server.users[user] = User(user, name or f"P{user}", locale)
            self.server.people[user] = Person(self.server, known)
        person = self.server.people[user]
        if user not in self.place.members:
            person.join(self.place)
        return person

    async def remove(self) -> None:
        """Remove the bot, which is told so and sees nothing of this guild any more."""
        self.server.forget(self.id)
        await self.server.tell(Event("GUILD_DELETE", {"id": self.id}, self.id, GUILDS))


class DiscordServer(Acting):
    """A local Discord with one bot, in as many guilds as wanted."""

    def __init__(self, seed: int = 0) -> None:
        """Prepare it; every chance in it comes from the seed."""
        super().__init__(seed)
        self.people: dict[str, Person] = {}
        self._guilds_seen: dict[str, Guild] = {}

    def guild(self, guild: str, name: str = "", locale: str = "en-US") -> Guild:
        """Make a guild with a channel "general", or find it; a bot that is connected hears of it when it returns."""
        if guild not in self._guilds_seen:
            self.guilds[guild] = Place(guild, name or f"G{guild}", locale)
            self._guilds_seen[guild] = Guild(self, self.guilds[guild])
            self._guilds_seen[guild].channel("general")
        return self._guilds_seen[guild]

    def person(self, user: str) -> Person:
        """Find somebody who has joined a guild."""
        return self.people[user]

    def forget(self, guild: str) -> None:
        """Take a guild with its channels out of the bot's sight."""
        place = self.guilds.pop(guild)
        for channel in place.channels:
            del self.channels[channel]

    @contextmanager
    def patched(self) -> Iterator[None]:
        """Let discord.py in this process take this for Discord, as long as it lasts."""
        former = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = self.api_url, URL(self.gateway_url)
        try:
            yield
        finally:
            Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = former
