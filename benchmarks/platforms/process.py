"""The program as its hosts run it: a process of its own."""

import asyncio
import os
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 15.0
TAIL = 4000


@dataclass(frozen=True, slots=True)
class Run:
    """A program that is up: its process, and the seconds from its start until it was."""

    pid: int
    start_s: float

    @property
    def peak_mb(self) -> float | None:
        """The most memory that it has had, in megabytes; None where the system does not tell."""
        status = Path(f"/proc/{self.pid}/status")
        told = status.read_text(encoding="ascii").splitlines() if status.exists() else []
        peak = next((line for line in told if line.startswith("VmHWM:")), "")
        return round(int(peak.split()[1]) * 1024 / 1e6, 1) if peak else None


@asynccontextmanager
async def running(
    folder: Path, settings: Mapping[str, str], ready: Coroutine[Any, Any, None]
) -> AsyncIterator[Run]:
    """Run `mentorbot run` with these settings, `ready` being when it is up; its files are in the folder.

    Raises RuntimeError with its last words where it ends before, or does not end well when it is asked to.
    """
    said = folder / "said"
    own = {f"MENTORBOT_{key.replace('.', '__').upper()}": value for key, value in settings.items()}
    # As it is where it is installed, the modules are compiled once and not at each start.
    others = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("MENTORBOT_") and key != "PYTHONDONTWRITEBYTECODE"
    }
    began = time.perf_counter()
    with said.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", "run"),
            cwd=folder,
            env={**others, **own, "MENTORBOT_HOME": str(folder), "PYTHONPATH": str(ROOT)},
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=errors,
        )
    try:
        up, over = asyncio.create_task(ready), asyncio.create_task(process.wait())
        await asyncio.wait({up, over}, return_when=asyncio.FIRST_COMPLETED)
        if over.done():
            up.cancel()
            raise RuntimeError(_last_words(said))
        up.result()
        yield Run(process.pid, time.perf_counter() - began)
    finally:
        code = await _stop(process)
    if code:
        raise RuntimeError(_last_words(said))


async def _stop(process: Process) -> int:
    if process.returncode is None:
        process.terminate()
    try:
        return await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        return await process.wait()


def _last_words(said: Path) -> str:
    return f"the program has ended:\n{said.read_text(encoding='utf-8', errors='replace')[-TAIL:]}"
