"""The parts of what Telegram delivers, read with suspicion: what is not as it should be is empty."""

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from bot.ports import Address, File, Place, Ref

Body = Mapping[str, Any]

NAME = "telegram"
NOTHING: Body = {}
LARGEST = 2**63 - 1
LONGEST = 100_000
MOST_ROWS = 100
MOST_READ = 20_000_000
"""A bot may read no larger file."""
_FILE_ID = re.compile(r"[A-Za-z0-9_-]{1,250}")
_QUERY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KINDS = {
    # What carries one file, what it is called where it has no name, and what it is where nothing is said.
    "document": ("document", "application/octet-stream"),
    "voice": ("voice.ogg", "audio/ogg"),
    "video": ("video.mp4", "video/mp4"),
    "audio": ("audio.mp3", "audio/mpeg"),
    "video_note": ("video.mp4", "video/mp4"),
}


def body_of(value: object) -> Body:
    """Give an object; empty for anything else."""
    return value if isinstance(value, Mapping) else NOTHING


def bodies_of(value: object) -> list[Body]:
    """Give the objects of a list."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def text_in(value: object) -> str:
    """Give a text."""
    return value[:LONGEST] if isinstance(value, str) else ""


def is_whole(value: object) -> TypeGuard[int]:
    """Whether a value is a number that a run, or the size of a file, may have."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


def id_in(value: object) -> int:
    """Give the id of a person or message; 0 for anything else."""
    return value if is_whole(value) else 0


def chat_in(value: object) -> int:
    """Give the id of a chat, which is negative for a group; 0 for anything else."""
    whole = isinstance(value, int) and not isinstance(value, bool) and -LARGEST <= value <= LARGEST
    return value if whole and isinstance(value, int) else 0


def query_in(value: object) -> str:
    """Give what a press is answered by."""
    return value if isinstance(value, str) and _QUERY.fullmatch(value) else ""


def address(bot: int, person: int) -> Address:
    """Name a person as one bot knows them."""
    return Address(NAME, f"{bot}/{person}")


def place(bot: int, chat: int) -> Place:
    """Name a group."""
    return Place(NAME, f"{bot}/{chat}")


def ref(bot: int, chat: int, message: int) -> Ref | None:
    """Name a message; None for none."""
    return Ref(NAME, f"{bot}/{chat}", str(message)) if message else None


def name_of(person: Body) -> str:
    """Give somebody's name as others see it."""
    return f"{text_in(person.get('first_name'))} {text_in(person.get('last_name'))}".strip()


def keyboard_of(message: Body) -> list[list[Body]]:
    """Give the rows of the keyboard below a message."""
    rows = body_of(message.get("reply_markup")).get("inline_keyboard")
    return [bodies_of(row) for row in rows[:MOST_ROWS]] if isinstance(rows, list) else []


def files_of(message: Body, bot: int) -> tuple[File, ...]:
    """Read the files of a message; their ids carry the bot, whose token opens them."""
    found = [_file(body_of(message.get(kind)), bot, *told) for kind, told in _KINDS.items()]
    sizes = [each for each in bodies_of(message.get("photo")) if _known(each)]
    if sizes:
        found.append(_file(max(sizes, key=_area), bot, "photo.jpg", "image/jpeg"))
    return tuple(file for file in found if file)


def _area(photo: Body) -> int:
    return id_in(photo.get("width")) * id_in(photo.get("height"))


def _known(file: Body) -> bool:
    return bool(_FILE_ID.fullmatch(text_in(file.get("file_id"))))


def _file(file: Body, bot: int, called: str, mime: str) -> File | None:
    if not _known(file):
        return None
    name = text_in(file.get("file_name")) or called
    kind = text_in(file.get("mime_type")) or mime
    return File(f"{bot}/{file['file_id']}", name, kind, id_in(file.get("file_size")), MOST_READ)
