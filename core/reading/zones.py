"""Time zones by name, city, country or offset."""

import re
import zoneinfo
from functools import cache

from core.reading.names import NEAR, babel_names, unknown, without_accents
from core.reading.problem import Problem
from core.reading.texts import fold, lower, shown
from core.reading.words import data


@cache
def _zones() -> dict[str, str]:
    """Map IANA names, cities (in English and Chinese) and common abbreviations to IANA names."""
    from babel.core import get_global  # noqa: PLC0415 — slow, as in names.py

    known = zoneinfo.available_timezones() - {"Factory", "localtime"}
    newer = {name: new for name, new in get_global("zone_aliases").items() if new in known}
    names = {lower(name).replace("_", " "): newer.get(name, name) for name in sorted(known)}
    names.update(data()["zones"])
    places = {
        name: name.rsplit("/", 1)[1] for name in sorted(known) if "/" in name and not name.startswith("Etc/")
    }
    told = [babel_names(tongue, "time_zones") for tongue in ("en", "zh")]
    for table in (places, *({name: about.get("city", "") for name, about in one.items()} for one in told)):
        for name, city in table.items():
            current = newer.get(name, name)
            if city and current in known:
                names.setdefault(lower(city).replace("_", " "), current)
                names.setdefault(without_accents(lower(city)), current)
    return names


@cache
def _countries() -> dict[str, str]:
    """Map the codes of countries, and their names in English and Chinese, to their codes."""
    english, chinese = babel_names("en", "territories"), babel_names("zh", "territories")
    codes = sorted(code for code in english if len(code) == 2 and code.isalpha() and code != "ZZ")
    names = {lower(name): code for code in codes for name in (code, english[code], chinese.get(code, code))}
    names.update(data()["countries"])
    return names


def zone(text: str) -> str | Problem:
    """Read a time zone as its IANA name: typed so, a city, an offset from UTC, or a country with one zone.

    Keys: `error.zone.several` {text, near} and `error.zone.unknown` {text, near}; `near` holds IANA names.
    """
    typed = fold(text).replace("_", " ")
    shorter = (re.sub(r" time$|时间$|市$", "", typed), re.split(r"\s?[,(]", typed, maxsplit=1)[0])
    for part in dict.fromkeys((typed, *shorter)):
        found = _offset(part) or _zones().get(part) or _zones().get(without_accents(part))
        if found:
            return found
        if several := _zones_of(part):
            return (
                Problem("error.zone.several", {"text": shown(text), "near": several})
                if several[1:]
                else several[0]
            )
    return unknown("zone", text, typed, _zones())


def _zones_of(typed: str) -> list[str]:
    """List the zones of a country, or of an abbreviation that several places use."""
    from babel.core import get_global  # noqa: PLC0415 — slow, as in names.py

    if typed in data()["doubtful_zones"]:
        return list(data()["doubtful_zones"][typed])
    code = _countries().get(typed, "")
    if code in data()["main_zone"]:
        return [data()["main_zone"][code]]
    return list(data()["chief_zones"].get(code) or get_global("territory_zones").get(code, ())[: 2 * NEAR])


def _offset(typed: str) -> str | None:
    """Read *UTC+2*; the names of the zone data count the other way, so that is `Etc/GMT-2`."""
    found = re.fullmatch(r"(?:utc|gmt)?\s?([+-])\s?(\d{1,2})(?::?(\d{2}))?", typed.replace("−", "-"))
    if found is None:
        return None
    sign, hours, minutes = found[1], int(found[2]), int(found[3] or 0)
    if minutes:
        place: str | None = data()["offsets"].get(f"{sign}{hours}:{minutes:02}")
        return place
    if hours > (14 if sign == "+" else 12):
        return None
    return f"Etc/GMT{'-' if sign == '+' else '+'}{hours}" if hours else "UTC"
