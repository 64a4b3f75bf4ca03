"""What Discord knows: people, guilds, channels, messages, interactions; and how it writes them as JSON."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.platforms.discord_limits import BUTTON, EPHEMERAL, INPUT, LABEL, SELECTS, V2, WORDS, walk
from tests.platforms.discord_markup import shown

Json = dict[str, Any]

VIEW, SEND, THREADS, IN_THREADS = 1 << 10, 1 << 11, 1 << 36, 1 << 38
"""Permissions: to see a channel, to write there, to make private threads, to write in threads."""
GRANTED = VIEW | SEND | THREADS | IN_THREADS
TEXT_CHANNEL, DM_CHANNEL, PRIVATE_THREAD = 0, 1, 12
COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
"""Kinds of interactions."""
EPOCH = 1_420_070_400_000


def stamp(snowflake: str) -> str:
    """The time in an id."""
    return datetime.fromtimestamp(((int(snowflake) >> 22) + EPOCH) / 1000, UTC).isoformat()


@dataclass(slots=True, eq=False)
class User:
    """Somebody with an account, or the bot."""

    id: str
    name: str
    locale: str = "en-US"
    is_bot: bool = False

    def json(self) -> Json:
        """Write it as in messages."""
        return {
            "id": self.id, "username": f"user{self.id}", "global_name": self.name, "discriminator": "0",
            "avatar": None, "bot": self.is_bot, "public_flags": 0,
        }  # fmt: skip


@dataclass(slots=True, eq=False, repr=False)
class Place:
    """A server as Discord keeps it; `granted` is what the bot may do in it."""

    id: str
    name: str
    locale: str = "en-US"
    granted: int = GRANTED
    members: dict[str, User] = field(default_factory=dict)
    channels: "dict[str, Channel]" = field(default_factory=dict)

    def __repr__(self) -> str:
        """Say which it is, without all it leads to."""
        return f"Guild({self.name!r})"

    def member(self, user: User) -> Json:
        """Write somebody as a member."""
        return {
            "user": user.json(), "roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "deaf": False, "mute": False,
            "flags": 0, "nick": None, "permissions": str(VIEW | SEND | IN_THREADS),
        }  # fmt: skip

    def role(self) -> Json:
        """Write the role that everybody has."""
        return {
            "id": self.id, "name": "@everyone", "color": 0, "hoist": False, "position": 0, "managed": False,
            "permissions": str(self.granted), "mentionable": False, "flags": 0,
        }  # fmt: skip

    def json(self, bot: User) -> Json:
        """Write it as when a session starts."""
        return {
            "id": self.id, "name": self.name, "preferred_locale": self.locale, "owner_id": "1", "roles": [self.role()],
            "emojis": [], "features": [], "stickers": [], "afk_timeout": 300, "verification_level": 0, "nsfw_level": 0,
            "default_message_notifications": 1, "explicit_content_filter": 0, "mfa_level": 0, "premium_tier": 0,
            "system_channel_id": None, "system_channel_flags": 0, "premium_progress_bar_enabled": False,
            "member_count": len(self.members) + 1, "large": False, "unavailable": False,
            "channels": [each.json() for each in self.channels.values() if each.kind == TEXT_CHANNEL],
            "threads": [each.json() for each in self.channels.values() if each.kind == PRIVATE_THREAD],
            "members": [self.member(bot)], "presences": [], "voice_states": [], "stage_instances": [],
            "guild_scheduled_events": [], "soundboard_sounds": [], "joined_at": "2026-01-01T00:00:00+00:00",
        }  # fmt: skip


@dataclass(slots=True, eq=False, repr=False)
class Channel:
    """A text channel, a private thread, or the bot's conversation with somebody."""

    id: str
    kind: int
    name: str = ""
    guild: Place | None = None
    parent: "Channel | None" = None
    members: dict[str, User] = field(default_factory=dict)
    """Who is in the conversation or thread; empty where it is open to the whole guild."""
    messages: "list[Message]" = field(default_factory=list)
    invitable: bool = True
    archived: bool = False
    minutes: int = 10_080
    """Without a message, until a thread is archived."""
    overwrites: list[Json] = field(default_factory=list)
    """What is allowed and denied here to everybody (the id of the guild) or somebody, apart from the guild."""
    opened: bool = False
    """The bot has opened this conversation, or was written to in it."""
    owner: str = "0"
    """Who has opened a thread."""

    def __repr__(self) -> str:
        """Say which it is, without all it leads to."""
        return f"Channel({self.kind}, {self.name!r}, {self.id})"

    def sees(self, user: User) -> bool:
        """Whether somebody can read it."""
        if self.guild is not None and user.id not in self.guild.members:
            return False
        return not self.members or user.id in self.members

    def granted(self, user: str) -> int:
        """What the bot may do in a channel of a guild; in a thread, what it may do in its channel."""
        place = self.parent or self
        assert place.guild is not None
        may = place.guild.granted
        for whose in (place.guild.id, user):
            for each in place.overwrites:
                if each["id"] == whose:
                    may = may & ~int(each["deny"]) | int(each["allow"])
        return may

    def find(self, message_id: str) -> "Message | None":
        """Find a message that is still there."""
        return next((m for m in reversed(self.messages) if m.id == message_id and not m.deleted), None)

    def json(self) -> Json:
        """Write it as in events and answers."""
        last = self.messages[-1].id if self.messages else None
        out: Json = {"id": self.id, "type": self.kind, "last_message_id": last, "flags": 0}
        if self.kind == DM_CHANNEL:
            return {**out, "recipients": [each.json() for each in self.members.values()]}
        assert self.guild is not None
        out |= {"name": self.name, "guild_id": self.guild.id, "rate_limit_per_user": 0}
        if self.kind == TEXT_CHANNEL:
            return {
                **out, "position": 0, "nsfw": False, "permission_overwrites": self.overwrites, "topic": None,
                "parent_id": None,
            }  # fmt: skip
        assert self.parent is not None
        metadata = {
            "archived": self.archived, "auto_archive_duration": self.minutes, "locked": False,
            "archive_timestamp": stamp(self.id), "invitable": self.invitable, "create_timestamp": stamp(self.id),
        }  # fmt: skip
        return {
            **out, "parent_id": self.parent.id, "owner_id": self.owner, "thread_metadata": metadata,
            "message_count": len(self.messages), "member_count": len(self.members),
            "total_message_sent": len(self.messages),
        }  # fmt: skip


