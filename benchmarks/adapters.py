"""A platform's events: how many a second are answered durably, and how long an answer takes on the wire.

`python -m benchmarks.adapters [--platform NAME] [--json] [--rounds N] [--people N] [--seconds N] [--folder DIR]`;
without a platform all of them, one after the other.
`events_per_s` goes from the payload that the platform delivers to the payloads it is answered with, without the
network; it takes turns with the platform's own library, which dispatches the same payloads and keeps nothing. On the
wire the program is a process of its own, and people ask at a steady pace, whether or not it keeps up.
"""

import argparse
import asyncio
import gc
import importlib
import json
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from benchmarks.dialogs import filesystem, fsync_ms
from benchmarks.peers.questions import AT_ONCE
from benchmarks.platforms import OURS, Contender, Exchange, Wire

RATE = 50.0
WARM_UP = 2.0
"""Seconds at the beginning that are left out."""
LEAST_APART = 2.0
"""Seconds between two questions of one person: platforms want chats to be written to slowly."""


@dataclass(frozen=True, slots=True)
class Platform:
    """Where a platform's contenders and its wire are, whom it is measured beside, and what was hoped for.

    `all` is one program with all of them, and has no contenders.
    """

    contenders: str
    wire: str
    peers: tuple[str, ...]
    targets: dict[str, float]
    crowd: str = ""
    """Where its many announcements are, if it is measured with them."""
    idle: str = ""
    """Where the program is started and does nothing, if that is measured."""


PLATFORMS = {
    "slack": Platform(
        "benchmarks.platforms.slack",
        "benchmarks.platforms.slack_wire",
        ("bolt",),
        {"bolt_events_per_s_elsewhere": 6800, "p99_ms": 100},
    ),
    "telegram": Platform(
        "benchmarks.platforms.telegram",
        "benchmarks.platforms.telegram_wire",
        ("ptb_dispatch", "ptb", "ptb_sqlite", "ptb_pickle"),
        {
            "ptb_dispatch_events_per_s_elsewhere": 5200,
            "ptb_kept_events_per_s_elsewhere": 1221,
            "p99_ms": 100,
            "announcements_refused": 0,
        },
        "benchmarks.platforms.telegram_crowd",
    ),
    "discord": Platform(
        "benchmarks.platforms.discord",
        "benchmarks.platforms.discord_wire",
        ("discord_py_dispatch", "discord_py"),
        {"p99_ms": 100},
    ),
    "all": Platform(
        "",
        "benchmarks.platforms.together",
        (),
        {"p99_ms": 100},
        idle="benchmarks.platforms.together",
    ),
}


# --- In the process ---------------------------------------------------------------------------------------------


async def round_of(contender: Contender, first: int, people: int) -> tuple[float, float]:
    """Sign people up, `AT_ONCE` at a time; gives events a second, and microseconds of processor an event."""

    async def one_after_another(lane: int) -> int:
        return sum([await contender.sign_up(user) for user in range(first + lane, first + people, AT_ONCE)])

    gc.collect()
    start, used = time.perf_counter(), time.process_time()
    events = sum(await asyncio.gather(*(one_after_another(lane) for lane in range(AT_ONCE))))
    return events / (time.perf_counter() - start), (time.process_time() - used) * 1e6 / events


async def dispatch(platform: Platform, people: int, rounds: int, folder: Path) -> dict[str, object]:
    """Measure all contenders in turns; gives the medians."""
    speeds: dict[str, list[float]] = {}
    used: dict[str, list[float]] = {}
    async with importlib.import_module(platform.contenders).contenders(folder) as contenders:
        first = 1
        for turn in range(rounds + 1):
            for name, contender in contenders.items():
                # The first round warms up: templates, statements, pages of the files.
                speed, processor = await round_of(contender, first, people if turn else AT_ONCE)
                if turn:
                    speeds.setdefault(name, []).append(speed)
                    used.setdefault(name, []).append(processor)
            first += people
        durability = {name: contender.durability for name, contender in contenders.items()}
    medians = {name: statistics.median(each) for name, each in speeds.items()}
    return {
        "events_per_s": round(medians[OURS]),
        **{f"ratio_{name}": round(medians[OURS] / medians[name], 2) for name in platform.peers},
        **{f"{name}_events_per_s": round(each) for name, each in medians.items() if name != OURS},
        "processor_us_an_event": {name: round(statistics.median(each)) for name, each in used.items()},
        "durability": durability,
        "at_once": AT_ONCE,
        "rounds": {name: [round(each) for each in speed] for name, speed in speeds.items()},
    }


# --- On the wire ------------------------------------------------------------------------------------------------


