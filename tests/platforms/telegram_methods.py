"""The methods of the Bot API, as far as the bots use them; what a bot's account is named and offers is next door."""

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from tests.platforms import telegram_keyboard
from tests.platforms.telegram_core import Refusal, Uploads, error
from tests.platforms.telegram_keyboard import Unfit
from tests.platforms.telegram_markup import Json, utf16
from tests.platforms.telegram_profile import Profiles
from tests.platforms.telegram_world import (
    MAX_CAPTION,
    MAX_TEXT,
    TYPING_SECONDS,
    Bot,
    Chat,
    File,
    Message,
    Rows,
)

# What each method takes: required, optional.
SEND = ("message_thread_id", "parse_mode", "disable_notification", "protect_content", "allow_paid_broadcast",
        "message_effect_id", "reply_parameters", "reply_markup")  # fmt: skip
CAPTION = ("caption", "caption_entities")
METHODS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "getMe": ((), ()),
    "getUpdates": ((), ("offset", "limit", "timeout", "allowed_updates")),
    "setWebhook": (("url",), ("max_connections", "allowed_updates", "drop_pending_updates", "secret_token",
                              "ip_address")),
    "deleteWebhook": ((), ("drop_pending_updates",)),
    "getWebhookInfo": ((), ()),
    "sendMessage": (("chat_id", "text"), (*SEND, "entities", "link_preview_options")),
    "sendDocument": (("chat_id", "document"), (*SEND, *CAPTION, "disable_content_type_detection")),
    "sendPhoto": (("chat_id", "photo"), (*SEND, *CAPTION, "show_caption_above_media", "has_spoiler")),
    "editMessageText": (("chat_id", "message_id", "text"),
                        ("parse_mode", "entities", "link_preview_options", "reply_markup")),
    "editMessageCaption": (("chat_id", "message_id"), (*CAPTION, "parse_mode", "show_caption_above_media",
                                                       "reply_markup")),
    "editMessageReplyMarkup": (("chat_id", "message_id"), ("reply_markup",)),
    "deleteMessage": (("chat_id", "message_id"), ()),
    "answerCallbackQuery": (("callback_query_id",), ("text", "show_alert", "url", "cache_time")),
    "sendChatAction": (("chat_id", "action"), ("message_thread_id",)),
    "getFile": (("file_id",), ()),
    "getChat": (("chat_id",), ()),
    "setMyCommands": (("commands",), ("scope", "language_code")),
    "getMyCommands": ((), ("scope", "language_code")),
    "deleteMyCommands": ((), ("scope", "language_code")),
    **{f"setMy{noun}": ((), (key, "language_code")) for noun, key in
       (("Name", "name"), ("Description", "description"), ("ShortDescription", "short_description"))},
    **{f"getMy{noun}": ((), ("language_code",)) for noun in ("Name", "Description", "ShortDescription")},
}  # fmt: skip
EXACT = {method.lower(): method for method in METHODS}
ACTIONS = {"typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
           "upload_document", "choose_sticker", "find_location"}  # fmt: skip
DOWNLOAD = "download"
EDITABLE_SECONDS = 48 * 3600.0
DOWNLOAD_MOST, UPLOAD_MOST, PHOTO_MOST = 20 * 2**20, 50 * 2**20, 10 * 2**20
PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF")
UNCHANGED = ("message is not modified: specified new message content and reply markup are exactly the same as a "
             "current content and reply markup of the message")  # fmt: skip
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


