"""A pair's own conversation on their platform: opened once, introduced there, or in private as ever."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, update

from bot.outbox.box import SENDING
from bot.outbox.settle import TRIES
from bot.ports import Address, Button, Delivery, Gone, Later, Place, Pressed, Refused, Unknown
from bot.richtext import plain
from core import users
from core.store.tables import addresses, outbox, rooms
from core.store.tables import users as people
from tests.world import MONDAY, Told, World, at, open_world

CAST = 'ana mentee UTC {0} "Ana Ruiz" goal="ship it" · lee mentor Asia/Shanghai {0} python "Lee Chan" · olga organiser'
PLACE = Place("console", "T1/G1")
Outcome = Place | Exception | None


@dataclass(slots=True)
class Club(Told):
    """A platform with shared rooms, which opens them as it was told to; by default it opens one."""

    gatherings: list[Outcome] = field(default_factory=list)
    gathered: list[tuple[tuple[Address, ...], str]] = field(default_factory=list)

    async def gather(self, people: Sequence[Address], title: str) -> Place | None:
        """Open a room, or not."""
        self.gathered.append((tuple(people), title))
        outcome = self.gatherings.pop(0) if self.gatherings else PLACE
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    @property
    def words(self) -> list[tuple[str, str]]:
        """What was sent to whom, the beginning of each."""
        return [(to, plain(message.body).partition("\n")[0]) for to, _, message in self.pushed]


@asynccontextmanager
async def accepted(url: str, club: Club, locale: str = "en", rooms: str = "on") -> AsyncIterator[World]:
    """Ana has asked, and Lee accepts; nothing that follows has been delivered yet."""
    async with open_world(
        url,
        CAST.format(locale),
        adapters=[club],
        mentorships__native_rooms=rooms,
        community__locale="en",
    ) as world:
        await world.types("ana", "/find python")
        await world.pushes("ana", "first:1")
        await world.settle()
        club.pushed.clear()
        await world.pushes("lee", "accept:1")
        yield world


async def place_of(world: World) -> Any:
    """The place that is remembered for the pair."""
    (room,) = await world.rows(rooms)
    return room.place


async def states(world: World) -> dict[str, str]:
    """What became of the introductions and the gathering."""
    return {row.once: row.state for row in await world.rows(outbox) if row.subject == "mentorship:1"}


PRIVATE = [("ana", "Good news: Lee Chan will help you"), ("lee", "You and Ana Ruiz are a pair now.")]


def in_private(club: Club) -> bool:
    """Whether exactly the two private introductions were sent, the mentee's first."""
    return [
        (to, said[: len(want)]) for (to, said), (_, want) in zip(club.words, PRIVATE, strict=True)
    ] == PRIVATE


@pytest.mark.parametrize(
    ("locale", "says", "label", "title"),
    [
        (
            "en",
            "Ana Ruiz and Lee Chan, meet each other: Lee Chan will help Ana Ruiz with Python.",
            "Plan a session",
            "Ana Ruiz & Lee Chan",
        ),
        (
            "zh",
            "Ana Ruiz、Lee Chan，介绍你们认识：Lee Chan 愿意在 Python 方面帮助 Ana Ruiz。",
            "安排会面",
            "Ana Ruiz 和 Lee Chan",
        ),
    ],
)
async def test_both_are_introduced_once_in_a_room_of_their_own(
    store_url: str, locale: str, says: str, label: str, title: str
) -> None:
    club = Club()
    async with accepted(store_url, club, locale) as world:
        await world.settle()
        assert club.gathered == [((at("ana"), at("lee")), title)]
        ((to, _, message),) = club.pushed
        assert to == PLACE.id
        words = plain(message.body)
        assert words.startswith(says)
        for part in ("ship it", {"en": "Shanghai", "zh": "上海"}[locale]):
            assert words.count(part) == 1
        assert message.buttons == (Button(label, "schedule:1", "primary"),)
        assert await place_of(world) == ["console", "T1/G1"]
        await world.advance(timedelta(days=1))
        assert len(club.pushed) == 1
        assert sorted((await states(world)).values()) == ["cancelled", "cancelled", "sent", "sent"]


async def test_each_of_the_two_can_press_what_is_shown_there(store_url: str) -> None:
    club = Club()
    async with accepted(store_url, club) as world:
        await world.settle()
        ((_, _, message),) = club.pushed
        for who, partner in (("ana", "Lee Chan"), ("lee", "Ana Ruiz")):
            for button in message.buttons:
                assert f"When would you like to meet {partner}?" in await world.pushes(who, button.id)


