"""The one table of kinds: when a message may be sent, what it counts as, and what a doubt costs."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal


@dataclass(frozen=True, slots=True)
class Kind:
    """How messages of a kind are treated.

    `quiet`: held until quiet hours and pause are over, or passed through. `capped`: waits for the next day when the
    daily cap is used up. `counts`: uses up a place in that cap. `bundles`: what is due together goes out as one.
    `mutable`: the person may switch it off. `expires`: not sent later than this after it was due. `on_ambiguous`:
    what to do when nobody knows whether it arrived. `private`: its words are somebody's own. `gathers`: it is not
    sent, but opens a shared room for people. `protects`: it cannot be passed on, where a platform can see to that.
    `waits`: where the person takes no messages now, it is held until they act; else it is given up at once, so that
    somebody else is asked.
    """

    name: str
    quiet: Literal["hold", "pass"] = "hold"
    capped: bool = True
    counts: bool = True
    bundles: bool = True
    mutable: bool = False
    expires: timedelta | None = None
    on_ambiguous: Literal["resend", "skip"] = "resend"
    private: bool = False
    silent: bool = False
    gathers: bool = False
    protects: bool = False
    waits: bool = True


DAY = timedelta(days=1)

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        # An offer leaves at once outside quiet hours; it uses up the cap but never waits for it.
        Kind("offer", capped=False, bundles=False, private=True, waits=False),
        Kind("offer.reminder", mutable=True, expires=DAY, on_ambiguous="skip", silent=True, waits=False),
        Kind("offer.closed", quiet="pass", capped=False, counts=False, bundles=False),
        Kind("offer.silent"),
        # What a channel shows has no reader with quiet hours of their own.
        Kind("claim", quiet="pass", capped=False, counts=False, bundles=False),
        Kind("claim.closed", quiet="pass", capped=False, counts=False, bundles=False),
        # What somebody set going themselves does not use up their cap.
        Kind("question", capped=False, counts=False, bundles=False, private=True),
        Kind("request"),
        Kind("organiser", capped=False, counts=False, bundles=False, private=True),
        Kind("approval", capped=False, counts=False, bundles=False, private=True),
        Kind(
            "introduction",
            quiet="pass",
            capped=False,
            counts=False,
            bundles=False,
            private=True,
            protects=True,
        ),
        Kind("introduction.place", quiet="pass", capped=False, counts=False, bundles=False, private=True),
        Kind("gather", quiet="pass", capped=False, counts=False, bundles=False, private=True, gathers=True),
        Kind("room", quiet="pass", capped=False, counts=False, bundles=False, private=True),
        Kind("room.trouble", quiet="pass", capped=False, counts=False, bundles=False),
        Kind("mentorship"),
        Kind("session", capped=False, counts=False, bundles=False),
        Kind("session.day", mutable=True, expires=timedelta(hours=23)),
        Kind(
            "session.soon",
            quiet="pass",
            capped=False,
            counts=False,
            bundles=False,
            mutable=True,
            expires=timedelta(minutes=30),
        ),
        Kind("session.after", expires=timedelta(days=7)),
        # A lesson comes on the day its learner chose; it is read where it stands, so that no two go out as one.
        Kind("lesson", bundles=False),
        Kind("course", capped=False, counts=False, bundles=False),
        Kind("course.idle", mutable=True, silent=True),
        Kind("course.meeting.day", expires=timedelta(hours=23)),
        Kind(
            "course.meeting.soon",
            quiet="pass",
            capped=False,
            counts=False,
            bundles=False,
            expires=timedelta(minutes=30),
        ),
        # What somebody has just asked for.
        Kind("picture", quiet="pass", capped=False, counts=False, bundles=False),
        Kind("certificate", quiet="pass", capped=False, counts=False, bundles=False),
        Kind("pause", silent=True),
        Kind("snoozed", capped=False, counts=False, bundles=False),
    )
}

MUTABLE = tuple(kind.name for kind in KINDS.values() if kind.mutable)
