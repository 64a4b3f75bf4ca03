"""People on Discord: what they see of a bot, and what they do with it; each deed waits for the bot's answer."""

# ruff: noqa: ASYNC109  (the timeout is Discord's)

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.platforms.discord_acts import Ack, Acting
from tests.platforms.discord_forms import called, chosen, enter, need, options, submission
from tests.platforms.discord_gateway import Event
from tests.platforms.discord_limits import SILENT
from tests.platforms.discord_world import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    DM_CHANNEL,
    MODAL,
    PRIVATE_THREAD,
    TEXT_CHANNEL,
    Channel,
    Form,
    Json,
    Message,
    Place,
    User,
)

SILENCE = "The application did not respond"


class Person:
    """Somebody before Discord; `here` is where they use commands."""

    def __init__(self, server: Acting, user: User) -> None:
        """Sit down before Discord."""
        self.server = server
        self.user = user
        self.id = user.id
        self.said: list[Message] = []
        """Their own messages."""
        self.errors: list[str] = []
        """What Discord told them went wrong."""
        self.acks: list[Ack] = []
        self.here: Channel = self.dm

    # What is seen

    @property
    def dm(self) -> Channel:
        """The conversation with the bot."""
        return self.server.dm_of(self.user)

    @property
    def messages(self) -> list[Message]:
        """That conversation as it stands, oldest first, their own messages among them."""
        return [message for message in self.dm.messages if not message.deleted]

    @property
    def received(self) -> list[Message]:
        """What the bot wrote to them there, as it stands, oldest first."""
        return [each for each in self.messages if each.author is self.server.bot and not each.waiting]

    @property
    def notified(self) -> list[Message]:
        """What made a sound."""
        return [message for message in self.received if not message.flags & SILENT]

    @property
    def ephemerals(self) -> list[Message]:
        """What only they see, wherever it is, oldest first."""
        every = self.server.ephemerals.get(self.id, [])
        return [message for message in every if not message.deleted and not message.waiting]

    @property
    def modal(self) -> Form | None:
        """The modal in front."""
        return self.server.fronts.get(self.id)

    @property
    def threads(self) -> list[Channel]:
        """The private threads they are in."""
        every = [each for guild in self.guilds for each in guild.channels.values()]
        return [each for each in every if each.kind == PRIVATE_THREAD and each.sees(self.user)]

    @property
    def guilds(self) -> list[Place]:
        """The guilds they share with the bot."""
        return [guild for guild in self.server.guilds.values() if self.id in guild.members]

    # Commands

    async def slash(
        self, verb: str, given: Mapping[str, Any] | None = None, *, command: str = "mentor",
        where: Channel | None = None, timeout: float | None = None,
    ) -> Ack:  # fmt: skip
        """Use a subcommand, or a whole command where it has none: `verb` is "" then."""
        data = self._line(command, verb, given or {}, where or self.here)
        return await self._act(COMMAND, data, where or self.here, timeout=timeout)

    async def autocomplete(
        self, verb: str, option: str, typed: str, given: Mapping[str, Any] | None = None, *,
        command: str = "mentor", where: Channel | None = None, timeout: float | None = None,
    ) -> list[Json]:  # fmt: skip
        """Type into an option: what is offered, each with name and value."""
        place = where or self.here
        data = self._line(command, verb, {**(given or {}), option: typed}, place, typing=option)
        return (await self._act(AUTOCOMPLETE, data, place, timeout=timeout)).choices

    async def user_menu(
        self, name: str, target: "Person", *, where: Channel | None = None, timeout: float | None = None
    ) -> Ack:
        """Use a command of the menu on somebody."""
        place = where or self.here
        data = {**self._command(2, name, place), "target_id": target.id}
        resolved: Json = {"users": {target.id: target.user.json()}}
        if place.guild is not None and target.id in place.guild.members:
            member = place.guild.member(target.user)
            resolved["members"] = {target.id: {key: value for key, value in member.items() if key != "user"}}
        return await self._act(COMMAND, {**data, "resolved": resolved}, place, timeout=timeout)

    async def message_menu(self, name: str, message: Message, *, timeout: float | None = None) -> Ack:
        """Use a command of the menu on a message."""
        self._sees(message)
        data = {**self._command(3, name, message.channel), "target_id": message.id}
        data["resolved"] = {"messages": {message.id: message.json()}}
        return await self._act(COMMAND, data, message.channel, timeout=timeout)

    def _command(self, kind: int, name: str, place: Channel, entry: Json | None = None) -> Json:
        found = entry or self._find(kind, name, place)
        out = {"id": found["id"], "name": found["name"], "type": kind}
        return {**out, "guild_id": found["guild_id"]} if "guild_id" in found else out

    def _find(self, kind: int, name: str, place: Channel) -> Json:
        need(place.sees(self.user), f"{self.user.name} does not see {place}")
        registered = [*self.server.commands.get("", ())]
        if place.guild is not None:
            registered += self.server.commands.get(place.guild.id, ())
        every = [each for each in registered if each["type"] == kind]
        fitting = [each for each in every if name in called(each, self.user.locale)]
        need(len(fitting) == 1, f"{len(fitting)} commands {name!r} among {[each['name'] for each in every]}")
        contexts = fitting[0]["contexts"]
        context = 1 if place.kind == DM_CHANNEL else 0
        need(contexts is None or context in contexts, f"{name} is not offered in {place}")
        return dict(fitting[0])

    def _line(
        self, command: str, verb: str, given: Mapping[str, Any], place: Channel, typing: str = ""
    ) -> Json:
        entry = self._find(1, command, place)
        data = self._command(1, command, place, entry)
        if not verb:
            return {**data, "options": options(entry, given, self.user.locale, typing=typing)}
        offered = [each for each in entry.get("options") or () if each["type"] == 1]
        subs = [each for each in offered if verb in called(each, self.user.locale)]
        need(subs, f"no {verb!r} among {[each['name'] for each in offered]}")
        inner = options(subs[0], given, self.user.locale, typing=typing)
        return {**data, "options": [{"name": subs[0]["name"], "type": 1, "options": inner}]}

    # Messages of the bot

    async def press(
        self, message: Message, wanted: str, *, version: int | None = None, timeout: float | None = None
    ) -> Ack:
        """Press a button by custom_id or label; one of a former version, as before an edit was seen."""
        self._sees(message)
        button = message.button(wanted, version)
        need("custom_id" in button, f"{wanted!r} is a link")
        need(not button.get("disabled"), f"{wanted!r} is disabled")
        data = {"component_type": button["type"], "custom_id": button["custom_id"], "id": button["id"]}
        return await self._act(COMPONENT, data, message.channel, message, timeout)

    async def select(
        self, message: Message, wanted: str, values: Sequence[str], *, timeout: float | None = None
    ) -> Ack:
        """Choose in a select, found by custom_id or placeholder; options by value or label."""
        self._sees(message)
        found = [each for each in message.selects if wanted in {each["custom_id"], each.get("placeholder")}]
        need(len(found) == 1, f"{len(found)} selects {wanted!r}")
        picked = chosen(found[0], values)
        need(not found[0].get("disabled"), f"{wanted!r} is disabled")
        least, most = found[0].get("min_values", 1), found[0].get("max_values", 1)
        need(least <= len(picked) <= most, f"{wanted!r} takes {least} to {most}")
        data = {"component_type": found[0]["type"], "custom_id": found[0]["custom_id"], "values": picked,
                "id": found[0]["id"]}  # fmt: skip
        return await self._act(COMPONENT, data, message.channel, message, timeout)

    def _sees(self, message: Message) -> None:
        mine = message in self.ephemerals if message.ephemeral else message.channel.sees(self.user)
        need(mine and not message.deleted, f"{self.user.name} does not see {message}")

    # Modals

    async def fill(self, values: Mapping[str, Any]) -> None:
        """Enter into the modal in front, by custom_id or label, without sending it."""
        need(self.modal, "no modal is open")
        assert self.modal is not None
        enter(self.modal, values)

    async def submit(self, values: Mapping[str, Any] | None = None, *, timeout: float | None = None) -> Ack:
        """Enter and send the modal in front; it stays open where the bot does not answer."""
        await self.fill(values or {})
        form = self.modal
        assert form is not None
        assert form.channel is not None
        data = submission(form, self.server.keep_file)
        ack = await self._act(MODAL, data, form.channel, form.origin, timeout)
        if ack.ok and self.modal is form:
            self.dismiss()
        return ack

    def dismiss(self) -> None:
        """Close the modal in front; the bot is not told."""
        self.server.fronts.pop(self.id, None)

    async def _act(
        self,
        kind: int,
        data: Json,
        place: Channel,
        message: Message | None = None,
        timeout: float | None = None,
    ) -> Ack:
        ack = await self.server.interact(self.user, kind, data, place, message, timeout)
        self.acks.append(ack)
        if not ack.ok and ack.why != "held":
            self.errors.append(SILENCE)
        return ack

    # Their own messages

    async def say(
        self, text: str = "", *, reply_to: Message | None = None, files: Sequence[tuple[str, bytes]] = (),
        where: Channel | None = None, longest: int = 2_000,
    ) -> Message:  # fmt: skip
        """Write a message, to the bot or where else they may; who pays for it writes 4,000 characters."""
        place = where or self.dm
        need(text.strip() or files, "an empty message")
        need(len(text) <= longest, f"longer than {longest} characters")
        need(place.sees(self.user), f"{self.user.name} does not see {place}")
        message = Message(
            self.server.snowflake(), place, self.user, text.strip(), self.server.now, reply_to=reply_to
        )
        message.files = [self.server.keep_file(name, data) for name, data in files]
        place.messages.append(message)
        place.opened, place.archived = True, False
        self.said.append(message)
        await self.server.told_message("MESSAGE_CREATE", message)
        return message

    async def edit(self, message: Message, text: str) -> Event:
        """Change one of their messages."""
        need(message.author is self.user and not message.deleted, "not their own message")
        message.versions.append({"content": message.content, "components": []})
        message.content, message.edited = text, datetime.now(UTC).isoformat()
        return await self.server.told_message("MESSAGE_UPDATE", message)

    async def delete(self, message: Message) -> Event:
        """Take one of their messages back."""
        need(message.author is self.user and not message.deleted, "not their own message")
        message.deleted = True
        place = message.channel
        return await self.server.told("MESSAGE_DELETE", place, {"id": message.id, "channel_id": place.id})

    # Where they are

    def close_dms(self) -> None:
        """Take no direct messages from the bot."""
        self.server.closed.add(self.id)

    def open_dms(self) -> None:
        """Take them again."""
        self.server.closed.discard(self.id)

    def leave(self, guild: Place) -> None:
        """Leave a guild and all that is in it."""
        guild.members.pop(self.id, None)
        for channel in guild.channels.values():
            if channel.kind == PRIVATE_THREAD:
                channel.members.pop(self.id, None)
        if self.here.guild is guild:
            self.here = self.dm

    def join(self, guild: Place) -> None:
        """Join a guild; commands are used in its first channel they see."""
        guild.members[self.id] = self.user
        seen = [
            each for each in guild.channels.values() if each.kind == TEXT_CHANNEL and each.sees(self.user)
        ]
        if self.here.kind == DM_CHANNEL and seen:
            self.here = seen[0]
