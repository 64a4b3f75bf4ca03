"""Where something happened on Telegram, which is where it is answered; and the kinds of things that are heard."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.adapters.presses import Pick
from bot.ports import Incoming


@dataclass(frozen=True, slots=True)
class Surface:
    """`chat` is a message that somebody wrote, `press` a button; `event` is what nobody waits for an answer to."""

    kind: Literal["chat", "press", "event"]
    message: int = 0
    """The message that was written or pressed."""
    query: str = ""
    """Answers a press, at once."""
    data: str = ""
    shown: Mapping[str, Any] = field(default_factory=dict)
    """The message that was pressed as it was then, with its keyboard."""
    pick: Pick | None = None
    """What was pressed where the button could not hold it: the form tells what it stands for."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An event for the program, and the chat in which it is answered."""

    bot: int
    chat: int
    incoming: Incoming
    surface: Surface


@dataclass(frozen=True, slots=True)
class Turned:
    """Somebody ticked a box or turned a page: at most the keyboard changes, and the press is answered."""

    bot: int
    chat: int
    message: int
    query: str
    data: str
    shown: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moved:
    """A group has become a supergroup, under another id."""

    bot: int
    old: int
    new: int


Signal = Heard | Turned | Moved
