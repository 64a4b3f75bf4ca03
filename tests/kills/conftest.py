"""A folder for a service, with a path short enough for a socket in it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# What these find is told as a test's own finding is.
pytest.register_assert_rewrite("tests.kills.checks", "tests.kills.trials")


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        yield Path(name)
