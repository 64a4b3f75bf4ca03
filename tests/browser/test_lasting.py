"""Nothing is lost on the page: not by a reload, not by a killed program, not by a second browser."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.stage.show import Show
from tests.browser.chrome import PATIENCE, Browser
from tests.browser.reader import Reader
from tests.browser.screens import LAST, click

THREADS = "[...document.querySelectorAll('.thread')].map((one) => one.innerText)"
FIELDS = """[...document.querySelectorAll("textarea, .form input")].map(
    (one) => (["radio", "checkbox"].includes(one.type) ? one.checked : one.value))"""


async def test_a_reload_at_any_point_loses_nothing(browser: Browser, url: str) -> None:
    async with browser.window() as window:
        reader = await Reader(window).open(url, "en", "ana", "newcomer")

        async def again() -> None:
            """Load the page again; it looks as it did, and so do the fields."""
            before = [await window.run(THREADS), await window.run(FIELDS)]
            assert len(before[0]) == 2
            await window.reload()
            await window.until(f"JSON.stringify({THREADS}) === JSON.stringify({before[0]!r})")
            assert await window.run(FIELDS) == before[1]

        await again()
        await reader.chat(1)
        await window.type("/find rust and")
        await again()
        await reader.chat(1)
        await window.press("Enter")
        await window.until(f"{LAST}?.querySelector('.items')")
        await again()
        await click(window, ".pane .items button")
        # The other chat follows to the mentor, and stays with that one.
        await window.until("document.querySelector('.pane[data-pane=\"1\"] .push')")
        await again()
        await reader.press(2, "Accept")
        await reader.sees(1, "Good news")
        await again()
        await reader.say(1, "/signup")
        await reader.say(1, "/find")
        await window.until("document.activeElement.matches('.form [role=combobox]')")
        # Her topics are there already, once they have their names.
        await window.until("document.querySelectorAll('.form .chip').length === 3")
        await window.type("rust")
        await window.press("Enter")
        await reader.reach("What would you like to reach? (optional)")
        await window.type("To write a parser.\nAnd to finish it.")
        await again()
        await reader.chat(1)
        await reader.reach("Next", back=True)
        await window.press("Enter")
        await window.until(f"!document.querySelector('.form') && {LAST}.querySelector('.items')")
        await again()
        assert window.trouble == []


async def test_what_was_sent_into_a_reload_is_sent_once(browser: Browser, url: str, show: Show) -> None:
    async with browser.window() as window:
        reader = await Reader(window).open(url, "en", "ana", "sergio")
        await reader.chat(1)
        await window.type("/help me")
        # The page is gone before it hears anything.
        await window.run(
            "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));"
            "document.documentElement.dataset.ready = 'old'; location.reload()"
        )
        await window.until("document.documentElement.dataset.ready === 'yes'")
        await reader.sees(1, "What you can do here")
        playground = show._playground
        assert playground is not None
        said = [entry for entry in playground.web.transcript.entries if entry.data.get("label") == "/help me"]
        assert len(said) == 1


async def test_two_browsers_see_each_other_at_once(browser: Browser, url: str) -> None:
    async with browser.window() as one, browser.window(360, 700) as other:
        ana = await Reader(one).open(url, "en", "ana", "sergio")
        both = await Reader(other).open(url, "zh", "ana", "hugo")
        await ana.say(1, "/find rust")
        await both.sees(1, "mentors fit Rust")
        await click(other, ".pane .items button")
        await ana.sees(1, "I have asked")
        # Time is one for all.
        await click(one, ".jumps button:nth-child(2)")
        assert await other.until("document.querySelector('.now').textContent.includes('09:00')")
        await both.say(2, "/help")
        await both.sees(2, "/find")
        assert (one.trouble, other.trouble) == ([], [])


async def test_a_link_leads_somebody_else_to_the_same_state(
    browser: Browser, url: str, tmp_path: Path
) -> None:
    async with browser.window() as window:
        reader = await Reader(window).open(url, "en", "ana", "newcomer")
        await reader.say(1, "/find rust")
        await reader.press(1, "Ask the first available")
        await window.until("document.querySelector('.pane[data-pane=\"1\"] .push')")
        await reader.press(2, "Accept")
        await reader.sees(1, "Good news")
        # This chat stays with the mentor, whoever is written to while the day passes.
        await click(window, ".pane[data-pane='1'] .follow input")
        await click(window, ".jumps button:nth-child(3)")
        await window.until("document.querySelector('.now').textContent.includes('3 Mar')")
        told = await window.run(THREADS)
        await click(window, "#tools button:last-child")
        await window.run(
            "[...document.querySelectorAll('dialog button')].find((one) => one.innerText === 'Copy the link').click()"
        )
        link = await window.until("document.querySelector('dialog input[readonly]')?.value")
        mentor = await reader.who(2)
    # Elsewhere: the same people, and nothing of what was done.
    async with serving_anew(tmp_path) as elsewhere, browser.window() as window:
        reader = Reader(window)
        await reader.open(elsewhere, "en", "ana", mentor)
        assert "Good news" not in await reader.reads(1)
        await window.run(f"location.href = {link.replace(url, elsewhere)!r}; location.reload()")
        await window.until(
            "document.querySelector('dialog') && document.documentElement.dataset.ready === 'yes'"
        )
        await window.run("sessionStorage.setItem('kept', sessionStorage.getItem('panes'))")
        await window.run("document.documentElement.dataset.ready = 'old'")
        await click(window, "dialog .primary")
        await window.until("!location.hash && document.documentElement.dataset.ready === 'yes'")
        await window.run("sessionStorage.setItem('panes', sessionStorage.getItem('kept'))")
        await window.reload()
        await reader.sees(1, "Good news")
        assert await window.run(THREADS) == told


@asynccontextmanager
async def serving_anew(folder: Path) -> AsyncIterator[str]:
    """Run the demo as a program of its own, on any port; gives where it is."""
    process, address = await begun(folder, 0)
    try:
        yield address
    finally:
        await stopped(process)


async def begun(folder: Path, port: int) -> tuple[asyncio.subprocess.Process, str]:
    """Start the demo in a folder, and wait until it serves."""
    arguments = ["-m", "bot", "demo", "--resume", str(folder), "--port", str(port), "--no-browser"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        line = (await process.stdout.readline()).decode()
    found = re.search(r"http://\S+", line)
    assert found, line
    return process, found[0]


async def stopped(process: asyncio.subprocess.Process) -> None:
    """Stop it as Ctrl+C does."""
    if process.returncode is None:
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 0


async def test_the_program_is_killed_and_the_page_comes_back_by_itself(
    browser: Browser, tmp_path: Path
) -> None:
    process, address = await begun(tmp_path, 0)
    port = int(address.rstrip("/").rpartition(":")[2])
    try:
        async with browser.window() as window:
            reader = await Reader(window).open(address, "en", "ana", "sergio")
            await reader.say(1, "/find rust")
            await window.until(f"{LAST}?.querySelector('.items')")
            told = await reader.reads(1)
            process.kill()
            await process.wait()
            await window.until("document.querySelector('#lost').textContent")
            await reader.say(1, "/help")
            process, _ = await begun(tmp_path, port)
            # Nobody loads the page again, and what was written meanwhile is answered.
            await window.until("!document.querySelector('#lost').textContent")
            await reader.sees(1, "What you can do here")
            assert (await reader.reads(1)).startswith(told)
            await reader.press(1, "Ask the first available")
            await reader.sees(1, "I have asked")

            # The page itself can have it killed.
            number = process.pid
            await click(window, "#tools button:last-child")
            await click(window, "dialog .danger")
            await window.until("document.querySelector('#lost').textContent")
            await window.until("!document.querySelector('#lost').textContent")
            await window.run("document.querySelector('dialog').close()")
            await window.until("!document.querySelector('dialog')")
            await reader.say(1, "/requests")
            await reader.sees(1, "One thing is open")
            assert os.getpgid(number)
    finally:
        await stopped(process)
