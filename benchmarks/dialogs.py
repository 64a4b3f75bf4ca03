"""Durable steps of a sign-up, 64 people at once, beside python-telegram-bot's and aiogram's own conversations.

`python -m benchmarks.dialogs [--json] [--rounds N] [--people N] [--folder DIR]`. Everybody answers the same eight
questions after `/signup`, so a sign-up is nine steps. A step goes from the event as an adapter hands it in to the
answer rendered in the reader's words; the three take turns in one run, and the medians of the rounds are compared.
"""

import argparse
import asyncio
import gc
import importlib
import importlib.util
import json
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import func, select

from benchmarks.peers.questions import ANSWERS, AT_ONCE
from bot.adapters.console import NAME, event_of, lines_of
from bot.app import App, open_app
from bot.config import load
from bot.ports import Address, Incoming
from bot.stage.driver import Screens
from core.store.tables import runs, users
from core.store.types import new_key

STEPS = 1 + len(ANSWERS)
OURS = "mentorbot"
DURABILITY = (
    "SQLite, WAL, synchronous=FULL: fsync before the reply; answers sealed; an event has its effect once"
)

PEERS: dict[str, tuple[str, str, dict[str, bool]]] = {
    "ptb": ("telegram", "benchmarks.peers.ptb", {}),
    "aiogram": ("aiogram", "benchmarks.peers.aiogram_fsm", {}),
    "ptb_sqlite": ("telegram", "benchmarks.peers.ptb", {"sqlite": True}),
}
"""By name: the package it needs, its module here, its arguments."""


class Contender(Protocol):
    """What takes part: it is given what somebody writes, and has answered when `step` returns."""

    durability: str

    async def step(self, user: int, number: int, text: str) -> None:
        """Take the step `number` of a user."""
        ...


@dataclass(slots=True)
class Ours:
    """The program, spoken to as an adapter does."""

    app: App
    durability: str = DURABILITY

    async def step(self, user: int, number: int, text: str) -> None:
        """Hand an event in and write the answer."""
        said = "/signup" if number == 0 else text
        who = Address(NAME, f"u{user}")
        answer = await self.app.router.handle(
            Incoming(f"{user}-{number}", who, event_of(said), name=f"U{user}")
        )
        assert answer.saved
        assert all(lines_of(message) for message in answer.messages)


@asynccontextmanager
async def ours(folder: Path) -> AsyncIterator[Ours]:
    """Open the program on a fresh database."""
    given = {"encryption.keys": new_key()}
    settings = load(None, {"MENTORBOT_HOME": str(folder)}, given, folder)
    async with open_app(settings, [Screens()]) as app:
        yield Ours(app)


@asynccontextmanager
async def peer(module: str, folder: Path, more: dict[str, bool]) -> AsyncIterator[Contender]:
    """Open one of the peers on a fresh database, and see that everybody who began came to the end."""
    made = importlib.import_module(module).Peer(folder, **more)
    await made.open()
    try:
        yield made
    finally:
        await made.close()


async def sign_up(contender: Contender, user: int) -> None:
    """Take one person from the command to the welcome."""
    for number, text in enumerate(("/signup", *ANSWERS)):
        await contender.step(user, number, text)


async def round_of(contender: Contender, first: int, people: int) -> tuple[float, float]:
    """Sign people up, `AT_ONCE` at a time; returns steps per second, and microseconds of processor a step."""

    async def one_after_another(lane: int) -> None:
        for user in range(first + lane, first + people, AT_ONCE):
            await sign_up(contender, user)

    gc.collect()
    start, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one_after_another(lane) for lane in range(AT_ONCE)))
    steps = people * STEPS
    return steps / (time.perf_counter() - start), (time.process_time() - used) * 1e6 / steps


async def signed_up(app: App) -> tuple[int, int]:
    """Count the users there are and the forms that are open."""
    return await app.database.read(
        lambda tx: (
            tx.execute(select(func.count()).select_from(users)).scalar_one(),
            tx.execute(select(func.count()).select_from(runs)).scalar_one(),
        )
    )


