"""Blocking and reporting: nobody can be named by counting through ids, and a quoted message goes where it belongs."""

from typing import Any

import pytest
from sqlalchemy import insert

from bot.adapters.console import answer_json
from bot.dialogs.safety import QUOTE_LIMIT
from bot.ports import Address, Answer, Command, Pressed, Quoted, Ref
from core.mentorships import ENDED
from core.store.tables import addresses, blocks, deliveries, mentorships, outbox, reports
from tests.world import World, at, match, open_world, read, run_of

CAST = (
    'ana mentee {0} "Ana Ruiz" · lee mentor {0} python "Lee Chan" · mei mentor {0} rust "Mei Lin"'
    ' · bob mentee {0} "Bob Hale" · sam stranger · olga organiser'
)
NAMES = ("Ana Ruiz", "Lee Chan", "Mei Lin", "Bob Hale")


async def answers_by_id(world: World, who: str, action: str) -> dict[int, dict[str, Any]]:
    """What somebody gets for each id, as a button and as a command; forms are left again."""
    found = {}
    for number in range(12):
        pressed = await world.does(who, Pressed(action, str(number)))
        typed = await world.does(who, Command(action, str(number)))
        assert same(pressed) == same(typed)
        found[number] = same(pressed)
        while "Cancelled" in await world.types(who, "/cancel"):
            pass
    return found


def same(answer: Answer) -> dict[str, Any]:
    """An answer without the number of its form."""
    data = answer_json("", answer)
    for message in data["messages"]:
        if "form" in message:
            message["form"]["run"] = 0
    return data


@pytest.mark.parametrize("action", ["block", "report"])
async def test_ids_cannot_be_counted_through_to_learn_who_is_here(store_url: str, action: str) -> None:
    async with open_world(store_url, CAST.format("en"), messages__flood_events="1000") as world:
        await match(world)
        nobody = await answers_by_id(world, "bob", action)
        assert len({repr(answer) for answer in nobody.values()}) == 1
        assert not any(name in repr(nobody) for name in NAMES)
        # Ana has met Lee, and him alone.
        mine = await answers_by_id(world, "ana", action)
        lee, ana = await world.user("lee"), await world.user("ana")
        assert "Lee Chan" in repr(mine[lee])
        others = {number: answer for number, answer in mine.items() if number != lee}
        assert ana in others
        assert len({repr(answer) for answer in others.values()}) == 1
        assert not any(name in repr(others) for name in ("Mei Lin", "Bob Hale"))


