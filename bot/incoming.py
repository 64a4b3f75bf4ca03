"""What comes in, made fit to be kept: what a person typed, and what a platform told about them."""

from dataclasses import replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.ports import Command, Edited, Incoming, Pressed, Said
from bot.richtext import clean

LOCALE_LIMIT = 32


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
    locale = clean(incoming.locale)[:LOCALE_LIMIT] if incoming.locale else None
    return replace(incoming, event=event, quoted=quoted, locale=locale, zone=_known_zone(incoming.zone))


def _known_zone(name: str | None) -> str | None:
    try:
        return ZoneInfo(name).key if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
