"""The calendar file of one session, as RFC 5545 has it, for a person to open from a chat.

A confirmed session, new or moved, is *published* (`METHOD:PUBLISH`), a cancelled one is `METHOD:CANCEL`:
the pair that RFC 5546 gives for events nobody has to answer. `REQUEST` needs attendees with mail
addresses, shows them *Accept* and *Decline*, and mails their answer to the organiser; here there are
neither addresses nor an answer to wait for. The price: Outlook on the desktop does not look at the UID
of a published file, and shows a moved session twice.
"""

import re
from datetime import UTC, datetime, timedelta

PRODUCT = "-//mentorbot//sessions//EN"

# RFC 5546 asks for an organiser, RFC 5545 wants a URI; Exchange writes this one for somebody without mail.
NO_MAIL = "invalid:nomail"

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def event(
    *,
    uid: str,
    start: datetime,
    minutes: int,
    summary: str,
    description: str,
    url: str,
    organiser: str,
    stamp: datetime,
    sequence: int = 0,
    cancelled: bool = False,
) -> bytes:
    """Write the file of a session: UTF-8, lines ended by CRLF and at most 75 bytes long, times in UTC.

    `uid` stays the same for the life of a session; `sequence` rises with each move and with the
    cancelling, so that a program replaces what it has. `stamp` is when this file is made. `url` may be
    empty; it is also given as the place, where most programs show it. There is no alarm: reminders come
    from the bot. Naive times raise `ValueError`.
    """
    # Here, since it takes a tenth of a second and most runs of the program never write a file.
    from icalendar import Calendar, Event, vCalAddress, vText, vUri  # noqa: PLC0415

    if start.tzinfo is None or stamp.tzinfo is None:
        raise ValueError("the times of a session are aware")

    address = vCalAddress(NO_MAIL)
    # A parameter has no escapes, but many parsers think so: a backslash would take the colon behind it along.
    address.params["CN"] = vText(_line(organiser).replace("\\", "/"))

    entry = Event()
    entry.add("uid", _line(uid))
    entry.add("dtstamp", _utc(stamp))
    entry.add("dtstart", _utc(start))
    entry.add("dtend", _utc(start) + timedelta(minutes=minutes))
    entry.add("summary", _line(summary))
    entry.add("description", _clean(description))
    entry.add("organizer", address)
    entry.add("sequence", sequence)
    entry.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    if url:
        entry.add("url", vUri(_line(url).replace(" ", "%20")))
        entry.add("location", _line(url))

    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if cancelled else "PUBLISH")
    calendar.add_component(entry)
    return bytes(calendar.to_ical())


def _utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(microsecond=0)


def _clean(text: str) -> str:
    """Keep line breaks, as one kind, and drop what a calendar file may not hold."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))


def _line(text: str) -> str:
    return " ".join(_clean(text).split())
