"""What Slack delivers, read into what was heard: pure, and whatever a body holds, it never raises.

A person is addressed by the workspace (or, where a whole organisation installed the app, the organisation) that the
app was installed in. What did not come from a person, is not for the bot or cannot be understood is None.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.adapters.slack import events, forms
from bot.adapters.slack.payload import (
    NAME,
    Body,
    bodies_of,
    body_of,
    heard,
    id_in,
    is_whole,
    of_a_bot,
    ref,
    stamp_in,
    team_of,
    text_in,
    user_of,
)
from bot.adapters.slack.surface import Heard, Looked, Signal, Surface
from bot.adapters.slack.typed import from_mrkdwn, text_of
from bot.ports import Address, Command, Event, Json, Place, Pressed, Quoted, Search, Submitted

_COPY = re.compile(r" #\d{1,4}\Z", re.ASCII)
"""What is added where two elements of a block would have the same id."""


def parse(body: Mapping[str, Any], headers: Mapping[str, Sequence[str]]) -> Signal | None:
    """Read a delivery: an event, a command, or what somebody pressed, chose, filled in or looks for.

    The names of `headers` are in lower case; only Slack's count of retries is read from them.
    """
    team = team_of(body)
    if not team:
        return None
    match body.get("type"):
        case "event_callback":
            return events.event(body, team, again=_retried(headers))
        case "block_actions":
            return _pressed(body, team)
        case "block_suggestion":
            return _looked(body, team)
        case "view_submission":
            return _submitted(body, team)
        case "shortcut":
            return _shortcut(body, team)
        case "message_action":
            return _message_action(body, team)
        case None if "command" in body:
            return _command(body, team)
        case _:
            return None


def _retried(headers: Mapping[str, Sequence[str]]) -> bool:
    counts = headers.get("x-slack-retry-num") or ()
    return any(count.isdecimal() and bool(count.strip("0")) for count in counts)


# --- Commands and shortcuts -------------------------------------------------------------------------------------


def _command(body: Body, team: str) -> Heard | None:
    verb, words = (*from_mrkdwn(text_in(body.get("text"))).split(None, 1), "", "")[:2]
    surface = Surface(
        "private",
        channel=id_in(body.get("channel_id")),
        trigger=text_in(body.get("trigger_id")),
        respond=text_in(body.get("response_url")),
    )
    command = Command(verb.lower() or "help", words.strip())
    return heard(team, id_in(body.get("user_id")), surface.trigger, command, surface)


def _shortcut(body: Body, team: str) -> Heard | None:
    """Read a choice from the menu of shortcuts: it belongs to no chat, so its answer is a modal, as on Home."""
    trigger, name = text_in(body.get("trigger_id")), text_in(body.get("callback_id"))
    if not name:
        return None
    event_id = trigger or text_in(body.get("action_ts"))
    return heard(team, user_of(body), event_id, Command(name), Surface("home", trigger=trigger))


def _message_action(body: Body, team: str) -> Heard | None:
    """Read a choice from the menu of a message, with that message."""
    trigger, name = text_in(body.get("trigger_id")), text_in(body.get("callback_id"))
    user, message = user_of(body), body_of(body.get("message"))
    channel = id_in(body_of(body.get("channel")).get("id"))
    stamp = stamp_in(message.get("ts")) or stamp_in(body.get("message_ts"))
    if not name or not channel or not stamp:
        return None
    author = "" if of_a_bot(message) else id_in(message.get("user"))
    about = ref(team, user, channel, stamp)
    quoted = Quoted(Address(NAME, f"{team}/{author}") if author else None, text_of(message), about)
    respond = text_in(body.get("response_url"))
    surface = Surface("private", channel=channel, message=stamp, trigger=trigger, respond=respond)
    event_id = trigger or text_in(body.get("action_ts"))
    return heard(team, user, event_id, Command(name), surface, message=about, quoted=quoted)


# --- Buttons, forms and searches --------------------------------------------------------------------------------


def _pressed(body: Body, team: str) -> Heard | None:
    user, surface = user_of(body), _surface(body)
    action, event = next(
        ((each, read) for each in bodies_of(body.get("actions")) if (read := _action(each))), ({}, None)
    )
    if surface is None or event is None:
        return None
    event_id = surface.trigger or text_in(action.get("action_ts")) or _version(surface)
    place = message = None
    if surface.message:
        message = ref(team, user, surface.channel, surface.message)
        place = None if surface.kind == "chat" else Place(NAME, f"{team}/{surface.channel}")
    return heard(team, user, event_id, event, surface, message=message, place=place)


def _surface(body: Body) -> Surface | None:
    trigger, respond = text_in(body.get("trigger_id")), text_in(body.get("response_url"))
    container, view = body_of(body.get("container")), body_of(body.get("view"))
    if view:
        kind = view.get("type")
        if not isinstance(kind, str) or kind not in {"modal", "home"}:
            return None
        return _view(view, trigger, home=kind == "home")
    channel = id_in(container.get("channel_id")) or id_in(body_of(body.get("channel")).get("id"))
    if not channel:
        return None
    # What only one person sees is no message that could be changed by its time stamp.
    if container.get("is_ephemeral") is True:
        return Surface("private", channel=channel, trigger=trigger, respond=respond)
    stamp = stamp_in(container.get("message_ts")) or stamp_in(body_of(body.get("message")).get("ts"))
    if channel.startswith("D"):
        return Surface("chat", channel=channel, message=stamp, trigger=trigger, respond=respond)
    return Surface("private", channel=channel, message=stamp, trigger=trigger, respond=respond)


def _view(view: Body, trigger: str, *, home: bool = False) -> Surface | None:
    view_id, version = id_in(view.get("id")), text_in(view.get("hash"))
    if not view_id:
        return None
    return Surface("home" if home else "modal", view=view_id, hash=version, trigger=trigger)


def _version(surface: Surface) -> str:
    return f"{surface.view}:{surface.hash}" if surface.view else ""


def _action(action: Body) -> Event | None:
    """Read a button, or an option of a question that was asked in the chat."""
    action_id = _COPY.sub("", text_in(action.get("action_id")))
    name, _, arg = action_id.partition(":")
    if name in {"set", "form"}:
        chosen = text_in(action.get("value")) or text_in(body_of(action.get("selected_option")).get("value"))
        return _option(chosen, opens=name == "form")
    return Pressed(name, arg) if name and action.get("type", "button") == "button" else None


def _option(value: str, *, opens: bool) -> Submitted | None:
    """Read the value of an option; the one that opens the form sets nothing, so that it is asked again."""
    try:
        given = body_of(json.loads(value))
    except (ValueError, RecursionError):
        return None
    run, key = given.get("run"), given.get("key")
    if not is_whole(run):
        return None
    if opens:
        return Submitted(run, {})
    return Submitted(run, {key: given["value"]}) if isinstance(key, str) and "value" in given else None


def _submitted(body: Body, team: str) -> Heard | None:
    view = body_of(body.get("view"))
    run, surface = forms.run_of(view), _view(view, text_in(body.get("trigger_id")))
    if run is None or surface is None:
        return None
    event = Submitted(run, {key: _with_team(value, team) for key, value in forms.values(view).items()})
    return heard(team, user_of(body), surface.trigger or _version(surface), event, surface)


def _with_team(value: Json, team: str) -> Json:
    """Put the workspace before a file's id: its token is the one that opens it."""
    return {**value, "id": f"{team}/{value['id']}"} if isinstance(value, dict) and "id" in value else value


def _looked(body: Body, team: str) -> Looked | None:
    name, source, *marks = (*_COPY.sub("", text_in(body.get("action_id"))).split(":"), "")
    user, typed = user_of(body), body.get("value")
    if name != "search" or not source or not user or not isinstance(typed, str):
        return None
    search = Search(Address(NAME, f"{team}/{user}"), source, typed)
    return Looked(team, search, free="free" in marks, levels="levels" in marks)