@dataclass(slots=True, eq=False)
class File:
    """An attachment; `description` is its alt text."""

    id: str
    name: str
    data: bytes
    mime: str
    url: str
    description: str = ""

    def json(self) -> Json:
        """Write it as in messages."""
        out: Json = {"id": self.id, "filename": self.name, "size": len(self.data), "url": self.url,
                     "proxy_url": self.url, "content_type": self.mime}  # fmt: skip
        return {**out, "description": self.description} if self.description else out


@dataclass(slots=True, eq=False, repr=False)
class Message:
    """A message as it stands; `versions` are its former content and components, oldest first."""

    id: str
    channel: Channel
    author: User
    content: str
    at: float
    """Loop time at which it was sent."""
    components: list[Json] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    flags: int = 0
    nonce: str | int | None = None
    reply_to: "Message | None" = None
    edited: str | None = None
    deleted: bool = False
    versions: list[Json] = field(default_factory=list)
    waiting: bool = False
    """The bot is thinking."""

    def __repr__(self) -> str:
        """Say which it is, without all it leads to."""
        return f"Message({self.ref}, {self.text[:80]!r}, {self.labels})"

    @property
    def ref(self) -> str:
        """How it is named outside its channel."""
        return f"{self.channel.id}/{self.id}"

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def text(self) -> str:
        """What it says, in Discord's markdown."""
        blocks = [each["content"] for each in walk(self.components) if each["type"] == WORDS]
        return "\n".join([*([self.content] if self.content else []), *blocks])

    @property
    def words(self) -> str:
        """What it says, as it is read."""
        return shown(self.text)

    @property
    def buttons(self) -> list[Json]:
        """Its buttons, from top to bottom."""
        return [each for each in walk(self.components) if each["type"] == BUTTON]

    @property
    def labels(self) -> list[str]:
        """The words on its buttons, from top to bottom."""
        return [str(each.get("label", "")) for each in self.buttons]

    @property
    def selects(self) -> list[Json]:
        """Its selects, from top to bottom."""
        return [each for each in walk(self.components) if each["type"] in SELECTS]

    def button(self, wanted: str, version: int | None = None) -> Json:
        """Find a button by its custom_id or label, also of a former version; LookupError where none or several fit."""
        source = self.components if version is None else self.versions[version]["components"]
        every = [each for each in walk(source) if each["type"] == BUTTON]
        fitting = [each for each in every if each.get("custom_id") == wanted] or [
            each for each in every if each.get("label") == wanted
        ]
        if len(fitting) != 1:
            raise LookupError(
                f"{len(fitting)} buttons {wanted!r} among {[each.get('label') for each in every]}"
            )
        return fitting[0]

    def json(self, *, reply: bool = True, told: bool = True) -> Json:
        """Write it as in events and answers; without its content where the bot is not to read it."""
        out: Json = {
            "id": self.id, "channel_id": self.channel.id, "author": self.author.json(), "content": self.content,
            "timestamp": stamp(self.id), "edited_timestamp": self.edited, "tts": False, "mention_everyone": False,
            "mentions": [], "mention_roles": [], "attachments": [each.json() for each in self.files], "embeds": [],
            "pinned": False, "type": 19 if self.reply_to else 0, "flags": self.flags, "components": self.components,
        }  # fmt: skip
        if not told:
            out |= {"content": "", "attachments": [], "components": []}
        if self.nonce is not None:
            out["nonce"] = self.nonce
        if self.reply_to is not None:
            out["message_reference"] = {
                "type": 0,
                "message_id": self.reply_to.id,
                "channel_id": self.channel.id,
            }
            if reply:
                gone = self.reply_to.deleted
                out["referenced_message"] = None if gone else self.reply_to.json(reply=False)
        return out

    @property
    def made(self) -> bool:
        """Whether it is made of components of the second version."""
        return bool(self.flags & V2)


