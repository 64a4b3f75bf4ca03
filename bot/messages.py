"""The catalogue of words: message key + parameters + reader -> rich text.

`locales/<lang>/<dialog>.yaml` holds jinja2 templates; `new:` in `offer.yaml` is `offer.new`. The filters:

    {{ hours | plural("# free hour", "# free hours") }}  # is the number; forms in the order of CLDR
    {{ names | list }}  {{ names | list("or") }}  {{ slugs | topics }}  {{ slug | topic }}
    {{ at | when }}  {{ at | when("date") }}  a moment (datetime or ISO text), or a day ("2026-03-02")
    {{ seconds | span }}  {{ 1110 | minutes }}  {{ 0 | day }}  {{ 1234.5 | number }}  {{ "zh" | language }}
    {{ ana | name }}  {{ goal | user_text }}  {{ page | markdown }}  one harmless line; somebody's words; a lesson's
    {{ t("offer.reason", topic=slug) }}  another message, with the parameters given

Every other value is shown as literal text in one line.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Self, cast
from zoneinfo import ZoneInfo

import babel
import yaml
from babel.dates import format_skeleton, format_time, format_timedelta, get_day_names
from babel.lists import format_list
from babel.numbers import format_decimal
from jinja2 import StrictUndefined, Template, Undefined, meta, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

from bot import markdown, richtext
from bot.richtext import Rich, TimeStyle

# All scalars as strings: a key `yes` must not become True, nor the word `No` False.
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

# Plain English is nobody's in particular: 24 hours, day before month. Who says en-US gets American forms.
_FORMATS = {"en": "en_GB", "zh": "zh_Hans_CN"}


Label = Callable[[str, str], str]


def _slug(slug: str, locale: str) -> str:  # noqa: ARG001  the shape of a Label
    return slug


class _Reader(NamedTuple):
    """Who a message is rendered for."""

    tag: str  # as asked for: other messages are looked up by it
    locale: babel.Locale  # by which numbers and dates are written
    zone: str


class Catalogue:
    """All messages in all locales; templates are compiled when first used."""

    def __init__(
        self,
        sources: Mapping[str, Mapping[str, str]],
        label: Label = _slug,
        default: str = "en",
    ) -> None:
        """Take sources by locale and key, and `label(slug, locale)`, which names a topic."""
        if default not in sources:
            raise ValueError(f"there is no locale {default!r}")
        self._sources = sources
        self._label = label
        self._default = default
        self._templates: dict[tuple[str, str], Template] = {}
        self._constant: dict[tuple[str, str], Rich] = {}
        self._plain: dict[tuple[str, str], str] = {}
        self._tags: dict[tuple[str, str], str] = {}
        self._locales = (default, *sorted(sources.keys() - {default}))
        self._environment = SandboxedEnvironment(
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_shown,
            auto_reload=False,
        )
        del self._environment.filters["safe"]  # no way around the escaping
        self._environment.filters.update(_FILTERS, topic=self._topic, topics=self._topics)
        self._environment.globals = {"t": self._include}

    @classmethod
    def load(cls, folder: Path, label: Label = _slug, default: str = "en") -> Self:
        """Read `<folder>/<locale>/*.yaml`; ValueError names a file whose leaves are not all text."""
        sources: dict[str, dict[str, str]] = {}
        for file in sorted(folder.glob("*/*.yaml")):
            with file.open(encoding="utf-8") as stream:
                texts = yaml.load(stream, _Loader)  # noqa: S506  makes strings only
            _flatten(texts, file.stem, file, sources.setdefault(file.parent.name, {}))
        return cls(sources, label, default)

    @property
    def locales(self) -> tuple[str, ...]:
        """The locales there are, the default first."""
        return self._locales

    def match(self, hint: str | None) -> str:
        """Find the best locale there is for what a platform says: `zh-Hans-CN` -> `zh`."""
        return _chain(self.locales, hint or self._default)[0]

    def keys(self, locale: str) -> frozenset[str]:
        """List the keys that a locale itself has."""
        return frozenset(self._sources[locale])

    def has(self, key: str, locale: str) -> bool:
        """Say whether the locale, or one it falls back to, has the key."""
        return any(key in self._sources[tag] for tag in _chain(self.locales, locale))

    def template(self, key: str, locale: str) -> str:
        """Give the template's source; KeyError where no locale has it."""
        return self._sources[self._found(key, locale)][key]

    def variables(self, key: str, locale: str) -> frozenset[str]:
        """Name the parameters that a template uses."""
        used = meta.find_undeclared_variables(self._environment.parse(self.template(key, locale)))
        return frozenset(used - self._environment.globals.keys())

    def rich(self, key: str, params: Mapping[str, Any], locale: str, zone: str) -> Rich:
        """Render for a reader; `zone` is an IANA name.

        KeyError for an unknown key, UndefinedError for a missing parameter, TypeError for one unfiltered.
        """
        tag = self._found(key, locale)
        constant = self._constant.get((key, tag))
        if constant is not None:
            return constant
        rich = richtext.parse(self._render(key, params, locale, zone))
        if "{" not in self._sources[tag][key]:
            self._constant[key, tag] = rich
        return rich

    def text(self, key: str, params: Mapping[str, Any], locale: str, zone: str) -> str:
        """Render for a reader as plain text."""
        constant = self._plain.get((key, locale))
        if constant is not None:
            return constant
        text = richtext.plain(self.rich(key, params, locale, zone))
        if "{" not in self.template(key, locale):
            self._plain[key, locale] = text
        return text

    def _found(self, key: str, locale: str) -> str:
        tag = self._tags.get((key, locale))
        if tag is None:
            tag = next((tag for tag in _chain(self.locales, locale) if key in self._sources[tag]), None)
            if tag is None:
                raise KeyError(key)
            self._tags[key, locale] = tag
        return tag

    def _render(self, key: str, params: Mapping[str, Any], locale: str, zone: str) -> str:
        tag = self._found(key, locale)
        template = self._templates.get((key, tag))
        if template is None:
            template = self._environment.from_string(self._sources[tag][key])
            self._templates[key, tag] = template
        return template.render({**params, "_reader": _Reader(locale, _formats(locale, tag), zone)})

    @pass_context
    def _include(self, context: Context, key: str, /, **params: Any) -> Markup:  # noqa: ANN401  any JSON
        reader = _reader(context)
        return Markup(self._render(key, params, reader.tag, reader.zone))  # noqa: S704  autoescaped itself

    @pass_context
    def _topic(self, context: Context, slug: str) -> str:
        return self._label(slug, _reader(context).tag)

    @pass_context
    def _topics(self, context: Context, slugs: Iterable[str], style: str = "standard") -> Markup:
        return _list(context, [self._topic(context, slug) for slug in slugs], style)


