"""What somebody wrote on Discord, as they saw it: people and channels by their names, emoji by theirs.

Markdown is left as it was typed, and nothing is changed within code.
"""

import re
from datetime import UTC, datetime, timedelta

from bot.adapters.discord.payload import Body, bodies_of, body_of, id_in, name_of, text_in

_CODE = r"```.+?```|``.+?``(?!`)|`[^`\n]+`"
_REFERENCE = re.compile(
    rf"(?P<code>{_CODE})|<@!?(?P<user>[0-9]{{1,20}})>|<@&(?P<role>[0-9]{{1,20}})>|<#(?P<channel>[0-9]{{1,20}})>"
    r"|<a?(?P<emoji>:\w{1,64}:)[0-9]{1,20}>|<t:(?P<time>-?[0-9]{1,13})(?::[tTdDfFsSR])?>"
    r"|<(?P<command>/[-_' \w]{1,100}):[0-9]{1,20}>|<(?P<address>https?://[^\s<>]+)>",
    re.DOTALL,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def text_of(message: Body) -> str:
    """Read a message's words, or those that it passes on; empty where it has none."""
    snapshots = bodies_of(message.get("message_snapshots"))
    passed = body_of(snapshots[0].get("message")) if snapshots else message
    told = text_in(message.get("content"))
    written = told or text_in(passed.get("content"))
    stickers = [text_in(each.get("name")) for each in bodies_of(message.get("sticker_items"))]
    if not written:
        return " ".join(f":{name}:" for name in stickers if name)
    source = message if told else passed
    names = {id_in(each.get("id")): _named(each) for each in bodies_of(source.get("mentions"))}
    channels = {
        id_in(each.get("id")): text_in(each.get("name")) for each in bodies_of(source.get("mention_channels"))
    }
    return _REFERENCE.sub(lambda found: _seen(found, names, channels), written)


def _named(person: Body) -> str:
    return name_of(person, body_of(person.get("member")))


def _seen(found: re.Match[str], names: dict[str, str], channels: dict[str, str]) -> str:
    told = found[found.lastgroup or 0]
    match found.lastgroup:
        case "user":
            return f"@{names.get(told) or told}"
        case "role":
            return f"@{told}"
        case "channel":
            return f"#{channels.get(told) or told}"
        case "time":
            return _moment(int(told)) or found[0]
        case _:
            return told


def _moment(stamp: int) -> str:
    try:
        return f"{_EPOCH + timedelta(seconds=stamp):%Y-%m-%d %H:%M} UTC"
    except OverflowError:
        return ""
