"""Who is on the stage: the cast of a script, or an invented community of sixty with a story half told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol

from sqlalchemy import Connection

from bot.app import App
from bot.stage.driver import ConsoleDriver, Shown
from bot.stage.script import Person
from core import reading, users
from core.address import Address
from core.policy import FORMATS
from core.reading import Problem
from core.users import HELPS, WANTS

PEOPLE = 60
ORGANISER = "olga"
ASKING, WAITING = 8, 2
SAY_YES = 0.7
HELLO = {
    "en": "Hello, good to meet you! What are you working on?",
    "zh": "你好，很高兴认识你！你最近在做什么？",
}


@dataclass(frozen=True, slots=True)
class Region:
    """Where people come from: zone, languages, and names as (handle, given name) and family names."""

    zone: str
    locale: str
    languages: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]


REGIONS = (
    Region(
        "Europe/Madrid",
        "en",
        ("es", "en"),
        (
            "Ana",
            "Lucia",
            "Pablo",
            "Marta",
            "Diego",
            "Elena",
            "Hugo",
            "Carmen",
            "Javier",
            "Nuria",
            "Sergio",
            "Irene",
            "Alba",
            "Bruno",
        ),
        (
            "Ruiz",
            "Ortega",
            "Vidal",
            "Moreno",
            "Castro",
            "Navarro",
            "Iglesias",
            "Serrano",
            "Prieto",
            "Fuentes",
        ),
    ),
    Region(
        "Europe/Berlin",
        "en",
        ("de", "en"),
        (
            "Lena",
            "Jonas",
            "Mara",
            "Felix",
            "Greta",
            "Emil",
            "Klara",
            "Anton",
            "Frieda",
            "Till",
            "Nele",
            "Oskar",
            "Paula",
            "Ruben",
        ),
        ("Brandt", "Vogel", "Kramer", "Winter", "Lorenz", "Seidel", "Busch", "Pohl", "Arnold", "Engel"),
    ),
    Region(
        "America/New_York",
        "en",
        ("en",),
        (
            "Maya",
            "Ethan",
            "Zoe",
            "Caleb",
            "Naomi",
            "Owen",
            "Ruth",
            "Isaac",
            "Ivy",
            "Theo",
            "Grace",
            "Miles",
            "June",
            "Wes",
        ),
        ("Carter", "Brooks", "Hayes", "Morgan", "Reed", "Coleman", "Price", "Foster", "Ellis", "Grant"),
    ),
    Region(
        "Asia/Shanghai",
        "zh",
        ("zh", "en"),
        (
            "mei=梅",
            "jun=俊",
            "lan=兰",
            "hao=浩",
            "xue=雪",
            "ming=明",
            "yan=燕",
            "bo=博",
            "qing=晴",
            "rui=睿",
            "ting=婷",
            "kai=凯",
            "ning=宁",
            "yu=宇",
        ),
        ("王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴"),
    ),
    Region(
        "Asia/Kolkata",
        "en",
        ("hi", "en"),
        (
            "Asha",
            "Ravi",
            "Priya",
            "Arjun",
            "Neha",
            "Kiran",
            "Divya",
            "Rohan",
            "Anika",
            "Vikram",
            "Leela",
            "Sameer",
            "Tara",
            "Manoj",
        ),
        ("Rao", "Iyer", "Mehta", "Kapoor", "Nair", "Joshi", "Bose", "Desai", "Menon", "Shah"),
    ),
)

TOPICS = (
    "python", "rust", "javascript", "typescript", "react", "kubernetes", "sql", "postgresql", "go", "java",
    "machine-learning", "frontend", "backend", "devops", "docker", "aws", "testing", "git", "linux", "career",
    "code-review", "system-design", "public-speaking", "accessibility", "data-science",
)  # fmt: skip
FREE = (
    "weekday evenings",
    "mon wed 18-21",
    "sat sun mornings",
    "weekday mornings",
    "tue thu 17-21, sat 10-14",
    "evenings",
)
GOALS = (
    "I would like to ship my first real project this spring.",
    "I keep getting stuck on the same errors and want somebody to look over my shoulder.",
    "I move to a new team next month and want to be useful from the first week.",
    "我想系统地学一遍，少走弯路。",
    "I have an interview in six weeks.",
    "希望有人能帮我看看代码，给点建议。",
)


def community(seed: int) -> list[Person]:
    """Invent sixty people: twelve from each of five zones; Ana is always the first, Olga runs the programme."""
    rng = Random(seed)
    people: list[Person] = []
    for number, region in enumerate(REGIONS):
        given = list(region.given)
        rng.shuffle(given)
        if number == 0:
            given.remove("Ana")
            given.insert(0, "Ana")
        for index, name in enumerate(given[: PEOPLE // len(REGIONS)]):
            people.append(_person(region, name, index, rng, first=number == 0 and index == 0))
    people.append(Person(ORGANISER, "organiser", "Olga Sander", "Europe/Berlin", "en"))
    return people


def _person(region: Region, given: str, index: int, rng: Random, *, first: bool) -> Person:
    handle, _, sign = given.partition("=")
    family = "Ruiz" if first else rng.choice(region.family)
    name = f"{family}{sign}" if sign else f"{handle} {family}"
    role = "mentee" if first else ("mentor", "mentee", "mentor", "both")[index % 4]
    more = {
        "free": rng.choice(FREE),
        "languages": ",".join(region.languages),
        "goal": rng.choice([goal for goal in GOALS if goal.isascii() == (region.locale == "en")]),
        "formats": ",".join(rng.sample(FORMATS, rng.randint(1, 3))),
        "hours": str(rng.choice((2, 4, 4, 6, 8))),
    }
    topics = tuple(f"{topic}:{rng.randint(2, 5)}" for topic in rng.sample(TOPICS, rng.randint(2, 4)))
    return Person(handle.lower(), role, name, region.zone, region.locale, topics, more)


def names(cast: Sequence[Person]) -> dict[str, dict[str, str]]:
    """Give what the platform tells about each of them."""
    found: dict[str, dict[str, str]] = {}
    for person in cast:
        told = {"name": person.name, "locale": person.locale, "zone": person.zone}
        found[person.handle] = {key: value for key, value in told.items() if value}
    return found


async def seat(
    app: App, cast: Sequence[Person], now: datetime, at: Callable[[str], Address] = ConsoleDriver.at
) -> None:
    """Make users of everybody who is signed up; `at` says where they are reached."""
    await app.database.write(lambda tx: _seat(tx, app, cast, now, at))
    await app.database.read(lambda tx: app.world.mentors.refresh(tx, now))


def _seat(
    tx: Connection, app: App, cast: Sequence[Person], now: datetime, at: Callable[[str], Address]
) -> None:
    policy = app.settings.policy
    for person in cast:
        who = at(person.handle)
        users.meet(tx, who, now, person.name, person.locale, person.zone, alone=True)
        if person.role in ("organiser", "stranger"):
            continue
        values: dict[str, Any] = {
            "name": person.name,
            "mentor": person.role in ("mentor", "both"),
            "mentee": person.role in ("mentee", "both"),
            "locale": person.locale or policy.locale,
            "zone": person.zone or policy.zone,
            "zone_assumed": person.zone is None,
            "languages": person.more.get("languages", person.locale or policy.locale).split(","),
            "free": _free(person.more.get("free", "")),
            "goal": person.more.get("goal"),
            "formats": [each for each in person.more.get("formats", "").split(",") if each],
            "consent_version": int(person.more.get("consent", policy.consent_version)),
        }
        if "hours" in person.more:
            values["budget_hours"] = float(person.more["hours"])
        user_id = users.create(tx, now, policy, **values)
        users.claim(tx, who, user_id)
        levels = tuple(_level(app, topic) for topic in person.topics)
        if values["mentor"]:
            users.set_topics(tx, user_id, HELPS, levels)
        if values["mentee"]:
            users.set_topics(tx, user_id, WANTS, levels if not values["mentor"] else ())


def _free(text: str) -> list[list[int]]:
    spans = reading.week(text) if text else ()
    return [] if isinstance(spans, Problem) else [list(span) for span in spans]


def _level(app: App, topic: str) -> tuple[str, int | None]:
    name, _, level = topic.partition(":")
    slug = app.world.topics.resolve(name).slug or app.world.topics.unknown(name)
    return slug, int(level) if level else None


class Teller(Protocol):
    """Who tells a story: the console's driver, or the program behind the page."""

    async def command(self, who: str, name: str, words: str = "") -> None:
        """Use a command."""
        ...

    async def say(self, who: str, text: str) -> None:
        """Write to the bot."""
        ...

    async def press(self, who: str, label: str) -> None:
        """Press the newest button with this label."""
        ...

    async def advance(self, time: timedelta) -> None:
        """Let time pass."""
        ...

    def screen(self, who: str) -> Sequence[Shown]:
        """Everything somebody was shown lately, oldest first."""
        ...


