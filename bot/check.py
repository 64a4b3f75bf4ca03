"""Looks whether the service would work as it is set up, and says how to mend what would not.

It changes nothing that counts: where nobody else does, it writes one row as it is, to see that the disk takes it.
"""

import asyncio
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import available_timezones

from sqlalchemy import Connection, LargeBinary, select, type_coerce
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot import logs, platforms
from bot.config import Settings
from bot.health import touch
from bot.keys import EmptyKeyFileError, keyring
from bot.ports import Finding
from core import leases, work
from core.store.database import open_database, open_readers, sqlite_path
from core.store.lock import Locked
from core.store.migrate import current, revisions
from core.store.tables import metadata, users
from core.store.types import Keyring, LostKeyError, Sealed
from core.work import Work

MARKS = {"ok": "✓", "warning": "!", "fault": "✗"}
PATIENCE = 10.0
SAMPLE = 1000
"""Values of a sealed column that are opened from each end: the oldest tell of a key that was left out."""
LEAST_DISK, LOW_DISK = 64 * 2**20, 2**30
PAST = datetime(2026, 1, 1, tzinfo=UTC)
SAFE_SQLITE = (3, 51, 3)

Findings = Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a look into the database has shown."""

    revision: str | None
    zones: frozenset[str] = frozenset()
    lost: tuple[tuple[str, bytes], ...] = ()
    """Sealed values that no key opens, each with its column."""
    opened: int = 0
    held: frozenset[str] = frozenset()
    """Leases: what a process that runs now does alone."""
    troubled: tuple[Work, ...] = ()
    """Long work that has failed and is done again."""


async def check(settings: Settings, now: datetime) -> Findings:
    """Look at everything; `now` is the moment of the call. No finding holds a secret."""
    keys, about_keys = _keys(settings)
    contents, about_database = await _database(settings, keys, now)
    findings = [*about_database, *about_keys]
    if contents is not None:
        findings += [*_sealed(settings, contents), *_troubled(contents)]
        if contents.revision == revisions()[-1]:
            findings.append(await _write(settings, keys))
    findings += [*_zones(contents), *_machine(settings)]
    findings += await _platforms(settings, now, contents.held if contents else frozenset())
    if not any("clock" in finding.name for finding in findings):
        findings.append(_clock(now))
    known = logs.secrets_of(settings)
    return [
        replace(finding, seen=logs.mask(finding.seen, known), remedy=logs.mask(finding.remedy, known))
        for finding in findings
    ]


def text(findings: Findings) -> str:
    """Write them for people, a line each."""
    return "\n".join(
        f"{MARKS[finding.state]} {finding.name}: {finding.seen}"
        + (f" → {finding.remedy}" if finding.remedy else "")
        for finding in findings
    )


def to_json(findings: Findings) -> str:
    """Write them for programs."""
    return json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2)


# --- Keys -------------------------------------------------------------------------------------------------------


def _keys(settings: Settings) -> tuple[Keyring, Findings]:
    """The keys, and what there is to say about where they are."""
    name = "encryption key"
    if settings.encryption.mode == "off":
        told = "encryption.mode is off: private text is stored readably"
        return Keyring(()), [Finding(name, "warning", told, "Set encryption.mode: on, except for trials.")]
    file = settings.key_file
    try:
        keys, _ = keyring(settings, reads=True)
    except EmptyKeyFileError as error:
        return Keyring(()), [Finding(name, "fault", f"{file} holds no key", f"{error}.")]
    except (OSError, ValueError) as error:
        why = f"{file} cannot be read ({type(error).__name__})"
        return Keyring(()), [Finding(name, "fault", why, "Put your copy of the key there.")]
    if settings.encryption.keys:
        return keys, [Finding(name, "ok", f"encryption.keys holds {len(settings.encryption.keys)}")]
    if not file.exists():
        return keys, [Finding(name, "ok", f"none yet; the first start makes one in {file}")]
    if file.stat().st_mode & 0o077:
        told = f"{file} can be read by others than its owner"
        return keys, [Finding(name, "warning", told, f"chmod 600 {file}")]
    return keys, [Finding(name, "ok", f"it is in {file}; keep a copy of it elsewhere")]


def _sealed(settings: Settings, contents: Contents) -> Iterator[Finding]:
    """Whether the keys open what is sealed."""
    if not contents.lost:
        if contents.opened:
            yield Finding("sealed text", "ok", f"{contents.opened} values were looked at, and open")
        return
    columns = sorted({column for column, _ in contents.lost})
    looked_at = contents.opened + len(contents.lost)
    told = f"{len(contents.lost)} of {looked_at} values open with none of the keys, in {', '.join(columns)}"
    remedy = (
        "The key that sealed them is lost to the settings: put it back into encryption.keys, behind the first. "
        "Without it their text is lost."
    )
    if _opens(settings.key_file, contents.lost[0][1]):
        remedy = f"The key in {settings.key_file} opens them: add it to encryption.keys, behind the first."
    yield Finding("sealed text", "fault", told, remedy)


def _troubled(contents: Contents) -> Iterator[Finding]:
    """What the nights' work could not do."""
    for one in contents.troubled:
        told = f"{one.kind} failed {one.tries} times: {one.trouble}"
        yield Finding("long work", "warning", told, "The log says more; it is tried again by itself.")


