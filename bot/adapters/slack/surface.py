"""Where something happened on Slack, which is where it is answered; and the kinds of things that are heard."""

from dataclasses import dataclass
from typing import Literal

from bot.ports import Incoming, Search


@dataclass(frozen=True, slots=True)
class Surface:
    """`chat` is the bot's direct messages, `private` an ephemeral answer, `modal` and `home` are views.

    `event` is what nobody waits for an answer to.
    """

    kind: Literal["chat", "private", "modal", "home", "event"]
    channel: str = ""
    message: str = ""
    """The time stamp of the message that was acted on."""
    view: str = ""
    hash: str = ""
    trigger: str = ""
    """Opens a modal, once and within three seconds."""
    respond: str = ""
    """The response_url: five answers in half an hour."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An event for the program; name, language and zone are added from the profile."""

    team: str
    user: str
    incoming: Incoming
    surface: Surface
    again: bool = False
    """Slack has sent it before."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Somebody types into a field that searches; `free` takes what was typed, `levels` takes a figure behind it."""

    team: str
    search: Search
    free: bool = False
    levels: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """A profile has changed; who is `gone` is deactivated."""

    team: str
    user: str
    gone: bool


@dataclass(frozen=True, slots=True)
class Left:
    """A workspace has removed the app or revoked its token."""

    team: str
    why: str


Signal = Heard | Looked | Changed | Left
