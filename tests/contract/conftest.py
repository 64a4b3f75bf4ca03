"""A stage on the platform that a module is about, its driver, and two who are there.

The module says which driver it is, by a fixture `kind`.
"""

from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from bot.stage.driver import Driver
from tests.contract.suite import Stage, open_stage


class Peopled(Protocol):
    """A driver whose people sit at a platform's clients."""

    def person(self, who: str) -> object:
        """Give the one at the client."""
        ...


@pytest.fixture
async def stage(kind: type[Driver], sqlite_store_url: str) -> AsyncIterator[Stage]:
    async with open_stage(kind, sqlite_store_url) as stage:
        yield stage


@pytest.fixture
def driver(stage: Stage) -> Driver:
    return stage.driver


@pytest.fixture
def ana(driver: Peopled) -> object:
    return driver.person("ana")


@pytest.fixture
def lee(driver: Peopled) -> object:
    return driver.person("lee")
