"""Times: how long is waited for what, in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """What a host would not want to change, and whoever tries it out shortens."""

    call: float = 15.0
    """Without an answer for so long, nobody knows what has become of what was sent."""
    alive: float = 0.5
    """After so long without an answer, somebody is shown that one is being written."""
    typing: float = 4.0
    """So often it is shown again: it fades after five."""
    again: float = 1.0
    """Before what failed is tried again, a bot that is in trouble or an update; then longer and longer."""
    look: float = 0.5
    """Between two looks for more while something is still being done, since Telegram gives that again at once."""
