"""How a bot answers on Discord: one answer an interaction, in time; and what follows while its token lives."""

from typing import Any

from aiohttp import web

from tests.platforms.discord_core import Ask, Refusal
from tests.platforms.discord_limits import EPHEMERAL, Refused, check_choice, check_modal
from tests.platforms.discord_posting import Posting
from tests.platforms.discord_shapes import need
from tests.platforms.discord_world import AUTOCOMPLETE, COMPONENT, MODAL, Form, Interaction, Json, Message

REPLY, THINKING, LATER, CHANGE, CHOICES, OPEN = 4, 5, 6, 7, 8, 9
"""Types of answers."""


class Answering(Posting):
    """Serves the answers to interactions."""

    def __init__(self, seed: int = 0) -> None:
        """Prepare it; every chance in it comes from the seed."""
        super().__init__(seed)
        self.answer_seconds = 3.0
        self.token_seconds = 900.0
        self.interactions: dict[str, Interaction] = {}
        """By token; those that are over are forgotten with it."""
        self.ephemerals: dict[str, list[Message]] = {}
        """What only they see, by person."""
        self.fronts: dict[str, Form] = {}
        """The modal in front of each person."""
        self.route("post", "/interactions/{interaction}/{token}/callback", self._callback, auth=False)
        hook = "/webhooks/{app}/{token}"
        self.route("post", hook, self._follow, auth=False)
        for verb, handler in (
            ("get", self._read_back),
            ("patch", self._rewrite),
            ("delete", self._take_back),
        ):
            self.route(verb, f"{hook}/messages/{{message}}", handler, auth=False)

    def age(self, interaction: Interaction, seconds: float) -> None:
        """Let an interaction have come so many seconds earlier."""
        interaction.at -= seconds

    # The answer

    async def _callback(self, ask: Ask) -> web.Response:
        found = self.interactions.get(ask.ids["token"])
        if found is None or found.id != ask.ids["interaction"]:
            raise Refusal(10062)
        if found.answer is not None:
            self.violate(f"{ask.where}: a second answer to {found}")
            raise Refusal(40060)
        if self.now - found.at > self.answer_seconds:
            raise Refusal(10062)
        self._fields(ask, ask.body, {"type", "data"})
        kind, data = ask.body.get("type"), ask.body.get("data") or {}
        self._fitting(ask, found, kind)
        await self._taken(ask, found, kind, data)
        found.answer, found.answered_at = kind, self.now
        self.changed()
        if ask.query.get("with_response", "0") in {"0", "false"}:
            return web.Response(status=204)
        return web.json_response(self._said(found))

    async def _taken(self, ask: Ask, found: Interaction, kind: int, data: Any) -> None:
        match kind:
            case 4:
                ephemeral = int(data.get("flags") or 0) & EPHEMERAL
                found.original = self.compose(ask, data, found.channel, ephemeral)
                await self._show(found, found.original)
            case 5:
                self._fields(ask, data, {"flags"})
                flags = int(data.get("flags") or 0)
                if flags & ~EPHEMERAL:
                    self.violate(f"{ask.where}: flags {flags:b} of a deferral")
                found.original = Message(
                    self.snowflake(), found.channel, self.bot, "", self.now, flags=flags, waiting=True
                )
                await self._show(found, found.original)
            case 6:
                found.original = found.message
            case 7:
                assert found.message is not None
                self.rewrite(ask, data, found.message)
                found.original = found.message
            case 8:
                self._choices(ask, found, data)
            case _:
                self._modal(ask, found, data)

    @staticmethod
    def _said(found: Interaction) -> Json:
        resource: Json = {"type": found.answer}
        said: Json = {
            "id": found.id,
            "type": found.kind,
            "response_message_loading": found.answer == THINKING,
        }
        if found.original is not None:
            said |= {
                "response_message_id": found.original.id,
                "response_message_ephemeral": found.original.ephemeral,
            }
            if found.answer in {REPLY, CHANGE}:
                resource["message"] = found.original.json()
        return {"interaction": said, "resource": resource}

    def _fitting(self, ask: Ask, found: Interaction, kind: object) -> None:
        """See that this interaction may be answered so."""
        allowed = {REPLY, THINKING, OPEN}
        if found.kind == AUTOCOMPLETE:
            allowed = {CHOICES}
        elif found.kind == COMPONENT or (found.kind == MODAL and found.message is not None):
            allowed |= {LATER, CHANGE}
        if found.kind == MODAL:
            allowed.discard(OPEN)
        if kind not in allowed:
            self.refuse_form(ask, f"an answer of type {kind} to an interaction of type {found.kind}")

    def _fields(self, ask: Ask, data: Any, allowed: set[str]) -> None:
        if extra := set(data) - allowed:
            self.violate(f"{ask.where}: unknown fields {sorted(extra)}")

    def _choices(self, ask: Ask, found: Interaction, data: Any) -> None:
        self._fields(ask, data, {"choices"})
        choices = data.get("choices")
        try:
            need(isinstance(choices, list) and len(choices) <= 25, f"choices {str(choices)[:100]}")
            assert isinstance(choices, list)
            for choice in choices:
                check_choice(choice)
        except Refused as wrong:
            self.refuse_form(ask, str(wrong))
        found.choices = choices

    def _modal(self, ask: Ask, found: Interaction, data: Any) -> None:
        try:
            check_modal(data)
        except Refused as wrong:
            self.refuse_form(ask, str(wrong))
        found.modal = Form(data, found.message, found.channel)
        found.modal.entered = found.modal.preset()
        self.fronts[found.user.id] = found.modal

    async def _show(self, found: Interaction, message: Message) -> None:
        """Put a message before those who are to see it."""
        if message.ephemeral:
            self.ephemerals.setdefault(found.user.id, []).append(message)
        else:
            found.channel.messages.append(message)
            if self.echoes:
                await self.told_message("MESSAGE_CREATE", message)

    # What follows

    def _living(self, ask: Ask) -> Interaction:
        found = self.interactions.get(ask.ids["token"])
        if found is None or ask.ids["app"] != self.app_id:
            raise Refusal(50027)
        if self.now - found.at > self.token_seconds:
            del self.interactions[found.token]
            raise Refusal(50027)
        if found.answer is None or found.kind == AUTOCOMPLETE:
            raise Refusal(10015)
        return found

    def _of(self, ask: Ask) -> tuple[Interaction, Message]:
        found = self._living(ask)
        name = ask.ids["message"]
        every = [found.original] if name == "@original" else [*found.followups, found.original]
        message = next((m for m in every if m and (name in {"@original", m.id}) and not m.deleted), None)
        if message is None:
            raise Refusal(10008)
        return found, message

    async def _follow(self, ask: Ask) -> web.Response:
        found = self._living(ask)
        original = found.original
        if original is not None and original.waiting:
            # The first thing that follows takes the place of "is thinking", seen by whom that was.
            self.rewrite(ask, ask.body, original)
            return web.json_response(original.json())
        message = self.compose(ask, ask.body, found.channel, int(ask.body.get("flags") or 0) & EPHEMERAL)
        found.followups.append(message)
        await self._show(found, message)
        self.changed()
        return web.json_response(message.json())

    async def _rewrite(self, ask: Ask) -> web.Response:
        _, message = self._of(ask)
        self.rewrite(ask, ask.body, message)
        return web.json_response(message.json())

    async def _read_back(self, ask: Ask) -> web.Response:
        return web.json_response(self._of(ask)[1].json())

    async def _take_back(self, ask: Ask) -> web.Response:
        _, message = self._of(ask)
        message.deleted = True
        self.changed()
        return web.Response(status=204)
