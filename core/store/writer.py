"""SQLite's one writer: calls that wait at the same moment share a commit, each in a savepoint of its own."""

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, event

from core.store.prepared import RAW

T = TypeVar("T")

GROUP = 128
IDLE_SECONDS = 2.0
TRUNCATE_SECONDS = 20.0


@dataclass(slots=True)
class Job:
    """A function that waits for its transaction, and how it went."""

    fn: Callable[[Connection], Any]
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class SqliteWriter:
    """A thread with the only writing connection; it checkpoints too, so that nobody else does."""

    def __init__(self, engine: Engine, idle_seconds: float = IDLE_SECONDS) -> None:
        """Open the connection and start the thread; after `idle_seconds` without a job it empties the WAL."""
        self._engine = engine
        self._idle = idle_seconds
        self._connection = engine.connect()
        raw = self._connection.connection.driver_connection
        if not isinstance(raw, sqlite3.Connection):
            raise TypeError(raw)
        self._raw = raw
        self._connection.info[RAW] = raw
        event.listen(self._connection, "before_cursor_execute", self._guard)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        # True at first: a process that was killed may have left text in the WAL.
        self._dirty = True
        self._truncated = time.monotonic()
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` in a savepoint of the next commit and return after that commit."""
        job = Job(fn, asyncio.get_running_loop().create_future())
        with self._gate:
            if self._closed:
                raise RuntimeError("the database is closed")
            self._jobs.put(job)
        result: T = await job.future
        return result

    def close(self) -> None:
        """Finish what waits, empty the WAL, close."""
        with self._gate:
            self._closed = True
            self._jobs.put(None)
        self._thread.join()
        self._connection.close()
        self._engine.dispose()

    def _guard(self, *_: object) -> None:
        # Outside of the transaction every statement would commit itself.
        if not self._raw.in_transaction:
            raise sqlite3.OperationalError("the transaction is over: an error before this has rolled it back")

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=self._idle if self._dirty else None)
            except queue.Empty:
                self._truncate()
                continue
            if job is None or self._group(job):
                self._truncate()
                return
            if time.monotonic() - self._truncated > TRUNCATE_SECONDS:
                self._truncate()

    def _truncate(self) -> None:
        """Empty the WAL: it keeps deleted text until then. A reader in the way means: try again soon."""
        if self._dirty:
            try:
                # Not waiting for a reader: who wants to write would wait with us.
                self._raw.execute("PRAGMA busy_timeout=0")
                busy = self._raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except sqlite3.Error:
                busy = 1
            with suppress(sqlite3.Error):
                self._raw.execute("PRAGMA busy_timeout=30000")
            self._dirty = bool(busy)
        self._truncated = time.monotonic()

    def _group(self, first: Job) -> bool:
        """Run the first job and all that arrive meanwhile in one commit; true when asked to stop."""
        try:
            self._raw.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            self._roll_back()
            first.error = error
            _settle([first])
            return False
        group: list[Job] = []
        stop = False
        changes = self._raw.total_changes
        job: Job | None = first
        while job is not None:
            group.append(job)
            if (end := self._run(job)) is not None:
                # The whole transaction is gone (a full disk rolls back in silence): nothing of it may count.
                self._fail(group, end)
                return False
            if len(group) >= GROUP:
                break
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            stop = job is None
        # A look that changed nothing must not put off the emptying of the WAL.
        self._dirty = self._dirty or self._raw.total_changes != changes
        try:
            self._raw.execute("COMMIT")
        except sqlite3.Error as error:
            self._fail(group, error)
        else:
            _settle(group)
        return stop

    def _fail(self, group: list[Job], error: BaseException) -> None:
        """Tell everybody in the group that nothing of it was kept; who failed alone hears the own error."""
        self._roll_back()
        for job in group:
            job.error = job.error or error
        _settle(group)

    def _roll_back(self) -> None:
        # SQLite has often done so by itself; where even this fails, the next BEGIN does, and says so.
        if self._raw.in_transaction:
            with suppress(sqlite3.Error):
                self._raw.execute("ROLLBACK")

    def _run(self, job: Job) -> BaseException | None:
        """Run one job in its savepoint; gives the error that has ended the transaction around it, if one has."""
        raw = self._raw
        if job.future.cancelled():
            return None
        try:
            raw.execute("SAVEPOINT job")
            job.result = job.fn(self._connection)
            raw.execute("RELEASE job")
        except BaseException as error:  # noqa: BLE001  (handed to the caller, who waits in another thread)
            job.error = error
            if not raw.in_transaction:
                return error
            try:
                raw.execute("ROLLBACK TO job")
                raw.execute("RELEASE job")
            except sqlite3.Error:
                return error
        return None


def _settle(group: list[Job]) -> None:
    """Hand the outcomes to the event loops that wait, one wake-up a loop."""
    for loop in {job.future.get_loop() for job in group}:
        jobs = [job for job in group if job.future.get_loop() is loop]
        # A loop that has closed meanwhile has nobody left who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve, jobs)


def _resolve(jobs: list[Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.error is None:
            job.future.set_result(job.result)
        else:
            job.future.set_exception(carried(job.error))


def carried(error: BaseException) -> BaseException:
    """Wrap the one exception that a future refuses to carry, after which its caller would wait for ever."""
    if not isinstance(error, StopIteration):
        return error
    wrapped = RuntimeError("a function that writes raised StopIteration")
    wrapped.__cause__ = error
    return wrapped
