"""What a bot's account is named and offers: commands by scope and language, name and descriptions."""

import re
from typing import Any

from tests.platforms.telegram_core import Refusal
from tests.platforms.telegram_markup import Json
from tests.platforms.telegram_updates import Updates
from tests.platforms.telegram_world import Bot, Chat

SCOPES = {"default": (), "all_private_chats": (), "all_group_chats": (), "all_chat_administrators": (),
          "chat": ("chat_id",), "chat_administrators": ("chat_id",),
          "chat_member": ("chat_id", "user_id")}  # fmt: skip
WORDS = {"name": 64, "description": 512, "short_description": 120}
COMMAND = re.compile(r"[a-z0-9_]{1,32}")


class Profiles(Updates):
    """Keeps commands and words of bots."""

    def profiled(self, bot: Bot, method: str, body: Json) -> Any:
        """Do what a method with `My` in its name says."""
        language = str(body.get("language_code") or "")
        if not re.fullmatch(r"([a-z]{2})?", language):
            self.violate(f"{method}: language_code {language!r}")
            raise Refusal(400, "invalid language code specified")
        if method.endswith("Commands"):
            return self._commands(bot, method, (self._scope(method, body.get("scope")), language), body)
        key = re.sub(r"(?<!^)(?=[A-Z])", "_", method[5:]).lower()
        if method.startswith("get"):
            fallback = bot.user.name if key == "name" else ""
            return {key: bot.words.get((key, language)) or bot.words.get((key, "")) or fallback}
        text = str(body.get(key) or "")
        if len(text) > WORDS[key]:
            self.violate(f"{method}: {len(text)} characters, of at most {WORDS[key]}")
            raise Refusal(400, f"{key.replace('_', ' ')} is too long")
        bot.words[key, language] = text
        self.changed()
        return True

    def _scope(self, method: str, scope: Any) -> str:
        scope = {"type": "default"} if scope is None else scope
        keys = SCOPES.get(str(scope.get("type"))) if isinstance(scope, dict) else None
        if keys is None or scope.keys() != {"type", *keys}:
            self.violate(f"{method}: scope {scope!r}")
            raise Refusal(400, "can't parse BotCommandScope: unsupported type specified")
        return ":".join([scope["type"], *(str(scope[key]) for key in keys)])

    def _commands(self, bot: Bot, method: str, key: tuple[str, str], body: Json) -> Any:
        if method.startswith("get"):
            return [
                {"command": name, "description": text} for name, text in bot.commands.get(key, {}).items()
            ]
        if method.startswith("delete"):
            bot.commands.pop(key, None)
            return True
        given = body["commands"]
        if not isinstance(given, list) or len(given) > 100:
            self.violate(f"{method}: {str(given)[:100]}")
            raise Refusal(400, "BOT_COMMANDS_TOO_MUCH")
        for each in given:
            if not isinstance(each, dict) or each.keys() != {"command", "description"}:
                self.violate(f"{method}: {each!r}")
                raise Refusal(400, "can't parse BotCommand")
            if not COMMAND.fullmatch(str(each["command"]).removeprefix("/")):
                self.violate(f"{method}: the name {each['command']!r}")
                raise Refusal(400, "BOT_COMMAND_INVALID")
            if not 1 <= len(str(each["description"])) <= 256:
                self.violate(f"{method}: the description of {each['command']!r}")
                raise Refusal(400, "BOT_COMMAND_DESCRIPTION_INVALID")
        bot.commands[key] = {str(each["command"]).removeprefix("/"): each["description"] for each in given}
        self.changed()
        return True

    @staticmethod
    def offered(bot: Bot, chat: Chat, language: str) -> dict[str, str]:
        """The commands a client shows: of the most specific scope that has some, in its language before none."""
        wide = "all_private_chats" if chat.kind == "private" else "all_group_chats"
        for scope in (f"chat:{chat.id}", wide, "default"):
            for tag in (language.partition("-")[0], ""):
                if found := bot.commands.get((scope, tag)):
                    return found
        return {}
