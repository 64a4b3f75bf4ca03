"""The relay: text and files from one of a pair to the other, kept only until they are delivered.

Of a file only where it is is kept; the file stays on the platform of whoever sent it.
"""

from dataclasses import replace

from bot.outbox import box
from bot.outbox.box import Letter
from bot.outbox.claim import Parcel
from bot.ports import File, Ref, button_id
from bot.turn import Action, Carried, Item, Message, Replies, Say, Turn, say
from core import mentorships, users
from core.mentorships import Mentorship
from core.store.types import Json

FILE = "#file"
"""Stands in the `once` of a file that was passed on, before its number."""


def talk(turn: Turn, arg: str) -> Replies:
    """Send what somebody writes here to a room from now on; a pair with a conversation of its own is told of that."""
    pairs = mentorships.of_user(turn.tx, turn.me.id)
    chosen = [pair for pair in pairs if arg in (str(pair.id), _here(pair))] if arg else pairs
    if not chosen:
        return (say("room.none" if not arg else "room.closed"),)
    if len(chosen) > 1:
        items = tuple(
            Item(
                "room.item",
                {"partner": users.known(turn.tx, pair.partner(turn.me.id)).name},
                (Action(button_id("talk", pair.id), "room.button.talk", "primary"),),
            )
            for pair in chosen
        )
        return (Say((Message("room.which", items=items),)),)
    pair = chosen[0]
    native = mentorships.place(turn.tx, pair) if arg != _here(pair) else None
    if native is not None:
        through_me = Action(button_id("talk", _here(pair)), "room.button.here")
        platform = native.platform.capitalize()
        return (say("room.native", through_me, partner=_partner(turn, pair).name, platform=platform),)
    users.open_room(turn.tx, turn.who, pair.room_id)
    return (say("room.opened", Action("leave", "room.button.leave"), partner=_partner(turn, pair).name),)


def _here(pair: Mentorship) -> str:
    """Give what says that somebody wants to write through the bot, though the pair has a place of its own."""
    return f"{pair.id}.here"


def leave(turn: Turn, arg: str = "") -> Replies:
    """Send what somebody writes here to no room any more."""
    del arg
    account = users.account_at(turn.tx, turn.who)
    if account is None or account.room_id is None:
        return (say("room.not_open"),)
    pair = mentorships.of_room(turn.tx, account.room_id)
    users.open_room(turn.tx, turn.who, None)
    return (say("room.left", partner=_partner(turn, pair).name if pair else ""),)


def said(turn: Turn, pair: Mentorship, text: str) -> Replies:
    """Pass on what somebody wrote, and each file behind it; that it is passed on promises that it is kept, no more."""
    trouble = _trouble(turn, pair, text)
    if trouble:
        return trouble
    partner = _partner(turn, pair)
    small = [file for file in turn.origin.files if file.size <= _limit(turn, file)]
    params: dict[str, Json] = {"author": turn.me.name}
    messages = [Message("room.message", {**params, "text": text})] if text.strip() else []
    messages += [
        Message("room.file", {**params, "file": file.name}, attachment=Carried(turn.who.platform, file))
        for file in small
    ]
    report = Action(button_id("report", turn.me.id), "safety.button.report")
    for number, message in enumerate(messages):
        once = f"room:{pair.room_id}:{turn.who.platform}:{turn.origin.event}"
        letter = Letter(
            "room",
            partner.id,
            replace(message, actions=(report,)),
            once if message.attachment is None else f"{once}{FILE}{number}",
            f"room:{pair.room_id}",
            f"room:{pair.room_id}:{partner.id}",
            source=turn.origin.message,
        )
        box.put(turn.tx, turn.now, letter)
    large = [
        say("room.file.large", file=file.name, megabytes=_limit(turn, file) // 1_000_000)
        for file in turn.origin.files
        if file not in small
    ]
    return (*([say("room.passed", partner=partner.name)] if messages else []), *large)


def _limit(turn: Turn, file: File) -> int:
    return min(turn.policy.file_limit, file.most or turn.policy.file_limit)


def edited(turn: Turn, text: str) -> Replies:
    """Change what the partner sees when somebody edits their message; its files stay as they are."""
    return _amend(turn, text, Message("room.edited", {"author": turn.me.name, "text": text}), files=False)


def deleted(turn: Turn) -> Replies:
    """Take the words and files off the partner's screen when somebody deletes their message."""
    return _amend(turn, "", Message("room.deleted", {"author": turn.me.name}), files=True)


def _amend(turn: Turn, text: str, message: Message, *, files: bool) -> Replies:
    source = turn.origin.message
    for row_id, passed, stream in box.from_source(turn.tx, source) if source else ():
        pair = pair_of(turn, stream)
        of_file = FILE in passed
        if pair is None or (of_file and not files) or _trouble(turn, pair, text):
            continue
        partner = pair.partner(turn.me.id)
        once = f"room:{pair.room_id}:{turn.who.platform}:{turn.origin.event}"
        once += passed[passed.index(FILE) :] if of_file else ""
        letter = Letter("room", partner, message, once, f"room:{pair.room_id}", stream, edits=row_id)
        box.put(turn.tx, turn.now, letter)
    return ()


def pair_of(turn: Turn, stream: str | None) -> Mentorship | None:
    """Find the pair whose room a stream belongs to, if the one who acts is in it."""
    parts = (stream or "").split(":")
    if parts[0] != "room" or turn.user is None:
        return None
    pair = mentorships.of_room(turn.tx, int(parts[1]))
    return pair if pair and pair.has(turn.me.id) else None


def replied_to(turn: Turn, ref: Ref) -> Mentorship | None:
    """Find the pair whose room a delivered message came from."""
    return pair_of(turn, box.stream_of(turn.tx, ref))


def open_room(turn: Turn) -> Mentorship | None:
    """Find the pair whose room is open at this address."""
    account = users.account_at(turn.tx, turn.who) if turn.user else None
    pair = mentorships.of_room(turn.tx, account.room_id) if account and account.room_id else None
    return pair if pair and pair.has(turn.me.id) else None


def _partner(turn: Turn, pair: Mentorship) -> users.User:
    return users.known(turn.tx, pair.partner(turn.me.id))


def _trouble(turn: Turn, pair: Mentorship, text: str) -> Replies:
    if len(text) > turn.policy.room_limit:
        return (say("error.text.long", limit=turn.policy.room_limit, length=len(text)),)
    partner = pair.partner(turn.me.id)
    # Who was blocked is not told so: a room that is closed looks the same to both.
    if pair.state != mentorships.ACTIVE or partner in users.kept_apart(turn.tx, turn.me.id):
        users.open_room(turn.tx, turn.who, None)
        return (say("room.closed"),)
    return ()


def undelivered(turn: Turn, parcel: Parcel) -> None:
    """Tell the author when what they wrote cannot be delivered."""
    room_id = int(parcel.subject.partition(":")[2])
    pair = mentorships.of_room(turn.tx, room_id)
    if pair is None or parcel.user_id is None:
        return
    partner = users.known(turn.tx, parcel.user_id)
    file = next(
        (each.attachment.file for each in parcel.messages if isinstance(each.attachment, Carried)), None
    )
    if file is not None:
        message = Message("room.file.lost", {"partner": partner.name, "file": file.name})
    else:
        message = Message("room.undelivered", {"partner": partner.name})
    letter = Letter("room.trouble", pair.partner(partner.id), message, f"{parcel.once}:undelivered")
    box.put(turn.tx, turn.now, letter)
