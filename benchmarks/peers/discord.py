"""What Discord's gateway delivers while people sign up: half of them answer in the conversation, half in modals.

Whoever answers in the conversation with the bot sends nine events: six messages, two presses and a choice. A modal
takes four interactions in a server, the command, two pages and the press on what leads to the second. They hold all
that Discord's own hold.
"""

from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping
from itertools import count
from typing import Any

from benchmarks.peers.questions import ANSWERS, QUESTIONS

Body = dict[str, Any]
Payload = Mapping[str, Any]
Take = Callable[[Body], Awaitable[Payload]]
"""Answers a frame; gives what is shown then: the data of the modal, or of the last message."""

BOT, SERVER, CHANNEL = "1100000000000000001", "1100000000000000002", "1100000000000000003"
WHO = 1200000000000000000
COMMAND, COMPONENT, MODAL = 2, 3, 5
BUTTON, SELECT, INPUT, LABEL, RADIO = 2, 3, 4, 18, 21
PRIMARY = 1
RIGHTS = "2248473465835073"
WELCOME = "Welcome"
PRESSED = ("I agree", "I want a mentor")
"""What everybody presses where it can be pressed."""
ENTERED: Mapping[str, str] = dict(zip((each.key for each in QUESTIONS), ANSWERS, strict=True))
"""What everybody enters or chooses in the fields of the modals."""
FREE = ["0:evening", "2:evening"]
"""What everybody chooses of a week, where it can be chosen."""

_seconds = count(1_400_000_000_000)


def snowflake() -> str:
    """Give a new id."""
    return str(next(_seconds) << 22)


