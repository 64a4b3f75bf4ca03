"""The conversation about sessions: times proposed, one confirmed, moved, cancelled; reminders; "did you meet?"."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.outbox import box
from bot.outbox.box import Letter
from bot.outbox.claim import Parcel
from bot.ports import Attached, button_id
from bot.turn import Action, Attachment, Message, Replies, Say, Start, Turn, say, swap
from core import calendar, mentorships, sessions, users, waits
from core.availability import Person, propose
from core.mentorships import Mentorship
from core.sessions import CANCELLED, CONFIRMED, MET, MISSED, PROPOSED, Session
from core.store.types import Json

DAY_BEFORE = timedelta(hours=24)
SOON = timedelta(minutes=15)


def suggested(turn: Turn, pair: Mentorship, but: int | None = None) -> tuple[datetime, ...]:
    """Give up to five times that suit both."""
    people = [
        Person(
            user.zone,
            user.free,
            user.quiet_from,
            user.quiet_to,
            sessions.busy(turn.tx, user.id, turn.now, but),
        )
        for user in (users.known(turn.tx, turn.me.id), users.known(turn.tx, pair.partner(turn.me.id)))
    ]
    return propose(turn.now, people, turn.policy.session_minutes, turn.policy.proposed_times)


def mine(turn: Turn, arg: str) -> tuple[Session, Mentorship] | None:
    """Find a session of the one who acts; its pair's row is taken."""
    session = sessions.get(turn.tx, int(arg)) if arg.isdecimal() and turn.user is not None else None
    if session is None:
        return None
    pair = mentorships.lock(turn.tx, session.mentorship_id)
    now = sessions.get(turn.tx, session.id)
    return (now, pair) if now and pair.has(turn.me.id) and pair.state == mentorships.ACTIVE else None


# --- Proposing --------------------------------------------------------------------------------------------------


def proposed(turn: Turn, pair: Mentorship, times: Sequence[datetime], session_id: int | None) -> Replies:
    """Propose times for a new session, or other times for one that is moved."""
    partner = users.known(turn.tx, pair.partner(turn.me.id))
    session = sessions.get(turn.tx, session_id) if session_id else None
    if session is None:
        session = sessions.propose(turn.tx, pair.id, turn.me.id, times, turn.policy, turn.now)
    else:
        late = _late(turn, session)
        sessions.propose_again(turn.tx, session.id, turn.me.id, times, late=late)
        session = sessions.get(turn.tx, session.id) or session
    box.cancel(turn.tx, f"proposal:{session.id}", turn.now)
    actions = tuple(
        Action(
            button_id("confirm", f"{session.id}.{int(time.timestamp())}"),
            "session.button.time",
            "primary" if number == 0 else "plain",
            {"at": time.isoformat()},
        )
        for number, time in enumerate(times)
    )
    message = Message(
        "session.proposed" if session.starts_at is None else "session.moving",
        {
            "partner": turn.me.name,
            "minutes": session.minutes,
            "was": session.starts_at.isoformat() if session.starts_at else None,
            "late": session.late,
            "zone_assumed": partner.zone_assumed,
        },
        (*actions, Action(button_id("propose", session.id), "session.button.other")),
    )
    once = f"session.proposed:{session.id}:{turn.now.isoformat()}"
    box.put(turn.tx, turn.now, Letter("session", partner.id, message, once, f"proposal:{session.id}"))
    return (say("session.asked", partner=partner.name, times=[time.isoformat() for time in times]),)


