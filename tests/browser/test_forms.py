"""Every type of field as a field of the page: filled in as one does there, kept when wrong, known when known."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot import config
from bot.http import serving
from bot.stage.community import names, seat
from bot.stage.playground import Playground
from tests.browser.chrome import SHIFT, Browser, Window
from tests.browser.conftest import well
from tests.browser.reader import Reader
from tests.contract.rehearsal import ANSWERS, opened
from tests.contract.suite import CAST, MONDAY, SETTINGS

OPEN = "document.querySelector('.pane[data-pane=\"0\"] .form')"


@dataclass
class Rehearsal:
    """The contract's program on a page."""

    playground: Playground
    url: str
    begun: int = 0

    async def begin(self, form: str) -> None:
        """Open a form for Ana."""
        self.begun += 1
        await self.playground.web.act({"id": f"begin{self.begun}", "who": "ana", "press": f"begin:{form}"})


@pytest.fixture
async def rehearsal(tmp_path: Path, sqlite_store_url: str) -> AsyncIterator[Rehearsal]:
    given = {**SETTINGS, "database.url": sqlite_store_url, "organisers": "web:olga"}
    chosen = config.load(None, {"MENTORBOT_HOME": "unused"}, given, tmp_path)
    playground = Playground(chosen, MONDAY, names(CAST), tmp_path, CAST, opened=opened)
    await playground.open()
    try:
        await seat(playground.app, CAST, MONDAY, playground.at)
        playground.raise_curtain()
        async with serving(("127.0.0.1", 0), playground.web.routes, well) as (host, port):
            yield Rehearsal(playground, f"http://{host}:{port}/")
    finally:
        await playground.close()


async def field(reader: Reader, name: str) -> None:
    """Go on to a field."""
    await reader.until(f"({LABEL}).startsWith({json.dumps(name)})")


LABEL = """(() => {
    const one = document.activeElement;
    const group = one.closest("fieldset")?.querySelector("legend") ?? one.labels?.[0];
    return group?.innerText ?? "";
})()"""


async def first_page(reader: Reader) -> None:
    """Fill in all that is asked at once."""
    window = reader.window
    await window.type("Ana Ruiz")
    await field(reader, "Your story?")
    await window.type("First line.\nSecond line.")
    await field(reader, "Your age?")
    await window.type("41")
    await field(reader, "Your hours?")
    await window.type("2.5")
    await field(reader, "Your role?")
    await window.press("ArrowDown", "ArrowDown", "ArrowUp")
    assert await window.run("document.activeElement.value") == "helps"
    await field(reader, "Your days?")
    await window.press("Space", "Tab", "Tab", "Space")
    await field(reader, "Your zone?")
    await search(window, "madri", "Europe/Madrid")
    await field(reader, "Your languages?")
    await search(window, "engl", "English")
    await search(window, "chine", "Chinese")
    await field(reader, "Your agreed?")
    await window.press("Space")
    await field(reader, "Your call?")
    await window.press("Space")
    await field(reader, "Your at?")
    await window.run("document.activeElement.value = '2026-03-06T18:00'")
    await field(reader, "Your free?")
    for _ in range(2):
        await window.press("Tab")
    await window.press("Space")
    await reader.reach("Next")


