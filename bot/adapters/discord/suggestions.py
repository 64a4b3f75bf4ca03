"""What is offered while somebody types the words of a command."""

from collections.abc import Sequence
from typing import Any

from bot.adapters.discord.messages import line
from bot.adapters.discord.surface import Looked
from bot.ports import ShownOption

MOST = 25
LIMIT = 100


def choices(looked: Looked, found: Sequence[ShownOption]) -> list[dict[str, Any]]:
    """Give what Discord shows as choices; each is the whole of what is typed, with its last word completed.

    What was typed is itself a choice, the first one: Discord takes any words, and who looks for something else is
    not to think that they cannot.
    """
    typed = f"{looked.before}{looked.search.typed}".strip()
    whole = [ShownOption(typed, typed)] if typed else []
    rest = [ShownOption(f"{looked.before}{one.label}", f"{looked.before}{one.label}") for one in found]
    shown = {one.value: line(one.label, LIMIT) for one in (*whole, *rest) if 0 < len(one.value) <= LIMIT}
    return [{"name": name, "value": value} for value, name in list(shown.items())[:MOST]]
