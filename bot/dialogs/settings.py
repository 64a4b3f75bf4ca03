"""Settings: language, time zone, quiet hours, which messages; pause until a date, and come back."""

import re
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.dialogs.form import Answers, Args, Dialog, Refused
from bot.dialogs.values import values_of
from bot.fields import Choice, Day, Field, Option, Text
from bot.outbox.kinds import MUTABLE
from bot.ports import button_id
from bot.turn import Action, Item, Message, Replies, Say, Start, Turn, say
from core import reading, users, waits
from core.availability import local
from core.reading import Problem
from core.store.types import Json

KEYS = ("language", "zone", "quiet", "messages")
WALL = re.compile(r"^\s*(\d{1,2})(?:[:：.](\d{2}))?\s*(?:-|–|—|to|到|至|~)\s*(\d{1,2})(?:[:：.](\d{2}))?\s*$")
DAY_MINUTES = 24 * 60


def show(turn: Turn, words: str) -> Replies:
    """Show every setting with a button to change it."""
    del words
    items = tuple(
        Item(
            f"settings.show.{key}",
            {"value": value_of(turn, key), "assumed": turn.me.zone_assumed},
            (Action(button_id("setting", key), "settings.button.change"),),
        )
        for key in KEYS
    )
    paused = (
        turn.me.paused_until.isoformat() if users.paused(turn.me, turn.now) and turn.me.paused_until else None
    )
    action = (
        Action("resume", "settings.button.resume") if paused else Action("pause", "settings.button.pause")
    )
    return (Say((Message("settings.shown", {"paused": paused}, (action,), items),)),)


def value_of(turn: Turn, key: str) -> Json:
    """Give a setting as its field would answer it."""
    match key:
        case "language":
            return turn.locale
        case "zone":
            return turn.me.zone
        case "quiet":
            return f"{_clock(turn.me.quiet_from)}-{_clock(turn.me.quiet_to)}"
        case _:
            return [kind for kind in MUTABLE if kind not in turn.me.muted]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def change(turn: Turn, arg: str) -> Replies:
    """Change one setting."""
    del turn
    return (Start("settings", {"field": arg}),) if arg in KEYS else (say("settings.unknown"),)


def fields(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    """Ask for the one setting."""
    del answers
    match args["field"]:
        case "language":
            options = tuple(
                Option(code, turn.words.text("settings.language.name", {}, code, turn.zone))
                for code in turn.words.locales
            )
            return (Choice(key="language", options=options),)
        case "zone":
            return (Choice(key="zone", search="zones"),)
        case "quiet":
            return (Text(key="quiet", limit=40),)
        case _:
            return (Choice(key="messages", required=False, many=True, options=tuple(map(Option, MUTABLE))),)


def initial(turn: Turn, args: Args) -> Mapping[str, Json]:
    """Prefill what is set."""
    key = str(args["field"])
    return {key: value_of(turn, key)}


def finish(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    """Keep the setting; the answer comes in the new language."""
    key = str(args["field"])
    answer = answers[key]
    me = turn.me.id
    match key:
        case "language":
            users.change(turn.tx, me, turn.now, locale=str(answer))
        case "zone":
            users.change(turn.tx, me, turn.now, zone=str(answer), zone_assumed=False)
        case "quiet":
            hours = quiet_hours(str(answer))
            if isinstance(hours, Problem):
                return Refused(hours.key, {}, key)
            users.change(turn.tx, me, turn.now, quiet_from=hours[0], quiet_to=hours[1])
        case _:
            wanted = values_of(answer)
            users.change(turn.tx, me, turn.now, muted=[kind for kind in MUTABLE if kind not in wanted])
    done = Message("settings.changed", actions=(Action("settings", "settings.button.show"),))
    return (Say((done,), locale=str(answer) if key == "language" else None),)


def quiet_hours(text: str) -> tuple[int, int] | Problem:
    """Read quiet hours such as 21:00-08:00; the same time twice means none."""
    found = WALL.match(text)
    if found is None:
        return Problem("error.quiet")
    start, end = (int(found[at]) * 60 + int(found[at + 1] or 0) for at in (1, 3))
    if max(start, end) > DAY_MINUTES or int(found[2] or 0) > 59 or int(found[4] or 0) > 59:
        return Problem("error.quiet")
    return start % DAY_MINUTES, end % DAY_MINUTES


SETTINGS = Dialog("settings", fields, finish, initial=initial)


# --- Pause ------------------------------------------------------------------------------------------------------


def pause(turn: Turn, words: str) -> Replies:
    """Pause until a day; without one, ask."""
    if not words:
        return (Start("pause"),)
    today = turn.now.astimezone(ZoneInfo(turn.zone)).date()
    day = reading.until(words, today, turn.locale)
    if isinstance(day, Problem):
        return (say(day.key, **day.params),)
    return _paused(turn, local(day, 0, turn.zone))


def _until(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del args, answers
    today = turn.now.astimezone(ZoneInfo(turn.zone)).date()
    return (Day(key="until", earliest=today.isoformat()),)


def _pause(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    del args
    until = local(datetime.fromisoformat(str(answers["until"])).date(), 0, turn.zone)
    if until <= turn.now:
        return Refused("error.day.past", {"day": answers["until"]}, "until")
    return _paused(turn, until)


def _paused(turn: Turn, until: datetime) -> Replies:
    users.change(turn.tx, turn.me.id, turn.now, paused_until=until)
    waits.put(turn.tx, "pause.end", turn.me.id, until)
    return (say("pause.begun", Action("resume", "settings.button.resume"), until=until.isoformat()),)


def resume(turn: Turn, words: str) -> Replies:
    """Come back at once."""
    del words
    users.change(turn.tx, turn.me.id, turn.now, paused_until=None, stopped=False)
    waits.cancel(turn.tx, "pause.end", turn.me.id)
    return (say("pause.over"),)


PAUSE = Dialog("pause", _until, _pause)
