"""Block and report: one press away in every message from a person."""

from collections.abc import Mapping

from sqlalchemy import insert

from bot.dialogs.form import Answers, Args, Dialog, Refused
from bot.fields import Confirm, Field, Text
from bot.mentorships import endings
from bot.outbox import box
from bot.outbox.box import Letter
from bot.ports import Quoted, button_id
from bot.rooms import relay
from bot.turn import Action, Item, Message, Replies, Say, Start, Turn, say
from core import mentorships, requests, users
from core.address import Address
from core.store.tables import reports
from core.store.types import Json
from core.users import User

QUOTE_LIMIT = 2000


def report(turn: Turn, arg: str) -> Replies:
    """Report somebody to the organisers, with the message that was acted on."""
    args: dict[str, Json] = {"about": _who(turn, arg)}
    quoted = turn.origin.quoted
    if quoted is not None and quoted.text.strip():
        author = _author(turn, quoted)
        if author != turn.me.id and not arg:
            args["about"] = author if _known_to(turn, author) else None
        args["quoted"] = shortened(quoted.text.strip())
        args["author"] = author if author is not None else str(quoted.author) if quoted.author else None
    return (Start("report", args),)


def shortened(text: str) -> str:
    """Cut a long quotation, and show that it was cut."""
    return text if len(text) <= QUOTE_LIMIT else text[: QUOTE_LIMIT - 1].rstrip() + "…"


def _who(turn: Turn, arg: str) -> int | None:
    """Find whom it is about: the one named by a button, else the only partner."""
    if arg.isdecimal():
        return int(arg) if _known_to(turn, int(arg)) else None
    partners = {pair.partner(turn.me.id) for pair in mentorships.of_user(turn.tx, turn.me.id, active=False)}
    return partners.pop() if len(partners) == 1 else None


def _known_to(turn: Turn, user_id: int | None) -> bool:
    """Tell whether the one who acts has met somebody here: nobody else is named to them, whatever id they try."""
    if user_id is None or user_id == turn.me.id:
        return False
    return requests.have_met(turn.tx, turn.me.id, user_id)


def _author(turn: Turn, quoted: Quoted) -> int | None:
    """Find who wrote a message: what the bot passed on in a room is the partner's."""
    pair = relay.replied_to(turn, quoted.ref) if quoted.ref else None
    if pair is not None:
        return pair.partner(turn.me.id)
    account = users.account_at(turn.tx, quoted.author) if quoted.author else None
    return account.user_id if account else None


def _author_name(turn: Turn, author: Json) -> str | None:
    """Name the author of a quoted message to the organisers, even where the reporter does not know them."""
    if isinstance(author, int):
        person = users.get(turn.tx, author)
        return person.name if person else None
    if not isinstance(author, str):
        return None
    account = users.account_at(turn.tx, Address.parse(author))
    return (account.name if account else "") or author


def _about(turn: Turn, args: Args) -> Mapping[str, Json]:
    about = args.get("about")
    person = users.get(turn.tx, about) if isinstance(about, int) else None
    return {"name": person.name if person else ""}


def _words(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del args, answers
    return (Text(key="words", limit=turn.policy.text_limit, lines=True),)


def _reported(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    about, author = args.get("about"), args.get("author")
    person = users.get(turn.tx, about) if isinstance(about, int) else None
    body = {
        "words": answers["words"],
        "quoted": args.get("quoted"),
        "author": _author_name(turn, author),
    }
    report_id = turn.tx.execute(
        insert(reports)
        .values(
            reporter_id=turn.me.id,
            about_id=_accused(turn, person, author),
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


def _accused(turn: Turn, person: User | None, author: Json) -> int | None:
    """Say whom a report is about: the one it names, else whoever wrote what was quoted."""
    if person is not None:
        return person.id
    writer = users.get(turn.tx, author) if isinstance(author, int) and author != turn.me.id else None
    return writer.id if writer else None


REPORT = Dialog("report", _words, _reported, params=_about)


def block(turn: Turn, arg: str) -> Replies:
    """Ask whether to block somebody one has met; otherwise choose among one's partners."""
    if arg.isdecimal() and _known_to(turn, int(arg)):
        return (Start("block", {"about": int(arg)}),)
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
