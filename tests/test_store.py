import asyncio
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, NullPool, create_engine, delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.util import await_only

from core.store.database import Database, open_database, open_readers, sqlite_engine, sqlite_path
from core.store.lock import Locked
from core.store.tables import runs, unknown_topics, waits
from core.store.types import Keyring, LostKeyError, Sealed, UtcDateTime, new_key
from core.store.upsert import insert_or_ignore
from core.store.writer import SqliteWriter

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEYS = Keyring([])
SECRET = "the-cat-sleeps-on-the-keyboard"
PATIENCE = 20.0


@pytest.fixture
async def database(store_url: str) -> AsyncIterator[Database]:
    """An open database with our tables; on both kinds."""
    opened = open_database(store_url, KEYS, "tests")
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite(sqlite_store_url: str) -> AsyncIterator[Database]:
    """The same on SQLite alone."""
    opened = open_database(sqlite_store_url, KEYS, "tests")
    yield opened
    await opened.close()


@pytest.fixture
async def postgres(postgres_store_url: str) -> AsyncIterator[Database]:
    """The same on PostgreSQL alone."""
    opened = open_database(postgres_store_url, KEYS, "tests")
    yield opened
    await opened.close()


def writer_of(database: Database) -> SqliteWriter:
    assert isinstance(database._writer, SqliteWriter)
    return database._writer


def put(subject: object) -> Callable[[Connection], None]:
    """A write of one row."""

    def run(tx: Connection) -> None:
        tx.execute(insert(waits).values(kind="a", subject=str(subject), due_at=NOW))

    return run


def subjects(tx: Connection) -> set[str]:
    """What was written with `put`."""
    return set(tx.execute(select(waits.c.subject)).scalars())


def typed(slug: str, words: str) -> Callable[[Connection], None]:
    """A write of a text that is not sealed."""

    def run(tx: Connection) -> None:
        tx.execute(insert(unknown_topics).values(slug=slug, typed=words, first_seen=NOW))

    return run


async def eventually(ask: Callable[[], bool]) -> None:
    """Let others work until something holds; only for what another thread does by itself."""
    end = time.monotonic() + PATIENCE
    while not ask():
        assert time.monotonic() < end
        await asyncio.to_thread(threading.Event().wait, 0.01)


class Gate:
    """A write that stays in its transaction until it is let go, while others queue behind it."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self._open = threading.Event()

    def __call__(self, tx: Connection) -> None:
        put("gate")(tx)
        self.entered.set()
        assert self._open.wait(PATIENCE)

    def let_go(self) -> None:
        self._open.set()


async def queued(database: Database, count: int) -> None:
    """Let the tasks that write take their first step, with which each puts itself into the queue."""
    await asyncio.sleep(0)
    assert writer_of(database)._jobs.qsize() == count


async def together(database: Database, *jobs: Callable[[Connection], Any]) -> list[Any]:
    """Run jobs so that they share one commit; each one's outcome, or what it raised."""
    gate = Gate()
    first = asyncio.ensure_future(database.write(gate))
    await asyncio.to_thread(gate.entered.wait)
    rest = [asyncio.ensure_future(database.write(job)) for job in jobs]
    await queued(database, len(jobs))
    gate.let_go()
    outcomes = await asyncio.gather(first, *rest, return_exceptions=True)
    return outcomes[1:]


# Writing


async def test_a_write_gives_back_what_the_function_gave(database: Database) -> None:
    assert await database.write(lambda tx: tx.execute(select(text("6 * 7"))).scalar()) == 42


async def test_many_writes_at_once_are_all_there(database: Database) -> None:
    await asyncio.gather(*[database.write(put(number)) for number in range(300)])
    assert await database.read(subjects) == {str(number) for number in range(300)}


async def test_writes_that_wait_at_the_same_moment_share_a_commit(sqlite: Database) -> None:
    said: list[str] = []
    writer_of(sqlite)._raw.set_trace_callback(said.append)
    outcomes = await together(sqlite, *[put(number) for number in range(100)])
    assert outcomes == [None] * 100
    assert said.count("COMMIT") == 1
    assert len(await sqlite.read(subjects)) == 101


async def test_a_long_queue_is_committed_in_parts(sqlite: Database) -> None:
    said: list[str] = []
    writer_of(sqlite)._raw.set_trace_callback(said.append)
    await together(sqlite, *[put(number) for number in range(300)])
    assert said.count("COMMIT") == 3


