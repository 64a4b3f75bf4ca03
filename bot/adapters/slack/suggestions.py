"""What is offered while somebody types into a field that searches."""

import re
from typing import Any

from bot.adapters.slack.surface import Looked
from bot.ports import ShownOption, Suggest

MOST = 100
LABEL, VALUE = 75, 75
LEVEL = re.compile(r"(.*\S)\s+([1-9])", re.DOTALL)


async def options(looked: Looked, suggest: Suggest) -> dict[str, Any]:
    """Give what Slack shows as options.

    A figure behind what is typed is a level, where the field has levels; where it takes what nobody knows yet, what
    was typed is itself an option, the last one.
    """
    search, level = looked.search, ""
    if looked.levels and (split := LEVEL.fullmatch(search.typed.strip())):
        search, level = type(search)(search.who, search.source, split[1]), f" {split[2]}"
    found = [ShownOption(one.value + level, one.label + level) for one in await suggest(search)]
    typed = looked.search.typed.strip()
    if looked.free and typed and typed.casefold() not in {one.label.casefold() for one in found}:
        found.append(ShownOption(typed, typed))
    shown = [one for one in found if one.value and len(one.value) <= VALUE][:MOST]
    return {
        "options": [
            {"text": {"type": "plain_text", "text": one.label[:LABEL], "emoji": False}, "value": one.value}
            for one in shown
        ]
    }
