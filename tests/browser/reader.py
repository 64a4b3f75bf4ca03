"""Somebody who uses the page with a keyboard alone: Tab, Enter, arrows and what they type."""

import json
from dataclasses import dataclass

from tests.browser.chrome import ALT, SHIFT, Window

MOST_TABS = 250
NAME = """(() => {
    const one = document.activeElement;
    const named = one.getAttribute("aria-label")
        ?? (one.labels?.length ? [...one.labels].map((each) => each.innerText).join(" ") : one.innerText);
    return (named ?? "").trim();
})()"""
PANE = "(document.activeElement.closest('.pane')?.dataset.pane ?? null)"


@dataclass(slots=True)
class Reader:
    """At a window; `toured` has closed the tour before."""

    window: Window

    async def open(self, url: str, language: str = "en", *people: str) -> "Reader":
        """Open the page in a language, as somebody who knows it already."""
        await self.window.ask(
            "Page.addScriptToEvaluateOnNewDocument",
            source=f"""if (location.protocol === "http:" && !localStorage.getItem("language")) {{
                localStorage.setItem("language", {language!r});
                localStorage.setItem("toured", "yes");
                const people = {json.dumps(people)};
                const panes = people.map((who, number) => ({{ who, follows: number === 1 }}));
                if (people.length) sessionStorage.setItem("panes", JSON.stringify(panes));
            }}""",
        )
        await self.window.go(url)
        return self

    async def chat(self, number: int) -> None:
        """Go to the field where one writes, of a chat."""
        await self.window.press(str(number), modifiers=ALT)
        await self.window.until(f"document.activeElement.closest('.pane')?.dataset.pane === '{number - 1}'")

    async def say(self, number: int, text: str) -> None:
        """Write something in a chat."""
        await self.chat(number)
        await self.window.type(text)
        await self.window.press("Enter")

    async def press(self, number: int, label: str, *, here: bool = False) -> None:
        """Go from what one writes back to the newest button with this label, and press it."""
        script = (
            f"[...document.querySelectorAll('.pane[data-pane=\"{number - 1}\"] .message button')]"
            f".some((one) => one.innerText.trim() === {_quoted(label)})"
        )
        await self.window.until(script)
        if not here:
            await self.chat(number)
        await self.reach(label, back=not here, pane=number)
        await self.window.press("Enter")

    async def reach(self, label: str, *, back: bool = False, pane: int | None = None) -> None:
        """Go on with Tab until something with this name has the focus."""
        wanted = f"{NAME} === {_quoted(label)} || {NAME}.startsWith({_quoted(label + ':')})"
        here = "true" if pane is None else f"{PANE} === '{pane - 1}'"
        await self.until(f"({wanted}) && {here}", back=back)

    async def until(self, condition: str, *, back: bool = False) -> None:
        """Go on with Tab until this holds of what has the focus."""
        seen: list[str] = []
        for _ in range(MOST_TABS):
            await self.window.press("Tab", modifiers=SHIFT if back else 0)
            if await self.window.run(f"Boolean({condition})"):
                return
            seen.append(await self.window.run(NAME))
        raise AssertionError(f"nothing on the way is so: {condition}; there was {seen}")

    async def who(self, number: int) -> str:
        """Tell whose chat it is."""
        who: str = await self.window.run(f"JSON.parse(sessionStorage.getItem('panes'))[{number - 1}].who")
        return who

    async def sees(self, number: int, text: str) -> None:
        """Wait until a text stands in a chat."""
        thread = f"document.querySelectorAll('.pane')[{number - 1}]?.querySelector('.thread').innerText ?? ''"
        await self.window.until(f"({thread}).includes({_quoted(text)})")

    async def reads(self, number: int) -> str:
        """Give what stands in a chat."""
        thread = f"document.querySelectorAll('.pane')[{number - 1}].querySelector('.thread')"
        text: str = await self.window.run(f"{thread}.innerText")
        return text


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
