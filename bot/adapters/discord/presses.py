"""What a component's `custom_id` carries: as on other platforms, and what only Discord has.

`form:run` opens the form. A select carries what its options complete: `=run:key` sets the one that is chosen, and
`*run:key` all of them; an option is its value, or where that does not fit `#place:check`.
"""

import re
from collections.abc import Sequence

from bot.adapters.discord.payload import LARGEST
from bot.adapters.presses import DONE, Box, Pick, check, fits, read
from bot.ports import Pressed, Submitted

MOST_CHOICES = 25
LONGEST_VALUE = 100
SETTINGS = ("=", "!", "-", "*", "#", "~")
"""What begins the data of a button that answers a question, which may end in anything."""
_COPY = re.compile(r" #[0-9]{1,2}\Z")
_OPENS = re.compile(r"form:([0-9]{1,19})")
_SELECT = re.compile(r"([=*])([0-9]{1,19}):([^:]*)", re.DOTALL)
_OPTION = re.compile(r"#([0-9]{1,4}):([0-9a-f]{8})")


def opening(run: int) -> str:
    """Write what opens a form; a modal has the same name."""
    return f"form:{run}"


def opened(data: str) -> int | None:
    """Read the run of what opens a form, or of a modal."""
    found = _OPENS.fullmatch(_COPY.sub("", data))
    run = int(found[1]) if found else LARGEST + 1
    return run if run <= LARGEST else None


def of_select(run: int, key: str, *, many: bool) -> str | None:
    """Write what a select carries; None where its options cannot be chosen."""
    data = f"{DONE if many else '='}{run}:{key}"
    return data if fits(data) and ":" not in key else None


def of_option(key: str, place: int, value: str) -> str:
    """Write what an option of a select carries: its value, or its place where that does not fit."""
    whole = 0 < len(value) <= LONGEST_VALUE and not value.startswith("#")
    return value if whole else f"#{place}:{check(key, value)}"


def pressed(data: str) -> Submitted | Pressed | Pick | None:
    """Read a button; None where it is nothing of ours."""
    bare = data if data.startswith(SETTINGS) else _COPY.sub("", data)
    run = opened(bare)
    return Submitted(run, {}) if run is not None else read(bare, ())


def copied(data: str, number: int) -> str:
    """Write what a button carries that is in a message already; what answers a question stands there once."""
    return f"{data} #{number}"


def chosen(data: str, values: Sequence[str]) -> Submitted | Pick | None:
    """Read a select with what was chosen in it; None where it is nothing of ours."""
    found = _SELECT.fullmatch(data)
    if found is None or (run := int(found[2])) > LARGEST or not values:
        return None
    key, told = found[3], [_OPTION.fullmatch(value) for value in values[:MOST_CHOICES]]
    if found[1] == "=":
        place = told[0]
        return Pick(run, place[1], place[2]) if place else Submitted(run, {key: values[0]})
    if not any(told):
        return Submitted(run, {key: list(values[:MOST_CHOICES])})
    boxes = tuple(
        Box(ticked=True, place=int(place[1]), check=place[2]) if place else Box(ticked=True, value=value)
        for place, value in zip(told, values, strict=False)
    )
    return Pick(run, DONE, check(key), boxes)
