"""A real `python -m bot`: started, killed, stopped, and looked at from beside it."""

import asyncio
import contextlib
import os
import sqlite3
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Self

ROOT = Path(__file__).parents[2]
NOTHING: Mapping[str, str] = MappingProxyType({})
LISTENS = "the console listens"
PATIENCE = 30.0
"""Seconds after which something that should have happened has not."""
AT_ANY_HOUR = (
    # Nothing is held back, whenever the tests run and however fast people are.
    "messages.quiet_from=00:00",
    "messages.quiet_to=00:00",
    "messages.daily_cap=50",
    "messages.flood_events=1000",
    "messages.flood_seconds=1",
    "organisers=console:olga",
)
LAST_LINES = 30
LEFT = """
    SELECT id, kind, state, attempts, doubts, due_at, lease_until, trouble FROM outbox
    WHERE state NOT IN ('sent', 'cancelled', 'expired') ORDER BY id LIMIT 30
"""


@dataclass(frozen=True)
class Ended:
    """How a command went."""

    code: int
    out: str
    err: str


class Service:
    """`run` on a database in a folder of its own; everything it writes is in that folder or in `said`."""

    def __init__(
        self,
        folder: Path,
        *settings: str,
        key: str | None = None,
        url: str = "",
        environment: Mapping[str, str] = NOTHING,
        module: str = "bot",
    ) -> None:
        """`key` seals private text, "" lets the service make one; without one, text is stored readably.

        `url` is another database than the one in the folder; `environment` is where secrets are given; `module` is
        run instead of the program, which it starts.
        """
        self.home = folder / "home"
        self.socket = folder / "socket"
        self.database = self.home / "mentorbot.db"
        self.url = url or f"sqlite:///{self.database}"
        self.said: list[str] = []
        self.started = self.listened = 0.0
        self._settings = (*AT_ANY_HOUR, f"console.socket={self.socket}", *settings)
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MENTORBOT_")},
            "PYTHONPATH": str(ROOT),
            "MENTORBOT_HOME": str(self.home),
            "MENTORBOT_DATABASE__URL": self.url,
            "MENTORBOT_ENCRYPTION__MODE": "off" if key is None else "on",
            "MENTORBOT_ENCRYPTION__KEYS": key or "",
            "XDG_CONFIG_HOME": str(folder / "config"),
            **environment,
        }
        self._folder = folder
        self._module = module
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._listens = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, _: object, wrong: BaseException | None, __: object) -> None:
        if self._process is not None:
            await self.kill()
        if wrong is not None:
            wrong.add_note(f"The service said last:\n{self.last_words}Left in the outbox:\n{self._left()}")

    @property
    def last_words(self) -> str:
        """What it said last."""
        return "".join(self.said[-LAST_LINES:])

    def _left(self) -> str:
        """Give the rows that are not settled; none where its database is not in the folder, or not there yet."""
        with contextlib.suppress(sqlite3.Error), self.look() as database:
            database.row_factory = sqlite3.Row
            return "\n".join(str(dict(row)) for row in database.execute(LEFT))
        return ""

    async def _spawn(self, arguments: Sequence[str], out: int) -> Process:
        options = [part for setting in self._settings for part in ("--set", setting)]
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", self._module, *options, *arguments),
            cwd=self._folder,
            env=self._environment,
            stdin=DEVNULL,
            stdout=out,
            stderr=PIPE,
        )

    async def command(self, *arguments: str) -> Ended:
        """Run another command beside it, to its end."""
        process = await self._spawn(arguments, PIPE)
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert process.returncode is not None
        return Ended(process.returncode, out.decode(), err.decode())

    async def start(self) -> None:
        """Start it, without waiting until it listens."""
        self._listens = asyncio.Event()
        self.started = time.monotonic()
        self._process = await self._spawn(["run"], DEVNULL)
        assert self._process.stderr is not None
        self._reading = asyncio.create_task(self._read(self._process.stderr))

    async def _read(self, errors: asyncio.StreamReader) -> None:
        while line := await errors.readline():
            self.said.append(line.decode())
            if LISTENS in self.said[-1]:
                self.listened = time.monotonic()
                self._listens.set()

    async def listening(self) -> None:
        """Wait until it listens; fails with its last words when it ends instead."""
        assert self._reading is not None
        up = asyncio.create_task(self._listens.wait())
        await asyncio.wait({up, self._reading}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        assert self._listens.is_set(), self.last_words

    async def kill(self) -> None:
        """End it at once, as a power cut would."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._over()

    async def stop(self) -> float:
        """Ask it to end, as a supervisor does; returns the seconds that it took. It must end without a fault."""
        assert self._process is not None
        began = time.monotonic()
        self._process.terminate()
        await self._over()
        assert self._process.returncode == 0, self.last_words
        return time.monotonic() - began

    async def _over(self) -> None:
        assert self._process is not None
        assert self._reading is not None
        await asyncio.wait_for(self._process.wait(), PATIENCE)
        await self._reading

    @property
    def pid(self) -> int:
        """The process, for those who kill without waiting."""
        assert self._process is not None
        return self._process.pid

    @contextmanager
    def look(self) -> Iterator[sqlite3.Connection]:
        """Read the database from beside whoever writes it; every statement sees what is committed by then."""
        address = f"file:{self.database}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=10)) as connection:
            yield connection

    def count(self, condition: str, *values: object) -> int:
        """Count rows: `outbox WHERE state = ?`."""
        with self.look() as connection:
            query = f"SELECT count(*) FROM {condition}"  # noqa: S608 (the tests' own words)
            found: int = connection.execute(query, values).fetchone()[0]
            return found


def sending(service: Service) -> list[int]:
    """Give the rows that the last process was sending when it ended."""
    with service.look() as database:
        return [row for (row,) in database.execute("SELECT id FROM outbox WHERE state = 'sending'")]


def states(service: Service) -> list[tuple[str, int]]:
    """Give the state of every row, and how often it was in doubt, in the order of writing."""
    with service.look() as database:
        return database.execute("SELECT state, doubts FROM outbox ORDER BY id").fetchall()