def confirm(turn: Turn, arg: str) -> Replies:
    """Confirm one of the proposed times; only the side that was asked can."""
    session_id, _, stamp = arg.partition(".")
    found = mine(turn, session_id)
    if found is None or not stamp.isdecimal():
        return (say("session.gone"),)
    session, pair = found
    start = next((time for time in session.times if int(time.timestamp()) == int(stamp[:12])), None)
    if session.state not in (PROPOSED, CONFIRMED) or start is None:
        return (_state(turn, session),)
    if session.proposed_by == turn.me.id:
        return (say("session.own"),)
    if start <= turn.now:
        return (say("session.past", Action(button_id("propose", session.id), "session.button.other")),)
    # Whoever books somebody's hour has taken their row, in one order for all, and looks after that.
    people = {one: users.lock(turn.tx, one) for one in sorted((pair.mentee_id, pair.mentor_id))}
    partner = people[pair.partner(turn.me.id)]
    length = timedelta(minutes=session.minutes)
    for user in (turn.me, partner):
        for begin, end in sessions.busy(turn.tx, user.id, turn.now, session.id):
            if begin < start + length and start < end:
                other = Action(button_id("propose", session.id), "session.button.other")
                return (say("session.busy", other, name=user.name, mine=user.id == turn.me.id),)
    booked = sessions.confirm(turn.tx, session, start)
    box.cancel(turn.tx, f"session:{session.id}", turn.now)
    waits.put(turn.tx, "session.day", session.id, max(turn.now, start - DAY_BEFORE))
    waits.put(turn.tx, "session.soon", session.id, max(turn.now, start - SOON))
    waits.put(turn.tx, "session.after", session.id, booked.ends_at)
    if start - DAY_BEFORE <= turn.now + timedelta(hours=1):
        waits.cancel(turn.tx, "session.day", session.id)
    for user, with_whom in ((partner, turn.me), (turn.me, partner)):
        message = Message(
            "session.confirmed",
            _about(booked, with_whom.name),
            _handles(booked),
            attachment=Attachment("calendar", session.id),
        )
        once = f"session.confirmed:{session.id}:{booked.revision}:{user.id}"
        box.put(turn.tx, turn.now, Letter("session", user.id, message, once, f"session:{session.id}"))
    return (swap("session.booked", at=start.isoformat(), partner=partner.name),)


def _state(turn: Turn, session: Session) -> Say:
    if session.state == CANCELLED:
        return say("session.cancelled.before")
    if session.state == CONFIRMED and session.starts_at and session.starts_at > turn.now:
        return say("session.stands", at=session.starts_at.isoformat())
    return say("session.gone")


def _about(session: Session, partner: str) -> dict[str, Json]:
    assert session.starts_at is not None
    return {
        "partner": partner,
        "at": session.starts_at.isoformat(),
        "minutes": session.minutes,
        "link": session.link,
    }


def _handles(session: Session) -> tuple[Action, ...]:
    return (
        Action(button_id("move", session.id), "session.button.move"),
        Action(button_id("call_off", session.id), "session.button.cancel"),
    )


def move(turn: Turn, arg: str) -> Replies:
    """Propose other times for a session."""
    found = mine(turn, arg)
    if found is None or found[0].state not in (PROPOSED, CONFIRMED):
        return (say("session.gone"),)
    return (Start("schedule", {"mentorship": found[1].id, "session": found[0].id}),)


def call_off(turn: Turn, arg: str) -> Replies:
    """Ask whether to cancel a session."""
    found = mine(turn, arg)
    if found is None or found[0].state not in (PROPOSED, CONFIRMED):
        return (say("session.gone"),)
    return (Start("call_off", {"session": found[0].id}),)


def cancelled(turn: Turn, session: Session, pair: Mentorship) -> Replies:
    """Cancel a session and tell the other side; a late one is noted."""
    late = _late(turn, session)
    sessions.end(turn.tx, session, CANCELLED, late=late)
    for kind in ("session.day", "session.soon", "session.after"):
        waits.cancel(turn.tx, kind, session.id)
    box.cancel(turn.tx, f"session:{session.id}", turn.now)
    box.cancel(turn.tx, f"proposal:{session.id}", turn.now)
    partner = users.known(turn.tx, pair.partner(turn.me.id))
    again = Action(button_id("schedule", pair.id), "session.button.schedule", "primary")
    attached = Attachment("calendar", session.id) if session.starts_at else None
    message = Message(
        "session.called_off",
        {
            "partner": turn.me.name,
            "at": session.starts_at.isoformat() if session.starts_at else None,
            "late": late,
        },
        (again,),
        attachment=attached,
    )
    once = f"session.called_off:{session.id}"
    box.put(turn.tx, turn.now, Letter("session", partner.id, message, once, f"session:{session.id}"))
    return (say("session.called_off.done", again, partner=partner.name, late=late),)


def _late(turn: Turn, session: Session) -> bool:
    return session.starts_at is not None and session.starts_at - turn.now < turn.policy.late_change


# --- What time does ---------------------------------------------------------------------------------------------


def remind_day(turn: Turn, ids: Sequence[int]) -> None:
    """Remind both a day before."""
    _remind(turn, ids, "session.day")


def remind_soon(turn: Turn, ids: Sequence[int]) -> None:
    """Remind both fifteen minutes before, with the link."""
    _remind(turn, ids, "session.soon")


def ask_after(turn: Turn, ids: Sequence[int]) -> None:
    """Ask both whether they met."""
    _remind(turn, ids, "session.after")