async def test_who_reads_different_languages_gets_the_communitys(store_url: str) -> None:
    club = Club()
    async with accepted(store_url, club, "zh") as world:
        await world.write(
            lambda tx: tx.execute(update(people).where(people.c.name == "Ana Ruiz").values(locale="en"))
        )
        await world.settle()
        assert club.words[0][1].startswith("Ana Ruiz and Lee Chan, meet each other")


@pytest.mark.parametrize(
    "outcomes", [[None], [RuntimeError()] * 4, [RuntimeError(), None]], ids=["none", "faults", "fault, none"]
)
async def test_where_there_is_no_room_both_are_introduced_in_private_and_it_is_no_trouble(
    store_url: str, outcomes: list[Outcome]
) -> None:
    club = Club(gatherings=list(outcomes))
    async with accepted(store_url, club) as world:
        await world.settle()
        await world.advance(timedelta(minutes=2))
        assert in_private(club)
        assert len(club.gathered) == len(outcomes)
        assert await place_of(world) is None
        assert "Nothing needs you" in await world.types("olga", "/organiser")
        await world.advance(timedelta(days=1))
        assert len(club.pushed) == 2


async def test_a_fault_that_passes_is_tried_again(store_url: str) -> None:
    club = Club(gatherings=[RuntimeError(), RuntimeError(), PLACE])
    async with accepted(store_url, club) as world:
        await world.settle()
        assert club.pushed == []
        await world.advance(timedelta(minutes=2))
        assert [to for to, _ in club.words] == [PLACE.id]


@pytest.mark.parametrize(
    "outcome", [Refused("not_in_channel"), Gone("archived"), Refused("busy", again=True)], ids=str
)
async def test_where_the_room_takes_no_message_both_are_introduced_in_private(
    store_url: str, outcome: Delivery
) -> None:
    tries = TRIES if outcome == Refused("busy", again=True) else 1
    club = Club(outcomes=[outcome] * tries, about="introduction:1:place")
    async with accepted(store_url, club) as world:
        await world.settle()
        await world.advance(timedelta(hours=3))
        assert [to for to, _ in club.words if to != PLACE.id] == ["ana", "lee"]
        assert len(club.pushed) == tries + 2
        assert await place_of(world) is None


async def test_in_doubt_whether_the_room_was_told_both_hear_of_it_in_private_within_hours(
    store_url: str,
) -> None:
    club = Club(outcomes=[Unknown("?"), Unknown("?")], about="introduction:1:place")
    async with accepted(store_url, club) as world:
        await world.settle()
        await world.advance(timedelta(minutes=30))
        assert {to for to, _ in club.words} == {PLACE.id}
        await world.advance(timedelta(hours=1))
        assert [to for to, _ in club.words][-2:] == ["ana", "lee"]


async def test_with_native_rooms_off_nobody_is_gathered(store_url: str) -> None:
    club = Club()
    async with accepted(store_url, club, rooms="off") as world:
        await world.settle()
        assert club.gathered == []
        assert in_private(club)
        assert "gather" not in {row.kind for row in await world.rows(outbox)}


def reached_at(user_id: int, where: Address, *, preferred: bool = False) -> Any:
    """Give somebody another address."""

    def add(tx: Connection) -> None:
        users.meet(tx, where, MONDAY, "", None, None, alone=True)
        users.claim(tx, where, user_id)
        if preferred:
            tx.execute(update(addresses).where(addresses.c.user_id == user_id).values(preferred=False))
            tx.execute(update(addresses).where(addresses.c.id == where.id).values(preferred=True))

    return add


async def test_who_is_on_different_platforms_is_introduced_in_private(store_url: str) -> None:
    club, other = Club(), Club(name="slack")
    async with open_world(store_url, CAST.format("en"), adapters=[club, other]) as world:
        lee = await world.user("lee")
        await world.write(reached_at(lee, Address("slack", "T1/U1")))
        await world.write(lambda tx: users.reach(tx, at("lee"), reachable=False))
        await world.types("ana", "/find python")
        await world.pushes("ana", "first:1")
        await world.settle()
        incoming = replace(world.incoming("lee", Pressed("accept", "1")), who=Address("slack", "T1/U1"))
        await world.app.router.handle(incoming)
        await world.settle()
        assert club.gathered == other.gathered == []
        assert [club.words[-1][0], other.words[-1][0]] == ["ana", "T1/U1"]


