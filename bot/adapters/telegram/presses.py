"""What a button carries, read beside the keyboard it stands in."""

from collections.abc import Sequence

from bot.adapters import presses
from bot.adapters.presses import Pick
from bot.adapters.telegram.payload import Body, text_in
from bot.ports import Pressed, Submitted


def read(data: str, rows: Sequence[Sequence[Body]]) -> Submitted | Pressed | Pick | None:
    """Read what a button carries; `rows` are the keyboard it stands in. None where it is nothing of ours."""
    return presses.read(data, [text_in(button.get("callback_data")) for row in rows for button in row])
