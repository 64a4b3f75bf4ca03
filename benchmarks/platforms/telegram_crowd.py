"""Two thousand announcements leave through one bot of a local Telegram while people talk to it.

The announcements are in the outbox when the program starts. The server holds the bot to thirty messages a second, of
which those that nobody waits for may use four fifths, and a little less when they stand in line: all of them take about
ninety seconds.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, select

from benchmarks.platforms.process import running
from benchmarks.platforms.telegram_wire import SEND, Telegram, listening, refused, seed, settings
from bot.app import open_app
from bot.config import load
from bot.outbox import box
from bot.outbox.box import Letter
from bot.turn import Message
from core.store.tables import addresses
from core.store.types import new_key
from tests.platforms.telegram_server import TelegramServer

ANNOUNCEMENTS = 2000
TALKING = 40
RATE = 4.0
"""Questions a second, beside the announcements."""
WORDS = "We meet on Friday at six"
WHOLE_SECONDS = 300.0


class Crowd(Telegram):
    """Those who talk, and many who are told something."""

    people = TALKING

    def __init__(self, server: TelegramServer) -> None:
        """Let everybody press Start; who is told something does not talk."""
        super().__init__(server, bots=1, people=TALKING + ANNOUNCEMENTS)
        self.told, self.persons = self.persons[TALKING:], self.persons[:TALKING]

    @property
    def times(self) -> list[float]:
        """When announcements came, in loop time."""
        return [
            call.at
            for call in self.server.calls_of(SEND)
            if call.status == 200 and call.body["chat_id"] >= self.told[0].id
        ]

    @property
    def refused(self) -> int:
        """How many messages were sent too early."""
        return refused(self.server)

    def over(self) -> bool:
        """Whether everybody is told."""
        return len(self.server.calls_of(SEND)) >= ANNOUNCEMENTS and len(self.times) == ANNOUNCEMENTS

    def look(self) -> None:
        """See that all was as Telegram wants it, and nobody was told or answered twice."""
        assert not self.server.violations, self.server.violations[:3]
        assert len(self.server.calls_of(SEND)) - len(self.times) - self.refused == self.asked
        assert all(len(person.received) <= 1 for person in self.told)


@asynccontextmanager
async def crowd(folder: Path) -> AsyncIterator[Crowd]:
    """Start the local Telegram, and the program with a full outbox."""
    async with TelegramServer(seed=1) as server:
        telegram, key = Crowd(server), new_key()
        await seed(folder, key, [*telegram.persons, *telegram.told])
        await _announce(folder, key, [f"{person.bot.id}/{person.id}" for person in telegram.told])
        async with running(folder, settings(telegram, key), listening(telegram)):
            yield telegram


async def _announce(folder: Path, key: str, told: list[str]) -> None:
    def put(tx: Connection) -> None:
        rows = tx.execute(select(addresses.c.id, addresses.c.user_id)).all()
        users = {row.id: row.user_id for row in rows}
        message = Message("room.message", {"author": "The organisers", "text": WORDS})
        letters = [Letter("mentorship", users[who], message, f"told:{who}") for who in told]
        box.put_all(tx, datetime.now(UTC), letters)

    loaded = load(None, {"MENTORBOT_HOME": str(folder)}, {"encryption.keys": key}, folder)
    async with open_app(loaded, []) as app:
        await app.database.write(put)