def _remind(turn: Turn, ids: Sequence[int], kind: str) -> None:
    held = [
        one for one in sessions.many(turn.tx, ids) if one.state == CONFIRMED and one.starts_at is not None
    ]
    pairs = mentorships.many(turn.tx, [session.mentorship_id for session in held])
    people = users.names(
        turn.tx, [who for pair in pairs.values() for who in (pair.mentee_id, pair.mentor_id)]
    )
    letters = [
        _reminder(session, reader, people[pairs[session.mentorship_id].partner(reader)], kind)
        for session in held
        for reader in (pairs[session.mentorship_id].mentee_id, pairs[session.mentorship_id].mentor_id)
    ]
    box.put_all(turn.tx, turn.now, letters)


def remind_one(turn: Turn, session: Session, reader: int, kind: str) -> None:
    """Remind one of the pair again, after a snooze."""
    pair = mentorships.known(turn.tx, session.mentorship_id)
    letter = _reminder(session, reader, users.known(turn.tx, pair.partner(reader)).name, kind)
    box.put(turn.tx, turn.now, replace(letter, once=f"{letter.once}:{turn.now.isoformat()}"))


def _reminder(session: Session, reader: int, partner: str, kind: str) -> Letter:
    assert session.starts_at is not None
    actions: dict[str, tuple[Action, ...]] = {
        "session.day": (
            *_handles(session),
            Action(button_id("snooze", f"session.{session.id}"), "snooze.button"),
        ),
        "session.after": (
            Action(button_id("met", session.id), "session.button.met", "primary"),
            Action(button_id("missed", session.id), "session.button.missed"),
            Action(button_id("snooze", f"after.{session.id}"), "snooze.button"),
        ),
    }
    message = Message(kind, _about(session, partner), actions.get(kind, ()))
    # The time is part of what makes it unique: a session that was moved is reminded of anew.
    once = f"{kind}:{session.id}:{session.starts_at.isoformat()}:{reader}"
    # However late the program comes back, nobody is reminded of what is over.
    useful = {"session.day": session.starts_at, "session.soon": session.starts_at + SOON}.get(kind)
    return Letter(kind, reader, message, once, f"session:{session.id}", expires_at=useful)


# --- Afterwards -------------------------------------------------------------------------------------------------


def met(turn: Turn, arg: str) -> Replies:
    """They met: rate it."""
    return _answered(turn, arg, yes=True)


def missed(turn: Turn, arg: str) -> Replies:
    """They did not meet: propose another time, blame nobody."""
    return _answered(turn, arg, yes=False)


def _answered(turn: Turn, arg: str, *, yes: bool) -> Replies:
    found = mine(turn, arg)
    if found is None or found[0].state not in (CONFIRMED, MET, MISSED) or found[0].ends_at > turn.now:
        return (say("session.gone"),)
    session, pair = found
    answers = sessions.answer(turn.tx, session.id, turn.me.id, turn.now, met=yes)
    # One yes is enough: where two answers disagree, nobody gets a no-show.
    if any(answers.values()):
        sessions.end(turn.tx, session, MET)
    elif len(answers) > 1:
        sessions.end(turn.tx, session, MISSED)
    if answers[turn.me.id]:
        return (Start("rate", {"session": session.id}),)
    again = Action(button_id("schedule", pair.id), "session.button.schedule", "primary")
    return (say("session.not_met", again, partner=users.known(turn.tx, pair.partner(turn.me.id)).name),)


def calendar_file(turn: Turn, attachment: Attachment, parcel: Parcel) -> Attached | None:
    """Make the calendar file of a session as it is now, in its reader's words."""
    session = sessions.get(turn.tx, attachment.id)
    if session is None or session.starts_at is None or parcel.user_id is None:
        return None
    pair = mentorships.known(turn.tx, session.mentorship_id)
    partner = users.known(turn.tx, pair.partner(parcel.user_id))
    title = turn.words.text("session.calendar", {"partner": partner.name}, parcel.locale, parcel.zone)
    data = calendar.event(
        uid=f"session-{session.id}@{turn.policy.seed}",
        start=session.starts_at,
        minutes=session.minutes,
        summary=title,
        description=session.link,
        url=session.link,
        organiser=turn.policy.community,
        stamp=turn.now,
        sequence=session.revision,
        cancelled=session.state == CANCELLED,
    )
    return Attached(f"session-{session.id}.ics", "text/calendar", data, title)
