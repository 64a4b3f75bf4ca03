"""What an adapter may know: what it hands in, what it is given to show, and how it is asked to deliver."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal, Protocol

from bot.events import (
    Command,
    Deleted,
    Edited,
    Event,
    File,
    Incoming,
    Opened,
    Place,
    Pressed,
    Quoted,
    Reachable,
    Ref,
    Said,
    Started,
    Submitted,
)
from bot.fields import Choice, Confirm, Day, Field, Moment, Number, Option, Text, Upload, Week, When
from bot.shown import (
    Answer,
    Asked,
    Attached,
    Button,
    Form,
    Rendered,
    ShownItem,
    ShownOption,
    Style,
)
from core.address import Address
from core.store.types import Json

__all__ = [
    "Address",
    "Answer",
    "Asked",
    "Attached",
    "Button",
    "Choice",
    "Command",
    "Confirm",
    "Day",
    "Deleted",
    "Edited",
    "Event",
    "Field",
    "File",
    "Form",
    "Incoming",
    "Json",
    "Moment",
    "Number",
    "Opened",
    "Option",
    "Place",
    "Pressed",
    "Quoted",
    "Reachable",
    "Ref",
    "Rendered",
    "Said",
    "ShownItem",
    "ShownOption",
    "Started",
    "Style",
    "Submitted",
    "Text",
    "Upload",
    "Week",
    "When",
]

EMPTY: Mapping[str, Json] = MappingProxyType({})


# --- How a check went -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what it is called, how it stands, what was seen, and how to mend it."""

    name: str
    state: Literal["ok", "warning", "fault"]
    seen: str
    remedy: str = ""


# --- How delivery went ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform has it; `ref` is the message there."""

    ref: str


@dataclass(frozen=True, slots=True)
class Later:
    """The platform asks to wait this many seconds; nothing was sent."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Refused:
    """A definite no; `again` says whether trying later can help."""

    why: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows whether it was sent: a time-out after the request, a reset, a 5xx."""

    why: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The person cannot be reached at this address any more."""

    why: str


@dataclass(frozen=True, slots=True)
class Shut:
    """The person takes no messages at this address now; when they next do something there, they can be told."""

    why: str


Delivery = Sent | Later | Refused | Unknown | Gone | Shut

Handle = Callable[[Incoming], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody types into a field that searches."""

    who: Address
    source: str
    typed: str


Suggest = Callable[[Search], Awaitable[Sequence[ShownOption]]]
Bury = Callable[[Incoming], Awaitable[None]]
"""Puts an event aside that could not be handled in any try, so that organisers see that there was one.

What it raises means that even this could not be kept: the event is not done with, and is to be tried again.
"""
Words = Callable[[str | None], Mapping[str, str]]
"""For a platform's name of a language, what an adapter says by itself: the keys under `adapter`."""


async def unburied(incoming: Incoming) -> None:
    """Forget it."""
    del incoming


@dataclass(frozen=True, slots=True)
class Known:
    """A command as a platform lists it: its name, and what it does in one language; `organisers` use it alone."""

    name: str
    about: str
    organisers: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """What the program offers an adapter that runs."""

    handle: Handle
    suggest: Suggest
    words: Words
    commands: Callable[[str], Sequence[Known]] = lambda _: ()
    """All commands in a language."""
    languages: tuple[str, ...] = ()
    """The languages that there are, the community's own first."""
    organisers: frozenset[Address] = frozenset()
    bury: Bury = unburied
    page: Words = lambda _: {}
    """What the web page says by itself: the keys under `page`."""
    match: Callable[[str | None], str] = lambda _: "en"
    """The language of ours that fits a platform's name of one best."""


class Misconfigured(Exception):
    """What the host has to mend, in words: a token that is not valid, a scope that is missing."""


class Outage(Exception):
    """A platform that cannot be reached now, in words: nothing to mend here, and it is tried again."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request to one of an adapter's routes; the names of headers are in lower case; `remote` is who asks."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    path: str = ""
    remote: str = ""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What a route answers."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HttpStream:
    """An answer that goes on: its parts as they come, until whoever asked hangs up or the server stops."""

    parts: AsyncGenerator[bytes, None]
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


Serve = Callable[[HttpRequest], Awaitable[HttpResponse | HttpStream]]


@dataclass(frozen=True, slots=True)
class Route:
    """A path of the web server that belongs to an adapter; `{name}` in it stands for any part of a path."""

    method: str
    path: str
    serve: Serve


class Adapter(Protocol):
    """A platform."""

    name: str

    @property
    def routes(self) -> Sequence[Route]:
        """What the web server serves for this platform; it is asked for once, before `run`."""
        ...

    @property
    def leases(self) -> Sequence[str]:
        """What no other process may do meanwhile, such as `telegram:123456`; it runs while this process holds all."""
        ...

    async def run(self, program: Program) -> None:
        """Receive events until cancelled; raises `Misconfigured`, or whatever went wrong, to be run again later."""
        ...

    def ahead(self, to: Address | Place, *, urgent: bool) -> float:
        """Give the seconds until a message could leave, where they are many; then it is not written in vain."""
        ...

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Send a message; `once` is the same for every try."""
        ...

    async def edit(self, ref: Ref, message: Rendered) -> Delivery:
        """Put a message in the place of one that was sent."""
        ...

    async def gather(self, people: Sequence[Address], title: str) -> Place | None:
        """Open a shared room for these people, or find theirs; None where the platform has none for them.

        What it raises is tried again a few times.
        """
        ...

    def open(self, file: File) -> AsyncIterator[bytes]:
        """Read a file that somebody sent; raises FileNotFoundError where it is gone, and it is not tried again."""
        ...


def button_id(action: str, arg: object = "") -> str:
    """Write the id of a button; raises ValueError over 60 bytes, since Telegram takes 64."""
    text = f"{action}:{arg}" if str(arg) else action
    if len(text.encode()) > 60:
        msg = f"the button id {text!r} is longer than 60 bytes"
        raise ValueError(msg)
    return text


def moment_text(at: datetime) -> str:
    """Write an aware moment as messages and forms carry it."""
    return at.isoformat()
