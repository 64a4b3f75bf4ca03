"""`mentorbot check`: what it says about a set-up that works, and about each way in which one does not."""

import json
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot import check as checks
from bot.config import Settings, load
from bot.platforms import configured
from bot.ports import Finding
from core.store.database import instance_lock
from core.store.types import new_key
from tests.kills import seed
from tests.kills.process import Service

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
BOT, APP = "xoxb-1-abcdefgh", "xapp-1-A1-abcdefgh"
NOBODY = "http://127.0.0.1:9/"


def chosen(folder: Path, **more: str) -> Settings:
    """The settings of a service in this folder."""
    given = {"console__socket": str(folder / "socket"), "encryption__mode": "off"} | more
    return load(
        None,
        {"MENTORBOT_HOME": str(folder)},
        {key.replace("__", "."): value for key, value in given.items()},
        folder,
    )


async def found(settings: Settings, now: datetime = NOW) -> dict[str, Finding]:
    """What is found, by name."""
    return {finding.name: finding for finding in await checks.check(settings, now)}


def put(url: str, folder: Path, **more: str) -> Settings:
    """Settings for this database."""
    return chosen(folder, database__url=url, **more)


def faults(findings: dict[str, Finding]) -> list[str]:
    return [name for name, finding in findings.items() if finding.state == "fault"]


async def test_a_service_that_would_work_has_no_faults(store_url: str, tmp_path: Path) -> None:
    findings = await found(put(store_url, tmp_path))
    assert faults(findings) == []
    for name in ("database", "tables", "writing", "zone data", "clock", "console"):
        assert findings[name].state == "ok", findings[name]
        assert findings[name].remedy == ""
    assert findings["encryption key"].state == "warning"
    assert ("SQLite" in findings) == store_url.startswith("sqlite")
    assert "zones" in findings["zone data"].seen


async def test_looking_changes_nothing(sqlite_store_url: str, tmp_path: Path) -> None:
    path = Path(sqlite_store_url.removeprefix("sqlite:///"))

    def contents() -> list[str]:
        with closing(sqlite3.connect(path)) as database:
            return list(database.iterdump())

    before = contents()
    settings = put(sqlite_store_url, tmp_path, encryption__mode="on")
    await found(settings)
    assert contents() == before
    assert not settings.key_file.exists()


async def test_without_a_database_it_says_who_makes_one(tmp_path: Path) -> None:
    findings = await found(chosen(tmp_path))
    assert findings["database"].state == "warning"
    assert "`mentorbot migrate`" in findings["database"].remedy
    assert "writing" not in findings
    assert not (tmp_path / "mentorbot.db").exists()


async def test_a_file_that_is_no_database_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "mentorbot.db").write_text("a shopping list" * 100)
    findings = await found(chosen(tmp_path))
    assert faults(findings) == ["database"]
    assert "not a database" in findings["database"].seen


async def test_a_server_that_does_not_answer_is_a_fault_without_its_password(tmp_path: Path) -> None:
    findings = await found(put("postgresql://ana:hunter2hunter2@127.0.0.1:9/mentors", tmp_path))
    assert faults(findings) == ["database"]
    assert "PostgreSQL, mentors at 127.0.0.1 cannot be read" in findings["database"].seen
    assert "hunter2" not in checks.text(list(findings.values()))


@pytest.mark.parametrize(
    ("revision", "state", "says"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "fault", "newer than this release"),
        ("DROP TABLE alembic_version", "warning", "there are none yet"),
    ],
)
async def test_tables_of_another_release_are_told(
    revision: str, state: str, says: str, sqlite_store_url: str, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(sqlite_store_url.removeprefix("sqlite:///"))) as database, database:
        database.execute(revision)
    findings = await found(put(sqlite_store_url, tmp_path))
    assert findings["tables"].state == state
    assert says in findings["tables"].seen
    assert findings["tables"].remedy
    assert "writing" not in findings


async def test_who_holds_the_database_is_named(sqlite_store_url: str, tmp_path: Path) -> None:
    lock = instance_lock(Path(sqlite_store_url.removeprefix("sqlite:///")), "run")
    lock.acquire()
    try:
        findings = await found(put(sqlite_store_url, tmp_path))
    finally:
        lock.release()
    assert findings["writing"] == Finding("writing", "ok", f"in use by mentorbot run (process {os.getpid()})")


async def test_a_database_that_takes_no_write_is_a_fault(sqlite_store_url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(sqlite_store_url.removeprefix("sqlite:///"))) as database, database:
        database.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON alembic_version BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    findings = await found(put(sqlite_store_url, tmp_path))
    assert faults(findings) == ["writing"]
    assert "disk full" in findings["writing"].seen
    assert "room" in findings["writing"].remedy


# --- Keys -------------------------------------------------------------------------------------------------------


async def test_a_lost_key_is_named_with_what_it_sealed(sqlite_store_url: str, tmp_path: Path) -> None:
    old, new = new_key(), new_key()
    await seed.pairs(sqlite_store_url, old, [("ann", "ben")])
    sealed_by(sqlite_store_url, old)
    both = put(sqlite_store_url, tmp_path, encryption__mode="on", encryption__keys=f"{new},{old}")
    assert (await found(both))["sealed text"].state == "ok"
    only_new = put(sqlite_store_url, tmp_path, encryption__mode="on", encryption__keys=new)
    findings = await found(only_new)
    assert "sealed text" in faults(findings)
    assert "views.body" in findings["sealed text"].seen
    assert "put it back into encryption.keys" in findings["sealed text"].remedy
    off = await found(put(sqlite_store_url, tmp_path))
    assert "sealed text" in faults(off)
    said = checks.text(list(findings.values()))
    assert old not in said
    assert new not in said


