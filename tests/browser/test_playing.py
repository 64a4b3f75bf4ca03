"""What a newcomer does on the page: the tour, the clock, both sides, other platforms, and looking behind."""

from tests.browser.chrome import Browser
from tests.browser.reader import Reader
from tests.browser.screens import LAST, click

TOUR = ".tour .buttons button"


async def test_the_tour_leads_through_the_story_and_can_be_closed(browser: Browser, url: str) -> None:
    async with browser.window(1440, 900) as window:
        await window.ask(
            "Page.addScriptToEvaluateOnNewDocument", source="localStorage.setItem('language', 'en')"
        )
        await window.go(url)
        reader = Reader(window)
        assert await window.until("document.activeElement.id === 'tour-title'")
        for number, seen in enumerate(
            ("mentors fit Rust", "I have asked", "Good news", "Passed on", "meet.jit.si"), 1
        ):
            await window.until(f"document.querySelector('.tour .step').innerText === '{number} of 6'")
            await click(window, TOUR)
            await reader.sees(1, seen)
        # The other side saw all of it.
        await window.until("document.querySelector('.tour .step').innerText === '6 of 6'")
        await click(window, TOUR)
        await window.until("document.querySelectorAll('.look').length === 3")
        await window.until("document.querySelectorAll('.look .press').length > 2")
        assert "Accept" in await window.run("document.querySelector('.timeline').innerText")
        await click(window, f"{TOUR}.primary")
        await window.until("!document.querySelector('.tour')")
        await window.reload()
        assert not await window.run("document.querySelector('.tour')")
        await click(window, "#tools button:nth-child(2)")
        await window.until("document.activeElement.id === 'tour-title'")
        await window.press("Escape")
        await window.until("!document.querySelector('.tour')")
        assert window.trouble == []


async def test_time_passes_before_ones_eyes(browser: Browser, url: str) -> None:
    now = "document.querySelector('.now').dateTime"
    async with browser.window() as window:
        await Reader(window).open(url, "en", "ana", "hugo")
        coming = await window.until("document.querySelector('.coming li span')?.innerText")
        assert coming == "a mentor is reminded of a request"
        due = await window.run("document.querySelector('.coming time').dateTime")
        await click(window, ".jumps button:nth-child(4)")
        await window.until(f"new Date({now}) >= new Date({due!r})")
        # Whoever was reminded is shown, and the list says so.
        await window.until(
            "document.querySelector('.pane[data-pane=\"1\"]').innerText.includes('waiting for your answer')"
        )
        await window.until("document.querySelector('.lines').innerText.includes('waiting for your answer')")
        before = await window.run(now)
        await click(window, ".play")
        await window.until(f"new Date({now}) - new Date({before!r}) >= 5400000")
        await click(window, ".play")
        assert await window.run("document.querySelector('.play').innerText") == "Play"
        assert window.trouble == []


async def test_commands_go_by_typed_text_with_completion_by_menu_and_by_button(
    browser: Browser, url: str
) -> None:
    async with browser.window() as window:
        reader = await Reader(window).open(url, "en", "lan", "olga")
        await reader.chat(1)
        await window.type("/se")
        listed = "[...document.querySelectorAll('.pane .list.above li b')].map((one) => one.innerText)"
        assert await window.until(f"{listed}.length && {listed}") == ["/sessions", "/settings"]
        await window.press("ArrowDown", "ArrowDown", "Enter", "Enter")
        await window.until(f"{LAST}?.innerText.includes('21:00')")
        # The commands are told in the words of the one who reads.
        await click(window, ".pane .menu")
        assert "找导师" in await window.run("document.querySelector('dialog').innerText")
        assert "/organiser" not in await window.run("document.querySelector('dialog').innerText")
        await window.press("Escape")
        await window.until("!document.querySelector('dialog')")
        await click(window, '.pane[data-pane="1"] .menu')
        await window.run("[...document.querySelectorAll('dialog button')].at(-2).click()")
        await window.until("document.querySelector('.pane[data-pane=\"1\"] .message.answer')")
        assert "Only organisers" not in await reader.reads(2)
        assert window.trouble == []


