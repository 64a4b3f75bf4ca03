"""The story on the page, by keyboard alone, in both languages: asked, accepted, talked, met, rated."""

import pytest

from bot.app import locales
from bot.messages import Catalogue
from bot.stage.community import community
from core import topics
from tests.browser.chrome import Browser
from tests.browser.conftest import SEED
from tests.browser.reader import Reader

WORDS = Catalogue.load(locales(), topics.load().name)
SPEAKS = {person.handle: str(person.locale) for person in community(SEED)}
DAYS = 10


def word(key: str, who: str, **params: str) -> str:
    """What the program says to somebody, up to the first thing that depends."""
    return WORDS.text(key, params, SPEAKS[who], "UTC")


@pytest.mark.parametrize(("language", "ana", "topic"), [("en", "ana", "rust"), ("zh", "lan", "java")])
async def test_the_story_by_keyboard_alone(
    browser: Browser, url: str, language: str, ana: str, topic: str
) -> None:
    async with browser.window(1280, 900) as window:
        reader = await Reader(window).open(url, language, ana, "olga")
        await reader.say(1, f"/find {topic}")
        await reader.press(1, word("find.button.first", ana))
        # The other chat follows to whoever is asked.
        await window.until("document.querySelector('.pane[data-pane=\"1\"] .message.push')")
        lee = await reader.who(2)
        assert lee not in (ana, "olga")
        await reader.press(2, word("offer.button.accept", lee))
        await reader.press(1, word("room.button.talk", ana))
        await reader.sees(1, word("room.button.leave", ana))
        await reader.say(1, "Hello! 你好 <b>`lifetimes`</b>?")
        await reader.sees(2, "Hello! 你好 <b>lifetimes</b>?")

        await reader.press(1, word("session.button.schedule", ana))
        # What is asked has the focus.
        await window.until("document.activeElement.matches('.form [type=checkbox]')")
        await window.press("Space")
        assert await window.run("document.activeElement.checked")
        await reader.reach(word("form.next", ana))
        await window.press("Enter")
        await window.until("document.querySelector('.pane[data-pane=\"1\"] [data-press^=confirm]')")
        await reader.chat(2)
        await reader.until("document.activeElement.dataset.press?.startsWith('confirm')", back=True)
        await window.press("Enter")
        await reader.sees(1, "meet.jit.si")
        assert "session-" in await reader.reads(1)

        met = word("session.button.met", ana)
        await reader.reach(
            await window.run("document.querySelectorAll('.jumps button')[2].innerText"), back=True
        )
        for _ in range(DAYS):
            if met in await reader.reads(1):
                break
            before = await window.run("document.querySelector('.now').dateTime")
            await window.press("Enter")
            await window.until(f"document.querySelector('.now').dateTime.slice(0, 10) > {before[:10]!r}")
        await reader.press(1, met)
        await window.until("document.activeElement.matches('.form [type=radio]')")
        await window.press("Space")
        await reader.reach(word("form.next", ana))
        await window.press("Enter")
        await reader.sees(1, word("session.button.schedule", ana))
        await window.until("!document.querySelector('.form')")
        assert window.trouble == []
