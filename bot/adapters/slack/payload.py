"""The parts of what Slack delivers, read with suspicion: what is not as it should be is empty."""

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from bot.adapters.slack.surface import Heard, Surface
from bot.ports import Address, Event, File, Incoming, Place, Quoted, Ref

Body = Mapping[str, Any]

NAME = "slack"
SLACKBOT = "USLACKBOT"
NOTHING: Body = {}
LARGEST = 2**63 - 1
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_STAMP = re.compile(r"\d{1,20}(\.\d{1,20})?", re.ASCII)


def body_of(value: object) -> Body:
    """Give an object; empty for anything else."""
    return value if isinstance(value, Mapping) else NOTHING


def bodies_of(value: object) -> list[Body]:
    """Give the objects of a list."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def text_in(value: object) -> str:
    """Give a text."""
    return value if isinstance(value, str) else ""


def id_in(value: object) -> str:
    """Give the id of a person, workspace, channel, view or file."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def stamp_in(value: object) -> str:
    """Give the time stamp that names a message in its channel."""
    return value if isinstance(value, str) and _STAMP.fullmatch(value) else ""


def is_whole(value: object) -> TypeGuard[int]:
    """Whether a value is a number that a run, or the size of a file, may have."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


def team_of(body: Body) -> str:
    """Find where the app was installed that this was delivered to: the workspace, else the organisation."""
    authorized = next(iter(bodies_of(body.get("authorizations"))), NOTHING)
    team, view = body_of(body.get("team")), body_of(body.get("view"))
    organisation = (
        id_in(authorized.get("enterprise_id"))
        or id_in(body_of(body.get("enterprise")).get("id"))
        or id_in(body.get("enterprise_id"))
        or id_in(team.get("enterprise_id"))
    )
    if organisation and (_whole_organisation(authorized) or _whole_organisation(body)):
        return organisation
    return (
        id_in(authorized.get("team_id"))
        or id_in(view.get("app_installed_team_id"))
        or id_in(team.get("id"))
        or id_in(body.get("team_id"))
        or organisation
    )


def _whole_organisation(body: Body) -> bool:
    flag = body.get("is_enterprise_install")
    return flag is True or flag == "true"


def user_of(body: Body) -> str:
    """Find who pressed, chose or filled in something."""
    return id_in(body_of(body.get("user")).get("id"))


def of_a_bot(message: Body) -> bool:
    """Whether a message was written by this bot or another one."""
    return (
        bool(message.get("bot_id"))
        or bool(message.get("bot_profile"))
        or message.get("subtype") == "bot_message"
        or message.get("user") == SLACKBOT
    )


def ref(team: str, user: str, channel: str, stamp: str) -> Ref:
    """Name a message: in the chat of the person who acted, or in a channel."""
    chat = user if channel.startswith("D") else channel
    return Ref(NAME, f"{team}/{chat}", f"{channel}/{stamp}")


def files_of(message: Body, team: str) -> tuple[File, ...]:
    """Read the files of a message; their ids carry the workspace, whose token opens them."""
    found = []
    for file in bodies_of(message.get("files")):
        if file_id := id_in(file.get("id")):
            name = text_in(file.get("name")) or text_in(file.get("title")) or file_id
            mime = text_in(file.get("mimetype")) or "application/octet-stream"
            size = file.get("size")
            found.append(File(f"{team}/{file_id}", name, mime, size if is_whole(size) else 0))
    return tuple(found)


def heard(
    team: str,
    user: str,
    event_id: str,
    event: Event,
    surface: Surface,
    *,
    again: bool = False,
    message: Ref | None = None,
    reply_to: Ref | None = None,
    place: Place | None = None,
    files: tuple[File, ...] = (),
    quoted: Quoted | None = None,
) -> Heard | None:
    """Put an event together; nothing that has no author or no id is one."""
    if not user or not event_id:
        return None
    who = Address(NAME, f"{team}/{user}")
    incoming = Incoming(event_id, who, event, place, message, reply_to, files, quoted)
    return Heard(team, user, incoming, surface, again)
