"""People in Slack who use the service while it is killed, and what has arrived on their screens.

Slack delivers what they write again until it is acknowledged. A command, a press and a form come once: whoever sees
no answer does the next thing, which shows what is pending.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from random import Random

from tests.kills import crowd, presence
from tests.kills.people import SEARCHES, Ledger, Said
from tests.kills.presence import PATIENCE, Arrived
from tests.kills.process import Service
from tests.platforms import slack_inputs
from tests.platforms.slack_server import Ack, Event, Person, Posted, SlackServer, View

HOLDING = "Still working on it"
"""What is said where there is no answer yet."""
ANSWERS = ("Passed on to ", "I have dealt with that already")


class Presence(presence.Presence):
    """Whether the service is there, connected to Slack."""

    def __init__(self, slack: SlackServer, service: Service) -> None:
        """It has not come yet."""
        super().__init__(slack, service)
        self.slack = slack

    async def come(self) -> None:
        """Wait until it listens; what was not acknowledged is delivered again."""
        await self.slack.connected(2, PATIENCE)
        self.came()
        if self.untaken:
            self.slack.background(self.slack.redeliver(*self.untaken))

    async def go(self) -> None:
        """Note that it has ended: what was on its way to it is given up."""
        self.slack.abandon()
        self.went()
        await self.slack.until(lambda: not self.slack.connections)

    async def wait(self) -> int:
        """Wait until it is there and connected; gives which time it is."""
        await self.slack.until(lambda: self.here and self.slack.connections, PATIENCE)
        # That a connection has just broken is noticed before the next try.
        await asyncio.sleep(0)
        return self.times

    @property
    def untaken(self) -> Sequence[Event]:
        """What they wrote that is not acknowledged."""
        return self.slack.unacknowledged

    def figures(self) -> Mapping[str, int]:
        """Count what they did, how often it was delivered, and what was acknowledged."""
        events = self.slack.events
        return {
            "things done": len(events),
            "deliveries": sum(event.attempts for event in events),
            "acknowledged": sum(event.acknowledged for event in events),
        }

    def arrived(self) -> Mapping[str, Arrived]:
        """Give every message of the service's, but for what it showed to one person for a moment."""
        return {
            message.ref: Arrived(person.profile.name, words(message), message.at)
            for workspace in self.slack.workspaces.values()
            for person in workspace.people.values()
            for message in person.dm.messages
            if message.bot_id and not message.ephemeral
        }


class Member(crowd.Member):
    """Somebody in Slack, who fills in modals."""

    def __init__(self, person: Person, presence: Presence, ledger: Ledger, rng: Random) -> None:
        """Sit down at a client."""
        super().__init__(person.profile.name, ledger, rng)
        self.person = person
        self._presence = presence

    async def sign_up(self, role: str, topic: str) -> None:
        """Fill in page after page, and begin with the command again where nothing is shown."""
        said = {
            "consent": ["yes"],
            "name": self.name,
            "role": role,
            "helps": [f"{topic} 4"],
            "wants": [topic],
        }
        kept = set[str]()
        while True:
            time = await self._presence.wait()
            view = self.person.view
            if view is not None and view.source.get("submit"):
                page = view.fields
                assert not kept & set(page), f"{self.name} is asked again: {kept & set(page)}"
                try:
                    ack = await self.person.submit({key: said[key] for key in page if key in said})
                except LookupError:
                    # Nobody answered what was typed into a search.
                    await self._presence.ended(time)
                    continue
                assert not view.errors, view.errors
                if ack.ok and ack.payload == {"response_action": "clear"}:
                    break
                if ack.ok and view.source.get("submit"):
                    # The next page is an answer: this one is kept. That it is still being saved is none.
                    kept.update(page)
                elif ack.ok:
                    await self._saved(view)
                continue
            while self.person.view is not None:
                await self.person.close()
            ack = await self._command("signup")
            if ack.ok and ack.payload and not ack.payload["text"].startswith(HOLDING):
                assert "You are signed up" in ack.payload["text"], ack.payload
                break
            if ack.ok:
                await self._presence.shows(lambda: self.person.view)
        self._ledger.roles[self.name] = role

    async def _saved(self, view: View) -> None:
        await self._presence.shows(lambda: view.source.get("callback_id") != "saving")

    async def ask(self, topic: str) -> None:
        """Search, and ask the one mentor."""
        for _ in range(SEARCHES):
            ack = await self._command(f"find {topic}")
            if not ack.ok or not (ask := pressable(self.person.ephemerals[-1], "ask:")):
                continue
            if await self._answered(self.person.ephemerals[-1], ask, self._has_asked):
                break
            if await self._has("requests", "withdraw:") or await self._has("mentorships", "talk:"):
                break
        else:
            raise AssertionError(f"nobody is found with {topic}: {ack}")
        self._ledger.asked.add(self.name)

    def _has_asked(self) -> bool:
        return any(pressable(shown, "withdraw:") for shown in self.person.ephemerals)

    async def accept(self, mentee: str) -> None:
        """Wait for the offer and accept it."""
        await self._presence.slack.until(self._offers, PATIENCE)
        offer = self._offers()[0]
        while accept := pressable(offer, "accept:"):
            if await self._answered(offer, accept, lambda: not pressable(offer, "accept:")):
                break
            if await self._has("mentorships", "talk:"):
                break
        self._ledger.paired[self.name] = mentee

    def _offers(self) -> list[Posted]:
        return [message for message in self.person.messages if pressable(message, "accept:")]

    async def enter(self) -> None:
        """Open the room: say so until it is acknowledged."""
        while not (await self._command("talk")).payload:
            pass

    async def talk_on(self, partner: str, enough: asyncio.Event) -> None:
        """Write until it is enough, and open the room before each line: commands are under way at any time, too."""
        while not enough.is_set():
            await self.talk(partner, 1)

    async def write(self, partner: str) -> None:
        """Write a line; the next one when it is kept and answered."""
        count = len(self.answers)
        text = f"{self.name} writes line {len(self.person.said)}."
        event = (await self.person.say(text)).event
        await self._presence.slack.until(lambda: event.acknowledged, PATIENCE)
        self._ledger.said.append(Said(event.payload["event_id"], self.name, partner, text, kept=True))
        await self._presence.shows(lambda: len(self.answers) > count)

    @property
    def answers(self) -> list[Posted]:
        """What the service has answered to lines, to those included that came again after a kill."""
        return [message for message in self.person.messages if message.text.startswith(ANSWERS)]

    async def _command(self, text: str) -> Ack:
        await self._presence.wait()
        return await self.person.command("/mentor", text)

    async def _has(self, command: str, action: str) -> bool:
        while not (ack := await self._command(command)).ok:
            pass
        shown = {"blocks": [], **(ack.payload or {})}
        return any(
            element["action_id"].startswith(action) for _, element in slack_inputs.controls(shown["blocks"])
        )

    async def _answered(self, where: Posted, action: str, shown: Callable[[], object]) -> bool:
        """Press, and say whether an answer came; an acknowledgement alone promises nothing."""
        await self._presence.wait()
        ack = await self.person.press(where, action)
        return ack.ok and await self._presence.shows(shown)


def pressable(message: Posted, action: str) -> str:
    """Give the id of the first button that begins with an action; empty if none does."""
    every = (element["action_id"] for _, element in slack_inputs.controls(message.blocks))
    return next((name for name in every if name.startswith(action)), "")


def words(message: Posted) -> str:
    """Give what a message said when it came."""
    text: str = message.versions[0]["text"] if message.versions else message.text
    return slack_inputs.unescape(text)