async def test_every_pair_of_addresses_on_one_platform_is_a_way_the_preferred_ones_first(
    store_url: str,
) -> None:
    club, other = Club(gatherings=[None]), Club(name="slack", gatherings=[None, Place("slack", "T2/G7")])
    async with open_world(store_url, CAST.format("en"), adapters=[club, other]) as world:
        ana, lee = await world.user("ana"), await world.user("lee")
        for user, where in ((ana, "T1/U1"), (ana, "T2/U1"), (lee, "T2/U2")):
            await world.write(reached_at(user, Address("slack", where), preferred=where == "T1/U1"))
        await world.types("ana", "/find python")
        await world.pushes("ana", "first:1")
        await world.settle()
        await world.pushes("lee", "accept:1")
        await world.settle()
        tried = [[address.id for address in people] for people, _ in other.gathered]
        assert tried == [["T1/U1", "T2/U2"], ["T2/U1", "T2/U2"]]
        assert await place_of(world) == ["slack", "T2/G7"]
        assert other.words[-1][0] == "T2/G7"


# --- Order ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gatherings", "outcomes", "first"),
    [
        ([], [], [PLACE.id]),
        ([RuntimeError(), RuntimeError()], [], [PLACE.id]),
        ([], [Later(30), Refused("busy", again=True)], [PLACE.id] * 3),
        ([None], [], ["ana", "lee"]),
        ([RuntimeError(), RuntimeError(), None], [], ["ana", "lee"]),
        ([], [Refused("no")], [PLACE.id, "ana", "lee"]),
    ],
)
async def test_what_is_written_meanwhile_comes_after_the_introduction(
    store_url: str, gatherings: list[Outcome], outcomes: list[Delivery], first: list[str]
) -> None:
    club = Club(gatherings=list(gatherings), outcomes=list(outcomes), about="introduction:1:place")
    async with accepted(store_url, club) as world:
        # Lee knows already that they are a pair, and is quick.
        await world.types("lee", "/talk")
        await world.types("lee", "Hello Ana!")
        await world.settle()
        await world.types("ana", "/talk 1.here")
        await world.types("ana", "Hello Lee!")
        await world.advance(timedelta(minutes=10))
        to = [who for who, _ in club.words]
        assert to[: len(first)] == first
        said = [(who, words) for who, words in club.words if "Hello" in words]
        assert said == [("ana", "Lee Chan: Hello Ana!"), ("lee", "Ana Ruiz: Hello Lee!")]
        assert len(to) == len(first) + 2


async def test_a_pair_that_ends_meanwhile_is_not_introduced_any_more(store_url: str) -> None:
    club = Club(gatherings=[RuntimeError()])
    async with accepted(store_url, club) as world:
        await world.settle()
        await world.pushes("lee", "end:1")
        await world.types("lee", "1")
        await world.advance(timedelta(days=1))
        assert {words[:15] for _, words in club.words} == {"Your mentorship"}
        assert await place_of(world) is None


# --- Stops ------------------------------------------------------------------------------------------------------


async def test_a_program_that_dies_again_and_again_while_it_gathers_goes_on_gathering(store_url: str) -> None:
    club = Club()
    async with accepted(store_url, club) as world:
        for _ in range(3):
            await world.write(
                lambda tx: tx.execute(
                    update(outbox).where(outbox.c.kind == "gather").values(state=SENDING, owner="dead")
                )
            )
            assert await world.app.outbox.recover(world.clock(), alone=True) == 1
        await world.settle()
        assert [to for to, _ in club.words] == [PLACE.id]


@pytest.mark.parametrize("off", [timedelta(minutes=5), timedelta(days=3)], ids=str)
async def test_after_a_time_off_both_are_introduced_one_way_or_the_other_and_not_twice(
    store_url: str, off: timedelta
) -> None:
    club = Club()
    async with accepted(store_url, club) as world:
        world.clock.now += off
        await world.settle()
        await world.advance(timedelta(days=1))
        if off < timedelta(hours=1):
            assert [to for to, _ in club.words] == [PLACE.id]
        else:
            assert in_private(club)
        assert (await place_of(world) is None) == (off > timedelta(hours=1))


# --- Talking ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "told", "opened"),
    [
        ("en", "a conversation of your own on Console", "What you write here now goes to Lee Chan."),
        ("zh", "在 Console 上有自己的对话", "从现在起，你在这里写的内容会转给 Lee Chan。"),
    ],
)
async def test_who_wants_to_talk_is_told_where_and_may_write_through_the_bot_all_the_same(
    store_url: str, locale: str, told: str, opened: str
) -> None:
    club = Club()
    async with accepted(store_url, club, locale) as world:
        await world.settle()
        for ask in (await world.types("ana", "/talk"), await world.pushes("ana", "talk:1")):
            assert told in ask
        assert "Lee" not in await world.types("ana", "Hello?")
        assert opened in await world.pushes("ana", "talk:1.here")
        await world.types("ana", "Hello!")
        await world.settle()
        assert [to for to, _ in club.words] == [PLACE.id, "lee"]