async def tell_half_a_story(driver: Teller, cast: Sequence[Person], seed: int) -> None:
    """Let some of them ask, answer, talk and meet in the days before the curtain rises; some still wait."""
    rng = Random(seed + 1)
    mentees = [person for person in cast if person.role in ("mentee", "both")][1:]
    asking = rng.sample(mentees, ASKING)
    for person in asking[:-WAITING]:
        await driver.command(person.handle, "find", rng.choice(TOPICS))
        await _press(driver, person.handle, "first")
        await driver.advance(timedelta(hours=rng.randint(2, 9)))
        for mentor in cast:
            if rng.random() < SAY_YES and await _press(driver, mentor.handle, "accept"):
                await _press(driver, mentor.handle, "talk")
                hello = HELLO["zh" if mentor.locale == "zh" else "en"]
                await driver.say(mentor.handle, hello)
                await driver.command(mentor.handle, "leave", "")
        await _plan(driver, person.handle, cast)
    for person in asking[-WAITING:]:
        await driver.command(person.handle, "find", rng.choice(TOPICS))
        await _press(driver, person.handle, "first")


async def _plan(driver: Teller, mentee: str, cast: Sequence[Person]) -> None:
    """Let a mentee propose a time, if there is a mentor now, and the mentor agree."""
    if not await _press(driver, mentee, "schedule"):
        return
    form = driver.screen(mentee)[-1].message.get("form")
    times = form["fields"][0]["options"] if form else []
    if not times:
        await driver.command(mentee, "cancel")
        return
    await driver.press(mentee, times[-1]["label"])
    for mentor in cast:
        await _press(driver, mentor.handle, "confirm")


async def _press(driver: Teller, who: str, action: str) -> bool:
    """Press the button for an action on one of somebody's latest messages, if it is there."""
    for shown in reversed(driver.screen(who)[-3:]):
        for button in shown.message["buttons"]:
            if button["id"].partition(":")[0] == action:
                await driver.press(who, button["label"])
                return True
    return False
