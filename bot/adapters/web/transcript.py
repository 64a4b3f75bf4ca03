"""What was shown on the page and done there: the page's own memory, as Slack or Telegram keep chats on theirs.

A file of JSON lines that only grows. It is written before anybody is shown an entry, so that neither a reload nor a
killed program loses what somebody has seen; a last line that was cut short is dropped.
"""

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

SAID, ANSWER, PUSH, EDITED, TIME, DONE = "said", "answer", "push", "edited", "time", "done"
OF_A_CHAT = {SAID, ANSWER, PUSH, EDITED}


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A line of the transcript: its number from 1 on, the moment, what it is, of whom, and all that it says."""

    n: int
    kind: str
    who: str
    data: Mapping[str, Any]
    text: bytes
    """The same as JSON."""

    @property
    def at(self) -> datetime:
        """The moment on the program's clock."""
        return datetime.fromisoformat(self.data["at"])


@dataclass(slots=True)
class Transcript:
    """The entries, and who waits for the next one; `now` gives the moment."""

    file: Path
    now: Callable[[], datetime]
    entries: list[Entry] = field(default_factory=list)
    said: dict[str, Entry] = field(default_factory=dict)
    """By the ids of events, what somebody did."""
    done: set[str] = field(default_factory=set)
    """The ids of events whose answers are all here."""
    pushed: dict[str, int] = field(default_factory=dict)
    """By the `once` of pushes, their entries."""
    chats: list[int] = field(default_factory=list)
    """The numbers of what stands in anybody's chat."""
    _chats: dict[str, list[Entry]] = field(default_factory=dict)
    _grown: asyncio.Event = field(default_factory=asyncio.Event)
    _descriptor: int = -1

    def open(self) -> None:
        """Read what there is, unless that is done."""
        if self._descriptor >= 0:
            return
        text = self.file.read_bytes() if self.file.exists() else b""
        whole = text[: text.rfind(b"\n") + 1]
        for line in whole.splitlines():
            self._take(line)
        self._descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT, 0o600)
        os.ftruncate(self._descriptor, len(whole))
        os.lseek(self._descriptor, 0, os.SEEK_END)

    def close(self) -> None:
        """Write no more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @property
    def last(self) -> int:
        """The number of the newest entry; 0 where there is none."""
        return len(self.entries)

    def add(self, kind: str, who: str = "", **more: object) -> int:
        """Keep something; gives its number."""
        n = self.last + 1
        data = {"n": n, "at": self.now().isoformat(), "kind": kind, "who": who, **more}
        # Half a character is no text, and no file holds it: the program drops it too.
        line = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(errors="ignore")
        os.write(self._descriptor, line + b"\n")
        self._take(line)
        self._grown.set()
        self._grown = asyncio.Event()
        return n

    def _take(self, line: bytes) -> None:
        data = json.loads(line)
        entry = Entry(data["n"], data["kind"], data["who"], data, line)
        self.entries.append(entry)
        if entry.kind in OF_A_CHAT:
            self.chats.append(entry.n)
            self._chats.setdefault(entry.who, []).append(entry)
        if entry.kind == SAID:
            self.said[data["id"]] = entry
        elif entry.kind == DONE:
            self.done.add(data["of"])
        elif entry.kind == PUSH:
            self.pushed[data["once"]] = entry.n

    def chat(self, who: str, before: int, limit: int) -> tuple[Sequence[Entry], bool]:
        """Give the last entries of somebody's chat before one, oldest first; and whether there are earlier ones."""
        found = [entry for entry in self._chats.get(who, ()) if entry.n < before]
        return found[-limit:], len(found) > limit

    def message(self, n: int) -> Entry | None:
        """Find the message that an entry shows."""
        entry = self.entries[n - 1] if 0 < n <= self.last else None
        return entry if entry is not None and "message" in entry.data else None

    def unfinished(self) -> Iterator[Entry]:
        """Give what was done, but not answered when the program was stopped."""
        yield from [entry for id_, entry in self.said.items() if id_ not in self.done]

    async def after(self, n: int, patience: float) -> AsyncGenerator[Sequence[Entry], None]:
        """Give what is kept behind an entry, as it comes; nothing each time that nothing came for so many seconds."""
        while True:
            grown = self._grown
            if self.last > n:
                yield self.entries[n:]
                n = self.last
                continue
            try:
                async with asyncio.timeout(patience):
                    await grown.wait()
            except TimeoutError:
                yield ()
