"""Whether Discord would work with these settings: asked of Discord, told in words, with the remedy and no secret."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.adapters.clocks import compared
from bot.adapters.discord import servers
from bot.adapters.discord.commands import digest
from bot.adapters.discord.inquiry import ODD, Inquiry, Told
from bot.adapters.discord.payload import (
    Body,
    bodies_of,
    body_of,
    id_in,
    name_of,
    number_in,
    text_in,
    texts_in,
)
from bot.adapters.discord.permissions import PERMISSIONS, SCOPES, bits_in, missing
from bot.ports import Finding
from bot.richtext import name as harmless

PATIENCE = 10.0
"""Seconds for one call."""
APPLICATION = "/oauth2/applications/@me"
EACH = 2500
"""Servers that one shard may have."""
SERVERS = "0"
"""The kind of installation that puts a bot into a server."""
FEW = 50
"""Beginnings of sessions that a day should still have: each shard takes one, and so does each lost session."""

_TOKEN = re.compile(r"[\w-]{2,60}\.[\w-]{4,20}\.[\w-]{20,120}", re.ASCII)

COPY = "On the application's page, under Bot, press Reset Token, and copy the new one to discord.token."
PAGE = "On the application's page, under"


async def check(
    token: str,
    api_url: str,
    gateway_url: str,
    shards: int,
    room_channels: Sequence[str],
    claim_channel: str,
    commands: Sequence[Mapping[str, Any]],
    now: datetime,
    patience: float = PATIENCE,
) -> Sequence[Finding]:
    """Look at the token, the application, its commands, its servers, the gateway and the clock.

    `claim_channel` is the id of a channel, or nothing; `commands` are those that would be registered; `now` is aware,
    and the moment of this call; each call has `patience` seconds. Nothing is sent to anybody and nothing registered,
    and no session begins.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    times: list[timedelta] = []

    def note_time(sent: datetime) -> None:
        times.append(now + timedelta(seconds=loop.time() - begun) - sent)

    if not _TOKEN.fullmatch(token):
        return [Finding("discord token", "fault", f"discord.token is {_kind(token)}", COPY)]
    async with aiohttp.ClientSession() as session:
        inquiry = Inquiry(token, api_url.rstrip("/"), session, patience, note_time)
        me = await inquiry.ask("/users/@me")
        findings = [_whose(inquiry, me)]
        if findings[0].state == "ok":
            bot, app = id_in(me.body.get("id")), await inquiry.ask(APPLICATION)
            count = number_in(body_of(app.body).get("approximate_guild_count"))
            parts = await asyncio.gather(
                _application(inquiry, app, commands),
                servers.look(inquiry, bot, room_channels, claim_channel),
                _gateway(inquiry, gateway_url, shards, count),
            )
            findings += [finding for part in parts for finding in part]
    if times:
        findings.append(compared("Discord", min(times, key=abs)))
    return findings


async def application(token: str, api_url: str, patience: float = PATIENCE) -> Told:
    """Ask which application a token is of."""
    async with aiohttp.ClientSession() as session:
        inquiry = Inquiry(token, api_url.rstrip("/"), session, patience, lambda _: None)
        return await inquiry.ask(APPLICATION)


def _kind(token: str) -> str:
    """Say what stands in the place of a token."""
    if token.startswith(("xox", "xapp-")):
        return "a token of Slack's"
    if re.fullmatch(r"\d+:.+", token, re.DOTALL):
        return "a token of Telegram's"
    return "empty" if not token else "no token of a bot: that has three parts, with dots between them"


def _whose(inquiry: Inquiry, me: Told) -> Finding:
    name = "discord token"
    if me.why:
        return Finding(name, "fault", f"discord.token: {me.why}", COPY if me.unknown else _again(inquiry, me))
    bot = id_in(me.body.get("id"))
    if not bot:
        return Finding(name, "fault", f"discord.token: {ODD}", inquiry.unreachable)
    return Finding(name, "ok", f"it is {harmless(name_of(me.body)) or 'the bot'}, the bot {bot}")


def _again(inquiry: Inquiry, told: Told) -> str:
    return "Try again." if told.reached else inquiry.unreachable


# --- The application --------------------------------------------------------------------------------------------


async def _application(inquiry: Inquiry, told: Told, commands: Sequence[Mapping[str, Any]]) -> list[Finding]:
    number = id_in(body_of(told.body).get("id"))
    if not number:
        return [Finding("discord application", "fault", told.why or ODD, _again(inquiry, told))]
    listed = await inquiry.ask(f"/applications/{number}/commands?with_localizations=true", list)
    return [*_settings(told.body), _commands(inquiry, listed, commands)]


