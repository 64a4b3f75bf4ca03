"""What the page posts, as events of the program."""

from collections.abc import Mapping
from typing import Any

from bot.ports import (
    Address,
    Command,
    Deleted,
    Edited,
    Event,
    File,
    Incoming,
    Pressed,
    Ref,
    Said,
    Started,
    Submitted,
)

NAME = "web"
LONGEST_NAME = 64
MOST_FILES = 10


def at(who: str) -> Address:
    """Say where somebody is reached."""
    return Address(NAME, who)


def ref(who: str, n: object) -> Ref | None:
    """Name a message by its number."""
    return Ref(NAME, who, str(n)) if isinstance(n, int) and not isinstance(n, bool) and n > 0 else None


def incoming(data: Mapping[str, Any]) -> Incoming:
    """Read what somebody does; raises ValueError for anything else."""
    id_, who = data.get("id"), data.get("who")
    if not (isinstance(id_, str) and 0 < len(id_) <= LONGEST_NAME and isinstance(who, str) and len(who) > 0):
        raise ValueError("an event needs an id and a who")
    if len(who) > LONGEST_NAME:
        raise ValueError(f"who acts has a name of {LONGEST_NAME} characters at the most")
    # Half a character in a text is dropped later; in what is stored and sent as it is, it is refused here.
    (id_ + who).encode()
    return Incoming(
        id_,
        at(who),
        _event(data),
        message=ref(who, data.get("message")),
        reply_to=ref(who, data.get("reply_to")),
        files=_files(data.get("files")),
        name=_text(data.get("name")) or who,
        locale=_text(data.get("locale")),
        zone=_text(data.get("zone")),
    )


def _event(data: Mapping[str, Any]) -> Event:
    match data:
        case {"press": str(pressed)}:
            action, _, arg = pressed.partition(":")
            return Pressed(action, arg)
        case {"run": int(run), "values": dict(values)}:
            return Submitted(run, values)
        case {"edit": str(text)}:
            return Edited(text)
        case {"delete": True}:
            return Deleted()
        case {"say": str(text)}:
            return _typed(text)
        case _:
            raise ValueError("an event needs say, press, edit, delete, or run and values")


def _typed(text: str) -> Event:
    """Read what somebody typed: a command begins with a slash."""
    if not text.startswith("/"):
        return Said(text)
    name, words = [*text[1:].split(maxsplit=1), "", ""][:2]
    return Started(words.strip()) if name == "start" else Command(name, words.strip())


def _files(given: object) -> tuple[File, ...]:
    found = []
    for each in given[:MOST_FILES] if isinstance(given, list) else ():
        match each:
            case {"id": str(id_), "name": str(name), "mime": str(mime), "size": int(size)}:
                found.append(File(id_, name, mime, size))
            case _:
                raise ValueError("a file needs id, name, mime and size")
    return tuple(found)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
