"""One community on three platforms: a story across all of them with kills, and one of them away for an hour."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.kills import seed, slack_people
from tests.kills.presence import nothing_left
from tests.kills.three_platforms import ThreePlatforms, three_platforms
from tests.platforms.slack_server import Person, Posted

ANA, LEE, OLGA = "Ana Ruiz", "Lee Chan", "Olga"
LINES = 3
HOUR_IN_SECONDS = 6.0
"""How long an hour lasts where the service's clock is made to hurry."""


async def test_a_mentee_on_discord_a_mentor_on_telegram_and_an_organiser_on_slack(folder: Path) -> None:
    looked_at = ("organisers=slack:T1/U1", "signup.approve_mentors=true")
    async with three_platforms(folder, 3.0, *looked_at, hurry=1) as there, asyncio.timeout(120):
        olga = there.slack.team("T1").person("U1", name=OLGA, tz="Europe/Berlin", locale="en-GB")
        ana, lee = there.member("discord", 2, ANA), there.member("telegram", 3, LEE)
        await there.begin()
        # Lee signs up while the service is killed, and waits for Olga's word.
        joining = asyncio.create_task(lee.sign_up("mentor", "sql"))
        await there.telegram.until(lambda: len(there.came()) > 2, 30)
        await there.kill()
        await there.begin()
        await joining
        await there.slack.until(lambda: offered(olga, "approve:"), 30)
        await there.kill()
        await there.begin()
        await approve(there, olga)
        await asyncio.wait_for(ana.sign_up("mentee", "sql"), 30)
        await ana.ask("sql")
        await lee.accept(ANA)
        # They write to each other, and the service is killed in the middle of it.
        talking = [asyncio.create_task(ana.talk(LEE, LINES)), asyncio.create_task(lee.talk(ANA, LINES))]
        await there.telegram.until(lambda: said(there, "Ana Ruiz: "), 30)
        await there.kill()
        await there.begin()
        await asyncio.gather(*talking)
        await nothing_left(there.slack, there.service)
        await there.service.stop()
        assert len(there.ledger.said) == 2 * LINES
        for line in there.ledger.said:
            copies = len(said(there, line.text))
            # A second copy follows a send that a kill fell into, and on Discord none does.
            most = 1 if line.reader == ANA else 2
            assert line.kept <= copies <= most, line
        for server in there.servers:
            assert not server.violations, server.violations


async def approve(there: ThreePlatforms, olga: Person) -> None:
    """Press until an answer says that it is done."""
    while not await there.at_slack.shows(
        lambda: any("is a mentor now" in each.text for each in olga.messages)
    ):
        message = offered(olga, "approve:")
        assert message is not None
        await olga.press(message, slack_people.pressable(message, "approve:"))


def offered(person: Person, action: str) -> Posted | None:
    """Give the newest message with such a button."""
    every = [each for each in person.messages if slack_people.pressable(each, action)]
    return every[-1] if every else None


def said(there: ThreePlatforms, words: str) -> list[str]:
    """Give what has come with these words, on any screen."""
    return [one.words for one in there.came().values() if words in one.words]


async def test_a_platform_that_is_away_for_an_hour_harms_no_other_and_gets_all_of_it_afterwards(
    folder: Path,
) -> None:
    hurry = 3600 / HOUR_IN_SECONDS
    async with three_platforms(folder, 3.0, hurry=hurry) as there, asyncio.timeout(120):
        pairs = [("discord", "slack"), ("slack", "telegram"), ("telegram", "discord")]
        names = [(f"mentee-{number}", f"mentor-{number}") for number in range(len(pairs))]
        where = {
            name: there.address(platform, 2 * number + side)
            for number, (platforms, both) in enumerate(zip(pairs, names, strict=True))
            for side, (platform, name) in enumerate(zip(platforms, both, strict=True))
        }
        await seed.pairs(there.service.url, there.key, names, where=where.__getitem__)
        people = {
            name: there.member(address.platform, number, name)
            for number, (name, address) in enumerate(where.items())
        }
        await there.begin()
        await asyncio.gather(*(people[each].talk(other, 1) for each, other in (*names, *map(turned, names))))
        await there.discord.refuse()
        gone = there.discord.now
        # The others write on, to each other and to those who are away, and are answered as ever.
        away = [one for pair in names for one in (pair, turned(pair)) if where[one[0]].platform != "discord"]
        took = await timed(there, lambda: asyncio.gather(*(people[me].talk(other, 4) for me, other in away)))
        left = HOUR_IN_SECONDS - (there.discord.now - gone)
        await asyncio.sleep(max(0.0, left))
        with closing(sqlite3.connect(f"file:{there.service.database}?mode=ro", uri=True)) as database:
            held = database.execute("SELECT state, attempts FROM outbox WHERE state = 'ready'").fetchall()
        # None of it counts as tried: the hour uses nothing up.
        assert held
        assert {attempts for _, attempts in held} <= {0, 1}
        assert took < HOUR_IN_SECONDS
        await there.discord.accept()
        await there.at_discord.come()
        await nothing_left(there.slack, there.service)
        for line in there.ledger.said:
            assert len(said(there, line.text)) == 1, line
        assert not [call for call in there.discord.calls if call.status == 429]
        await there.service.stop()
        for server in there.servers:
            assert not server.violations, server.violations


def turned(pair: tuple[str, str]) -> tuple[str, str]:
    """Look at a pair from the other side."""
    return pair[1], pair[0]


async def timed(there: ThreePlatforms, do: Callable[[], asyncio.Future[list[None]]]) -> float:
    """Say how many seconds something took."""
    began = there.slack.now
    await do()
    return there.slack.now - began
