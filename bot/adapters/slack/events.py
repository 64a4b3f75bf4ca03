"""Events of Slack's Events API, read: what people write to the bot, open and change; what becomes of the app."""

from bot.adapters.slack.payload import (
    SLACKBOT,
    Body,
    body_of,
    files_of,
    heard,
    id_in,
    of_a_bot,
    ref,
    stamp_in,
    text_in,
)
from bot.adapters.slack.surface import Changed, Heard, Left, Signal, Surface
from bot.adapters.slack.typed import text_of
from bot.ports import Deleted, Edited, Opened, Said

SAID = {None, "file_share", "me_message", "thread_broadcast"}
"""The subtypes of a message in which a person says something."""


def event(body: Body, team: str, *, again: bool) -> Signal | None:
    """Read the event in its envelope."""
    inner, event_id = body_of(body.get("event")), text_in(body.get("event_id"))
    match inner.get("type"):
        case "message" if inner.get("channel_type") == "im":
            return _message(inner, event_id, team, again=again)
        case "app_home_opened" if inner.get("tab") == "home":
            view = body_of(inner.get("view"))
            home = Surface("home", view=id_in(view.get("id")), hash=text_in(view.get("hash")))
            return heard(team, id_in(inner.get("user")), event_id, Opened("home"), home, again=again)
        case "user_change":
            return _changed(body_of(inner.get("user")), team)
        case "app_uninstalled":
            return Left(team, "app_uninstalled")
        case "tokens_revoked" if body_of(inner.get("tokens")).get("bot"):
            return Left(team, "tokens_revoked")
        case _:
            return None


def _changed(user: Body, team: str) -> Changed | None:
    user_id = id_in(user.get("id"))
    if not user_id or user_id == SLACKBOT or user.get("is_bot") is True:
        return None
    return Changed(team, user_id, user.get("deleted") is True)


def _message(inner: Body, event_id: str, team: str, *, again: bool) -> Heard | None:
    subtype, after = inner.get("subtype"), body_of(inner.get("message"))
    # A message that others answered in its thread stays as a tombstone.
    if subtype == "message_deleted" or (subtype == "message_changed" and after.get("subtype") == "tombstone"):
        return _deleted(inner, event_id, team, again=again)
    if subtype == "message_changed":
        return _edited(inner, after, event_id, team, again=again)
    if subtype is None or (isinstance(subtype, str) and subtype in SAID):
        return _said(inner, event_id, team, again=again)
    return None


def _said(inner: Body, event_id: str, team: str, *, again: bool) -> Heard | None:
    channel, user, stamp = id_in(inner.get("channel")), id_in(inner.get("user")), stamp_in(inner.get("ts"))
    said, files = Said(text_of(inner)), files_of(inner, team)
    if not channel or not stamp or of_a_bot(inner) or not (said.text or files):
        return None
    thread = stamp_in(inner.get("thread_ts"))
    return heard(
        team,
        user,
        event_id,
        said,
        Surface("chat", channel=channel, message=stamp),
        again=again,
        message=ref(team, user, channel, stamp),
        reply_to=ref(team, user, channel, thread) if thread and thread != stamp else None,
        files=files,
    )


def _edited(inner: Body, after: Body, event_id: str, team: str, *, again: bool) -> Heard | None:
    channel, user, stamp = id_in(inner.get("channel")), id_in(after.get("user")), stamp_in(after.get("ts"))
    before, text = body_of(inner.get("previous_message")), text_of(after)
    # A preview that was added, or a language that was recognised, changes no words.
    same = text == text_of(before) if before else "edited" not in after
    if not channel or not stamp or not text or same or of_a_bot(after):
        return None
    surface = Surface("chat", channel=channel, message=stamp)
    message = ref(team, user, channel, stamp)
    return heard(team, user, event_id, Edited(text), surface, again=again, message=message)


def _deleted(inner: Body, event_id: str, team: str, *, again: bool) -> Heard | None:
    before = body_of(inner.get("previous_message"))
    channel, user = id_in(inner.get("channel")), id_in(before.get("user"))
    stamp = stamp_in(inner.get("deleted_ts")) or stamp_in(before.get("ts"))
    if not channel or not stamp or of_a_bot(before):
        return None
    surface = Surface("event", channel=channel, message=stamp)
    message = ref(team, user, channel, stamp)
    return heard(team, user, event_id, Deleted(), surface, again=again, message=message)
