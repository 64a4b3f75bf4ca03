"""A mentee on Slack and a mentor on Telegram live the whole story, in one real process that is killed twice.

Days pass while the service is away: what is planned is moved towards now in its database.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import Connection, select, update

from core.address import Address
from core.store.database import open_database
from core.store.tables import sessions, waits
from core.store.types import Keyring, new_key
from tests.kills import seed, slack_people, telegram_people
from tests.kills.people import Ledger
from tests.kills.presence import nothing_left
from tests.kills.process import Service, sending
from tests.platforms import slack_inputs
from tests.platforms.slack_server import Posted, SlackServer
from tests.platforms.telegram_program import BOT
from tests.platforms.telegram_server import Message, TelegramServer

ANA, LEE = "Ana Ruiz", "Lee Chan"
LINES = 2


@dataclass
class Story:
    """Both platforms, the service between them, and one person at each."""

    slack: SlackServer
    telegram: TelegramServer
    service: Service
    key: str
    ledger: Ledger = field(default_factory=Ledger)
    interrupted: int = 0

    def __post_init__(self) -> None:
        """Let both sit down at their clients."""
        person = self.slack.team("T1").person("UANA", name=ANA, tz="Europe/Madrid", locale="en-GB")
        other = self.telegram.bot(BOT).person(301, name=LEE, language="en")
        other.chat.open = True
        self.at_slack = slack_people.Presence(self.slack, self.service)
        self.at_telegram = telegram_people.Presence(self.telegram, self.telegram.bot(BOT), self.service)
        self.ana = slack_people.Member(person, self.at_slack, self.ledger, Random(1))
        self.lee = telegram_people.Member(other, self.at_telegram, self.ledger, Random(2))

    async def begin(self) -> None:
        """Start the service, and wait until it listens on both sides."""
        await self.at_slack.up()
        await self.at_telegram.come()

    async def kill(self) -> None:
        """End the service at once."""
        await self.service.kill()
        self.interrupted += len(sending(self.service))
        await self._gone()

    async def stop(self) -> None:
        """End the service in peace."""
        await self.service.stop()
        await self._gone()

    async def _gone(self) -> None:
        await self.at_slack.go()
        await self.at_telegram.go()

    async def until(self, of_slack: str, of_telegram: str) -> tuple[Posted, Message]:
        """Wait until each has a message from the bot in which this stands; gives the newest."""
        await self.slack.until(lambda: self.on_slack(of_slack), 60)
        await self.telegram.until(lambda: self.on_telegram(of_telegram), 60)
        return self.on_slack(of_slack)[-1], self.on_telegram(of_telegram)[-1]

    def on_slack(self, words: str) -> list[Posted]:
        """Give what the bot wrote to Ana with these words."""
        return [m for m in self.ana.person.messages if m.bot_id and words in slack_inputs.unescape(m.text)]

    def on_telegram(self, words: str) -> list[Message]:
        """Give what the bot wrote to Lee with these words."""
        return [message for message in self.lee.person.received if words in message.text]

    async def pass_time(self, until_start: timedelta) -> None:
        """Let days pass while the service is away, until so long before the session."""

        def move(tx: Connection) -> None:
            start = tx.execute(select(sessions.c.starts_at)).scalar_one()
            by = start - until_start - datetime.now(UTC)
            tx.execute(update(sessions).values(starts_at=start - by))
            for kind, subject, due in tx.execute(select(waits.c.kind, waits.c.subject, waits.c.due_at)).all():
                this = (waits.c.kind == kind) & (waits.c.subject == subject)
                tx.execute(update(waits).where(this).values(due_at=due - by))

        database = open_database(self.service.url, Keyring([self.key]), "time")
        try:
            await database.write(move)
        finally:
            await database.close()


@asynccontextmanager
async def told(folder: Path) -> AsyncIterator[Story]:
    """Prepare both platforms, and a service for them that has not begun."""
    async with SlackServer(seed=1) as slack, TelegramServer(seed=1) as telegram:
        key = new_key()
        secrets = {
            "MENTORBOT_SLACK__BOT_TOKENS": slack.team("T1").bot_token,
            "MENTORBOT_SLACK__APP_TOKEN": slack.app_token,
            "MENTORBOT_TELEGRAM__TOKENS": telegram.bot(BOT).token,
        }
        where = (f"slack.api_url={slack.api_url}", f"telegram.api_url={telegram.url}")
        async with Service(folder, *where, key=key, environment=secrets) as service, asyncio.timeout(120):
            await seed.strangers(
                service.url,
                key,
                (ANA, Address("slack", "T1/UANA")),
                (LEE, Address("telegram", f"{BOT}/301")),
            )
            yield Story(slack, telegram, service, key)
        assert not slack.violations, slack.violations
        assert not telegram.violations, telegram.violations


async def test_a_mentee_on_slack_and_a_mentor_on_telegram_live_the_whole_story(folder: Path) -> None:
    async with told(folder) as story:
        ana, lee = story.ana, story.lee
        await story.begin()
        await ana.ask("sql")
        await lee.accept(ANA)
        await story.until("Lee Chan will help you with SQL", "You and Ana Ruiz are a pair now")

        # They write at the same time, and the service is killed in the middle of it.
        talking = [asyncio.create_task(ana.talk(LEE, LINES)), asyncio.create_task(lee.talk(ANA, LINES))]
        await story.until("Lee Chan: ", "Ana Ruiz: ")
        await story.kill()
        await story.begin()
        await asyncio.gather(*talking)
        await nothing_left(story.slack, story.service)

        await plan(story)
        await story.kill()
        await story.pass_time(timedelta(hours=1))
        await story.begin()
        await story.until("A reminder: you and Lee Chan meet", "A reminder: you and Ana Ruiz meet")
        await nothing_left(story.slack, story.service)
        await story.stop()

        await story.pass_time(-timedelta(hours=2))
        await story.begin()
        await rate(story)
        await nothing_left(story.slack, story.service)
        await story.stop()
        look_back(story)


async def plan(story: Story) -> None:
    """Ana proposes a time, and Lee takes it."""
    ana, lee = story.ana.person, story.lee.person
    await ana.command("/mentor", "schedule")
    await story.slack.until(lambda: ana.view)
    await ana.submit({"zone": "Europe/Madrid"})
    await story.slack.until(lambda: "times" in ana.front.fields)
    times = next(block["element"] for block in ana.front.blocks if block["block_id"] == "times")
    await ana.submit({"times": [times["options"][-1]["value"]]})
    await story.telegram.until(lambda: story.on_telegram("Ana Ruiz would like to meet for 45 minutes"), 30)
    offer = story.on_telegram("Ana Ruiz would like to meet for 45 minutes")[-1]
    await story.telegram.confirmed(await lee.press(offer, offer.labels[0]))
    _, theirs = await story.until("You and Lee Chan meet on", "You and Ana Ruiz meet on")
    assert theirs.file is not None
    assert theirs.file.name == "session-1.ics"


async def rate(story: Story) -> None:
    """Both say that they met, and how it was."""
    ana, lee = story.ana.person, story.lee.person
    mine, theirs = await story.until("Did you and Lee Chan meet?", "Did you and Ana Ruiz meet?")
    await lee.press(theirs, "We met")
    await story.telegram.until(lambda: story.on_telegram("How was it with Ana Ruiz?"), 30)
    await lee.press(story.on_telegram("How was it with Ana Ruiz?")[-1], "4 – good")
    await story.telegram.until(lambda: story.on_telegram("Anything you would like to add?"), 30)
    await lee.say("A good start.")
    await story.telegram.until(lambda: story.on_telegram("Thank you."), 30)
    await ana.press(mine, slack_people.pressable(mine, "met:"))
    await story.slack.until(lambda: ana.view)
    await ana.submit({"stars": "5", "words": "Lee found it in five minutes."})
    await story.telegram.confirmed()


def look_back(story: Story) -> None:
    """See that everything happened, and once."""
    with story.service.look() as database:
        rated = database.execute(
            "SELECT name, stars FROM ratings JOIN users ON users.id = rater_id ORDER BY 1"
        )
        assert rated.fetchall() == [(ANA, 5), (LEE, 4)]
        for table in ("requests", "mentorships", "sessions"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)  # noqa: S608
        # That they meet in a quarter of an hour was of no use any more when the service came back.
        late = "SELECT DISTINCT kind = 'session.soon', state FROM outbox ORDER BY 1"
        assert database.execute(late).fetchall() == [(0, "sent"), (1, "expired")]
    assert len(story.ledger.said) == 2 * LINES
    unprompted = ["A reminder: you and", "Did you and", "meet on", *(said.text for said in story.ledger.said)]
    for words in unprompted:
        copies = len(story.on_slack(words)) + len(story.on_telegram(words))
        once = 1 if words.endswith(".") else 2 if words != "meet on" else 4
        # A second copy follows a send that a kill fell into, and nothing else.
        assert once <= copies <= once + story.interrupted, words
    assert not story.ana.person.errors
