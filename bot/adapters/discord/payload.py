"""The parts of what Discord delivers, read with suspicion: what is not as it should be is empty."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from bot.ports import Address, File, Place, Ref

Body = Mapping[str, Any]

NAME = "discord"
NOTHING: Body = {}
LARGEST = 2**63 - 1
LONGEST = 100_000
DEEPEST = 5
V2, EPHEMERAL, SILENT = 1 << 15, 1 << 6, 1 << 12
"""Flags of messages: made of components, seen by one person only, without a sound."""
ROW, BUTTON, SELECT, INPUT, SECTION, TEXT, GALLERY, FILE, LABEL, UPLOAD, RADIO, BOXES = (
    *(1, 2, 3, 4, 9, 10, 12, 13, 18, 19, 21, 22),
)
"""Kinds of components."""
_ID = re.compile(r"[0-9]{1,20}")


def body_of(value: object) -> Body:
    """Give an object; empty for anything else."""
    # What comes out of JSON is a dict; to ask for Mapping takes several times as long.
    return value if isinstance(value, dict) else NOTHING


def bodies_of(value: object) -> list[Body]:
    """Give the objects of a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text_in(value: object) -> str:
    """Give a text."""
    return value[:LONGEST] if isinstance(value, str) else ""


def texts_in(value: object) -> list[str]:
    """Give the texts of a list."""
    return [text_in(each) for each in value if isinstance(each, str)] if isinstance(value, list) else []


def is_whole(value: object) -> TypeGuard[int]:
    """Whether a value is a number that a run, a kind, or the size of a file may have."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


def number_in(value: object) -> int:
    """Give a number; 0 for anything else."""
    return value if is_whole(value) else 0


def id_in(value: object) -> str:
    """Give the id of a person, a message, a channel, a file, an interaction."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def person_of(body: Body) -> Body:
    """Find who did something: in a server a member, elsewhere a user."""
    return body_of(body_of(body.get("member")).get("user")) or body_of(body.get("user"))


def name_of(person: Body, member: Body = NOTHING) -> str:
    """Give somebody's name as others see it there."""
    return (
        text_in(member.get("nick")) or text_in(person.get("global_name")) or text_in(person.get("username"))
    )


def address(person: str) -> Address:
    """Name a person: everywhere on Discord the same."""
    return Address(NAME, person)


def place(channel: str) -> Place:
    """Name a channel or thread."""
    return Place(NAME, f"#{channel}")


def ref(chat: str, channel: str, message: str) -> Ref | None:
    """Name a message in the chat of an address or place; None for none."""
    return Ref(NAME, chat, f"{channel}/{message}") if channel and message else None


def is_of_a_bot(message: Body) -> bool:
    """Whether a message was written by this bot or another one, or by no person at all."""
    return body_of(message.get("author")).get("bot") is True or "webhook_id" in message


def files_of(message: Body) -> tuple[File, ...]:
    """Read the files of a message; their ids name the message too, since the address of a file runs out."""
    channel, number = id_in(message.get("channel_id")), id_in(message.get("id"))
    found = []
    for each in bodies_of(message.get("attachments")):
        if channel and number and (file := id_in(each.get("id"))):
            name = text_in(each.get("filename")) or file
            mime = text_in(each.get("content_type")) or "application/octet-stream"
            found.append(File(f"{channel}/{number}/{file}", name, mime, number_in(each.get("size"))))
    return tuple(found)


def components_in(value: object, depth: int = 0) -> Iterator[Body]:
    """Give components from top to bottom, nested ones behind what they are in."""
    for each in bodies_of(value) if depth < DEEPEST else ():
        yield each
        if "components" in each:
            yield from components_in(each["components"], depth + 1)
        for key in ("accessory", "component"):
            if key in each:
                yield from components_in([each[key]], depth + 1)
