"""A browser that all tests of a process share, and a playground for each of them."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.http import serving
from bot.stage.show import LOOPBACK, Show
from tests.browser.chrome import Browser, connected, started

SEED = 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def running() -> Iterator[str]:
    """A browser, by where it listens."""
    with started() as address:
        yield address


@pytest.fixture
async def browser(running: str) -> AsyncIterator[Browser]:
    """The browser, driven from this test."""
    async with connected(running) as one:
        yield one


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a play whose curtain has just risen; to be copied."""
    folder = tmp_path_factory.mktemp("begun")

    async def begin() -> None:
        show = Show(folder, lambda: None)
        await show.open(SEED)
        await show.close()

    asyncio.run(begin())
    return folder


async def well() -> tuple[bool, dict[str, bool]]:
    return True, {"ready": True}


Serve = Callable[[], Awaitable[str]]


@pytest.fixture
async def playground(begun: Path, tmp_path: Path) -> AsyncIterator[tuple[Show, str]]:
    """A playground with the people of the demo, and its address."""
    folder = tmp_path / "show"
    shutil.copytree(begun, folder)
    show = Show(folder, lambda: None)
    async with AsyncExitStack() as stack:
        await show.open(SEED)
        stack.push_async_callback(show.close)
        host, port = await stack.enter_async_context(serving((LOOPBACK, 0), show.routes, well))
        yield show, f"http://{host}:{port}/"


@pytest.fixture
def url(playground: tuple[Show, str]) -> str:
    """Where the page is."""
    return playground[1]


@pytest.fixture
def show(playground: tuple[Show, str]) -> Show:
    """The program behind it."""
    return playground[0]
