"""People on Telegram: what they see of a bot, and what they do with it; each deed puts an update on its way."""

from collections.abc import Sequence
from typing import Any

from tests.platforms.telegram_markup import Json, found
from tests.platforms.telegram_methods import Methods
from tests.platforms.telegram_world import Bot, Chat, File, Message, Query, Update, User


class ClientRefuses(Exception):
    """Telegram's own client would not do this."""


class Person:
    """Somebody before their chat with a bot; the groups they share with it are in `rooms`."""

    def __init__(self, server: Methods, bot: Bot, user: User) -> None:
        """Sit down before the chat of this bot."""
        self.server = server
        self.bot = bot
        self.user = user
        self.id = user.id
        self.said: list[Message] = []
        """Their own messages."""
        self.queries: list[Query] = []
        """Their presses."""
        self.opened: list[str] = []
        """Addresses they opened by buttons."""
        bot.chats.setdefault(user.id, Chat(user.id, "private", members=[user]))

    # What is seen

    @property
    def chat(self) -> Chat:
        """The private chat."""
        return self.bot.chats[self.id]

    @property
    def messages(self) -> list[Message]:
        """The private chat as it stands, oldest first, their own messages among them."""
        return [message for message in self.chat.messages if not message.deleted]

    @property
    def received(self) -> list[Message]:
        """What the bot wrote to them in private, as it stands, oldest first."""
        return [message for message in self.messages if message.sender is self.bot.user]

    @property
    def notified(self) -> list[Message]:
        """What made a sound."""
        return [message for message in self.received if not message.silent]

    @property
    def typing(self) -> bool:
        """Whether the bot seems to be typing."""
        return self.chat.typing_until > self.server.now

    @property
    def commands(self) -> dict[str, str]:
        """The commands the client offers, with their descriptions."""
        return self.server.offered(self.bot, self.chat, self.user.language)

    @property
    def rooms(self) -> list["Group"]:
        """The groups they share with the bot."""
        return [
            Group(self.server, self.bot, chat)
            for chat in self.bot.chats.values()
            if chat.kind != "private" and self.user in chat.members and chat.migrated_to is None
        ]

    # Messages

    async def start(self, payload: str = "") -> Update:
        """Press Start, or follow a link with a payload; the first time opens the chat."""
        if self.chat.blocked:
            await self.unblock()
        self.chat.open = True
        return await self.say(f"/start {payload}".rstrip())

    async def command(self, line: str, chat: "Group | None" = None) -> Update:
        """Use a command, named without its slash: "find python"."""
        return await self.say(f"/{line}", chat=chat)

    async def say(
        self, text: str, *, reply_to: Message | None = None, entities: Sequence[Json] = (), chat: "Group | None" = None
    ) -> Update:  # fmt: skip
        """Write a message, in private or in a group; `entities` is how they marked it up."""
        if not text.strip():
            raise ClientRefuses("an empty message")
        return self._sent(text.strip(), chat, reply_to, entities)

    async def edit(self, message: Message, text: str) -> Update:
        """Change one of their messages."""
        if message.sender is not self.user:
            raise ClientRefuses("not their own message")
        message.versions.append(message.state())
        message.text, message.entities = text, found(text, ())
        message.edited = self.server.date()
        return self._told(message.chat, "edited_message", message.json())

    async def send_file(self, name: str, data: bytes, *, caption: str = "", mime: str = "", size: int = 0,
                        chat: "Group | None" = None) -> Update:  # fmt: skip
        """Send a document; `size` claims that it is larger than its bytes here."""
        file = self.server.keep_file(self.bot, "document", name, data, mime, size)
        return self._sent(caption, chat, file=file)

    async def send_photo(self, data: bytes, *, caption: str = "", chat: "Group | None" = None) -> Update:
        """Send a picture."""
        return self._sent(
            caption, chat, file=self.server.keep_file(self.bot, "photo", "p.jpg", data, "image/jpeg")
        )

    async def send_voice(self, data: bytes, chat: "Group | None" = None) -> Update:
        """Send a voice message."""
        return self._sent("", chat, file=self.server.keep_file(self.bot, "voice", "v.ogg", data, "audio/ogg"))

    async def send_video(self, data: bytes, *, caption: str = "", chat: "Group | None" = None) -> Update:
        """Send a video."""
        return self._sent(
            caption, chat, file=self.server.keep_file(self.bot, "video", "v.mp4", data, "video/mp4")
        )

    def _sent(
        self, text: str, group: "Group | None", reply_to: Message | None = None, entities: Sequence[Json] = (),
        file: File | None = None,
    ) -> Update:  # fmt: skip
        chat = group.chat if group else self.chat
        if group is None and (self.chat.blocked or not self.chat.open):
            raise ClientRefuses("the chat is not started")
        every = sorted([*entities, *found(text, entities)], key=lambda each: each["offset"])
        message = self.server.keep(self.bot, chat, self.user, text, every, file=file, reply_to=reply_to)
        self.said.append(message)
        return self._told(chat, "message", message.json())

    def _told(self, chat: Chat, kind: str, content: Json) -> Update:
        update = (
            self.server.queue(self.bot, kind, content, ("chat", chat.id))
            if self._hears(chat, content)
            else None
        )
        if update is None:
            update = Update(kind, content, ("chat", chat.id), self.server.now, lost="privacy")
            self.bot.updates.append(update)
        return update

    def _hears(self, chat: Chat, content: Json) -> bool:
        if chat.kind == "private" or not self.bot.privacy:
            return True
        if not chat.open:
            return False
        text = content.get("text") or content.get("caption") or ""
        answered = content.get("reply_to_message", {}).get("from", {}).get("id") == self.bot.id
        return answered or text.startswith("/") or f"@{self.bot.username}".lower() in text.lower()

    # Buttons

    async def press(
        self, message: Message, wanted: str, *, version: int | None = None, inaccessible: bool | None = None
    ) -> Update:
        """Press a button by its data or words; one of a former version, as on a screen that has not heard of an edit.

        A message that is deleted, or is said to be inaccessible, is told without its content.
        """
        button = message.button(wanted, version)
        if "callback_data" not in button:
            raise ClientRefuses(f"{wanted!r} asks nothing of the bot")
        return await self.send_data(message, button["callback_data"], inaccessible=inaccessible)

    async def open(self, message: Message, wanted: str) -> str:
        """Open what a button leads to."""
        self.opened.append(str(message.button(wanted)["url"]))
        return self.opened[-1]

    async def send_data(self, message: Message, data: str, *, inaccessible: bool | None = None) -> Update:
        """Press a button with this data, whether there is one or not, as a forged client may."""
        server = self.server
        query = Query(str(server.rng.randrange(10**17, 10**18)), self.user, message, data, server.now)
        self.bot.queries[query.id] = query
        self.queries.append(query)
        seen: Json = message.json()
        if message.deleted if inaccessible is None else inaccessible:
            seen = {"chat": message.chat.json(), "message_id": message.id, "date": 0}
        content = {
            "id": query.id, "from": self.user.json(), "message": seen, "data": data,
            "chat_instance": str(hash((self.bot.id, message.chat.id)) % 10**18),
        }  # fmt: skip
        return server.queue(self.bot, "callback_query", content, ("user", self.id), query)

    # The chat

    async def block(self) -> Update:
        """Stop and block the bot."""
        self.chat.blocked = True
        return self._member("member", "kicked")

    async def unblock(self) -> Update:
        """Let the bot write again."""
        self.chat.blocked = False
        return self._member("kicked", "member")

    async def delete_chat(self) -> None:
        """Delete the messages for themselves; the bot is not told and may go on writing."""
        self.chat.messages.clear()
        self.server.changed()

    def deactivate(self, *, gone: bool = True) -> None:
        """Give up the account; nobody is told."""
        self.user.deactivated = gone

    def _member(self, before: str, after: str) -> Update:
        content = member_update(self.chat, self.user, self.bot.user, before, after, self.server.date())
        return self.server.queue(self.bot, "my_chat_member", content, ("chat", self.chat.id))

    # Groups

    async def create_group(self, title: str, *others: "Person", payload: str = "") -> "Group":
        """Make a group with the bot in it, as by a `startgroup` link where there is a payload."""
        chat = Chat(
            -self.server.rng.randrange(10**8, 10**9), "group", title, [self.user, *(o.user for o in others)]
        )
        self.bot.chats[chat.id] = chat
        group = Group(self.server, self.bot, chat)
        await group.add_bot(self)
        if payload:
            await self.say(f"/start@{self.bot.username} {payload}", chat=group)
        return group


