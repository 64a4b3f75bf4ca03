import asyncio
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Boolean, Column, Connection, Float, Integer, NullPool, create_engine, inspect, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from core.store.backup import backup
from core.store.database import open_database, postgres_url, sqlite_path
from core.store.lock import Locked
from core.store.migrate import HISTORY, TooNew, current, head, migrate, revisions
from core.store.migrations.__main__ import write
from core.store.tables import metadata, waits
from core.store.types import Keyring, UtcDateTime, Words

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEYS = Keyring([])
ROOT = Path(__file__).parents[1]
BACKUP = "test.db.before-{}-20260302T090000Z.bak"

CHANGED = '''"""A later release: users get a column, and a limit on their names goes."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    with op.batch_alter_table("users") as users:
        users.add_column(sa.Column("mood", sa.Text(), nullable=False, server_default="calm"))
        users.alter_column("ref", existing_type=sa.String(80), type_=sa.String(120))
    {more}
'''


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A plain connection; what it does is committed."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        yield connection


def later(folder: Path, more: str = "pass") -> Path:
    """The history of a release after this one, with another migration at its end."""
    history = folder / "100% later"
    shutil.copytree(HISTORY, history, ignore=shutil.ignore_patterns("__pycache__"))
    revision = f"{int(head()) + 1:04}"
    written = CHANGED.format(revision=revision, before=head(), more=more)
    (history / "versions" / f"{revision}_mood.py").write_text(written, encoding="utf-8")
    return history


def with_two_users(url: str) -> None:
    """Two users, one of whom has blocked the other: a row that refers to users."""
    users, blocks = metadata.tables["users"], metadata.tables["blocks"]
    row = {column.name: something(column) for column in users.columns if not column.nullable}
    with connected(url) as tx:
        tx.execute(users.insert().values([{**row, "id": 1}, {**row, "id": 2}]))
        tx.execute(blocks.insert().values(blocker_id=1, blocked_id=2, created_at=NOW))


def something(column: Column[Any]) -> object:
    """A value that the column takes."""
    for kind, value in {UtcDateTime: NOW, Words: [], Boolean: False, Integer: 0, Float: 0.0}.items():
        if isinstance(column.type, kind):
            return value
    return ""


def test_the_history_is_one_line_numbered_without_a_gap() -> None:
    script = ScriptDirectory(str(HISTORY))
    assert [step.revision for step in script.walk_revisions()][::-1] == revisions()
    assert [int(revision) for revision in revisions()] == list(range(1, len(revisions()) + 1))
    assert script.get_heads() == [head()]


def test_the_next_migration_is_drafted_from_the_tables(tmp_path: Path) -> None:
    history = later(tmp_path)
    write("calm_users", history)
    number = f"{int(head()) + 2:04}"
    assert head(history) == number
    drafted = (history / "versions" / f"{number}_calm_users.py").read_text(encoding="utf-8")
    assert f"revision = {number!r}" in drafted
    assert "drop_column('mood')" in drafted


