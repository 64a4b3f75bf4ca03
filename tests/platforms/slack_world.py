"""What Slack knows: workspaces, their people and channels, messages, views, files; and how it writes them as JSON."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from tests.platforms import slack_inputs
from tests.platforms.slack_inputs import Json, Values

SCOPES = (
    "app_mentions:read,chat:write,commands,files:read,files:write,"  # a list in one string, as its header has it
    "im:history,im:write,mpim:write,team:read,users:read"
)
APP = "A0MENTOR"
URL = re.compile(r"https?://[^\s<>|]+")


def escape(text: str) -> str:
    """Write what a person typed as Slack hands it on: the three characters of its markup escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def typed(text: str) -> tuple[str, list[Json]]:
    """Give what a person typed into the message box as `text` and as blocks: links are found, all else is escaped."""
    written, elements, at = "", [], 0
    for found in [*URL.finditer(text), None]:
        plain = text[at : found.start() if found else len(text)]
        if plain:
            written += escape(plain)
            elements.append({"type": "text", "text": plain})
        if found:
            written += f"<{escape(found[0])}>"
            elements.append({"type": "link", "url": found[0]})
            at = found.end()
    section = {"type": "rich_text_section", "elements": elements}
    return written, [{"type": "rich_text", "block_id": "usr", "elements": [section]}] if elements else []


@dataclass(slots=True, eq=False)
class File:
    """A file on Slack; `data` is None until it was uploaded."""

    id: str
    name: str
    length: int
    owner: str
    title: str = ""
    mime: str = "application/octet-stream"
    data: bytes | None = None
    shared: bool = False

    def json(self, base: str) -> Json:
        """Write it as in events and answers."""
        private = f"{base}/files-pri/{self.id}/download/{self.name}"
        ending = self.name.rpartition(".")[2] if "." in self.name else "binary"
        return {
            "id": self.id, "created": 1700000000, "timestamp": 1700000000, "name": self.name,
            "title": self.title or self.name, "mimetype": self.mime, "filetype": ending, "pretty_type": ending.upper(),
            "user": self.owner, "editable": False, "size": self.length, "mode": "hosted", "is_external": False,
            "external_type": "", "is_public": False, "public_url_shared": False, "display_as_bot": False,
            "url_private": private.replace("/download/", "/"), "url_private_download": private,
            "file_access": "visible",
        }  # fmt: skip


@dataclass(slots=True, eq=False)
class Posted:
    """A message; `versions` are its former JSON, oldest first; `for_user` is set where only one person sees it."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    files: list[File] = field(default_factory=list)
    bot_id: str | None = None
    for_user: str | None = None
    deleted: bool = False
    edited: Json | None = None
    versions: list[Json] = field(default_factory=list)
    at: float = 0.0
    """Loop time at which it was posted."""
    values: Values = field(default_factory=dict)
    offered: dict[tuple[str, str], list[Json]] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The words as they are read: those of the blocks, or the text where there are none."""
        return slack_inputs.shown(self.blocks) or slack_inputs.unescape(self.text)

    @property
    def buttons(self) -> list[str]:
        """The words on its buttons, from top to bottom."""
        return [slack_inputs.label(e) for _, e in slack_inputs.controls(self.blocks) if e["type"] == "button"]

    @property
    def ephemeral(self) -> bool:
        """Only one person sees it, and only a response_url can change it."""
        return self.for_user is not None

    @property
    def ref(self) -> str:
        """Channel and time stamp, in one."""
        return f"{self.channel}/{self.ts}"

    def json(self, team: str, base: str) -> Json:
        """Write it as in events and answers."""
        out: Json = {"user": self.user, "type": "message", "ts": self.ts, "text": self.text, "team": team}
        if self.bot_id:
            out |= {
                "bot_id": self.bot_id,
                "app_id": APP,
                "bot_profile": {"id": self.bot_id, "app_id": APP, "team_id": team},
            }
        else:
            out["client_msg_id"] = f"cm-{self.ts}"
        if self.blocks:
            out["blocks"] = self.blocks
        if self.thread_ts:
            out["thread_ts"] = self.thread_ts
        if self.files:
            out |= {"files": [file.json(base) for file in self.files], "upload": False}
        if self.edited:
            out["edited"] = self.edited
        return out


@dataclass(slots=True, eq=False)
class Channel:
    """A conversation the bot is in; `kind` is im, mpim, group or channel."""

    id: str
    kind: str
    members: tuple[str, ...]
    messages: list[Posted] = field(default_factory=list)
    archived: bool = False

    @property
    def name(self) -> str:
        """What payloads call it."""
        return {"im": "directmessage", "mpim": "mpdm-" + "--".join(self.members).lower() + "-1"}.get(
            self.kind, self.kind
        )

    def find(self, ts: str) -> Posted | None:
        """Find a message that is still there; never one that only one person sees."""
        return next((m for m in self.messages if m.ts == ts and not m.deleted and not m.ephemeral), None)


