"""The profile: every field, who sees it, and a button to change it."""

from collections.abc import Mapping

from bot.dialogs.form import Answers, Args, Dialog, Refused
from bot.dialogs.signup import BOTH, MENTEE, MENTOR, field_of, keep_topics
from bot.dialogs.values import values_of
from bot.fields import Field
from bot.ports import button_id
from bot.turn import Action, Item, Message, Replies, Say, Start, Turn, say
from core import users
from core.levels import levels_of
from core.store.types import Json
from core.users import HELPS, WANTS, User

EVERYBODY = ("name", "role", "languages", "zone", "free")
MENTEES = ("wants", "goal")
MENTORS = ("helps", "budget", "formats")


def keys_of(user: User) -> tuple[str, ...]:
    """List the parts of a profile that make sense for somebody."""
    return (*EVERYBODY, *(MENTORS if user.mentor else ()), *(MENTEES if user.mentee else ()))


def value_of(turn: Turn, user: User, key: str) -> Json:
    """Give one part of a profile as its field would answer it."""
    match key:
        case "role":
            return BOTH if user.mentor and user.mentee else MENTOR if user.mentor else MENTEE
        case "helps" | "wants":
            side = HELPS if key == "helps" else WANTS
            return [list(each) for each in users.topics_of(turn.tx, user.id, side)]
        case "budget":
            return user.budget_hours
        case "free":
            return [list(span) for span in user.free]
        case "languages":
            return list(user.languages)
        case "formats":
            return list(user.formats)
        case "name":
            return user.name
        case "goal":
            return user.goal
        case _:
            return user.zone


def show(turn: Turn, words: str) -> Replies:
    """Show everything that is kept for matching, and who sees it."""
    del words
    items = tuple(
        Item(
            f"profile.show.{key}",
            {"value": shown_of(turn, key), "assumed": turn.me.zone_assumed},
            (Action(button_id("edit", key), "profile.button.edit"),),
        )
        for key in keys_of(turn.me)
    )
    return (Say((Message("profile.shown", {"name": turn.me.name}, items=items),)),)


def shown_of(turn: Turn, key: str) -> Json:
    """Give one part as it is shown: days that are free at the same hours are one stretch [first, last, from, to]."""
    if key != "free":
        return value_of(turn, turn.me, key)
    stretches: list[list[int]] = []
    for day, start, end in sorted(turn.me.free, key=lambda span: (span[1], span[2], span[0])):
        last = stretches[-1] if stretches else None
        if last is not None and last[1:] == [day - 1, start, end]:
            last[1] = day
        else:
            stretches.append([day, day, start, end])
    return sorted(stretches)


def edit(turn: Turn, arg: str) -> Replies:
    """Change one part."""
    if arg not in keys_of(turn.me):
        return (say("profile.unknown"),)
    return (Start("profile", {"field": arg}),)


def fields(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    """Ask for the one part."""
    del answers
    return (field_of(str(args["field"]), turn, required=args["field"] == "helps"),)


def initial(turn: Turn, args: Args) -> Mapping[str, Json]:
    """Prefill what is there."""
    key = str(args["field"])
    return {key: value_of(turn, turn.me, key)}


def finish(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    """Keep the change."""
    key = str(args["field"])
    answer = answers[key]
    me = turn.me.id
    if key in ("helps", "wants"):
        keep_topics(turn, me, HELPS if key == "helps" else WANTS, levels_of(answer))
        users.touch(turn.tx, [me], turn.now)
    elif key == "role":
        if answer in (MENTOR, BOTH) and not users.topics_of(turn.tx, me, HELPS):
            users.change(turn.tx, me, turn.now, mentor=True, mentee=answer == BOTH)
            return (say("profile.changed"), Start("profile", {"field": "helps"}))
        users.change(turn.tx, me, turn.now, mentor=answer in (MENTOR, BOTH), mentee=answer in (MENTEE, BOTH))
    elif key == "zone":
        if answer is not None:
            users.change(turn.tx, me, turn.now, zone=str(answer), zone_assumed=False)
    elif key == "budget":
        hours = float(turn.policy.budget_hours) if answer is None else answer
        users.change(turn.tx, me, turn.now, budget_hours=hours)
    elif key in ("languages", "formats"):
        users.change(turn.tx, me, turn.now, **{key: list(values_of(answer))})
    else:
        users.change(turn.tx, me, turn.now, **{key: (answer or []) if key == "free" else answer})
    return (say("profile.changed", Action("profile", "profile.button.show")),)


PROFILE = Dialog("profile", fields, finish, initial=initial)
