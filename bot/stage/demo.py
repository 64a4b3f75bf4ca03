"""`mentorbot demo`: an invented community in a temporary folder, on a page or in a terminal; one plays everybody."""

import asyncio
import json
import os
import shutil
import sys
import tempfile
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from bot import memory
from bot.config import Settings, load
from bot.ports import Address
from bot.stage import community, player, shelf
from bot.stage.driver import ConsoleDriver, Shown
from bot.stage.script import Kill, Person, Script, ScriptError, parse
from bot.stage.terminal import KILLED, WELCOME, Screen
from core.store.types import new_key

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
"""A Monday morning in Europe, the afternoon in Asia: the same for everybody who plays, so that a seed is a story."""
START_BEFORE = timedelta(days=2)
ROOM = 2**28
"""Bytes that have to be free in memory."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where the play stands; it survives a kill in a file, as a platform's screens and clocks do."""

    folder: str
    script: list[str]
    done: int
    now: str
    events: int
    shown: list[tuple[str, str, Any]]
    failed: bool
    seed: int


def new_folder() -> Path:
    """Make a folder for a demo: in memory where there is some, since all of it is thrown away at the end."""
    shared = Path("/dev/shm")  # noqa: S108  (the name in it is a random one)
    roomy = shared.is_dir() and os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > ROOM
    return Path(tempfile.mkdtemp(prefix="mentorbot-demo-", dir=shared if roomy else None))


def settings(
    folder: Path, script: Script, cast: Sequence[Person], at: Callable[[str], Address] = ConsoleDriver.at
) -> Settings:
    """Make the settings of a demo: everything in its folder, and a key that is thrown away with it."""
    places = (at(person.handle) for person in cast if person.role == "organiser")
    organisers = ", ".join(f"{place.platform}:{place.id}" for place in places)
    key = folder / "key"
    if not key.exists():
        key.write_text(new_key())
    overrides = {
        "database.url": f"sqlite:///{folder / 'demo.db'}",
        "encryption.keys": key.read_text(),
        "community.name": "Harbour",
        "messages.flood_events": "1000",
        **({"organisers": organisers} if organisers else {}),
        **script.settings,
    }
    return load(None, {"MENTORBOT_HOME": str(folder)}, overrides, folder)


async def on_page(seed: int, resume: Path | None, port: int | None, *, browser: bool) -> int:
    """Run the demo on a page until it is stopped; returns the exit code."""
    from bot.app import until_signal
    from bot.stage.show import show

    folder = resume or new_folder()
    stop = asyncio.Event()
    await until_signal(stop)

    def ready(address: str) -> None:
        print(f"The playground is at {address}  (Ctrl+C ends it)", flush=True)
        memory.started()
        if browser:
            webbrowser.open(address)

    try:
        return await show(folder, seed, port, ready, stop)
    except OSError as error:
        # Everything else is in a folder of its own; what can fail is the port.
        print(
            f"The page cannot be served on port {port}: {os.strerror(error.errno or 0).lower()}. Leave --port out.",
            file=sys.stderr,
        )
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def demo(seed: int, resume: Path | None, screen: Screen) -> int:
    """Run the demo in the terminal; returns the exit code."""
    if resume is not None:
        scene = _scene(resume)
    else:
        scene = Scene(str(new_folder()), screen.script(), 0, "", 0, [], failed=False, seed=seed)
    try:
        return await _perform(scene, screen)
    finally:
        shutil.rmtree(scene.folder, ignore_errors=True)


def _scene(file: Path) -> Scene:
    return Scene(**json.loads(file.read_text()))


async def _perform(scene: Scene, screen: Screen) -> int:
    folder = Path(scene.folder)
    try:
        script = parse(scene.script)
    except ScriptError as error:
        screen.trouble(str(error))
        return 2
    invented = not script.cast
    cast = community.community(scene.seed) if invented else list(script.cast)
    begin = script.at or BEGIN
    now = datetime.fromisoformat(scene.now) if scene.now else begin - START_BEFORE if invented else begin
    driver = ConsoleDriver(settings(folder, script, cast), now, community.names(cast))
    driver.events = scene.events
    driver.screens.shown = [Shown(who, kind, message) for who, kind, message in scene.shown]
    await driver.open()
    try:
        if not scene.now:
            await community.seat(driver.app, cast, now)
            if script.courses:
                await shelf.stock(driver.app, Path(script.courses))
            if invented:
                await shelf.stock(driver.app)
                await shelf.take(driver.app, cast, now, scene.seed)
                await community.tell_half_a_story(driver, cast, scene.seed)
                await driver.advance(max(timedelta(0), begin - driver.clock.now))
        memory.started()
        failed = scene.failed
        if scene.script:
            failed = await _play(driver, script, scene, screen)
        else:
            screen.write(KILLED if scene.now else WELCOME)
            await screen.interact(driver, cast, lambda: _kill(driver, scene, scene.done, failed=False))
    finally:
        await driver.close()
    return 1 if failed else 0


async def _play(driver: ConsoleDriver, script: Script, scene: Scene, screen: Screen) -> bool:
    """Play a script from where it stands; true when something differed."""
    failed = scene.failed
    for number, beat in enumerate(player.beats(script.steps)):
        if number < scene.done:
            continue
        screen.happens(beat.step)
        if isinstance(beat.step, Kill):
            _kill(driver, scene, number + 1, failed=failed)
        came, differences = await player.perform(driver, beat, expects=script.expects)
        screen.came(came)
        for difference in differences:
            failed = True
            screen.trouble(str(difference))
    return failed


def _kill(driver: ConsoleDriver, scene: Scene, done: int, *, failed: bool) -> NoReturn:
    """End this process at once, as a power cut would, and begin another in its place."""
    state = Scene(
        scene.folder,
        scene.script,
        done,
        driver.clock.now.isoformat(),
        driver.events,
        [(shown.who, shown.kind, dict(shown.message)) for shown in driver.screens.shown],
        failed,
        scene.seed,
    )
    file = Path(scene.folder) / "scene.json"
    file.write_text(json.dumps(asdict(state)))
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "bot", "demo", "--console", "--resume", str(file)])
