"""People on Telegram who use the service while it is killed, and what has arrived on their screens.

Telegram gives what they do again until it is confirmed, presses as well: all of it is done. Only an answer can be
lost, and whoever sees none uses the command again, which shows what is pending.
"""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from random import Random

from tests.kills import presence
from tests.kills.lines import Push
from tests.kills.people import SEARCHES, Ledger, Said
from tests.kills.presence import PATIENCE
from tests.kills.presence import pushes as arrivals
from tests.kills.process import Service
from tests.platforms.telegram_server import Account, Message, Person, TelegramServer, Update

KEY = re.compile(r"[=!*-]\d+:(\w+)")
TOPICS = {"What would you like help with?", "What can you help with?"}
QUESTIONS = 60


class Presence(presence.Presence):
    """Whether the service is there, fetching what is new."""

    def __init__(self, telegram: TelegramServer, bot: Account) -> None:
        """It has not come yet."""
        super().__init__(telegram)
        self.telegram = telegram
        self.bot = bot

    async def come(self) -> None:
        """Wait until it listens."""
        await self.telegram.until(lambda: self.bot.id in self.telegram.polling, PATIENCE)
        self.came()

    async def taken(self) -> None:
        """Wait until it has confirmed everything."""
        await self.telegram.confirmed()

    async def go(self) -> None:
        """Note that it has ended: nobody reads what it had asked for any more."""
        self.telegram.supersede(self.bot, "the connection has ended")
        self.went()
        await self.telegram.until(lambda: self.bot.id not in self.telegram.polling)


class Member:
    """Somebody on Telegram who answers what is asked, by its keyboard or in words, and presses what is shown."""

    def __init__(self, person: Person, presence: Presence, ledger: Ledger, rng: Random) -> None:
        """Sit down at a client."""
        self.person = person
        self.name = person.user.name
        self._presence = presence
        self._ledger = ledger
        self._rng = rng

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

    async def talk(self, partner: str, times: int) -> None:
        """Open the room and write into it; the next line when the last one is kept and answered."""
        await self._does(lambda: self.person.command("talk"))
        for _ in range(times):
            await self.write(partner)

    async def write(self, partner: str) -> None:
        """Write into the room."""
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


def pushes(bot: Account, presence: Presence, service: Service) -> list[Push]:
    """Give every message that came as a push, its copies included, in the order of arrival."""
    posted = {
        str(message.id): (person.user.name, words(message), message.at)
        for person in bot.people.values()
        for message in person.received
    }
    return arrivals(posted, presence, service)


def words(message: Message) -> str:
    """Give what a message said when it came."""
    text: str = message.versions[0]["text"] if message.versions else message.text
    return text
