"""Slack's Web API, as far as the app uses it; files and response URLs are next door."""

from collections.abc import Callable

from aiohttp import web

from tests.platforms.slack_core import Refusal
from tests.platforms.slack_inputs import Json
from tests.platforms.slack_posting import Posting
from tests.platforms.slack_world import Channel, Team, View

# What each method takes, besides `token` and the `team_id` that Bolt adds: required, optional, the scope it needs.
MESSAGE = (
    "text",
    "blocks",
    "attachments",
    "as_user",
    "icon_emoji",
    "icon_url",
    "link_names",
    "parse",
    "username",
)
POST = (
    "mrkdwn",
    "reply_broadcast",
    "unfurl_links",
    "unfurl_media",
    "metadata",
    "markdown_text",
    "client_msg_id",
)
UPDATE = ("text", "blocks", "attachments", "as_user", "link_names", "parse", "metadata")
COMPLETE = ("channel_id", "channels", "initial_comment", "thread_ts", "blocks")
METHODS: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "auth.test": ((), (), ""),
    "team.info": ((), ("team",), "team:read"),
    "users.info": (("user",), ("include_locale",), "users:read"),
    "conversations.open": ((), ("users", "channel", "return_im", "prevent_creation"), ""),
    "chat.postMessage": (("channel",), (*MESSAGE, *POST, "thread_ts"), "chat:write"),
    "chat.update": (("channel", "ts"), UPDATE, "chat:write"),
    "chat.postEphemeral": (("channel", "user"), (*MESSAGE, "thread_ts"), "chat:write"),
    "views.open": (("trigger_id", "view"), (), ""),
    "views.push": (("trigger_id", "view"), (), ""),
    "views.update": (("view",), ("view_id", "external_id", "hash"), ""),
    "views.publish": (("user_id", "view"), ("hash",), ""),
    "files.getUploadURLExternal": (("filename", "length"), ("alt_txt", "snippet_type"), "files:write"),
    "files.completeUploadExternal": (("files",), COMPLETE, "files:write"),
    "files.info": (("file",), ("count", "page", "limit", "cursor"), "files:read"),
}
LARGEST_VIEW = 250_000