async def test_a_message_can_be_changed_taken_back_and_replied_to(browser: Browser, url: str) -> None:
    async with browser.window() as window:
        reader = await Reader(window).open(url, "en", "ana", "sergio")
        await reader.say(1, "/find rust")
        await reader.press(1, "Ask the first available")
        await window.until('document.querySelector(\'.pane[data-pane="1"] [data-press^="accept:"]\')')
        await reader.press(2, "Accept")
        await reader.press(1, "Talk")
        await reader.sees(1, "What you write here now goes to")
        await reader.say(1, "Helo!")
        await reader.sees(2, "Ana Ruiz: Helo!")
        await reader.press(1, "Change")
        await window.run("document.activeElement.select()")
        await window.type("Hello!")
        await window.press("Enter")
        await reader.sees(2, "Ana Ruiz (edited): Hello!")
        # Hugo has no room open; what replies to a message of a room goes there.
        await reader.press(2, "Reply")
        await window.type("Good to hear from you.")
        await window.press("Enter")
        await reader.sees(1, "Good to hear from you.")
        await reader.press(1, "Take back")
        await reader.sees(2, "Ana Ruiz took this message back.")
        assert window.trouble == []


async def test_one_can_ask_why_and_look_behind_the_match(browser: Browser, url: str) -> None:
    async with browser.window() as window:
        reader = await Reader(window).open(url, "zh", "lan", "hao")
        await reader.say(1, "/find java")
        await window.until(f"{LAST}?.querySelector('.items')")
        await window.run(f"{LAST}.querySelector('.about').lastChild.focus()")
        await window.press("Enter")
        scores = await window.until(
            "[...document.querySelectorAll('.scores tbody td b')].map((one) => parseInt(one.innerText))"
        )
        assert scores == sorted(scores, reverse=True)
        assert len(scores) > 3
        await window.press("Escape")
        await window.until("!document.querySelector('dialog')")
        # The focus is where it was.
        assert await window.run(f"{LAST}.contains(document.activeElement)")
        await window.until("document.querySelector('.pane[data-pane=\"1\"] .push .about')")
        await window.run("document.querySelector('.pane[data-pane=\"1\"] .push .about').children[1].click()")
        told = await window.until("document.querySelector('dialog')?.innerText")
        assert "你们同时收到介绍" in told
        assert window.trouble == []


# --- What bad input gets ----------------------------------------------------------------------------------------

NOW = "document.querySelector('.now').dateTime"
BAD = {
    "an unknown command": ("/fnd rust", "Did you mean /find?"),
    "a topic with a typo": ("/find rusd", "Did you mean"),
    "a topic with markup": ("/find <b>x</b>", "I did not find a topic in “<b>x</b>”"),
    "too long": ("/find " + "rust " * 120, "of 500 at the most"),
    "words that belong to nothing": ("what now", "Help"),
    "a form that is not open": ("/back", "There is no open question."),
    "a date in the past": ("/pause yesterday", "That day is over."),
    "no date": ("/pause when it suits", "I could not read a day in that."),
    "what only organisers may do": ("/organiser", "Only organisers can do that."),
    "a number that is nobody's": ("/accept 99999", "not"),
}
"""What is typed, and part of what is said to it."""


async def answered(reader: Reader, text: str) -> str:
    """Write something as the first; give what is said to it."""
    before = await reader.window.run(f"Number({LAST}?.dataset.n ?? 0)")
    await reader.say(1, text)
    await reader.window.until(f"Number({LAST}?.dataset.n) > {before} && !{LAST}.classList.contains('mine')")
    said: str = await reader.window.run(f"{LAST}.innerText")
    return said


async def test_a_time_that_no_clock_shows_is_named_and_the_next_is_offered(
    browser: Browser, url: str
) -> None:
    async with browser.window() as window:
        reader = await Reader(window).open(url, "en", "ana", "newcomer")
        await reader.say(1, "/find rust")
        await reader.press(1, "Ask the first available")
        await window.until("document.querySelector('.pane[data-pane=\"1\"] .push')")
        await reader.press(2, "Accept")
        await reader.sees(1, "Good news")
        await answered(reader, "/schedule")
        said = await answered(reader, "29 March 02:30")
        assert "the clocks go forward" in said
        # The question is still there, and a time that there is answers it.
        assert "I have asked" in await answered(reader, "28 March 18:30")
        assert window.trouble == []


async def test_every_mistake_gets_a_clear_sentence_and_nothing_is_lost(browser: Browser, url: str) -> None:
    async with browser.window() as window:
        reader = await Reader(window).open(url, "en", "ana", "hugo")
        for name, (typed, wanted) in BAD.items():
            said = await answered(reader, typed)
            assert wanted in said, name
            assert "wrong on my side" not in said, name
            await answered(reader, "/cancel")
        # A button of last month.
        await answered(reader, "/find rust")
        for _ in range(45):
            before = await window.run(NOW)
            await click(window, ".jumps button:nth-child(3)")
            await window.until(f"{NOW} !== '{before}'")
        await window.run(f"{LAST}.querySelector('[data-press^=\"first:\"]').click()")
        await reader.sees(1, "That list is from a while ago")
        assert window.trouble == []
