"""What Telegram lists of the bot: its commands, for each language, and for organisers their own."""

from collections.abc import Sequence
from typing import Any

from bot.adapters.telegram.calls import Api, Failed, call
from bot.ports import Known, Program

ABOUT_LIMIT = 256


async def publish(bot: Api, number: int, program: Program) -> str:
    """Tell Telegram the commands; gives what went wrong, in its words, or nothing."""
    languages = program.languages
    for place, language in enumerate(languages):
        # The first is for everybody whose language we do not speak.
        codes = [""] * (place == 0) + [language.partition("-")[0]]
        everybody, organisers = _lists(program.commands(language))
        for code in codes:
            if failed := await _set(bot, everybody, {"type": "all_private_chats"}, code):
                return failed
            for chat in _chats(number, program):
                # Who has never opened the bot has no chat yet: they see the others' list until it is started anew.
                await _set(bot, organisers, {"type": "chat", "chat_id": chat}, code)
    return ""


def _chats(number: int, program: Program) -> list[int]:
    ours = [who.id.partition("/") for who in program.organisers if who.platform == "telegram"]
    return [int(chat) for bot, _, chat in ours if bot == str(number) and chat.isdecimal()]


def _lists(known: Sequence[Known]) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    lists = [
        [
            {"command": each.name, "description": each.about[:ABOUT_LIMIT]}
            for each in known
            if all_ or not each.organisers
        ]
        for all_ in (False, True)
    ]
    return lists[0], lists[1]


async def _set(bot: Api, commands: list[dict[str, str]], scope: dict[str, Any], code: str) -> str:
    arguments = {"commands": commands, "scope": scope, **({"language_code": code} if code else {})}
    told = await call(bot, "setMyCommands", arguments)
    return told.error if isinstance(told, Failed) else ""
