"""What the bot may do in a server: the permissions that it asks for, each with its reason, and how they are granted.

It asks for no more: with Manage Threads it could read every private thread of a server.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.adapters.discord.payload import Body, bodies_of, id_in, text_in

AUTHORIZE = "https://discord.com/oauth2/authorize"
SCOPES = ("bot", "applications.commands")
ADMINISTRATOR, MANAGE_THREADS = 1 << 3, 1 << 34
ROLE, MEMBER = 0, 1
"""Whom an overwrite of a channel is for."""
_BITS = re.compile(r"[0-9]{1,30}")


@dataclass(frozen=True, slots=True)
class Permission:
    """One of Discord's: its bit, the name that the settings of a server show, and what the bot needs it for."""

    bit: int
    name: str
    why: str


VIEW = Permission(1 << 10, "View Channels", "seeing the channels that the settings name")
SEND = Permission(1 << 11, "Send Messages", "offering requests in the claim channel")
CREATE = Permission(1 << 36, "Create Private Threads", "opening a thread for a new pair")
WRITE = Permission(1 << 38, "Send Messages in Threads", "bringing both into their thread, and writing there")

PERMISSIONS = (VIEW, SEND, CREATE, WRITE)
"""All that the bot is to be given."""
IN_ROOMS = (VIEW, CREATE, WRITE)
"""What it needs in a channel where pairs get their threads."""
IN_CLAIMS = (VIEW, SEND)
"""What it needs in the claim channel."""


def number(permissions: Iterable[Permission]) -> int:
    """Write permissions as Discord does."""
    return sum(each.bit for each in permissions)


def link(application: str) -> str:
    """Write the address at which an administrator adds the bot to a server, with all that it needs."""
    return f"{AUTHORIZE}?client_id={application}&scope={'+'.join(SCOPES)}&permissions={number(PERMISSIONS)}"


def application_in(token: str) -> str:
    """Read the id in the first part of a bot's token, which is no secret; empty where there is none."""
    part = token.partition(".")[0]
    try:
        found = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
    return id_in(found)


def missing(granted: int, needed: Sequence[Permission]) -> list[Permission]:
    """List what of it is not granted; without the sight of a channel nothing in it is."""
    if granted & ADMINISTRATOR:
        return []
    if VIEW in needed and not granted & VIEW.bit:
        return [*needed]
    return [each for each in needed if not granted & each.bit]


def bits_in(value: object) -> int:
    """Read permissions as Discord writes them; none for anything else."""
    written = text_in(value)
    return int(written) if _BITS.fullmatch(written) else 0


def granted(guild: str, channel: Body, roles: Sequence[Body], mine: Sequence[str], member: str) -> int:
    """Work out what a member with the roles `mine` may do in a channel.

    In this order: all roles together, then what the channel takes and gives everybody, their roles, and them alone.
    """
    held = {guild, *mine}
    may = 0
    for role in roles:
        may |= bits_in(role.get("permissions")) if id_in(role.get("id")) in held else 0
    if may & ADMINISTRATOR:
        return may
    overwrites = bodies_of(channel.get("permission_overwrites"))
    for kind, whose in ((ROLE, {guild}), (ROLE, set(mine)), (MEMBER, {member})):
        fitting = [each for each in overwrites if each.get("type") == kind and id_in(each.get("id")) in whose]
        denied = allowed = 0
        for each in fitting:
            denied |= bits_in(each.get("deny"))
            allowed |= bits_in(each.get("allow"))
        may = may & ~denied | allowed
    return may
