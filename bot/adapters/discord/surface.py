"""Where something happened on Discord, which is where it is answered; and the kinds of things that are heard."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.adapters.presses import Pick
from bot.ports import Incoming, Search


@dataclass(frozen=True, slots=True)
class Surface:
    """`chat` is the direct messages with the bot, `private` a server, where only the one who acts sees an answer.

    `event` is what nobody waits for an answer to.
    """

    kind: Literal["chat", "private", "event"]
    channel: str = ""
    message: str = ""
    """The message that was written or pressed."""
    interaction: str = ""
    """Its id and token acknowledge it within three seconds, and answer it for fifteen minutes."""
    token: str = ""
    opens: bool = False
    """A modal may answer: it was a command or a press, not a modal."""
    shown: Mapping[str, Any] = field(default_factory=dict)
    """The message that was pressed, as it was then."""
    data: str = ""
    """What was pressed, as the component carries it."""
    chosen: tuple[str, ...] = ()
    """What was chosen in a select."""
    pick: Pick | None = None
    """What was pressed where the component could not hold it: the form tells what it stands for."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An event for the program, and who did it."""

    user: str
    incoming: Incoming
    surface: Surface


@dataclass(frozen=True, slots=True)
class Looked:
    """Somebody types into an option that searches; `before` is what they typed earlier, which stays."""

    user: str
    search: Search
    before: str
    interaction: str
    token: str


@dataclass(frozen=True, slots=True)
class Removed:
    """A direct message was deleted; Discord does not tell whose it was, only in which channel."""

    channel: str
    message: str


@dataclass(frozen=True, slots=True)
class Left:
    """A server has removed the bot."""

    guild: str


Signal = Heard | Looked | Removed | Left
