"""Introducing a new pair: who they are, what was asked, what they have in common, what to do first.

Where a platform can gather both in a conversation of their own, they are introduced there. The two private
introductions are put all the same, and held until the other one has arrived: whatever goes wrong on the way, they
leave, and nothing in the pair's room is sent before the one or the other.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.outbox import box
from bot.outbox.box import Letter
from bot.outbox.claim import Parcel
from bot.ports import button_id
from bot.turn import Action, Message, Turn
from core import mentorships, requests, users
from core.address import Address
from core.availability import overlap_minutes, utc
from core.mentorships import ACTIVE, Mentorship
from core.requests import Request
from core.store.types import Json
from core.users import User

HELD = timedelta(hours=1)
"""How long the private introductions wait for the shared one, however often the program stops meanwhile."""


def introduce(turn: Turn, mentorship: Mentorship, request: Request, mentee: User, mentor: User) -> None:
    """Put the introduction into both streams of the pair's room; nothing else in them is sent before it."""
    shared = bool(turn.policy.native_rooms and _ways(turn, mentorship))
    common = _common(turn, request, mentee, mentor)
    for reader, partner in ((mentee, mentor), (mentor, mentee)):
        message = Message(
            "introduction.mentee" if reader is mentee else "introduction.mentor",
            {
                "partner": partner.name,
                "zone": partner.zone if partner.zone != reader.zone else None,
                "zone_assumed": partner.zone_assumed,
                **common,
            },
            (
                Action(button_id("talk", mentorship.id), "room.button.talk", "primary"),
                Action(button_id("schedule", mentorship.id), "session.button.schedule"),
                Action(button_id("report", partner.id), "safety.button.report"),
            ),
        )
        letter = Letter(
            "introduction",
            reader.id,
            message,
            f"introduction:{mentorship.id}:{reader.id}",
            _subject(mentorship),
            f"room:{mentorship.room_id}:{reader.id}",
            due_at=turn.now + HELD if shared else None,
        )
        box.put(turn.tx, turn.now, letter)
    if shared:
        # Nobody reads it: its words are what the conversation is called.
        title = Message(
            "introduction.room",
            {"mentee": mentee.name, "mentor": mentor.name},
            locale=_language(turn, mentee, mentor),
        )
        once = f"gather:{mentorship.id}"
        box.put(turn.tx, turn.now, Letter("gather", mentee.id, title, once, _subject(mentorship)))


def _subject(mentorship: Mentorship) -> str:
    return f"mentorship:{mentorship.id}"


def _common(turn: Turn, request: Request, mentee: User, mentor: User) -> dict[str, Json]:
    """Give what was asked, and what the two have in common."""
    monday = (turn.now - timedelta(days=turn.now.weekday())).date()
    minutes = overlap_minutes(utc(mentee.free, mentee.zone, monday), utc(mentor.free, mentor.zone, monday))
    return {
        "topics": request.slugs,
        "goal": request.goal,
        "format": request.format,
        "languages": [language for language in mentee.languages if language in mentor.languages],
        "hours": minutes // 60,
    }


def _language(turn: Turn, mentee: User, mentor: User) -> str:
    """Choose the words that both read: their own, where that is the same, else the community's."""
    return mentee.locale if mentee.locale == mentor.locale else turn.policy.locale


# --- A conversation of their own --------------------------------------------------------------------------------


def _ways(turn: Turn, mentorship: Mentorship) -> list[tuple[Address, Address]]:
    """List the addresses on one platform at which both can be reached, the preferred ones first."""
    theirs = [
        [account.address for account in users.accounts(turn.tx, user_id) if account.reachable]
        for user_id in (mentorship.mentee_id, mentorship.mentor_id)
    ]
    return [(one, other) for one in theirs[0] for other in theirs[1] if one.platform == other.platform]


def _pair(turn: Turn, parcel: Parcel) -> Mentorship | None:
    return mentorships.get(turn.tx, int(parcel.subject.removeprefix("mentorship:")))


def ways(turn: Turn, parcel: Parcel) -> Sequence[Sequence[Address]]:
    """Say at which addresses a pair could be gathered, as they are when it comes to it."""
    pair = _pair(turn, parcel)
    return _ways(turn, pair) if pair is not None else ()


def gathered(turn: Turn, parcel: Parcel) -> None:
    """Introduce both in the conversation that was opened for them, with words and buttons that do for each."""
    pair, where = _pair(turn, parcel), box.arrived_at(turn.tx, parcel.rows[0])
    held = box.move(turn.tx, parcel.subject, "introduction", turn.now + HELD)
    if pair is None or where is None or pair.state != ACTIVE or held < 2:
        # The pair has ended, or somebody was introduced in private meanwhile: that is how it goes on.
        _in_private(turn, pair, parcel)
        return
    request = requests.get(turn.tx, pair.request_id)
    assert request is not None
    mentorships.meet_at(turn.tx, pair, where)
    mentee, mentor = users.known(turn.tx, pair.mentee_id), users.known(turn.tx, pair.mentor_id)
    apart = mentee.zone != mentor.zone
    message = Message(
        "introduction.place",
        {
            "mentee": mentee.name,
            "mentor": mentor.name,
            "mentee_zone": mentee.zone if apart else None,
            "mentee_zone_assumed": mentee.zone_assumed,
            "mentor_zone": mentor.zone if apart else None,
            "mentor_zone_assumed": mentor.zone_assumed,
            **_common(turn, request, mentee, mentor),
        },
        (Action(button_id("schedule", pair.id), "session.button.schedule", "primary"),),
        locale=_language(turn, mentee, mentor),
    )
    once = f"introduction:{pair.id}:place"
    letter = Letter("introduction.place", where, message, once, parcel.subject, due_at=pair.started_at)
    box.put(turn.tx, turn.now, letter)


def introduced(turn: Turn, parcel: Parcel) -> None:
    """Take back the private introductions: both have met, and what waited behind them may go."""
    box.cancel(turn.tx, parcel.subject, turn.now, "introduction")


def apart(turn: Turn, parcel: Parcel) -> None:
    """Introduce both in private, since they cannot be gathered, or cannot be written to where they were."""
    pair = _pair(turn, parcel)
    if pair is not None:
        mentorships.meet_at(turn.tx, pair, None)
    _in_private(turn, pair, parcel)


def _in_private(turn: Turn, pair: Mentorship | None, parcel: Parcel) -> None:
    """Let the private introductions go, as due as if they had never been held."""
    box.move(turn.tx, parcel.subject, "introduction", pair.started_at if pair is not None else turn.now)


def local_day(now: datetime, zone: str) -> str:
    """Give the calendar day somebody is in."""
    return now.astimezone(ZoneInfo(zone)).date().isoformat()
