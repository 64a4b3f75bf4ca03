"""What happens in conversations: messages appear, change and go, and the app is told as it has subscribed."""

import time
from collections.abc import Sequence

from tests.platforms.slack_delivery import Delivering, Event
from tests.platforms.slack_inputs import Json
from tests.platforms.slack_world import APP, File, Posted, Team

MANIFEST_EVENTS = frozenset(
    {
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "message.im",
        "team_join",
        "tokens_revoked",
        "user_change",
    }
)


class Posting(Delivering):
    """Keeps messages and tells the app of them."""

    def __init__(self, seed: int = 0) -> None:
        """Prepare it; every chance in it comes from the seed."""
        super().__init__(seed)
        self.subscribed = set(MANIFEST_EVENTS)
        self.echoes = True
        """Tell the app of its own messages, as Slack does."""

    def event(self, team: Team, event: Json) -> Event:
        """Put an event of the Events API into its envelope."""
        payload = {
            "token": "verification", "team_id": team.id, "context_team_id": team.id, "context_enterprise_id": None,
            "api_app_id": APP, "event": event, "type": "event_callback", "event_id": f"Ev{self.number():010d}",
            "event_time": int(time.time()), "is_ext_shared_channel": False, "event_context": f"4-{self.letters(20)}",
            "authorizations": [{
                "enterprise_id": None, "team_id": team.id, "user_id": team.bot_user, "is_bot": True,
                "is_enterprise_install": False,
            }],
        }  # fmt: skip
        return Event("events_api", payload)

    def post(
        self, team: Team, channel_id: str, user: str, text: str, blocks: Sequence[Json] = (),
        thread_ts: str | None = None, files: Sequence[File] = (),
    ) -> Posted:  # fmt: skip
        """Put a message into a channel; where it is the bot's own, the app is told of it, as of all others."""
        bot_id = team.bot_id if user == team.bot_user else None
        message = Posted(channel_id, self.stamp(), user, text, list(blocks), thread_ts, list(files), bot_id)
        message.at = self.now
        team.channels[channel_id].messages.append(message)
        if bot_id and self.echoes:
            self.echo(team, self.message_event(team, message))
        self.changed()
        return message

    def message_event(self, team: Team, message: Posted, change: str = "") -> Json:
        """Write a message event: a new message, or message_changed and message_deleted of one."""
        channel = team.channels[message.channel]
        about = {"channel": channel.id, "channel_type": channel.kind}
        now = message.json(team.id, self.url)
        if not change:
            if message.files:
                now["subtype"] = "file_share"
            if parent := channel.find(message.thread_ts) if message.thread_ts else None:
                now["parent_user_id"] = parent.user
            return {**now, **about, "event_ts": message.ts}
        ts = self.stamp()
        out = {"type": "message", "subtype": change, "hidden": True, "ts": ts, "event_ts": ts, **about}
        if change == "message_deleted":
            return {**out, "deleted_ts": message.ts, "previous_message": now}
        return {**out, "message": now, "previous_message": message.versions[-1]}

    def hears(self, event: Json) -> bool:
        """Whether the app has subscribed to this event."""
        kind = event["type"]
        if kind == "message":
            place = str(event["channel_type"])
            kind = "message." + {"channel": "channels", "group": "groups"}.get(place, place)
        return kind in self.subscribed

    def echo(self, team: Team, event: Json) -> None:
        """Deliver an event that nobody waits for."""
        if self.hears(event):
            self.background(self.deliver(self.event(team, event)))

    def change(self, team: Team, message: Posted, text: str, blocks: Sequence[Json], user: str) -> Json:
        """Change a message; gives the event that tells of it."""
        message.versions.append(message.json(team.id, self.url))
        message.text, message.blocks = text, list(blocks)
        message.edited = {"user": user, "ts": self.stamp()}
        self.changed()
        return self.message_event(team, message, "message_changed")

    def whisper(self, team: Team, channel: str, user: str, text: str, blocks: Sequence[Json]) -> Posted:
        """Show one person something in a channel; it is no message to anybody else, and the app cannot change it."""
        message = Posted(
            channel, self.stamp(), team.bot_user, text, list(blocks), bot_id=team.bot_id, for_user=user
        )
        message.at = self.now
        team.channels[channel].messages.append(message)
        self.changed()
        return message