async def test_one_that_raises_takes_back_its_own_and_nothing_else(database: Database) -> None:
    def fail(tx: Connection) -> None:
        put("mine")(tx)
        raise KeyError(SECRET)

    jobs = [database.write(fail if number == 5 else put(number)) for number in range(10)]
    outcomes = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [KeyError]
    assert await database.read(subjects) == {"0", "1", "2", "3", "4", "6", "7", "8", "9"}


async def test_in_a_shared_commit_too(sqlite: Database) -> None:
    await sqlite.write(put("there"))
    outcomes = await together(sqlite, put(1), put("there"), put(2))
    assert [type(outcome) for outcome in outcomes] == [type(None), IntegrityError, type(None)]
    assert await sqlite.read(subjects) == {"there", "gate", "1", "2"}


async def test_a_broken_rule_of_the_tables_is_the_writers_own_trouble(database: Database) -> None:
    await database.write(put(1))
    with pytest.raises(IntegrityError):
        await database.write(put(1))
    with pytest.raises(IntegrityError):
        await database.write(
            lambda tx: tx.execute(text("INSERT INTO rooms VALUES (1, 99, NULL, '2026-01-01')"))
        )
    await database.write(put(2))
    assert await database.read(subjects) == {"1", "2"}


async def test_even_the_exception_that_a_future_cannot_carry_reaches_its_caller(database: Database) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await database.write(lambda _: next(iter(())))
    await database.write(put(1))


async def test_who_stops_waiting_stops_nobody_else(sqlite: Database) -> None:
    gate = Gate()
    first = asyncio.ensure_future(sqlite.write(gate))
    await asyncio.to_thread(gate.entered.wait)
    impatient = [asyncio.ensure_future(sqlite.write(put(f"impatient {number}"))) for number in range(3)]
    patient = [asyncio.ensure_future(sqlite.write(put(f"patient {number}"))) for number in range(3)]
    await queued(sqlite, 6)
    first.cancel()
    for waiting in impatient:
        waiting.cancel()
    gate.let_go()
    assert await asyncio.gather(*patient) == [None] * 3
    assert {outcome.cancelled() for outcome in (first, *impatient)} == {True}
    # Who was in the middle of it went on; who had not begun never did.
    assert await sqlite.read(subjects) == {"gate", "patient 0", "patient 1", "patient 2"}


async def test_a_caller_that_gives_up_leaves_a_whole_write_or_none(postgres: Database) -> None:
    gate = Gate()
    waiting = asyncio.ensure_future(postgres.write(gate))
    await asyncio.to_thread(gate.entered.wait)
    waiting.cancel()
    gate.let_go()
    await postgres.write(put(1))
    await asyncio.to_thread(postgres._writer.close)
    assert await postgres.read(subjects) == {"gate", "1"}


async def test_closing_finishes_what_waits_and_then_refuses(store_url: str) -> None:
    database = open_database(store_url, KEYS, "tests")
    waiting = [asyncio.ensure_future(database.write(put(number))) for number in range(50)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*waiting)
    with pytest.raises(RuntimeError):
        await database.write(put("late"))
    again = open_database(store_url, KEYS, "tests")
    assert len(await again.read(subjects)) == 50
    await again.close()


# A full disk


async def limit(database: Database, pages: int) -> None:
    """Give the file room for some more pages."""

    def run(tx: Connection) -> None:
        there = int(tx.exec_driver_sql("PRAGMA page_count").scalar_one())
        tx.exec_driver_sql(f"PRAGMA max_page_count = {there + pages}")

    await database.write(run)


async def test_a_full_disk_fails_the_whole_group_and_keeps_nothing_half(sqlite: Database) -> None:
    await sqlite.write(put("before"))
    await limit(sqlite, 4)
    outcomes = await together(sqlite, put(1), typed("long", "x" * 100_000), put(2), put(3))
    # What came before it is gone with it, and nobody was told otherwise; the two after it had room.
    assert [type(outcome) for outcome in outcomes] == [
        OperationalError,
        OperationalError,
        type(None),
        type(None),
    ]
    assert "full" in str(outcomes[0])
    assert await sqlite.read(subjects) == {"before", "2", "3"}
    await limit(sqlite, 1000)
    await sqlite.write(typed("long", "x" * 100_000))
    await sqlite.write(put("after"))
    assert await sqlite.read(subjects) == {"before", "2", "3", "after"}


