"""Nothing stands in anybody's way: axe-core finds no barrier on any screen, in either theme, wide or narrow."""

import json
import sys
from pathlib import Path

import pytest

from tests.browser.chrome import Browser
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


@pytest.mark.parametrize(
    ("width", "theme", "language"),
    [
        (1280, "light", "en"),
        (360, "dark", "zh"),
        pytest.param(1280, "dark", "zh", marks=pytest.mark.soak),
        pytest.param(360, "light", "en", marks=pytest.mark.soak),
    ],
    ids=str,
)
async def test_axe_finds_nothing(
    browser: Browser, url: str, axe: str, width: int, theme: str, language: str
) -> None:
    found = {}
    for name in SCREENS:
        async with browser.window(
            width, 900, prefers_color_scheme=theme, prefers_reduced_motion="reduce"
        ) as window:
            await show(window, url, language, name)
            await window.run(axe + "; 0")
            if violations := await window.run(LOOK):
                found[name] = violations
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)
