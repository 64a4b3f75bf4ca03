"""People on Discord who use the service while it is killed, and what has arrived on their screens.

Discord tells the bot everything once. Whoever sees no answer does the next thing, which shows what is pending; what
they wrote in the conversation meanwhile is done before that.
"""

import re
from collections.abc import Mapping
from random import Random

from tests.kills import crowd, presence
from tests.kills.people import SEARCHES, Ledger, Said
from tests.kills.presence import PATIENCE, Arrived
from tests.kills.process import Service
from tests.platforms.discord_limits import WORDS, walk
from tests.platforms.discord_server import Ack, DiscordServer, Message, Person, shown

KEY = re.compile(r"[=!*-]\d+:(\w+)")
TOPICS = ("What would you like help with?", "What can you help with?")
DONE = ("Welcome, ", "You are signed up")
ONWARD = ("Next", "Continue")
"""What leads on where a form could not be opened at once, or its answer was not there in time."""
QUESTIONS = 80


class Presence(presence.Presence):
    """Whether the service is there, with a session."""

    def __init__(self, discord: DiscordServer, service: Service) -> None:
        """It has not come yet."""
        super().__init__(discord, service)
        self.discord = discord

    async def come(self) -> None:
        """Wait until it listens."""
        await self.discord.connected(timeout=PATIENCE)
        self.came()

    async def go(self) -> None:
        """Note that it has ended: nobody waits for an answer of it."""
        self.discord.abandon()
        self.went()
        await self.discord.until(lambda: not self.discord.alive)
        self.discord.abandon()

    def figures(self) -> Mapping[str, int]:
        """Count the service's sessions, what they did, how much of it was answered, and what they wrote."""
        people = self.discord.people.values()
        acks = [ack for person in people for ack in person.acks]
        return {
            "sessions": len(self.discord.identifies),
            "interactions": len(acks),
            "answered": sum(ack.ok for ack in acks),
            "messages": sum(len(person.said) for person in people),
        }

    def arrived(self) -> Mapping[str, Arrived]:
        """Give every message of the bot's in a conversation with it."""
        return {
            message.ref: Arrived(person.user.name, words(message), message.at)
            for person in self.discord.people.values()
            for message in person.received
        }


