"""Suggestions for fields that search: topics, languages, time zones; from memory, as somebody types."""

from collections.abc import Sequence
from functools import cache
from zoneinfo import available_timezones

from babel import Locale

from bot.ports import Search, ShownOption
from core import reading
from core.topics import Topics

MOST = 25


@cache
def _zones() -> tuple[str, ...]:
    return tuple(
        sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    )


@cache
def _languages(locale: str) -> tuple[tuple[str, str], ...]:
    names = Locale.parse(locale.replace("-", "_")).languages
    return tuple(
        (code, name) for code, name in sorted(names.items(), key=lambda item: item[1]) if len(code) in (2, 3)
    )


def suggest(search: Search, locale: str, topics: Topics) -> Sequence[ShownOption]:
    """Give up to 25 options for what was typed so far."""
    typed = search.typed.strip()[:100]
    match search.source:
        case "topics":
            return [
                ShownOption(topic.slug, topics.name(topic.slug, locale))
                for topic in topics.search(typed, locale, MOST)
            ]
        case "zones":
            wanted = typed.casefold().replace(" ", "_")
            found = [zone for zone in _zones() if wanted in zone.casefold()]
            city = reading.zone(typed) if typed else ""
            first = [city] if isinstance(city, str) and city else []
            return [ShownOption(zone, zone.replace("_", " ")) for zone in dict.fromkeys((*first, *found))][
                :MOST
            ]
        case "languages":
            wanted = typed.casefold()
            found_codes = [
                code for code, name in _languages(locale) if wanted in name.casefold() or code == wanted
            ]
            meant = reading.language(typed) if typed else ""
            codes = dict.fromkeys((*([meant] if isinstance(meant, str) and meant else []), *found_codes))
            names = dict(_languages(locale))
            return [ShownOption(code, names.get(code, code)) for code in codes][:MOST]
        case _:
            return []
