"""What Discord's gateway delivers, read into what was heard: pure, and whatever a frame holds, it never raises.

Interactions are heard everywhere; messages only where somebody writes to the bot alone. What did not come from a
person, is not for the bot or cannot be understood is None.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.adapters.discord import forms, presses
from bot.adapters.discord.payload import (
    BUTTON,
    EPHEMERAL,
    SELECT,
    TEXT,
    Body,
    address,
    bodies_of,
    body_of,
    components_in,
    files_of,
    id_in,
    is_of_a_bot,
    name_of,
    number_in,
    person_of,
    place,
    ref,
    text_in,
    texts_in,
)
from bot.adapters.discord.surface import Heard, Left, Looked, Removed, Signal, Surface
from bot.adapters.discord.typed import text_of
from bot.adapters.presses import Pick
from bot.ports import (
    Command,
    Deleted,
    Edited,
    Event,
    Incoming,
    Place,
    Quoted,
    Ref,
    Said,
    Search,
    Submitted,
)

DISPATCH = 0
COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
"""Kinds of interactions."""
ON_USER, ON_MESSAGE = 2, 3
"""Kinds of commands that are chosen from a menu."""
SAID = {0, 19}
"""Kinds of messages that a person writes: one, and an answer to one."""
FORWARDED = 1
WORDS = "words"
ASK, REPORT = "ask", "report"
"""What is chosen from the menu of a person, and of a message."""
SOURCES = {"courses": "topics", "find": "topics", "learn": "topics"}
"""What the words of a command are searched in."""
DEEPEST = 3
_COMMAND = re.compile(r"/(?:mentor(?:\s+|$))?([A-Za-z0-9_-]{0,32})(?:\s+(.*))?", re.DOTALL)
_LAST = re.compile(r"(.*(?:[,，、;；]\s*|\s(?:and|和|与|及)\s+))?(.*)", re.DOTALL | re.IGNORECASE)


def parse(frame: Body, bot: str) -> Signal | None:
    """Read a frame of the gateway for the bot of this id."""
    kind, data = frame.get("t"), body_of(frame.get("d"))
    if frame.get("op") != DISPATCH or isinstance(frame.get("op"), bool):
        return None
    match kind:
        case "INTERACTION_CREATE":
            return _interaction(data, bot)
        case "MESSAGE_CREATE":
            return message(data, bot)
        case "MESSAGE_UPDATE":
            return _edited(data)
        case "MESSAGE_DELETE":
            channel, number = id_in(data.get("channel_id")), id_in(data.get("id"))
            return Removed(channel, number) if channel and number and "guild_id" not in data else None
        case "GUILD_DELETE":
            guild = id_in(data.get("id"))
            return Left(guild) if guild and data.get("unavailable") is not True else None
        case _:
            return None


def deleted(removed: Removed, person: str) -> Heard:
    """Read that somebody took a message back, once it is known whose channel it was in."""
    message = ref(person, removed.channel, removed.message)
    incoming = Incoming(f"{removed.message}:deleted", address(person), Deleted(), message=message)
    return Heard(person, incoming, Surface("event", removed.channel, removed.message))


# --- Interactions -----------------------------------------------------------------------------------------------


def _interaction(body: Body, bot: str) -> Signal | None:
    data = body_of(body.get("data"))
    surface = _surface(body)
    if surface is None or not id_in(person_of(body).get("id")):
        return None
    match body.get("type"):
        case int(kind) if kind == COMMAND:
            return _command(body, data, surface, bot)
        case int(kind) if kind == COMPONENT:
            return _component(body, data, surface)
        case int(kind) if kind == AUTOCOMPLETE:
            return _looked(body, data, surface)
        case int(kind) if kind == MODAL:
            run = forms.run_of(data)
            event = Submitted(run, forms.values(data)) if run is not None else None
            return _heard(body, replace(surface, opens=False), event) if event else None
        case _:
            return None


def _surface(body: Body) -> Surface | None:
    interaction, token = id_in(body.get("id")), text_in(body.get("token"))
    shown = body_of(body.get("message"))
    channel = id_in(body.get("channel_id")) or id_in(body_of(body.get("channel")).get("id"))
    if not interaction or not token:
        return None
    in_server = "guild_id" in body or "member" in body
    return Surface(
        "private" if in_server else "chat",
        channel,
        id_in(shown.get("id")),
        interaction,
        token,
        opens=True,
        shown=shown,
    )


def _command(body: Body, data: Body, surface: Surface, bot: str) -> Heard | None:
    kind, target = data.get("type", 1), id_in(data.get("target_id"))
    resolved = body_of(data.get("resolved"))
    if isinstance(kind, bool) or kind not in (1, ON_USER, ON_MESSAGE):
        return None
    if kind == 1:
        name, options = _verb(data)
        words = next((text_in(each.get("value")) for each in options if each.get("name") == WORDS), "")
        return _heard(body, surface, Command(name or "help", words.strip()))
    if kind == ON_USER:
        person = body_of(body_of(resolved.get("users")).get(target))
        member = body_of(body_of(resolved.get("members")).get(target))
        if not target or person.get("bot") is True:
            return None
        quoted = Quoted(address(target), name_of(person, member))
        return _heard(body, surface, Command(ASK), quoted=quoted)
    message = body_of(body_of(resolved.get("messages")).get(target))
    if not target or not message:
        return None
    chat = _chat(body, surface)
    about = ref(chat, id_in(message.get("channel_id")) or surface.channel, target)
    author = id_in(body_of(message.get("author")).get("id"))
    known = address(author) if author and author != bot and not is_of_a_bot(message) else None
    quoted = Quoted(known, text_of(message) or _shown(message), about)
    return _heard(body, surface, Command(REPORT), message=about, quoted=quoted)


def _shown(message: Body) -> str:
    """Read what a message of components says."""
    texts = [each for each in components_in(message.get("components")) if each.get("type") == TEXT]
    return "\n".join(text_in(each.get("content")) for each in texts)


def _verb(data: Body) -> tuple[str, Sequence[Body]]:
    """Find the subcommand that was used, and its options."""
    options = bodies_of(data.get("options"))
    name = ""
    for _ in range(DEEPEST):
        below = next((each for each in options if number_in(each.get("type")) in (1, 2)), None)
        if below is None:
            break
        name, options = text_in(below.get("name")), bodies_of(below.get("options"))
    return name.lower(), options


def _component(body: Body, data: Body, surface: Surface) -> Heard | None:
    carried, values = text_in(data.get("custom_id")), texts_in(data.get("values"))
    match data.get("component_type"):
        case int(kind) if kind == BUTTON:
            event = presses.pressed(carried)
        case int(kind) if kind == SELECT:
            event = presses.chosen(carried, values)
        case _:
            return None
    if event is None:
        return None
    hidden = bool(number_in(surface.shown.get("flags")) & EPHEMERAL)
    chat = _chat(body, surface)
    message = None if hidden else ref(chat, surface.channel, surface.message)
    where = place(surface.channel) if surface.kind == "private" and surface.channel and message else None
    pick = event if isinstance(event, Pick) else None
    about = replace(surface, data=carried, chosen=tuple(values), pick=pick)
    happened = Submitted(event.run, {}) if isinstance(event, Pick) else event
    return _heard(body, about, happened, message=message, where=where)


def _chat(body: Body, surface: Surface) -> str:
    """Name the chat that messages here belong to: that of the one who acted, or a channel."""
    if surface.kind == "chat":
        return id_in(person_of(body).get("id"))
    return f"#{surface.channel}"


def _looked(body: Body, data: Body, surface: Surface) -> Looked | None:
    name, options = _verb(data)
    focused = next((each for each in options if each.get("focused") is True), None)
    source = SOURCES.get(name)
    if focused is None or source is None or not isinstance(focused.get("value"), str):
        return None
    user = id_in(person_of(body).get("id"))
    found = _LAST.fullmatch(text_in(focused.get("value")))
    before, typed = (found[1] or "", found[2]) if found else ("", "")
    search = Search(address(user), source, typed)
    return Looked(user, search, before, surface.interaction, surface.token)


def _heard(
    body: Body,
    surface: Surface,
    event: Event,
    *,
    message: Ref | None = None,
    where: Place | None = None,
    quoted: Quoted | None = None,
) -> Heard:
    person = person_of(body)
    user = id_in(person.get("id"))
    incoming = Incoming(
        surface.interaction,
        address(user),
        event,
        place=where,
        message=message,
        quoted=quoted,
        name=name_of(person, body_of(body.get("member"))),
        locale=text_in(body.get("locale")) or None,
    )
    return Heard(user, incoming, surface)


# --- Messages ---------------------------------------------------------------------------------------------------


def _author(message: Body) -> str:
    """Find who wrote to the bot alone; empty for anybody else."""
    author = id_in(body_of(message.get("author")).get("id"))
    whole = id_in(message.get("id")) and id_in(message.get("channel_id"))
    return author if whole and "guild_id" not in message and not is_of_a_bot(message) else ""


def message(message: Body, bot: str) -> Heard | None:
    """Read what somebody wrote to the bot alone."""
    user, kind = _author(message), message.get("type", 0)
    if not user or user == bot or isinstance(kind, bool) or kind not in SAID:
        return None
    number, channel = id_in(message.get("id")), id_in(message.get("channel_id"))
    replied, quoted = _replied(message, user, channel, bot)
    incoming = Incoming(
        number,
        address(user),
        _said(text_of(message)),
        message=ref(user, channel, number),
        reply_to=replied,
        files=files_of(message),
        quoted=quoted,
        name=name_of(body_of(message.get("author"))),
    )
    return Heard(user, incoming, Surface("chat", channel, number))


def _said(words: str) -> Event:
    """Read what was typed; a command that was sent as words is one."""
    found = _COMMAND.fullmatch(words.strip())
    if found is None or words.startswith("//"):
        return Said(words)
    return Command(found[1].lower() or "help", (found[2] or "").strip())


def _replied(message: Body, user: str, channel: str, bot: str) -> tuple[Ref | None, Quoted | None]:
    """Read what a message answers: the bot's own, which may pass on what somebody wrote."""
    reference, answered = (
        body_of(message.get("message_reference")),
        body_of(message.get("referenced_message")),
    )
    if number_in(reference.get("type")) == FORWARDED:
        return None, None
    number = id_in(answered.get("id")) or id_in(reference.get("message_id"))
    about = ref(user, id_in(reference.get("channel_id")) or channel, number)
    author = id_in(body_of(answered.get("author")).get("id"))
    if about is None or not author:
        return about, None
    text = text_of(answered) or _shown(answered)
    quoted = Quoted(None if author == bot else address(author), text, about) if text else None
    return (about if author == bot else None), quoted


def _edited(message: Body) -> Heard | None:
    user, text, edited = _author(message), text_of(message), text_in(message.get("edited_timestamp"))
    if not user or not text or not edited or len(edited) > 40:
        return None
    number, channel = id_in(message.get("id")), id_in(message.get("channel_id"))
    incoming = Incoming(
        f"{number}:{edited}",
        address(user),
        Edited(text),
        message=ref(user, channel, number),
        name=name_of(body_of(message.get("author"))),
    )
    return Heard(user, incoming, Surface("chat", channel, number))
