"""Slack, as its Web API, Socket Mode and signed requests are seen by an app: strict, local, and rude on command.

```
async with SlackServer(seed=1) as slack:  # 127.0.0.1, a free port; .api_url, .app_token, .signing_secret for the app
    acme = slack.team("T1")           # acme.bot_token; acme.channel("C1", "U1"); await acme.uninstall(), acme.revoke()
    ana = acme.person("U1", name="Ana Ruiz", tz="Europe/Madrid", locale="es-ES")  # later: slack.person("T1", "U1")
    await slack.connected(2)          # or over HTTP: slack.request_url = "http://127.0.0.1:8080/slack/events"
    ack = await ana.command("/mentor", "find python")  # Ack(ok, payload, seconds, why, event); each deed has timeout=3
    # ana.shortcut(callback) .message_shortcut(callback, message) .say(text, thread=, files=[(name, bytes)], channel=)
    # .edit(m, text) .delete(m) .open_home() .open_messages() .change(tz=…, deleted=True); ana.said[-1] is her message
    ana.messages, ana.ephemerals, ana.rooms, ana.views, ana.view, ana.home, ana.errors  # Posted, View: .shown .buttons
    await ana.press(ana.messages[-1], "accept:7")  # where: a Posted or a View; by action_id, block_id or words
    await ana.pick(where, "set:1", "option value or words")  # any other control that is not sent with a form
    await ana.suggest("topics", "pyth")       # type into an external select of the modal in front: options offered
    await ana.fill({"topics": ["python"]})    # enter without sending; searches by itself; files are (name, bytes)
    await ana.submit({"when": "2026-03-02"})  # then ana.view.errors, or the next page; raises ClientRefuses as Slack's
    await ana.close()
    call = await slack.called("chat.postMessage", 3)  # third has come: Call(method, body, at, .answer); .answered
    await slack.until(lambda: ana.home is not None)   # looked at after whatever happens, without polling
    slack.fault("chat.postMessage", Reset(), nth=3)  # kit: Refuse429 Status Reset Hang Reply; storm(method, rates)
    await slack.redeliver(ack.event, times=2)  # slack.unacknowledged; slack.held = True gathers events for reordering
    await slack.disconnect("warning"); slack.kill(slack.connections[0]); await slack.refuse(); await slack.accept()
    assert not slack.violations, slack.violations  # and slack.fired: mentions and links that markup would have fired
```
More names for faults: `link` (the websocket), `response_url`, `upload`, `download`, `apps.connections.open`.
Settings: `retries`, `strict_burst`, `echoes`, `subscribed`, `held`; `abandon()` ends all waiting for a killed app.
"""

from tests.platforms.slack_client import TROUBLE
from tests.platforms.slack_core import Refusal
from tests.platforms.slack_delivery import Ack, Connection, Event
from tests.platforms.slack_files import Files
from tests.platforms.slack_inputs import ClientRefuses, Fired
from tests.platforms.slack_people import Person
from tests.platforms.slack_world import APP, SCOPES, Channel, Posted, Profile, Team, View

__all__ = [
    "APP",
    "SCOPES",
    "TROUBLE",
    "Ack",
    "Channel",
    "ClientRefuses",
    "Connection",
    "Event",
    "Fired",
    "Person",
    "Posted",
    "Profile",
    "Refusal",
    "SlackServer",
    "Team",
    "View",
    "Workspace",
]


class Workspace:
    """A workspace with the app installed, and its people; `team` holds what Slack knows."""

    def __init__(self, server: Files, team: Team) -> None:
        """Look at a workspace of this server."""
        self.server = server
        self.team = team
        self.people: dict[str, Person] = {}

    @property
    def id(self) -> str:
        """The team's id."""
        return self.team.id

    @property
    def bot_token(self) -> str:
        """What the app shows at every call."""
        return self.team.bot_token

    def person(self, user: str, name: str = "", **profile: object) -> Person:
        """Let somebody join (tz, locale, is_bot, deleted), or find them by their id alone."""
        if user not in self.people:
            self.team.profiles[user] = Profile(name or user, **profile)  # type: ignore[arg-type]
            self.people[user] = Person(self.server, self.team, user)
        return self.people[user]

    def channel(self, name: str, *users: str) -> Channel:
        """Make a channel that the app and these people are in."""
        channel = Channel(name, "channel", tuple(users))
        self.team.channels[name] = channel
        return channel

    async def uninstall(self) -> list[Ack]:
        """Remove the app: its token is worth nothing, and it is told."""
        self.team.state = "inactive"
        return [await self._told({"type": "app_uninstalled"}), await self._revoked()]

    async def revoke(self) -> Ack:
        """Revoke the app's token, and tell it."""
        self.team.state = "revoked"
        return await self._revoked()

    async def _revoked(self) -> Ack:
        return await self._told(
            {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.team.bot_user]}}
        )

    async def _told(self, event: dict[str, object]) -> Ack:
        made = self.server.event(self.team, {**event, "event_ts": self.server.stamp()})
        return await self.server.deliver(made)


class SlackServer(Files):
    """A local Slack with one app in as many workspaces as wanted."""

    def __init__(self, seed: int = 0) -> None:
        """Prepare it; every chance in it comes from the seed."""
        super().__init__(seed)
        self.workspaces: dict[str, Workspace] = {}

    def team(self, team: str, name: str = "") -> Workspace:
        """Make a workspace, or find it."""
        if team not in self.workspaces:
            made = Team(team, f"xoxb-{team}-test", f"UBOT{team}", f"BBOT{team}", name or team)
            made.profiles[made.bot_user] = Profile("mentoring", is_bot=True)
            self.teams[team] = made
            self.workspaces[team] = Workspace(self, made)
        return self.workspaces[team]

    def person(self, team: str, user: str) -> Person:
        """Find somebody who has joined."""
        return self.workspaces[team].people[user]
