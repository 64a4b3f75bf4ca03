"""Nothing stands in anybody's way: axe-core finds no barrier on any screen, in either theme, wide or narrow."""

import json
import sys
from pathlib import Path

import pytest

from tests.browser.chrome import Browser, Window
from tests.browser.screens import SCREENS, show

AXE = Path(sys.prefix) / "axe.min.js"
LOOK = """axe.run(document, { resultTypes: ["violations"] }).then((found) => found.violations.map((each) => ({
    rule: each.id, says: each.help,
    where: each.nodes.slice(0, 3).map((node) => `${node.target}: ${node.html.slice(0, 160)} ${node.failureSummary}`),
})))"""


@pytest.fixture(scope="session")
def axe() -> str:
    """The script that looks for barriers."""
    assert AXE.exists(), "axe-core is missing: make browser"
    return AXE.read_text(encoding="utf-8")


async def look(window: Window) -> list[object]:
    """Look at a screen: wide and light, then narrow and dark."""
    found: list[object] = await window.run(LOOK)
    await window.size(360, 900)
    await window.media(prefers_color_scheme="dark", prefers_reduced_motion="reduce")
    return [*found, *(await window.run(LOOK))]


@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=pytest.mark.soak)])
async def test_axe_finds_nothing(browser: Browser, url: str, axe: str, language: str) -> None:
    found = {}
    still = {"prefers_color_scheme": "light", "prefers_reduced_motion": "reduce"}
    for name in SCREENS:
        async with browser.window(1280, 900, **still) as window:
            await show(window, url, language, name)
            await window.run(axe + "; 0")
            if violations := await look(window):
                found[name] = violations
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)
