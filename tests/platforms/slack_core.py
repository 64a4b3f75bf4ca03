"""Slack's books: workspaces, tokens, triggers, response URLs and views, and what is checked before anything is kept."""

import copy
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.platforms import slack_inputs
from tests.platforms.kit import WireServer
from tests.platforms.slack_inputs import Json
from tests.platforms.slack_limits import Surface, check_blocks, check_view
from tests.platforms.slack_world import Channel, Posted, Team, View

TRIGGER_SECONDS = 3.0
RESPONSE_SECONDS = 30 * 60.0
RESPONSE_USES = 5
MODALS = 3
OBJECTS = {"blocks", "view", "attachments", "metadata", "files", "errors"}
TEXT_ADVISED, TEXT_MOST = 4_000, 40_000


@dataclass(slots=True)
class Trigger:
    """What lets the app open a modal, once and for three seconds; `inside` is the modal it comes from."""

    team: str
    user: str
    until: float
    inside: View | None = None
    used: bool = False


@dataclass(slots=True)
class Hook:
    """A response_url: where it answers, what it may replace, and how often still."""

    team: str
    user: str
    channel: str
    original: Posted | None
    until: float
    uses: int = RESPONSE_USES


class Refusal(Exception):
    """What Slack answers instead of doing it: `ok` false with this error."""

    def __init__(self, error: str, **more: Any) -> None:
        """Keep the error's name and what goes beside it."""
        super().__init__(error)
        self.body: Json = {"ok": False, "error": error, **more}


