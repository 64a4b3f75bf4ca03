"""The bot's account on Discord: who it is, its commands, the guilds it is in."""

from typing import Any

from aiohttp import web

from tests.platforms.discord_answers import Answering
from tests.platforms.discord_core import Ask, Refusal
from tests.platforms.discord_limits import Refused, check_commands
from tests.platforms.discord_shapes import need
from tests.platforms.discord_world import Json, Place


class Accounts(Answering):
    """Serves what a bot asks about itself and where it is."""

    def __init__(self, seed: int = 0) -> None:
        """Prepare it; every chance in it comes from the seed."""
        super().__init__(seed)
        self.commands: dict[str, list[Json]] = {}
        """What is registered: everywhere under "", and by guild."""
        self.page: Json = {}
        """What is set on the application's page otherwise than it is at first."""
        for verb, path, handler in (
            ("get", "/users/@me", self._me),
            ("get", "/users/@me/guilds", self._guilds),
            ("get", "/users/{user}", self._user),
            ("get", "/oauth2/applications/@me", self._application),
            ("get", "/applications/@me", self._application),
            ("get", "/applications/{app}/commands", self._listed),
            ("put", "/applications/{app}/commands", self._registered),
            ("get", "/applications/{app}/guilds/{guild}/commands", self._listed),
            ("put", "/applications/{app}/guilds/{guild}/commands", self._registered),
            ("get", "/guilds/{guild}", self._guild),
            ("get", "/guilds/{guild}/channels", self._channels),
            ("get", "/guilds/{guild}/roles", self._roles),
            ("get", "/guilds/{guild}/members/{user}", self._member),
            ("get", "/gateway/bot", self._gateway_bot),
        ):
            self.route(verb, path, handler)
        self.route("get", "/gateway", self._gateway, auth=False)
        self.unknown()

    # Itself

    async def _me(self, _: Ask) -> web.Response:
        return web.json_response(
            {**self.bot.json(), "verified": True, "mfa_enabled": True, "email": None, "flags": 0}
        )

    async def _application(self, _: Ask) -> web.Response:
        return web.json_response({
            "id": self.app_id, "name": self.bot.name, "icon": None, "description": "", "bot_public": False,
            "bot_require_code_grant": False, "verify_key": "0" * 64, "flags": 0, "summary": "", "rpc_origins": [],
            "owner": {**self.bot.json(), "bot": False}, "team": None, "interactions_endpoint_url": None,
            "approximate_guild_count": len(self.guilds), "integration_types_config": {"0": {}}, **self.page,
        })  # fmt: skip

    async def _gateway(self, _: Ask) -> web.Response:
        return web.json_response({"url": self.gateway_url})

    async def _gateway_bot(self, _: Ask) -> web.Response:
        left = {
            "total": 1_000,
            "remaining": 1_000 - len(self.identifies),
            "reset_after": 0,
            "max_concurrency": 1,
        }
        return web.json_response(
            {"url": self.gateway_url, "shards": self.shards, "session_start_limit": left}
        )

    # Commands

    async def _registered(self, ask: Ask) -> web.Response:
        guild = self._own(ask)
        try:
            need(isinstance(ask.body, list), "commands that are no list")
            check_commands(ask.body)
        except Refused as wrong:
            self.refuse_form(ask, str(wrong))
        former = {(each["type"], each["name"]): each["id"] for each in self.commands.get(guild, ())}
        made: list[Json] = []
        for each in ask.body:
            kind = each.get("type", 1)
            said: Json = {
                "default_member_permissions": None, "dm_permission": True, "nsfw": False, "description": "",
                "integration_types": [0], "contexts": None, **each, "type": kind, "application_id": self.app_id,
                "version": self.snowflake(), "id": former.get((kind, each["name"])) or self.snowflake(),
            }  # fmt: skip
            made.append({**said, "guild_id": guild} if guild else said)
        self.commands[guild] = made
        self.changed()
        return web.json_response(made)

    async def _listed(self, ask: Ask) -> web.Response:
        full = ask.query.get("with_localizations", "").lower() in {"true", "1"}
        hidden = {"name_localizations", "description_localizations"}

        def bare(each: Any) -> Any:
            if isinstance(each, list):
                return [bare(one) for one in each]
            if isinstance(each, dict) and not full:
                return {key: bare(value) for key, value in each.items() if key not in hidden}
            return each

        return web.json_response(bare(self.commands.get(self._own(ask), [])))

    def _own(self, ask: Ask) -> str:
        """The guild of a request about commands, or nothing; refuses another application's."""
        if ask.ids["app"] != self.app_id:
            raise Refusal(0)
        if "guild" in ask.ids and ask.ids["guild"] not in self.guilds:
            raise Refusal(50001)
        return ask.ids.get("guild", "")

    # Where it is

    def _in(self, ask: Ask) -> Place:
        if ask.ids["guild"] not in self.guilds:
            raise Refusal(10004)
        return self.guilds[ask.ids["guild"]]

    async def _guilds(self, ask: Ask) -> web.Response:
        most, after = int(ask.query.get("limit", "200")), int(ask.query.get("after", "0"))
        if not 1 <= most <= 200:
            self.refuse_form(ask, f"a limit of {most}")
        every = sorted(self.guilds.values(), key=lambda each: int(each.id))
        return web.json_response([
            {"id": each.id, "name": each.name, "icon": None, "banner": None, "owner": False,
             "permissions": str(each.granted), "features": []}
            for each in every if int(each.id) > after
        ][:most])  # fmt: skip

    async def _guild(self, ask: Ask) -> web.Response:
        return web.json_response(self._in(ask).json(self.bot))

    async def _channels(self, ask: Ask) -> web.Response:
        return web.json_response([each.json() for each in self._in(ask).channels.values() if each.kind == 0])

    async def _roles(self, ask: Ask) -> web.Response:
        return web.json_response([self._in(ask).role()])

    async def _member(self, ask: Ask) -> web.Response:
        guild = self._in(ask)
        user = self.bot if ask.ids["user"] in {"@me", self.app_id} else guild.members.get(ask.ids["user"])
        if user is None:
            raise Refusal(10007)
        return web.json_response(guild.member(user))

    async def _user(self, ask: Ask) -> web.Response:
        user = self.users.get(ask.ids["user"])
        if user is None:
            raise Refusal(10013)
        return web.json_response(user.json())
