"""From an event to its answer: in order for each person, once for each event, and never with silence."""

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from random import Random

from sqlalchemy import Connection, select

from bot.answered import Answered
from bot.commands import BUTTONS, COMMANDS, INSTEAD, Row, allowed, sole
from bot.dialogs import consent, desk, help, links
from bot.dialogs.engine import Conflict, Engine
from bot.floods import Floods
from bot.incoming import visible
from bot.order import Order
from bot.outbox import box
from bot.outbox.box import PUT
from bot.ports import (
    Answer,
    Command,
    Deleted,
    Edited,
    Incoming,
    Opened,
    Pressed,
    Reachable,
    Said,
    Search,
    ShownOption,
    Started,
    Submitted,
)
from bot.render import Renderer
from bot.richtext import name as harmless
from bot.rooms import relay
from bot.suggest import suggest
from bot.turn import Message, Origin, Replies, Turn, say
from bot.world import World
from core import dead_events, users
from core.address import Address
from core.store.database import Database
from core.store.tables import seen_events
from core.store.upsert import insert_or_ignore

log = logging.getLogger(__name__)

TRIES = 5
NO_ID = re.compile(r"(?:[a-z]+\.)?[\d.]*\d{19}[\d.]*")
"""What stands for a number that no row of either database can have."""


class NeedsWriteError(Exception):
    """An event that was thought to read only has something to write."""


