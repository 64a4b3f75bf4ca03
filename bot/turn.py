"""One event, one transaction, one `Turn`; and the closed vocabulary of what a handler may answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import assert_never

from sqlalchemy import Connection

from bot.messages import Catalogue
from bot.ports import EMPTY, Field, File, Incoming, Place, Quoted, Ref, Style
from core.address import Address
from core.courses.shelf import Shelves
from core.mentors import Mentors
from core.policy import Policy
from core.reading import Problem
from core.store.types import Json
from core.topics import Topics
from core.users import User

SCREEN = 1900
"""What the tightest platform shows in one message; those that show more say so."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an event came from, and what it was about."""

    event: str = ""
    place: Place | None = None
    message: Ref | None = None
    reply_to: Ref | None = None
    quoted: Quoted | None = None
    files: tuple[File, ...] = ()

    @classmethod
    def of(cls, incoming: Incoming) -> "Origin":
        """Take it from the event."""
        return cls(
            incoming.id,
            incoming.place,
            incoming.message,
            incoming.reply_to,
            incoming.quoted,
            incoming.files,
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """All that a handler may touch. Everything is synchronous; nothing is sent from here."""

    tx: Connection
    who: Address
    user: User | None
    now: datetime
    rng: Random
    policy: Policy
    mentors: Mentors
    shelves: Shelves
    topics: Topics
    words: Catalogue
    organisers: frozenset[Address] = frozenset()
    origin: Origin = Origin()
    name: str = ""
    locale: str = "en"
    zone: str = "UTC"
    room_id: int | None = None
    reachable: bool = True
    """Whether messages reach them where they act."""
    screens: Mapping[str, int] = field(default_factory=dict)
    """How many characters a platform shows in one message, where it said so."""

    def screen(self, platform: str) -> int:
        """Say how many characters of a message a platform shows in one piece."""
        return self.screens.get(platform, SCREEN)

    @property
    def me(self) -> User:
        """The user who acts; only for handlers that are reached by signed-up people."""
        assert self.user is not None
        return self.user

    @property
    def is_organiser(self) -> bool:
        """Whether the one who acts runs the programme."""
        return self.who in self.organisers


@dataclass(frozen=True, slots=True)
class Action:
    """A button: its id `action:arg` and the key of its label."""

    id: str
    label: str
    style: Style = "plain"
    params: Mapping[str, Json] = field(default_factory=dict)
    about: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A row of a list, with its own buttons."""

    key: str
    params: Mapping[str, Json] = field(default_factory=dict)
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that is made when the message is delivered, named by kind and id."""

    kind: str
    id: int


@dataclass(frozen=True, slots=True)
class Carried:
    """A file that somebody sent: only where it is; its bytes are read when the message is delivered."""

    platform: str
    file: File


@dataclass(frozen=True, slots=True)
class Message:
    """What is said, in keys and parameters: what `Say` carries and what the outbox stores.

    With a `locale` it is said in that language whoever reads it: where several read it together.
    """

    key: str
    params: Mapping[str, Json] = field(default_factory=dict)
    actions: tuple[Action, ...] = ()
    items: tuple[Item, ...] = ()
    attachment: Attachment | Carried | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """Answer with messages; `replace` puts the first in the place of the message whose button was pressed.

    `locale` is the reader's language where it has just been changed.
    """

    messages: tuple[Message, ...]
    replace: bool = False
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the fields of a run that may be asked now."""

    run: int
    dialog: str
    fields: tuple[Field, ...]
    params: Mapping[str, Json] = field(default_factory=dict)
    errors: Mapping[str, Problem] = field(default_factory=dict)
    initial: Mapping[str, Json] = field(default_factory=dict)
    can_go_back: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    """Open a form by its name."""

    dialog: str
    args: Mapping[str, Json] = field(default_factory=dict)


Reply = Say | Ask | Start
Replies = tuple[Reply, ...]


def say(key: str, *actions: Action, **params: Json) -> Say:
    """Answer with one message."""
    return Say((Message(key, params, actions),))


def swap(key: str, *actions: Action, **params: Json) -> Say:
    """Answer in the place of the message whose button was pressed."""
    return Say((Message(key, params, actions),), replace=True)


def message_json(message: Message) -> Json:
    """Write a message as the outbox keeps it."""
    return {
        "key": message.key,
        "params": dict(message.params),
        "actions": [_action_json(action) for action in message.actions],
        "items": [
            {"key": item.key, "params": dict(item.params), "actions": [_action_json(a) for a in item.actions]}
            for item in message.items
        ],
        "attachment": _attachment_json(message.attachment),
        **({"locale": message.locale} if message.locale else {}),
    }


def _attachment_json(attachment: Attachment | Carried | None) -> Json:
    match attachment:
        case None:
            return None
        case Attachment(kind, id_):
            return [kind, id_]
        case Carried(platform, file):
            return {
                "platform": platform,
                "id": file.id,
                "name": file.name,
                "mime": file.mime,
                "size": file.size,
            }
        case _:
            assert_never(attachment)


def _action_json(action: Action) -> Json:
    return {
        "id": action.id,
        "label": action.label,
        "style": action.style,
        "params": dict(action.params),
        "about": action.about,
    }


def message_from(data: Mapping[str, Json]) -> Message:
    """Read what `message_json` wrote."""
    locale = data.get("locale")
    return Message(
        str(data["key"]),
        _mapping(data.get("params")),
        tuple(_action_from(each) for each in _list(data.get("actions"))),
        tuple(
            Item(
                str(each["key"]),
                _mapping(each.get("params")),
                tuple(_action_from(action) for action in _list(each.get("actions"))),
            )
            for each in _list(data.get("items"))
        ),
        _attachment_from(data.get("attachment")),
        str(locale) if locale else None,
    )


def _attachment_from(data: Json) -> Attachment | Carried | None:
    match data:
        case [kind, id_]:
            return Attachment(str(kind), int(id_))
        case {"platform": platform, "id": id_, "name": name, "mime": mime, "size": size}:
            return Carried(str(platform), File(str(id_), str(name), str(mime), int(size)))
        case _:
            return None


def _mapping(value: Json) -> Mapping[str, Json]:
    # What comes out of JSON is a dict: asking for Mapping costs a fifth of a claim.
    return value if isinstance(value, dict) else EMPTY


def _list(value: Json) -> list[Mapping[str, Json]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _action_from(data: Mapping[str, Json]) -> Action:
    style = data.get("style")
    return Action(
        str(data["id"]),
        str(data["label"]),
        "primary" if style == "primary" else "danger" if style == "danger" else "plain",
        _mapping(data.get("params")),
        str(data.get("about") or ""),
    )
