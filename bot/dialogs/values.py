"""Reading the values of fields: what was typed, pressed or picked becomes a checked value, or a `Problem`."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from bot.ports import Choice, Confirm, Day, Field, Moment, Number, Option, Text, Upload, Week
from bot.richtext import clean
from bot.turn import Turn
from core import reading
from core.availability import Span, merge
from core.reading import Problem
from core.store.types import Json

SEPARATORS = re.compile(r"[,，、;；\n]+|\s+(?:and|和|与|及)\s+", re.IGNORECASE)
JOINED = re.compile("和|与|及")
MOST_PARTS = 200
LEVEL = re.compile(r"^(.*?)([\s:：=(（]*)([1-9])[)）]?$", re.DOTALL)


def read(field: Field, raw: Json, turn: Turn, dialog: str) -> Json | Problem:
    """Check one value; None is a skipped optional field."""
    raw = _visible(raw)
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
            return _confirm(field, raw, turn, dialog)
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


def _visible(raw: Json) -> Json:
    """Drop what nobody can see, nor every database keep: controls, zero bytes, halves of characters."""
    if isinstance(raw, str):
        return clean(raw)
    return [_visible(each) for each in raw[:MOST_PARTS]] if isinstance(raw, list) else raw


def _text(field: Text, raw: Json) -> Json | Problem:
    text = str(raw).strip() if field.lines else " ".join(str(raw).split())
    if len(text) > field.limit:
        return Problem("error.text.long", {"limit": field.limit, "length": len(text)})
    if len(text) < field.least:
        return Problem("error.text.short", {"least": field.least})
    if field.only is not None and text.casefold() != field.only.casefold():
        return Problem("error.code")
    return text


def _number(field: Number, raw: Json) -> Json | Problem:
    return reading.number(str(raw), field.low, field.high, whole=field.whole)


def _confirm(field: Confirm, raw: Json, turn: Turn, dialog: str) -> Json | Problem:
    value = raw if isinstance(raw, bool) else _labelled(field, str(raw), turn, dialog)
    return Problem("error.confirm") if value is False and field.must else value


def _labelled(field: Confirm, typed: str, turn: Turn, dialog: str) -> bool | Problem:
    """Read yes or no, also where somebody types what the button says."""
    for word, meant in (("yes", True), ("no", False)):
        key = f"{dialog}.{field.key}.{word}"
        if (
            turn.words.has(key, turn.locale)
            and typed.strip().casefold() == turn.words.text(key, {}, turn.locale, turn.zone).casefold()
        ):
            return meant
    return reading.yes(typed)


def _day(field: Day, raw: Json, turn: Turn) -> Json | Problem:
    today = turn.now.astimezone(ZoneInfo(turn.zone)).date()
    value = reading.until(str(raw), today, turn.locale)
    if isinstance(value, Problem):
        return value
    if field.earliest and value < date.fromisoformat(field.earliest):
        return Problem("error.day.past", {"day": value.isoformat()})
    return value.isoformat()


def _moment(raw: Json, turn: Turn) -> Json | Problem:
    picked = _picked(str(raw))
    if picked is not None:
        return picked.isoformat() if picked > turn.now else Problem("error.moment.past")
    value = reading.moment(str(raw), turn.now, turn.zone, turn.locale)
    return value.isoformat() if isinstance(value, datetime) else value


def _picked(text: str) -> datetime | None:
    """Read an instant as a platform's own picker, or the field itself, gives it: ISO with an offset."""
    try:
        value = datetime.fromisoformat(text.strip())
        return value.astimezone(UTC) if value.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _week(raw: Json) -> Json | Problem:
    if not isinstance(raw, list):
        spans = reading.week(str(raw))
    elif all(isinstance(each, list) for each in raw):
        spans = _spans(raw)
    else:
        spans = reading.week_from_parts([str(each) for each in raw])
    return spans if isinstance(spans, Problem) else [list(span) for span in spans]


def _spans(raw: list[Any]) -> tuple[Span, ...] | Problem:
    """Take spans as the field keeps them: [weekday, from minute, to minute]."""
    try:
        return merge((int(day), int(start), int(end)) for day, start, end in raw)
    except (TypeError, ValueError, OverflowError):
        return Problem("error.week.unreadable")


