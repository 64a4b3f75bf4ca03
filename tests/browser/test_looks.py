"""How the page looks: nothing sticks out, at any width, in any theme, with letters twice as large and with any name."""

from itertools import product
from pathlib import Path

import pytest

from tests.browser.chrome import Browser, Window, saved
from tests.browser.reader import Reader
from tests.browser.screens import LAST, SCREENS
from tests.browser.screens import show as reach

WIDTHS = (360, 900, 1600)
NAMES = (
    "محمد عبد الرحمن",
    "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz Müller-Lüdenscheidt",
    "一個名字很長很長很長很長很長很長很長很長的人",
    "שרה לוי",
)
STICKS_OUT = """(() => {
    const wide = document.documentElement.scrollWidth > innerWidth + 1 ? ["the page"] : [];
    const clipped = [...document.querySelectorAll("button, h1, h2, h3, p, label, th, legend")].filter((one) => {
        const box = one.getBoundingClientRect();
        const hidden = getComputedStyle(one).clipPath !== "none" || !box.width;
        return !hidden && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline";
    });
    return [...wide, ...clipped.map((one) => `${one.tagName} ${one.className}: ${one.innerText.slice(0, 60)}`)];
})()"""


async def look(window: Window, name: str) -> list[str]:
    """Give what sticks out; a picture of the screen is kept for whoever wants to look."""
    found: list[str] = await window.run(STICKS_OUT)
    saved(await window.picture(), Path("build") / "screens" / f"{name}.png")
    return [f"{name}: {each}" for each in found]


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_nothing_sticks_out_at_any_width(browser: Browser, url: str, theme: str) -> None:
    found: list[str] = []
    async with browser.window(WIDTHS[-1], 900, prefers_color_scheme=theme) as window:
        await reach(window, url, "en", "form elsewhere")
        for width in WIDTHS:
            await window.size(width, 900)
            found += await look(window, f"{width}-{theme}-form")
        await click_away(window)
        for name, width in product(("match", "people", "more"), WIDTHS):
            await window.size(width, 900)
            await SCREENS[name](Reader(window))
            found += await look(window, f"{width}-{theme}-{name}")
            await window.run("document.querySelector('dialog').close()")
            await window.until("!document.querySelector('dialog')")
    assert found == []


async def click_away(window: Window) -> None:
    """Close what shows other platforms."""
    await window.run("document.querySelector('.elsewhere .close').click()")


async def test_letters_twice_as_large_leave_everything_in_reach(browser: Browser, url: str) -> None:
    # What a browser does at 200 % on 1280 points: half as many, each twice as large.
    async with browser.window(640, 450) as window:
        await window.size(640, 450, 2)
        await reach(window, url, "en", "found")
        assert await look(window, "zoomed") == []
        for selector in (
            "#clock button",
            "#tools button",
            ".send",
            ".pane .items button",
            "#timeline button",
        ):
            await window.run(f"document.querySelector({selector!r}).scrollIntoView({{ block: 'center' }})")
            inside = (
                f"(() => {{ const box = document.querySelector({selector!r}).getBoundingClientRect();"
                "return box.left >= 0 && box.right <= innerWidth && box.top >= 0 && box.bottom <= innerHeight; })()"
            )
            assert await window.until(inside)


async def test_long_words_and_names_from_right_to_left_stay_where_they_belong(
    browser: Browser, url: str
) -> None:
    async with browser.window(360, 800) as window:
        reader = await Reader(window).open(url, "zh", "ana", "hugo")
        for name in NAMES:
            await window.run("document.querySelector('.pane .who').click()")
            await window.until("document.activeElement.type === 'search'")
            await window.type(name)
            await window.until("document.querySelector('.people [aria-selected=true] span')")
            await window.press("Enter")
            await window.until(f"document.querySelector('.pane .who').innerText.includes({name!r})")
            await reader.say(1, "/help")
            await window.until(f"{LAST}?.querySelector('.items, .typed')")
            assert await window.run(STICKS_OUT) == [], name
        assert window.trouble == []
        # Each name runs its own way, and the line around it does not.
        await window.run("document.querySelector('.pane .who span').textContent = 'שרה לוי'")
        assert await window.run("document.querySelector('.pane .who span').matches(':dir(rtl)')")
        assert await window.run("document.querySelector('.pane .local').matches(':dir(ltr)')")


async def test_colours_follow_the_system_and_can_be_chosen(browser: Browser, url: str) -> None:
    async with browser.window(prefers_color_scheme="dark") as window:
        await Reader(window).open(url)
        ground = "getComputedStyle(document.body).backgroundColor"
        dark = await window.run(ground)
        await window.media(prefers_color_scheme="light")
        light = await window.run(ground)
        assert dark != light
        await window.run("document.querySelector('#tools button:last-child').click()")
        await window.run("document.querySelector('#theme').value = 'dark'")
        await window.run("document.querySelector('#theme').dispatchEvent(new Event('change'))")
        assert await window.run(ground) == dark
        await window.reload()
        assert await window.run(ground) == dark
