"""A person's Slack client: what they see of the app, its controls, and what the client sends when they are used."""

# ruff: noqa: ASYNC109  (the timeout is how long a person waits)

from typing import Any

from tests.platforms import slack_inputs
from tests.platforms.slack_delivery import ACK_SECONDS, Ack, Event
from tests.platforms.slack_files import Files
from tests.platforms.slack_inputs import Json
from tests.platforms.slack_world import APP, Channel, Posted, Profile, Team, View

TROUBLE = "We had some trouble connecting. Try again?"
SHORTEST_SEARCH = 3
Where = Posted | View
Wanted = str | tuple[Json, Json]
"""A control by action_id, block_id or words, or as (block, element), which may be of an earlier version."""


class Client:
    """The screen of somebody in a workspace who has the app."""

    def __init__(self, server: Files, team: Team, user: str) -> None:
        """Sit down at the client of this user."""
        self.server = server
        self.team = team
        self.id = user
        self.errors: list[str] = []
        """What the client showed where the app did not answer, or answered wrongly."""
        self.said: list[Posted] = []
        """Their own messages."""

    # What is seen

    @property
    def profile(self) -> Profile:
        """What the workspace tells about them."""
        return self.team.profiles[self.id]

    @property
    def dm(self) -> Channel:
        """Their direct messages with the app."""
        return self.server.open_channel(self.team, [self.id])

    @property
    def messages(self) -> list[Posted]:
        """The direct messages as they stand, oldest first, their own among them."""
        return [message for message in self.dm.messages if not message.deleted and not message.ephemeral]

    @property
    def ephemerals(self) -> list[Posted]:
        """What only they see, in whatever channel, oldest first."""
        every = (message for channel in self.team.channels.values() for message in channel.messages)
        return sorted((m for m in every if m.for_user == self.id and not m.deleted), key=lambda m: m.ts)

    @property
    def rooms(self) -> list[Channel]:
        """The other conversations they share with the app."""
        return [c for c in self.team.channels.values() if c.kind != "im" and self.id in c.members]

    @property
    def views(self) -> list[View]:
        """The open modals, the one in front last."""
        return self.server.stacks.get((self.team.id, self.id), [])

    @property
    def view(self) -> View | None:
        """The modal in front."""
        return self.views[-1] if self.views else None

    @property
    def home(self) -> View | None:
        """The Home tab, where the app has published one."""
        return self.server.homes.get((self.team.id, self.id))

    @property
    def front(self) -> View:
        """The modal in front; LookupError where none is open."""
        if self.view is None:
            raise LookupError(f"no modal is open before {self.id}")
        return self.view

    # Controls

    async def press(self, where: Where, wanted: Wanted, timeout: float = ACK_SECONDS) -> Ack:
        """Press a button."""
        block, element = slack_inputs.find(where.blocks, wanted) if isinstance(wanted, str) else wanted
        if element["type"] != "button":
            raise LookupError(f"{wanted!r} is no button but a {element['type']}")
        copied: Json = {key: element[key] for key in ("value", "style", "text", "url") if key in element}
        return await self._act(where, block, element, copied, timeout)

    async def pick(
        self, where: Where, wanted: Wanted, value: Any, timeout: float = ACK_SECONDS
    ) -> Ack | None:
        """Choose or enter something in another control; in an input that tells nobody, there is no Ack."""
        block, element = slack_inputs.find(where.blocks, wanted) if isinstance(wanted, str) else wanted
        entered = await self._entered(where, block, element, value)
        where.values[block["block_id"], element["action_id"]] = entered
        if block["type"] == "input" and not block.get("dispatch_action"):
            return None
        return await self._act(where, block, element, entered, timeout)

    async def suggest(
        self,
        wanted: Wanted,
        text: str,
        where: Where | None = None,
        timeout: float = ACK_SECONDS,
    ) -> list[Json]:
        """Type into a select that searches, of the modal in front or elsewhere; gives the options that are offered."""
        where = where or self.front
        block, element = slack_inputs.find(where.blocks, wanted) if isinstance(wanted, str) else wanted
        if element["type"] not in slack_inputs.SEARCHED:
            raise LookupError(f"{wanted!r} does not search: {element['type']}")
        if len(text) < element.get("min_query_length", SHORTEST_SEARCH):
            return []
        payload = {
            "type": "block_suggestion", "action_id": element["action_id"], "block_id": block["block_id"],
            "value": text, **self._container(where),
        }  # fmt: skip
        ack = await self._interact(payload, timeout, accepts=True)
        if not ack.ok or not isinstance(ack.payload, dict):
            return []
        found = slack_inputs.options(ack.payload)
        for option in found:
            if not 0 < len(option["text"]["text"]) <= 75 or not 0 < len(option["value"]) <= 150:
                self.server.violate(f"an option too long or empty in the answer to a search: {option}")
        if ack.payload.keys() - {"options", "option_groups"} or len(found) > 100:
            self.server.violate(f"not an answer to a search: {str(ack.payload)[:300]}")
        where.offered.setdefault((block["block_id"], element["action_id"]), []).extend(found)
        return found

    async def _entered(self, where: Where, block: Json, element: Json, value: Any) -> Json:
        key = (block["block_id"], element["action_id"])
        if element["type"] == "file_input":
            kept = [self.server.keep_file(self.team, name, data, self.id) for name, data in value or ()]
            return slack_inputs.entered(element, [file.json(self.server.url) for file in kept])
        if element["type"] not in slack_inputs.SEARCHED or value is None:
            return slack_inputs.entered(element, value)
        for one in value if isinstance(value, list | tuple) else [value]:
            try:
                slack_inputs.chosen(element, one, where.offered.get(key, ()))
            except LookupError:
                await self.suggest((block, element), str(one), where)
        return slack_inputs.entered(element, value, where.offered.get(key, ()))

    async def _act(self, where: Where, block: Json, element: Json, state: Json, timeout: float) -> Ack:
        action = {
            "type": element["type"], "action_id": element["action_id"], "block_id": block["block_id"],
            "action_ts": self.server.stamp(), **state,
        }  # fmt: skip
        payload: Json = {"type": "block_actions", "actions": [action], **self._container(where)}
        if isinstance(where, Posted):
            channel = self.team.channels[where.channel]
            payload |= {
                "channel": {"id": channel.id, "name": channel.name},
                "state": {"values": slack_inputs.state(where.blocks, where.values)},
                "response_url": self.server.hook(self.team.id, self.id, channel.id, where),
            }  # fmt: skip
        return await self._interact(payload, timeout, inside=where if isinstance(where, View) else None)

    def _container(self, where: Where) -> Json:
        if isinstance(where, View):
            return {"container": {"type": "view", "view_id": where.id}, "view": where.json(self.team)}
        place = {
            "type": "message",
            "message_ts": where.ts,
            "channel_id": where.channel,
            "is_ephemeral": where.ephemeral,
        }
        out: Json = {"container": place | ({"thread_ts": where.thread_ts} if where.thread_ts else {})}
        if not where.ephemeral:
            out["message"] = where.json(self.team.id, self.server.url)
        return out

    # Sending

    @property
    def _handle(self) -> str:
        return self.profile.name.lower().replace(" ", ".")

    async def _event(self, event: Json, timeout: float) -> Ack:
        made = self.server.event(self.team, event)
        if not self.server.hears(event):
            return Ack(False, None, 0.0, "not subscribed", made)
        return await self.server.deliver(made, timeout)

    async def _interact(
        self,
        payload: Json,
        timeout: float,
        *,
        accepts: bool = False,
        inside: View | None = None,
        trigger: bool = True,
    ) -> Ack:
        user = {"id": self.id, "username": self._handle, "name": self._handle, "team_id": self.team.id}
        whole = {
            **payload, "token": "verification", "api_app_id": APP, "user": user, "enterprise": None,
            "team": {"id": self.team.id, "domain": self.team.domain}, "is_enterprise_install": False,
        }  # fmt: skip
        if trigger and payload["type"] != "block_suggestion":
            whole["trigger_id"] = self.server.trigger(self.team.id, self.id, inside)
        ack = await self.server.deliver(Event("interactive", whole, accepts), timeout)
        if not ack.ok and payload["type"] != "view_closed":
            self.errors.append(TROUBLE)
        return ack
