"""Two hundred people in twenty workspaces of a local Slack, in turns: each writes a message, then uses the command.

The program is a process of its own, on Socket Mode, and sends at the pace it always does. A message is answered by
`chat.postMessage`, a command by the acknowledgement that carries the answer.
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
from tests.platforms.slack_people import Person
from tests.platforms.slack_server import SlackServer

TEAMS = 20
PEOPLE = 200
ZONES = ("Europe/Madrid", "America/New_York", "Asia/Kolkata", "Asia/Shanghai")
SAID = (
    "hello, is anybody there?",
    "where can I see my requests?",
    "thanks!",
    "how do I find a mentor for python?",
)
COMMANDS = ("help", "profile", "requests", "find python")
POST = "chat.postMessage"
PATIENCE = 10.0


class Slack(Wire):
    """The local Slack and everybody in it."""

    people = PEOPLE

    def __init__(self, server: SlackServer) -> None:
        """Let everybody join a workspace of the server."""
        self.server = server
        self.teams = [server.team(f"T{number}") for number in range(TEAMS)]
        self.persons = [self._joined(number) for number in range(PEOPLE)]
        self.asked = 0

    def _joined(self, number: int) -> Person:
        zone = ZONES[number % len(ZONES)]
        return self.teams[number % TEAMS].person(f"U{number}", f"Person {number}", tz=zone, locale="en-GB")

    async def ask(self, number: int) -> Exchange:
        """Let the next one write or use the command."""
        person, turn = self.persons[number % PEOPLE], number // PEOPLE
        # Everybody does one thing and then the other, and so does each workspace.
        if (number + number // TEAMS + turn) % 2:
            return await self._command(person, COMMANDS[(number // 2) % len(COMMANDS)])
        return await self._say(person, SAID[(number // 2) % len(SAID)])

    async def _command(self, person: Person, text: str) -> Exchange:
        ack = await person.command("/mentor", text)
        assert ack.ok, f"{text}: {ack.why}"
        assert ack.payload, f"{text}: the acknowledgement carries no answer"
        return Exchange("command", ack.seconds)

    async def _say(self, person: Person, text: str) -> Exchange:
        self.asked += 1
        # A person's id stands for the direct messages with them.
        posts, chat = self.server.calls_of(POST), {person.dm.id, person.id}
        before, sent = len(posts), self.server.now

        def answer() -> Call | None:
            return next((call for call in posts[before:] if call.body["channel"] in chat), None)

        ack = await person.say(text)
        assert ack.ok, f"{text}: {ack.why}"
        await self.server.until(answer, PATIENCE)
        posted = answer()
        assert posted is not None
        return Exchange("message", posted.at - sent)

    def look(self) -> None:
        """See that all was as Slack wants it, and nobody was answered twice."""
        assert not self.server.violations, self.server.violations[:3]
        assert len(self.server.calls_of(POST)) == self.asked


def settings(slack: Slack, key: str) -> dict[str, str]:
    """Say to the program where it all is."""
    return {
        "encryption.keys": key,
        "slack.bot_tokens": ",".join(team.bot_token for team in slack.teams),
        "slack.app_token": slack.server.app_token,
        "slack.api_url": slack.server.api_url,
    }


async def seed(folder: Path, key: str) -> None:
    """Sign everybody up before the program starts; every other one is a mentor."""
    people = [
        Signed(
            f"T{number % TEAMS}/U{number}",
            "mentee" if number % 2 else "mentor",
            f"Person {number}",
            ZONES[number % len(ZONES)],
            "en",
            tuple(f"{topic}:4" for topic in ("python", TOPICS[1 + number % 20])),
            {"free": FREE[number % len(FREE)], "languages": "en"},
        )
        for number in range(PEOPLE)
    ]
    loaded = load(None, {"MENTORBOT_HOME": str(folder)}, {"encryption.keys": key}, folder)
    async with open_app(loaded, []) as app:
        await seat(app, people, datetime.now(UTC), lambda handle: Address("slack", handle))


@asynccontextmanager
async def wire(folder: Path) -> AsyncIterator[Wire]:
    """Start the local Slack and the program."""
    async with SlackServer(seed=1) as server:
        slack, key = Slack(server), new_key()
        await seed(folder, key)
        async with running(folder, settings(slack, key), server.connected(2, 30)):
            # What is there by now stays: the sender must not stop to look through it.
            gc.collect()
            gc.freeze()
            try:
                yield slack
            finally:
                gc.unfreeze()