def _settings(app: Body) -> list[Finding]:
    """Tell of what is set on the application's page, and of what there is in the way."""
    public = app.get("bot_public") is not False
    who = "anybody may add it to a server" if public else "its owner alone may add it to servers"
    seen = f"{harmless(text_in(app.get('name'))) or 'it'}: {who}"
    findings = [Finding("discord application", "ok", seen)]
    if endpoint := text_in(app.get("interactions_endpoint_url")):
        seen = f"an Interactions Endpoint URL is set, so that commands and presses go to {_host(endpoint)}"
        remedy = f"{PAGE} General Information, empty it, and press Save Changes."
        findings.append(Finding("discord endpoint", "fault", seen, remedy))
    if app.get("bot_require_code_grant") is True:
        seen = "Requires OAuth2 Code Grant is on, so that no link adds the bot to a server"
        findings.append(Finding("discord code grant", "fault", seen, f"{PAGE} Bot, switch it off."))
    return [*findings, *_installation(app)]


def _installation(app: Body) -> list[Finding]:
    """Tell what becomes of who adds the bot by other ways than our link."""
    name, kinds = "discord installation", body_of(app.get("integration_types_config"))
    if kinds and SERVERS not in kinds:
        seen = "the bot can be added to people's accounts alone, and not to servers"
        return [
            Finding(name, "fault", seen, f"{PAGE} Installation, tick Guild Install, and press Save Changes.")
        ]
    params = body_of(body_of(kinds.get(SERVERS)).get("oauth2_install_params"))
    lacks = _lacking(params or body_of(app.get("install_params")))
    if not lacks:
        return []
    seen = f"who presses Add App in the bot's profile gives it too little; it lacks: {lacks}"
    remedy = (
        f"{PAGE} Installation, add that to the Default Install Settings, or set the Install Link to None; "
        "`mentorbot invite discord` prints a link that is complete."
    )
    return [Finding(name, "warning", seen, remedy)]


def _lacking(params: Body) -> str:
    if not params:
        return ""
    given = texts_in(params.get("scopes"))
    lacks = [f"the scope {scope}" for scope in SCOPES if scope not in given]
    if "bot" in given:
        lacks += [each.name for each in missing(bits_in(params.get("permissions")), PERMISSIONS)]
    return ", ".join(lacks)


def _commands(inquiry: Inquiry, told: Told, ours: Sequence[Mapping[str, Any]]) -> Finding:
    name = "discord commands"
    if told.why:
        return Finding(name, "fault", told.why, _again(inquiry, told))
    theirs = bodies_of(told.body)
    if not theirs:
        return Finding(name, "warning", "none are registered yet", "`mentorbot run` registers them.")
    if digest(theirs) != digest(ours):
        seen = "others are registered than those of this release"
        return Finding(name, "warning", seen, "`mentorbot run` registers its own in their place.")
    return Finding(name, "ok", "they are registered")


# --- The gateway ------------------------------------------------------------------------------------------------


async def _gateway(inquiry: Inquiry, gateway_url: str, shards: int, count: int) -> list[Finding]:
    told, closed = await asyncio.gather(inquiry.ask("/gateway/bot"), inquiry.greeting(gateway_url))
    name = "discord gateway"
    if closed:
        remedy = inquiry.unreachable.replace("discord.api_url", "discord.gateway_url")
        return [Finding(name, "fault", f"the gateway is not reached: {closed}", remedy)]
    limit = body_of(body_of(told.body).get("session_start_limit"))
    if not limit:
        return [Finding(name, "fault", told.why or ODD, _again(inquiry, told))]
    advised = number_in(told.body.get("shards"))
    return [_starts(limit, max(1, shards)), _shards(advised, shards, count)]


def _starts(limit: Body, needed: int) -> Finding:
    """Tell how often a session can still begin today."""
    name, left, total = "discord gateway", number_in(limit.get("remaining")), number_in(limit.get("total"))
    hours = max(1, round(number_in(limit.get("reset_after")) / 3_600_000))
    seen = f"{left} of {total} sessions may still begin within {hours} h"
    remedy = (
        "See in the log why the service, or another program with the same token, connects again and again."
    )
    if left < needed:
        return Finding(name, "fault", seen, f"{remedy} Until then it cannot connect.")
    if left < FEW * needed:
        return Finding(name, "warning", seen, remedy)
    return Finding(name, "ok", f"it answers; {seen}")


def _shards(advised: int, shards: int, count: int) -> Finding:
    """Tell whether so many shards do for so many servers; none is one connection, which is like one."""
    name, have = "discord shards", max(1, shards)
    remedy = f"Set discord.shards to {max(advised, -(-count // EACH))}."
    if count > have * EACH:
        seen = f"the bot is in about {count:,} servers, and Discord takes {EACH:,} for a shard"
        return Finding(name, "fault", seen, remedy)
    if advised > have:
        seen = f"discord.shards is {shards}, and Discord advises {advised}; it takes {EACH:,} servers for a shard"
        return Finding(name, "warning", seen, remedy)
    return Finding(name, "ok", f"discord.shards is {shards}, which does")


def _host(url: str) -> str:
    """Give the name in an address: what stands behind it may be somebody's secret."""
    return harmless(urlsplit(url).hostname or "?")
