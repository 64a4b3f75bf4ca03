"""The desk: one page with what a person has now, which is looked at without leaving a trace."""

from typing import Any

import pytest

from bot.adapters.console import to_json
from bot.dialogs.desk import SHOWN
from bot.ports import Answer, Opened, Said
from core.store.tables import metadata
from tests.world import World, match, open_world, read

CAST = (
    'ana mentee UTC {0} "Ana Ruiz" · lee mentor UTC {0} python,sql hours=100 "Lee Chan"'
    ' · mei mentor UTC {0} rust "Mei Lin" · sam stranger {0} · olga organiser {0}'
)
HOME = Opened("home")


async def everything(world: World) -> dict[str, list[Any]]:
    """All that is stored."""
    return {table.name: await world.rows(table) for table in metadata.sorted_tables}


def labels(answer: Answer) -> list[str]:
    """The buttons below the page."""
    return [button.label for button in answer.messages[0].buttons]


def lines(answer: Answer) -> list[str]:
    """The page line by line, without the buttons below it."""
    return read(answer).split("\n")[:-1]


async def test_who_has_nothing_yet_is_greeted_and_shown_what_to_do(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        answer = await world.does("ana", HOME)
        assert lines(answer) == ["Hello Ana Ruiz. Nothing is waiting for you."]
        assert labels(answer) == ["Find a mentor", "What fits me?", "Profile", "Settings", "Help"]


async def test_it_shows_offers_requests_pairs_and_sessions_each_with_its_buttons(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await match(world)
        await world.command("ana", "schedule")
        await world.say("ana", "Thu 10:00")
        await world.press("lee", "Thu 5 Mar, 10:00")
        await world.command("ana", "find", "sql")
        await world.press("ana", "Keep looking for me")
        await world.command("ana", "find", "rust")
        await world.press("ana", "Ask the first available")
        link = "https://meet.jit.si/"
        since = "since Mon, 2 Mar 2026"
        mine, theirs = lines(await world.does("ana", HOME)), lines(await world.does("lee", HOME))
        assert [line.partition(link)[0].rstrip() for line in mine] == [
            "Hello Ana Ruiz. This is what you have here now.",
            f"• SQL, {since}: an organiser is looking after it. [Withdraw]",
            f"• Rust, {since}: asked Mei Lin. It usually takes about 24 hours. [Withdraw]",
            f"• Lee Chan, who helps you, {since} until Mon, 25 May 2026 [Talk] [Plan a session]",
            "• Thu 5 Mar, 10:00 with Lee Chan:",
        ]
        assert mine[4].endswith("[Move] [Cancel it]")
        assert [line.partition(" ")[2].partition(",")[0] for line in theirs[1:]] == ["Ana Ruiz", "Thu 5 Mar"]
        assert read(await world.does("mei", HOME)).count("[Accept] [Decline] [Ask for more]") == 1


async def test_it_speaks_the_readers_language(store_url: str) -> None:
    async with open_world(store_url, CAST.format("zh")) as world:
        await world.types("ana", "/find python")
        await world.pushes("ana", "first:1")
        await world.settle()
        answer = await world.does("ana", HOME)
        assert lines(answer)[0] == "你好，Ana Ruiz。这是你目前的安排。"
        assert "[撤回申请]" in read(answer)
        assert labels(answer) == ["找导师", "有什么适合我？", "资料", "设置", "帮助"]
        assert "[接受] [婉拒] [想多了解]" in read(await world.does("lee", HOME))
        assert read(await world.does("mei", HOME)).startswith("你好，Mei Lin。现在没有等你处理的事。")
        assert "导师机器人" in read(await world.does("sam", HOME, locale="zh"))


async def test_an_organiser_has_a_way_to_the_organisers_page_signed_up_or_not(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        assert labels(await world.does("olga", HOME)) == ["Sign up", "Help", "Organiser"]
        await world.restart_with(organisers="console:ana")
        assert labels(await world.does("ana", HOME))[-1] == "Organiser"


async def test_its_buttons_work(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await world.types("ana", "/find python")
        await world.pushes("ana", "first:1")
        await world.settle()
        desk = to_json((await world.does("lee", HOME)).messages[0])
        (accept, _, _) = desk["items"][0]["buttons"]
        assert "Thank you" in await world.pushes("lee", accept["id"])
        for button in desk["buttons"]:
            assert "done its work" not in await world.pushes("lee", button["id"])


async def test_who_hears_a_button_alone_hears_what_it_is_about(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await match(world)
        await world.types("ana", "/find rust")
        await world.pushes("ana", "first:2")
        await world.settle()
        for who, about in (("ana", ["Rust", "Lee Chan", "Lee Chan"]), ("lee", ["Ana Ruiz"] * 2)):
            (message,) = (await world.does(who, HOME)).messages
            assert [button.about for item in message.items for button in item.buttons] == about


@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize("who", ["ana", "lee", "sam", "nobody-yet", "olga"])
async def test_looking_leaves_no_trace(store_url: str, who: str, locale: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await match(world)
        before = await everything(world)
        for surface in ("home", "messages"):
            answer = await world.does(who, Opened(surface), locale=locale, zone="Asia/Tokyo", name="Somebody")
            assert answer.saved
            assert bool(answer.messages) == (surface == "home")
        assert await everything(world) == before


async def test_who_has_not_agreed_to_new_words_is_welcomed_and_asked_when_they_press(store_url: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await match(world)
        await world.restart_with(community__consent_version="2")
        before = await everything(world)
        answer = await world.does("ana", HOME)
        assert "worded anew" in read(answer)
        assert "Lee" not in read(answer)
        assert await everything(world) == before
        (button,) = to_json(answer.messages[0])["buttons"]
        assert "what I keep and why" in await world.pushes("ana", button["id"])


async def test_looking_is_no_flood_and_is_answered_in_one(store_url: str) -> None:
    async with open_world(
        store_url, CAST.format("en"), messages__flood_events="5", messages__flood_seconds="60"
    ) as world:
        for _ in range(20):
            assert "Hello Ana Ruiz" in read(await world.does("ana", HOME))
        for _ in range(5):
            assert (await world.does("ana", Said("hello"))).saved
        assert "a lot at once" in read(await world.does("ana", Said("hello")))
        assert "Hello Ana Ruiz" in read(await world.does("ana", HOME))


async def test_it_shows_twenty_things_and_counts_the_rest_in_words(store_url: str) -> None:
    cast = " · ".join([*(f'm{number} mentee UTC "Mia {number}"' for number in range(22)), CAST.format("en")])
    async with open_world(store_url, cast, messages__flood_events="100") as world:
        for number in range(22):
            await world.types(f"m{number}", "/find python")
            await world.pushes(f"m{number}", f"first:{number + 1}")
        await world.settle()
        answer = await world.does("lee", HOME)
        assert len(answer.messages[0].items) == SHOWN
        assert "There are 2 more things: /requests," in read(answer)
        await world.pushes("lee", "accept:1")
        await world.pushes("m1", "withdraw:2")
        assert "There is one more thing:" in read(await world.does("lee", HOME))
