"""When a message may be sent to a person: quiet hours, pause, what is switched off, the daily cap."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from bot.outbox.kinds import Kind
from core.availability import day_start, quiet_until


@dataclass(frozen=True, slots=True)
class Reader:
    """What holding back goes by: the person's zone, quiet hours in minutes of the day, pause and switches."""

    zone: str
    quiet_from: int
    quiet_to: int
    paused_until: datetime | None = None
    muted: tuple[str, ...] = ()


@lru_cache(4096)
def hold(kind: Kind, reader: Reader, now: datetime, sent_today: int, cap: int) -> datetime | None:
    """Say until when a message waits, or None where it may leave now."""
    until = now
    if kind.quiet == "hold" and reader.paused_until is not None:
        until = max(until, reader.paused_until)
    if kind.capped and sent_today >= cap:
        # A day later is the next local day even where that day has 25 hours.
        until = max(until, day_start(day_start(now, reader.zone) + timedelta(hours=26), reader.zone))
    if kind.quiet == "hold":
        until = quiet_until(until, reader.zone, reader.quiet_from, reader.quiet_to) or until
    return until if until > now else None
