"""What Telegram delivers, read into what was heard: pure, and whatever an update holds, it never raises.

A person is addressed by the bot and their id, which is also that of their chat with it. Of a group only presses are
heard, and that it has another id now: what people write there is not for the bot.
"""

import re
from collections.abc import Mapping
from typing import Any

from bot.adapters.presses import Pick
from bot.adapters.telegram.payload import (
    Body,
    address,
    body_of,
    chat_in,
    files_of,
    id_in,
    is_whole,
    keyboard_of,
    name_of,
    place,
    query_in,
    ref,
    text_in,
)
from bot.adapters.telegram.presses import read
from bot.adapters.telegram.surface import Heard, Moved, Signal, Surface, Turned
from bot.adapters.telegram.typed import text_of
from bot.ports import Command, Edited, Event, Incoming, Quoted, Reachable, Ref, Said, Started, Submitted

LONGEST_TOKEN = 64
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@[A-Za-z0-9_]{1,64})?(?:\s+(.*))?", re.DOTALL)
_WORDLESS = (
    "animation",
    "sticker",
    "location",
    "venue",
    "contact",
    "poll",
    "dice",
    "story",
    "game",
    "paid_media",
    "checklist",
)
"""What a person can send that holds no words or file for us; it is answered all the same."""
BLOCKED, LET_IN = "kicked", "member"


def parse(update: Mapping[str, Any], bot: int) -> Signal | None:
    """Read an update for the bot of this id: what somebody wrote, changed, pressed; None for what is not for us."""
    number = update.get("update_id")
    if not is_whole(number):
        return None
    event_id = f"{bot}:{number}"
    if message := body_of(update.get("message")):
        return _message(message, event_id, bot)
    if message := body_of(update.get("edited_message")):
        return _edited(message, event_id, bot)
    if query := body_of(update.get("callback_query")):
        return _pressed(query, event_id, bot)
    if member := body_of(update.get("my_chat_member")):
        return _member(member, event_id, bot)
    return None


# --- Messages ---------------------------------------------------------------------------------------------------


def _message(message: Body, event_id: str, bot: int) -> Signal | None:
    chat, number = chat_in(body_of(message.get("chat")).get("id")), id_in(message.get("message_id"))
    if new := chat_in(message.get("migrate_to_chat_id")):
        return Moved(bot, chat, new) if chat else None
    if old := chat_in(message.get("migrate_from_chat_id")):
        return Moved(bot, old, chat) if chat else None
    if not number or not _is_private(message):
        return None
    text, files = text_of(message), files_of(message, bot)
    words = text or text_in(body_of(message.get("sticker")).get("emoji"))
    if not words and not files and not any(body_of(message.get(kind)) for kind in _WORDLESS):
        return None
    author = body_of(message.get("from"))
    replied, quoted = _replied(message, chat, bot)
    incoming = Incoming(
        event_id,
        address(bot, chat),
        _event(words),
        message=ref(bot, chat, number),
        reply_to=replied,
        files=files,
        quoted=quoted,
        name=name_of(author),
        locale=_locale(author),
    )
    return Heard(bot, chat, incoming, Surface("chat", message=number))


def _event(words: str) -> Event:
    """Read what was typed; a link that opens the bot comes as the command `start`."""
    found = _COMMAND.fullmatch(words)
    if found is None:
        return Said(words)
    name, rest = found[1].lower(), (found[2] or "").strip()
    return Started(rest[:LONGEST_TOKEN]) if name == "start" else Command(name, rest)


def _edited(message: Body, event_id: str, bot: int) -> Heard | None:
    number, text = id_in(message.get("message_id")), text_of(message)
    if not number or not text or not _is_private(message):
        return None
    chat = chat_in(body_of(message.get("chat")).get("id"))
    author = body_of(message.get("from"))
    incoming = Incoming(
        event_id,
        address(bot, chat),
        Edited(text),
        message=ref(bot, chat, number),
        name=name_of(author),
        locale=_locale(author),
    )
    return Heard(bot, chat, incoming, Surface("chat", message=number))


def _is_private(message: Body) -> bool:
    """Whether a person wrote this to the bot: in their own chat, and not a bot in their name."""
    chat, author = body_of(message.get("chat")), body_of(message.get("from"))
    return (
        chat.get("type") == "private"
        and id_in(chat.get("id")) > 0
        and chat.get("id") == author.get("id")
        and author.get("is_bot") is not True
    )


def _locale(person: Body) -> str | None:
    """Give the language of somebody's Telegram, where it is told."""
    return text_in(person.get("language_code")) or None


def _replied(message: Body, chat: int, bot: int) -> tuple[Ref | None, Quoted | None]:
    """Read what a message answers: the bot's own, which may pass on what somebody wrote, and what of it is quoted."""
    answered = body_of(message.get("reply_to_message"))
    author = id_in(body_of(answered.get("from")).get("id"))
    about = ref(bot, chat, id_in(answered.get("message_id")))
    if about is None or not author:
        return None, None
    text = text_in(body_of(message.get("quote")).get("text")) or text_of(answered)
    quoted = Quoted(None if author == bot else address(bot, author), text, about) if text else None
    return (about if author == bot else None), quoted


# --- Presses ----------------------------------------------------------------------------------------------------


def _pressed(query: Body, event_id: str, bot: int) -> Signal | None:
    person, query_id = body_of(query.get("from")), query_in(query.get("id"))
    user, shown, data = id_in(person.get("id")), body_of(query.get("message")), text_in(query.get("data"))
    where = body_of(shown.get("chat"))
    chat, number = chat_in(where.get("id")) or user, id_in(shown.get("message_id"))
    if not user or not query_id:
        return None
    event = read(data, keyboard_of(shown))
    if event is None:
        return Turned(bot, chat, number, query_id, data, shown)
    pick = event if isinstance(event, Pick) else None
    incoming = Incoming(
        event_id,
        address(bot, user),
        Submitted(event.run, {}) if isinstance(event, Pick) else event,
        place=None if chat == user else place(bot, chat),
        message=ref(bot, chat, number),
        name=name_of(person),
        locale=_locale(person),
    )
    return Heard(bot, chat, incoming, Surface("press", number, query_id, data, shown, pick))


# --- Coming and going -------------------------------------------------------------------------------------------


def _member(member: Body, event_id: str, bot: int) -> Heard | None:
    """Read that somebody blocked the bot, or let it in again."""
    status = body_of(member.get("new_chat_member")).get("status")
    if not _is_private(member) or status not in (BLOCKED, LET_IN):
        return None
    chat = id_in(body_of(member.get("chat")).get("id"))
    incoming = Incoming(event_id, address(bot, chat), Reachable(status == LET_IN))
    return Heard(bot, chat, incoming, Surface("event"))