async def test_every_field_is_filled_in_on_one_page_by_keyboard(
    browser: Browser, rehearsal: Rehearsal
) -> None:
    async with browser.window() as window:
        reader = await Reader(window).open(rehearsal.url, "en", "ana", "lee")
        await reader.chat(1)
        await rehearsal.begin("everything")
        await window.until(f"{OPEN} && document.activeElement.closest('.form')")
        await first_page(reader)
        await window.press("Enter")
        # What depends on an answer is asked on the next page.
        await window.until(f"{OPEN}?.querySelectorAll('.field').length === 3")
        await field(reader, "Your since?")
        await window.run("document.activeElement.value = '2026-03-03'")
        await reader.until(f"({LABEL}).startsWith('Your why?')", back=True)
        await window.type("I work in the week")
        await reader.until(
            f"({LABEL}).startsWith('Your topics?') && document.activeElement.type === 'text'", back=True
        )
        await search(window, "pyth", "Python")
        await window.type("knitting,")
        await window.press("Enter")
        await window.until("document.querySelectorAll('.chip').length === 2")
        await window.run("document.querySelector('.chip select').value = '4'")
        await window.run(
            "document.querySelector('.chip select').dispatchEvent(new Event('change', { bubbles: true }))"
        )
        await reader.reach("Next")
        await window.press("Enter")
        understood = await window.until(
            "document.querySelector('.pane').innerText.match(/Understood: (.*)/)?.[1]"
        )
        # A part of the day, instead of hours; a topic that nobody knew.
        unlike = {"free": [[0, 1080, 1320]], "topics": [["python", 4], ["knitting", None]], "file": None}
        assert json.loads(understood) == {**ANSWERS, **unlike}
        assert window.trouble == []


async def search(window: Window, typed: str, wanted: str) -> None:
    """Type into a field that searches, go down to an option, and take it."""
    await window.type(typed)
    shown = "document.activeElement.parentElement.querySelector('[role=listbox]')"
    await window.until(f"!{shown}.hidden && {shown}.innerText.includes({wanted!r})")
    for _ in range(10):
        await window.press("ArrowDown")
        if await window.run(f"{shown}.querySelector('[aria-selected=true]').innerText") == wanted:
            break
    await window.press("Enter")
    await window.until(f"{shown}.hidden")


async def test_what_is_wrong_is_said_at_its_field_and_has_the_focus(
    browser: Browser, rehearsal: Rehearsal
) -> None:
    async with browser.window() as window:
        reader = await Reader(window).open(rehearsal.url, "zh", "ana", "lee")
        await reader.chat(1)
        await rehearsal.begin("everything")
        await window.until(f"{OPEN} && document.activeElement.closest('.form')")
        await window.type("x" * 41)
        await field(reader, "Your story?")
        await window.type("A good one.")
        await field(reader, "Your age?")
        await window.type("many")
        await reader.reach("Next")
        await window.press("Enter")
        await window.until(f"{OPEN}?.querySelectorAll('.error').length > 5")
        assert await window.until("document.activeElement.getAttribute('aria-invalid')") == "true"
        about = await window.run("document.activeElement.getAttribute('aria-describedby').split(' ')[0]")
        told = await window.run(f"document.getElementById({about!r}).innerText")
        assert "41 characters, of 40 at the most" in told
        assert await window.run("document.activeElement.value") == "x" * 41
        assert await window.run(f"{OPEN}.querySelector('textarea').value") == "A good one."
        assert await window.run(f"[...{OPEN}.querySelectorAll('input')][1].value") == "many"
        # The page that was sent is closed.
        assert await window.run("document.querySelectorAll('.form').length") == 1
        await window.press("Tab", modifiers=SHIFT)
        assert window.trouble == []


async def test_what_is_known_is_there_and_is_kept(browser: Browser, rehearsal: Rehearsal) -> None:
    async with browser.window() as window:
        reader = await Reader(window).open(rehearsal.url, "en", "ana", "lee")
        await reader.chat(1)
        await rehearsal.begin("known")
        await window.until(f"{OPEN} && document.activeElement.closest('.form')")
        await window.until(f"{OPEN}.innerText.includes('English')")
        assert await window.run(f"{OPEN}.querySelector('[type=datetime-local]').value") == "2026-03-06T18:00"
        for _ in range(2):
            await reader.reach("Next")
            await window.press("Enter")
            await window.until(f"!{OPEN} || {OPEN}.querySelectorAll('.field').length === 3")
        understood = json.loads(
            await window.until("document.querySelector('.pane').innerText.match(/Understood: (.*)/)?.[1]")
        )
        assert understood == ANSWERS
