"""Reading the values of fields: what was typed, pressed or picked becomes a checked value, or a `Problem`."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from bot.ports import Choice, Confirm, Day, Field, Moment, Number, Option, Text, Upload, Week
from bot.turn import Turn
from core import reading
from core.reading import Problem
from core.store.types import Json

SEPARATORS = re.compile(r"[,，、;；\n]+|\s+(?:and|和|与|及)\s+", re.IGNORECASE)
LEVEL = re.compile(r"^(.*?)[\s:：=(（]*([1-9])[)）]?$", re.DOTALL)


def read(field: Field, raw: Json, turn: Turn, dialog: str) -> Json | Problem:
    """Check one value; None is a skipped optional field."""
    if raw is None or (isinstance(raw, str) and not raw.strip()) or raw == []:
        return Problem("error.required") if field.required else None
    match field:
        case Text():
            return _text(field, raw)
        case Number():
            return _number(field, raw)
        case Choice():
            return _choice(field, raw, turn, dialog)
        case Confirm():
            return _confirm(field, raw)
        case Day():
            return _day(field, raw, turn)
        case Moment():
            return _moment(raw, turn)
        case Week():
            return _week(raw)
        case Upload():
            return _upload(field, raw)
        case _:
            assert_never(field)


def _text(field: Text, raw: Json) -> Json | Problem:
    text = str(raw).strip()
    if len(text) > field.limit:
        return Problem("error.text.long", {"limit": field.limit, "length": len(text)})
    if len(text) < field.least:
        return Problem("error.text.short", {"least": field.least})
    return text


def _number(field: Number, raw: Json) -> Json | Problem:
    return reading.number(str(raw), field.low, field.high, whole=field.whole)


def _confirm(field: Confirm, raw: Json) -> Json | Problem:
    value = raw if isinstance(raw, bool) else reading.yes(str(raw))
    return Problem("error.confirm") if value is False and field.must else value


def _day(field: Day, raw: Json, turn: Turn) -> Json | Problem:
    today = turn.now.astimezone(ZoneInfo(turn.zone)).date()
    value = reading.day(str(raw), today, turn.locale)
    if isinstance(value, Problem):
        return value
    if field.earliest and value < date.fromisoformat(field.earliest):
        return Problem("error.day.past", {"day": value.isoformat()})
    return value.isoformat()


def _moment(raw: Json, turn: Turn) -> Json | Problem:
    value = reading.moment(str(raw), turn.now, turn.zone, turn.locale)
    return value.isoformat() if isinstance(value, datetime) else value


def _week(raw: Json) -> Json | Problem:
    spans = (
        reading.week_from_parts([str(each) for each in raw])
        if isinstance(raw, list)
        else reading.week(str(raw))
    )
    return spans if isinstance(spans, Problem) else [list(span) for span in spans]


def _upload(field: Upload, raw: Json) -> Json | Problem:
    if not isinstance(raw, dict) or not raw.get("id"):
        return Problem("error.upload")
    size = raw.get("size", 0)
    if isinstance(size, int) and size > field.size:
        return Problem("error.upload.large", {"megabytes": field.size // 1_000_000})
    return {"id": str(raw["id"]), "name": str(raw.get("name", ""))[:200], "size": size}


def _choice(field: Choice, raw: Json, turn: Turn, dialog: str) -> Json | Problem:
    parts: Sequence[tuple[str, int | None]] = _parts(raw) if field.many else [(str(raw).strip(), None)]
    chosen: list[tuple[str, int | None]] = []
    for typed, level in parts:
        value, shown = _one(field, typed, level, turn, dialog)
        if isinstance(value, Problem):
            return value
        if field.levels and shown is not None and not 1 <= shown <= field.levels:
            return Problem("error.level", {"typed": typed, "levels": field.levels})
        if value not in [each for each, _ in chosen]:
            chosen.append((value, shown))
    if len(chosen) > field.most:
        return Problem("error.choice.many", {"most": field.most})
    if not field.many:
        return chosen[0][0]
    return [[value, level] for value, level in chosen] if field.levels else [value for value, _ in chosen]


def _parts(raw: Json) -> Sequence[tuple[str, int | None]]:
    """Split what was typed at commas and "and"; a list from a platform's own picker is taken as it is."""
    if not isinstance(raw, list):
        return [(part.strip(), None) for part in SEPARATORS.split(str(raw)) if part.strip()][:200]
    parts: list[tuple[str, int | None]] = []
    for each in raw[:200]:
        if isinstance(each, list) and each:
            level = each[1] if len(each) > 1 and isinstance(each[1], int) else None
            parts.append((str(each[0]), level))
        else:
            parts.append((str(each), None))
    return parts


def _one(
    field: Choice, typed: str, level: int | None, turn: Turn, dialog: str
) -> tuple[str | Problem, int | None]:
    """Find the option that was meant; a number behind it is a level, where the field has levels."""
    value = _find(field, typed, turn, dialog)
    if isinstance(value, str) or not field.levels or level is not None:
        return value, level
    split = LEVEL.match(typed)
    if split and split[1].strip():
        return _find(field, split[1].strip(), turn, dialog), int(split[2])
    return value, level


def _find(field: Choice, typed: str, turn: Turn, dialog: str) -> str | Problem:
    if field.search == "topics":
        return _topic(field, typed, turn)
    if field.search == "languages":
        return reading.language(typed)
    if field.search == "zones":
        return reading.zone(typed)
    wanted = typed.casefold()
    labels = [(option.value, label_of(option, field, turn, dialog).casefold()) for option in field.options]
    for value, label in labels:
        if wanted in (value.casefold(), label):
            return value
    if wanted.isdecimal() and 1 <= int(wanted[:4]) <= len(field.options):
        return field.options[int(wanted) - 1].value
    begins = {value for value, label in labels if wanted and label.startswith(wanted)}
    if len(begins) == 1:
        return begins.pop()
    return Problem(
        "error.choice",
        {"typed": typed[:80], "options": [label_of(o, field, turn, dialog) for o in field.options]},
    )


def label_of(option: Option, field: Choice, turn: Turn, dialog: str) -> str:
    """Give an option's label in the words of the one who acts."""
    if option.label is not None:
        return option.label
    return turn.words.text(f"{dialog}.{field.key}.option.{option.value}", {}, turn.locale, turn.zone)


def _topic(field: Choice, typed: str, turn: Turn) -> str | Problem:
    """Resolve a topic; a quoted one is kept as it was written."""
    bare = typed.strip("\"'“”‘’「」 ")
    quoted = bare != typed.strip()
    found = turn.topics.resolve(bare)
    if found.slug is not None:
        return found.slug
    if found.near and not quoted:
        near = [turn.topics.name(slug, turn.locale) for slug in found.near]
        return Problem("error.topic.near", {"typed": typed[:80], "near": near})
    if not field.free:
        return Problem("error.topic.unknown", {"typed": typed[:80]})
    return turn.topics.unknown(bare)


def values_of(answer: Json) -> Sequence[Json]:
    """Give the plain values of an answer with or without levels."""
    if not isinstance(answer, list):
        return () if answer is None else (answer,)
    return [each[0] if isinstance(each, list) else each for each in answer]
