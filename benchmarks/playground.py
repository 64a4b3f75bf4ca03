"""The playground as a newcomer meets it: how fast it is there, how much comes, how soon a press is on both panes.

`python -m benchmarks.playground [--json] [--presses N] [--pages N]`. The demo runs as a program of its own, in memory
where there is some, as it does for everybody; a plain client asks it over loopback for what a browser loads. A press is
*Ask the first available* or *Withdraw*: it is timed from the request to the message on the stream of whoever pressed
and on that of the mentor. Last, many pages are open at once, and each of them hears of every press.
"""

import argparse
import asyncio
import json
import re
import statistics
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0
LIMITS = {"start_s": 3.0, "page_kb": 100.0, "page_ms": 200.0, "press_ms": 50.0, "pages": 200}
"""What the playground is to keep within, on a machine that does nothing else."""
WHO = "ana"


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured; times in the unit of their names, the median of several."""

    start_s: float
    page_requests: int
    page_kb: float
    page_ms: float
    presses: int
    press_ms: float
    press_p95_ms: float
    pages: int
    press_with_pages_ms: float
    memory_mb: float
    memory_with_pages_mb: float


@dataclass(slots=True)
class Demo:
    """The demo, its address, and a client."""

    url: str
    pid: int
    client: aiohttp.ClientSession
    presses: int = 0

    async def act(self, **event: object) -> Mapping[str, Any]:
        """Do something as Ana; gives what the page is told."""
        self.presses += 1
        whole = {"id": f"b{self.presses}", "who": WHO, **event}
        async with self.client.post(f"{self.url}api/act", json=whole) as answer:
            assert answer.status == 200, await answer.text()
            found: Mapping[str, Any] = await answer.json()
            return found

    async def chat(self) -> Mapping[str, Any]:
        """Give the newest message in Ana's chat."""
        async with self.client.get(f"{self.url}api/chat", params={"who": WHO}) as answer:
            found: Mapping[str, Any] = (await answer.json())["entries"][-1]
            return found


@asynccontextmanager
async def demo() -> AsyncIterator[tuple[Demo, float]]:
    """Run it; gives it with the seconds until it served."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "demo", "--no-browser", "--port", "0"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
        took = time.perf_counter() - began
        found = re.search(r"http://\S+", line.decode())
        assert found, line
        endless = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(timeout=endless, connector=aiohttp.TCPConnector(limit=0)) as client:
            yield Demo(found[0], process.pid, client), took
    finally:
        process.terminate()
        await process.wait()


# --- The first page ---------------------------------------------------------------------------------------------


async def first_page(one: Demo) -> tuple[int, int, float]:
    """Load what a browser loads, what is asked for together at once; gives requests, bytes and seconds."""
    raw = aiohttp.ClientSession(auto_decompress=False, headers={"Accept-Encoding": "gzip"})
    sizes: dict[str, int] = {}

    async def load(path: str) -> str:
        async with one.client.get(f"{one.url}{path}") as answer:
            return await answer.text()

    async def weigh(path: str) -> None:
        async with raw.get(f"{one.url}{path}") as answer:
            head = sum(len(name) + len(value) + 4 for name, value in answer.headers.items())
            sizes[path] = head + len(await answer.read())

    began = time.perf_counter()
    html = await load("")
    parts = sorted(set(re.findall(r'(?:src|href)="/(page/[\w.]+)"', html)))
    texts = dict(zip(parts, await asyncio.gather(*map(load, parts)), strict=True))
    while more := {f"page/{name}" for text in texts.values() for name in _imported(text)} - texts.keys():
        texts |= dict(zip(sorted(more), await asyncio.gather(*map(load, sorted(more))), strict=True))
    world = json.loads(await load("api/world?lang=en"))
    people = [WHO, next(person["who"] for person in world["people"] if person["role"] == "mentor")]
    asked = [f"api/chat?who={who}" for who in people] + ["api/timeline?limit=60", "api/demo/ahead?limit=5"]
    await asyncio.gather(*map(load, asked))
    took = time.perf_counter() - began
    async with raw:
        await asyncio.gather(*map(weigh, ["", *texts, "api/world?lang=en", *asked]))
    return len(sizes), sum(sizes.values()), took


def _imported(script: str) -> list[str]:
    return re.findall(r'^(?:import|export) .*from "\./([\w.]+)";', script, re.MULTILINE)


# --- Presses ----------------------------------------------------------------------------------------------------


class Page:
    """A page that is open: a stream, and when which entry came."""

    def __init__(self, who: str) -> None:
        """It shows one person's chat."""
        self.who = who
        self.came: dict[int, float] = {}
        self.kinds: dict[int, tuple[str, str]] = {}
        self._grown = asyncio.Event()

    async def listen(self, one: Demo, opened: asyncio.Event) -> None:
        """Hear for ever."""
        async with one.client.get(f"{one.url}api/events", params={"who": self.who}) as answer:
            async for line in answer.content:
                opened.set()
                if line.startswith(b"data: "):
                    now = time.perf_counter()
                    entry = json.loads(line[6:])
                    self.came[entry["n"]] = now
                    self.kinds[entry["n"]] = (entry["kind"], entry["who"])
                    self._grown.set()
                    self._grown = asyncio.Event()

    async def until(self, n: int) -> None:
        """Wait for an entry."""
        async with asyncio.timeout(PATIENCE):
            while n not in self.came:
                await self._grown.wait()


