"""An imported person takes over what is known of them with a code that works once."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, select

from bot.dialogs.signup import INVITATION
from bot.stage import demo
from bot.stage.driver import ConsoleDriver
from bot.stage.script import Script
from core import importing, tokens, topics, users
from core.store.tables import addresses
from core.store.tables import users as table

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SHEET = b"ref,topics,time_zone,languages\nm1,react;typescript,Europe/Madrid,es;en\n"


async def opened(folder: Path) -> tuple[ConsoleDriver, str]:
    settings = demo.settings(folder, Script((), NOW, {}, ()), ())
    driver = ConsoleDriver(settings, NOW, {"rosa": {"name": "Rosa Vidal"}})
    await driver.open()

    def bring(tx: Connection) -> str:
        importing.put(tx, importing.read(SHEET, topics.load()).drafts, settings.policy, NOW)
        person = users.by_ref(tx, "m1")
        assert person is not None
        return tokens.issue(tx, INVITATION, person.id, NOW + timedelta(days=30), random.Random(1))

    return driver, await driver.app.database.write(bring)


def last(driver: ConsoleDriver) -> str:
    return driver.screen("rosa")[-1].text


async def sign_up(driver: ConsoleDriver) -> None:
    for answer in (
        "yes",
        "Rosa Vidal",
        "mentor",
        "react 4, typescript",
        "skip",
        "es, en",
        "skip",
        "skip",
        "skip",
        "skip",
    ):
        await driver.say("rosa", answer)


async def test_the_code_prefills_and_makes_the_imported_person_theirs(tmp_path: Path) -> None:
    driver, code = await opened(tmp_path)
    await driver.command("rosa", "signup", code)
    await driver.command("rosa", "cancel", "")
    await driver.command("rosa", "signup", code)
    await sign_up(driver)
    assert "Welcome, Rosa Vidal!" in last(driver)

    def who(tx: Connection) -> list[tuple[str, str | None, str]]:
        rows = tx.execute(
            select(table.c.name, table.c.ref, table.c.state).join(
                addresses, addresses.c.user_id == table.c.id
            )
        )
        return [(row.name, row.ref, row.state) for row in rows]

    assert await driver.app.database.read(who) == [("Rosa Vidal", "m1", "active")]
    await driver.close()


async def test_a_code_that_is_wrong_is_told_and_one_can_sign_up_all_the_same(tmp_path: Path) -> None:
    driver, _ = await opened(tmp_path)
    await driver.command("rosa", "signup", "wrong")
    assert "not valid" in last(driver)
    await driver.press("rosa", "Sign up")
    await sign_up(driver)
    assert "Welcome" in last(driver)
    await driver.close()


async def test_a_code_works_once(tmp_path: Path) -> None:
    driver, code = await opened(tmp_path)
    await driver.command("rosa", "signup", code)
    await sign_up(driver)
    await driver.command("rosa2", "signup", code)
    assert "not valid" in driver.screen("rosa2")[-1].text
    await driver.close()
