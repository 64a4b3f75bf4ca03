"""Messages, files and threads on their way to Discord, and files from it."""

from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlsplit

import aiohttp

from bot.adapters.discord import messages
from bot.adapters.discord.calls import Body, Call, Calls, Failed, named
from bot.adapters.discord.messages import Payload
from bot.adapters.discord.payload import EPHEMERAL, bodies_of, body_of, id_in, text_in
from bot.ports import Attached, Delivery, File, Later, Place, Refused, Rendered, Sent, Shut, Unknown

CHANNEL = "/channels/{channel_id}"
POST = f"{CHANNEL}/messages"
EDIT = f"{POST}/{{message}}"
THREADS = f"{CHANNEL}/threads"
IN_THREAD = f"{CHANNEL}/thread-members/{{user}}"
MEMBER = "/guilds/{guild_id}/members/{user}"
ACTIVE = "/guilds/{guild_id}/threads/active"
FOLLOW = "/webhooks/{webhook_id}/{webhook_token}"
CDN = ("cdn.discordapp.com", "media.discordapp.net")
PART = 65_536
THREAD, TITLE_LIMIT, WEEK = 12, 100, 10_080
"""The kind of a private thread, the letters of its name, and the minutes after which it rests."""


async def push(calls: Calls, channel: str, message: Rendered, once: str) -> Delivery:
    """Post a message, in several parts where it is long; the same try made twice within minutes leaves one copy."""
    ref = ""
    for number, payload in enumerate(messages.payloads(message)):
        # Only the first part can be put off: from then on the message has begun to arrive.
        post = calls.reply if ref else calls.push
        said, file = named(payload, f"{once}:{number}"), file_of(payload, message.attached)
        posted = await post(channel, Call("POST", POST, {"channel_id": channel}, said, file))
        if isinstance(posted, Failed):
            return Unknown(f"only a part arrived: {posted.error}") if ref else posted.means
        ref = ref or f"{channel}/{id_in(body_of(posted).get('id'))}"
    return Sent(ref)


async def whisper(calls: Calls, token: str, parts: Sequence[tuple[Payload, Attached | None]]) -> Delivery:
    """Show somebody who does something now what could not be sent in private: they alone see it."""
    ref = ""
    for payload, file in parts:
        shown = {**payload, "flags": payload["flags"] | EPHEMERAL}
        posted = await calls.ask(
            Call("POST", FOLLOW, {"webhook_id": calls.id, "webhook_token": token}, shown, file)
        )
        if isinstance(posted, Failed):
            if ref:
                return Unknown(f"only a part arrived: {posted.error}")
            # What they did may be too long ago by now.
            return posted.means if isinstance(posted.means, Unknown | Later) else Shut(posted.error)
        told = body_of(posted)
        ref = ref or f"{id_in(told.get('channel_id'))}/{id_in(told.get('id'))}"
    return Sent(ref)


async def edit(calls: Calls, channel: str, number: str, message: Rendered) -> Delivery:
    """Put new words in the place of a message; what does not fit there follows it."""
    first, *rest = messages.payloads(message)
    payload = in_place(first)
    place = {"channel_id": channel, "message": number}
    file = file_of(first, message.attached)
    edited = await calls.push(channel, Call("PATCH", EDIT, place, payload, file))
    if isinstance(edited, Failed):
        return edited.means
    for part in rest:
        said, file = named(part, f"{channel}/{number}"), file_of(part, message.attached)
        posted = await calls.reply(channel, Call("POST", POST, {"channel_id": channel}, said, file))
        if isinstance(posted, Failed):
            return Unknown(f"only a part arrived: {posted.error}")
    return Sent(f"{channel}/{number}")


def in_place(payload: Payload) -> Payload:
    """Write a payload for the place of a message; the files that were there go with its words."""
    return {"attachments": [], **messages.for_edit(payload)}


def file_of(payload: Body, attached: Attached | None) -> Attached | None:
    """Give the file that goes with a payload."""
    return attached if payload.get("attachments") else None


# --- Threads ----------------------------------------------------------------------------------------------------


