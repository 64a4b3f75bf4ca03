"""The relay: text from one of a pair to the other, kept only until it is delivered."""

from bot.outbox import box
from bot.outbox.box import Letter
from bot.outbox.claim import Parcel
from bot.ports import Ref, button_id
from bot.turn import Action, Item, Message, Replies, Say, Turn, say
from core import mentorships, users
from core.mentorships import Mentorship


def talk(turn: Turn, arg: str) -> Replies:
    """Send what somebody writes here to a room from now on."""
    pairs = mentorships.of_user(turn.tx, turn.me.id)
    chosen = [pair for pair in pairs if str(pair.id) == arg] if arg else pairs
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
    users.open_room(turn.tx, turn.who, pair.room_id)
    return (say("room.opened", Action("leave", "room.button.leave"), partner=_partner(turn, pair).name),)


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
    """Pass on what somebody wrote; their own words of success promise no more than that it is kept."""
    trouble = _trouble(turn, pair, text)
    if trouble:
        return trouble
    partner = _partner(turn, pair)
    message = Message(
        "room.message",
        {"author": turn.me.name, "text": text},
        (Action(button_id("report", turn.me.id), "safety.button.report"),),
    )
    letter = Letter(
        "room",
        partner.id,
        message,
        f"room:{pair.room_id}:{turn.who.platform}:{turn.origin.event}",
        f"room:{pair.room_id}",
        f"room:{pair.room_id}:{partner.id}",
        source=turn.origin.message,
    )
    box.put(turn.tx, turn.now, letter)
    return (say("room.passed", partner=partner.name),)


def edited(turn: Turn, text: str) -> Replies:
    """Change what the partner sees when somebody edits their message."""
    return _amend(turn, text, Message("room.edited", {"author": turn.me.name, "text": text}))


def deleted(turn: Turn) -> Replies:
    """Take the words off the partner's screen when somebody deletes their message."""
    return _amend(turn, "", Message("room.deleted", {"author": turn.me.name}))


def _amend(turn: Turn, text: str, message: Message) -> Replies:
    source = turn.origin.message
    for row_id, _, stream in box.from_source(turn.tx, source) if source else ():
        pair = pair_of(turn, stream)
        if pair is None or _trouble(turn, pair, text):
            continue
        partner = pair.partner(turn.me.id)
        once = f"room:{pair.room_id}:{turn.who.platform}:{turn.origin.event}"
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
    message = Message("room.undelivered", {"partner": partner.name})
    letter = Letter("room.trouble", pair.partner(partner.id), message, f"{parcel.once}:undelivered")
    box.put(turn.tx, turn.now, letter)
