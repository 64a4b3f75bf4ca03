"""What Discord lists of the bot, as data: one command with all others below it, and what the menus hold.

The names and descriptions are in every language that there is, under each of Discord's names for it. What is listed
has a digest, so that it is told to Discord only when it has changed.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.adapters.discord.messages import line
from bot.adapters.discord.parse import SOURCES, WORDS
from bot.adapters.discord.payload import Body, bodies_of, body_of, number_in, text_in
from bot.ports import Known, Words

Definition = dict[str, Any]

NAME = "mentor"
SUBCOMMAND, STRING = 1, 3
SLASH, USER, MESSAGE = 1, 2, 3
IN_SERVERS, WITH_BOT = 0, 1
MOST = 25
NAME_LIMIT, ABOUT_LIMIT, TYPED_LIMIT = 32, 100, 500
LOCALES = (
    *("id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no", "pl"),
    *("pt-BR", "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th", "zh-CN", "ja"),
    *("zh-TW", "ko"),
)
"""Discord's names of languages."""
WITH_WORDS = frozenset(("block", "courses", "find", "learn", "pause", "report", "signup", "verify"))
"""Commands that can be told more at once."""
ABOUT_COMMAND, ABOUT_WORDS, WORDS_NAME = "mentor", "words_about", "words"
ASK_NAME, REPORT_NAME = "ask_me", "report_message"
TEXTS = (ABOUT_COMMAND, WORDS_NAME, ABOUT_WORDS, ASK_NAME, REPORT_NAME)
"""What the words of an adapter have to hold, besides `command_<name>` for a command's name in another language."""
_NAME = re.compile(r"[-_'\w]{1,32}")


def definitions(
    commands: Callable[[str], Sequence[Known]], languages: Sequence[str], words: Words
) -> list[Definition]:
    """Describe all commands for one bulk overwrite; the first language is for everybody whose own is not there."""
    own = {language: words(language) for language in languages}
    known = {language: list(commands(language)) for language in languages}
    first = languages[0]
    subcommands = [
        _subcommand(each, {language: known[language][at] for language in languages}, own)
        for at, each in enumerate(known[first][:MOST])
    ]
    about = {language: own[language][ABOUT_COMMAND] for language in languages}
    return [
        {
            "type": SLASH,
            "name": NAME,
            **_described(about),
            "options": subcommands,
            "contexts": [IN_SERVERS, WITH_BOT],
            "integration_types": [0],
        },
        _menu(USER, {language: own[language][ASK_NAME] for language in languages}, [IN_SERVERS]),
        _menu(
            MESSAGE, {language: own[language][REPORT_NAME] for language in languages}, [IN_SERVERS, WITH_BOT]
        ),
    ]


def _subcommand(each: Known, known: Mapping[str, Known], own: Mapping[str, Mapping[str, str]]) -> Definition:
    names = {language: text for language in known if (text := own[language].get(f"command_{each.name}", ""))}
    about = {language: one.about for language, one in known.items()}
    below = [_option(each.name, own)] if each.name in WITH_WORDS else []
    return {
        "type": SUBCOMMAND,
        "name": each.name,
        **_localised("name", {language: name for language, name in names.items() if _is_name(name)}),
        **_described(about),
        **({"options": below} if below else {}),
    }


def _option(command: str, own: Mapping[str, Mapping[str, str]]) -> Definition:
    names = {language: each[WORDS_NAME] for language, each in own.items() if _is_name(each[WORDS_NAME])}
    return {
        "type": STRING,
        "name": WORDS,
        **_localised("name", names),
        **_described({language: each[ABOUT_WORDS] for language, each in own.items()}),
        "required": False,
        "max_length": TYPED_LIMIT,
        **({"autocomplete": True} if command in SOURCES else {}),
    }


def _menu(kind: int, names: Mapping[str, str], contexts: Sequence[int]) -> Definition:
    told = {language: line(name, NAME_LIMIT) for language, name in names.items()}
    first = next(iter(told.values()))
    others = {language: name for language, name in told.items() if name != first}
    return {
        "type": kind,
        "name": first,
        **_localised("name", others),
        "contexts": [*contexts],
        "integration_types": [0],
    }


def _described(about: Mapping[str, str]) -> Definition:
    told = {language: line(text, ABOUT_LIMIT) for language, text in about.items()}
    first = next(iter(told.values()))
    others = {language: text for language, text in told.items() if text != first}
    return {"description": first, **_localised("description", others)}


def _localised(what: str, texts: Mapping[str, str]) -> Definition:
    """Give texts under each of Discord's names of their language: `zh` is both of its, unless `zh-TW` is there."""
    found = {locale: texts[language] for locale in LOCALES if (language := _language(locale, texts))}
    return {f"{what}_localizations": found} if found else {}


def _language(locale: str, texts: Mapping[str, str]) -> str:
    exact = {language.replace("_", "-").casefold(): language for language in texts}
    return exact.get(locale.casefold(), "") or exact.get(locale.partition("-")[0], "")


def _is_name(text: str) -> bool:
    return bool(_NAME.fullmatch(text)) and text == text.lower() and len(text) <= NAME_LIMIT


# --- Whether they have changed ----------------------------------------------------------------------------------


def digest(listed: Sequence[Mapping[str, Any]]) -> str:
    """Give a text that is the same for the same commands, ours or as Discord tells them with all languages."""
    told = sorted((_plain(each) for each in listed), key=lambda each: (each.get("type", 0), each["name"]))
    written = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode(errors="replace")).hexdigest()


def _plain(each: Body) -> dict[str, Any]:
    """Keep what we say of a command; Discord adds ids, versions and what is left out."""
    kept: dict[str, Any] = {
        "name": text_in(each.get("name")),
        "type": number_in(each.get("type", SLASH)),
        "options": [_plain(one) for one in bodies_of(each.get("options"))],
    }
    for what in ("description",):
        kept[what] = text_in(each.get(what))
    for what in ("name_localizations", "description_localizations"):
        kept[what] = {locale: text_in(text) for locale, text in body_of(each.get(what)).items()}
    for what in ("required", "autocomplete"):
        kept[what] = each.get(what) is True
    kept["max_length"] = number_in(each.get("max_length"))
    for what in ("contexts", "integration_types"):
        given = each.get(what)
        kept[what] = sorted(map(number_in, given)) if isinstance(given, list) else []
    return kept
