"""What an adapter may know: what it hands in, what it is given to show, and how it is asked to deliver."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal, Protocol

from bot.fields import Choice, Confirm, Day, Field, Moment, Number, Option, Text, Upload, Week, When
from bot.richtext import Rich
from core.address import Address
from core.store.types import Json

__all__ = [
    "Address",
    "Choice",
    "Confirm",
    "Day",
    "Field",
    "Moment",
    "Number",
    "Option",
    "Text",
    "Upload",
    "Week",
    "When",
]

EMPTY: Mapping[str, Json] = MappingProxyType({})


# --- What comes in ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """A shared conversation on a platform: a group, a thread, a channel."""

    platform: str
    id: str


@dataclass(frozen=True, slots=True)
class Ref:
    """A message on a platform, in the chat of an address or in a place."""

    platform: str
    chat: str
    id: str

    def __str__(self) -> str:
        """Write it as it is stored."""
        return f"{self.platform}:{self.chat}:{self.id}"


@dataclass(frozen=True, slots=True)
class File:
    """A file that a person sent; `Adapter.open` reads its bytes."""

    id: str
    name: str
    mime: str
    size: int


@dataclass(frozen=True, slots=True)
class Quoted:
    """A message somebody acted on: for a report, a question, thanks."""

    author: Address | None
    text: str
    ref: Ref | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A command with the words behind it."""

    name: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Submitted:
    """Values for fields of a form: any non-empty subset of those that may be asked now; None skips an optional one."""

    run: int
    values: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button, by the id it was rendered with."""

    action: str
    arg: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """Something a person wrote to the bot."""

    text: str


@dataclass(frozen=True, slots=True)
class Edited:
    """A person changed the message `Incoming.message` into this."""

    text: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """A person took back the message `Incoming.message`."""


@dataclass(frozen=True, slots=True)
class Started:
    """A person opened the bot by a link that carries a token."""

    token: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A person opened a surface of the bot, such as its home."""

    surface: str


@dataclass(frozen=True, slots=True)
class Reachable:
    """A person blocked the bot, or let it in again."""

    yes: bool


Event = Command | Submitted | Pressed | Said | Edited | Deleted | Started | Opened | Reachable


@dataclass(frozen=True, slots=True)
class Incoming:
    """One event as an adapter hands it in; `id` is unique for the platform and account."""

    id: str
    who: Address
    event: Event
    place: Place | None = None
    message: Ref | None = None
    reply_to: Ref | None = None
    files: tuple[File, ...] = ()
    quoted: Quoted | None = None
    name: str = ""
    locale: str | None = None
    zone: str | None = None


# --- What is shown ----------------------------------------------------------------------------------------------

Style = Literal["plain", "primary", "danger"]


@dataclass(frozen=True, slots=True)
class Button:
    """A button: what it says, its id `action:arg` (60 bytes at most), and for screen readers what it is about."""

    label: str
    id: str
    style: Style = "plain"
    about: str = ""


@dataclass(frozen=True, slots=True)
class ShownItem:
    """A row of a list, with buttons of its own."""

    body: Rich
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes with a message."""

    name: str
    mime: str
    data: bytes
    alt: str = ""


@dataclass(frozen=True, slots=True)
class ShownOption:
    """An option in the reader's words."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A field in the reader's words."""

    field: Field
    label: Rich
    hint: Rich = ()
    options: tuple[ShownOption, ...] = ()
    error: Rich = ()
    initial: Json = None


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a run that may be asked now; the adapter answers any non-empty subset."""

    run: int
    title: str
    fields: tuple[Asked, ...]
    can_go_back: bool
    words: Mapping[str, str] = field(default_factory=dict)
    """Labels of the form itself: next, back, cancel, skip, done, yes, no."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in the reader's language, ready for an adapter's markup."""

    body: Rich
    buttons: tuple[Button, ...] = ()
    items: tuple[ShownItem, ...] = ()
    attached: Attached | None = None
    form: Form | None = None
    silent: bool = False
    private: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person who acted gets: messages in order; `replace` puts the first in the place of the one acted on.

    `saved` is false where the event left no trace: a platform that delivers again should do so.
    """

    messages: tuple[Rendered, ...] = ()
    replace: bool = False
    saved: bool = True


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


Delivery = Sent | Later | Refused | Unknown | Gone

Handle = Callable[[Incoming], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody types into a field that searches."""

    who: Address
    source: str
    typed: str


Suggest = Callable[[Search], Awaitable[Sequence[ShownOption]]]


class Adapter(Protocol):
    """A platform."""

    name: str

    async def run(self, handle: Handle, suggest: Suggest) -> None:
        """Receive events until cancelled."""
        ...

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Send a message; `once` is the same for every try."""
        ...

    async def edit(self, ref: Ref, message: Rendered) -> Delivery:
        """Put a message in the place of one that was sent."""
        ...

    async def gather(self, people: Sequence[Address], title: str) -> Place | None:
        """Open a shared room for these people, where the platform has one."""
        ...

    def open(self, file: File) -> AsyncIterator[bytes]:
        """Read a file that somebody sent."""
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