@pytest.mark.parametrize("words", [[], ["--help"], ["two", "words"]], ids=str)
def test_without_a_name_nothing_is_drafted(words: list[str]) -> None:
    order = [sys.executable, "-m", "core.store.migrations", *words]
    before = sorted((HISTORY / "versions").iterdir())
    done = subprocess.run(order, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "usage:" in done.stdout + done.stderr
    assert sorted((HISTORY / "versions").iterdir()) == before


def test_a_migrated_database_has_the_tables_of_the_code(database_url: str) -> None:
    assert migrate(database_url, KEYS, NOW)
    with connected(database_url) as connection:
        assert current(connection) == head()
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_what_the_comparison_would_find(database_url: str) -> None:
    migrate(database_url, KEYS, NOW)
    with connected(database_url) as connection:
        connection.execute(text("ALTER TABLE users DROP COLUMN goal"))
        context = MigrationContext.configure(connection)
        assert [found[0] for found in compare_metadata(context, metadata)] == ["add_column"]


def test_the_rows_of_sqlite_are_counted_as_the_tables_say(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path / 'test.db'}", KEYS, NOW)
    with connected(f"sqlite:///{tmp_path / 'plain.db'}") as connection:
        metadata.create_all(connection)
    counted = []
    for name in ("test.db", "plain.db"):
        with closing(sqlite3.connect(tmp_path / name)) as file:
            rows = file.execute(
                "SELECT name, sql LIKE '%AUTOINCREMENT%' FROM sqlite_master WHERE type = 'table'"
            )
            counted.append({name: bool(yes) for name, yes in rows if name != "alembic_version"})
    assert counted[0] == counted[1]


def test_migrating_again_does_nothing(database_url: str, tmp_path: Path) -> None:
    assert migrate(database_url, KEYS, NOW)
    before = sorted(tmp_path.rglob("*"))
    assert not migrate(database_url, KEYS, NOW)
    assert [
        path for path in sorted(tmp_path.rglob("*")) if path not in before and "db-" not in path.name
    ] == []


def test_a_database_that_was_never_migrated_has_no_revision(database_url: str) -> None:
    with connected(database_url) as connection:
        assert current(connection) is None


def test_alembic_is_imported_only_when_there_is_something_to_do(tmp_path: Path) -> None:
    code = (
        "import sys, datetime, core.store.migrate as m, core.store.types as t\n"
        "did = m.migrate(sys.argv[1], t.Keyring([]), datetime.datetime.fromisoformat(sys.argv[2]))\n"
        "print(did, m.head() != '', 'alembic' in sys.modules)\n"
    )
    order = [sys.executable, "-c", code, f"sqlite:///{tmp_path / 'test.db'}", NOW.isoformat()]
    said = [
        subprocess.run(order, capture_output=True, text=True, check=True).stdout.strip() for _ in range(2)
    ]
    assert said == ["True True True", "False True False"]


def test_a_new_file_gets_its_folder_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "a folder" / "100% mine, #1" / "mentor bot.db"
    assert migrate(f"sqlite:///{path}", KEYS, NOW)
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.glob("*.bak")) == []


def test_an_upgrade_keeps_every_row(database_url: str, tmp_path: Path) -> None:
    migrate(database_url, KEYS, NOW)
    with_two_users(database_url)
    history = later(tmp_path)
    assert migrate(database_url, KEYS, NOW, history)
    with connected(database_url) as connection:
        assert current(connection) == head(history) != head()
        assert connection.execute(text("SELECT id, mood FROM users ORDER BY id")).all() == [
            (1, "calm"),
            (2, "calm"),
        ]
        assert connection.execute(text("SELECT blocker_id, blocked_id FROM blocks")).all() == [(1, 2)]