def _upload(field: Upload, raw: Json) -> Json | Problem:
    if not isinstance(raw, dict) or not raw.get("id"):
        return Problem("error.upload")
    size = raw.get("size", 0)
    if isinstance(size, int) and size > field.size:
        return Problem("error.upload.large", {"megabytes": field.size // 1_000_000})
    return {"id": str(raw["id"]), "name": str(raw.get("name", ""))[:200], "size": size}


def _choice(field: Choice, raw: Json, turn: Turn, dialog: str) -> Json | Problem:
    parts: Sequence[tuple[str, int | None]] = _parts(raw) if field.many else [(str(raw).strip(), None)]
    if field.search == "topics" and isinstance(raw, list):
        # Picked rather than typed: an unknown topic that was kept is kept again, not asked about.
        parts = [(f'"{picked}"', level) for picked, level in parts]
    chosen: list[tuple[str, int | None]] = []
    found = [one for typed, level in parts for one in _several(field, typed, level, turn, dialog)]
    for typed, value, shown in found:
        if isinstance(value, Problem):
            return value
        if field.levels and shown is not None and not 1 <= shown <= field.levels:
            return Problem("error.level", {"typed": typed, "levels": field.levels})
        if value not in [each for each, _ in chosen]:
            chosen.append((value, shown))
    if not chosen:
        return Problem("error.required") if field.required else None
    if len(chosen) > field.most:
        return Problem("error.choice.many", {"most": field.most})
    if not field.many:
        return chosen[0][0]
    return [[value, level] for value, level in chosen] if field.levels else [value for value, _ in chosen]


def _parts(raw: Json) -> Sequence[tuple[str, int | None]]:
    """Split what was typed at commas and "and"; a list from a platform's own picker is taken as it is."""
    if not isinstance(raw, list):
        return [(part.strip(), None) for part in SEPARATORS.split(str(raw)) if part.strip()][:MOST_PARTS]
    parts: list[tuple[str, int | None]] = []
    for each in raw:
        if isinstance(each, list) and each:
            level = each[1] if len(each) > 1 and isinstance(each[1], int) else None
            parts.append((str(each[0]), level))
        else:
            parts.append((str(each), None))
    return parts


def _several(
    field: Choice, typed: str, level: int | None, turn: Turn, dialog: str
) -> list[tuple[str, str | Problem, int | None]]:
    """Find what was meant by a part: 前端和 k8s are two topics, 算法与数据结构 is one."""
    whole = (typed, *_one(field, typed, level, turn, dialog))
    pieces = [piece for piece in JOINED.split(typed) if piece.strip()] if field.many else []
    if isinstance(whole[1], Problem) and len(pieces) > 1:
        several = [(piece, *_one(field, piece, None, turn, dialog)) for piece in pieces]
        if not any(isinstance(value, Problem) for _, value, _ in several):
            return several
    return [whole]


def _one(
    field: Choice, typed: str, level: int | None, turn: Turn, dialog: str
) -> tuple[str | Problem, int | None]:
    """Find the option that was meant; a number behind it is a level, where the field has levels."""
    value = _find(field, typed, turn, dialog)
    known = isinstance(value, str) and (field.search != "topics" or value in turn.topics.rows)
    if known or not field.levels or level is not None:
        return value, level
    split = LEVEL.match(typed)
    # A figure that is part of a new topic's name stays there: web9, but not "knitting 2".
    if split and split[1].strip() and (split[2] or isinstance(value, Problem)):
        return _find(field, split[1].strip(), turn, dialog), int(split[3])
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
    if field.search == "moments":
        return _any_moment(typed, turn)
    begins = {value for value, label in labels if wanted and label.startswith(wanted)}
    if len(begins) == 1:
        return begins.pop()
    return Problem(
        "error.choice",
        {"typed": typed[:80], "options": [label_of(o, field, turn, dialog) for o in field.options]},
    )


def _any_moment(typed: str, turn: Turn) -> str | Problem:
    value = _moment(typed, turn)
    return value if isinstance(value, Problem) else str(value)


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
    if found.slug is not None and not (quoted and found.corrected):
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
