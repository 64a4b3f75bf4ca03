"""A local Telegram with a bot and somebody before it, and the real library: what its own tests are made with."""

from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
import telegram
from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
)
from telegram.error import (
    TelegramError,
)
from telegram.request import HTTPXRequest

from tests.platforms.telegram_server import Account, Person, TelegramServer

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@dataclass
class World:
    server: TelegramServer
    bot: Account
    ana: Person
    clients: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def api(self, token: str = "", patience: float = 5) -> telegram.Bot:
        made = telegram.Bot(
            token or self.bot.token,
            base_url=self.server.base_url,
            base_file_url=self.server.base_file_url,
            request=HTTPXRequest(read_timeout=patience, httpx_kwargs={"verify": False}),
            get_updates_request=HTTPXRequest(read_timeout=patience, httpx_kwargs={"verify": False}),
        )
        for request in made._request:
            await request.initialize()
            self.clients.push_async_callback(request.shutdown)
        return made


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    # The log is for what the program sends, and these tests send what Telegram refuses.
    monkeypatch.delenv("WIRE_LOG", raising=False)
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    async with TelegramServer(seed=1) as server:
        bot = server.bot(7)
        made = World(server, bot, bot.person(101, name="Ana Ruiz", language="es", username="ana_r"))
        async with made.clients:
            yield made


def keys(*rows: Sequence[tuple[str, str]]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(a, callback_data=b) for a, b in row] for row in rows])


async def refused(call: Awaitable[Any]) -> str:
    with pytest.raises(TelegramError) as error:
        await call
    return error.value.message


def kinds(entities: Sequence[dict[str, Any]]) -> list[str]:
    return [entity["type"] for entity in entities]
