"""Sign-ups on Telegram: through the program, and through python-telegram-bot's own dispatch, kept and not kept.

Half of ours press what stands below a question where something does; of the others all type. Everybody sends nine
updates.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select
from telegram import Update
from telegram.ext import Application, CallbackContext, MessageHandler, filters

from benchmarks.peers.ptb import TOKEN, Offline, Peer
from benchmarks.peers.questions import ANSWERS
from benchmarks.peers.telegram import press_json, update_json
from benchmarks.platforms import OURS, Contender
from bot.adapters.telegram import markup, messages
from bot.adapters.telegram.parse import parse
from bot.adapters.telegram.surface import Heard
from bot.app import App, open_app
from bot.config import load
from core.store.tables import runs, users
from core.store.types import new_key

BOT = 1
SAID = ("/signup", *ANSWERS)
DURABILITY = "SQLite, synchronous=FULL: fsync before the answer; answers sealed; an event has its effect once"
PRESSED = ("I agree", "I want a mentor")

Body = Mapping[str, Any]


@dataclass(slots=True)
class Ours:
    """The program, spoken to as its adapter does; nothing is sent."""

    app: App
    durability: str = DURABILITY
    finished: int = 0

    async def take(self, update: Body) -> list[messages.Payload]:
        """Take an update to the JSON that would be sent for it."""
        heard = parse(update, BOT)
        assert isinstance(heard, Heard)
        answer = await self.app.router.handle(heard.incoming)
        assert answer.saved
        payloads = [part for message in answer.messages for part in messages.payloads(message)]
        edited = messages.chosen(heard.surface.shown, heard.surface.data) if heard.surface.query else None
        assert json.dumps([edited, *payloads])
        return payloads

    async def sign_up(self, user: int) -> int:
        """Sign somebody up."""
        shown: messages.Payload = {}
        for number, text in enumerate(SAID):
            pressed = _button(shown) if user % 2 else ""
            if pressed:
                seen = {"text": markup.bare(shown["text"]), "reply_markup": shown["reply_markup"]}
                update = press_json(user, number, seen, pressed)
            else:
                update = update_json(user, number, text)
            shown = (await self.take(update))[-1]
        assert "Welcome" in shown["text"], shown
        self.finished += 1
        return len(SAID)


def _button(shown: messages.Payload) -> str:
    """Give what the button carries that says what everybody answers; empty if there is none."""
    rows = shown.get("reply_markup", {}).get("inline_keyboard", [])
    every = [button for row in rows for button in row]
    return next((str(each["callback_data"]) for each in every if each["text"] in PRESSED), "")


class Theirs:
    """A conversation of python-telegram-bot's."""

    def __init__(self, peer: Peer) -> None:
        """Speak to a peer."""
        self.durability = peer.durability
        self._peer = peer

    async def sign_up(self, user: int) -> int:
        """Sign somebody up."""
        for number, text in enumerate(SAID):
            await self._peer.step(user, number, text)
        return len(SAID)


class Listening:
    """Its dispatch alone, to a handler that does nothing."""

    durability = "none: it keeps nothing, knows nothing of repeated updates and answers with nothing"

    def __init__(self) -> None:
        """Listen to every text."""
        self.app = (
            Application.builder().token(TOKEN).request(Offline()).get_updates_request(Offline()).build()
        )
        self.heard = 0

        async def hear(update: Update, context: CallbackContext[Any, Any, Any, Any]) -> None:
            del update, context
            self.heard += 1

        self.app.add_handler(MessageHandler(filters.TEXT, hear))

    async def sign_up(self, user: int) -> int:
        """Dispatch all that Telegram delivers while somebody signs up."""
        before = self.heard
        for number, text in enumerate(SAID):
            await self.app.process_update(Update.de_json(update_json(user, number, text), self.app.bot))
        assert self.heard > before
        return len(SAID)


@asynccontextmanager
async def contenders(folder: Path) -> AsyncIterator[dict[str, Contender]]:
    """Open all on a fresh database, and see at the end that everybody who began is signed up."""
    given = {"encryption.keys": new_key()}
    settings = load(None, {"MENTORBOT_HOME": str(folder)}, given, folder)
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_app(settings, []))
        ours, listening = Ours(app), Listening()
        await stack.enter_async_context(listening.app)
        peers = {
            "ptb": Peer(folder, memory=True),
            "ptb_sqlite": Peer(folder, sqlite=True),
            "ptb_pickle": Peer(folder),
        }
        for peer in peers.values():
            await peer.open()
            stack.push_async_callback(peer.close)
        yield {
            OURS: ours,
            "ptb_dispatch": listening,
            **{name: Theirs(peer) for name, peer in peers.items()},
        }
        assert await app.database.read(_counted) == (ours.finished, 0)


def _counted(tx: Connection) -> tuple[int, int]:
    """Count the users there are and the forms that are open."""
    people, forms = (
        tx.execute(select(func.count()).select_from(table)).scalar_one() for table in (users, runs)
    )
    return people, forms