async def test_what_a_job_does_after_the_disk_was_full_is_refused(sqlite: Database) -> None:
    """Its transaction is over by then, and every statement would commit itself."""
    await limit(sqlite, 4)

    def goes_on(tx: Connection) -> str:
        put("half 1")(tx)
        try:
            typed("long", "x" * 100_000)(tx)
        except OperationalError:
            put("half 2")(tx)
        return "done"

    def goes_on_in_a_savepoint(tx: Connection) -> str:
        try:
            typed("long", "x" * 100_000)(tx)
        except OperationalError:
            with tx.begin_nested():
                put("half 3")(tx)
        return "done"

    def goes_on_with_a_prepared_statement(tx: Connection) -> str:
        try:
            typed("long", "x" * 100_000)(tx)
        except OperationalError:
            insert_or_ignore(tx, waits, {"kind": "a", "subject": "half 4", "due_at": NOW})
        return "done"

    for job in (goes_on, goes_on_in_a_savepoint, goes_on_with_a_prepared_statement):
        with pytest.raises((OperationalError, sqlite3.OperationalError)):
            await sqlite.write(job)
    await limit(sqlite, 1000)
    await sqlite.write(put("after"))
    assert await sqlite.read(subjects) == {"after"}


async def test_a_statement_of_many_rows_on_a_full_disk_keeps_none_of_them(sqlite: Database) -> None:
    await limit(sqlite, 2)

    def many(tx: Connection) -> None:
        tx.execute(insert(waits), [{"kind": "b", "subject": str(n) * 30, "due_at": NOW} for n in range(3000)])

    with pytest.raises(OperationalError, match="full"):
        await sqlite.write(many)
    await limit(sqlite, 1000)
    await sqlite.write(put("after"))
    assert await sqlite.read(subjects) == {"after"}


async def test_a_commit_that_fails_is_rolled_back_for_all_and_the_next_one_works(sqlite: Database) -> None:
    def refer_to_nothing(tx: Connection) -> None:
        tx.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        tx.execute(text("INSERT INTO rooms VALUES (1, 99, NULL, '2026-01-01')"))

    outcomes = await together(sqlite, put(1), refer_to_nothing, put(2))
    assert [type(outcome) for outcome in outcomes] == [sqlite3.IntegrityError] * 3
    await sqlite.write(put("after"))
    assert await sqlite.read(subjects) == {"after"}


