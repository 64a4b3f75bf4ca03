"""Delivery: claim, commit, render, push, settle. Sending happens here and nowhere inside a transaction."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random

from sqlalchemy import Connection

from bot.outbox.carry import Lost, fetch
from bot.outbox.claim import Parcel, claim
from bot.outbox.settle import Outcome, recover, settle
from bot.ports import (
    Adapter,
    Attached,
    Delivery,
    Later,
    Ref,
    Refused,
    Rendered,
    Sent,
    ShownItem,
    Shut,
    Unknown,
)
from bot.richtext import plain
from bot.turn import Attachment, Carried, Message, Turn
from core.address import Address
from core.policy import Policy
from core.store.database import Database

log = logging.getLogger(__name__)

PUSH_SECONDS = 20
IN_FLIGHT = 200
RECOVER_EVERY = timedelta(seconds=5)
PATIENCE = 4
"""Tries of what must not hold others up for long: a shared room, a file from elsewhere."""
FILES_AT_ONCE = 8
"""Files are held in memory while they are carried."""
FILE_SECONDS = 1.0

Then = Callable[[Turn, Parcel], None]
Making = Callable[[], Attached]
"""Makes a file from what is known by then, in a thread of its own: drawing takes long."""
Attach = Callable[[Turn, Attachment, Parcel], Attached | Making | None]
Gather = Callable[[Turn, Parcel], Sequence[Sequence[Address]]]
"""Says at which addresses people could be gathered: each entry is a way to gather all of them, the best first."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What follows from a delivery, by kind of message: an offer's time runs from the moment it is sent."""

    sent: Mapping[str, Then] = field(default_factory=dict)
    given_up: Mapping[str, Then] = field(default_factory=dict)
    attach: Mapping[str, Attach] = field(default_factory=dict)
    gather: Mapping[str, Gather] = field(default_factory=dict)


