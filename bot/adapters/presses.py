"""What a button carries in 64 bytes, written and read; platforms that give it more take it all the same.

`action:arg` is a button of a message. Those of a question set a value without any memory: `=run:key:value`,
`!run:key:1` for yes, `-run:key` to skip; `*run:key` is done with the boxes above it, which are `~+=value` or
`~-=value`. What does not fit goes by its place in the question, with a check: `#run:place:check`, `~+#place:check`.
Whatever else begins with `~` only changes what is shown.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from zlib import crc32

from bot.ports import Asked, Choice, Confirm, Form, Json, Pressed, Submitted, Week

MOST_BYTES = 64
KNOWN_LIMIT = 60
LARGEST_RUN = 2**63 - 1
TICKED, UNTICKED = "~+", "~-"
SKIP, DONE = "-", "*"
_SET = re.compile(r"([=!*-])([0-9]{1,19}):([^:]*)(?::(.*))?", re.DOTALL)
_PLACE = re.compile(r"#([0-9]{1,19}):([0-9]{1,4}|[-*]):([0-9a-f]{8})")
_BOX = re.compile(r"~([+-])(?:=(.*)|#([0-9]{1,4}):([0-9a-f]{8}))", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Box:
    """A box to tick: its value, or its place and check."""

    ticked: bool
    value: str | None = None
    place: int = 0
    check: str = ""


@dataclass(frozen=True, slots=True)
class Pick:
    """What was pressed in a question by its place: an option, `-` to skip, or `*` with the boxes that are ticked."""

    run: int
    place: str
    check: str
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Offered:
    """Something to choose: what it says and what it sets."""

    label: str
    value: str | bool


# --- Written ----------------------------------------------------------------------------------------------------


def fits(data: str) -> bool:
    """Whether a button can carry this."""
    try:
        return 0 < len(data.encode()) <= MOST_BYTES
    except UnicodeEncodeError:
        return False


def offered(asked: Asked) -> tuple[Offered, ...]:
    """List what can be chosen with one press: what is known already, then the options."""
    known = asked.known
    if isinstance(asked.field, Week) and not asked.error and 0 < len(asked.typed) <= KNOWN_LIMIT:
        known = "" if "\n" in asked.typed else asked.typed
    first = (Offered(known, known),) if known else ()
    if isinstance(asked.field, Confirm):
        return (*first, *(Offered(each.label, each.value == "yes") for each in asked.options))
    if has_boxes(asked):
        return first
    return (*first, *(Offered(each.label, each.value) for each in asked.options))


def has_boxes(asked: Asked) -> bool:
    """Whether several of the options can be chosen."""
    return isinstance(asked.field, Choice) and asked.field.many


def setting(run: int, key: str, place: int, value: str | bool) -> str:
    """Write what sets a value; by its place where it does not fit."""
    data = f"!{run}:{key}:{value:d}" if isinstance(value, bool) else f"={run}:{key}:{value}"
    return data if fits(data) and ":" not in key else f"#{run}:{place}:{check(key, str(value))}"


def of_field(mark: str, run: int, key: str) -> str:
    """Write what skips a field, or is done with it."""
    data = f"{mark}{run}:{key}"
    return data if fits(data) and ":" not in key else f"#{run}:{mark}:{check(key)}"


def boxes(key: str, values: Sequence[str], ticked: Iterable[str] = ()) -> list[str]:
    """Write what boxes carry: all of them their values, or all their places."""
    on = set(ticked)
    marks = [TICKED if value in on else UNTICKED for value in values]
    named = [f"{mark}={value}" for mark, value in zip(marks, values, strict=True)]
    if all(map(fits, named)):
        return named
    checks = [check(key, value) for value in values]
    return [f"{mark}#{place}:{checks[place]}" for place, mark in enumerate(marks)]


def check(key: str, value: str = "") -> str:
    """Give what tells whether a place still stands for the same."""
    told = f"{key}\0{value}".encode(errors="replace")
    return f"{crc32(told):08x}"


# --- Read -------------------------------------------------------------------------------------------------------


def read(data: str, shown: Collection[str]) -> Submitted | Pressed | Pick | None:
    """Read what a button carries; `shown` is what all buttons beside it carry. None where it is nothing of ours."""
    if not fits(data) or data.startswith("~"):
        return None
    if data.startswith("#"):
        return _pick(data, shown)
    if data[0] not in "=!*-":
        action, _, arg = data.partition(":")
        return Pressed(action, arg) if action else None
    found = _SET.fullmatch(data)
    if found is None:
        return None
    mark, run, key, value = found[1], int(found[2]), found[3], found[4]
    if run > LARGEST_RUN or (value is None) != (mark in {SKIP, DONE}):
        return None
    given: Json = value
    match mark:
        case "!":
            if value not in {"0", "1"}:
                return None
            given = value == "1"
        case "*":
            ticked = ticked_in(shown)
            if data not in shown:
                return Submitted(run, {})  # without its keyboard nobody knows what was ticked
            if any(box.value is None for box in ticked):
                return Pick(run, DONE, check(key), ticked)
            given = [box.value for box in ticked]
        case "-":
            given = None
        case _:
            pass
    return Submitted(run, {key: given})


def _pick(data: str, shown: Collection[str]) -> Pick | Submitted | None:
    found = _PLACE.fullmatch(data)
    if found is None or (run := int(found[1])) > LARGEST_RUN:
        return None
    if found[2] == DONE and data not in shown:
        return Submitted(run, {})
    return Pick(run, found[2], found[3], ticked_in(shown) if found[2] == DONE else ())


def ticked_in(shown: Iterable[str]) -> tuple[Box, ...]:
    """Give the boxes that are ticked."""
    return tuple(box for each in shown if (box := box_of(each)) and box.ticked)


def box_of(data: str) -> Box | None:
    """Read a box to tick; None for another button."""
    found = _BOX.fullmatch(data)
    if found is None:
        return None
    if found[3] is None:
        return Box(found[1] == "+", found[2])
    return Box(found[1] == "+", None, int(found[3]), found[4])


def picked(form: Form, pick: Pick) -> dict[str, Json] | None:
    """Find what was pressed by its place in the question that is in front; None where that is another one now."""
    if not form.fields or form.run != pick.run:
        return None
    asked = form.fields[0]
    key = asked.field.key
    if pick.place in {SKIP, DONE}:
        if pick.check != check(key):
            return None
        if pick.place == SKIP:
            return {key: None}
        chosen = [_value(asked, box) for box in pick.boxes]
        return None if None in chosen else {key: [*chosen]}
    choices, place = offered(asked), int(pick.place)
    if place >= len(choices) or pick.check != check(key, str(choices[place].value)):
        return None
    return {key: choices[place].value}


def _value(asked: Asked, box: Box) -> str | None:
    if box.value is not None:
        return box.value
    if box.place >= len(asked.options):
        return None
    value = asked.options[box.place].value
    return value if box.check == check(asked.field.key, value) else None