def test_sqlite_is_copied_before_an_upgrade(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    migrate(url, KEYS, NOW)
    with_two_users(url)
    history = later(tmp_path)
    migrate(url, KEYS, NOW, history)
    saved = tmp_path / BACKUP.format(head(history))
    assert saved.stat().st_mode & 0o777 == 0o600
    with connected(f"sqlite:///{saved}") as connection:
        assert current(connection) == head()
        assert connection.execute(text("SELECT count(*) FROM users")).scalar() == 2
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"


def test_an_upgrade_that_fails_changes_nothing(database_url: str, tmp_path: Path) -> None:
    migrate(database_url, KEYS, NOW)
    with_two_users(database_url)
    history = later(tmp_path, more='op.execute("INSERT INTO nowhere VALUES (1)")')
    with pytest.raises((OperationalError, ProgrammingError), match="nowhere"):
        migrate(database_url, KEYS, NOW, history)
    with connected(database_url) as connection:
        assert current(connection) == head()
        assert "mood" not in {column["name"] for column in inspect(connection).get_columns("users")}
    assert list(tmp_path.glob("*.bak*")) == []
    assert not migrate(database_url, KEYS, NOW)


def test_an_upgrade_may_not_leave_a_row_that_points_to_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    migrate(url, KEYS, NOW)
    with_two_users(url)
    history = later(tmp_path, more='op.execute("DELETE FROM users WHERE id = 2")')
    with pytest.raises(RuntimeError, match="a row of blocks"):
        migrate(url, KEYS, NOW, history)
    with connected(url) as connection:
        assert connection.execute(text("SELECT count(*) FROM users")).scalar() == 2


def test_a_database_of_a_later_release_is_refused(database_url: str, tmp_path: Path) -> None:
    history = later(tmp_path)
    migrate(database_url, KEYS, NOW, history)
    with pytest.raises(TooNew) as refused:
        migrate(database_url, KEYS, NOW)
    assert (refused.value.revision, refused.value.known) == (head(history), head())
    with connected(database_url) as connection:
        assert current(connection) == head(history)


def test_a_file_that_is_being_written_is_not_migrated_but_may_be_found_new_enough(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    migrate(url, KEYS, NOW)
    history = later(tmp_path)
    database = open_database(url, KEYS, "run")
    try:
        assert not migrate(url, KEYS, NOW)
        with pytest.raises(Locked, match="run"):
            migrate(url, KEYS, NOW, history)
    finally:
        database._writer.close()
        if database._lock:
            database._lock.release()
    assert migrate(url, KEYS, NOW, history)


def test_of_two_that_start_at_once_one_migrates(postgres_url: str) -> None:
    together = threading.Barrier(4)

    def start() -> bool:
        together.wait()
        return migrate(postgres_url, KEYS, NOW)

    with ThreadPoolExecutor(4) as threads:
        did = [future.result() for future in [threads.submit(start) for _ in range(4)]]
    assert sorted(did) == [False, False, False, True]


KILLED = """
import datetime, os, signal, sys
import alembic.command
from sqlalchemy import Engine, event
from core.store.migrate import migrate
from core.store.types import Keyring, UtcDateTime, Words

url, now = sys.argv[1], datetime.datetime.fromisoformat(sys.argv[2])

def run(point):
    left = [point]
    def count(*_):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    migrate(url, Keyring([]), now)

for point in range(1, 1000, int(sys.argv[3])):
    child = os.fork()
    if not child:
        run(point)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.soak)])
def test_a_migration_killed_at_any_statement_leaves_the_old_tables_or_the_new(
    database_url: str, every: int
) -> None:
    order = [sys.executable, "-c", KILLED, database_url, NOW.isoformat(), str(every)]
    killed = 0
    with subprocess.Popen(order, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        while (ended := int(process.stdout.readline())) == -signal.SIGKILL:
            killed += 1
            with connected(database_url) as connection:
                assert inspect(connection).get_table_names() == []
            process.stdin.write("on\n")
            process.stdin.flush()
        process.kill()
    assert ended == 0
    assert killed >= max(5, len(metadata.tables) // every)
    with connected(database_url) as connection:
        assert current(connection) == head()
        assert {*inspect(connection).get_table_names()} == {*metadata.tables, "alembic_version"}


async def test_a_copy_made_while_others_write_holds_all_that_was_answered(
    sqlite_store_url: str, tmp_path: Path
) -> None:
    database = open_database(sqlite_store_url, KEYS, "tests")
    answered = 0

    def put(tx: Connection) -> None:
        tx.execute(waits.insert().values(kind="a", subject=str(answered), due_at=NOW))

    async def keep_writing() -> None:
        nonlocal answered
        while True:
            await database.write(put)
            answered += 1

    writing = asyncio.create_task(keep_writing())
    for number in range(5):
        known = answered
        target = tmp_path / f"{number}.bak"
        assert await asyncio.to_thread(backup, sqlite_store_url, target)
        with closing(sqlite3.connect(target)) as copy:
            found = [
                int(row[0]) for row in copy.execute("SELECT subject FROM waits ORDER BY CAST(subject AS INT)")
            ]
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert found == list(range(len(found)))
        assert len(found) >= known
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await database.close()
    assert answered > 5


def test_a_copy_is_one_private_file_and_never_replaces_another(sqlite_store_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    backup(sqlite_store_url, folder / "a.bak")
    assert [path.name for path in folder.iterdir()] == ["a.bak"]
    assert (folder / "a.bak").stat().st_mode & 0o777 == 0o600
    # Its header asks for no log beside it, so it can be read where nothing can be written.
    assert (folder / "a.bak").read_bytes()[18:20] == b"\x01\x01"
    with pytest.raises(FileExistsError):
        backup(sqlite_store_url, folder / "a.bak")
    path = sqlite_path(sqlite_store_url)
    assert path is not None
    with pytest.raises(FileExistsError):
        backup(sqlite_store_url, path)


def test_a_copy_of_nothing_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        backup(f"sqlite:///{tmp_path / 'none.db'}", tmp_path / "a.bak")
    assert list(tmp_path.iterdir()) == []


def test_postgres_is_left_to_pg_dump(tmp_path: Path) -> None:
    assert not backup(str(postgres_url("postgresql://localhost/mentorbot")), tmp_path / "a.bak")
    assert list(tmp_path.iterdir()) == []