@dataclass(slots=True, eq=False, repr=False)
class Form:
    """A modal in front of somebody: what it asks by custom_id, what is entered, and the message it was opened on."""

    data: Json
    origin: Message | None = None
    channel: Channel | None = None
    entered: Json = field(default_factory=dict)

    def __repr__(self) -> str:
        """Say which it is, without all it leads to."""
        return f"Modal({self.title!r}, {list(self.fields)})"

    @property
    def title(self) -> str:
        """What stands above it."""
        return str(self.data["title"])

    @property
    def custom_id(self) -> str:
        """The bot's name for it."""
        return str(self.data["custom_id"])

    @property
    def fields(self) -> dict[str, Json]:
        """What it asks, by custom_id: the component, with its label and description beside it."""
        labels = [each for each in self.data["components"] if each["type"] == LABEL]
        return {
            each["component"]["custom_id"]: {
                **each["component"], "label": each["label"], "description": each.get("description", "")
            }
            for each in labels
        }  # fmt: skip

    @property
    def words(self) -> str:
        """What it says between its fields, as it is read."""
        return "\n".join(shown(each["content"]) for each in self.data["components"] if each["type"] == WORDS)

    def preset(self) -> Json:
        """What it is filled with when it opens."""
        out: Json = {}
        for key, each in self.fields.items():
            chosen = [option["value"] for option in each.get("options", ()) if option.get("default")]
            if each["type"] == INPUT:
                out[key] = each.get("value") or ""
            elif "options" in each:
                out[key] = chosen
        return out


@dataclass(slots=True, eq=False, repr=False)
class Interaction:
    """Something somebody did that wants an answer; `at` is loop time."""

    id: str
    token: str
    kind: int
    user: User
    channel: Channel
    at: float
    data: Json
    message: Message | None = None
    """What was pressed."""
    answer: int | None = None
    """The type of the answer: 4 a message, 5 thinking, 6 later, 7 changes the message, 8 choices, 9 a modal."""
    answered_at: float = 0.0
    original: Message | None = None
    modal: Form | None = None
    choices: list[Json] = field(default_factory=list)
    followups: list[Message] = field(default_factory=list)

    def __repr__(self) -> str:
        """Say which it is, without all it leads to."""
        return f"Interaction({self.id}, {self.kind}, {self.data}, {self.answer})"