class Member(crowd.Member):
    """Somebody on Discord, who answers in windows or in words."""

    def __init__(self, person: Person, presence: Presence, ledger: Ledger, rng: Random) -> None:
        """Sit down at a client."""
        super().__init__(person.user.name, ledger, rng)
        self.person = person
        self._presence = presence
        self._is_sure = True
        """Whether all they have written is answered."""

    # --- Signing up ---------------------------------------------------------------------------------------------

    async def sign_up(self, role: str, topic: str) -> None:
        """Answer what is asked, and begin with the command again where nothing is shown."""
        said = {"consent": "yes", "name": self.name, "role": role, "helps": topic, "wants": topic}
        if self._rng.random() < 0.5:
            await self._in_windows(said)
        else:
            await self._in_words({**said, "topics": topic})
        self._ledger.roles[self.name] = role

    async def _in_windows(self, said: Mapping[str, str]) -> None:
        """Fill in page after page, where others are around."""
        kept = set[str]()
        ack: Ack | None = None
        for _ in range(QUESTIONS):
            message = told(ack)
            if message is not None and message.words.startswith(DONE):
                return
            await self._presence.wait()
            modal = self.person.modal
            if modal is not None:
                page = modal.fields
                assert not kept & set(page), f"{self.name} is asked again: {kept & set(page)}"
                ack = await self.person.submit({key: said[key] for key in page if key in said})
                self.person.dismiss()
                if told(ack) is not None and not holds(ack):
                    kept.update(page)
            elif (
                message is not None
                and not message.deleted
                and (label := next((one for one in ONWARD if one in message.labels), ""))
            ):
                ack = await self.person.press(message, label)
            else:
                ack = await self.person.slash("signup")
        raise AssertionError(f"{self.name} does not come to an end: {ack}")

    async def _in_words(self, said: Mapping[str, str]) -> None:
        """Answer question after question in the conversation; what may be left out is left out in a window."""
        answered = set[str]()
        key = await self._pending()
        for _ in range(QUESTIONS):
            if not key:
                return
            if key not in said:
                await self._in_windows(said)
                return
            seen = await self._says(said[key])
            answered.add(key)
            last = self.person.received[-1].words if seen else ""
            if last.startswith(DONE):
                return
            key = asked(self.person.received[-1]) if seen else ""
            if not key or key in answered:
                # The answer was lost, or what came was an earlier one.
                key = await self._pending()
        raise AssertionError(f"{self.name} does not come to an end: {self.person.received[-5:]}")

    async def _pending(self) -> str:
        """Ask for the form: its window tells the question that is in front, and is closed; empty if none is left."""
        while True:
            await self._presence.wait()
            ack = await self.person.slash("signup", where=self.person.dm)
            if ack.ok and ack.modal is not None:
                self.person.dismiss()
                return next(iter(ack.modal.fields))
            if (message := told(ack)) is not None and message.words.startswith(DONE):
                return ""

    # --- A pair -------------------------------------------------------------------------------------------------

    async def ask(self, topic: str) -> None:
        """Search, and ask the one mentor."""
        for _ in range(SEARCHES):
            found = told(await self._slash("find", {"words": topic}))
            if found is None or not (ask := pressable(found, "ask:")):
                continue
            answer = told(await self._press(found, ask))
            if answer is not None and pressable(answer, "withdraw:"):
                break
            if await self._has("requests", "withdraw:") or await self._has("mentorships", "talk:"):
                break
        else:
            raise AssertionError(f"nobody is found with {topic}: {found}")
        self._ledger.asked.add(self.name)

    async def accept(self, mentee: str) -> None:
        """Wait for the offer and accept it."""
        await self._presence.discord.until(self._offers, PATIENCE)
        offer = self._offers()[0]
        while accept := pressable(offer, "accept:"):
            await self._press(offer, accept)
            if not pressable(offer, "accept:") or await self._has("mentorships", "talk:"):
                break
        self._ledger.paired[self.name] = mentee

    def _offers(self) -> list[Message]:
        return [message for message in self.person.received if pressable(message, "accept:")]

    async def enter(self) -> None:
        """Open the room: say so until it is answered."""
        while not await self._says("/talk", "What you write here now goes to "):
            pass

    async def write(self, partner: str) -> None:
        """Write a line; the next one when it is answered, or the service has ended."""
        while not self._is_sure:
            # What was written before is answered by then, or was answered to nobody.
            self._is_sure = await self._says("/mentorships", "Your pair")
        text = f"{self.name} writes line {len(self.person.said)}."
        self._is_sure = await self._says(text, "Passed on to ")
        self._ledger.said.append(Said(self.person.said[-1].id, self.name, partner, text, self._is_sure))

    # --- What one does ------------------------------------------------------------------------------------------

    async def _says(self, text: str, answer: str = "") -> bool:
        """Write something, and say whether something came after it that begins so."""
        await self._presence.wait()
        count, before = self._count(answer), len(self.person.dm.messages) + 1
        await self.person.say(text)
        return await self._presence.shows(
            lambda: len(self.person.dm.messages) > before and self._count(answer) > count
        )

    def _count(self, words: str) -> int:
        return sum(message.words.startswith(words) for message in self.person.received)

    async def _slash(self, verb: str, given: Mapping[str, str] | None = None) -> Ack:
        await self._presence.wait()
        return await self.person.slash(verb, given)

    async def _press(self, message: Message, wanted: str) -> Ack:
        await self._presence.wait()
        return await self.person.press(message, wanted)

    async def _has(self, command: str, action: str) -> bool:
        while (shown := told(ack := await self._slash(command))) is None or holds(ack):
            pass
        return bool(pressable(shown, action))


def told(ack: Ack | None) -> Message | None:
    """Give the message that answers something; None where nobody answered, or by a form."""
    return ack.message if ack is not None and ack.ok and ack.modal is None else None


def holds(ack: Ack) -> bool:
    """Whether an answer says no more than that there is none yet."""
    return ack.message is not None and ack.message.labels == ["Continue"]


def asked(message: Message) -> str:
    """Say which question a message asks; empty if none."""
    if message.words.startswith(TOPICS):
        return "topics"
    every = [each.get("custom_id", "") for each in (*message.buttons, *message.selects)]
    return next((found[1] for name in every if (found := KEY.match(name))), "")


def pressable(message: Message, action: str) -> str:
    """Give what the first button carries that begins with an action; empty if none does."""
    every = (str(button.get("custom_id", "")) for button in message.buttons)
    return next((name for name in every if name.startswith(action)), "")


def words(message: Message) -> str:
    """Give what a message said when it came."""
    if not message.versions:
        return message.words
    first = walk(message.versions[0]["components"])
    return shown("\n".join(each["content"] for each in first if each["type"] == WORDS))
