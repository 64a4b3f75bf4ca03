"""A copy of an SQLite database, taken while it is being used."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from core.store.database import readonly_url, sqlite_path


def backup(url: str, target: Path) -> bool:
    """Copy the database into a new file that its owner alone can read; false for PostgreSQL: use `pg_dump`.

    All that was committed before the call is in it, whoever writes meanwhile. `target` appears when the copy
    is complete and on disk. Raises FileExistsError where it is there already, FileNotFoundError without a
    database.
    """
    source = sqlite_path(url)
    if source is None:
        return False
    if target.exists():
        raise FileExistsError(target)
    if not source.exists():
        raise FileNotFoundError(source)
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL, 0o600))
    try:
        copy(source, part)
        part.rename(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    settle(target.parent)
    return True


def copy(source: Path, target: Path) -> None:
    """Copy one snapshot in one step, so that a busy writer cannot make it start again."""
    address = readonly_url("sqlite", source).database
    with (
        closing(sqlite3.connect(f"{address}?mode=ro", uri=True, timeout=30)) as reading,
        closing(sqlite3.connect(target)) as writing,
    ):
        reading.backup(writing)
        # The copy is one file, without the log that a database in use has beside it.
        writing.execute("PRAGMA journal_mode=DELETE")
    with target.open("rb") as file:
        os.fsync(file.fileno())


def settle(folder: Path) -> None:
    """Make a new name in a folder survive a power cut."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
