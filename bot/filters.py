"""What a template may do with a value, for its reader: numbers, plurals, lists, moments, what somebody wrote.

    {{ hours | plural("# free hour", "# free hours") }}  # is the number; forms in the order of CLDR
    {{ names | list }}  {{ names | list("or") }}  {{ slugs | topics }}  {{ slug | topic }}
    {{ at | when }}  {{ at | when("date") }}  a moment (datetime or ISO text), or a day ("2026-03-02")
    {{ seconds | span }}  {{ 1110 | minutes }}  {{ 0 | day }}  {{ 1234.5 | number }}  {{ "zh" | language }}
    {{ "Europe/Berlin" | city }}
    {{ ana | name }}  {{ goal | user_text }}  {{ page | markdown }}  one harmless line; somebody's words; a lesson's

Every other value is shown as literal text in one line.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, cast
from zoneinfo import ZoneInfo

import babel
from babel.dates import (
    format_skeleton,
    format_time,
    format_timedelta,
    get_day_names,
    get_timezone_location,
)
from babel.lists import format_list
from babel.numbers import format_decimal
from jinja2 import Undefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from bot import markdown, richtext
from bot.richtext import TimeStyle


class Reader(NamedTuple):
    """Who a message is rendered for."""

    tag: str  # as asked for: other messages are looked up by it
    locale: babel.Locale  # by which numbers and dates are written
    zone: str


def shown(value: object) -> object:
    """Make every `{{ value }}` harmless; what only a filter can show is a mistake."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return richtext.clean(value)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float | Undefined):
        raise TypeError(f"a message cannot show a {type(value).__name__} without a filter")
    return value


def reader_of(context: Context) -> Reader:
    """Give who a message is rendered for."""
    return cast("Reader", context["_reader"])


def _number_in(locale: babel.Locale, value: float) -> str:
    if isinstance(value, int) and 0 <= value < 1000:  # every locale writes these alike
        return str(value)
    return format_decimal(value, locale=locale)


@pass_context
def _number(context: Context, value: float) -> str:
    return _number_in(reader_of(context).locale, value)


@lru_cache(256)
def _categories(locale: babel.Locale) -> tuple[str, ...]:
    tags = locale.plural_form.tags | {"other"}
    return tuple(tag for tag in ("zero", "one", "two", "few", "many", "other") if tag in tags)


_HASH = re.compile("(?<!&)#")  # not the # of a character reference


@pass_context
def _plural(context: Context, number: float, *forms: str) -> str:
    locale = reader_of(context).locale
    which = _categories(locale).index(locale.plural_form(number))
    form = forms[min(which, len(forms) - 1)]
    return type(form)(_HASH.sub(_number_in(locale, number), form))


@pass_context
def list_(context: Context, values: Iterable[object], style: str = "standard") -> Markup:
    """Write several things as the reader's language does."""
    parts = [str(escape(shown(value))) for value in values]
    return Markup(format_list(parts, style=cast("Any", style), locale=reader_of(context).locale))  # noqa: S704  escaped


@pass_context
def _when(context: Context, at: datetime | str, style: TimeStyle = "datetime") -> str:
    reader = reader_of(context)
    return _written(at, style, reader.locale, reader.zone)


@lru_cache(4096)
def _written(at: datetime | str, style: TimeStyle, locale: babel.Locale, zone: str) -> str:
    if isinstance(at, str):
        if len(at) == len("2026-03-02"):
            return format_skeleton("yMMMEd", date.fromisoformat(at), locale=locale)
        at = datetime.fromisoformat(at)
    if at.tzinfo is None:
        raise ValueError("a moment needs its zone")
    at = at.astimezone(UTC)
    fallback = _moment(at, style, locale, zone)
    return Markup('<time datetime="{}" style="{}">{}</time>').format(at.isoformat(), style, fallback)


def _moment(at: datetime, style: TimeStyle, locale: babel.Locale, zone: str) -> str:
    """Write a moment; the year stands with days only, since sessions and offers are weeks away at most."""
    local = at.astimezone(ZoneInfo(zone))
    clock = format_time(local.time(), "short", locale=locale).replace("\u202f", " ")
    match style:
        case "time":
            return clock
        case "date":
            return format_skeleton("yMMMEd", local, locale=locale)
        case "datetime":
            day = format_skeleton("MMMEd", local, locale=locale)
            return str(locale.datetime_formats["medium"]).replace("{1}", day).replace("{0}", clock)


_STUCK = re.compile(r"(?<=[0-9])(?=[\u4e00-\u9fff])")


@pass_context
def _city(context: Context, zone: str) -> str:
    return str(get_timezone_location(zone, locale=reader_of(context).locale, return_city=True))


@pass_context
def _span(context: Context, seconds: float) -> str:
    # 24 hours and 90 minutes rather than 1 day and 2 hours: the next unit from two of it on.
    told = format_timedelta(
        timedelta(seconds=seconds), "minute", threshold=2, locale=reader_of(context).locale
    )
    # Numbers stand apart from Chinese characters in all our words.
    return _STUCK.sub(" ", told)


@pass_context
def _minutes(context: Context, minutes: int) -> str:
    at = time(minutes // 60 % 24, minutes % 60)
    return format_time(at, "short", locale=reader_of(context).locale).replace("\u202f", " ")


@pass_context
def _day(context: Context, weekday: int) -> str:
    return str(get_day_names("wide", "stand-alone", reader_of(context).locale)[weekday])


@pass_context
def _language(context: Context, code: str) -> str:
    names = reader_of(context).locale.languages
    tag = code.replace("-", "_")
    return names.get(tag) or names.get(tag.partition("_")[0].lower()) or code


def _user_text(text: str) -> Markup:
    return Markup(richtext.markup(richtext.from_user(text)))  # noqa: S704  markup escapes


def _name(text: str) -> str:
    return richtext.name(text)


FILTERS: dict[str, Callable[..., Any]] = {
    "number": _number,
    "plural": _plural,
    "list": list_,
    "when": _when,
    "span": _span,
    "city": _city,
    "minutes": _minutes,
    "day": _day,
    "language": _language,
    "user_text": _user_text,
    "markdown": markdown.markup,
    "name": _name,
}
