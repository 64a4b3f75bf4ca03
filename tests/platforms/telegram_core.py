"""Telegram's books, how it reads requests and writes refusals, and what it lets happen how often."""

import json
import mimetypes
import re
import time
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.platforms.kit import Reply, WireServer
from tests.platforms.telegram_markup import Formatted, Json, Unparsable, found, part, settled, visible
from tests.platforms.telegram_world import Bot, Chat, File, Message, User

Uploads = dict[str, tuple[str, str, bytes]]
"""Files of a request by field: name, mime, bytes."""

INTEGERS = {
    "message_id",
    "offset",
    "limit",
    "timeout",
    "max_connections",
    "cache_time",
    "message_thread_id",
    "user_id",
}
FLAGS = {"disable_notification", "protect_content", "show_alert", "drop_pending_updates", "has_spoiler",
         "show_caption_above_media", "disable_content_type_detection", "allow_paid_broadcast"}  # fmt: skip
OBJECTS = {"reply_markup": dict, "entities": list, "caption_entities": list, "link_preview_options": dict,
           "reply_parameters": dict, "commands": list, "scope": dict, "allowed_updates": list}  # fmt: skip
STATUS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict"}
POLLED_ELSEWHERE = "terminated by other getUpdates request; make sure that only one bot instance is running"


def error(code: int, description: str, **parameters: Any) -> Json:
    """Write an error as Telegram does; the name of the code comes before what is said."""
    if name := STATUS.get(code):
        description = f"{name}: {description}" if description else name
    out: Json = {"ok": False, "error_code": code, "description": description}
    return {**out, "parameters": parameters} if parameters else out


CONFLICT = Reply(error(409, POLLED_ELSEWHERE), status=409)
"""A fault for getUpdates: another poller has come."""


class Refusal(Exception):
    """What Telegram answers instead of doing it."""

    def __init__(self, code: int, description: str = "", **parameters: Any) -> None:
        """Keep code, words and parameters."""
        self.body = error(code, description, **parameters)
        super().__init__(self.body["description"])


@dataclass(frozen=True, slots=True)
class Fired:
    """Something in a text that does more than be read: mention, user, preview."""

    kind: str
    text: str
    where: str