def _opens(file: Path, value: bytes) -> bool:
    try:
        Keyring(file.read_text(encoding="utf-8").split()).open(value)
    except (OSError, ValueError, LostKeyError):
        return False
    return True


# --- The database -----------------------------------------------------------------------------------------------


async def _database(settings: Settings, keys: Keyring, now: datetime) -> tuple[Contents | None, Findings]:
    """Read what is there, beside whoever writes it."""
    path, name = sqlite_path(settings.database.url), "database"
    if path is not None and not path.exists():
        if not os.access(_existing(path.parent), os.W_OK):
            told = f"there is none, and {path.parent} cannot be written"
            return None, [Finding(name, "fault", told, "Give this user that folder, or set database.url.")]
        made = "`mentorbot run` makes it, and so does `mentorbot migrate`."
        return None, [Finding(name, "warning", f"there is none yet at {path}", made)]
    where = str(path) if path is not None else _place(settings.database.url)
    try:
        readers = open_readers(settings.database.url, keys)
    except ImportError:
        remedy = "pip install --require-hashes -r requirements-postgres.txt"
        return None, [Finding(name, "fault", "the driver of PostgreSQL is not installed", remedy)]
    try:
        async with asyncio.timeout(PATIENCE), readers.connect() as connection:
            contents = await connection.run_sync(lambda tx: _look(tx, keys, now))
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        remedy = "See that it is a database of mentorbot, that it runs, and that this user may read it."
        return None, [Finding(name, "fault", f"{where} cannot be read: {_words(error)}", remedy)]
    finally:
        await readers.dispose()
    return contents, [Finding(name, "ok", f"{where} can be read"), _tables(contents.revision)]


def _existing(folder: Path) -> Path:
    return next((one for one in (folder, *folder.parents) if one.exists()), folder)


def _place(url: str) -> str:
    parts = make_url(url)
    return f"PostgreSQL, {parts.database} at {parts.host or parts.query.get('host') or 'this machine'}"


def _words(error: BaseException) -> str:
    inner = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(str(inner).split())[:300] or type(inner).__name__


def _look(tx: Connection, keys: Keyring, now: datetime) -> Contents:
    revision = current(tx)
    if revision != revisions()[-1]:
        return Contents(
            revision
        )  # other tables than those of this release: there is no telling what is in them
    lost, opened = list[tuple[str, bytes]](), 0
    for column, value in _sealed_values(tx):
        try:
            keys.open(value)
            opened += 1
        except LostKeyError:
            lost.append((column, value))
    zones = tx.execute(select(users.c.zone).distinct()).scalars()
    held, troubled = frozenset(leases.holders(tx, now)), tuple(work.troubled(tx))
    return Contents(revision, frozenset(filter(None, zones)), tuple(lost), opened, held, troubled)


def _sealed_values(tx: Connection) -> Iterator[tuple[str, bytes]]:
    """The oldest and the newest sealed values of each column, as they are stored."""
    for table in metadata.sorted_tables:
        keys = list(table.primary_key.columns)
        for column in table.columns:
            if not isinstance(column.type, Sealed):
                continue
            stored = select(*keys, type_coerce(column, LargeBinary)).where(column.is_not(None))
            ends = (stored.order_by(*keys), stored.order_by(*(key.desc() for key in keys)))
            rows = {row[:-1]: bytes(row[-1]) for end in ends for row in tx.execute(end.limit(SAMPLE))}
            # What is readable was never sealed: nothing in it, or written while encryption was off.
            sealed = (value for value in rows.values() if value.startswith(b"gAAAA"))
            yield from ((f"{table.name}.{column.name}", value) for value in sealed)


