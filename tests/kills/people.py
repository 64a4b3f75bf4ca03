"""People who use the service while it is killed, and a ledger of what it has told them is done.

Of what somebody sends, a part is sent again with the same id until it is answered, as Slack and Telegram redeliver;
the rest is sent once, as on Discord: then only looking tells whether it was taken.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.kills.lines import Answer, Event, Line, Receiver

REDELIVERED = 0.7
SEARCHES = 50


@dataclass(frozen=True)
class Said:
    """Words for a room: the event's id, who wrote to whom, and whether the service said that it kept them."""

    event: str
    author: str
    reader: str
    text: str
    kept: bool


@dataclass
class Ledger:
    """What was acknowledged."""

    roles: dict[str, str] = field(default_factory=dict)
    """Who signed up, as mentor or as mentee."""
    asked: set[str] = field(default_factory=set)
    """The mentees whose request was taken."""
    paired: dict[str, str] = field(default_factory=dict)
    """The mentors who accepted, with their mentees."""
    rated: dict[tuple[int, str], int] = field(default_factory=dict)
    """The stars, by session and rater."""
    said: list[Said] = field(default_factory=list)
    requeued: set[int] = field(default_factory=set)
    """The rows of the outbox that the organiser had sent again."""

    def figures(self) -> Mapping[str, int]:
        """Count what was acknowledged."""
        return {
            "users": len(self.roles),
            "requests": len(self.asked),
            "pairs": len(self.paired),
            "ratings": len(self.rated),
            "lines": len(self.said),
            "lines that were kept": sum(said.kept for said in self.said),
            "requeued": len(self.requeued),
        }


class Person:
    """Somebody with an address, who answers what is asked and presses what is shown."""

    def __init__(self, name: str, line: Line, ledger: Ledger, rng: Random) -> None:
        self.name = name
        self._line = line
        self._ledger = ledger
        self._rng = rng
        self._events = 0

    def event(self, **what: Any) -> dict[str, Any]:
        """Make an event with a new id."""
        self._events += 1
        return {"id": f"{self.name}.{self._events}", "who": self.name, "name": self.name, **what}

    async def surely(self, **what: Any) -> Answer:
        """Do something on a platform that redelivers."""
        return await self.deliver(self.event(**what))

    async def deliver(self, event: Event) -> Answer:
        """Have an event delivered, perhaps once more."""
        return await self._line.until_saved(event)

    async def perhaps(self, **what: Any) -> Answer | None:
        """Do something on a platform that does not; None when nobody knows whether it was taken."""
        answer = await self._line.once(self.event(**what))
        return answer if answer is not None and answer["saved"] else None

    async def do(self, **what: Any) -> Answer | None:
        """Do something on either."""
        redelivered = self._rng.random() < REDELIVERED
        return await self.surely(**what) if redelivered else await self.perhaps(**what)

    async def fill(self, form: Mapping[str, Any], said: Mapping[str, str]) -> Answer | None:
        """Answer one question in words, or several on a page."""
        fields = form["fields"]
        if self._rng.random() < 0.5:
            return await self.do(say=said.get(fields[0]["key"], form["skip"]))
        page = fields[: self._rng.randint(1, 3)]
        return await self.do(run=form["run"], values={one["key"]: said.get(one["key"]) for one in page})

    async def sign_up(self, role: str, topic: str) -> None:
        """Answer the questions until none is left."""
        said = {"consent": "yes", "name": self.name, "role": role, "helps": f"{topic} 4", "wants": topic}
        answer = await self.do(say="/signup")
        while True:
            form = form_of(answer)
            if form is None:
                # The next input shows what is pending; when nothing is, all was taken.
                form = form_of(await self.surely(say="/signup"))
            if form is None:
                break
            answer = await self.fill(form, said)
        self._ledger.roles[self.name] = role

    async def ask(self, mentor: str, topic: str) -> None:
        """Search, and ask the one mentor."""
        for _ in range(SEARCHES):
            answer = await self.do(say=f"/find {topic}")
            ask = next((one for item in items(answer, mentor) for one in buttons(item, "ask:")), None)
            # Delivered again after a kill, a search answers with no list: the list is what was lost.
            if ask is None:
                continue
            if (
                await self.do(press=ask) is not None
                or await self._has("/requests", "withdraw:")
                or await self._has("/mentorships", "talk:")
            ):
                self._ledger.asked.add(self.name)
                return
        raise AssertionError(f"{mentor} is not found with {topic}: {answer}")

    async def accept(self, mentee: str, receiver: Receiver) -> None:
        """Wait for the offer and accept it."""
        offer = await receiver.first(lambda push: push["to"] == self.name and bool(offered(push)))
        while True:
            answer = await self.do(press=offered(offer)[0])
            if answer is not None or await self._has("/mentorships", "talk:"):
                break
        self._ledger.paired[self.name] = mentee

    async def _has(self, command: str, action: str) -> bool:
        answer = await self.surely(say=command)
        return any(buttons(message, action) for message in parts(answer))

    async def talk(self, partner: str, times: int) -> None:
        """Open the room and write into it."""
        await self.surely(say="/talk")
        for _ in range(times):
            text = f"{self.name} writes line {self._events}."
            answer = await self.do(say=text)
            event = f"{self.name}.{self._events}"
            self._ledger.said.append(Said(event, self.name, partner, text, answer is not None))

    async def rate(self, session: int, stars: int) -> None:
        """Say that the session took place and rate it, until the service says that it is rated."""
        said = {"stars": str(stars), "words": "We went through my code."}
        answer = await self.do(press=f"met:{session}")
        while "rated" not in words(answer):
            form = form_of(answer) or form_of(answer := await self.surely(say=f"/rate {session}"))
            if form is not None:
                answer = await self.fill(form, said)
            elif "rated" not in words(answer):
                answer = await self.do(press=f"met:{session}")
        self._ledger.rated[session, self.name] = stars

    async def requeue(self) -> int:
        """As an organiser, send again what is listed as undelivered; returns how many there were."""
        answer = await self.surely(say="/organiser")
        listed = [press for message in parts(answer) for press in buttons(message, "requeue:")]
        for press in listed:
            await self.surely(press=press)
            self._ledger.requeued.add(int(press.removeprefix("requeue:")))
        return len(listed)


def form_of(answer: Answer | None) -> Mapping[str, Any] | None:
    """Give the form that an answer shows."""
    forms = (message["form"] for message in (answer or {}).get("messages", ()) if message.get("form"))
    return next(forms, None)


def items(answer: Answer | None, name: str) -> list[Mapping[str, Any]]:
    """Give the rows of a list that name somebody."""
    found = (item for message in (answer or {}).get("messages", ()) for item in message["items"])
    return [item for item in found if name in item["text"]]


def parts(answer: Answer | None) -> Iterator[Mapping[str, Any]]:
    """Give the messages and the rows of an answer: whatever has buttons."""
    for message in (answer or {}).get("messages", ()):
        yield message
        yield from message["items"]


def buttons(part: Mapping[str, Any], action: str) -> list[str]:
    """Give the ids of a part's buttons that begin with an action."""
    return [button["id"] for button in part["buttons"] if button["id"].startswith(action)]


def offered(push: Mapping[str, Any]) -> list[str]:
    """Give the button with which an offer is accepted."""
    return [one for part in (push["message"], *push["message"]["items"]) for one in buttons(part, "accept:")]


def words(answer: Answer | None) -> str:
    """Give all text of an answer."""
    return " ".join(message["text"] for message in (answer or {}).get("messages", ()))
