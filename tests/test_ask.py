"""Asking somebody whom one points at: a small form, and the request goes to that mentor alone; or kind words."""

from collections.abc import Sequence

import pytest

from bot.ports import Address, Answer, Command, Quoted
from core import users
from core.requests import WANTED
from core.store.tables import requests, runs
from tests.world import World, asked, at, match, open_world, read, run_of

CAST = (
    'ana mentee UTC {0} "Ana Ruiz" · lee mentor UTC {0} python:5,sql hours=2 "Lee Chan"'
    ' · mei mentor UTC {0} rust "Mei Lin" · bob mentee UTC {0} "Bob Hale" · sam stranger · olga organiser'
)
FIELDS = ["topics", "goal", "format", "urgency"]


async def points_at(world: World, who: str, other: str | Address | None) -> Answer:
    """Let somebody choose *Ask to mentor me* on another, or on nobody that is known."""
    author = at(other) if isinstance(other, str) else other
    return await world.does(who, Command("ask"), quoted=Quoted(author, "whatever they are called there"))


def labels(answer: Answer) -> list[str]:
    """The buttons of an answer."""
    return [button.label for message in answer.messages for button in message.buttons]


async def change(world: World, who: str, **fields: object) -> None:
    """Change something about somebody."""
    person, now = await world.user(who), world.clock.now
    await world.write(lambda tx: users.change(tx, person, now, **fields))