def fsync_ms(folder: Path) -> float:
    """How long the disk takes to keep a page: the median of fifty, in milliseconds."""
    took = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(50):
            file.write(bytes(4096))
            file.flush()
            start = time.perf_counter()
            os.fsync(file.fileno())
            took.append((time.perf_counter() - start) * 1000)
    return round(statistics.median(took), 3)


def filesystem(folder: Path) -> str:
    """Name the kind of file system that a folder is on, where Linux tells."""
    mounts = Path("/proc/self/mounts")
    kinds = {}
    if mounts.exists():
        for line in mounts.read_text(encoding="utf-8").splitlines():
            _, point, kind, *_ = line.split()
            kinds[Path(point)] = kind
    return next((kinds[place] for place in (folder, *folder.parents) if place in kinds), "unknown")


def peers() -> tuple[dict[str, tuple[str, dict[str, bool]]], list[str]]:
    """Give the peers that can be measured (module, arguments) by name, and what to say about the others."""
    found: dict[str, tuple[str, dict[str, bool]]] = {}
    notes = []
    for name, (needs, module, more) in PEERS.items():
        if importlib.util.find_spec(needs) is None:
            notes.append(f"{name} is not installed and was not measured: pip install 'mentorbot[bench]'")
        else:
            found[name] = (module, more)
    return found, notes


async def measure(people: int, rounds: int, folder: Path) -> dict[str, object]:
    """All figures: steps per second, and ours divided by each peer's."""
    found, notes = peers()
    speeds: dict[str, list[float]] = {OURS: []}
    used: dict[str, list[float]] = {OURS: []}
    durability: dict[str, str] = {OURS: DURABILITY}
    async with AsyncExitStack() as stack:
        program = await stack.enter_async_context(ours(folder))
        contenders: dict[str, Contender] = {OURS: program}
        for name, (module, more) in found.items():
            contenders[name] = await stack.enter_async_context(peer(module, folder, more))
            durability[name] = contenders[name].durability
            speeds[name], used[name] = [], []
        first = 1
        for turn in range(rounds + 1):
            for name, contender in contenders.items():
                # The first round warms up: templates, statements, pages of the files.
                speed, processor = await round_of(contender, first, people if turn else AT_ONCE)
                if turn:
                    speeds[name].append(speed)
                    used[name].append(processor)
            first += people
        expected = AT_ONCE + rounds * people
        assert await signed_up(program.app) == (expected, 0)
    medians = {name: statistics.median(each) for name, each in speeds.items()}
    return {
        "steps_per_s": round(medians[OURS]),
        **{
            f"ratio_{name}": round(medians[OURS] / medians[name], 2) if name in medians else None
            for name in PEERS
        },
        **{f"{name}_steps_per_s": round(medians[name]) for name in found},
        "processor_us_a_step": {name: round(statistics.median(each)) for name, each in used.items()},
        "durability": durability,
        "at_once": AT_ONCE,
        "steps_a_round": people * STEPS,
        "rounds": {name: [round(each) for each in speed] for name, speed in speeds.items()},
        "file_system": filesystem(folder),
        "fsync_ms": fsync_ms(folder),
        "notes": notes,
    }


def main() -> None:
    """Measure and print, as a table or as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dialogs", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--people", type=int, default=256, help="sign-ups a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--folder", type=Path, help="a folder on a real disk; the system's temporary one if not given"
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder, prefix="mentorbot-bench-") as folder:
        figures = asyncio.run(measure(chosen.people, chosen.rounds, Path(folder).resolve()))
    if chosen.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        if isinstance(figure, dict):
            for part, each in figure.items():
                print(f"{name:20} {part}: {each}")
        else:
            print(f"{name:20} {figure}")


if __name__ == "__main__":
    main()
