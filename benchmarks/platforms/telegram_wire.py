"""Two hundred people before four bots of a local Telegram, in turns: each writes, presses a button and uses a command.

The program is a process of its own, fetches what is new, and sends at the pace it always does; the server holds it to
Telegram's limits. An answer has come when its `sendMessage` has.
"""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.platforms import Exchange, Wire
from benchmarks.platforms.process import running
from bot.app import open_app
from bot.config import load
from bot.ports import Address
from bot.stage.community import FREE, TOPICS, seat
from bot.stage.script import Person as Signed
from core.store.types import new_key
from tests.platforms.kit import Call
from tests.platforms.telegram_server import Person, TelegramServer, Update

BOTS = 4
"""One of them may answer thirty times a second, so that it takes several."""
PEOPLE = 200
BURST = 3
ZONES = ("Europe/Madrid", "America/New_York", "Asia/Kolkata", "Asia/Shanghai")
SAID = ("hello, is anybody there?", "where can I see my requests?", "thanks!")
COMMANDS = ("help", "profile", "requests", "find python")
SEND = "sendMessage"
AWAKE = {"messages.quiet_from": "00:00", "messages.quiet_to": "00:00"}
"""Nobody sleeps, whenever it is measured."""
PATIENCE = 10.0


class Telegram(Wire):
    """The local Telegram and everybody before its bots."""

    people = PEOPLE

    def __init__(self, server: TelegramServer, bots: int = BOTS, people: int = PEOPLE) -> None:
        """Let everybody press Start."""
        self.server = server
        self.server.strict_burst = BURST
        self.bots = [server.bot(number) for number in range(1, bots + 1)]
        self.persons = [self._came(number) for number in range(people)]
        self.asked = 0
        self._waiting: dict[int, int] = {}

    def _came(self, number: int) -> Person:
        # Everybody is somebody else, whichever bot they use: a call tells the chat and not the bot.
        person = self.bots[number % len(self.bots)].person(1000 + number, f"Person {number}", language="en")
        person.chat.open = True
        return person

    async def ask(self, number: int) -> Exchange:
        """Let the next one write, press or use a command."""
        person, turn = self.persons[number % len(self.persons)], number // len(self.persons)
        last = person.received[-1] if person.received else None
        match (number + turn) % 3:
            case 0 if last is not None and "Help" in last.labels:
                return await self._answered("press", person, await person.press(last, "Help"))
            case 1:
                command = COMMANDS[number // 3 % len(COMMANDS)]
                return await self._answered("command", person, await person.command(command))
            case _:
                return await self._answered(
                    "message", person, await person.say(SAID[number // 3 % len(SAID)])
                )

    async def _answered(self, kind: str, person: Person, update: Update) -> Exchange:
        self.asked += 1
        sends = self.server.calls_of(SEND)
        before = len(sends)

        def answer() -> Call | None:
            return next((call for call in sends[before:] if call.body["chat_id"] == person.id), None)

        await self.server.until(answer, PATIENCE)
        sent = answer()
        assert sent is not None
        return Exchange(kind, sent.at - update.at)

    def look(self) -> None:
        """See that all was as Telegram wants it, and nobody was answered twice."""
        assert not self.server.violations, self.server.violations[:3]
        assert refused(self.server) == 0
        assert len(self.server.calls_of(SEND)) == self.asked
        assert all(query.answered for person in self.persons for query in person.queries)


def refused(server: TelegramServer) -> int:
    """Count what was sent too early."""
    return sum(call.status == 429 for call in server.calls)


async def seed(folder: Path, key: str, persons: list[Person]) -> None:
    """Sign everybody up before the program starts; every other one is a mentor."""
    people = [
        Signed(
            f"{person.bot.id}/{person.id}",
            "mentee" if number % 2 else "mentor",
            person.user.name,
            ZONES[number % len(ZONES)],
            "en",
            tuple(f"{topic}:4" for topic in ("python", TOPICS[1 + number % 20])),
            {"free": FREE[number % len(FREE)], "languages": "en"},
        )
        for number, person in enumerate(persons)
    ]
    loaded = load(None, {"MENTORBOT_HOME": str(folder)}, AWAKE | {"encryption.keys": key}, folder)
    async with open_app(loaded, []) as app:
        await seat(app, people, datetime.now(UTC), lambda handle: Address("telegram", handle))


async def listening(telegram: Telegram) -> None:
    """Wait until every bot is asked for what is new."""
    await telegram.server.until(lambda: len(telegram.server.polling) == len(telegram.bots), 30)


def settings(telegram: Telegram, key: str) -> dict[str, str]:
    """Say to the program where it all is."""
    return {
        "encryption.keys": key,
        "telegram.tokens": ",".join(bot.token for bot in telegram.bots),
        "telegram.api_url": telegram.server.url,
    }


@asynccontextmanager
async def wire(folder: Path) -> AsyncIterator[Wire]:
    """Start the local Telegram and the program."""
    async with TelegramServer(seed=1) as server:
        telegram, key = Telegram(server), new_key()
        await seed(folder, key, telegram.persons)
        async with running(folder, settings(telegram, key), listening(telegram)):
            # What is there by now stays: the sender must not stop to look through it.
            gc.collect()
            gc.freeze()
            try:
                yield telegram
            finally:
                gc.unfreeze()