@dataclass(slots=True, eq=False)
class Profile:
    """What the workspace tells about somebody."""

    name: str
    tz: str = "Europe/London"
    locale: str = "en-GB"
    deleted: bool = False
    is_bot: bool = False


@dataclass(slots=True, eq=False)
class Team:
    """A workspace with the app installed; `state` is installed, revoked or inactive."""

    id: str
    bot_token: str
    bot_user: str
    bot_id: str
    name: str = ""
    state: str = "installed"
    scopes: str = SCOPES
    home_tab: bool = True
    messages_tab: bool = True
    profiles: dict[str, Profile] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        """The first part of its host name."""
        return self.id.lower()

    def im(self, user: str) -> Channel | None:
        """The direct messages of somebody with the bot."""
        return next((c for c in self.channels.values() if c.kind == "im" and c.members == (user,)), None)

    def user_json(self, user: str, profile: Profile, *, locale: bool = False) -> Json:
        """Write somebody as users.info and user_change do."""
        offset = datetime.now(ZoneInfo(profile.tz)).utcoffset() if profile.tz else None
        handle = profile.name.lower().replace(" ", ".")
        out: Json = {
            "id": user, "team_id": self.id, "name": handle, "deleted": profile.deleted, "color": "9f69e7",
            "real_name": profile.name, "tz": profile.tz, "tz_label": profile.tz,
            "tz_offset": int(offset.total_seconds()) if offset is not None else 0,
            "profile": {
                "title": "", "real_name": profile.name, "real_name_normalized": profile.name,
                "display_name": "", "display_name_normalized": "", "team": self.id, "avatar_hash": "0",
                "status_text": "", "image_72": f"https://avatars.invalid/{user}.png",
            },
            "is_admin": False, "is_owner": False, "is_primary_owner": False, "is_restricted": False,
            "is_ultra_restricted": False, "is_bot": profile.is_bot, "is_app_user": False, "updated": 1700000000,
        }  # fmt: skip
        if profile.deleted:
            # A deactivated member has no zone any more.
            for key in ("tz", "tz_label", "tz_offset"):
                del out[key]
        elif locale:
            out["locale"] = profile.locale
        return out


@dataclass(slots=True, eq=False)
class View:
    """A modal or a Home tab as it stands on somebody's screen; `values` is what was entered, by (block, action)."""

    id: str
    user: str
    source: Json
    hash: str
    root: str
    previous: str | None = None
    values: Values = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    offered: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    """Options a search gave while somebody typed."""
    versions: int = 1

    @property
    def blocks(self) -> list[Json]:
        """Its blocks."""
        blocks: list[Json] = self.source["blocks"]
        return blocks

    @property
    def shown(self) -> str:
        """Its title and words as they are read, with the errors of its fields."""
        title = (self.source.get("title") or {}).get("text", "")
        return "\n".join(filter(None, (title, slack_inputs.shown(self.blocks), *self.errors.values())))

    @property
    def buttons(self) -> list[str]:
        """The words on its buttons, from top to bottom; not those of its frame."""
        return [slack_inputs.label(e) for _, e in slack_inputs.controls(self.blocks) if e["type"] == "button"]

    @property
    def fields(self) -> list[str]:
        """The block ids of its inputs."""
        return [block["block_id"] for block in self.blocks if block["type"] == "input"]

    @property
    def state(self) -> Json:
        """`state.values` as it stands."""
        return slack_inputs.state(self.blocks, self.values)

    @property
    def kind(self) -> str:
        """Tell `modal` from `home`."""
        return str(self.source["type"])

    def json(self, team: Team) -> Json:
        """Write it as in answers and payloads, with the state of its inputs."""
        source = self.source
        return {
            "id": self.id, "team_id": team.id, "type": source["type"], "blocks": source["blocks"],
            "private_metadata": source.get("private_metadata", ""), "callback_id": source.get("callback_id", ""),
            "state": {"values": self.state}, "hash": self.hash, "title": source.get("title"),
            "close": source.get("close"), "submit": source.get("submit"),
            "clear_on_close": source.get("clear_on_close", False),
            "notify_on_close": source.get("notify_on_close", False), "previous_view_id": self.previous,
            "root_view_id": self.root, "app_id": APP, "external_id": source.get("external_id", ""),
            "app_installed_team_id": team.id, "bot_id": team.bot_id,
        }  # fmt: skip
