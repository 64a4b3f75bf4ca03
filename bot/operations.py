"""What the command line does: run, check, import, find, invite, migrate, back up, show the settings."""

import asyncio
import io
import json
import secrets
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from bot import config, logs, memory
from bot.app import locales, open_app, system_clock, until_signal
from bot.config import Settings
from bot.dialogs import signup
from bot.keys import keyring
from bot.messages import Catalogue
from bot.ports import Misconfigured
from core import reading, tokens, topics, users
from core.matching.features import Candidate, Query
from core.mentors import Mentors
from core.store import backup as backups
from core.store.database import instance_lock, open_database, open_readers, sqlite_path
from core.store.migrate import migrate as bring_up

INVITATION = timedelta(days=30)


def say(text: str) -> None:
    """Tell the one who runs the command; results go to standard output, this does not."""
    print(text, file=sys.stderr)


async def run(settings: Settings, clock: Callable[[], datetime] = system_clock) -> int:
    """Run the service until a signal, by this clock."""
    from bot import platforms

    logs.set_up(settings)
    stop = asyncio.Event()
    await until_signal(stop)
    adapters = platforms.configured(settings)
    if not adapters:
        say(f"{platforms.NONE} {platforms.REMEDY}")
        return 1
    async with open_app(settings, adapters, clock, "run", say) as app:
        say(f"{settings.policy.community}: ready")
        memory.started()
        try:
            await app.run(stop)
        except Misconfigured as error:
            say(str(error))
            return 1
    return 0


async def check(settings: Settings, *, as_json: bool) -> int:
    """Look whether the service would work, and say what to mend."""
    from bot import check as checks

    logs.set_up(settings)
    findings = await checks.check(settings, system_clock())
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that has no ✓ gets a question mark, and the words.
        sys.stdout.reconfigure(errors="replace")
    print(checks.to_json(findings) if as_json else checks.text(findings))
    return 1 if any(finding.state == "fault" for finding in findings) else 0


async def import_people(settings: Settings, file: Path, *, strict: bool) -> int:
    """Bring people in, and say line by line what became of them."""
    from core import importing

    try:
        sheet = importing.read(await asyncio.to_thread(file.read_bytes), topics.load(), settings.policy)
    except OSError as error:
        say(f"{file}: {error.strerror}")
        return 1
    except importing.UnreadableError as error:
        say(f"{file}: {error}")
        return 1
    for fault in sheet.faults:
        say(f"{file}:{fault.line}: {fault.ref}: {fault.column}: {fault.why}")
    faulty = len({fault.line for fault in sheet.faults})
    if strict and sheet.faults:
        say(f"Nothing was imported: {faulty} faulty lines. Mend them, or leave --strict out.")
        return 1
    keys, told = keyring(settings)
    if told:
        say(told)
    now = system_clock()
    bring_up(settings.database.url, keys, now)
    database = open_database(settings.database.url, keys, "import")
    try:
        counts: dict[str, int] = {}
        notes = {note.line: note.text for note in sheet.notes}
        for part in _progress(
            [sheet.drafts[start : start + 500] for start in range(0, len(sheet.drafts), 500)], 500
        ):
            drafts = part

            def put(tx: Connection, drafts: Any = drafts) -> Any:  # noqa: ANN401
                return importing.put(tx, drafts, settings.policy, now)

            for outcome in await database.write(put):
                counts[outcome.what] = counts.get(outcome.what, 0) + 1
                note = f" ({notes[outcome.line]})" if outcome.line in notes else ""
                print(f"{file.name}:{outcome.line}: {outcome.ref}: {outcome.what}{note}")
    finally:
        await database.close()
    told = ", ".join(f"{count} {what}" for what, count in sorted(counts.items())) or "nobody"
    say(f"{told}; {faulty} faulty lines.")
    return 1 if sheet.faults else 0


def _progress(parts: list[Any], size: int) -> Any:  # noqa: ANN401
    """Show a bar where somebody looks."""
    if not sys.stderr.isatty():
        return parts
    from rich.console import Console as Terminal
    from rich.progress import track

    return track(parts, description=f"importing, {size} at a time", console=Terminal(stderr=True))


@dataclass(frozen=True, slots=True)
class Found:
    """A ranked mentor as the command line shows one."""

    ref: str
    name: str
    score: float
    reasons: list[str]