def _flatten(value: object, key: str, file: Path, into: dict[str, str]) -> None:
    if isinstance(value, str):
        into[key] = value
    elif isinstance(value, dict):
        for part, inner in value.items():
            _flatten(inner, f"{key}.{part}", file, into)
    elif value is not None:
        raise ValueError(f"{file}: {key} is not text")


@lru_cache(4096)
def _chain(locales: tuple[str, ...], wanted: str) -> tuple[str, ...]:
    """List the locales to look in: `zh-TW` -> zh-TW, zh, en, as far as they are there."""
    there = {tag.replace("_", "-").lower(): tag for tag in locales}
    parts = wanted.replace("_", "-").lower().split("-")
    tags = ("-".join(parts[:size]) for size in range(len(parts), 0, -1))
    return tuple(dict.fromkeys([*(there[tag] for tag in tags if tag in there), locales[0]]))


@lru_cache(4096)
def _formats(wanted: str, found: str) -> babel.Locale:
    """Choose how numbers and dates are written: the reader's way, if that is the language of the words."""
    own = _formats_of(wanted)
    words = _formats_of(found) or babel.Locale("en", "GB")
    return own if own and (own.language, own.script) == (words.language, words.script) else words


def _formats_of(tag: str) -> babel.Locale | None:
    parts = re.split("[-_]", tag)
    for size in range(len(parts), 0, -1):
        name = "_".join(parts[:size])
        try:
            return babel.Locale.parse(_FORMATS.get(name.lower(), name))
        except (babel.UnknownLocaleError, ValueError):
            continue
    return None


# ---- filters ----


def _shown(value: object) -> object:
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


def _reader(context: Context) -> _Reader:
    return cast("_Reader", context["_reader"])


def _number_in(locale: babel.Locale, value: float) -> str:
    if isinstance(value, int) and 0 <= value < 1000:  # every locale writes these alike
        return str(value)
    return format_decimal(value, locale=locale)


@pass_context
def _number(context: Context, value: float) -> str:
    return _number_in(_reader(context).locale, value)


@lru_cache(256)
def _categories(locale: babel.Locale) -> tuple[str, ...]:
    tags = locale.plural_form.tags | {"other"}
    return tuple(tag for tag in ("zero", "one", "two", "few", "many", "other") if tag in tags)


_HASH = re.compile("(?<!&)#")  # not the # of a character reference


@pass_context
def _plural(context: Context, number: float, *forms: str) -> str:
    locale = _reader(context).locale
    which = _categories(locale).index(locale.plural_form(number))
    form = forms[min(which, len(forms) - 1)]
    return type(form)(_HASH.sub(_number_in(locale, number), form))


@pass_context
def _list(context: Context, values: Iterable[object], style: str = "standard") -> Markup:
    parts = [str(escape(_shown(value))) for value in values]
    return Markup(format_list(parts, style=cast("Any", style), locale=_reader(context).locale))  # noqa: S704  escaped


@pass_context
def _when(context: Context, at: datetime | str, style: TimeStyle = "datetime") -> str:
    reader = _reader(context)
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


@pass_context
def _span(context: Context, seconds: float) -> str:
    # 24 hours and 90 minutes rather than 1 day and 2 hours: the next unit from two of it on.
    return format_timedelta(timedelta(seconds=seconds), "minute", threshold=2, locale=_reader(context).locale)


@pass_context
def _minutes(context: Context, minutes: int) -> str:
    at = time(minutes // 60 % 24, minutes % 60)
    return format_time(at, "short", locale=_reader(context).locale).replace("\u202f", " ")


@pass_context
def _day(context: Context, weekday: int) -> str:
    return str(get_day_names("wide", "stand-alone", _reader(context).locale)[weekday])


@pass_context
def _language(context: Context, code: str) -> str:
    names = _reader(context).locale.languages
    tag = code.replace("-", "_")
    return names.get(tag) or names.get(tag.partition("_")[0].lower()) or code


def _user_text(text: str) -> Markup:
    return Markup(richtext.markup(richtext.from_user(text)))  # noqa: S704  markup escapes


def _name(text: str) -> str:
    return richtext.name(text)


_FILTERS: dict[str, Callable[..., Any]] = {
    "number": _number,
    "plural": _plural,
    "list": _list,
    "when": _when,
    "span": _span,
    "minutes": _minutes,
    "day": _day,
    "language": _language,
    "user_text": _user_text,
    "markdown": markdown.markup,
    "name": _name,
}
