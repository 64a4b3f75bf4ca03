"""The pictures of the page in README: `python -m tests.browser.pictures FOLDER`, or `make pictures`."""

import asyncio
import sys
from pathlib import Path

from bot.stage.demo import new_folder
from tests.browser.chrome import Window, connected, saved, started
from tests.browser.reader import Reader
from tests.browser.test_lasting import begun, stopped

WIDTH, HEIGHT = 1280, 800


async def both_sides(window: Window, reader: Reader) -> bytes:
    """Ana and her mentor, in the middle of the story."""
    await reader.say(1, "/find rust")
    await reader.press(1, "Ask the first available")
    await window.until('document.querySelector(\'.pane[data-pane="1"] [data-press^="accept:"]\')')
    await reader.press(2, "Accept")
    await reader.press(1, "Talk")
    await reader.sees(1, "What you write here now goes to")
    await reader.say(1, "Hello! My first parser does not borrow what it should. May I show you?")
    await reader.sees(1, "Passed on")
    await reader.press(2, "Talk")
    await reader.say(
        2, "Gladly. Send me the part with the lifetimes:\n```\nfn next<'a>(&'a self) -> &'a str\n```"
    )
    await reader.sees(1, "fn next")
    await window.run("document.activeElement.blur()")
    return await window.picture()


async def elsewhere(window: Window, reader: Reader) -> bytes:
    """What Ana found, as Slack, Discord and Telegram show it."""
    await reader.chat(1)
    await window.run("document.querySelector('#looks').click()")
    await reader.say(1, "/find python and sql")
    await window.until("document.querySelectorAll('.look .press').length > 8")
    await window.run("document.activeElement.blur()")
    return await window.picture()


async def main(folder: Path) -> None:
    """Take both."""
    process, address = await begun(new_folder(), 0)
    try:
        with started() as where:
            async with connected(where) as browser:
                still = {"prefers_color_scheme": "light", "prefers_reduced_motion": "reduce"}
                async with browser.window(WIDTH, HEIGHT, **still) as window:
                    reader = await Reader(window).open(address, "en", "ana", "sergio")
                    saved(await both_sides(window, reader), folder / "both-sides.png")
                still["prefers_color_scheme"] = "dark"
                async with browser.window(WIDTH, 940, **still) as window:
                    reader = await Reader(window).open(address, "en", "ana", "hugo")
                    saved(await elsewhere(window, reader), folder / "three-platforms.png")
    finally:
        await stopped(process)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
