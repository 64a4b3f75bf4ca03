"""What comes in: the events of a platform, as an adapter hands them in."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.address import Address
from core.store.types import Json


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
    most: int | None = None
    """How large the platform lets us read one; None where it sets no limit."""


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
    found: bool = False
    """It was found in what was written earlier, and may have been handed in before: then nothing is said to it."""
