"""Introducing a new pair: who they are, what was asked, what they have in common, what to do first."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.outbox import box
from bot.outbox.box import Letter
from bot.ports import button_id
from bot.turn import Action, Message, Turn
from core.availability import overlap_minutes, utc
from core.mentorships import Mentorship
from core.requests import Request
from core.store.types import Json
from core.users import User


def introduce(turn: Turn, mentorship: Mentorship, request: Request, mentee: User, mentor: User) -> None:
    """Put the introduction into both streams of the pair's room; nothing else in them is sent before it."""
    monday = (turn.now - timedelta(days=turn.now.weekday())).date()
    minutes = overlap_minutes(utc(mentee.free, mentee.zone, monday), utc(mentor.free, mentor.zone, monday))
    common: dict[str, Json] = {
        "languages": [language for language in mentee.languages if language in mentor.languages],
        "hours": minutes // 60,
    }
    for reader, partner in ((mentee, mentor), (mentor, mentee)):
        message = Message(
            "introduction.mentee" if reader is mentee else "introduction.mentor",
            {
                "partner": partner.name,
                "topics": request.slugs,
                "goal": request.goal,
                "format": request.format,
                "zone": partner.zone,
                "zone_assumed": partner.zone_assumed,
                **common,
            },
            (
                Action(button_id("talk", mentorship.id), "room.button.talk", "primary"),
                Action(button_id("schedule", mentorship.id), "session.button.schedule"),
                Action(button_id("report", partner.id), "safety.button.report"),
            ),
        )
        stream = f"room:{mentorship.room_id}:{reader.id}"
        once = f"introduction:{mentorship.id}:{reader.id}"
        letter = Letter("introduction", reader.id, message, once, f"mentorship:{mentorship.id}", stream)
        box.put(turn.tx, turn.now, letter)


def local_day(now: datetime, zone: str) -> str:
    """Give the calendar day somebody is in."""
    return now.astimezone(ZoneInfo(zone)).date().isoformat()
