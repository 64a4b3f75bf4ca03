"""Block and report: one press away in every message from a person."""

from collections.abc import Mapping

from sqlalchemy import insert

from bot.dialogs.form import Answers, Args, Dialog, Refused
from bot.fields import Confirm, Field, Text
from bot.mentorships import endings
from bot.outbox import box
from bot.outbox.box import Letter
from bot.ports import button_id
from bot.turn import Action, Item, Message, Replies, Say, Start, Turn, say
from core import mentorships, users
from core.store.tables import reports
from core.store.types import Json

QUOTE_LIMIT = 2000


def report(turn: Turn, arg: str) -> Replies:
    """Report somebody to the organisers, with the message that was acted on."""
    args: dict[str, Json] = {"about": _who(turn, arg)}
    quoted = turn.origin.quoted
    if quoted is not None:
        args["quoted"] = quoted.text[:QUOTE_LIMIT]
        account = users.account_at(turn.tx, quoted.author) if quoted.author else None
        args["about"] = account.user_id if account else args["about"]
    return (Start("report", args),)


def _who(turn: Turn, arg: str) -> int | None:
    """Find whom it is about: the one named by a button, else the only partner."""
    if arg.isdecimal():
        person = users.get(turn.tx, int(arg))
        return person.id if person and person.id != turn.me.id else None
    partners = {pair.partner(turn.me.id) for pair in mentorships.of_user(turn.tx, turn.me.id, active=False)}
    return partners.pop() if len(partners) == 1 else None


def _about(turn: Turn, args: Args) -> Mapping[str, Json]:
    about = args.get("about")
    person = users.get(turn.tx, about) if isinstance(about, int) else None
    return {"name": person.name if person else ""}


def _words(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del args, answers
    return (Text(key="words", limit=turn.policy.text_limit, lines=True),)


def _reported(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    about = args.get("about")
    person = users.get(turn.tx, about) if isinstance(about, int) else None
    body = {"words": answers["words"], "quoted": args.get("quoted")}
    report_id = turn.tx.execute(
        insert(reports)
        .values(
            reporter_id=turn.me.id,
            about_id=person.id if person else None,
            body=body,
            state="open",
            created_at=turn.now,
        )
        .returning(reports.c.id)
    ).scalar_one()
    message = Message(
        "report.received", {"reporter": turn.me.name, "about": person.name if person else None, **body}
    )
    for address in sorted(turn.organisers):
        once = f"report:{report_id}:{address}"
        box.put(turn.tx, turn.now, Letter("organiser", address, message, once, f"report:{report_id}"))
    ways = (Action(button_id("block", person.id), "safety.button.block", "danger"),) if person else ()
    return (say("report.sent" if turn.organisers else "report.kept", *ways),)


REPORT = Dialog("report", _words, _reported, params=_about)


def block(turn: Turn, arg: str) -> Replies:
    """Ask whether to block somebody; without a name, choose among the people one has met."""
    person = users.get(turn.tx, int(arg)) if arg.isdecimal() else None
    if person is not None and person.id != turn.me.id:
        return (Start("block", {"about": person.id}),)
    partners = dict.fromkeys(
        pair.partner(turn.me.id) for pair in mentorships.of_user(turn.tx, turn.me.id, active=False)
    )
    people = users.many(turn.tx, list(partners))
    if not people:
        return (say("block.nobody"),)
    items = tuple(
        Item(
            "room.item",
            {"partner": people[one].name},
            (Action(button_id("block", one), "safety.button.block", "danger"),),
        )
        for one in partners
    )
    return (Say((Message("block.which", items=items),)),)


def _sure(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del turn, args, answers
    return (Confirm(key="sure"),)


def _blocked(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    about = args["about"]
    if not isinstance(about, int) or users.get(turn.tx, about) is None or not answers["sure"]:
        return (say("block.kept"),)
    users.block(turn.tx, turn.me.id, about, turn.now)
    for pair in mentorships.of_user(turn.tx, turn.me.id):
        if pair.partner(turn.me.id) == about:
            endings.end(turn, pair, "apart")
    return (say("block.done", **_about(turn, args)),)


BLOCK = Dialog("block", _sure, _blocked, params=_about)