class TelegramCore(WireServer):
    """The books of the bots on a local Telegram."""

    platform = "telegram"

    def __init__(self, seed: int = 0) -> None:
        """Prepare it; every chance in it comes from the seed."""
        super().__init__(seed)
        self.bots: dict[int, Bot] = {}
        self.users: dict[int, User] = {}
        self.fired: list[Fired] = []
        self.strict_burst: int | None = None
        """Hold bots to 1/s a chat after this many at once, 20/min a group, 30/s in all; None does not."""
        self._buckets: dict[tuple[int, str], tuple[float, float]] = {}

    @property
    def base_url(self) -> str:
        """What the token is put behind."""
        return f"{self.url}/bot"

    @property
    def base_file_url(self) -> str:
        """The same for files."""
        return f"{self.url}/file/bot"

    def violate(self, what: str) -> None:
        """Note what Telegram would not forgive."""
        self.violations.append(what)

    def letters(self, count: int) -> str:
        """Some letters and digits, as in Telegram's ids."""
        return "".join(
            self.rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789", k=count)
        )

    @staticmethod
    def date() -> int:
        """The date of what happens now."""
        return int(time.time())

    def too_many(self, seconds: int) -> web.Response:
        """Answer 429 as Telegram does."""
        body = error(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        return web.json_response(body, status=429, headers={"Retry-After": str(seconds)})

    # Requests

    async def read(self, request: web.Request) -> tuple[Json, Uploads]:
        """Read a body as Telegram takes it: query, form, multipart or JSON; what is nested may be JSON in text.

        Files of a multipart body are under `_files`, by field: name, mime, size; their bytes are given beside it.
        """
        body: Json = dict(request.query)
        files: Uploads = {}
        if request.content_type == "application/json":
            try:
                body |= await request.json()
            except (ValueError, TypeError):
                self.violate("a body that is not a JSON object")
        elif request.can_read_body:
            for key, value in (await request.post()).items():
                if isinstance(value, web.FileField):
                    files[key] = (value.filename, value.content_type, value.file.read())
                else:
                    body[key] = value
        if files:
            body["_files"] = {
                key: {"name": name, "mime": mime, "size": len(data)}
                for key, (name, mime, data) in files.items()
            }
        for key, value in body.items():
            if isinstance(value, str):
                body[key] = _typed(key, value)
        return body, files

    def bot_of(self, token: str) -> Bot:
        """Find the bot of a token."""
        bot = next((bot for bot in self.bots.values() if bot.token == token), None)
        if bot is None:
            raise Refusal(404) if not re.fullmatch(r"\d+:[\w-]+", token) else Refusal(401)
        if bot.revoked:
            raise Refusal(401)
        return bot

    # Chats

    def chat_of(self, bot: Bot, body: Json, *, writes: bool = True) -> Chat:
        """Find the chat a bot names, and see that it may write there."""
        name = body["chat_id"]
        chat = bot.chats.get(name) if isinstance(name, int) else None
        if chat is None or (chat.kind == "private" and not chat.open):
            known = self.users.get(name) if isinstance(name, int) else None
            if any(known in each.members for each in bot.chats.values() if each.kind != "private"):
                raise Refusal(403, "bot can't initiate conversation with a user")
            raise Refusal(400, "chat not found")
        if chat.migrated_to is not None:
            raise Refusal(
                400, "group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to
            )
        if not writes:
            return chat
        if chat.kind == "private":
            if chat.members[0].deactivated:
                raise Refusal(403, "user is deactivated")
            if chat.blocked:
                raise Refusal(403, "bot was blocked by the user")
        elif not chat.open:
            raise Refusal(
                403, f"bot was kicked from the {'group' if chat.kind == 'group' else 'supergroup'} chat"
            )
        return chat

    def number(self, bot: Bot, chat: Chat) -> int:
        """The next message's id: counted for a bot, and in a supergroup for itself."""
        counter: Bot | Chat = chat if chat.kind == "supergroup" else bot
        counter.numbers += 1
        return counter.numbers

    def keep(
        self, bot: Bot, chat: Chat, sender: User, text: str, entities: list[Json], **more: Any
    ) -> Message:
        """Put a message into a chat."""
        message = Message(self.number(bot, chat), chat, sender, text, entities, self.date(), self.now, **more)
        chat.messages.append(message)
        chat.typing_until = 0.0
        self.changed()
        return message

    def keep_file(self, bot: Bot, kind: str, name: str, data: bytes, mime: str = "", size: int = 0) -> File:
        """Put a file on Telegram; `size` says that it is larger than its bytes here."""
        number = len(bot.files)
        mime = mime or mimetypes.guess_type(name)[0] or "application/octet-stream"
        ending = f".{name.rpartition('.')[2]}" if "." in name else ""
        file = File(f"{kind[:2]}{self.letters(24)}", kind, name, data, mime, f"{kind}s/file_{number}{ending}",
                    size or len(data))  # fmt: skip
        bot.files[file.id] = file
        return file

    # Texts

    def words(self, bot: Bot, where: str, body: Json, key: str, most: int) -> Formatted:
        """Check and read the words of a message; refuses what is empty, too long or badly marked up."""
        source = body.get(key)
        if not isinstance(source, str):
            source = "" if source is None else str(source)
        given = body.get("entities" if key == "text" else "caption_entities") or []
        try:
            out = settled(source, body.get("parse_mode"), given)
        except Unparsable as wrong:
            self.violate(f"{where}: can't parse entities: {wrong}")
            raise Refusal(400, f"can't parse entities: {wrong}") from None
        self.violations += [f"{where}: {note}" for note in out.notes]
        length = len(out.text.encode("utf-16-le")) // 2
        if key == "text" and not visible(out.text):
            self.violate(f"{where}: message text is empty")
            raise Refusal(400, "message text is empty")
        if length > most:
            what = "message is too long" if key == "text" else "message caption is too long"
            self.violate(f"{where}: {what} ({length})")
            raise Refusal(400, what)
        self._known_users(bot, out)
        for kind, text in self._firing(out):
            # What stands below a file never has a preview.
            previewed = key == "text" and not (body.get("link_preview_options") or {}).get("is_disabled")
            if kind != "preview" or previewed:
                self.fired.append(Fired(kind, text, where))
        out.entities = sorted(
            [*out.entities, *found(out.text, out.entities)], key=lambda e: (e["offset"], -e["length"])
        )
        return out

    def _known_users(self, bot: Bot, out: Formatted) -> None:
        """Let links to people stand who have met the bot, and drop the others, in which nobody is mentioned."""
        for entity in [each for each in out.entities if each["type"] == "text_mention"]:
            met = {user.id for chat in bot.chats.values() for user in chat.members}
            self.fired.append(Fired("user", part(out.text, entity["offset"], entity["length"]), "tg://user"))
            if entity["user"]["id"] in met:
                entity["user"] = self.users[entity["user"]["id"]].json()
            else:
                out.entities.remove(entity)

    def _firing(self, out: Formatted) -> list[tuple[str, str]]:
        every = [*out.entities, *found(out.text, out.entities)]
        kinds = {"mention": "mention", "url": "preview", "text_link": "preview"}
        return [
            (kinds[each["type"]], each.get("url") or part(out.text, each["offset"], each["length"]))
            for each in every
            if each["type"] in kinds and not str(each.get("url", "")).startswith("tg:")
        ]

    # How often

    def paced(self, bot: Bot, chat: Chat) -> int:
        """Count a message against the limits; gives the seconds to wait, or 0 where it is allowed."""
        if self.strict_burst is None:
            return 0
        limits = [("", 30.0, 30.0)]
        if chat.kind == "private":
            limits.append((str(chat.id), float(self.strict_burst), 1.0))
        else:
            limits.append((str(chat.id), 20.0, 20 / 60))
        left = []
        for name, size, rate in limits:
            tokens, since = self._buckets.get((bot.id, name), (size, self.now))
            tokens = min(size, tokens + (self.now - since) * rate)
            if tokens < 1:
                return max(1, round((1 - tokens) / rate))
            left.append((name, tokens))
        for name, tokens in left:
            self._buckets[bot.id, name] = (tokens - 1, self.now)
        return 0


def _typed(key: str, value: str) -> Any:
    """Read a value of a form as what it is meant to be."""
    if key == "chat_id" or key in INTEGERS:
        return int(value) if re.fullmatch(r"-?\d+", value) else value
    if key in FLAGS and value.lower() in ("true", "false", "1", "0"):
        return value.lower() in ("true", "1")
    if kind := OBJECTS.get(key):
        try:
            read = json.loads(value)
        except ValueError:
            return value
        return read if isinstance(read, kind) else value
    return value