@contextmanager
def files_may_not_grow_beyond(size: int) -> Iterator[None]:
    """The kernel refuses every write behind that many bytes of a file, as a disk without room does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_disk_that_refuses_to_be_written_is_told_to_all_in_the_commit(sqlite: Database) -> None:
    await sqlite.write(put("before"))
    path = sqlite_path(str(writer_of(sqlite)._engine.url))
    assert path is not None
    with files_may_not_grow_beyond(path.with_name(path.name + "-wal").stat().st_size + 2000):
        outcomes = await together(sqlite, *[typed(str(number), "x" * 3000) for number in range(20)])
        assert {type(outcome) for outcome in outcomes} <= {OperationalError, sqlite3.OperationalError}
    assert await sqlite.read(subjects) == {"before"}
    await sqlite.write(put("after"))
    assert await sqlite.read(subjects) == {"before", "after"}
    assert (
        await sqlite.read(lambda tx: tx.execute(select(func.count()).select_from(unknown_topics)).scalar())
        == 0
    )


async def test_a_database_that_another_tool_has_locked_fails_one_write_and_then_goes_on(
    sqlite_store_url: str,
) -> None:
    path = sqlite_path(sqlite_store_url)
    assert path is not None
    writer = SqliteWriter(sqlite_engine(path, KEYS))
    writer._raw.execute("PRAGMA busy_timeout=50")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        await writer.write(put(1))
    other.execute("ROLLBACK")
    other.close()
    await writer.write(put(2))
    assert await writer.write(subjects) == {"2"}
    await asyncio.to_thread(writer.close)


# Reading


async def test_reading_waits_for_no_writer_and_sees_what_was_committed(sqlite: Database) -> None:
    await sqlite.write(put("before"))
    gate = Gate()
    writing = asyncio.ensure_future(sqlite.write(gate))
    await asyncio.to_thread(gate.entered.wait)
    assert await sqlite.read(subjects) == {"before"}
    assert await asyncio.gather(*[sqlite.read(subjects) for _ in range(20)]) == [{"before"}] * 20
    gate.let_go()
    await writing
    assert await sqlite.read(subjects) == {"before", "gate"}


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"read.?only"):
        await database.read(put(1))
    assert await database.read(subjects) == set()


async def test_one_read_sees_one_snapshot(database: Database) -> None:
    await database.write(put("before"))
    loop = asyncio.get_running_loop()
    looked, written = asyncio.Event(), asyncio.Event()

    def two_looks(tx: Connection) -> list[set[str]]:
        first = subjects(tx)
        looked.set()
        # A reader runs in the loop's own thread, and gives way while it waits for the database.
        await_only(written.wait())
        return [first, subjects(tx)]

    reading = loop.create_task(database.read(two_looks))
    await looked.wait()
    await database.write(put("meanwhile"))
    written.set()
    assert await reading == [{"before"}, {"before"}]
    assert await database.read(subjects) == {"before", "meanwhile"}


class SlowToOpen(sqlite3.Connection):
    """A connection on a slow disk."""

    begun, opened = threading.Event(), threading.Event()

    def __init__(self, *args: Any, **options: Any) -> None:
        self.begun.set()
        time.sleep(0.2)
        super().__init__(*args, **options)
        self.opened.set()


async def test_who_reads_and_is_called_off_goes_at_once_and_leaves_no_connection_behind(
    sqlite_store_url: str,
) -> None:
    path = sqlite_path(sqlite_store_url)
    assert path is not None
    readers = create_async_engine(
        f"sqlite+aiosqlite:///{path}", connect_args={"factory": SlowToOpen}, poolclass=NullPool
    )
    database = Database(SqliteWriter(sqlite_engine(path, KEYS)), readers, None)
    reading = asyncio.create_task(database.read(subjects))
    await asyncio.to_thread(SlowToOpen.begun.wait)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not SlowToOpen.opened.is_set()
    await database.close()
    assert SlowToOpen.opened.is_set()


async def test_a_command_reads_beside_the_writer(store_url: str, database: Database) -> None:
    await database.write(put(1))
    readers = open_readers(store_url, KEYS)
    async with readers.connect() as connection:
        assert await connection.run_sync(subjects) == {"1"}
        with pytest.raises(DBAPIError, match=r"read.?only"):
            await connection.run_sync(put(2))
    await readers.dispose()


async def test_a_file_is_read_when_nobody_has_it_open(sqlite_store_url: str) -> None:
    readers = open_readers(sqlite_store_url, KEYS)
    async with readers.connect() as connection:
        assert await connection.run_sync(subjects) == set()
    await readers.dispose()


async def test_a_long_reader_does_not_hold_up_the_writer(sqlite_store_url: str) -> None:
    """Emptying the log must not wait for it: who wants to write would wait too."""
    path = sqlite_path(sqlite_store_url)
    assert path is not None
    writer = SqliteWriter(sqlite_engine(path, KEYS), idle_seconds=0.01)
    said: list[str] = []
    writer._raw.set_trace_callback(said.append)
    readers = open_readers(sqlite_store_url, KEYS)
    async with readers.connect() as connection:
        await writer.write(put(0))
        assert await connection.run_sync(subjects) == {"0"}
        await writer.write(put(1))
        await eventually(lambda: sum("wal_checkpoint" in line for line in said) > 1)
        begun = time.monotonic()
        await writer.write(put(2))
        assert time.monotonic() - begun < 5
        assert await connection.run_sync(subjects) == {"0"}
    await eventually(lambda: log_of(path).stat().st_size == 0)
    await readers.dispose()
    await asyncio.to_thread(writer.close)


# Types


async def test_a_naive_time_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="naive"):
        await database.write(
            lambda tx: tx.execute(insert(waits).values(kind="a", subject="1", due_at=datetime(2026, 1, 1)))  # noqa: DTZ001
        )


async def test_a_time_comes_back_as_it_was_in_utc(database: Database) -> None:
    zone = timezone(timedelta(hours=5, minutes=45))
    moments = [
        datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=zone),
        datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    ]

    def write(tx: Connection) -> None:
        rows = [{"kind": "a", "subject": str(n), "due_at": moment} for n, moment in enumerate(moments)]
        tx.execute(insert(waits), rows)

    await database.write(write)
    for reading in (database.read, database.write):
        found = await reading(
            lambda tx: tx.execute(select(waits.c.due_at).order_by(waits.c.subject)).scalars().all()
        )
        assert list(found) == moments
        assert {moment.tzinfo for moment in found} == {UTC}
    past = await database.read(
        lambda tx: (
            tx.execute(select(waits.c.subject).where(waits.c.due_at < NOW.astimezone(zone))).scalars().all()
        )
    )
    assert past == ["1"]


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.timezones()))  # noqa: DTZ001
def test_any_aware_time_survives_sqlite(moment: datetime) -> None:
    from sqlalchemy.dialects import sqlite

    dialect = sqlite.dialect()
    kept = UtcDateTime().process_bind_param(moment, dialect)
    assert UtcDateTime().process_result_value(kept, dialect) == moment.astimezone(UTC)


def answer(words: object) -> Callable[[Connection], None]:
    """A write of a sealed value: an open form's answers."""

    def run(tx: Connection) -> None:
        row = {"platform": "p", "address": "a", "dialog": "d", "args": None, "version": 1, "touched_at": NOW}
        tx.execute(insert(runs).values({**row, "args": {}, "answers": words}))

    return run


