"""What was done since the curtain rose, as a text that fits a link: whoever opens it sees the same."""

import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.adapters.web.events import incoming
from bot.adapters.web.transcript import SAID, TIME, Transcript

LARGEST = 1_000_000
"""Bytes of the steps when they are unpacked."""
REFS = {"message", "reply_to"}
"""What names a message, by its number."""

Step = Mapping[str, Any]
"""An event as the page posts it, or {"until": a moment}."""


def steps(transcript: Transcript, curtain: int) -> Sequence[Step]:
    """Take from a transcript what people did and when time passed since the curtain."""
    found: list[Step] = []
    for entry in transcript.entries[curtain:]:
        if entry.kind == SAID:
            event = entry.data["event"]
            found.append(
                {key: _place(transcript, value) if key in REFS else value for key, value in event.items()}
            )
        elif entry.kind == TIME:
            # Of moves of the clock in a row, the last says it all.
            if found and "until" in found[-1]:
                found.pop()
            found.append({"until": entry.data["at"]})
    return found


def _place(transcript: Transcript, n: object) -> int:
    """Give the place of a message among all that stand in chats: a program that was restarted counts the same."""
    return bisect_left(transcript.chats, n) if isinstance(n, int) else 0


def event_of(transcript: Transcript, step: Step) -> Step:
    """Give the event of a step, for another transcript."""
    return {key: _number(transcript, value) if key in REFS else value for key, value in step.items()}


def _number(transcript: Transcript, place: object) -> int:
    known = isinstance(place, int) and 0 <= place < len(transcript.chats)
    return transcript.chats[place] if known and isinstance(place, int) else 0


def check(step: Step) -> None:
    """Look whether a step is one; raises ValueError where it is none."""
    if "until" in step:
        datetime.fromisoformat(str(step["until"])).astimezone(UTC)
    else:
        incoming({key: value for key, value in step.items() if key not in REFS})


def pack(found: Sequence[Step]) -> str:
    """Write steps as letters, digits, `-` and `_`."""
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()
    return urlsafe_b64encode(zlib.compress(text, 9)).decode().rstrip("=")


def unpack(text: str) -> Sequence[Step]:
    """Read steps again; raises ValueError for anything else, and for what is too much."""
    try:
        unpacking = zlib.decompressobj()
        data = unpacking.decompress(urlsafe_b64decode(text + "=" * (-len(text) % 4)), LARGEST)
        found = json.loads(data) if unpacking.eof else None
    except (zlib.error, RecursionError) as error:
        raise ValueError(f"these are no steps: {error}") from error
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ValueError("these are no steps")
    return found