def server_json() -> Body:
    """Write the server as a session begins with it."""
    role = {
        "id": SERVER, "name": "@everyone", "color": 0, "hoist": False, "position": 0, "managed": False,
        "permissions": RIGHTS, "mentionable": False, "flags": 0,
    }  # fmt: skip
    channel = {
        "id": CHANNEL, "type": 0, "name": "general", "position": 0, "nsfw": False, "permission_overwrites": [],
        "topic": None, "parent_id": None, "last_message_id": None, "flags": 0, "rate_limit_per_user": 0,
    }  # fmt: skip
    return {
        "id": SERVER, "name": "Academy", "preferred_locale": "en-US", "owner_id": "1", "roles": [role], "emojis": [],
        "features": [], "stickers": [], "afk_timeout": 300, "verification_level": 0, "nsfw_level": 0,
        "default_message_notifications": 1, "explicit_content_filter": 0, "mfa_level": 0, "premium_tier": 0,
        "system_channel_id": None, "system_channel_flags": 0, "premium_progress_bar_enabled": False,
        "member_count": 300, "large": False, "unavailable": False, "channels": [channel], "threads": [], "members": [],
        "presences": [], "voice_states": [], "stage_instances": [], "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }  # fmt: skip


def user_json(user: str, *, bot: bool = False) -> Body:
    """Write somebody."""
    return {
        "id": user, "username": f"user{user[-6:]}", "global_name": f"P{user[-6:]}", "discriminator": "0",
        "avatar": None, "bot": bot, "public_flags": 0, "avatar_decoration_data": None, "banner": None,
        "accent_color": None, "collectibles": None, "primary_guild": None,
    }  # fmt: skip


def message_json(channel: str, author: Body, told: Payload) -> Body:
    """Write a message as Discord gives it."""
    return {
        "id": snowflake(), "channel_id": channel, "author": author, "content": "",
        "timestamp": "2026-03-02T09:00:00+00:00", "edited_timestamp": None, "tts": False, "mention_everyone": False,
        "mentions": [], "mention_roles": [], "attachments": [], "embeds": [], "pinned": False, "type": 0, "flags": 0,
        "components": [], **{key: value for key, value in told.items() if key in ("content", "components", "flags")},
    }  # fmt: skip


# --- People -----------------------------------------------------------------------------------------------------


class Client:
    """Somebody's client; `told` is what the bot last showed them: a message, or a modal."""

    def __init__(self, user: int) -> None:
        """Sit down at it."""
        self.id, self.channel = str(WHO + user), str(WHO + 10**12 + user)
        self._in_server = user % 2 == 0
        self._shown: Body | None = None

    def says(self, text: str) -> Body:
        """Write a message to the bot."""
        return _frame("MESSAGE_CREATE", message_json(self.channel, user_json(self.id), {"content": text}))

    def commands(self, name: str) -> Body:
        """Use a command of the bot's."""
        data = {"id": "1300000000000000000", "name": "mentor", "type": 1}
        return self._acts(COMMAND, {**data, "options": [{"name": name, "type": 1, "options": []}]})

    def presses(self, shown: Payload, button: Payload) -> Body:
        """Press a button of a message."""
        return self._components(shown, {"component_type": BUTTON, "custom_id": button["custom_id"], "id": 2})

    def chooses(self, shown: Payload, select: Payload, values: list[str]) -> Body:
        """Choose in a select of a message."""
        data = {"component_type": SELECT, "custom_id": select["custom_id"], "values": values, "id": 2}
        return self._components(shown, data)

    def submits(self, modal: Payload) -> Body:
        """Fill in a modal and send it."""
        filled = [_filled(each, number) for number, each in enumerate(modal["components"], 1)]
        return self._acts(MODAL, {"custom_id": modal["custom_id"], "components": filled}, self._shown)

    def _components(self, shown: Payload, data: Body) -> Body:
        where = CHANNEL if self._in_server else self.channel
        self._shown = message_json(where, user_json(BOT, bot=True), shown)
        return self._acts(COMPONENT, data, self._shown)

    def _acts(self, kind: int, data: Body, message: Body | None = None) -> Body:
        who = user_json(self.id)
        body = {
            "id": snowflake(), "application_id": BOT, "type": kind, "data": data, "token": snowflake() * 8,
            "version": 1, "locale": "en-GB", "entitlements": [], "attachment_size_limit": 10485760,
        }  # fmt: skip
        if message is not None:
            body["message"] = message
        if not self._in_server:
            channel = {
                "id": self.channel,
                "type": 1,
                "last_message_id": None,
                "flags": 0,
                "recipients": [who],
            }
            return _frame(
                "INTERACTION_CREATE",
                {
                    **body, "channel_id": self.channel, "channel": channel, "user": who, "context": 1,
                    "authorizing_integration_owners": {"0": "0"}, "app_permissions": "0",
                },
            )  # fmt: skip
        member = {
            "user": who, "roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "deaf": False, "mute": False,
            "flags": 0, "nick": None, "permissions": RIGHTS, "avatar": None, "banner": None, "pending": False,
            "premium_since": None, "communication_disabled_until": None, "unusual_dm_activity_until": None,
        }  # fmt: skip
        channel = {
            "id": CHANNEL, "type": 0, "name": "general", "position": 0, "nsfw": False, "topic": None,
            "parent_id": None, "last_message_id": None, "flags": 0, "rate_limit_per_user": 0, "guild_id": SERVER,
            "permissions": RIGHTS,
        }  # fmt: skip
        return _frame(
            "INTERACTION_CREATE",
            {
                **body, "channel_id": CHANNEL, "channel": channel, "member": member, "context": 0,
                "guild_id": SERVER, "guild_locale": "en-US",
                "guild": {"id": SERVER, "locale": "en-US", "features": []},
                "authorizing_integration_owners": {"0": SERVER}, "app_permissions": RIGHTS,
            },
        )  # fmt: skip


def _frame(kind: str, data: Body) -> Body:
    return {"op": 0, "t": kind, "s": 1, "d": data}


def _filled(each: Payload, number: int) -> Body:
    if each["type"] != LABEL:
        return {"type": each["type"], "id": number}
    key, kind = each["component"]["custom_id"], each["component"]["type"]
    assert kind in (INPUT, RADIO), each
    said = {"type": kind, "id": 100 + number, "custom_id": key, "value": ENTERED[key]}
    return {"type": LABEL, "id": number, "component": said}


def _parts(shown: Payload) -> Iterator[Payload]:
    """Give the buttons and selects of a message."""
    return (part for row in shown.get("components", ()) for part in row.get("components", ()))


def says_welcome(shown: Payload) -> bool:
    """Whether a message says that somebody is signed up."""
    told = [
        shown.get("content") or "",
        *(str(each.get("content", "")) for each in shown.get("components", ())),
    ]
    return any(text.startswith(WELCOME) for text in told)


# --- Signing up -------------------------------------------------------------------------------------------------


def sign_up(user: int) -> Generator[Body, Payload, None]:
    """Give what the gateway delivers while somebody signs up, one after the other; is told what each is answered."""
    client = Client(user)
    if user % 2:
        shown = yield client.says("/signup")
        for text in ANSWERS:
            shown = yield _answer(client, shown, text)
    else:
        shown = yield client.commands("signup")
        while "title" in shown:
            shown = yield client.submits(shown)
            onward = next((each for each in _parts(shown) if each.get("style") == PRIMARY), None)
            if onward is not None and not says_welcome(shown):
                shown = yield client.presses(shown, onward)
    assert says_welcome(shown), shown


def _answer(client: Client, shown: Payload, text: str) -> Body:
    """Press or choose an answer where that can be done, or write it."""
    parts = list(_parts(shown))
    button = next((each for each in parts if each.get("label") in PRESSED), None)
    if button is not None:
        return client.presses(shown, button)
    select = next((each for each in parts if each["type"] == SELECT), None)
    return client.says(text) if select is None else client.chooses(shown, select, FREE)


async def signed_up(take: Take, user: int) -> int:
    """Take somebody from the command to the welcome; gives the number of events."""
    deeds = sign_up(user)
    frame, events = next(deeds), 0
    while True:
        shown = await take(frame)
        events += 1
        try:
            frame = deeds.send(shown)
        except StopIteration:
            return events
