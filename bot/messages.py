"""The catalogue of words: message key + parameters + reader -> rich text.

`locales/<lang>/<dialog>.yaml` holds jinja2 templates; `new:` in `offer.yaml` is `offer.new`. `{{ t("offer.reason",
topic=slug) }}` is another message, with the parameters given; what else a template may do is in `bot/filters.py`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any, Self

import babel
import yaml
from jinja2 import StrictUndefined, Template, meta, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from bot import richtext
from bot.filters import FILTERS, Reader, list_, reader_of, shown
from bot.richtext import Rich

# All scalars as strings: a key `yes` must not become True, nor the word `No` False.
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

# Plain English is nobody's in particular: 24 hours, day before month. Who says en-US gets American forms.
_FORMATS = {"en": "en_GB", "zh": "zh_Hans_CN"}


Label = Callable[[str, str], str]
_CODE: dict[str, CodeType] = {}


def _slug(slug: str, locale: str) -> str:  # noqa: ARG001  the shape of a Label
    return slug


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
            finalize=shown,
            auto_reload=False,
        )
        del self._environment.filters["safe"]  # no way around the escaping
        self._environment.filters.update(FILTERS, topic=self._topic, topics=self._topics)
        self._environment.globals = {"t": self._include}

    @classmethod
    def load(cls, folder: Path, label: Label = _slug, default: str = "en") -> Self:
        """Read `<folder>/<locale>/*.yaml`; ValueError names a file whose leaves are not all text."""
        files = sorted(folder.glob("*/*.yaml"))
        return cls(_read(tuple((file, file.stat().st_mtime_ns) for file in files)), label, default)

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
        source = self._sources[tag][key]
        if "{" not in source:
            # Most are plain words: there is nothing to compile.
            rich = self._constant[key, tag] = richtext.parse(source.removesuffix("\n"))
            return rich
        return richtext.parse(self._render(key, params, locale, zone))

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
            template = self._compiled(self._sources[tag][key])
            self._templates[key, tag] = template
        return template.render({**params, "_reader": Reader(locale, _formats(locale, tag), zone)})

    def _compiled(self, source: str) -> Template:
        """Compile a template, once for the process however many catalogues it has: all have the same filters."""
        code = _CODE.get(source)
        if code is None:
            code = _CODE[source] = self._environment.compile(source)
        return Template.from_code(self._environment, code, self._environment.make_globals(None))

    @pass_context
    def _include(self, context: Context, key: str, /, **params: Any) -> Markup:  # noqa: ANN401  any JSON
        reader = reader_of(context)
        return Markup(self._render(key, params, reader.tag, reader.zone))  # noqa: S704  autoescaped itself

    @pass_context
    def _topic(self, context: Context, slug: str) -> str:
        return self._label(slug, reader_of(context).tag)

    @pass_context
    def _topics(self, context: Context, slugs: Iterable[str], style: str = "standard") -> Markup:
        return list_(context, [self._topic(context, slug) for slug in slugs], style)


@lru_cache(maxsize=2)
def _read(files: tuple[tuple[Path, int], ...]) -> Mapping[str, Mapping[str, str]]:
    """Read files, which are the same as long as their times are: a process may open the program more than once."""
    sources: dict[str, dict[str, str]] = {}
    for file, _ in files:
        with file.open(encoding="utf-8") as stream:
            texts = yaml.load(stream, _Loader)  # noqa: S506  makes strings only
        _flatten(texts, file.stem, file, sources.setdefault(file.parent.name, {}))
    return sources


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