class Methods(Profiles):
    """Answers what bots ask."""

    def __init__(self, seed: int = 0) -> None:
        """Prepare it; every chance in it comes from the seed."""
        super().__init__(seed)
        self.web.router.add_route("*", "/bot{token}/{method}", self._api)
        self.web.router.add_get("/file/bot{token}/{path:.*}", self._download)

    def log(self, method: str, body: Mapping[str, Any]) -> None:
        """Write a line of WIRE_LOG for what is a method: a file is fetched from an address."""
        if method != DOWNLOAD:
            super().log(method, body)

    async def _api(self, request: web.Request) -> web.StreamResponse:
        asked = request.match_info["method"]
        method = EXACT.get(asked.lower(), asked)
        body, files = await self.read(request)

        async def act() -> web.StreamResponse:
            try:
                bot = self.bot_of(request.match_info["token"])
                result = await self.asked(bot, method, body, files)
            except Refusal as refusal:
                code = refusal.body["error_code"]
                if code == 429:
                    return self.too_many(refusal.body["parameters"]["retry_after"])
                return web.json_response(refusal.body, status=code)
            return web.json_response({"ok": True, "result": result})

        return await self.serve(request, method, body, act)

    async def asked(self, bot: Bot, method: str, body: Json, files: Uploads | None = None) -> Any:
        """Check what is asked and do it."""
        if method not in METHODS:
            self.violate(f"{method}: no such method")
            raise Refusal(404)
        required, optional = METHODS[method]
        if unknown := body.keys() - {*required, *optional, "_files"}:
            self.violate(f"{method}: unknown parameters {sorted(unknown)}")
        self.violations += [f"{method}: {note}" for note in telegram_keyboard.options(body)]
        missing = [key for key in required if key not in body and key not in body.get("_files", ())]
        if missing and missing != ["text"]:
            self.violate(f"{method}: without {missing}")
            raise Refusal(400, f"{missing[0]} is empty")
        if method == "getUpdates":
            return await self.poll(bot, body)
        if method.startswith("send") and method != "sendChatAction":
            return self._sent(bot, method, body, files or {})
        if "My" in method:
            return self.profiled(bot, method, body)
        acts: dict[str, Callable[[], Any]] = {
            "getMe": lambda: self._me(bot), "getWebhookInfo": lambda: self.webhook_info(bot),
            "setWebhook": lambda: self.set_webhook(bot, body),
            "deleteWebhook": lambda: self.set_webhook(bot, {**body, "url": ""}),
            "editMessageText": lambda: self._edit_words(bot, body, "editMessageText"),
            "editMessageCaption": lambda: self._edit_words(bot, body, "editMessageCaption"),
            "editMessageReplyMarkup": lambda: self._edit_markup(bot, body),
            "deleteMessage": lambda: self._delete(bot, body), "getFile": lambda: self._file(bot, body),
            "answerCallbackQuery": lambda: self._answer_query(bot, body),
            "sendChatAction": lambda: self._action(bot, body), "getChat": lambda: self._chat(bot, body),
        }  # fmt: skip
        return acts[method]()

    @staticmethod
    def _me(bot: Bot) -> Json:
        return {**bot.user.json(), "can_join_groups": True, "can_read_all_group_messages": not bot.privacy,
                "supports_inline_queries": False, "can_connect_to_business": False,
                "has_main_web_app": False}  # fmt: skip

    def _chat(self, bot: Bot, body: Json) -> Json:
        chat = self.chat_of(bot, body, writes=False)
        return {**chat.json(), "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": {
            "unlimited_gifts": False, "limited_gifts": False, "unique_gifts": False, "premium_subscription": False,
            "gifts_from_channels": False}}  # fmt: skip

    # Sending

    def _sent(self, bot: Bot, method: str, body: Json, files: Uploads) -> Json:
        chat = self.chat_of(bot, body)
        kind = {"sendDocument": "document", "sendPhoto": "photo"}.get(method)
        key, most = ("caption", MAX_CAPTION) if kind else ("text", MAX_TEXT)
        words = self.words(bot, method, body, key, most)
        rows, below = self._keyboard(method, body.get("reply_markup"))
        wanted = body.get("reply_parameters") or {}
        before = chat.find(wanted.get("message_id")) if isinstance(wanted, dict) else None
        if wanted and before is None and not wanted.get("allow_sending_without_reply"):
            raise Refusal(400, "message to be replied not found")
        file = self._attached(bot, kind, body, files) if kind else None
        if wait := self.paced(bot, chat):
            raise Refusal(429, "", retry_after=wait)
        message = self.keep(
            bot, chat, bot.user, words.text, words.entities, keyboard=rows, reply_keyboard=below, file=file,
            reply_to=before, silent=bool(body.get("disable_notification")),
            protected=bool(body.get("protect_content")), parse_mode=str(body.get("parse_mode") or ""),
            preview=not (body.get("link_preview_options") or {}).get("is_disabled"),
        )  # fmt: skip
        return message.json()

    def _keyboard(self, where: str, markup: Any) -> tuple[Rows, Json | None]:
        if markup is None:
            return [], None
        if isinstance(markup, dict) and "inline_keyboard" not in markup:
            self.violations += [f"{where}: {note}" for note in telegram_keyboard.reply(markup)]
            return [], markup
        try:
            rows, notes = telegram_keyboard.inline(markup)
        except Unfit as unfit:
            self.violate(f"{where}: {unfit}: {markup!r}"[:400])
            raise Refusal(400, str(unfit)) from None
        self.violations += [f"{where}: {note}" for note in notes]
        return rows, None

    def _attached(self, bot: Bot, kind: str, body: Json, files: Uploads) -> File:
        given = body.get(kind)
        if isinstance(given, str) and given.startswith("attach://"):
            given = files.get(given.removeprefix("attach://"))
        given = given or files.get(kind)
        if isinstance(given, str):
            if given not in bot.files:
                raise Refusal(400, "wrong file identifier/HTTP URL specified")
            return bot.files[given]
        if given is None:
            self.violate(f"there is no {kind} in the request")
            raise Refusal(400, f"there is no {kind} in the request")
        name, mime, data = given
        if not data:
            self.violate(f"an empty file {name!r}")
            raise Refusal(400, "file must be non-empty")
        if len(data) > (PHOTO_MOST if kind == "photo" else UPLOAD_MOST):
            raise Refusal(413, "Request Entity Too Large")
        if kind == "photo" and not data.startswith(PICTURES):
            raise Refusal(400, "IMAGE_PROCESS_FAILED")
        return self.keep_file(bot, kind, name, data, mime)

    # Changing

    def _mine(self, bot: Bot, body: Json) -> tuple[Chat, Message]:
        chat = self.chat_of(bot, body, writes=False)
        message = chat.find(body["message_id"])
        if message is None:
            raise Refusal(400, "message to edit not found")
        if message.sender is not bot.user:
            raise Refusal(400, "message can't be edited")
        return chat, message

    def _edit_words(self, bot: Bot, body: Json, method: str) -> Json:
        chat, message = self._mine(bot, body)
        key, most = ("text", MAX_TEXT) if method == "editMessageText" else ("caption", MAX_CAPTION)
        words = self.words(bot, method, body, key, most)
        rows, _ = self._keyboard(method, body.get("reply_markup"))
        if (message.file is None) != (key == "text"):
            raise Refusal(400, f"there is no {key} in the message to edit")
        return self._changed(
            bot, chat, message, {"text": words.text, "entities": words.entities, "keyboard": rows}
        )

    def _edit_markup(self, bot: Bot, body: Json) -> Json:
        chat, message = self._mine(bot, body)
        rows, _ = self._keyboard("editMessageReplyMarkup", body.get("reply_markup"))
        return self._changed(bot, chat, message, {**message.state(), "keyboard": rows})

    def _changed(self, bot: Bot, chat: Chat, message: Message, state: Json) -> Json:
        before = message.state()
        if state == before:
            raise Refusal(400, UNCHANGED)
        if wait := self.paced(bot, chat):
            raise Refusal(429, "", retry_after=wait)
        message.versions.append(before)
        message.text, message.entities, message.keyboard = state["text"], state["entities"], state["keyboard"]
        message.edited = self.date()
        self.changed()
        return message.json()

    def _delete(self, bot: Bot, body: Json) -> bool:
        chat = self.chat_of(bot, body, writes=False)
        message = chat.find(body["message_id"])
        if message is None:
            raise Refusal(400, "message to delete not found")
        foreign = message.sender is not bot.user and chat.kind != "private"
        if foreign or self.now - message.at > EDITABLE_SECONDS:
            raise Refusal(400, "message can't be deleted for everyone")
        message.deleted = True
        self.changed()
        return True

    # Presses, typing, files

    def _answer_query(self, bot: Bot, body: Json) -> bool:
        name = str(body["callback_query_id"])
        query = bot.queries.get(name)
        if query is None:
            self.violate(f"answerCallbackQuery: {name!r} is none of ours")
        if utf16(str(body.get("text") or "")) > 200:
            self.violate("answerCallbackQuery: a text of more than 200 characters")
            raise Refusal(400, "MESSAGE_TOO_LONG")
        if query is None or self.now - query.at > self.query_seconds:
            raise Refusal(400, TOO_OLD)
        query.answers += 1
        if not query.answered:
            query.text, query.alert = str(body.get("text") or ""), bool(body.get("show_alert"))
        query.answered = True
        self.changed()
        return True

    def _action(self, bot: Bot, body: Json) -> bool:
        if body["action"] not in ACTIONS:
            self.violate(f"sendChatAction: {body['action']!r}")
            raise Refusal(400, "wrong parameter action in request")
        self.chat_of(bot, body).typing_until = self.now + TYPING_SECONDS
        self.changed()
        return True

    def _file(self, bot: Bot, body: Json) -> Json:
        name = str(body["file_id"])
        file = bot.files.get(name) or bot.files.get(name[:-1] if name.endswith("s") else "")
        if file is None:
            raise Refusal(400, "wrong file_id or the file is temporarily unavailable")
        if file.size > DOWNLOAD_MOST:
            raise Refusal(400, "file is too big")
        return {
            "file_id": name,
            "file_unique_id": f"u{file.id[-8:]}",
            "file_size": file.size,
            "file_path": file.path,
        }

    async def _download(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]

        async def act() -> web.StreamResponse:
            bot = next((bot for bot in self.bots.values() if bot.token == request.match_info["token"]), None)
            file = next((each for each in bot.files.values() if each.path == path), None) if bot else None
            if file is None or file.size > DOWNLOAD_MOST:
                return web.json_response(error(404, ""), status=404)
            return web.Response(body=file.data, content_type="application/octet-stream")

        return await self.serve(request, DOWNLOAD, {"path": path}, act)