async def test_a_key_that_lies_where_the_program_keeps_its_own_is_found(
    sqlite_store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    old = new_key()
    sealed_by(sqlite_store_url, old)
    settings = put(sqlite_store_url, tmp_path, encryption__mode="on", encryption__keys=new_key())
    settings.key_file.parent.mkdir(parents=True)
    settings.key_file.write_text(old)
    assert f"The key in {settings.key_file} opens them" in (await found(settings))["sealed text"].remedy


def sealed_by(url: str, key: str) -> None:
    """Put a sealed text into the database."""
    value = Fernet(key).encrypt(b'{"a": 1}')
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database, database:
        database.execute(
            "INSERT INTO views (platform, address, kind, body, created_at) VALUES ('console', 'ann', 'x', ?, ?)",
            (value, "2026-03-02 10:00:00.000000"),
        )


@pytest.mark.parametrize(
    ("text", "mode", "state", "says"),
    [
        (None, 0o600, "ok", "the first start makes one"),
        ("", 0o600, "fault", "holds no key"),
        ("not a key", 0o600, "fault", "cannot be read"),
        ("key", 0o644, "warning", "can be read by others"),
        ("key", 0o600, "ok", "keep a copy"),
    ],
)
async def test_the_file_of_the_key_is_looked_at(
    text: str | None,
    mode: int,
    state: str,
    says: str,
    sqlite_store_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    settings = put(sqlite_store_url, tmp_path, encryption__mode="on")
    if text is not None:
        settings.key_file.parent.mkdir(parents=True)
        settings.key_file.write_text(new_key() if text == "key" else text)
        settings.key_file.chmod(mode)
    finding = (await found(settings))["encryption key"]
    assert (finding.state, says in finding.seen) == (state, True), finding


# --- The rest ---------------------------------------------------------------------------------------------------


async def test_a_zone_that_is_unknown_here_is_told(sqlite_store_url: str, tmp_path: Path) -> None:
    await seed.pairs(sqlite_store_url, None, [("ann", "ben")])
    with closing(sqlite3.connect(sqlite_store_url.removeprefix("sqlite:///"))) as database, database:
        database.execute("UPDATE users SET zone = 'Mars/Olympus' WHERE name = 'ann'")
    finding = (await found(put(sqlite_store_url, tmp_path)))["zone data"]
    assert finding.state == "warning"
    assert "Mars/Olympus" in finding.seen


async def test_long_work_that_failed_is_told(sqlite_store_url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(sqlite_store_url.removeprefix("sqlite:///"))) as db, db:
        put_at = "2026-03-02 03:00:00.000000"
        row = ("recommendations", "all", put_at, put_at, 2, "MemoryError: ")
        db.execute(
            "INSERT INTO work (kind, subject, put_at, due_at, tries, trouble) VALUES (?, ?, ?, ?, ?, ?)", row
        )
    finding = (await found(put(sqlite_store_url, tmp_path)))["long work"]
    assert (finding.state, finding.seen) == ("warning", "recommendations failed 2 times: MemoryError: ")


async def test_a_clock_in_the_past_is_a_fault(tmp_path: Path) -> None:
    assert faults(await found(chosen(tmp_path), datetime(1970, 1, 1, tzinfo=UTC))) == ["clock"]


async def test_no_platform_is_a_fault_that_names_what_to_set(tmp_path: Path) -> None:
    settings = chosen(tmp_path, console__socket="null")
    assert configured(settings) == []
    finding = (await found(settings))["platforms"]
    assert (finding.state, "slack.bot_tokens" in finding.remedy) == ("fault", True)


async def test_half_a_platform_is_told(tmp_path: Path) -> None:
    findings = await found(chosen(tmp_path, slack__app_token=APP))
    assert findings["slack"].state == "warning"
    assert "slack.bot_tokens is empty" in findings["slack"].seen


async def test_a_platform_is_asked_and_no_token_is_told(tmp_path: Path) -> None:
    settings = chosen(tmp_path, slack__bot_tokens=BOT, slack__app_token=APP, slack__api_url=NOBODY)
    findings = list((await found(settings)).values())
    assert [finding.name for finding in findings if finding.state == "fault" and "slack" in finding.name]
    for said in (checks.text(findings), checks.to_json(findings)):
        assert BOT not in said
        assert APP not in said


def test_a_finding_is_a_line_with_its_remedy() -> None:
    findings: Sequence[Finding] = (
        Finding("disk", "ok", "900 MiB are free"),
        Finding("SQLite", "warning", "3.40.1", "Use another."),
        Finding("clock", "fault", "it is 1970", "Set it."),
    )
    assert checks.text(findings).splitlines() == [
        "✓ disk: 900 MiB are free",
        "! SQLite: 3.40.1 → Use another.",
        "✗ clock: it is 1970 → Set it.",
    ]
    assert json.loads(checks.to_json(findings))[1] == {
        "name": "SQLite",
        "state": "warning",
        "seen": "3.40.1",
        "remedy": "Use another.",
    }


async def test_the_command_ends_with_one_at_a_fault_and_works_beside_the_service(tmp_path: Path) -> None:
    service = Service(tmp_path)
    async with service:
        await service.start()
        await service.listening()
        beside = await service.command("check", "--json")
        await service.stop()
    assert (beside.code, beside.err) == (0, "")
    told = {finding["name"]: finding for finding in json.loads(beside.out)}
    assert told["writing"]["seen"] == f"in use by mentorbot run (process {service.pid})"
    service.database.write_text("broken" * 1000)
    broken = await service.command("check")
    assert broken.code == 1
    assert "✗ database: " in broken.out
