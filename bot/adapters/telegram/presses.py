"""What a button carries in its 64 bytes, read beside the keyboard it stands in; it is the same on all platforms."""

from collections.abc import Sequence

from bot.adapters import presses
from bot.adapters.presses import (
    DONE,
    KNOWN_LIMIT,
    MOST_BYTES,
    SKIP,
    TICKED,
    UNTICKED,
    Box,
    Offered,
    Pick,
    box_of,
    boxes,
    check,
    fits,
    has_boxes,
    of_field,
    offered,
    picked,
    setting,
)
from bot.adapters.telegram.payload import Body, text_in
from bot.ports import Pressed, Submitted

__all__ = [
    "DONE",
    "KNOWN_LIMIT",
    "MOST_BYTES",
    "SKIP",
    "TICKED",
    "UNTICKED",
    "Box",
    "Offered",
    "Pick",
    "box_of",
    "boxes",
    "check",
    "fits",
    "has_boxes",
    "of_field",
    "offered",
    "picked",
    "read",
    "setting",
]

Rows = Sequence[Sequence[Body]]


def read(data: str, rows: Rows) -> Submitted | Pressed | Pick | None:
    """Read what a button carries; `rows` are the keyboard it stands in. None where it is nothing of ours."""
    return presses.read(data, [text_in(button.get("callback_data")) for row in rows for button in row])
