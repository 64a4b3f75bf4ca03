"""What Telegram knows: people, bots, chats, messages, files, updates on their way; and how it writes them as JSON."""

from dataclasses import dataclass, field
from typing import Any

from tests.platforms.telegram_markup import Json

Rows = list[list[Json]]
MAX_TEXT, MAX_CAPTION = 4_096, 1_024
TYPING_SECONDS = 5.0


@dataclass(slots=True, eq=False)
class User:
    """Somebody with an account, or a bot."""

    id: int
    name: str
    username: str = ""
    language: str = ""
    is_bot: bool = False
    deactivated: bool = False

    def json(self) -> Json:
        """Write it as in messages."""
        first, _, last = self.name.partition(" ")
        out: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": first}
        for key, value in (
            ("last_name", last),
            ("username", self.username),
            ("language_code", self.language),
        ):
            if value:
                out[key] = value
        return out


@dataclass(slots=True, eq=False)
class File:
    """A file on Telegram; `kind` is document, photo, voice or video."""

    id: str
    kind: str
    name: str
    data: bytes
    mime: str
    path: str
    size: int = 0
    """In bytes, as told; where it is more than `data` holds, the file is only said to be so large."""

    def json(self) -> Any:
        """Write it as in messages: a photo is a list of sizes."""
        base: Json = {"file_id": self.id, "file_unique_id": f"u{self.id[-8:]}", "file_size": self.size}
        match self.kind:
            case "photo":
                small = {**base, "file_id": f"{self.id}s", "file_unique_id": f"s{self.id[-8:]}"}
                return [{**small, "width": 90, "height": 67}, {**base, "width": 1280, "height": 960}]
            case "voice":
                return {**base, "duration": 3, "mime_type": self.mime}
            case "video":
                return {**base, "width": 640, "height": 480, "duration": 3, "mime_type": self.mime,
                        "file_name": self.name}  # fmt: skip
            case _:
                return {**base, "file_name": self.name, "mime_type": self.mime}


@dataclass(slots=True, eq=False, repr=False)
class Chat:
    """A conversation with one bot; `kind` is private, group or supergroup; `id` is the person's in a private one."""

    id: int
    kind: str
    title: str = ""
    members: list[User] = field(default_factory=list)
    messages: list["Message"] = field(default_factory=list)
    open: bool = False
    """Start was pressed, or the bot is in the group."""
    blocked: bool = False
    migrated_to: int | None = None
    typing_until: float = 0.0
    numbers: int = 0
    """Message ids of a supergroup count for themselves."""

    def __repr__(self) -> str:
        """Say which it is, without all it leads to."""
        return f"Chat({self.kind} {self.id})"

    def json(self) -> Json:
        """Write it as in messages."""
        if self.kind != "private":
            return {"id": self.id, "type": self.kind, "title": self.title}
        user = self.members[0].json()
        return {
            "id": self.id,
            "type": "private",
            **{k: user[k] for k in ("first_name", "last_name", "username") if k in user},
        }

    def find(self, message_id: Any) -> "Message | None":
        """Find a message that is still there."""
        return next((m for m in self.messages if m.id == message_id and not m.deleted), None)