class Router:
    """Takes events from adapters and answers them."""

    def __init__(
        self,
        database: Database,
        world: World,
        engine: Engine,
        renderer: Renderer,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        """`wake` is called when a commit has left something to deliver."""
        self._database = database
        self._world = world
        self._engine = engine
        self._renderer = renderer
        self._clock = clock
        self._wake = wake
        self._order = Order()
        self._answered = Answered()
        self._floods = Floods(world.policy)
        self._refreshing = False

    async def handle(self, incoming: Incoming) -> Answer:
        """Answer an event. When this returns with `saved`, what it changed is on disk."""
        # A page that is looked at counts for nothing: platforms open it by themselves.
        over = 0 if incoming.found or isinstance(incoming.event, Opened) else self._floods.over(incoming.who)
        if over:
            return await self._slow_down(incoming, first=over == 1)
        async with self._order.turn(incoming.who):
            try:
                return await self._answer(visible(incoming))
            except Exception:  # the single catch-all: never silence
                log.exception("event %s:%s failed", incoming.who.platform, incoming.id)
                return await self._unsaved(incoming, "error.unexpected")

    async def bury(self, incoming: Incoming) -> None:
        """Put an event aside that failed in every try; raises where the database does not even take that."""
        now = self._clock()
        await self._database.write(lambda tx: dead_events.put(tx, incoming.who, incoming.id, now))
        log.error("event %s:%s is put aside: every try failed", incoming.who.platform, incoming.id)

    async def suggest(self, search: Search) -> Sequence[ShownOption]:
        """Give options for what somebody types into a field that searches."""
        try:
            return suggest(search, await self._language(search.who, None), self._world.topics)
        except Exception:  # no suggestion is better than none of the form
            log.exception("suggestions for %s failed", search.source)
            return ()

    async def _answer(self, incoming: Incoming) -> Answer:
        now = self._clock()
        row = _row(incoming)
        if incoming.found and await self._database.read(lambda tx: _seen(tx, incoming)):
            return Answer()
        if isinstance(incoming.event, Opened) or (row is not None and row.reads):
            try:
                replies, turn = await self._database.read(lambda tx: self._read(tx, incoming, now, row))
                return self._renderer.answer(replies, turn.locale, turn.zone)
            except NeedsWriteError:
                pass
        for left in range(TRIES - 1, -1, -1):
            try:
                replies, turn, put = await self._database.write(lambda tx: self._write(tx, incoming, now))
            except Conflict:
                if left == 0:
                    raise
                continue
            self._answered.add(incoming)
            if put:
                self._wake()
            await self._refresh(now)
            return self._renderer.answer(replies, turn.locale, turn.zone)
        raise AssertionError

    async def _refresh(self, now: datetime) -> None:
        """Take over what has changed about mentors; one of many events that come at once does so for all."""
        if not self._world.mentors.stale or self._refreshing:
            return
        self._refreshing = True
        try:
            await self._database.read(lambda tx: self._world.mentors.refresh(tx, now))
        finally:
            self._refreshing = False

    def _turn(self, tx: Connection, incoming: Incoming, now: datetime, *, alone: bool) -> Turn:
        name = harmless(incoming.name)
        account, user = users.meet(tx, incoming.who, now, name, incoming.locale, incoming.zone, alone=alone)
        world = self._world
        return Turn(
            tx=tx,
            who=incoming.who,
            user=user,
            now=now,
            rng=Random(f"{world.policy.seed}:{incoming.id}"),
            policy=world.policy,
            mentors=world.mentors,
            shelves=world.shelves,
            topics=world.topics,
            words=world.words,
            organisers=world.organisers,
            origin=Origin.of(incoming),
            name=account.name,
            locale=user.locale
            if user
            else world.words.match(account.locale)
            if account.locale
            else world.policy.locale,
            zone=user.zone if user else account.zone or world.policy.zone,
            room_id=account.room_id,
            reachable=account.reachable,
            screens=world.screens,
        )

    def _read(
        self, tx: Connection, incoming: Incoming, now: datetime, row: Row | None
    ) -> tuple[Replies, Turn]:
        turn = self._turn(tx, incoming, now, alone=False)
        if isinstance(incoming.event, Opened):
            # Nobody has said anything yet: who is not known stays unknown.
            return desk.show(turn) if incoming.event.surface == desk.SURFACE else (), turn
        if turn.user is None or row is None or not turn.reachable:
            raise NeedsWriteError
        if consent.missing(turn) or not allowed(turn, row):
            raise NeedsWriteError
        words = incoming.event.words if isinstance(incoming.event, Command) else ""
        return row.run(turn, words), turn

    def _write(self, tx: Connection, incoming: Incoming, now: datetime) -> tuple[Replies, Turn, bool]:
        tx.info.pop(PUT, None)
        new = insert_or_ignore(tx, seen_events, {**_key(incoming), "seen_at": now}) == 1
        turn = self._turn(tx, incoming, now, alone=True)
        if not new:
            return self._again(turn, incoming), turn, False
        if incoming.event == Reachable(yes=False):
            users.reach(tx, turn.who, reachable=False)
        elif not turn.reachable:
            self._is_there(turn)
        in_form = turn.room_id is not None and self._engine.newest(turn) is not None
        replies = self._engine.settle(turn, self._event(turn, incoming))
        before, after = self._announcement(turn, in_form)
        return (*before, *replies, *after), turn, bool(tx.info.pop(PUT, False))

    def _is_there(self, turn: Turn) -> None:
        """Let what was held for somebody leave: who does something can be told something."""
        users.reach(turn.tx, turn.who, reachable=True)
        if turn.user is not None:
            box.release(turn.tx, turn.user.id, turn.now)

    def _again(self, turn: Turn, incoming: Incoming) -> Replies:
        """Answer what has had its effect with what is pending now; after a restart its answer may be lost."""
        if isinstance(incoming.event, Edited | Deleted | Opened | Reachable):
            return ()
        lost = () if incoming in self._answered else (say("error.again"),)
        return self._engine.resume(turn) or lost

    def _event(self, turn: Turn, incoming: Incoming) -> Replies:
        event = incoming.event
        if consent.missing(turn) and not isinstance(event, Reachable):
            front = self._engine.newest(turn)
            if front is None or front.dialog != "consent" or not isinstance(event, Submitted | Said):
                return self._engine.start(turn, "consent")
        match event:
            case Command(name, words):
                return self._command(turn, name, words)
            case Submitted(run, values):
                return self._engine.submit(turn, run, values)
            case Pressed(action, arg):
                return self._pressed(turn, action, arg)
            case Said(text):
                return self._said(turn, text)
            case Edited(text):
                return relay.edited(turn, text) if turn.user else ()
            case Deleted():
                return relay.deleted(turn) if turn.user else ()
            case Started(token):
                return links.started(turn, token)
            case Opened() | Reachable():
                return ()

    def _command(self, turn: Turn, typed: str, words: str) -> Replies:
        name = typed.strip().lstrip("/").lower() or "help"
        if name == "back":
            return self._engine.back(turn)
        if name == "cancel":
            return self._engine.cancel(turn)
        if name in COMMANDS:
            return self._run(turn, COMMANDS[name], words.strip())
        if name in BUTTONS:
            return self._typed_button(turn, name, words.strip())
        if name == "start":
            return help.welcome(turn) if turn.user is None else help.suggestions(turn)
        return help.unknown(typed.strip().lstrip("/"), (*COMMANDS, "back", "cancel"))

    def _typed_button(self, turn: Turn, name: str, arg: str) -> Replies:
        about = arg or sole(turn, name) or ""
        if not about and name in INSTEAD:
            return self._run(turn, COMMANDS[INSTEAD[name]], "")
        return self._run(turn, BUTTONS[name], about)

    def _pressed(self, turn: Turn, action: str, arg: str) -> Replies:
        row = BUTTONS.get(action) or COMMANDS.get(action)
        if action in ("back", "cancel"):
            return self._command(turn, action, "")
        if action == "continue":
            # Where there was no time to answer, this asks what came of it.
            return self._engine.resume(turn) or (say("error.nothing_pending"),)
        return self._run(turn, row, arg) if row else (say("error.stale"),)

    def _run(self, turn: Turn, row: Row, words: str) -> Replies:
        if NO_ID.fullmatch(words):
            return (say("error.stale"),)
        if allowed(turn, row) or row.who == "new":
            return row.run(turn, words)
        if row.who == "organiser":
            return (say("error.forbidden"),)
        return help.welcome(turn)

    def _said(self, turn: Turn, text: str) -> Replies:
        """Words go to the room of the message they reply to, the open form, the open room; else they get help."""
        replied = turn.origin.reply_to
        something = bool(text.strip() or turn.origin.files)
        if something and replied is not None and (pair := relay.replied_to(turn, replied)):
            return relay.said(turn, pair, text)
        run = self._engine.newest(turn)
        if run is not None:
            return self._engine.said(turn, run, text)
        pair = relay.open_room(turn) if turn.room_id is not None else None
        if pair is not None and something:
            return relay.said(turn, pair, text)
        return help.suggestions(turn, text)

    def _announcement(self, turn: Turn, was_in_form: bool) -> tuple[Replies, Replies]:
        """Say where words go: before a form that comes before the open room, and after it."""
        in_form = turn.room_id is not None and self._engine.newest(turn) is not None
        pair = relay.open_room(turn) if in_form != was_in_form else None
        if pair is None:
            return (), ()
        partner = users.known(turn.tx, pair.partner(turn.me.id)).name
        if in_form:
            return (say("room.waits", partner=partner),), ()
        return (), (say("room.again", partner=partner),)

    # --- Beside a turn ------------------------------------------------------------------------------------------

    async def _slow_down(self, incoming: Incoming, *, first: bool) -> Answer:
        """Say so once; the rest of the flood is not answered."""
        if not first:
            return Answer(saved=False, dropped=True)
        return replace(await self._unsaved(incoming, "error.flood"), dropped=True)

    async def _unsaved(self, incoming: Incoming, key: str) -> Answer:
        """Say something to whoever acted, of whom nothing was kept."""
        try:
            locale = await self._language(incoming.who, incoming.locale)
        except Exception:  # noqa: BLE001  the database is what went wrong: the platform knows a language too
            locale = self._world.words.match(incoming.locale)
        message = self._renderer.message(Message(key), locale, self._world.policy.zone)
        return Answer((message,), saved=False)

    async def _language(self, who: Address, told: str | None) -> str:
        """Find the language somebody chose, or else that of their platform."""

        def find(tx: Connection) -> str:
            account, user = users.meet(tx, who, self._clock(), "", told, None, alone=False)
            return user.locale if user else self._world.words.match(account.locale)

        return await self._database.read(find)


def _key(incoming: Incoming) -> dict[str, str]:
    return {"platform": incoming.who.platform, "id": incoming.id[:200]}


def _seen(tx: Connection, incoming: Incoming) -> bool:
    """Whether an event has had its effect."""
    found = select(seen_events.c.id).filter_by(**_key(incoming))
    return tx.execute(found).first() is not None


def _row(incoming: Incoming) -> Row | None:
    match incoming.event:
        case Command(name, _):
            return COMMANDS.get(name.strip().lstrip("/").lower())
        case Pressed(action, _):
            return BUTTONS.get(action) or COMMANDS.get(action)
        case _:
            return None
