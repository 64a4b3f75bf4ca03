"""What comes in, made fit to be kept: what a person typed, and what a platform told about them."""

from dataclasses import replace
from pathlib import PurePath
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.ports import Command, Edited, File, Incoming, Pressed, Said
from bot.richtext import clean, name

LOCALE_LIMIT = 32
FILE_NAME_LIMIT = 120
ENDING_LIMIT = 12


def visible(incoming: Incoming) -> Incoming:
    """Drop what nobody can see, nor every database keep, from what a person wrote; and a zone there is not."""
    event = incoming.event
    match event:
        case Said(text):
            event = Said(clean(text))
        case Edited(text):
            event = Edited(clean(text))
        case Command(name, words):
            event = Command(clean(name), clean(words))
        case Pressed(action, arg):
            event = Pressed(clean(action), clean(arg))
        case _:
            pass
    quoted = incoming.quoted and replace(incoming.quoted, text=clean(incoming.quoted.text))
    files = tuple(_named(file) for file in incoming.files)
    locale = clean(incoming.locale)[:LOCALE_LIMIT] if incoming.locale else None
    return replace(
        incoming, event=event, quoted=quoted, files=files, locale=locale, zone=_known_zone(incoming.zone)
    )


def _named(file: File) -> File:
    """Make what a file is called fit to be shown, with its ending; and its size a number of bytes."""
    called = name(file.name, FILE_NAME_LIMIT) or "file"
    if called.endswith("…"):
        ending = PurePath(clean(file.name)).suffix[:ENDING_LIMIT]
        called = f"{called[: FILE_NAME_LIMIT - len(ending) - 1]}…{ending}"
    return replace(file, name=called, mime=clean(file.mime)[:FILE_NAME_LIMIT], size=max(0, file.size))


def _known_zone(name: str | None) -> str | None:
    try:
        return ZoneInfo(name).key if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
