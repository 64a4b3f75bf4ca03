"""The bridge between asyncio and synchronous functions over one database.

`write(fn)` runs `fn(tx)` in a transaction that has committed when the call returns; `read(fn)` runs it on a
snapshot beside the writers. The same functions serve SQLite and PostgreSQL.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from core.store.lock import InstanceLock
from core.store.types import Keyring
from core.store.writer import SqliteWriter, carried

T = TypeVar("T")

WRITER_THREADS = 8
READERS = 8
# Serialization failure, deadlock: PostgreSQL asks for the transaction to be run again.
RUN_AGAIN = {"40001", "40P01"}
TRIES = 8


class Writer(Protocol):
    """Runs functions in transactions, off the event loop."""

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` in a transaction and return after its commit; what it raises rolls it back."""
        ...

    def close(self) -> None:
        """Finish what waits and let go of the connections."""
        ...


class PostgresWriter:
    """A small pool of threads, a transaction each."""

    def __init__(self, engine: Engine) -> None:
        """Take an engine whose pool has at least `WRITER_THREADS` connections."""
        self._engine = engine
        self._threads = ThreadPoolExecutor(WRITER_THREADS, thread_name_prefix="writer")

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` in a transaction of its own; a deadlock runs it again."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, fn)

    def _run(self, fn: Callable[[Connection], T]) -> T:
        for left in range(TRIES - 1, -1, -1):
            try:
                with self._engine.begin() as tx:
                    return fn(tx)
            except OperationalError as error:
                if left == 0 or getattr(error.orig, "sqlstate", None) not in RUN_AGAIN:
                    raise
            except StopIteration as error:
                raise carried(error) from error
        raise AssertionError

    def close(self) -> None:
        """Wait for the running transactions and close the pool."""
        self._threads.shutdown()
        self._engine.dispose()


class Database:
    """One open database: writers, readers, and for SQLite the lock that keeps a second writer away."""

    def __init__(self, writer: Writer, readers: AsyncEngine, lock: InstanceLock | None) -> None:
        """Use `open_database`."""
        self._writer = writer
        self._readers = readers
        self._lock = lock
        self._reading: set[asyncio.Task[object]] = set()

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn(tx)` in a transaction; when this returns, the change is on disk."""
        return await self._writer.write(fn)

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn(tx)` on one consistent snapshot; it cannot write.

        Who is called off meanwhile goes at once. What they read is read to its end: a connection that is left
        while it opens is nobody's, and its thread would answer a loop that is gone.
        """
        reading = asyncio.create_task(self._read(fn))
        self._reading.add(reading)
        reading.add_done_callback(self._reading.discard)
        return await asyncio.shield(reading)

    async def _read(self, fn: Callable[[Connection], T]) -> T:
        async with self._readers.connect() as connection:
            return await connection.run_sync(fn)

    async def close(self) -> None:
        """Close readers before the writer: a reader that closes last would checkpoint."""
        try:
            if self._reading:
                await asyncio.wait(self._reading)
            await self._readers.dispose()
            await asyncio.to_thread(self._writer.close)
        finally:
            if self._lock:
                self._lock.release()


def sqlite_path(url: str | URL) -> Path | None:
    """Give the file of an SQLite address, None for another database; raises ValueError for one in memory."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    if parsed.database in {None, "", ":memory:"}:
        raise ValueError("an SQLite database needs a file: sqlite:///folder/file.db")
    return Path(str(parsed.database))


def instance_lock(path: Path, command: str) -> InstanceLock:
    """Make the lock of an SQLite file; one file has one lock, by whatever path or link it is opened."""
    real = path.resolve()
    return InstanceLock(real.with_name(real.name + ".lock"), command)


def open_database(url: str, keyring: Keyring, command: str) -> Database:
    """Open a migrated database for writing; raises `Locked` when another process writes the SQLite file."""
    path = sqlite_path(url)
    if path is None:
        return Database(PostgresWriter(postgres_engine(url, keyring)), open_readers(url, keyring), None)
    lock = instance_lock(path, command)
    lock.acquire()
    try:
        writer = SqliteWriter(sqlite_engine(path, keyring))
    except BaseException:
        lock.release()
        raise
    return Database(writer, open_readers(url, keyring), lock)


def open_readers(url: str, keyring: Keyring) -> AsyncEngine:
    """Open an engine that can only read: a `Database`'s own, or that of a command beside a writer."""
    path = sqlite_path(url)
    if path is not None:
        return sqlite_readers(path, keyring)
    engine = create_async_engine(
        postgres_url(url),
        pool_size=4,
        max_overflow=4,
        pool_pre_ping=True,
        execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    )
    engine.sync_engine.dialect.keyring = keyring  # type: ignore[attr-defined]
    return engine


def postgres_url(url: str) -> URL:
    """Name the driver we use in an address that names none."""
    return make_url(url).set(drivername="postgresql+psycopg")


def postgres_engine(url: str, keyring: Keyring) -> Engine:
    """Make the engine of PostgreSQL's writers."""
    engine = create_engine(postgres_url(url), pool_size=WRITER_THREADS, max_overflow=2, pool_pre_ping=True)
    engine.dialect.keyring = keyring  # type: ignore[attr-defined]
    return engine


def sqlite_engine(path: Path, keyring: Keyring) -> Engine:
    """Make the engine of SQLite's one writer: it begins and commits by hand (see `writer.py`)."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        isolation_level="AUTOCOMMIT",
        connect_args={"check_same_thread": False, "timeout": 30},
    )
    engine.dialect.keyring = keyring  # type: ignore[attr-defined]

    @event.listens_for(engine, "connect")
    def _set_up(connection: object, entry: ConnectionPoolEntry) -> None:
        del entry
        cursor = connection.cursor()  # type: ignore[attr-defined]
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "busy_timeout=30000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def readonly_url(driver: str, path: Path) -> URL:
    """Give the address under which an SQLite file can be read but not written."""
    return URL.create(driver, database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"})


def sqlite_readers(path: Path, keyring: Keyring) -> AsyncEngine:
    """Make the engine of SQLite's readers: they see one snapshot and cannot write."""
    engine = create_async_engine(
        readonly_url("sqlite+aiosqlite", path),
        connect_args={"isolation_level": None, "timeout": 30},
        # Each has a thread: what is opened for a moment of much to do, and closed again, makes that moment longer.
        pool_size=READERS,
        max_overflow=0,
    )
    _begin_plainly(engine.sync_engine)
    engine.sync_engine.dialect.keyring = keyring  # type: ignore[attr-defined]
    return engine


def _begin_plainly(engine: Engine) -> None:
    """Let a transaction of SQLite's readers begin when it does: so all its statements see the same."""

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")


def open_snapshot(url: str, keyring: Keyring) -> Engine:
    """Open an engine for long work off the event loop: it only reads, and rows come as they are asked for."""
    path = sqlite_path(url)
    if path is not None:
        engine = create_engine(
            readonly_url("sqlite", path), connect_args={"isolation_level": None, "timeout": 30}
        )
        _begin_plainly(engine)
    else:
        engine = create_engine(
            postgres_url(url),
            execution_options={
                "isolation_level": "REPEATABLE READ",
                "postgresql_readonly": True,
                "stream_results": True,
            },
        )
    engine.dialect.keyring = keyring  # type: ignore[attr-defined]
    return engine


def is_disconnect(error: BaseException) -> bool:
    """Tell whether an error means that the database went away, rather than that a statement was wrong."""
    return isinstance(error, DBAPIError) and error.connection_invalidated