class Group:
    """A group with a bot in it."""

    def __init__(self, server: Methods, bot: Bot, chat: Chat) -> None:
        """Look at a group."""
        self.server = server
        self.bot = bot
        self.chat = chat

    @property
    def id(self) -> int:
        """Its id, which is negative."""
        return self.chat.id

    @property
    def messages(self) -> list[Message]:
        """What is in it, oldest first."""
        return [message for message in self.chat.messages if not message.deleted]

    async def add_bot(self, by: Person) -> Update:
        """Let somebody add the bot."""
        self.chat.open = True
        return self._member(by.user, "left", "member")

    async def remove_bot(self, by: Person | None = None) -> Update:
        """Let somebody throw the bot out."""
        self.chat.open = False
        return self._member(by.user if by else self.chat.members[0], "member", "kicked")

    async def migrate(self) -> "Group":
        """Make it a supergroup: another chat with another id; the bot is told in both."""
        old = self.chat
        new = Chat(
            -(10**12) - self.server.rng.randrange(10**9, 2 * 10**9), "supergroup", old.title, old.members
        )
        new.open = old.open
        old.migrated_to = new.id
        self.bot.chats[new.id] = new
        for chat, said in ((old, {"migrate_to_chat_id": new.id}), (new, {"migrate_from_chat_id": old.id})):
            message = self.server.keep(self.bot, chat, old.members[0], "", [], service=said)
            self.server.queue(self.bot, "message", message.json(), ("chat", chat.id))
        return Group(self.server, self.bot, new)

    def _member(self, by: User, before: str, after: str) -> Update:
        content = member_update(self.chat, by, self.bot.user, before, after, self.server.date())
        return self.server.queue(self.bot, "my_chat_member", content, ("chat", self.chat.id))


def member_update(chat: Chat, by: User, bot: User, before: str, after: str, date: int) -> Json:
    """Write that a bot's standing in a chat has changed."""

    def standing(status: str) -> dict[str, Any]:
        return {"user": bot.json(), "status": status, **({"until_date": 0} if status == "kicked" else {})}

    return {
        "chat": chat.json(), "from": by.json(), "date": date,
        "old_chat_member": standing(before), "new_chat_member": standing(after),
    }  # fmt: skip
