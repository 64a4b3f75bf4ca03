"""How far the clock of this machine is from a platform's, which every answer of a server tells."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from bot.ports import Finding

ODD = timedelta(seconds=30)
"""How far it may be off: platforms forgive that much, and more, but reminders would come at other times."""


def sent_at(header: str) -> datetime | None:
    """Read when a server sent an answer, from its header Date; None where it does not tell."""
    try:
        sent = parsedate_to_datetime(header)
    except ValueError:
        return None
    return sent if sent.tzinfo else sent.replace(tzinfo=UTC)


def compared(platform: str, off: timedelta) -> Finding:
    """Tell of a clock that is ahead of a platform's by so much, or behind it."""
    name, seconds = f"{platform.lower()} clock", round(abs(off).total_seconds())
    if abs(off) <= ODD:
        return Finding(name, "ok", f"it agrees with {platform}'s")
    way = "ahead of" if off > timedelta() else "behind"
    seen = f"this machine's clock is {seconds} seconds {way} {platform}'s"
    return Finding(
        name, "warning", seen, "Switch time synchronisation on (on Linux: timedatectl set-ntp true)."
    )