async def find(settings: Settings, wish: str, limit: int, *, as_json: bool) -> int:
    """Rank mentors for a wish in free words, people included who have not signed up yet."""
    known = topics.load()
    hints = reading.in_words(wish)
    found = known.scan(hints.rest)
    if not found.slugs:
        say(f"No topic found in {wish!r}. Name one, such as react or python.")
        return 1
    now = system_clock()
    keys, _ = keyring(settings, reads=True)
    readers = open_readers(settings.database.url, keys)
    query = Query(
        topics=tuple((slug, None) for slug in found.slugs),
        zone=settings.policy.zone,
        free=hints.spans,
        languages=(),
        wanted_languages=hints.languages,
        week=(now - timedelta(days=now.weekday())).date(),
    )
    mentors = Mentors(settings.policy, known.wider, invited=True)

    def rank(tx: Connection) -> list[tuple[Candidate, users.User]]:
        ranked = mentors.snapshot(tx, now).rank(query, limit)
        people = users.many(tx, [one.user_id for one in ranked])
        return [(one, people[one.user_id]) for one in ranked]

    try:
        async with readers.connect() as connection:
            ranked = await connection.run_sync(rank)
    except DBAPIError as error:
        say(f"The database cannot be read: {error.orig}. `mentorbot migrate` makes a new one.")
        return 1
    finally:
        await readers.dispose()
    words = Catalogue.load(locales(), label=known.name, default=settings.policy.locale)
    rows = [
        Found(
            user.ref or str(user.id),
            user.name,
            round(one.score, 4),
            [
                words.text(reason.key, reason.params, settings.policy.locale, settings.policy.zone)
                for reason in one.reasons
            ],
        )
        for one, user in ranked
    ]
    if as_json:
        print(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2))
    else:
        for row in rows:
            print(f"{row.score:.3f}  {row.name}: {' · '.join(row.reasons)}")
    if not rows:
        say("Nobody fits.")
    return 0 if rows else 1


async def invite(settings: Settings, ref: str) -> int:
    """Make a one-time code for an imported person, and for Telegram the link that brings it."""
    from bot import platforms

    keys, _ = keyring(settings)
    now = system_clock()
    bring_up(settings.database.url, keys, now)
    database = open_database(settings.database.url, keys, "invite")

    def issue(tx: Connection) -> str | None:
        person = users.by_ref(tx, ref)
        if person is None or person.state != "invited":
            return None
        return tokens.issue(tx, signup.INVITATION, person.id, now + INVITATION, secrets.SystemRandom())

    try:
        code = await database.write(issue)
    finally:
        await database.close()
    if code is None:
        say(f"Nobody with the ref {ref!r} is waiting to sign up.")
        return 1
    print(f"/signup {code}")
    if settings.discord.token is not None:
        # No link opens a conversation with a bot there: it is typed, in any server that the bot is in.
        print(f"/mentor signup words: {code}")
    links = await platforms.links(settings, code)
    for link in links:
        print(link)
    if settings.telegram.tokens and not links:
        say("Telegram did not tell what the bot is called, so there is no link; `mentorbot check` says why.")
    which = "sends this to the bot, or follows the link," if links else "sends this to the bot"
    say(f"Whoever {which} within 30 days takes over what was imported; it works once.")
    return 0


async def invite_server(settings: Settings) -> int:
    """Print the link that adds the bot to a Discord server."""
    from bot import platforms

    link = await platforms.server_link(settings)
    if link.told:
        say(link.told)
    if not link.url:
        return 1
    print(link.url)
    say(
        "Who may manage a server opens this and adds the bot to it; it asks for what the bot needs, and no more."
    )
    return 0


def migrate(settings: Settings) -> int:
    """Bring the database to this version."""
    keys, told = keyring(settings)
    if told:
        say(told)
    path = sqlite_path(settings.database.url)
    if path is not None and path.exists():
        # Refused even where there would be nothing to do, so that it does not depend on the release that runs.
        lock = instance_lock(path, "migrate")
        lock.acquire()
        lock.release()
    done = bring_up(settings.database.url, keys, system_clock())
    say("The database is at this version now." if done else "The database is at this version already.")
    return 0


def backup(settings: Settings, file: Path) -> int:
    """Copy the database while it is in use."""
    try:
        done = backups.backup(settings.database.url, file)
    except OSError as error:
        say(f"Nothing was copied: {error}")
        return 1
    if not done:
        say("This is PostgreSQL: copy it with pg_dump.")
        return 1
    say(f"Copied to {file}. The encryption key is not in it: keep that apart.")
    return 0


def manifest(http: str | None) -> int:
    """Print the manifest of the Slack app."""
    import yaml

    from bot.adapters.slack.manifest import manifest

    try:
        app = manifest(http)
    except ValueError as error:
        say(f"--http: {error}.")
        return 2
    print(yaml.safe_dump(app, sort_keys=False, allow_unicode=True, width=110), end="")
    return 0


def show_config(settings: Settings, *, origin: bool) -> int:
    """Print the settings."""
    print(config.show(settings, origin=origin))
    return 0