def answers(tx: Connection) -> list[Any]:
    return list(tx.execute(select(runs.c.answers)).scalars())


def kept(tx: Connection) -> bytes:
    """What the database itself holds of a sealed value."""
    return bytes(tx.exec_driver_sql("SELECT answers FROM runs").scalar_one())


async def opened(url: str, keyring: Keyring, use: Callable[[Database], Awaitable[Any]]) -> Any:
    """Open the database with these keys for as long as it is used."""
    database = open_database(url, keyring, "tests")
    try:
        return await use(database)
    finally:
        await database.close()


def holds(path: Path, words: str) -> bool:
    """Whether the file, its log or whatever else lies beside it holds the words."""
    return any(words.encode() in file.read_bytes() for file in path.parent.iterdir() if file.is_file())


def log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


async def test_a_sealed_value_comes_back_and_is_nowhere_in_the_database(store_url: str) -> None:
    value = [SECRET, {"数": 1.5, "none": None}]
    keyring = Keyring([new_key()])

    async def use(database: Database) -> None:
        await database.write(answer(value))
        assert await database.read(answers) == [value]
        assert await database.write(answers) == [value]
        assert SECRET.encode() not in await database.read(kept)
        path = sqlite_path(store_url)
        assert path is None or not holds(path, SECRET)

    await opened(store_url, keyring, use)


async def test_the_search_would_have_found_it(sqlite_store_url: str) -> None:
    path = sqlite_path(sqlite_store_url)
    assert path is not None
    await opened(sqlite_store_url, KEYS, lambda database: database.write(answer(SECRET)))
    assert holds(path, SECRET)


async def test_an_old_key_still_opens_and_the_new_one_seals(store_url: str) -> None:
    old, new = new_key(), new_key()
    await opened(store_url, Keyring([old]), lambda database: database.write(answer(SECRET)))

    async def reseal(database: Database) -> None:
        assert await database.read(answers) == [SECRET]
        await database.write(lambda tx: tx.execute(update(runs).values(answers=answers(tx)[0])).rowcount)

    await opened(store_url, Keyring([new, old]), reseal)
    assert await opened(store_url, Keyring([new]), lambda database: database.read(answers)) == [SECRET]


@pytest.mark.parametrize("keys", [[], [new_key()]], ids=["no key", "another key"])
async def test_a_lost_key_is_named(store_url: str, keys: list[str]) -> None:
    await opened(store_url, Keyring([new_key()]), lambda database: database.write(answer(SECRET)))
    with pytest.raises(LostKeyError, match=r"encryption\.keys"):
        await opened(store_url, Keyring(keys), lambda database: database.read(answers))


async def test_what_was_written_without_encryption_stays_readable(store_url: str) -> None:
    await opened(store_url, KEYS, lambda database: database.write(answer("gAAAA " + SECRET)))
    for keyring in (KEYS, Keyring([new_key()])):
        assert await opened(store_url, keyring, lambda database: database.read(answers)) == [
            "gAAAA " + SECRET
        ]


def test_an_engine_without_a_keyring_says_so(sqlite_store_url: str) -> None:
    with create_engine(sqlite_store_url, poolclass=NullPool).connect() as connection:
        assert isinstance(runs.c.answers.type, Sealed)
        with pytest.raises(StatementError, match="without a keyring"):
            answer(SECRET)(connection)