class Methods(Posting):
    """Answers what the app asks."""

    def __init__(self, seed: int = 0) -> None:
        """Prepare it; every chance in it comes from the seed."""
        super().__init__(seed)
        self.strict_burst: int | None = None
        """Hold chat.postMessage to one a second for each channel, after this many at once; None does not."""
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}
        self.web.router.add_route("*", "/api/{method}", self._api)

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        body = await self.read(request)
        asked = {key: value for key, value in body.items() if key != "token"}

        async def act() -> web.StreamResponse:
            headers = {}
            try:
                if method == "apps.connections.open":
                    return web.json_response(self._open_link(request, asked))
                team = self.team_of(request, body)
                headers["x-oauth-scopes"] = team.scopes
                return web.json_response({"ok": True, **self._allowed(method, team, asked)}, headers=headers)
            except Refusal as refusal:
                if refusal.body["error"] == "ratelimited":
                    return self.too_many(1)
                return web.json_response(refusal.body, headers=headers)

        return await self.serve(request, method, asked, act)

    def too_many(self, seconds: int) -> web.Response:
        """Answer 429 as Slack does."""
        headers = {"Retry-After": str(seconds)}
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)

    def _open_link(self, request: web.Request, body: Json) -> Json:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token != self.app_token:
            bots = any(token == team.bot_token for team in self.teams.values())
            raise Refusal("not_allowed_token_type" if bots else "invalid_auth" if token else "not_authed")
        if body:
            self.violate(f"apps.connections.open: unknown arguments {sorted(body)}")
        if self.link_disabled:
            raise Refusal("forbidden_team")
        return {"ok": True, "url": self.ticket()}

    def _allowed(self, method: str, team: Team, body: Json) -> Json:
        """Check the scope and the arguments, then do it."""
        if "error" in body:
            self.violate(f"{method}: {body['error']}")
            raise Refusal(body["error"])
        if method not in METHODS:
            self.violate(f"{method}: unknown_method")
            raise Refusal("unknown_method", req_method=method)
        required, optional, scope = METHODS[method]
        self._scope(team, scope)
        if unknown := body.keys() - {*required, *optional, "team_id"}:
            self.violate(f"{method}: unknown arguments {sorted(unknown)}")
        if missing := [name for name in required if body.get(name) in (None, "")]:
            self.violate(f"{method}: without {missing}")
            said = [f"[ERROR] missing required field: {name}" for name in missing]
            raise Refusal("invalid_arguments", response_metadata={"messages": said})
        if body.get("team_id", team.id) != team.id:
            self.violate(f"{method}: team_id {body['team_id']} with the token of {team.id}")
            raise Refusal("team_not_found")
        act: Callable[[Team, Json], Json] = getattr(self, "_" + method.replace(".", "_").lower())
        return act(team, body)

    def _scope(self, team: Team, scope: str) -> None:
        if scope and scope not in team.scopes.split(","):
            raise Refusal("missing_scope", needed=scope, provided=team.scopes)

    # Who is who

    def _auth_test(self, team: Team, body: Json) -> Json:
        del body
        return {
            "url": f"https://{team.domain}.slack.invalid/", "team": team.name or team.id, "user": "mentoring",
            "team_id": team.id, "user_id": team.bot_user, "bot_id": team.bot_id, "is_enterprise_install": False,
        }  # fmt: skip

    def _team_info(self, team: Team, body: Json) -> Json:
        if body.get("team", team.id) != team.id:
            raise Refusal("team_not_found")
        return {
            "team": {"id": team.id, "name": team.name or team.id, "domain": team.domain, "email_domain": ""}
        }

    def _users_info(self, team: Team, body: Json) -> Json:
        profile = team.profiles.get(body["user"])
        if profile is None:
            raise Refusal("user_not_found")
        wanted = str(body.get("include_locale", "")).lower() in {"true", "1"}
        return {"user": team.user_json(body["user"], profile, locale=wanted)}

    # Conversations

    def _conversations_open(self, team: Team, body: Json) -> Json:
        if name := body.get("channel"):
            return {"channel": {"id": self._channel(team, name).id}, "no_op": True, "already_open": True}
        users = [user for user in str(body.get("users") or "").split(",") if user]
        if not users:
            raise Refusal("users_list_not_supplied")
        self._scope(team, "im:write" if len(users) == 1 else "mpim:write")
        if len(users) > 8:
            raise Refusal("too_many_users")
        for user in users:
            if user == team.bot_user or user not in team.profiles:
                raise Refusal("user_not_found")
            if team.profiles[user].deleted:
                raise Refusal("user_disabled")
            if team.profiles[user].is_bot:
                raise Refusal("cannot_dm_bot")
        known = len(team.channels)
        channel = self.open_channel(team, users)
        more = {"no_op": True, "already_open": True} if len(team.channels) == known else {}
        return {"channel": {"id": channel.id}, **more}

    def _channel(self, team: Team, name: str, *, users: bool = False) -> Channel:
        """Find a conversation; a user's id stands for the direct messages where the method allows it."""
        if users and name in team.profiles:
            if (found := team.im(name)) is not None:
                return found
            if team.profiles[name].deleted:
                raise Refusal("channel_not_found")
            return self.open_channel(team, [name])
        if name not in team.channels:
            raise Refusal("channel_not_found")
        return team.channels[name]

    def _writable(self, team: Team, name: str) -> Channel:
        # Somebody deactivated can still be written to, unseen: Slack says ok (slackapi/python-slack-sdk #1156).
        channel = self._channel(team, name, users=True)
        if channel.archived:
            raise Refusal("is_archived")
        if channel.kind == "im" and not team.messages_tab:
            raise Refusal("messages_tab_disabled")
        return channel

    def _chat_postmessage(self, team: Team, body: Json) -> Json:
        channel = self._writable(team, body["channel"])
        self._pace(team, channel)
        text, blocks = self._content("chat.postMessage", body)
        thread = body.get("thread_ts")
        if thread and channel.find(str(thread)) is None:
            raise Refusal("thread_not_found")
        message = self.post(team, channel.id, team.bot_user, text, blocks, thread)
        return {"channel": channel.id, "ts": message.ts, "message": message.json(team.id, self.url)}

    def _content(self, method: str, body: Json) -> tuple[str, list[Json]]:
        text = self.checked_text(method, body)
        blocks = body.get("blocks")
        return text, self.checked_blocks(method, blocks, "message") if blocks else []

    def _pace(self, team: Team, channel: Channel) -> None:
        if self.strict_burst is None:
            return
        tokens, at = self._buckets.get((team.id, channel.id), (float(self.strict_burst), self.now))
        tokens = min(float(self.strict_burst), tokens + self.now - at)
        if tokens < 1:
            self._buckets[team.id, channel.id] = (tokens, self.now)
            raise Refusal("ratelimited")
        self._buckets[team.id, channel.id] = (tokens - 1, self.now)

    def _chat_update(self, team: Team, body: Json) -> Json:
        channel = self._channel(team, body["channel"])
        message = channel.find(str(body["ts"]))
        if message is None:
            raise Refusal("message_not_found")
        if message.bot_id != team.bot_id:
            raise Refusal("cant_update_message")
        text, blocks = self._content("chat.update", body)
        # Blocks that are left out stay, and an empty list takes them away.
        event = self.change(
            team, message, text, blocks if "blocks" in body else message.blocks, team.bot_user
        )
        if self.echoes:
            self.echo(team, event)
        shown = message.json(team.id, self.url)
        return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}

    def _chat_postephemeral(self, team: Team, body: Json) -> Json:
        channel = self._channel(team, body["channel"])
        if body["user"] not in channel.members:
            raise Refusal("user_not_in_channel")
        text, blocks = self._content("chat.postEphemeral", body)
        return {"message_ts": self.whisper(team, channel.id, body["user"], text, blocks).ts}

    # Views

    def _view(self, method: str, team: Team, body: Json, kind: str, own: View | None = None) -> Json:
        if len(str(body["view"]).encode()) > LARGEST_VIEW:
            self.violate(f"{method}: view_too_large")
            raise Refusal("view_too_large")
        source = self.checked_view(method, body["view"])
        if source["type"] != kind:
            self.violate(f"{method}: a view of type {source['type']}")
            raise Refusal("invalid_arguments", response_metadata={"messages": [f"[ERROR] not a {kind}"]})
        if (name := source.get("external_id")) and any(
            view is not own and view.source.get("external_id") == name and self.is_open(team, view)
            for view in self.views.values()
        ):
            raise Refusal("duplicate_external_id")
        return source

    def _views_open(self, team: Team, body: Json) -> Json:
        source = self._view("views.open", team, body, "modal")
        trigger = self.redeem(team, body["trigger_id"])
        if trigger.inside is not None and trigger.inside.kind == "modal":
            self.violate("views.open with a trigger from inside a modal: views.update or views.push is meant")
        return {"view": self.show_view(team, trigger.user, source).json(team)}

    def _views_push(self, team: Team, body: Json) -> Json:
        source = self._view("views.push", team, body, "modal")
        trigger = self.redeem(team, body["trigger_id"])
        return {"view": self.show_view(team, trigger.user, source, push=True).json(team)}

    def _views_update(self, team: Team, body: Json) -> Json:
        names = (body.get("view_id"), body.get("external_id"))
        found = (
            v
            for v in self.views.values()
            if names[0] == v.id or (names[1] and v.source.get("external_id") == names[1])
        )
        view = next(found, None)
        if view is None or not self.is_open(team, view):
            raise Refusal("not_found")
        if body.get("hash") not in (None, "", view.hash):
            raise Refusal("hash_conflict")
        source = self._view("views.update", team, body, view.kind, view)
        return {"view": self.change_view(view, source).json(team)}

    def _views_publish(self, team: Team, body: Json) -> Json:
        if not team.home_tab:
            raise Refusal("not_enabled")
        if body["user_id"] not in team.profiles:
            raise Refusal("user_not_found")
        old = self.homes.get((team.id, body["user_id"]))
        if old is not None and body.get("hash") not in (None, "", old.hash):
            raise Refusal("hash_conflict")
        source = self._view("views.publish", team, body, "home")
        return {"view": self.publish_view(team, body["user_id"], source).json(team)}