class SlackCore(WireServer):
    """The books of one app and the workspaces it is installed in."""

    platform = "slack"
    app_token = "xapp-1-A0MENTOR-1-test"
    signing_secret = "8f742231b10e8888abcd99yyyzzz85a5"

    def __init__(self, seed: int = 0) -> None:
        """Prepare it; every chance in it comes from the seed."""
        super().__init__(seed)
        self.teams: dict[str, Team] = {}
        self.views: dict[str, View] = {}
        self.stacks: dict[tuple[str, str], list[View]] = {}
        self.homes: dict[tuple[str, str], View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.hooks: dict[str, Hook] = {}
        self.fired: list[slack_inputs.Fired] = []
        self._last = 0
        self._numbers = 0

    @property
    def api_url(self) -> str:
        """The base of the Web API, for the app's configuration."""
        return f"{self.url}/api/"

    # Names

    def number(self) -> int:
        """The next number, for names of things."""
        self._numbers += 1
        return self._numbers

    def stamp(self) -> str:
        """A message's time stamp: later than every other."""
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def letters(self, count: int) -> str:
        """Some letters and digits, as in Slack's ids."""
        return "".join(self.rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", k=count))

    def violate(self, what: str) -> None:
        """Note what Slack would not forgive."""
        self.violations.append(what)

    # Reading requests

    @staticmethod
    async def read(request: web.Request) -> Json:
        """Read a body as Slack takes it: query, form, multipart or JSON; nested values may be JSON in text."""
        body: Json = dict(request.query)
        if request.content_type == "application/json":
            try:
                body |= await request.json()
            except (ValueError, TypeError):
                return {"error": "invalid_json"}
        elif request.can_read_body:
            body |= dict(await request.post())
        for key in OBJECTS & body.keys():
            if isinstance(body[key], str):
                try:
                    body[key] = json.loads(body[key])
                except ValueError:
                    return {"error": "invalid_json"}
        return body

    def team_of(self, request: web.Request, body: Json) -> Team:
        """Find the workspace a bot token belongs to; the token leaves the body."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or str(body.get("token", ""))
        body.pop("token", None)
        if not token:
            raise Refusal("not_authed")
        team = next((team for team in self.teams.values() if team.bot_token == token), None)
        if team is None:
            raise Refusal("not_allowed_token_type" if token == self.app_token else "invalid_auth")
        match team.state:
            case "revoked":
                raise Refusal("token_revoked")
            case "inactive":
                raise Refusal("account_inactive")
            case _:
                return team

    # Checks

    def checked_blocks(self, where: str, blocks: Any, surface: Surface) -> list[Json]:
        """Check blocks as Slack does and give those without one an id; refuses with invalid_blocks."""
        try:
            check_blocks(blocks, surface)
        except (AssertionError, KeyError, TypeError, AttributeError) as error:
            self.violate(f"{where}: invalid_blocks: {error}")
            raise Refusal(
                "invalid_blocks", errors=[str(error)], response_metadata={"messages": [f"[ERROR] {error}"]}
            ) from None
        self.fired += slack_inputs.fired(blocks, where)
        return self._named(blocks)

    def checked_view(self, where: str, view: Any) -> Json:
        """Check a view as Slack does and name its blocks; refuses with invalid_arguments."""
        try:
            check_view(view)
        except (AssertionError, KeyError, TypeError, AttributeError) as error:
            self.violate(f"{where}: invalid view: {error}")
            raise Refusal("invalid_arguments", response_metadata={"messages": [f"[ERROR] {error}"]}) from None
        self.fired += slack_inputs.fired(view, where)
        return {**copy.deepcopy(view), "blocks": self._named(view["blocks"])}

    def checked_text(self, where: str, body: Mapping[str, Any]) -> str:
        """Check the words of a message: there are some, not too many; note what would fire in them."""
        text = str(body.get("text") or "")
        if not text.strip() and not body.get("blocks") and not body.get("attachments"):
            self.violate(f"{where}: no_text")
            raise Refusal("no_text")
        if len(text) > TEXT_MOST:
            self.violate(f"{where}: msg_too_long ({len(text)} characters)")
            raise Refusal("msg_too_long")
        if len(text) > TEXT_ADVISED:
            self.violate(f"{where}: text of {len(text)} characters, which Slack may split")
        if body.get("blocks") and not text.strip():
            self.violate(f"{where}: blocks without fallback text")
        self.fired += slack_inputs.fired(text, where, markup=body.get("mrkdwn") is not False)
        if body.get("link_names") or body.get("parse") == "full":
            self.fired.append(slack_inputs.Fired("names", text, where))
        return text

    def _named(self, blocks: Sequence[Json]) -> list[Json]:
        """Copy blocks with an id on each block and control, as Slack gives those that have none."""
        out = copy.deepcopy(list(blocks))
        for block in out:
            block.setdefault("block_id", self.letters(5))
        for _, element in slack_inputs.controls(out):
            element.setdefault("action_id", self.letters(5))
        return out

    # Triggers, response URLs

    def trigger(self, team: str, user: str, inside: View | None = None) -> str:
        """Make a trigger_id."""
        name = f"{self.number()}.{self.rng.randrange(10**10)}.{self.rng.randbytes(16).hex()}"
        self.triggers[name] = Trigger(team, user, self.now + TRIGGER_SECONDS, inside)
        return name

    def redeem(self, team: Team, name: str) -> Trigger:
        """Take a trigger_id in exchange for a modal."""
        trigger = self.triggers.get(name)
        if trigger is None or trigger.team != team.id:
            self.violate(f"trigger_id {name!r} is none of ours")
            raise Refusal("invalid_trigger_id")
        if trigger.used:
            raise Refusal("exchanged_trigger_id")
        if self.now > trigger.until:
            raise Refusal("expired_trigger_id")
        trigger.used = True
        return trigger

    def hook(self, team: str, user: str, channel: str, original: Posted | None = None) -> str:
        """Make a response_url."""
        path = f"{team}/{self.number()}/{self.letters(24)}"
        self.hooks[path] = Hook(team, user, channel, original, self.now + RESPONSE_SECONDS)
        return f"{self.url}/actions/{path}"

    # Views

    def show_view(self, team: Team, user: str, source: Json, *, push: bool = False) -> View:
        """Put a modal in front of somebody, in place of whatever was open, or on top of it."""
        stack = self.stacks.setdefault((team.id, user), [])
        if push and len(stack) >= MODALS:
            raise Refusal("push_limit_reached")
        if not push:
            stack.clear()
        name = f"V{self.number():010d}"
        view = View(name, user, source, self._hash(), stack[0].id if stack else name)
        view.previous = stack[-1].id if stack else None
        stack.append(view)
        self.views[name] = view
        self.changed()
        return view

    def publish_view(self, team: Team, user: str, source: Json) -> View:
        """Show somebody a Home tab."""
        view = self.homes.get((team.id, user))
        if view is None:
            name = f"V{self.number():010d}"
            view = self.homes[team.id, user] = self.views[name] = View(name, user, source, self._hash(), name)
            self.changed()
            return view
        return self.change_view(view, source)

    def change_view(self, view: View, source: Json) -> View:
        """Draw a view anew: its hash changes, and what was entered stays where the input is the same."""
        view.values = slack_inputs.kept(view.values, source["blocks"])
        view.source, view.hash, view.errors = source, self._hash(), {}
        view.versions += 1
        self.changed()
        return view

    def is_open(self, team: Team, view: View) -> bool:
        """Whether a view is still before somebody's eyes."""
        key = (team.id, view.user)
        return view in self.stacks.get(key, ()) or self.homes.get(key) is view

    def _hash(self) -> str:
        return f"{int(time.time())}.{self.letters(8)}"

    # Channels

    def open_channel(self, team: Team, users: Sequence[str], kind: str | None = None) -> Channel:
        """Find or make the conversation of these people with the bot."""
        members = tuple(sorted(set(users)))
        kind = kind or ("im" if len(members) == 1 else "mpim")
        for channel in team.channels.values():
            if channel.kind == kind and channel.members == members:
                return channel
        letter = {"im": "D", "mpim": "G"}.get(kind, "C")
        made = Channel(f"{letter}{self.number():08d}", kind, members)
        team.channels[made.id] = made
        return made
