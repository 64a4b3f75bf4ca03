"""Brings a database to the tables of this release: one line of history, in one transaction.

A process killed on the way leaves the old tables or the new ones, nothing between. Nothing goes backwards:
the way back is the copy that is made of an SQLite file before, or `pg_dump`.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import ConnectionPoolEntry

from core.store.backup import backup
from core.store.database import instance_lock, postgres_url, readonly_url, sqlite_path
from core.store.types import Keyring

T = TypeVar("T")

HISTORY = Path(__file__).parent / "migrations"
TABLE = "alembic_version"
# The number of our advisory lock on PostgreSQL ("mentor" in ASCII): who migrates holds it.
LOCK = 0x6D656E746F72


class TooNew(Exception):
    """The database was made by a later release than this one."""

    def __init__(self, revision: str, known: str) -> None:
        """`revision` is the database's, `known` the newest that this release has."""
        super().__init__(f"the database has revision {revision}, and this release knows none after {known}")
        self.revision = revision
        self.known = known


def revisions(history: Path = HISTORY) -> list[str]:
    """Give all revisions, oldest first, from the names of their files (`0001_first.py` is `0001`)."""
    return sorted(path.stem.partition("_")[0] for path in (history / "versions").glob("[0-9]*_*.py"))


def head(history: Path = HISTORY) -> str:
    """Give the revision of this release."""
    return revisions(history)[-1]


def current(connection: Connection) -> str | None:
    """Give the revision of a database, None for one that was never migrated."""
    if not inspect(connection).has_table(TABLE):
        return None
    revision: str | None = connection.execute(text(f"SELECT version_num FROM {TABLE}")).scalar()  # noqa: S608
    return revision


def migrate(url: str, keyring: Keyring, now: datetime, history: Path = HISTORY) -> bool:
    """Bring the database to `head()`; false where it is there already.

    An SQLite file is created with its folder, readable by its owner alone; one with data is copied first to
    `<name>.before-<revision>-<moment>.bak`. Raises `TooNew`, and `Locked` when another process writes it.
    """
    path = sqlite_path(url)
    if path is None:
        return _migrate_postgres(url, keyring, history)
    return _migrate_sqlite(path, keyring, now, history)


def _migrate_postgres(url: str, keyring: Keyring, history: Path) -> bool:
    engine = _engine(postgres_url(url), keyring)
    with engine.connect() as connection:
        if not _is_behind(connection, history):
            return False
    with engine.begin() as connection:
        # Of two processes that start at once one waits here, and then finds nothing to do.
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        if not _is_behind(connection, history):
            return False
        _upgrade(connection, history)
    return True


def _migrate_sqlite(path: Path, keyring: Keyring, now: datetime, history: Path) -> bool:
    if path.exists() and not _look(path, lambda connection: _is_behind(connection, history)):
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = instance_lock(path, "migrate")
    lock.acquire()
    try:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        # Somebody may have migrated it since we looked.
        if not _look(path, lambda connection: _is_behind(connection, history)):
            return False
        saved: Path | None = None
        if _look(path, lambda connection: inspect(connection).get_table_names()):
            moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
            saved = path.with_name(f"{path.name}.before-{head(history)}-{moment}.bak")
            backup(f"sqlite:///{path}", saved)
        try:
            with _sqlite_engine(path, keyring).begin() as connection:
                _upgrade(connection, history)
                _check_references(connection)
        except BaseException:
            # All was rolled back; copies of a start that fails again and again would fill the disk.
            if saved:
                saved.unlink()
            raise
    finally:
        lock.release()
    return True


def _is_behind(connection: Connection, history: Path) -> bool:
    """Tell whether there is something to do; raises `TooNew`."""
    revision, known = current(connection), revisions(history)
    if revision is not None and revision not in known:
        raise TooNew(revision, known[-1])
    return revision != known[-1]


def _look(path: Path, ask: Callable[[Connection], T]) -> T:
    """Ask an SQLite file something without writing, so that it may be in use."""
    engine = create_engine(readonly_url("sqlite", path), poolclass=NullPool)
    with engine.connect() as connection:
        return ask(connection)


def _check_references(connection: Connection) -> None:
    if broken := connection.execute(text("PRAGMA foreign_key_check")).first():
        raise RuntimeError(f"the migration would leave a row of {broken[0]} that points to nothing")


def _upgrade(connection: Connection, history: Path) -> None:
    # Most starts have nothing to migrate, and importing Alembic takes longer than finding that out.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(history).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _engine(url: URL, keyring: Keyring) -> Engine:
    engine = create_engine(url, poolclass=NullPool)
    engine.dialect.keyring = keyring  # type: ignore[attr-defined]
    return engine


def _sqlite_engine(path: Path, keyring: Keyring) -> Engine:
    """Make an engine whose transactions hold the definitions of tables too."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        connect_args={"isolation_level": None, "timeout": 30},
    )
    engine.dialect.keyring = keyring  # type: ignore[attr-defined]

    @event.listens_for(engine, "connect")
    def _set_up(connection: object, entry: ConnectionPoolEntry) -> None:
        del entry
        cursor = connection.cursor()  # type: ignore[attr-defined]
        # A changed table is made anew and the old one dropped: its references must not go with it.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=OFF", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
