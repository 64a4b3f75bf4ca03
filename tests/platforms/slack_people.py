"""People in Slack: what they do with the app, each deed delivered and acknowledged as Slack does it."""

# ruff: noqa: ASYNC109  (the timeout is how long a person waits)

from collections.abc import Mapping, Sequence
from typing import Any

from tests.platforms import slack_inputs
from tests.platforms.slack_client import TROUBLE, Client
from tests.platforms.slack_core import Hook, Refusal
from tests.platforms.slack_delivery import ACK_SECONDS, Ack, Event
from tests.platforms.slack_inputs import ClientRefuses, Json
from tests.platforms.slack_world import APP, Posted, View, typed


class Person(Client):
    """Somebody in a workspace who has the app."""

    # Commands and shortcuts

    async def command(
        self,
        command: str = "/mentor",
        text: str = "",
        channel: str | None = None,
        timeout: float = ACK_SECONDS,
    ) -> Ack:
        """Use a slash command, in the direct messages or another channel."""
        place = self.team.channels[channel] if channel else self.dm
        url = self.server.hook(self.team.id, self.id, place.id)
        payload = {
            "token": "verification", "team_id": self.team.id, "team_domain": self.team.domain, "channel_id": place.id,
            "channel_name": place.name, "user_id": self.id, "user_name": self._handle, "command": command, "text": text,
            "api_app_id": APP, "is_enterprise_install": "false", "response_url": url,
            "trigger_id": self.server.trigger(self.team.id, self.id),
        }  # fmt: skip
        ack = await self.server.deliver(Event("slash_commands", payload, accepts=True), timeout)
        if not ack.ok:
            failed = "operation_timeout" if ack.why == "timeout" else "dispatch_failed"
            self.errors.append(f'{command} failed with the error "{failed}"')
        elif ack.payload:
            answer = {"text": ack.payload} if isinstance(ack.payload, str) else ack.payload
            try:
                self.server.respond(Hook(self.team.id, self.id, place.id, None, 0.0), answer)
            except Refusal as refusal:
                self.errors.append(f'{command} failed with the error "{refusal}"')
        return ack

    async def shortcut(self, callback_id: str, timeout: float = ACK_SECONDS) -> Ack:
        """Use a global shortcut."""
        payload = {"type": "shortcut", "action_ts": self.server.stamp(), "callback_id": callback_id}
        return await self._interact(payload, timeout)

    async def message_shortcut(self, callback_id: str, message: Posted, timeout: float = ACK_SECONDS) -> Ack:
        """Use a shortcut on a message."""
        channel = self.team.channels[message.channel]
        payload = {
            "type": "message_action", "action_ts": self.server.stamp(), "callback_id": callback_id,
            "channel": {"id": channel.id, "name": channel.name}, "message_ts": message.ts,
            "message": message.json(self.team.id, self.server.url),
            "response_url": self.server.hook(self.team.id, self.id, channel.id),
        }  # fmt: skip
        return await self._interact(payload, timeout)

    # Messages

    async def say(
        self, text: str, *, thread: Posted | None = None, files: Sequence[tuple[str, bytes]] = (),
        channel: str | None = None, timeout: float = ACK_SECONDS,
    ) -> Ack:  # fmt: skip
        """Write a message, to the app or in another channel; `said` has it."""
        place = self.team.channels[channel] if channel else self.dm
        written, blocks = typed(text)
        kept = [self.server.keep_file(self.team, name, data, self.id) for name, data in files]
        root = (thread.thread_ts or thread.ts) if thread else None
        message = self.server.post(self.team, place.id, self.id, written, blocks, root, kept)
        self.said.append(message)
        return await self._event(self.server.message_event(self.team, message), timeout)

    async def edit(self, message: Posted, text: str, timeout: float = ACK_SECONDS) -> Ack:
        """Change one of their messages."""
        self._own(message)
        return await self._event(self.server.change(self.team, message, *typed(text), self.id), timeout)

    async def delete(self, message: Posted, timeout: float = ACK_SECONDS) -> Ack:
        """Take back one of their messages."""
        self._own(message)
        message.deleted = True
        return await self._event(self.server.message_event(self.team, message, "message_deleted"), timeout)

    def _own(self, message: Posted) -> None:
        if message.user != self.id or message.deleted:
            raise LookupError("only one's own messages can be changed")

    # Modals

    async def fill(self, values: Mapping[str, Any], view: View | None = None) -> None:
        """Enter values in the modal in front, by block id, without sending it."""
        view = view or self.front
        for name, value in values.items():
            block, element = slack_inputs.find([b for b in view.blocks if b.get("block_id") == name], name)
            view.values[name, element["action_id"]] = await self._entered(view, block, element, value)

    async def submit(
        self,
        values: Mapping[str, Any] = slack_inputs.NOTHING,
        view: View | None = None,
        timeout: float = ACK_SECONDS,
        *,
        strict: bool = True,
    ) -> Ack:
        """Enter values and send the modal in front; if `strict`, raises ClientRefuses where Slack's client would."""
        view = view or self.front
        if not view.source.get("submit"):
            raise LookupError("this modal has nothing to send it with")
        await self.fill(values, view)
        if strict and (wrong := slack_inputs.unready(view.blocks, view.values)):
            raise ClientRefuses(wrong)
        view.errors = {}
        payload = {"type": "view_submission", "view": view.json(self.team), "response_urls": []}
        ack = await self._interact(payload, timeout, accepts=True, inside=view)
        if ack.ok:
            try:
                self.answered(view, ack.payload or {})
            except Refusal:
                self.errors.append(TROUBLE)
        self.server.changed()
        return ack

    def answered(self, view: View, answer: Json) -> None:
        """Do what the acknowledgement of a form says."""
        match answer:
            case {} if not answer:
                if view in self.views:
                    self.views.remove(view)
            case {"response_action": "errors", "errors": dict(errors), **rest} if errors and not rest:
                if unknown := errors.keys() - set(view.fields):
                    self.server.violate(
                        f"errors for blocks that are no inputs of the view: {sorted(unknown)}"
                    )
                    raise Refusal("invalid_errors")
                view.errors = dict(errors)
            case {"response_action": "update", "view": source, **rest} if not rest:
                self.server.change_view(view, self.server.checked_view("response_action update", source))
            case {"response_action": "push", "view": source, **rest} if not rest:
                checked = self.server.checked_view("response_action push", source)
                self.server.show_view(self.team, self.id, checked, push=True)
            case {"response_action": "clear", **rest} if not rest:
                self.views.clear()
            case _:
                self.server.violate(f"not an answer to a form: {str(answer)[:300]}")
                raise Refusal("invalid_response")

    async def close(self, timeout: float = ACK_SECONDS) -> Ack | None:
        """Close the modal in front; the app hears of it only if it asked to."""
        view = self.views.pop() if self.views else None
        self.server.changed()
        if view is None or not view.source.get("notify_on_close"):
            return None
        payload = {"type": "view_closed", "view": view.json(self.team), "is_cleared": False}
        return await self._interact(payload, timeout, trigger=False)

    # The app's surfaces, the profile

    async def open_home(self, tab: str = "home", timeout: float = ACK_SECONDS) -> Ack:
        """Look at the app's Home tab, or another."""
        event: Json = {
            "type": "app_home_opened",
            "user": self.id,
            "channel": self.dm.id,
            "tab": tab,
            "event_ts": self.server.stamp(),
        }
        if self.home is not None and tab == "home":
            event["view"] = self.home.json(self.team)
        return await self._event(event, timeout)

    async def open_messages(self, timeout: float = ACK_SECONDS) -> Ack:
        """Look at the messages with the app."""
        return await self.open_home("messages", timeout)

    async def change(self, timeout: float = ACK_SECONDS, **profile: Any) -> Ack:
        """Change the profile (name, tz, locale), or be deactivated (deleted=True) and come back."""
        for key, value in profile.items():
            setattr(self.profile, key, value)
        user = self.team.user_json(self.id, self.profile, locale=True)
        stamp = self.server.stamp()
        return await self._event(
            {"type": "user_change", "user": user, "cache_ts": 0, "event_ts": stamp}, timeout
        )
