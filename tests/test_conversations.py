"""Scripted conversations, played word for word through every driver, on both databases."""

import dataclasses
from pathlib import Path

import pytest

from bot.stage import community, demo, player, shelf
from bot.stage.driver import Driver
from bot.stage.script import Script, ScriptError, matches, parse
from tests.contract.drivers import DRIVERS

FOLDER = Path(__file__).parent / "conversations"
SCRIPTS = sorted(FOLDER.glob("*.txt"))
TEXTS = {path.stem: path.read_text() for path in SCRIPTS}


async def played(kind: type[Driver], script: Script, folder: Path, url: str) -> list[player.Difference]:
    settings = demo.settings(folder, script, script.cast, kind.at)
    settings = dataclasses.replace(
        settings,
        database=dataclasses.replace(settings.database, url=url),
        # The scripts are of pairs that talk through the program, as they do where a platform has no rooms.
        policy=dataclasses.replace(settings.policy, native_rooms=False),
    )
    assert script.at is not None
    driver = kind(settings, script.at, community.names(script.cast))
    await driver.open()
    try:
        await community.seat(driver.app, script.cast, script.at, kind.at)
        if script.courses:
            assert await shelf.stock(driver.app, FOLDER.parents[1] / script.courses)
        return await player.play(driver, script)
    finally:
        await driver.close()


@pytest.fixture(
    params=[
        ("console", "sqlite"),
        ("console", "postgres"),
        ("socket", "sqlite"),
        ("web", "sqlite"),
        ("slack", "sqlite"),
        ("telegram", "sqlite"),
        ("discord", "sqlite"),
    ],
    ids="-".join,
)
def where(request: pytest.FixtureRequest) -> tuple[type[Driver], str]:
    """Give a driver and a database with our tables: every adapter plays every conversation."""
    driver, database = request.param
    return DRIVERS[driver], request.getfixturevalue(f"{database}_store_url")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
async def test_everybody_gets_what_the_script_says(
    path: Path, tmp_path: Path, where: tuple[type[Driver], str]
) -> None:
    kind, url = where
    script = parse(TEXTS[path.stem].splitlines())
    assert script.expects
    assert not [str(difference) for difference in await played(kind, script, tmp_path, url)]


def test_there_are_enough_of_them() -> None:
    texts = TEXTS.values()
    assert len(texts) >= 20
    assert sum("--- kill" in text for text in texts) >= 5
    assert sum("--- in " in text for text in texts) >= 5


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("[Accept] [Decline]", "[Accept]"),
        ("Ana Ruiz would", "Somebody would"),
        ("bot -> lee>", "bot -> kim>"),
    ],
)
async def test_a_difference_is_found(was: str, becomes: str, tmp_path: Path, sqlite_store_url: str) -> None:
    text = TEXTS["ask-one"]
    assert was in text
    script = parse(text.replace(was, becomes, 1).splitlines())
    assert await played(DRIVERS["console"], script, tmp_path, sqlite_store_url)


def test_a_line_that_is_no_script_is_named() -> None:
    with pytest.raises(ScriptError, match="line 3"):
        parse(["cast ana mentee", "ana> hello", "what is this"])


def test_dots_stand_for_anything() -> None:
    assert matches("Lee knows … [Ask]", "Lee knows\n  python · 5 hours [Ask]")
    assert not matches("Lee knows … [Ask]", "Lee knows python")
