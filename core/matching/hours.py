"""Free time as bits, a quarter-hour of one real UTC week each: common hours are a bitwise and.

Quarters, because some zones are 45 minutes off; every zone's offset of today is a whole number of them.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from core.matching.features import Free

Words = npt.NDArray[np.uint64]
Pattern = tuple[str, Free]
"""A zone and the free parts of a week in it; mentors who share both share their bits."""

MINUTES = 15
PER_HOUR = 60 // MINUTES
DAY = 24 * PER_HOUR
WEEK = 7 * DAY
BYTES = WEEK // 8
WORDS = -(-WEEK // 64)
UNKNOWN: Pattern = ("", ())


def pattern(zone: str, free: Free) -> Pattern:
    """The pattern of one person; `UNKNOWN` for who gave no free time."""
    return (zone, free) if free else UNKNOWN


@lru_cache(maxsize=65536)
def local_bits(free: Free) -> bytes:
    """`BYTES` bytes, little-endian: bit i is set where the i-th quarter of the local week is wholly free.

    A part that ends before it begins runs past midnight.
    """
    bits = 0
    for weekday, begin, end in free:
        last = end + 24 * 60 if end < begin else end
        length = last // MINUTES - -(-begin // MINUTES)
        if length > 0:
            bits |= ((1 << length) - 1) << (weekday * DAY - (-begin // MINUTES))
    bits |= bits >> WEEK
    return (bits & ((1 << WEEK) - 1)).to_bytes(BYTES, "little")


@lru_cache(maxsize=2048)
def local_quarters(zone: str, week: date) -> npt.NDArray[np.intp]:
    """The quarter of the local week for each quarter of the UTC week that begins on `week`, shape (WEEK,).

    Walks the real instants, so a change of summer time inside the week is as it will be.
    """
    start = datetime.combine(week, time(), UTC)
    there = ZoneInfo(zone)
    local = [(start + timedelta(minutes=MINUTES * i)).astimezone(there) for i in range(WEEK)]
    return np.array([t.weekday() * DAY + (t.hour * 60 + t.minute) // MINUTES for t in local], dtype=np.intp)


def week_bits(patterns: Sequence[Pattern], week: date) -> Words:
    """The free quarters of each pattern in the UTC week that begins on `week`: shape (WORDS, patterns)."""
    packed = np.zeros((len(patterns), WORDS * 8), dtype=np.uint8)
    of_zone: dict[str, list[int]] = {}
    for at, (zone, free) in enumerate(patterns):
        if free:
            of_zone.setdefault(zone, []).append(at)
    for zone, places in of_zone.items():
        raw = b"".join(local_bits(patterns[at][1]) for at in places)
        local = np.unpackbits(
            np.frombuffer(raw, dtype=np.uint8).reshape(-1, BYTES), axis=1, bitorder="little"
        )
        utc = np.take(local, local_quarters(zone, week), axis=1)
        packed[places, :BYTES] = np.packbits(utc, axis=1, bitorder="little")
    return np.ascontiguousarray(packed.view(np.dtype("<u8")).T.astype(np.uint64))


def common_hours(bits: Words, other: Words) -> npt.NDArray[np.float64]:
    """Hours each column of `bits`, shape (WORDS, n), shares with the one of `other`, shape (WORDS, 1)."""
    count = np.zeros(bits.shape[1], dtype=np.uint16)
    for mine, theirs in zip(bits, other[:, 0], strict=True):
        if theirs:
            count += np.bitwise_count(mine & theirs)
    return count / PER_HOUR