async def test_a_row_that_is_there_is_left_alone(database: Database) -> None:
    row = {"kind": "a", "subject": "1", "due_at": NOW}
    assert await database.write(lambda tx: insert_or_ignore(tx, waits, row)) == 1
    later = {**row, "due_at": NOW + timedelta(days=1)}
    assert await database.write(lambda tx: insert_or_ignore(tx, waits, later)) == 0
    assert await database.write(lambda tx: insert_or_ignore(tx, waits, [later, {**row, "subject": "2"}])) == 1
    assert await database.read(subjects) == {"1", "2"}
    assert await database.read(lambda tx: set(tx.execute(select(waits.c.due_at)).scalars())) == {NOW}


async def test_also_where_the_database_numbers_the_rows(database: Database) -> None:
    row = {"platform": "p", "address": "a", "dialog": "d", "args": {}, "version": 1, "touched_at": NOW}
    first, second = {**row, "answers": {"is": "first"}}, {**row, "answers": {"is": "second"}}
    assert await database.write(lambda tx: insert_or_ignore(tx, runs, first)) == 1
    assert await database.write(lambda tx: insert_or_ignore(tx, runs, second)) == 0
    assert await database.read(answers) == [{"is": "first"}]


# What was deleted is gone


async def test_a_deleted_text_is_gone_from_the_file_and_its_log_soon_after(sqlite_store_url: str) -> None:
    path = sqlite_path(sqlite_store_url)
    assert path is not None
    writer = SqliteWriter(sqlite_engine(path, KEYS), idle_seconds=0.05)
    for number in range(20):
        await writer.write(typed(str(number), f"{SECRET} {number} " * 100))
    assert holds(path, SECRET)
    await writer.write(lambda tx: tx.execute(delete(unknown_topics)).rowcount)
    await eventually(lambda: log_of(path).stat().st_size == 0)
    assert not holds(path, SECRET)
    await asyncio.to_thread(writer.close)
    assert not holds(path, SECRET)


async def test_closing_leaves_no_log(sqlite_store_url: str) -> None:
    path = sqlite_path(sqlite_store_url)
    assert path is not None

    async def use(database: Database) -> None:
        await database.write(typed("a", SECRET))
        await database.read(subjects)
        await database.write(lambda tx: tx.execute(delete(unknown_topics)).rowcount)

    await opened(sqlite_store_url, KEYS, use)
    assert not holds(path, SECRET)
    assert not log_of(path).exists() or log_of(path).stat().st_size == 0


# One writer a file

HOLDER = """
import asyncio, sys
from sqlalchemy import insert
from core.store.database import open_database
from core.store.tables import unknown_topics
from core.store.types import Keyring
from datetime import UTC, datetime

async def main():
    database = open_database(sys.argv[1], Keyring([]), "run")
    row = {"slug": "a", "typed": sys.argv[2], "first_seen": datetime(2026, 1, 1, tzinfo=UTC)}
    await database.write(lambda tx: tx.execute(insert(unknown_topics).values(row)).rowcount)
    print("here", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@contextmanager
def held_by_another_process(url: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has the database open and has written the secret; killed at the end, if not before."""
    order = [sys.executable, "-c", HOLDER, url, SECRET]
    with subprocess.Popen(order, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


async def test_a_second_writer_is_refused_and_told_who_holds_it(
    sqlite_store_url: str, tmp_path: Path
) -> None:
    path = sqlite_path(sqlite_store_url)
    assert path is not None
    (tmp_path / "link.db").symlink_to(path)
    database = open_database(sqlite_store_url, KEYS, "run --quietly")
    for url in (sqlite_store_url, f"sqlite:///{tmp_path / 'link.db'}"):
        with pytest.raises(Locked, match=r"^mentorbot run --quietly \(process \d+\)$"):
            open_database(url, KEYS, "import")
    await database.close()
    await open_database(sqlite_store_url, KEYS, "import").close()


async def test_a_killed_process_leaves_its_writes_and_not_its_lock(sqlite_store_url: str) -> None:
    with held_by_another_process(sqlite_store_url) as process:
        with pytest.raises(Locked, match=rf"^mentorbot run \(process {process.pid}\)$"):
            open_database(sqlite_store_url, KEYS, "import")
        assert holds(Path(sqlite_store_url.removeprefix("sqlite:///")), SECRET)
    database = open_database(sqlite_store_url, KEYS, "run")
    assert await database.read(lambda tx: tx.execute(select(unknown_topics.c.typed)).scalars().all()) == [
        SECRET
    ]
    await database.close()


async def test_what_a_killed_process_left_in_the_log_is_moved_without_a_write(sqlite_store_url: str) -> None:
    path = sqlite_path(sqlite_store_url)
    assert path is not None
    with held_by_another_process(sqlite_store_url):
        pass
    assert SECRET.encode() in log_of(path).read_bytes()
    writer = SqliteWriter(sqlite_engine(path, KEYS), idle_seconds=0.01)
    await eventually(lambda: log_of(path).stat().st_size == 0)
    await asyncio.to_thread(writer.close)


def test_a_database_that_does_not_open_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    path.write_bytes(b"no database " * 1000)
    for _ in range(2):
        with pytest.raises(DBAPIError, match="not a database"):
            open_database(f"sqlite:///{path}", KEYS, "run")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="needs a file"):
        open_database(url, KEYS, "run")