async def presses(one: Demo, pages: list[Page], many: int) -> list[float]:
    """Press again and again; gives the seconds until the last page had all that came of each press."""
    await one.act(say="/find rust")
    found = await one.chat()
    first = {"press": found["message"]["buttons"][0]["id"], "message": found["n"]}
    took: list[float] = []
    for number in range(many):
        event = first
        if number % 2:
            asked = await one.chat()
            event = {"press": asked["message"]["buttons"][0]["id"], "message": asked["n"]}
        began = time.perf_counter()
        last = (await one.act(**event))["last"]
        await asyncio.gather(*(page.until(last) for page in pages))
        shown = [n for n, (kind, _) in pages[0].kinds.items() if kind in ("answer", "push", "edited")]
        new = [n for n in shown if pages[0].came[n] > began]
        assert {pages[0].kinds[n][1] for n in new} > {WHO}, "a press is seen by both"
        took.append(max(page.came[n] for page in pages for n in new) - began)
    return took


@asynccontextmanager
async def opened(one: Demo, many: int) -> AsyncIterator[list[Page]]:
    """Open pages, and close them."""
    pages = [Page(f"{WHO},nobody{number}") for number in range(many)]
    ready = [asyncio.Event() for _ in pages]
    streams = [asyncio.create_task(page.listen(one, event)) for page, event in zip(pages, ready, strict=True)]
    try:
        await asyncio.wait_for(asyncio.gather(*(event.wait() for event in ready)), PATIENCE)
        yield pages
    finally:
        for stream in streams:
            stream.cancel()
        await asyncio.wait(streams)


def memory(pid: int) -> float:
    """Give the megabytes that a process has in memory."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    return int(found[1]) / 1024 if found else 0.0


async def measured(many: int, pages: int) -> Figures:
    """Measure all of it in one run."""
    async with demo() as (one, start):
        loads = [await first_page(one) for _ in range(5)]
        before = memory(one.pid)
        async with opened(one, 2) as two:
            alone = await presses(one, two, many)
        async with opened(one, pages) as all_:
            together = await presses(one, all_, max(4, many // 5))
            after = memory(one.pid)
    return Figures(
        start_s=round(start, 2),
        page_requests=loads[0][0],
        page_kb=round(loads[0][1] / 1000, 1),
        page_ms=round(statistics.median(took for _, _, took in loads) * 1000, 1),
        presses=many,
        press_ms=round(statistics.median(alone) * 1000, 1),
        press_p95_ms=round(statistics.quantiles(alone, n=20)[-1] * 1000, 1),
        pages=pages,
        press_with_pages_ms=round(statistics.median(together) * 1000, 1),
        memory_mb=round(before, 1),
        memory_with_pages_mb=round(after, 1),
    )


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--json", action="store_true")
    options.add_argument("--presses", type=int, default=60)
    options.add_argument("--pages", type=int, default=200)
    given = options.parse_args()
    figures = asdict(asyncio.run(measured(given.presses, given.pages)))
    if given.json:
        print(json.dumps({**figures, "limits": LIMITS}))
        return
    for name, value in figures.items():
        limit = f"   (at most {LIMITS[name]:g})" if name in LIMITS and name != "pages" else ""
        print(f"{name:24} {value:>8}{limit}")


if __name__ == "__main__":
    main()