async def gather(
    calls: Calls, rooms: Sequence[str], people: Sequence[str], title: str, readers: Payload
) -> Place | None:
    """Open a private thread for these people in the first of the channels that all of them can see, or find theirs.

    `readers` is the first thing in it: who can read there. Raises ConnectionError where asking again can help.
    """
    name = messages.line(title, TITLE_LIMIT)
    for room in rooms:
        parent = _told(await calls.ask(Call("GET", CHANNEL, {"channel_id": room})))
        guild = id_in(parent.get("guild_id"))
        if not guild or not await _are_in(calls, guild, people):
            continue
        if thread := await _find(calls, guild, room, name, people):
            return Place("discord", f"#{thread}")
        thread = await _open(calls, room, name)
        # People come to what is said already: whether anything was, no count tells that counts their coming too.
        if thread and await _say(calls, thread, readers) and await _bring(calls, thread, people):
            return Place("discord", f"#{thread}")
        if thread:
            await calls.ask(Call("PATCH", CHANNEL, {"channel_id": thread}, {"archived": True}))
    return None


async def _are_in(calls: Calls, guild: str, people: Sequence[str]) -> bool:
    for person in people:
        told = await calls.ask(Call("GET", MEMBER, {"guild_id": guild, "user": person}))
        if not _told(told):
            return False
    return True


async def _find(calls: Calls, guild: str, room: str, name: str, people: Sequence[str]) -> str:
    """Find the thread of this name that the bot has opened for them all, so that a second try opens no other."""
    active = _told(await calls.ask(Call("GET", ACTIVE, {"guild_id": guild})))
    for each in bodies_of(active.get("threads")):
        thread, ours = id_in(each.get("id")), id_in(each.get("owner_id")) == calls.id
        here = ours and each.get("name") == name and id_in(each.get("parent_id")) == room
        # A list of all who are in it is for privileged bots; whether somebody is may be asked by any.
        if thread and here and all([await _is_in(calls, thread, person) for person in people]):
            return thread
    return ""


async def _is_in(calls: Calls, thread: str, person: str) -> bool:
    return bool(_told(await calls.ask(Call("GET", IN_THREAD, {"channel_id": thread, "user": person}))))


async def _open(calls: Calls, room: str, name: str) -> str:
    body = {"name": name, "type": THREAD, "invitable": False, "auto_archive_duration": WEEK}
    opened = _told(await calls.ask(Call("POST", THREADS, {"channel_id": room}, body)))
    return id_in(opened.get("id"))


async def _say(calls: Calls, thread: str, readers: Payload) -> bool:
    said = named(readers, f"readers:{thread}")
    return bool(_told(await calls.ask(Call("POST", POST, {"channel_id": thread}, said))))


async def _bring(calls: Calls, thread: str, people: Sequence[str]) -> bool:
    for person in people:
        brought = await calls.ask(Call("PUT", IN_THREAD, {"channel_id": thread, "user": person}))
        if isinstance(brought, Failed):
            _told(brought)
            return False
    return True


def _told(answer: object) -> Body:
    """Give what Discord told, nothing where it refused for good; raises ConnectionError where it may yet tell."""
    if isinstance(answer, Failed):
        if isinstance(answer.means, Later | Unknown) or (
            isinstance(answer.means, Refused) and answer.means.again
        ):
            raise ConnectionError(answer.error)
        return {}
    return body_of(answer)


# --- Files ------------------------------------------------------------------------------------------------------


async def read(
    calls: Calls, session: aiohttp.ClientSession, hosts: Sequence[str], file: File
) -> AsyncIterator[bytes]:
    """Read a file's bytes; raises FileNotFoundError where Discord has it no more. `hosts` are Discord's own too."""
    url = await _address(calls, file)
    # Only from Discord itself: the bot fetches no address that somebody gave.
    if urlsplit(url).hostname not in {*CDN, *hosts}:
        raise FileNotFoundError("it is not kept by Discord")
    async with session.get(url, allow_redirects=False) as answer:
        if answer.status != 200:
            raise FileNotFoundError(f"Discord answered {answer.status}")
        async for part in answer.content.iter_chunked(PART):
            yield part


async def _address(calls: Calls, file: File) -> str:
    if file.id.startswith(("https://", "http://")):
        # It came with a form, and belongs to no message that could be asked for it.
        return file.id
    channel, number, name = (*file.id.split("/"), "", "")[:3]
    told = _told(await calls.ask(Call("GET", EDIT, {"channel_id": channel, "message": number})))
    found = next((each for each in bodies_of(told.get("attachments")) if id_in(each.get("id")) == name), {})
    return text_in(found.get("url"))
