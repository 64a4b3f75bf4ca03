"""What the command line does with courses: bring them in, write them out, confirm a certificate."""

import asyncio
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from bot.app import system_clock
from bot.config import Settings
from bot.keys import keyring
from bot.learning import endings
from bot.operations import say
from core import topics
from core.courses import catalogue, folder, importing, sheet
from core.courses.drafts import CourseDraft, Fault
from core.spreadsheet import UnreadableError
from core.store.database import open_database, open_readers
from core.store.migrate import migrate

TABLE = ".csv"


def read(path: Path) -> tuple[tuple[CourseDraft, ...], tuple[Fault, ...]]:
    """Read a folder of courses, the folder of one, or a table; raises OSError, or `UnreadableError` for a table."""
    known = topics.load()
    if path.suffix.lower() == TABLE:
        return sheet.read(path.read_bytes(), known, str(path))
    return folder.read(path, known)


async def import_courses(settings: Settings, path: Path, *, strict: bool) -> int:
    """Bring courses in, and say of each what became of it."""
    try:
        drafts, faults = await asyncio.to_thread(read, path)
    except OSError as error:
        say(f"{path}: {error.strerror}")
        return 1
    except UnreadableError as error:
        say(f"{path}: {error}")
        return 1
    keys, told = keyring(settings)
    if told:
        say(told)
    now = system_clock()
    migrate(settings.database.url, keys, now)
    database = open_database(settings.database.url, keys, "import")

    def put(tx: Connection) -> tuple[tuple[importing.Outcome, ...], tuple[Fault, ...]]:
        left, wrong = importing.sound(tx, drafts)
        if strict and (faults or wrong):
            return (), wrong
        return importing.put(tx, left, topics.load(), settings.policy, now), wrong

    try:
        outcomes, more = await database.write(put)
    finally:
        await database.close()
    for fault in (*faults, *more):
        say(str(fault))
    for outcome in outcomes:
        print(f"{outcome.slug}: {outcome.what}")
    faulty = len({*faults, *more})
    if strict and faulty:
        say(f"Nothing was imported: {faulty} faults. Mend them, or leave --strict out.")
        return 1
    counts = {
        what: sum(outcome.what == what for outcome in outcomes) for what in ("added", "changed", "same")
    }
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "no course"
    say(f"{told}; {faulty} faults.")
    return 1 if faulty else 0


async def export_courses(settings: Settings, path: Path) -> int:
    """Write all courses: as folders, or as a table where the name ends in .csv."""
    keys, told = keyring(settings)
    if told:
        say(told)
    migrate(settings.database.url, keys, system_clock())
    database = open_database(settings.database.url, keys, "export")

    def every(tx: Connection) -> list[CourseDraft]:
        courses = catalogue.every(tx, withdrawn=True)
        return [importing.stored(tx, course, settings.policy) for course in courses]

    try:
        drafts = await database.read(every)
    finally:
        await database.close()
    try:
        await asyncio.to_thread(_write, path, drafts)
    except OSError as error:
        say(f"{error.filename or path}: {error.strerror}")
        return 1
    say(f"{len(drafts)} courses are in {path}.")
    return 0


def _write(path: Path, drafts: list[CourseDraft]) -> None:
    if path.suffix.lower() == TABLE:
        path.write_bytes(sheet.write(drafts))
        return
    path.mkdir(parents=True, exist_ok=True)
    for draft in drafts:
        folder.write(path, draft)


async def verify(settings: Settings, code: str) -> int:
    """Confirm a certificate by its code."""
    keys, _ = keyring(settings, reads=True)
    readers = open_readers(settings.database.url, keys)
    try:
        async with readers.connect() as connection:
            found = await connection.run_sync(lambda tx: endings.confirmed(tx, code))
    except DBAPIError as error:
        say(f"The database cannot be read: {error.orig}. `mentorbot migrate` makes a new one.")
        return 1
    finally:
        await readers.dispose()
    if found is None:
        say(f"No certificate has the code {code!r}.")
        return 1
    name, course, at = found
    title = course.text(settings.policy.locale).title
    print(f"{name} finished {title} on {at.astimezone(ZoneInfo(settings.policy.zone)).date().isoformat()}.")
    return 0
