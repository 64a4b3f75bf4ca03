"""aiogram's FSM, its storage on aiosqlite."""

# It is an extra: where it is not installed the types are not known.
# mypy: disable-error-code="import-not-found,misc,unused-ignore"

import json
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import aiosqlite
from aiogram import Bot, Dispatcher, Router
from aiogram.client.session.base import BaseSession
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, StorageKey
from aiogram.types import Message, Update

from benchmarks.peers.questions import QUESTIONS, asked, welcome
from benchmarks.peers.telegram import OK, update_json

NAME = "aiogram"
STATES = tuple(State(question.key, "signup") for question in QUESTIONS)


class Offline(BaseSession):
    """Answers on the spot; nothing leaves the process."""

    async def close(self) -> None:
        """Close nothing."""

    async def make_request(self, bot: Bot, method: Any, timeout: int | None = None) -> Any:  # noqa: ANN401, ASYNC109
        """Write what would be sent and read the answer, as the real one does."""
        del timeout
        form = {
            key: self.prepare_value(value, bot=bot, files={}) for key, value in method.model_dump().items()
        }
        assert form["text"]
        return self.check_response(bot=bot, method=method, status_code=200, content=OK.decode()).result

    async def stream_content(self, *args: object, **more: object) -> AsyncGenerator[bytes, None]:
        """Give no file."""
        del args, more
        yield b""


class Kept(BaseStorage):
    """State and answers of everybody in SQLite."""

    def __init__(self, db: aiosqlite.Connection) -> None:
        """Take an open connection that commits each statement."""
        self._db = db

    async def set_state(self, key: StorageKey, state: State | str | None = None) -> None:
        """Keep the state."""
        name = state.state if isinstance(state, State) else state
        await self._db.execute(
            "INSERT INTO kept (chat, who, state) VALUES (?, ?, ?)"
            " ON CONFLICT (chat, who) DO UPDATE SET state = excluded.state",
            (key.chat_id, key.user_id, name),
        )

    async def get_state(self, key: StorageKey) -> str | None:
        """Read the state."""
        query = "SELECT state FROM kept WHERE chat = ? AND who = ?"
        rows = list(await self._db.execute_fetchall(query, (key.chat_id, key.user_id)))
        return rows[0][0] if rows else None

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        """Keep the answers."""
        await self._db.execute(
            "INSERT INTO kept (chat, who, data) VALUES (?, ?, ?)"
            " ON CONFLICT (chat, who) DO UPDATE SET data = excluded.data",
            (key.chat_id, key.user_id, json.dumps(data)),
        )

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        """Read the answers."""
        query = "SELECT data FROM kept WHERE chat = ? AND who = ?"
        rows = list(await self._db.execute_fetchall(query, (key.chat_id, key.user_id)))
        return dict(json.loads(rows[0][0])) if rows and rows[0][0] else {}

    async def close(self) -> None:
        """Close the file."""
        await self._db.close()


class Peer:
    """A dispatcher with one conversation."""

    def __init__(self, folder: Path) -> None:
        """Keep its file in the folder."""
        self.durability = (
            "SQLite through aiosqlite, WAL, synchronous=NORMAL: no fsync; a power cut loses the latest"
        )
        self._path = folder / "aiogram.db"

    async def open(self) -> None:
        """Start it."""
        self._db = await aiosqlite.connect(self._path, isolation_level=None)
        await self._db.execute("PRAGMA journal_mode=WAL")
        await self._db.execute("PRAGMA synchronous=NORMAL")
        await self._db.execute(
            "CREATE TABLE kept (chat INTEGER, who INTEGER, state TEXT, data TEXT, PRIMARY KEY (chat, who))"
        )
        self._bot = Bot("1:offline", session=Offline())
        self._dispatcher = Dispatcher(storage=Kept(self._db))
        router = Router()
        router.message.register(_begin, Command("signup"))
        for state in STATES:
            router.message.register(_step, state)
        self._dispatcher.include_router(router)

    async def step(self, user: int, number: int, text: str) -> None:
        """Take one update as Telegram sends it and answer it; each change is committed as it is made."""
        update = Update.model_validate(update_json(user, number, text), context={"bot": self._bot})
        await self._dispatcher.feed_update(self._bot, update)

    async def close(self) -> None:
        """Stop it."""
        await self._dispatcher.storage.close()


async def _begin(message: Message, state: FSMContext) -> None:
    await state.set_state(STATES[0])
    await message.answer(asked(0), parse_mode="HTML")


async def _step(message: Message, state: FSMContext, raw_state: str) -> None:
    at = next(index for index, each in enumerate(STATES) if each.state == raw_state)
    question = QUESTIONS[at]
    value = question.read(message.text or "")
    if value is None:
        await message.answer(asked(at, again=True), parse_mode="HTML")
        return
    data = await state.update_data({question.key: value})
    if at + 1 == len(QUESTIONS):
        await state.set_state(None)
        await message.answer(welcome(data), parse_mode="HTML")
        return
    await state.set_state(STATES[at + 1])
    await message.answer(asked(at + 1), parse_mode="HTML")