async def test_an_odd_path_is_read_and_written_alike(sqlite_store_url: str, tmp_path: Path) -> None:
    odd = tmp_path / "50% off #1" / "my bot.db"
    odd.parent.mkdir()
    path = sqlite_path(sqlite_store_url)
    assert path is not None
    path.rename(odd)
    database = open_database(f"sqlite:///{odd}", KEYS, "tests")
    await database.write(put(1))
    assert await database.read(subjects) == {"1"}
    await database.close()


# PostgreSQL alone


async def test_a_deadlock_is_resolved_by_running_one_again(postgres: Database) -> None:
    for subject in ("a", "b"):
        await postgres.write(put(subject))
    both = threading.Barrier(2)
    tries: list[str] = []

    def touch(tx: Connection, subject: str) -> None:
        later = text("UPDATE waits SET due_at = due_at + interval '1 day' WHERE subject = :subject")
        tx.execute(later, {"subject": subject})

    def crosswise(first: str, second: str) -> Callable[[Connection], None]:
        def run(tx: Connection) -> None:
            tries.append(first)
            touch(tx, first)
            if len(tries) <= 2:
                both.wait(PATIENCE)
            touch(tx, second)

        return run

    await asyncio.gather(postgres.write(crosswise("a", "b")), postgres.write(crosswise("b", "a")))
    # Who runs again may be quick enough to meet the other once more.
    assert len(tries) > 2
    due = await postgres.read(lambda tx: tx.execute(select(waits.c.due_at)).scalars().all())
    assert due == [NOW + timedelta(days=2)] * 2


async def test_a_transaction_that_cannot_be_put_in_an_order_is_run_again(postgres: Database) -> None:
    await postgres.write(put("a"))
    both = threading.Barrier(2)
    tries: list[int] = []

    def count(tx: Connection) -> int:
        tx.execute(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
        tries.append(1)
        there = len(subjects(tx))
        if len(tries) <= 2:
            both.wait(PATIENCE)
        put(there)(tx)
        return there

    assert sorted(await asyncio.gather(postgres.write(count), postgres.write(count))) == [1, 2]
    assert len(tries) == 3


async def test_a_wrong_statement_is_not_run_again(postgres: Database) -> None:
    tries: list[int] = []

    def wrong(tx: Connection) -> None:
        tries.append(1)
        tx.execute(text("SELECT * FROM nowhere"))

    with pytest.raises(DBAPIError, match="nowhere"):
        await postgres.write(wrong)
    assert len(tries) == 1


async def test_writers_lock_the_rows_they_count(postgres: Database) -> None:
    """The last place of ten goes to one of twenty."""
    await postgres.write(put("owner"))

    def take(number: int) -> Callable[[Connection], bool]:
        def run(tx: Connection) -> bool:
            tx.execute(select(waits).where(waits.c.subject == "owner").with_for_update())
            free = len(subjects(tx)) < 10
            if free:
                put(number)(tx)
            return free

        return run

    took = await asyncio.gather(*[postgres.write(take(number)) for number in range(20)])
    assert sum(took) == 9


async def test_readers_survive_a_connection_that_the_server_ended(postgres: Database) -> None:
    await postgres.write(put(1))
    assert await postgres.read(subjects) == {"1"}
    others = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    await postgres.write(lambda tx: tx.execute(others).all())
    assert await postgres.read(subjects) == {"1"}
    await postgres.write(put(2))
    assert await postgres.read(subjects) == {"1", "2"}
