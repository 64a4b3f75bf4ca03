"""A lesson of 20,000 characters on every platform's wire: page by page, whole, no code cut."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.stage import community, demo
from bot.stage.driver import Driver
from bot.stage.script import parse
from core.courses import bodies, importing
from tests.contract.drivers import DRIVERS
from tests.courses.shelf import TOPICS, course, drafts

LENGTH = 20_000
SENTENCES = {
    "en": "Sentence {0} says <b>nothing</b> & *little* about [links](https://example.org/{0}) and `code_{0}`. ",
    "zh": "第 {0} 句没说什么，只有 `code_{0}` 和一点 **重点**，还有表情 🎉。",
}


def lesson(language: str) -> tuple[str, list[str]]:
    """A long lesson, and the blocks of code in it."""
    blocks: list[str] = []
    parts: list[str] = []
    number = 0
    while sum(map(len, parts)) < LENGTH:
        number += 1
        parts.append(f"## Part {number}")
        parts.append((SENTENCES[language].format(number) * 8)[:1400].rsplit(".", 1)[0])
        code = "\n".join(f"line_{number}_{at} = '<&> {at}'" for at in range(24))
        blocks.append(code)
        parts.append(f"```python\n{code}\n```")
        parts.append("\n".join(f"- item {number}.{at}" for at in range(6)))
    return "\n\n".join(parts), blocks


def text_of(message: Any) -> str:
    return str(message["text"])


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", DRIVERS)
async def test_a_long_lesson_arrives_whole_and_no_code_is_cut(
    name: str, language: str, tmp_path: Path, sqlite_store_url: str
) -> None:
    body, blocks = lesson(language)
    assert len(body) >= LENGTH
    files = course("long", lessons={"one": f"minutes: 60\n---\n{body}"}, language=language)
    (draft,) = drafts(tmp_path / "shelf", ("long", files))
    script = parse([f"cast ana mentee UTC {language}", "at 2026-03-02 09:00 UTC"])
    kind: type[Driver] = DRIVERS[name]
    chosen = demo.settings(tmp_path, script, script.cast, kind.at)
    chosen = dataclasses.replace(chosen, database=dataclasses.replace(chosen.database, url=sqlite_store_url))
    assert script.at is not None
    driver = kind(chosen, script.at, community.names(script.cast))
    await driver.open()
    try:
        await community.seat(driver.app, script.cast, script.at, kind.at)
        now = driver.clock.now

        def put(tx: Connection) -> None:
            importing.put(tx, [draft], TOPICS, chosen.policy, now)

        await driver.app.database.write(put)
        pages = await read_through(driver, language)
    finally:
        await driver.close()
    size = driver.app.world.screens[driver.at("ana").platform]
    assert len(pages) == len(bodies.pages(body, size - 250))
    together = "\n".join(pages)
    for code in blocks:
        # Each block of code stands whole on one page.
        assert sum(code in page for page in pages) == 1
    for number in range(1, len(blocks) + 1):
        assert len(re.findall(rf"Part {number}\b", together)) == 1
        for at in range(6):
            assert len(re.findall(rf"item {number}\.{at}\b", together)) == 1
    wanted = re.findall(r"code_\d+", body)
    assert re.findall(r"code_\d+", together) == wanted


async def read_through(driver: Driver, language: str) -> list[str]:
    """Enrol and turn the pages to the end; each page is one message."""
    on, done = {"en": ("Read on", "Done"), "zh": ("继续看", "学完了")}[language]
    await driver.command("ana", "enrol", "1")
    pages = [text_of(driver.screen("ana")[-1].message)]
    while f"[{on}]" in pages[-1]:
        before = len(driver.screen("ana"))
        await driver.press("ana", on)
        came = driver.screen("ana")[before:]
        assert len(came) == 1
        pages.append(text_of(came[0].message))
    assert f"[{done}]" in pages[-1]
    return pages
