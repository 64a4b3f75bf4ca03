"""python-telegram-bot's ConversationHandler, its state flushed at each step, or in memory alone.

In its own PicklePersistence, which writes everybody's state each time; or, `sqlite`, in rows of SQLite that are
written on the event loop's own thread, which is the fastest there is as long as nothing else needs that loop.
"""

import json
import sqlite3
from pathlib import Path
from typing import Any

from telegram import Update
from telegram.ext import (
    Application,
    BasePersistence,
    CallbackContext,
    CommandHandler,
    ConversationHandler,
    MessageHandler,
    PicklePersistence,
    filters,
)
from telegram.request import BaseRequest, RequestData

from benchmarks.peers.questions import AT_ONCE, QUESTIONS, asked, welcome
from benchmarks.peers.telegram import OK, update_json

NAME = "python-telegram-bot"
SQL = "INSERT OR REPLACE INTO kept VALUES (?, ?, ?)"
TOKEN = "1:offline"  # noqa: S105  (no bot has it)
ME = json.dumps(
    {"ok": True, "result": {"id": 1, "is_bot": True, "first_name": "b", "username": "b"}}
).encode()


class Offline(BaseRequest):
    """Answers on the spot; nothing leaves the process."""

    @property
    def read_timeout(self) -> float | None:
        """None is needed."""
        return None

    async def initialize(self) -> None:
        """Open nothing."""

    async def shutdown(self) -> None:
        """Close nothing."""

    async def do_request(  # noqa: D102  (as its base says)
        self, url: str, method: str, request_data: RequestData | None = None, *args: object, **more: object
    ) -> tuple[int, bytes]:
        del method, args, more
        # What would be sent is written, as it is by the real one.
        assert request_data is None or request_data.json_payload
        return 200, ME if url.endswith("/getMe") else OK


class Kept(BasePersistence[dict[Any, Any], dict[Any, Any], dict[Any, Any]]):
    """Conversations and answers in SQLite."""

    def __init__(self, path: Path) -> None:
        """Open the file."""
        super().__init__()
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("CREATE TABLE kept (kind TEXT, key TEXT, body TEXT, PRIMARY KEY (kind, key))")

    def _put(self, kind: str, key: object, body: object) -> None:
        self._db.execute(SQL, (kind, str(key), json.dumps(body)))

    async def update_conversation(self, name: str, key: tuple[int | str, ...], new_state: object) -> None:
        """Keep the state; None ends it."""
        self._put(name, key, new_state)

    async def update_user_data(self, user_id: int, data: dict[Any, Any]) -> None:
        """Keep the answers."""
        self._put("user", user_id, data)

    async def update_bot_data(self, data: dict[Any, Any]) -> None:
        """Nothing is kept there."""

    async def update_chat_data(self, chat_id: int, data: dict[Any, Any]) -> None:
        """Nothing is kept there."""

    async def update_callback_data(self, data: object) -> None:
        """Nothing is kept there."""

    async def get_user_data(self) -> dict[int, dict[Any, Any]]:
        """Begin empty."""
        return {}

    async def get_chat_data(self) -> dict[int, dict[Any, Any]]:
        """Begin empty."""
        return {}

    async def get_bot_data(self) -> dict[Any, Any]:
        """Begin empty."""
        return {}

    async def get_callback_data(self) -> None:
        """Begin empty."""

    async def get_conversations(self, name: str) -> dict[Any, Any]:
        """Begin empty."""
        del name
        return {}

    async def drop_chat_data(self, chat_id: int) -> None:
        """Nothing is kept there."""

    async def drop_user_data(self, user_id: int) -> None:
        """Forget somebody."""

    async def refresh_user_data(self, user_id: int, user_data: dict[Any, Any]) -> None:
        """Nobody else writes."""

    async def refresh_chat_data(self, chat_id: int, chat_data: dict[Any, Any]) -> None:
        """Nobody else writes."""

    async def refresh_bot_data(self, bot_data: dict[Any, Any]) -> None:
        """Nobody else writes."""

    async def flush(self) -> None:
        """Every write has been flushed."""

    def close(self) -> None:
        """Close the file."""
        self._db.close()


class Peer:
    """An application with one conversation."""

    def __init__(self, folder: Path, *, sqlite: bool = False, memory: bool = False) -> None:
        """Keep its file in the folder, or nothing."""
        self._kept: Kept | PicklePersistence[Any, Any, Any] | None = None
        self.durability = "none: its state is lost with the process"
        if sqlite:
            self._kept = Kept(folder / "ptb.db")
            self.durability = "SQLite, WAL, synchronous=NORMAL: rows written at each step, without fsync"
        elif not memory:
            self._kept = PicklePersistence(folder / "ptb.pickle")
            self.durability = (
                "PicklePersistence: the file written anew at each step, no fsync; a crash can tear it"
            )
        builder = Application.builder().token(TOKEN).request(Offline()).get_updates_request(Offline())
        if self._kept is not None:
            builder = builder.persistence(self._kept)
        self._app = builder.build()
        text = filters.TEXT & ~filters.COMMAND
        self._app.add_handler(
            ConversationHandler(
                entry_points=[CommandHandler("signup", _begin)],
                states={index: [MessageHandler(text, _step)] for index in range(len(QUESTIONS))},
                fallbacks=[],
                name="signup",
                persistent=self._kept is not None,
            )
        )

    async def open(self) -> None:
        """Start it; its job queue, which would flush by the clock, is not started."""
        await self._app.initialize()

    async def step(self, user: int, number: int, text: str) -> None:
        """Take one update as Telegram sends it, answer it, and flush what it changed."""
        if isinstance(self._kept, PicklePersistence):
            # Everybody who ever wrote stays in its file: here it is never more than those who write now.
            user = user % AT_ONCE + 1
        await self._app.process_update(Update.de_json(update_json(user, number, text), self._app.bot))
        if self._kept is not None:
            await self._app.update_persistence()

    async def close(self) -> None:
        """Stop it."""
        await self._app.shutdown()
        if isinstance(self._kept, Kept):
            self._kept.close()


Context = CallbackContext[Any, dict[Any, Any], dict[Any, Any], dict[Any, Any]]


async def _begin(update: Update, context: Context) -> int:
    assert update.message is not None
    assert context.user_data is not None
    context.user_data["at"] = 0
    await update.message.reply_text(asked(0), parse_mode="HTML")
    return 0


async def _step(update: Update, context: Context) -> int:
    assert update.message is not None
    assert context.user_data is not None
    data = context.user_data
    at = int(data["at"])
    question = QUESTIONS[at]
    value = question.read(update.message.text or "")
    if value is None:
        await update.message.reply_text(asked(at, again=True), parse_mode="HTML")
        return at
    data[question.key] = value
    if at + 1 == len(QUESTIONS):
        await update.message.reply_text(welcome(data), parse_mode="HTML")
        return ConversationHandler.END
    data["at"] = at + 1
    await update.message.reply_text(asked(at + 1), parse_mode="HTML")
    return at + 1