@dataclass(slots=True, eq=False, repr=False)
class Message:
    """A message as it stands; `versions` are its former text, entities and keyboard, oldest first."""

    id: int
    chat: Chat
    sender: User
    text: str
    entities: list[Json]
    date: int
    at: float
    """Loop time at which it was sent."""
    keyboard: Rows = field(default_factory=list)
    reply_keyboard: Json | None = None
    """A keyboard below the input, or its removal."""
    file: File | None = None
    reply_to: "Message | None" = None
    silent: bool = False
    protected: bool = False
    preview: bool = True
    edited: int | None = None
    deleted: bool = False
    service: Json = field(default_factory=dict)
    versions: list[Json] = field(default_factory=list)
    parse_mode: str = ""

    def __repr__(self) -> str:
        """Say which it is, without all it leads to."""
        return f"Message({self.id}, {self.text[:80]!r}, {self.labels})"

    @property
    def buttons(self) -> list[Json]:
        """Its buttons, from top to bottom."""
        return [button for row in self.keyboard for button in row]

    @property
    def labels(self) -> list[str]:
        """The words on its buttons, from top to bottom."""
        return [button["text"] for button in self.buttons]

    def button(self, wanted: str, version: int | None = None) -> Json:
        """Find a button by its data or words, also of a former version; LookupError where none or several fit."""
        rows = self.keyboard if version is None else self.versions[version]["keyboard"]
        every = [button for row in rows for button in row]
        fitting = [button for button in every if button.get("callback_data") == wanted][:1] or [
            button for button in every if button["text"] == wanted
        ]
        if len(fitting) != 1:
            raise LookupError(
                f"{len(fitting)} buttons {wanted!r} among {[button['text'] for button in every]}"
            )
        return fitting[0]

    def state(self) -> Json:
        """What an edit changes."""
        return {"text": self.text, "entities": self.entities, "keyboard": self.keyboard}

    def json(self, *, reply: bool = True) -> Json:
        """Write it as in updates and answers."""
        out: Json = {"message_id": self.id, "date": self.date, "chat": self.chat.json(),
                     "from": self.sender.json(), **self.service}  # fmt: skip
        words = "caption" if self.file else "text"
        if self.text:
            out[words] = self.text
        if self.entities:
            out["caption_entities" if self.file else "entities"] = self.entities
        if self.file:
            out[self.file.kind] = self.file.json()
        if self.keyboard:
            out["reply_markup"] = {"inline_keyboard": self.keyboard}
        if self.edited:
            out["edit_date"] = self.edited
        if self.protected:
            out["has_protected_content"] = True
        if self.reply_to is not None and reply and not self.reply_to.deleted:
            out["reply_to_message"] = self.reply_to.json(reply=False)
        return out


@dataclass(slots=True, eq=False, repr=False)
class Query:
    """A press that spins until it is answered; `at` is loop time."""

    id: str
    user: User
    message: Message
    data: str
    at: float
    answered: bool = False
    text: str = ""
    alert: bool = False
    answers: int = 0

    def __repr__(self) -> str:
        """Say which it is, without all it leads to."""
        return f"Query({self.data!r}, {self.answered})"


@dataclass(slots=True, eq=False, repr=False)
class Update:
    """Something on its way to a bot; `id` is 0 as long as it is held."""

    kind: str
    content: Json
    queue: tuple[str, int]
    """What it waits in line with: a chat's updates, or a person's queries."""
    at: float
    id: int = 0
    given: int = 0
    """How many times the bot was given it."""
    confirmed: bool = False
    lost: str = ""
    """Why the bot will not be given it (again): expired, dropped, not allowed, privacy, not in the chat."""
    forced: int = 0
    query: Query | None = None

    def __repr__(self) -> str:
        """Say which it is, without all it leads to."""
        return f"Update({self.id}, {self.kind}, given {self.given}, {self.lost or self.confirmed})"

    @property
    def body(self) -> Json:
        """The update as the bot gets it."""
        return {"update_id": self.id, self.kind: self.content}


@dataclass(slots=True)
class Webhook:
    """Where updates are brought; `error` is the last one and `at` its date."""

    url: str
    secret: str = ""
    connections: int = 40
    error: str = ""
    at: int = 0


@dataclass(slots=True, eq=False, repr=False)
class Bot:
    """A bot's account, its chats and its queue."""

    user: User
    token: str
    chats: dict[int, Chat] = field(default_factory=dict)
    pending: list[Update] = field(default_factory=list)
    """What is not confirmed, in the order of its ids."""
    updates: list[Update] = field(default_factory=list)
    """Every update, oldest first."""
    files: dict[str, File] = field(default_factory=dict)
    queries: dict[str, Query] = field(default_factory=dict)
    commands: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """Descriptions by command, by (scope, language): ("default", ""), ("all_private_chats", "es"), ("chat:5", "")."""
    words: dict[tuple[str, str], str] = field(default_factory=dict)
    """Name, description and short_description, by language."""
    webhook: Webhook | None = None
    allowed: tuple[str, ...] = ()
    privacy: bool = True
    """In groups only commands, replies to it and mentions of it are told."""
    revoked: bool = False
    next_update: int = 0
    numbers: int = 0
    """Message ids of private chats and groups."""

    def __repr__(self) -> str:
        """Say which it is, without all it leads to."""
        return f"Bot({self.id})"

    @property
    def id(self) -> int:
        """The bot's id."""
        return self.user.id

    @property
    def username(self) -> str:
        """The bot's name in links, without @."""
        return self.user.username

    def allows(self, kind: str) -> bool:
        """Whether the bot is told of such updates."""
        if self.allowed:
            return kind in self.allowed
        return kind not in {"chat_member", "message_reaction", "message_reaction_count"}
