"""People on Telegram who use the service while it is killed, and what has arrived on their screens.

Telegram gives what they do again until it is confirmed, presses as well: all of it is done. Only an answer can be
lost, and whoever sees none uses the command again, which shows what is pending.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from random import Random

from tests.kills import crowd, presence
from tests.kills.people import SEARCHES, Ledger, Said
from tests.kills.presence import PATIENCE, Arrived
from tests.kills.process import Service
from tests.platforms.telegram_server import Account, Message, Person, TelegramServer, Update

KEY = re.compile(r"[=!*-]\d+:(\w+)")
TOPICS = {"What would you like help with?", "What can you help with?"}
QUESTIONS = 60


class Presence(presence.Presence):
    """Whether the service is there, fetching what is new."""

    def __init__(self, telegram: TelegramServer, bot: Account, service: Service) -> None:
        """It has not come yet."""
        super().__init__(telegram, service)
        self.telegram = telegram
        self.bot = bot

    async def come(self) -> None:
        """Wait until it listens."""
        await self.telegram.until(lambda: self.bot.id in self.telegram.polling, PATIENCE)
        self.came()

    async def go(self) -> None:
        """Note that it has ended: nobody reads what it had asked for any more."""
        self.telegram.supersede(self.bot, "the connection has ended")
        self.went()
        await self.telegram.until(lambda: self.bot.id not in self.telegram.polling)

    @property
    def untaken(self) -> Sequence[Update]:
        """What they did that is not confirmed."""
        return [update for update in self.bot.updates if not update.confirmed]

    def figures(self) -> Mapping[str, int]:
        """Count what they did, and how often it was given."""
        updates = self.bot.updates
        return {"updates": len(updates), "given": sum(update.given for update in updates)}

    def arrived(self) -> Mapping[str, Arrived]:
        """Give every message of the bot's."""
        return {
            str(message.id): Arrived(person.user.name, words(message), message.at)
            for person in self.bot.people.values()
            for message in person.received
        }


class Member(crowd.Member):
    """Somebody on Telegram, who answers by a keyboard or in words."""

    def __init__(self, person: Person, presence: Presence, ledger: Ledger, rng: Random) -> None:
        """Sit down at a client."""
        super().__init__(person.user.name, ledger, rng)
        self.person = person
        self._presence = presence

    async def sign_up(self, role: str, topic: str) -> None:
        """Answer question after question, and begin with the command again where nothing is shown."""
        answered = set[str]()
        typed = {"consent": "yes", "name": self.name, "role": role, "topics": topic}
        pressed = {"consent": "I agree", "role": "I want to help" if role == "mentor" else "I want a mentor"}
        shown = await self._does(self.person.start)
        for _ in range(QUESTIONS):
            last = self.person.received[-1].text if self.person.received else ""
            if last.startswith(("Welcome, ", "You are signed up")):
                break
            key = asked(self.person.received[-1]) if shown else ""
            if not key or key in answered:
                # Its answer was lost, or it was asked again because the answer to it was.
                shown = await self._does(lambda: self.person.command("signup"))
                continue
            question = self.person.received[-1]
            if key in pressed and self._rng.random() < 0.3:
                shown = await self._press(question, pressed[key])
            elif key in typed:
                shown = await self._does(partial(self.person.say, typed[key]))
            elif self._rng.random() < 0.3:
                shown = await self._press(question, "Skip")
            else:
                # Typed, it needs no edit of the question, and edits count as messages.
                shown = await self._does(partial(self.person.say, "skip"))
            answered.add(key)
        else:
            raise AssertionError(f"{self.name} does not come to an end: {self.person.received[-5:]}")
        self._ledger.roles[self.name] = role

    async def ask(self, topic: str) -> None:
        """Search, and ask the one mentor."""
        for _ in range(SEARCHES):
            if not await self._does(lambda: self.person.command(f"find {topic}")):
                continue
            found = self.person.received[-1]
            if ask := pressable(found, "ask:"):
                await self._press(found, ask)
                break
        else:
            raise AssertionError(f"nobody is found with {topic}: {self.person.received[-1]}")
        self._ledger.asked.add(self.name)

    async def accept(self, mentee: str) -> None:
        """Wait for the offer and accept it."""
        await self._presence.telegram.until(self._offers, PATIENCE)
        offer = self._offers()[0]
        await self._press(offer, pressable(offer, "accept:"))
        self._ledger.paired[self.name] = mentee

    def _offers(self) -> list[Message]:
        return [message for message in self.person.received if pressable(message, "accept:")]

    async def enter(self) -> None:
        """Open the room."""
        await self._does(lambda: self.person.command("talk"))

    async def write(self, partner: str) -> None:
        """Write a line; the next one when it is kept and answered."""
        text = f"{self.name} writes line {len(self.person.said)}."
        said: list[Update] = []

        async def say() -> Update:
            said.append(await self.person.say(text))
            return said[0]

        await self._does(say)
        self._ledger.said.append(Said(str(said[0].id), self.name, partner, text, kept=True))

    async def _press(self, message: Message, wanted: str) -> bool:
        return await self._does(lambda: self.person.press(message, wanted))

    async def _does(self, deed: Callable[[], Awaitable[Update]]) -> bool:
        """Do something, wait until the service has it for good, and say whether an answer came."""
        await self._presence.wait()
        count = len(self.person.received)
        update = await deed()
        await self._presence.telegram.confirmed(update, timeout=PATIENCE)
        assert not update.lost, update
        return await self._presence.shows(lambda: len(self.person.received) > count)


def asked(message: Message) -> str:
    """Say which question a message asks; empty if none."""
    if message.text.partition("\n")[0] in TOPICS:
        return "topics"
    keys = (KEY.match(str(button.get("callback_data", ""))) for button in message.buttons)
    return next((key[1] for key in keys if key), "")


def pressable(message: Message, action: str) -> str:
    """Give what the first button carries that begins with an action; empty if none does."""
    every = (str(button.get("callback_data", "")) for button in message.buttons)
    return next((data for data in every if data.startswith(action)), "")


def words(message: Message) -> str:
    """Give what a message said when it came."""
    text: str = message.versions[0]["text"] if message.versions else message.text
    return text