def _tables(revision: str | None) -> Finding:
    known = revisions()
    brings = "`mentorbot run` brings it to this release as it starts, and so does `mentorbot migrate`."
    if revision == known[-1]:
        return Finding("tables", "ok", f"revision {revision}, that of this release")
    if revision is None:
        return Finding("tables", "warning", "there are none yet", brings)
    if revision in known:
        behind = len(known) - 1 - known.index(revision)
        return Finding("tables", "warning", f"revision {revision}, {behind} behind this release", brings)
    told = f"revision {revision}, which is newer than this release (it knows {known[-1]})"
    return Finding("tables", "fault", told, "Install the release that made it, or a later one.")


async def _write(settings: Settings, keys: Keyring) -> Finding:
    """Write, unless another process does: then it has the database, and that is well."""
    name, path = "writing", sqlite_path(settings.database.url)
    if path is not None and path.stat().st_uid != os.geteuid():
        # A lock file of ours would shut the service out.
        return Finding(name, "warning", "not tried: the file belongs to another user", "Check as that user.")
    try:
        database = open_database(settings.database.url, keys, "check")
        try:
            began = time.perf_counter()
            async with asyncio.timeout(PATIENCE):
                await database.write(touch)
            taken = time.perf_counter() - began
        finally:
            await database.close()
    except Locked as error:
        return Finding(name, "ok", f"in use by {error.holder}")
    except (SQLAlchemyError, sqlite3.Error, OSError, TimeoutError) as error:
        remedy = "See that the disk has room, and that this user may write the file and its folder."
        return Finding(name, "fault", f"it takes no write: {_words(error)}", remedy)
    return Finding(name, "ok", f"a write took {taken * 1000:.0f} ms")


# --- The machine ------------------------------------------------------------------------------------------------


def _zones(contents: Contents | None) -> Iterator[Finding]:
    name, remedy = "zone data", "pip install --upgrade tzdata"
    known = available_timezones()
    try:
        told = f"tzdata {version('tzdata')}, {len(known)} zones"
    except PackageNotFoundError:
        told = f"the package tzdata is missing; the system has {len(known)} zones"
        yield Finding(name, "warning" if known else "fault", told, remedy)
        return
    strange = sorted((contents.zones if contents else frozenset()) - known)
    if strange:
        yield Finding(name, "warning", f"{told}; unknown, but in use: {', '.join(strange[:5])}", remedy)
    else:
        yield Finding(name, "ok", told)


def _machine(settings: Settings) -> Iterator[Finding]:
    path = sqlite_path(settings.database.url)
    if path is None:
        return
    if (3, 7, 0) <= sqlite3.sqlite_version_info < SAFE_SQLITE:
        told = (
            f"{sqlite3.sqlite_version}: two processes that write one file can harm it, up to 3.51.2. mentorbot writes "
            "with one, and keeps others of its own away"
        )
        remedy = (
            "Open the file with no other program that writes, or use a Python with SQLite 3.51.3 or newer."
        )
        yield Finding("SQLite", "warning", told, remedy)
    else:
        yield Finding("SQLite", "ok", sqlite3.sqlite_version)
    free = shutil.disk_usage(_existing(path.parent)).free
    told, remedy = f"{free // 2**20} MiB are free", "Make room on the disk that holds the database."
    if free < LOW_DISK:
        yield Finding("disk", "fault" if free < LEAST_DISK else "warning", told, remedy)
    else:
        yield Finding("disk", "ok", told)


def _clock(now: datetime) -> Finding:
    told = f"{now:%Y-%m-%d %H:%M} UTC"
    if now < PAST:
        return Finding("clock", "fault", f"{told}, which is past", "Set the clock; let NTP keep it.")
    return Finding("clock", "ok", f"{told}; no platform to compare it with")


async def _platforms(settings: Settings, now: datetime, held: frozenset[str]) -> Findings:
    try:
        return await platforms.check(settings, now, held)
    except Exception as error:  # noqa: BLE001 - the rest was looked at, and is to be told
        told = f"looking at them failed: {type(error).__name__}: {_words(error)}"
        return [Finding("platforms", "fault", told, "Try again, and report it if it stays.")]
