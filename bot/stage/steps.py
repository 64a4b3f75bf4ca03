"""What was done since the curtain rose, as a text that fits a link: whoever opens it sees the same."""

import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.adapters.web.transcript import SAID, TIME, Entry

LARGEST = 1_000_000
"""Bytes of the steps when they are unpacked."""
TOLD = {"name", "locale", "zone"}

Step = Mapping[str, Any]
"""An event as the page posts it, or {"until": a moment}."""


def steps(entries: Iterable[Entry]) -> Sequence[Step]:
    """Take from a transcript what people did and when time passed."""
    found: list[Step] = []
    for entry in entries:
        if entry.kind == SAID:
            found.append(entry.data["event"])
        elif entry.kind == TIME:
            # Of moves of the clock in a row, the last says it all.
            if found and "until" in found[-1]:
                found.pop()
            found.append({"until": entry.data["at"]})
    return found


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