async def paced(
    wire: Wire, seconds: float, rate: float = RATE, over: Callable[[], bool] = lambda: True
) -> tuple[list[Exchange], list[float]]:
    """Let people ask at a steady pace, for so long and until it is over.

    Gives what was answered after the warm-up, and how late each was sent.
    """
    assert wire.people / rate >= LEAST_APART
    loop = asyncio.get_running_loop()
    tasks: list[asyncio.Task[Exchange]] = []
    late: list[float] = []
    start = loop.time()
    for number in count():
        if number >= round((WARM_UP + seconds) * rate) and over():
            break
        due = start + number / rate
        await asyncio.sleep(due - loop.time())
        late.append(loop.time() - due)
        tasks.append(asyncio.create_task(wire.ask(number)))
    # Each must be answered: one that is not ends it all.
    exchanges = await asyncio.gather(*tasks)
    wire.look()
    left_out = round(WARM_UP * rate)
    return exchanges[left_out:], late[left_out:]


def percentile_ms(seconds: Sequence[float], part: int) -> float:
    """Give a percentile in milliseconds: the least figure that so many of a hundred do not exceed."""
    ordered = sorted(seconds)
    return round(ordered[math.ceil(len(ordered) * part / 100) - 1] * 1000, 1)


async def over_the_wire(platform: Platform, seconds: float, folder: Path) -> dict[str, object]:
    """Measure how long answers take; gives percentiles in milliseconds."""
    # It needs the servers of the tests, which are in a checkout and not in the package.
    async with importlib.import_module(platform.wire).wire(folder) as wire:
        exchanges, late = await paced(wire, seconds)
    kinds = sorted({exchange.kind for exchange in exchanges})
    every = [exchange.seconds for exchange in exchanges]
    return {
        "p50_ms": percentile_ms(every, 50),
        "p99_ms": percentile_ms(every, 99),
        "max_ms": round(max(every) * 1000, 1),
        "rate": RATE,
        "answers": len(every),
        "p99_ms_by_kind": {
            kind: percentile_ms([each.seconds for each in exchanges if each.kind == kind], 99)
            for kind in kinds
        },
        "sender_late_ms_p99": percentile_ms(late, 99),
    }


# --- While many are told something ------------------------------------------------------------------------------


async def announcements(crowds: str, seconds: float, folder: Path) -> dict[str, object]:
    """Measure how fast announcements leave, until the last one has, and how long answers take meanwhile.

    `crowds` is the module that has the crowd.
    """
    module = importlib.import_module(crowds)
    async with module.crowd(folder) as crowd:
        async with asyncio.timeout(module.WHOLE_SECONDS):
            exchanges, _ = await paced(crowd, seconds, module.RATE, crowd.over)
        times, refused = crowd.times, crowd.refused
    every = [exchange.seconds for exchange in exchanges]
    return {
        "announcements": {
            "sent": len(times),
            "seconds": round(times[-1] - times[0], 1),
            "per_s": round((len(times) - 1) / (times[-1] - times[0]), 1),
            "refused": refused,
            "answers": len(every),
            "answer_p50_ms": percentile_ms(every, 50),
            "answer_p99_ms": percentile_ms(every, 99),
            "answer_max_ms": round(max(every) * 1000, 1),
        }
    }


# --- Together ---------------------------------------------------------------------------------------------------


async def measure(name: str, people: int, rounds: int, seconds: float, folder: Path) -> dict[str, object]:
    """All figures of a platform."""
    platform = PLATFORMS[name]
    for part in ("dispatch", "idle", "wire", "crowd"):
        (folder / part).mkdir()
    return {
        "platform": name,
        "load": [round(each, 2) for each in os.getloadavg()],
        **(await dispatch(platform, people, rounds, folder / "dispatch") if platform.contenders else {}),
        **(await importlib.import_module(platform.idle).idle(folder / "idle") if platform.idle else {}),
        **await over_the_wire(platform, seconds, folder / "wire"),
        **(await announcements(platform.crowd, seconds, folder / "crowd") if platform.crowd else {}),
        "targets": platform.targets,
        "file_system": filesystem(folder),
        "fsync_ms": fsync_ms(folder),
    }


def main() -> None:
    """Measure and print, as a table or as a line of JSON for each platform."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.adapters", description=__doc__)
    parser.add_argument("--platform", choices=sorted(PLATFORMS))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--people", type=int, default=256, help="sign-ups a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=18.0, help="on the wire, after the warm-up")
    parser.add_argument(
        "--folder", type=Path, help="a folder on a real disk; the system's temporary one if not given"
    )
    chosen = parser.parse_args()
    for name in [chosen.platform] if chosen.platform else PLATFORMS:
        with tempfile.TemporaryDirectory(dir=chosen.folder, prefix="mentorbot-bench-") as folder:
            figures = asyncio.run(
                measure(name, chosen.people, chosen.rounds, chosen.seconds, Path(folder).resolve())
            )
        if chosen.json:
            print(json.dumps(figures), flush=True)
        else:
            show(figures)


def show(figures: dict[str, object]) -> None:
    """Print figures as a table."""
    for name, figure in figures.items():
        if isinstance(figure, dict):
            for part, each in figure.items():
                print(f"{name:24} {part}: {each}")
        else:
            print(f"{name:24} {figure}")


if __name__ == "__main__":
    main()
