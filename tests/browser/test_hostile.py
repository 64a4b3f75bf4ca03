"""What people write never becomes more than words on the page: not in chats, names, lists, labels, forms or looks."""

import json
from random import Random

import pytest

from bot.stage.show import Show
from tests.browser.chrome import Browser
from tests.browser.reader import Reader
from tests.contract.suite import HOSTILE, visible

ATTACKS = (
    "<img src=x onerror=window.hit=1>",
    "<script>window.hit=1</script>",
    "<svg/onload=window.hit=1>",
    "javascript:window.hit=1",
    "<a href='javascript:window.hit=1'>x</a>",
    "\"><iframe srcdoc='<script>parent.hit=1</script>'>",
    "<style>*{display:none}</style>",
    "</textarea><script>window.hit=1</script>",
    "${window.hit=1}",
    "{name}{community}",
    "constructor",
    "__proto__",
    "[x](javascript:window.hit=1)",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.hit=1>",
    "&lt;img src=x onerror=window.hit=1&gt;",
    "data:text/html,<script>parent.hit=1</script>",
)
MAY = {
    "ARTICLE", "HEADER", "SPAN", "TIME", "DIV", "BUTTON", "UL", "OL", "LI", "BR", "STRONG", "EM", "U", "S", "CODE",
    "PRE", "SMALL", "BLOCKQUOTE", "A", "P", "B", "I", "FIGURE", "FIGCAPTION",
}  # fmt: skip
SEEN_ELSEWHERE, A_FEW = 100, 50
FOUND = """[...document.querySelectorAll(".thread *, .timeline *, .elsewhere *")].map((one) => one.tagName)"""
LINKS = """[...document.querySelectorAll("a[href]")].map((one) => one.getAttribute("href"))"""


def texts(many: int) -> list[str]:
    """Texts of what is bad, and of what is bad together."""
    rng = Random(7)
    every = [*ATTACKS, *HOSTILE]
    found = [
        *every,
        *(" ".join(rng.sample(every, rng.randint(2, 5))) for _ in range(max(0, many - len(every)))),
    ]
    seen = [text for text in found if visible(text) and not text.lstrip().startswith("/")]
    return [text.encode(errors="ignore").decode() for text in seen][:many]


async def show_them(browser: Browser, url: str, show: Show, many: int) -> None:
    playground = show._playground
    assert playground is not None
    assert playground.names["ana"]["name"] == "Ana Ruiz"
    async with browser.window(1600, 900) as window:
        reader = await Reader(window).open(url, "en", "ana", "hugo")
        await reader.say(1, "/find rust")
        await reader.press(1, "Ask the first available")
        await window.until('document.querySelector(\'.pane[data-pane="1"] [data-press^="accept:"]\')')
        await reader.press(2, "Accept")
        await reader.press(1, "Talk")
        await reader.sees(1, "What you write here now goes to")
        await window.run("document.querySelector('#looks').click()")
        await window.until("document.querySelectorAll('.look').length === 3")
        mentor = await reader.who(2)
        for number, text in enumerate(texts(many)):
            if number == SEEN_ELSEWHERE:
                await window.until("document.querySelectorAll('.look').length === 3")
                assert set(await window.run(FOUND)) - {"H2", "H3"} <= MAY
                await window.run("document.querySelector('.elsewhere .close').click()")
            if number % A_FEW == 0:
                # A chat with fewer messages is drawn faster.
                await window.reload()
            before = playground.web.transcript.last
            await playground.say("ana", text)
            # What arrived says what was written, on the page as in the transcript.
            arrived = [
                entry for entry in playground.web.transcript.entries[before:]
                if (entry.who, entry.kind) == (mentor, "push")
            ]  # fmt: skip
            assert len(arrived) == 1, text
            shown = f'document.querySelector(\'.pane[data-pane="1"] [data-n="{arrived[0].n}"] .body\')?.textContent'
            told = await window.until(shown)
            assert visible(told) == visible(f"Ana Ruiz: {text}"), text
        # Names, options and answers of forms are as bad.
        for number, text in enumerate(ATTACKS):
            who = f"stranger{number}"
            await playground.web.act({"id": f"h{number}", "who": who, "name": text, "say": "hello"})
            await window.run(
                f"sessionStorage.setItem('newcomers', {json.dumps(json.dumps([stranger(who, text)]))})"
            )
            await playground.web.act({"id": f"g{number}", "who": who, "name": text, "say": "/signup"})
        await window.run("""sessionStorage.setItem("panes", JSON.stringify(JSON.parse(
            sessionStorage.getItem("newcomers")).map((one) => ({ who: one.who }))))""")
        await window.reload()
        await window.until("document.querySelector('.pane .form')")
        assert not await window.run("window.hit")
        tags = set(await window.run(FOUND))
        assert tags <= MAY | {"FORM", "INPUT", "LABEL", "FIELDSET", "LEGEND", "H2", "H3", "SMALL"}
        links = await window.run(LINKS)
        assert [
            link
            for link in links
            if not link.startswith(("http://", "https://", "mailto:", "/api/file", "#"))
        ] == []
        assert window.trouble == []


def stranger(who: str, name: str) -> dict[str, object]:
    return {"who": who, "name": name, "role": "stranger", "zone": "UTC", "locale": "en", "topics": []}


async def test_hostile_texts_never_become_markup(browser: Browser, url: str, show: Show) -> None:
    await show_them(browser, url, show, 80)


@pytest.mark.soak
async def test_a_thousand_hostile_texts_never_become_markup(browser: Browser, url: str, show: Show) -> None:
    await show_them(browser, url, show, 1000)


async def test_no_script_but_its_own_can_run(browser: Browser, url: str) -> None:
    async with browser.window() as window:
        await Reader(window).open(url)
        for attempt in (
            "document.body.innerHTML = '<b>x</b>'",
            "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')",
            "eval('1')",
            "document.body.append(Object.assign(document.createElement('script'), { text: 'window.hit = 1' }))",
        ):
            done = await window.ask("Runtime.evaluate", expression=attempt)
            refused = "exceptionDetails" in done
            assert refused or not await window.run("window.hit"), attempt
        assert await window.run("document.querySelector('h1') !== null")