@pytest.mark.parametrize("how", ["asked", "declined", "ended", "assigned"])
async def test_who_has_met_once_can_be_named_for_ever_by_both(store_url: str, how: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        if how == "assigned":
            await world.command("ana", "find", "sql")
            await world.press("ana", "Keep looking for me")
            await world.press("olga", "Assign")
            await world.press("olga", "Lee Chan")
        else:
            await world.command("ana", "find", "python")
            await world.press("ana", "Ask the first available")
        if how == "declined":
            await world.press("lee", "Decline")
            await world.press("lee", "No time now")
        if how == "ended":
            await world.press("lee", "Accept")
            await world.write(lambda tx: tx.execute(mentorships.update().values(state=ENDED)))
        for one, other, name in (("ana", "lee", "Lee Chan"), ("lee", "ana", "Ana Ruiz")):
            assert name in await world.types(one, f"/block {await world.user(other)}")


async def test_nobody_who_is_unknown_is_blocked_by_an_id(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await match(world)
        await world.types("bob", f"/block {await world.user('lee')}")
        await world.types("bob", "yes")
        assert await world.rows(blocks) == []


# --- A report with a quoted message -----------------------------------------------------------------------------


async def reported(
    world: World, who: str, quoted: Quoted, words: str = "It was rude."
) -> tuple[str, Any, str]:
    """Report a quoted message; gives the question, the row, and what the organiser reads."""
    asked = await world.does(who, Command("report"), quoted=quoted)
    await world.answers(who, run_of(asked), words=words)
    await world.settle()
    return read(asked), (await world.rows(reports))[-1], world.got("olga")[-1].text


@pytest.mark.parametrize(("locale", "question"), [("en", "with Lee Chan"), ("zh", "和 Lee Chan 之间")])
async def test_the_author_of_a_quoted_message_is_named_to_who_has_met_them(
    store_url: str, locale: str, question: str
) -> None:
    async with open_world(store_url, CAST.format(locale)) as world:
        await world.types("ana", "/find python")
        await world.pushes("ana", "first:1")
        asked, row, got = await reported(world, "ana", Quoted(at("lee"), "You are stupid."))
        assert question in asked
        assert (row.about_id, row.body["quoted"]) == (await world.user("lee"), "You are stupid.")
        assert "You are stupid." in got
        assert got.count("Lee Chan") == 2


async def test_the_author_of_a_quoted_message_is_not_named_to_others_but_the_organisers_learn_it(
    store_url: str,
) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        asked, row, got = await reported(world, "bob", Quoted(at("lee"), "You are stupid."))
        assert "Lee" not in asked
        assert "Lee" not in "".join(shown.text for shown in world.screen("bob"))
        assert row.about_id == await world.user("lee")
        assert "by Lee Chan" in got


@pytest.mark.parametrize("author", [None, Address("slack", "T1/U77"), at("sam")], ids=str)
async def test_an_author_who_is_not_known_here_is_nobodys_partner(
    store_url: str, author: Address | None
) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await match(world)
        asked, row, got = await reported(world, "ana", Quoted(author, "Buy now!"))
        assert "Lee" not in asked
        assert row.about_id is None
        assert "reports something" in got
        assert {None: "attach:", at("sam"): "by Sam:"}.get(author, "by slack:T1/U77:") in got


async def test_ones_own_message_is_quoted_as_ones_own(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await match(world)
        asked, row, got = await reported(world, "ana", Quoted(at("ana"), "I asked him to stop."))
        assert "with Lee Chan" in asked
        assert row.about_id == await world.user("lee")
        assert "by Ana Ruiz" in got
        _, row, _ = await reported(world, "bob", Quoted(at("bob"), "I only said hello."))
        assert row.about_id is None


async def test_what_the_bot_passed_on_is_its_authors(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await match(world)
        await world.types("lee", "/talk")
        await world.types("lee", "You are stupid.")
        await world.settle()
        passed = (await world.rows(outbox))[-1]
        (sent,) = [row for row in await world.rows(deliveries) if row.outbox_id == passed.id]
        ref = Ref(sent.platform, sent.address, sent.ref)
        bot = Address("console", "the-bot")
        asked, row, _ = await reported(world, "ana", Quoted(bot, "Lee Chan: You are stupid.", ref))
        assert "with Lee Chan" in asked
        assert row.about_id == await world.user("lee")
        # Nobody else learns from the same message whose it is.
        asked, row, _ = await reported(world, "bob", Quoted(bot, "Lee Chan: You are stupid.", ref))
        assert "Lee" not in asked
        assert row.about_id is None


@pytest.mark.parametrize("size", [QUOTE_LIMIT, QUOTE_LIMIT + 1, 40_000])
async def test_a_long_quotation_is_cut_and_says_so_and_words_keep_their_limit(
    store_url: str, size: int
) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        asked = await world.does("ana", Command("report"), quoted=Quoted(at("lee"), "好" * size))
        run = run_of(asked)
        assert "too long" in read(await world.answers("ana", run, words="x" * 2001))
        await world.answers("ana", run, words="x" * 2000)
        await world.settle()
        (row,) = await world.rows(reports)
        assert len(row.body["quoted"]) == QUOTE_LIMIT
        assert row.body["quoted"].endswith("好" if size == QUOTE_LIMIT else "…")
        assert row.body["words"] == "x" * 2000
        assert "x" * 2000 in world.got("olga")[-1].text


@pytest.mark.parametrize("text", ["", " \n ", "\u202e\u200b"])
async def test_a_message_without_words_is_no_quotation(store_url: str, text: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        _, row, got = await reported(world, "bob", Quoted(at("lee"), text))
        assert row.body["quoted"] is None
        assert "chose to attach" not in got


async def test_a_report_of_somebody_who_has_left_is_kept(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await world.write(
            lambda tx: tx.execute(
                insert(addresses).values(
                    platform="console",
                    id="gone",
                    name="",
                    reachable=False,
                    preferred=False,
                    created_at=world.clock(),
                )
            )
        )
        _, row, got = await reported(world, "bob", Quoted(at("gone"), "You are stupid."))
        assert row.about_id is None
        assert "by console:gone" in got


@pytest.mark.parametrize("who", ["ana", "lee"])
async def test_whoever_was_blocked_meanwhile_is_not_paired_by_an_offer_that_was_open(
    store_url: str, who: str
) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await world.command("ana", "find", "python")
        await world.press("ana", "Ask the first available")
        other = await world.user("lee" if who == "ana" else "ana")
        await world.types(who, f"/block {other}")
        await world.types(who, "yes")
        await world.press("lee", "Accept")
        assert await world.read(lambda tx: tx.execute(mentorships.select()).all()) == []
