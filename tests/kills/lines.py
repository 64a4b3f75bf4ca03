"""The two lines to a service that comes and goes: one for the events of many people, one for what it pushes."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

RECEIVER = Path(__file__).with_name("receiver.py")
LIMIT = 1_000_000

Event = Mapping[str, Any]
Answer = Mapping[str, Any]
Push = Mapping[str, Any]


class Line:
    """Carries events to the service and answers back. It breaks with the process, and is connected again."""

    def __init__(self) -> None:
        self.up = asyncio.Event()
        self.sent = 0
        self.answered = 0
        self._waiting: dict[str, asyncio.Future[Answer | None]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    async def connect(self, socket: Path) -> None:
        """Connect to a service that listens; everybody who waited goes on."""
        with suppress(OSError):
            reader, self._writer = await asyncio.open_unix_connection(socket, limit=LIMIT)
            self._reading = asyncio.create_task(self._read(reader, self._writer))
            self.up.set()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            # Half a line is no answer.
            while (line := await reader.readline()).endswith(b"\n"):
                answer = json.loads(line)
                waiting = self._waiting.pop(answer.get("answer"), None)
                assert waiting is not None, answer
                self.answered += 1
                # Who asked may have been called off meanwhile; the others still wait for theirs.
                if not waiting.done():
                    waiting.set_result(answer)
        self.up.clear()
        writer.close()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()

    async def once(self, event: Event) -> Answer | None:
        """Send an event when there is somebody to take it; None when the process ended before it answered."""
        while not self.up.is_set():
            await self.up.wait()
        assert self._writer is not None
        waiting: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._waiting[event["id"]] = waiting
        self._writer.write(json.dumps(event).encode() + b"\n")
        self.sent += 1
        return await waiting

    async def until_saved(self, event: Event) -> Answer:
        """Send an event again and again until an answer says that it is kept, as a platform redelivers."""
        while True:
            answer = await self.once(event)
            if answer is not None and answer["saved"]:
                return answer

    async def ended(self) -> None:
        """Wait until the connection has ended, once the process has."""
        if self._reading is not None:
            await asyncio.wait({self._reading})

    async def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()
        await self.ended()


class Receiver:
    """The receiver process: told where to listen, it tells what has arrived."""

    def __init__(self, log: Path) -> None:
        self.pushes: list[Push] = []
        self.log = log
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._more = asyncio.Condition()
        self._places = 0
        self._here = 0
        self._gone = 0

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(RECEIVER), str(self.log)), stdin=PIPE, stdout=PIPE, limit=LIMIT
        )
        assert self._process.stdout is not None
        self._reading = asyncio.create_task(self._read(self._process.stdout))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        assert self._reading is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading

    async def _read(self, out: asyncio.StreamReader) -> None:
        while line := await out.readline():
            data = json.loads(line)
            async with self._more:
                if "push" in data:
                    self.pushes.append(data)
                self._here = data.get("here", self._here)
                self._gone = data.get("gone", self._gone)
                self._more.notify_all()

    async def connect(self, socket: Path) -> int:
        """Listen at a socket; returns the number of the connection, which the log's entries carry."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{socket}\n".encode())
        self._places += 1
        return self._places

    async def here(self) -> None:
        """Wait until it listens."""
        async with self._more:
            await self._more.wait_for(lambda: self._here == self._places)

    async def gone(self) -> None:
        """Wait until the last connection has ended and all that came through it is known."""
        async with self._more:
            await self._more.wait_for(lambda: self._gone == self._places)

    async def first(self, wanted: Callable[[Push], bool]) -> Push:
        """Wait for a push, unless it has come already."""
        seen = 0
        async with self._more:
            while True:
                for push in self.pushes[seen:]:
                    if wanted(push):
                        return push
                seen = len(self.pushes)
                await self._more.wait()

    async def next(self, seconds: float) -> None:
        """Wait for one more push, so long at most."""
        async with self._more:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._more.wait()

    def logged(self) -> list[Push]:
        """Read what it wrote down."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]