class Outbox:
    """The delivering side of the outbox: what is due leaves through the adapters."""

    def __init__(
        self,
        database: Database,
        adapters: Mapping[str, Adapter],
        policy: Policy,
        hooks: Hooks,
        turn: Callable[[Connection, datetime, str], Turn],
        render_with: Callable[[Message, str, str, Attached | None], Rendered],
        owner: str,
        real_clock: Callable[[], datetime],
    ) -> None:
        """`turn` makes the turn in which hooks run; `real_clock` times leases even where time is simulated."""
        self._database = database
        self._adapters = adapters
        self._policy = policy
        self._hooks = hooks
        self._turn = turn
        self._render = render_with
        self._owner = owner
        self._real_clock = real_clock
        self._rng = Random(owner)
        self._outcomes: list[Outcome] = []
        self._settling = asyncio.Lock()
        self._files = asyncio.Semaphore(FILES_AT_ONCE)
        self._recover_at = real_clock()
        self.wake = asyncio.Event()

    async def recover(self, now: datetime, *, alone: bool) -> int:
        """Put back, or list, what a process that ended was sending."""
        real = self._real_clock()
        return await self._database.write(lambda tx: recover(tx, now, real, alone=alone))

    async def drain(self, clock: Callable[[], datetime]) -> int:
        """Deliver until nothing is due; returns how many messages were tried."""
        tried = 0
        while True:
            parcels, more = await self._claim(clock())
            if parcels:
                outcomes = await asyncio.gather(*(self._outcome(parcel, clock()) for parcel in parcels))
                await self._write_down(outcomes, clock())
            tried += len(parcels)
            if not more:
                return tried

    async def run(
        self,
        clock: Callable[[], datetime],
        poll: float = 1.0,
        rests: Callable[[], bool] = lambda: False,
    ) -> None:
        """Deliver what becomes due until cancelled, save while it `rests`; a put wakes it, the clock does otherwise."""
        tasks: set[asyncio.Task[None]] = set()
        starting: asyncio.Task[bool] | None = None
        try:
            while True:
                self.wake.clear()
                more = False
                if not rests():
                    starting = asyncio.create_task(self._start(tasks, clock))
                    # Shielded: what was claimed by a process that goes on must be sent by it, or would be in doubt.
                    try:
                        more = await asyncio.shield(starting)
                    except Exception:  # a database that is away for a moment must not end the delivery
                        log.exception("claiming failed; it is tried again")
                if not more:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(poll):
                            await self.wake.wait()
        finally:
            # What is being sent is finished and written down: a stop makes no doubtful sends.
            if starting is not None:
                await asyncio.wait({starting})
            if tasks:
                await asyncio.wait(tasks, timeout=PUSH_SECONDS)

    async def _start(self, tasks: set[asyncio.Task[None]], clock: Callable[[], datetime]) -> bool:
        """Begin to send a batch of what is due; tells whether there may be more."""
        if len(tasks) >= IN_FLIGHT:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return True
        if self._real_clock() >= self._recover_at:
            # Another process on the same database may have died; its leases run out while we run.
            await self.recover(clock(), alone=False)
            self._recover_at = self._real_clock() + RECOVER_EVERY
        parcels, more = await self._claim(clock())
        for parcel in parcels:
            task = asyncio.create_task(self._deliver(parcel, clock))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        return more

    async def _claim(self, now: datetime) -> tuple[list[Parcel], bool]:
        real = self._real_clock()
        return await self._database.write(lambda tx: claim(tx, now, real, self._owner, self._policy))

    async def _deliver(self, parcel: Parcel, clock: Callable[[], datetime]) -> None:
        outcome = await self._outcome(parcel, clock())
        # Only now look up the list: whoever settles puts a new one in its place.
        self._outcomes.append(outcome)
        async with self._settling:
            # Whoever gets here first settles for all that have finished meanwhile.
            outcomes, self._outcomes = self._outcomes, []
            if outcomes:
                await self._write_down(outcomes, clock())
        # What stood behind it in its stream may leave now.
        self.wake.set()
        match outcome:
            case _, _, Later(seconds):
                # It was told its turn to the moment, which the next look might miss by a second.
                asyncio.get_running_loop().call_later(seconds, self.wake.set)
            case _:
                pass

    async def _outcome(self, parcel: Parcel, now: datetime) -> Outcome:
        return parcel, *await self._send(parcel, now)

    async def _write_down(self, outcomes: list[Outcome], now: datetime) -> None:
        """Settle what has finished in one commit; where that fails each by itself, so that one fails alone."""
        try:
            await self._database.write(lambda tx: self._settle(tx, outcomes, now))
        except Exception:  # what stays unsettled is taken up again when its lease is over
            log.exception("settling %s failed", ", ".join(parcel.once for parcel, _, _ in outcomes)[:200])
            if len(outcomes) > 1:
                for outcome in outcomes:
                    await self._write_down([outcome], now)

    def _settle(self, tx: Connection, outcomes: list[Outcome], now: datetime) -> None:
        sent, given_up = settle(tx, outcomes, now, self._owner, self._rng)
        for parcels, hooks in ((sent, self._hooks.sent), (given_up, self._hooks.given_up)):
            for parcel in parcels:
                if parcel.kind.name in hooks:
                    hooks[parcel.kind.name](self._turn(tx, now, parcel.once), parcel)

    async def _send(self, parcel: Parcel, now: datetime) -> tuple[Address | None, Delivery]:
        if parcel.kind.gathers:
            return await self._gather(parcel, now)
        address = next((place for place in parcel.to if place.platform in self._adapters), None)
        if address is None:
            return None, Refused("not connected") if parcel.to else Shut("no reachable address")
        if not any(isinstance(message.attachment, Carried) for message in parcel.messages):
            return address, await self._push(address, parcel, now)
        if self._files.locked():
            return address, Later(FILE_SECONDS)
        async with self._files:
            return address, await self._push(address, parcel, now)

    async def _push(self, address: Address, parcel: Parcel, now: datetime) -> Delivery:
        adapter = self._adapters[address.platform]
        try:
            if parcel.edits is None and (
                seconds := adapter.ahead(address, urgent=parcel.kind.quiet == "pass")
            ):
                return Later(seconds)
            attached = await self._attached(parcel, now)
            if isinstance(attached, Lost):
                return Refused(attached.why, again=attached.again and parcel.attempts < PATIENCE)
            message = self._shown(parcel, attached)
        except Exception:  # a message that cannot be written must not stop the others
            log.exception("writing %s failed", parcel.once)
            return Refused("it could not be written; see the log", again=True)
        try:
            async with asyncio.timeout(PUSH_SECONDS):
                if parcel.edits is None:
                    return await adapter.push(address, message, parcel.once)
                ref = next((ref for place, ref in parcel.edits if place == address), None)
                if ref is None:
                    return Refused("nothing to edit at this address")
                return await adapter.edit(Ref(address.platform, address.id, ref), message)
        except TimeoutError:
            return Unknown("no answer in time")
        except Exception:  # nobody knows how far an adapter that raises has come
            log.exception("sending %s to %s failed", parcel.once, address.platform)
            return Unknown("a fault while sending; see the log")

    async def _gather(self, parcel: Parcel, now: datetime) -> tuple[Address | None, Delivery]:
        """Open a shared room, which comes to no harm when it is tried twice; what was opened is told as sent there."""
        again = parcel.attempts < PATIENCE
        try:
            ways = await self._database.read(
                lambda tx: self._hooks.gather[parcel.kind.name](self._turn(tx, now, parcel.once), parcel)
            )
            title = plain(self._shown(parcel, None).body)
            async with asyncio.timeout(PUSH_SECONDS):
                for people in ways:
                    adapter = self._adapters.get(people[0].platform)
                    place = await adapter.gather(people, title) if adapter is not None else None
                    if place is not None:
                        return Address(place.platform, place.id), Sent(place.id)
        except TimeoutError:
            return None, Refused("no answer in time", again=again)
        except Exception:  # an adapter that raises must not keep people apart
            log.exception("gathering for %s failed", parcel.once)
            return None, Refused("a fault while gathering; see the log", again=again)
        return None, Refused("no shared room")

    def _shown(self, parcel: Parcel, attached: Attached | None) -> Rendered:
        """Render a message in its reader's words; several that go out together become the rows of one."""
        shown = [
            self._render(message, message.locale or parcel.locale, parcel.zone, attached)
            for message in parcel.messages
        ]
        if len(shown) == 1:
            kind = parcel.kind
            return replace(shown[0], silent=kind.silent, private=kind.protects, urgent=kind.quiet == "pass")
        head = self._render(
            Message("common.bundle", {"count": len(shown)}), parcel.locale, parcel.zone, attached
        )
        return Rendered(
            head.body,
            items=tuple(
                row for message in shown for row in (ShownItem(message.body, message.buttons), *message.items)
            ),
            attached=attached,
        )

    async def _attached(self, parcel: Parcel, now: datetime) -> Attached | Lost | None:
        for message in parcel.messages:
            match message.attachment:
                case Carried(platform) as carried:
                    return await fetch(self._adapters.get(platform), carried, self._policy.file_limit)
                case Attachment() as wanted:
                    made = await self._database.read(partial(self._attach, wanted, parcel, now))
                    return await asyncio.to_thread(made) if callable(made) else made
        return None

    def _attach(
        self, wanted: Attachment, parcel: Parcel, now: datetime, tx: Connection
    ) -> Attached | Making | None:
        return self._hooks.attach[wanted.kind](self._turn(tx, now, parcel.once), wanted, parcel)
