"""What a bot does with messages, conversations and threads on Discord."""

import copy
from collections import deque
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from tests.platforms.discord_core import Ask, Refusal
from tests.platforms.discord_gateway import GUILDS, MEMBERS, Event, Gateway
from tests.platforms.discord_limits import (
    EPHEMERAL,
    FILE,
    GALLERY,
    SILENT,
    SUPPRESS_EMBEDS,
    THUMBNAIL,
    V2,
    Refused,
    check_message,
    walk,
)
from tests.platforms.discord_markup import Fired, mentions
from tests.platforms.discord_shapes import need
from tests.platforms.discord_world import (
    DM_CHANNEL,
    IN_THREADS,
    PRIVATE_THREAD,
    SEND,
    TEXT_CHANNEL,
    THREADS,
    VIEW,
    Channel,
    File,
    Json,
    Message,
    User,
)

FILE_BYTES, REQUEST_BYTES = 10 * 2**20, 25 * 2**20
ARCHIVED_AFTER = {60, 1_440, 4_320, 10_080}


class Posting(Gateway):
    """Serves channels, threads, direct messages and what is written in them."""

    def __init__(self, seed: int = 0) -> None:
        """Prepare it; every chance in it comes from the seed."""
        super().__init__(seed)
        self.nonce_seconds = 120.0
        """How long a nonce is remembered."""
        self.dm_opens: tuple[int, float] | None = None
        """How many new conversations in so many seconds the bot may open before it is refused with 40003."""
        self._opens: deque[float] = deque()
        self._nonces: dict[str, Message] = {}
        for verb, path, handler in (
            ("post", "/users/@me/channels", self._open),
            ("get", "/channels/{channel}", self._channel),
            ("patch", "/channels/{channel}", self._change),
            ("post", "/channels/{channel}/typing", self._typing),
            ("post", "/channels/{channel}/messages", self._post),
            ("get", "/channels/{channel}/messages", self._list),
            ("get", "/channels/{channel}/messages/{message}", self._get),
            ("patch", "/channels/{channel}/messages/{message}", self._edit),
            ("delete", "/channels/{channel}/messages/{message}", self._delete),
            ("post", "/channels/{channel}/threads", self._thread),
            ("get", "/channels/{channel}/thread-members", self._members),
            ("get", "/channels/{channel}/thread-members/{user}", self._one),
            ("put", "/channels/{channel}/thread-members/{user}", self._add),
            ("delete", "/channels/{channel}/thread-members/{user}", self._remove),
            ("get", "/guilds/{guild}/threads/active", self._active),
        ):
            self.route(verb, path, handler)

    # Messages

    async def _post(self, ask: Ask) -> web.Response:
        channel = self._writable(ask)
        message = self.compose(ask, ask.body, channel)
        nonce = str(ask.body.get("nonce") or "")
        if nonce and ask.body.get("enforce_nonce"):
            former = self._nonces.get(nonce)
            if former is not None and self.now - former.at < self.nonce_seconds:
                return web.json_response(former.json())
        elif nonce:
            self.violate(f"{ask.where}: a nonce that is not enforced")
        channel.archived = False
        channel.messages.append(message)
        if nonce:
            self._nonces[nonce] = message
        if self.echoes:
            await self.told_message("MESSAGE_CREATE", message)
        return web.json_response(message.json())

    async def _edit(self, ask: Ask) -> web.Response:
        _, message = self._named(ask)
        if message.author is not self.bot:
            raise Refusal(50005)
        self.rewrite(ask, ask.body, message)
        if self.echoes:
            await self.told_message("MESSAGE_UPDATE", message)
        return web.json_response(message.json())

    async def _delete(self, ask: Ask) -> web.Response:
        channel, message = self._named(ask)
        if message.author is not self.bot:
            raise Refusal(50013 if channel.kind != DM_CHANNEL else 50005)
        message.deleted = True
        if self.echoes:
            await self.told("MESSAGE_DELETE", channel, {"id": message.id, "channel_id": channel.id})
        return web.Response(status=204)

    async def _get(self, ask: Ask) -> web.Response:
        return web.json_response(self._named(ask)[1].json())

    async def _list(self, ask: Ask) -> web.Response:
        if extra := set(ask.query) - {"limit", "before", "after", "around"}:
            self.violate(f"{ask.where}: unknown fields {sorted(extra)}")
        most, before, after = (
            int(ask.query.get(key, value))
            for key, value in (("limit", 50), ("before", 1 << 63), ("after", 0))
        )
        if not 1 <= most <= 100:
            self.refuse_form(ask, f"a limit of {most}")
        every = [each for each in self._seen(ask).messages if not each.deleted]
        found = [each for each in every if after < int(each.id) < before]
        return web.json_response([each.json() for each in reversed(found[-most:])])

    async def _typing(self, ask: Ask) -> web.Response:
        self._writable(ask)
        return web.Response(status=204)

    # Writing

    def compose(self, ask: Ask, body: Any, channel: Channel, flags: int = 0) -> Message:
        """Make a message of what a request says; `flags` are those it has whatever it says."""
        self._checked(ask, body)
        asked = int(body.get("flags") or 0)
        known = EPHEMERAL | SUPPRESS_EMBEDS | SILENT | V2
        if asked & ~known:
            self.violate(f"{ask.where}: flags {asked:b}")
        if asked & EPHEMERAL and not flags & EPHEMERAL and ask.path.startswith("/channels/"):
            self.violate(f"{ask.where}: an ephemeral message that answers nobody")
        message = Message(
            self.snowflake(), channel, self.bot, body.get("content") or "", self.now,
            flags=(asked & known) | flags, nonce=body.get("nonce"),
        )  # fmt: skip
        if reference := (body.get("message_reference") or {}).get("message_id"):
            message.reply_to = channel.find(str(reference))
            if message.reply_to is None and (body["message_reference"]).get("fail_if_not_exists", True):
                raise Refusal(50035)
        message.files = self._attached(ask, body, message)
        message.components = self._settled(ask, body.get("components") or [], message)
        return message

    def rewrite(self, ask: Ask, body: Any, message: Message) -> None:
        """Change a message as a request says; what it leaves out stays."""
        self._checked(ask, body, message)
        if not message.waiting:
            message.versions.append({"content": message.content, "components": message.components})
        asked = int(body.get("flags") or 0)
        if message.made and "flags" in body and not asked & V2:
            self.violate(f"{ask.where}: the flag of the second version cannot be taken back")
        message.flags |= asked & (V2 | SUPPRESS_EMBEDS)
        if "content" in body:
            message.content = body["content"] or ""
        if "attachments" in body or ask.files:
            message.files = self._attached(ask, body, message)
        if "components" in body:
            message.components = self._settled(ask, body["components"] or [], message)
        message.edited = datetime.now(UTC).isoformat()
        message.waiting = False
        self.changed()

    def _checked(self, ask: Ask, body: Any, edited: Message | None = None) -> None:
        try:
            need(isinstance(body, dict), "a body that is no object")
            check_message(body, edit=edited is not None, v2=edited is not None and edited.made)
        except Refused as wrong:
            self.refuse_form(ask, str(wrong))
        allowed = body.get("allowed_mentions") or {}
        texts = [
            body.get("content") or "",
            *(each.get("content", "") for each in walk(body.get("components") or [])),
        ]
        for kind, text, name in mentions("\n".join(texts)):
            pings = name in [*allowed.get("users", ()), *allowed.get("roles", ())]
            self.fired.append(Fired(kind, text, ask.where, pings))

    def refuse_form(self, ask: Ask, why: str) -> None:
        """Refuse a body that Discord does not take."""
        self.violate(f"{ask.where}: {why}")
        raise Refusal(50035, errors={"_errors": [{"code": "INVALID", "message": why}]})

    def _attached(self, ask: Ask, body: Any, message: Message) -> list[File]:
        named = {str(each.get("id")): each for each in body.get("attachments") or []}
        out = [each for each in message.files if each.id in named or "attachments" not in body]
        if sum(len(data) for _, _, data in ask.files.values()) > REQUEST_BYTES:
            self.violate(f"{ask.where}: files of more than 25 MiB")
            raise Refusal(40005)
        for number, (name, mime, data) in ask.files.items():
            if len(data) > FILE_BYTES:
                self.violate(f"{ask.where}: a file of {len(data)} bytes")
                raise Refusal(40005)
            said = named.pop(str(number), {})
            out.append(
                self.keep_file(said.get("filename") or name, data, mime, said.get("description") or "")
            )
        if missing := set(named) - {each.id for each in out}:
            self.refuse_form(ask, f"attachments {sorted(missing)} that were not sent")
        return out

    def _settled(self, ask: Ask, components: list[Json], message: Message) -> list[Json]:
        """Components as Discord gives them back: numbered, with the addresses of their files."""
        out = copy.deepcopy(components)
        shown: set[str] = set()
        taken = {each["id"] for each in walk(out) if each.get("id")}
        numbers = (number for number in range(1, 1_000) if number not in taken)
        for each in walk(out):
            if not each.get("id"):
                each["id"] = next(numbers)
            pictures = each["items"] if each["type"] == GALLERY else [each]
            key = "file" if each["type"] == FILE else "media"
            for picture in pictures if each["type"] in {FILE, GALLERY, THUMBNAIL} else ():
                name = picture[key]["url"].removeprefix("attachment://")
                found = next((file for file in message.files if file.name == name), None)
                if found is None and picture[key]["url"].startswith("attachment://"):
                    self.refuse_form(ask, f"{name!r} is not attached")
                if found is not None:
                    shown.add(found.id)
                    picture[key] = {"url": found.url, "proxy_url": found.url, "content_type": found.mime}
        if message.made and (hidden := [file.name for file in message.files if file.id not in shown]):
            self.violate(f"{ask.where}: files that no component shows: {hidden}")
        return out

    # Channels

    def _seen(self, ask: Ask) -> Channel:
        channel = self.channels.get(ask.ids["channel"])
        if channel is None:
            raise Refusal(10003)
        if channel.guild is not None and not channel.granted(self.app_id) & VIEW:
            raise Refusal(50001)
        return channel

    def _named(self, ask: Ask) -> tuple[Channel, Message]:
        channel = self._seen(ask)
        message = channel.find(ask.ids["message"])
        if message is None:
            raise Refusal(10008)
        return channel, message

    def _writable(self, ask: Ask) -> Channel:
        channel = self._seen(ask)
        if channel.kind == DM_CHANNEL:
            user = next(iter(channel.members.values()))
            if not any(user.id in guild.members for guild in self.guilds.values()):
                raise Refusal(50278)
            if user.id in self.closed:
                raise Refusal(50007)
        elif channel.guild is not None:
            needed = IN_THREADS if channel.kind == PRIVATE_THREAD else SEND
            if not channel.granted(self.app_id) & needed:
                raise Refusal(50013)
        return channel

    async def _channel(self, ask: Ask) -> web.Response:
        return web.json_response(self._seen(ask).json())

    async def _open(self, ask: Ask) -> web.Response:
        user = self.users.get(str(ask.body.get("recipient_id")))
        if set(ask.body) != {"recipient_id"}:
            self.violate(f"{ask.where}: {sorted(ask.body)}")
        if user is None:
            raise Refusal(10013)
        channel = self.dm_of(user)
        if not channel.opened and self.dm_opens is not None:
            most, seconds = self.dm_opens
            while self._opens and self._opens[0] <= self.now - seconds:
                self._opens.popleft()
            if len(self._opens) >= most:
                raise Refusal(40003)
            self._opens.append(self.now)
        channel.opened = True
        return web.json_response(channel.json())

    async def _change(self, ask: Ask) -> web.Response:
        channel = self._seen(ask)
        if channel.kind != PRIVATE_THREAD:
            raise Refusal(50024)
        if extra := set(ask.body) - {"name", "archived", "auto_archive_duration", "locked", "invitable"}:
            self.violate(f"{ask.where}: unknown fields {sorted(extra)}")
        channel.name = ask.body.get("name", channel.name)
        channel.archived = ask.body.get("archived", channel.archived)
        return web.json_response(channel.json())

    # Threads

    async def _thread(self, ask: Ask) -> web.Response:
        parent, body = self._seen(ask), ask.body
        if parent.kind != TEXT_CHANNEL or parent.guild is None:
            raise Refusal(50024)
        if not parent.granted(self.app_id) & THREADS:
            raise Refusal(50013)
        fields = {"name", "type", "auto_archive_duration", "invitable", "rate_limit_per_user"}
        minutes = body.get("auto_archive_duration", 1_440)
        if extra := set(body) - fields:
            self.violate(f"{ask.where}: unknown fields {sorted(extra)}")
        if not 1 <= len(str(body.get("name", ""))) <= 100 or minutes not in ARCHIVED_AFTER:
            self.refuse_form(ask, f"the name {body.get('name')!r}, {minutes} minutes")
        if body.get("type", PRIVATE_THREAD) != PRIVATE_THREAD:
            self.refuse_form(ask, f"a thread of type {body['type']}")
        thread = Channel(
            self.snowflake(), PRIVATE_THREAD, body["name"], parent.guild, parent, {self.app_id: self.bot},
            invitable=body.get("invitable", True), minutes=minutes, owner=self.app_id,
        )  # fmt: skip
        self.channels[thread.id] = parent.guild.channels[thread.id] = thread
        data = {**thread.json(), "newly_created": True}
        await self.tell(Event("THREAD_CREATE", data, parent.guild.id, GUILDS))
        return web.json_response(thread.json(), status=201)

    def _joining(self, ask: Ask) -> tuple[Channel, User]:
        thread = self._seen(ask)
        if thread.kind != PRIVATE_THREAD or thread.parent is None:
            raise Refusal(50024)
        user = self.bot if ask.ids["user"] == "@me" else self.users.get(ask.ids["user"])
        if user is None:
            raise Refusal(10013)
        return thread, user

    async def _add(self, ask: Ask) -> web.Response:
        thread, user = self._joining(ask)
        assert thread.parent is not None
        if not thread.parent.sees(user):
            raise Refusal(50001)
        thread.members[user.id] = user
        return web.Response(status=204)

    async def _remove(self, ask: Ask) -> web.Response:
        thread, user = self._joining(ask)
        thread.members.pop(user.id, None)
        return web.Response(status=204)

    async def _active(self, ask: Ask) -> web.Response:
        guild = self.guilds.get(ask.ids["guild"])
        if guild is None:
            raise Refusal(10004)
        threads = [
            each
            for each in guild.channels.values()
            if each.kind == PRIVATE_THREAD and not each.archived and self.app_id in each.members
        ]
        mine = [{"id": each.id, "user_id": self.app_id, "flags": 0} for each in threads]
        return web.json_response({"threads": [each.json() for each in threads], "members": mine})

    async def _members(self, ask: Ask) -> web.Response:
        thread = self._seen(ask)
        if not self.privileged & MEMBERS:
            raise Refusal(50001)
        return web.json_response([{"id": thread.id, "user_id": user, "flags": 0} for user in thread.members])

    async def _one(self, ask: Ask) -> web.Response:
        thread, user = self._joining(ask)
        if user.id not in thread.members:
            raise Refusal(10007)
        return web.json_response({"id": thread.id, "user_id": user.id, "flags": 0})
