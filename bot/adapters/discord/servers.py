"""What `check` says of the servers that the bot is in, and of the channels there that the settings name."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.adapters.discord.inquiry import Inquiry
from bot.adapters.discord.payload import Body, bodies_of, id_in, is_whole, text_in, texts_in
from bot.adapters.discord.permissions import (
    ADMINISTRATOR,
    IN_CLAIMS,
    IN_ROOMS,
    MANAGE_THREADS,
    PERMISSIONS,
    Permission,
    bits_in,
    granted,
    missing,
)
from bot.ports import Finding
from bot.richtext import name as harmless

PAGE = 200
"""Servers that Discord lists at once."""
NAMED = 5
"""Servers that are named, of those that something is said of."""
TEXT, NEWS = 0, 5
"""Kinds of channels in which people write."""
UNKNOWN, NO_ACCESS = 10003, 50001
INVITE = "`mentorbot invite discord` prints the link that adds the bot to a server."
AGAIN = (
    "Open the link that `mentorbot invite discord` prints once more, and leave all boxes ticked; or give them to the "
    "bot's role, in the server's settings under Roles."
)
TAKE = "Take Manage Threads and Administrator from the bot's role, in the server's settings under Roles."


@dataclass(frozen=True, slots=True)
class Looked:
    """A channel that was looked at: the server it is in, where one was found, and what is to be said."""

    guild: str
    finding: Finding


async def look(inquiry: Inquiry, bot: str, room_channels: Sequence[str], claim_channel: str) -> list[Finding]:
    """Look at the servers, and at each channel that is named; `claim_channel` is an id, or nothing."""
    wanted = [
        *(
            (f"discord room channel {number}", f"number {number} of discord.room_channels", channel, IN_ROOMS)
            for number, channel in enumerate(room_channels, 1)
        ),
        *(
            [("discord claim channel", "requests.claim_channel", claim_channel, IN_CLAIMS)]
            * bool(claim_channel)
        ),
    ]
    told = await inquiry.ask(f"/users/@me/guilds?limit={PAGE}", list)
    servers = {id_in(each.get("id")): each for each in bodies_of(told.body)}
    names = {guild: harmless(text_in(each.get("name"))) or guild for guild, each in servers.items()}
    looked = await asyncio.gather(*(_channel(inquiry, bot, names, *each) for each in wanted))
    findings = [_servers(names)] if not told.why else []
    if told.why:
        remedy = "Try again." if told.reached else inquiry.unreachable
        findings.append(Finding("discord servers", "fault", told.why, remedy))
    elif servers:
        findings.append(_permissions(servers, names, {each.guild for each in looked}))
    return [
        *findings,
        *_once_each(looked[: len(room_channels)]),
        *(each.finding for each in looked[len(room_channels) :]),
    ]


def _servers(names: Mapping[str, str]) -> Finding:
    name = "discord servers"
    if not names:
        return Finding(name, "warning", "the bot is in none yet", INVITE)
    if len(names) == PAGE:
        return Finding(name, "ok", f"it is in {PAGE} or more; the first {PAGE} were looked at")
    return Finding(name, "ok", f"it is in {_listed(list(names.values()))}")


def _permissions(servers: Mapping[str, Body], names: Mapping[str, str], looked: Collection[str]) -> Finding:
    """Tell of too much, and of too little; where a channel was looked at, that tells more."""
    name = "discord permissions"
    may = {guild: bits_in(each.get("permissions")) for guild, each in servers.items()}
    much = [names[guild] for guild, bits in may.items() if bits & (ADMINISTRATOR | MANAGE_THREADS)]
    if much:
        seen = f"the bot may read all private threads in {_listed(much)}, and needs to read none"
        return Finding(name, "warning", seen, TAKE)
    little = {guild: found for guild, bits in may.items() if (found := missing(bits, PERMISSIONS))}
    few = [f"{names[guild]} ({_named(found)})" for guild, found in little.items() if guild not in looked]
    if few:
        return Finding(name, "warning", f"the bot was not given everything in {_listed(few)}", AGAIN)
    return Finding(name, "ok", "it has what it needs, and no more sight than that")


async def _channel(
    inquiry: Inquiry,
    bot: str,
    names: Mapping[str, str],
    name: str,
    setting: str,
    channel: str,
    needed: Sequence[Permission],
) -> Looked:
    """Look at one channel, which `setting` names."""
    told = await inquiry.ask(f"/channels/{channel}")
    if told.why:
        return Looked("", _unseen(inquiry, name, setting, told.why, told.code, told.reached, needed))
    kind, guild = told.body.get("type"), id_in(told.body.get("guild_id"))
    kinds = (TEXT,) if needed is IN_ROOMS else (TEXT, NEWS)
    if not guild or not is_whole(kind) or kind not in kinds:
        seen = f"{setting} is no text channel of a server"
        remedy = "Write the id of one: switch on the developer mode, then right-click the channel, Copy Channel ID."
        return Looked(guild, Finding(name, "fault", seen, remedy))
    roles, member = await asyncio.gather(
        inquiry.ask(f"/guilds/{guild}/roles", list), inquiry.ask(f"/guilds/{guild}/members/{bot}")
    )
    for each in (roles, member):
        if each.why:
            remedy = "Try again." if each.reached else inquiry.unreachable
            return Looked(guild, Finding(name, "fault", f"{setting}: {each.why}", remedy))
    mine = [id_in(role) for role in texts_in(member.body.get("roles"))]
    lacks = missing(granted(guild, told.body, bodies_of(roles.body), mine, bot), needed)
    where = f"#{harmless(text_in(told.body.get('name')))} in {names.get(guild, 'a server')}"
    if lacks:
        return Looked(
            guild, Finding(name, "fault", f"in {where} the bot lacks: {_named(lacks)}", _allow(lacks))
        )
    use = (
        "new pairs get their threads" if needed is IN_ROOMS else "requests that nobody has taken are offered"
    )
    return Looked(guild, Finding(name, "ok", f"in {where} {use}"))


def _unseen(
    inquiry: Inquiry,
    name: str,
    setting: str,
    why: str,
    code: int,
    reached: bool,
    needed: Sequence[Permission],
) -> Finding:
    if code == UNKNOWN:
        seen, remedy = (
            f"{setting} is a channel that Discord does not know",
            "Copy its id anew, or leave it out.",
        )
    elif code == NO_ACCESS:
        seen, remedy = f"{setting} is a channel that the bot may not see", f"{_allow(needed)} {INVITE}"
    else:
        seen, remedy = f"{setting}: {why}", "Try again." if reached else inquiry.unreachable
    return Finding(name, "fault", seen, remedy)


def _once_each(looked: Sequence[Looked]) -> list[Finding]:
    """Tell of a second channel of the same server, which is never used."""
    first: dict[str, int] = {}
    findings = []
    for number, each in enumerate(looked, 1):
        finding = each.finding
        if finding.state == "ok" and first.setdefault(each.guild, number) != number:
            seen = f"numbers {first[each.guild]} and {number} of discord.room_channels are of the same server"
            finding = Finding(finding.name, "warning", seen, "Leave one of them out: the first is used.")
        findings.append(finding)
    return findings


def _allow(lacks: Sequence[Permission]) -> str:
    return f"In the channel's settings, under Permissions, add the bot's role and allow: {_named(lacks)}."


def _named(permissions: Sequence[Permission]) -> str:
    return ", ".join(each.name for each in permissions)


def _listed(names: Sequence[str]) -> str:
    """Name some, and count the rest."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