async def test_a_mentor_is_asked_by_a_form_that_knows_what_both_have_in_common(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        ana, wants = await world.user("ana"), (("python", 2), ("rust", 1))
        await world.write(lambda tx: users.set_topics(tx, ana, users.WANTS, wants))
        answer = await points_at(world, "ana", "lee")
        assert asked(answer) == FIELDS
        assert "Your request goes to Lee Chan alone, who helps with Python and SQL." in read(answer)
        (form,) = [message.form for message in answer.messages if message.form]
        assert [field.initial for field in form.fields] == [[["python", 2]], None, "ongoing", "month"]
        values = {"topics": [["sql", 1]], "goal": "Joins", "format": "call", "urgency": "week"}
        told = await world.answers("ana", form.run, **values)
        assert "I have asked Lee Chan." in read(told)
        assert labels(told) == ["Withdraw"]
        await world.settle()
        assert "Ana Ruiz would like help with SQL: a 20-minute call, this week." in world.got("lee")[-1].text
        assert world.got("mei") == []
        (row,) = await world.rows(requests)
        assert (row.step, row.wanted_id) == (WANTED, await world.user("lee"))
        await world.press("lee", "Accept")
        assert "Lee Chan" in await world.types("ana", "/mentorships")


@pytest.mark.parametrize(
    ("locale", "other", "said", "button"),
    [
        ("en", "bob", "They are not a mentor here.", "Find a mentor"),
        ("en", "sam", "They are not a mentor here.", "Find a mentor"),
        ("en", Address("slack", "T1/U77"), "They are not a mentor here.", "Find a mentor"),
        ("en", "ana", "That is you.", "Find a mentor"),
        ("zh", "bob", "对方不是这里的导师。", "找导师"),
        ("zh", "ana", "这是你自己。", "找导师"),
    ],
)
async def test_who_is_no_mentor_is_told_kindly_with_a_way_on(
    store_url: str, locale: str, other: str | Address, said: str, button: str
) -> None:
    async with open_world(store_url, CAST.format(locale)) as world:
        answer = await points_at(world, "ana", other)
        assert read(answer).startswith(said)
        assert labels(answer) == [button]
        assert await world.rows(runs) == []


@pytest.mark.parametrize("how", ["paused", "stopped", "blocked", "blocks"])
async def test_a_mentor_who_is_away_and_one_who_is_kept_apart_look_the_same(store_url: str, how: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await away(world, how)
        answer = await points_at(world, "ana", "lee")
        assert read(answer).startswith("This mentor is not taking requests right now.")
        assert labels(answer) == ["Find a mentor"]


async def away(world: World, how: str) -> None:
    """Let Lee be away from Ana, in one of four ways."""
    ana, lee, now = await world.user("ana"), await world.user("lee"), world.clock.now
    match how:
        case "paused":
            await world.types("lee", "/pause 2 weeks")
        case "stopped":
            await change(world, "lee", stopped=True)
        case "blocked":
            await world.write(lambda tx: users.block(tx, ana, lee, now))
        case _:
            await world.write(lambda tx: users.block(tx, lee, ana, now))


async def test_a_mentor_who_waits_for_the_organisers_is_none_yet(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await change(world, "lee", state="waiting")
        assert read(await points_at(world, "ana", "lee")).startswith("They are not a mentor here.")


async def test_ones_own_mentor_is_written_to_and_who_was_asked_is_waited_for(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await world.answers("ana", run_of(await points_at(world, "ana", "mei")), **wish("rust"))
        again = await points_at(world, "ana", "mei")
        assert read(again).startswith("You have asked Mei Lin already.")
        assert labels(again) == ["My requests"]
        await match(world)
        paired = await points_at(world, "ana", "lee")
        assert read(paired).startswith("Lee Chan is your mentor already")
        assert labels(paired) == ["Talk"]
        # It is no obstacle that she is his mentee when he looks for a mentor himself.
        assert "not a mentor" in read(await points_at(world, "lee", "ana"))


def wish(*topics: str, format_: str = "question") -> dict[str, object]:
    """The answers to the form."""
    return {"topics": [[each, None] for each in topics], "goal": None, "format": format_, "urgency": None}


async def test_a_mentor_with_few_hours_can_still_be_asked_for_less(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await world.answers("bob", run_of(await points_at(world, "bob", "lee")), **wish("python"))
        run = run_of(await points_at(world, "ana", "lee"))
        more = await world.answers("ana", run, **wish("python", format_="ongoing"))
        assert asked(more) == ["format"]
        assert "no hours left for that this month" in read(more)
        assert "I have asked Lee Chan." in read(await world.answers("ana", run, format="question"))


async def test_a_mentor_without_hours_is_full_before_anything_is_asked(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await world.answers(
            "bob", run_of(await points_at(world, "bob", "lee")), **wish("python", format_="ongoing")
        )
        answer = await points_at(world, "ana", "lee")
        assert read(answer).startswith("Lee Chan has no hours left this month.")
        assert labels(answer) == ["Find a mentor"]


@pytest.mark.parametrize("how", ["paused", "stopped", "blocked", "blocks"])
async def test_what_changed_while_the_form_was_open_counts(store_url: str, how: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        run = run_of(await points_at(world, "ana", "lee"))
        await away(world, how)
        told = await world.answers("ana", run, **wish("python"))
        assert "not taking requests right now" in read(told)
        assert await world.rows(requests) == []


async def test_too_many_open_requests_are_told_before_anything_is_asked(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en"), requests__open_requests="1") as world:
        await world.command("ana", "find", "rust")
        await world.press("ana", "Ask the first available")
        answer = await points_at(world, "ana", "lee")
        assert "request" in read(answer)
        assert labels(answer) == ["My requests"]


async def test_another_mentor_begins_the_form_anew_and_the_same_one_goes_on(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        first = run_of(await points_at(world, "ana", "lee"))
        await world.answers("ana", first, topics=[["sql", None]])
        again = await points_at(world, "ana", "lee")
        assert (run_of(again), asked(again)) == (first, FIELDS[1:])
        other = await points_at(world, "ana", "mei")
        assert (run_of(other) != first, asked(other)) == (True, FIELDS)


async def test_who_has_not_signed_up_is_welcomed_first(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        answer = await points_at(world, "sam", "lee")
        assert "Sign up" in labels(answer)
        assert "Lee" not in read(answer)


@pytest.mark.parametrize("quoted", [None, Quoted(None, "what the bot wrote")])
async def test_without_anybody_it_is_a_list_of_a_while_ago(store_url: str, quoted: Quoted | None) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        answer = await world.does("ana", Command("ask"), quoted=quoted)
        assert "from a while ago" in read(answer)


async def test_a_button_of_a_search_asks_whom_it_says_whatever_was_quoted(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await world.command("ana", "find", "rust")
        told = await world.does("ana", Command("ask", f"1.{await world.user('mei')}"), quoted=by("lee"))
        assert "I have asked Mei Lin." in read(told)


def by(who: str) -> Quoted:
    """A message of somebody's."""
    return Quoted(at(who), "hello")


async def test_nobody_learns_more_of_others_than_whether_they_are_mentors(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        others: Sequence[str | Address] = ("bob", "sam", "olga", Address("console", "nobody"))
        assert len({read(await points_at(world, "ana", other)) for other in others}) == 1
