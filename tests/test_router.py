"""The router: one person's events in order, each with one effect, roles at every press, and never silence."""

import asyncio
import threading
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text

from bot.answered import MOST
from bot.commands import BUTTONS, COMMANDS
from bot.dialogs.engine import Conflict, Engine
from bot.dialogs.form import Answers, Args, Dialog, Refused
from bot.outbox import box
from bot.outbox.box import Letter
from bot.ports import (
    Command,
    Deleted,
    Edited,
    Event,
    Pressed,
    Reachable,
    Ref,
    Said,
    Search,
    Started,
    Submitted,
    Text,
)
from bot.ports import (
    Refused as Declined,
)
from bot.render import Renderer
from bot.router import TRIES, Router
from bot.turn import Message, Replies, Turn, say
from core.store.tables import addresses as accounts
from core.store.tables import metadata, outbox, requests, runs, seen_events, views
from core.store.tables import users as people
from tests.world import STORY, Told, World, asked, at, match, open_world, read, run_of, temporary_store, twin

PAIRS = (
    'ana mentee python "Ana" · bob mentee "Bob" · cai mentee "Cai"'
    ' · lee mentor python "Lee" · mei mentor rust "Mei" · tom mentor sql "Tom"'
)
ROOMS = {"ana": "lee", "lee": "ana", "bob": "mei", "mei": "bob", "cai": "tom", "tom": "cai"}
MANY = "1000"
TROUBLE = "Something went wrong on my side"
ALREADY = (
    "I have dealt with that already; my answer may have been lost on the way. /help shows what you can do."
)


async def three_pairs(world: World) -> None:
    """Make three pairs, and open everybody's room."""
    for mentee, mentor, topic in (("ana", "lee", "python"), ("bob", "mei", "rust"), ("cai", "tom", "sql")):
        await match(world, mentee, mentor, topic)
    for handle in ROOMS:
        await world.types(handle, "/talk")


async def passed_on(world: World) -> dict[str, list[str]]:
    """Give by author what is on its way, in the order of the outbox."""
    found: dict[str, list[str]] = {handle: [] for handle in ROOMS}
    for row in await world.rows(outbox):
        if row.kind == "room":
            found[row.message["params"]["author"].lower()].append(row.message["params"]["text"])
    return found


# --- Order ------------------------------------------------------------------------------------------------------


async def order_is_kept(url: str, order: list[str]) -> None:
    """Let people write all at once; the room and the answers of each of them keep their order."""
    async with open_world(url, PAIRS, messages__flood_events=MANY, messages__flood_seconds="1") as world:
        await three_pairs(world)
        answered: dict[str, list[int]] = {handle: [] for handle in ROOMS}

        async def writes(number: int, handle: str) -> None:
            answer = await world.does(handle, Said(f"{number}"))
            assert read(answer) == f"Passed on to {ROOMS[handle].capitalize()}."
            answered[handle].append(number)

        await asyncio.gather(*(writes(number, handle) for number, handle in enumerate(order)))
        mine = {name: [number for number, handle in enumerate(order) if handle == name] for name in ROOMS}
        assert answered == mine
        assert await passed_on(world) == {name: list(map(str, numbers)) for name, numbers in mine.items()}


async def test_hundreds_of_events_at_once_keep_everybodys_order(store_url: str) -> None:
    order = [handle for handle in ROOMS for _ in range(60)]
    Random(1).shuffle(order)
    await order_is_kept(store_url, order)


@settings(max_examples=6, deadline=None)
@given(st.lists(st.sampled_from(sorted(ROOMS)), max_size=60))
def test_any_mix_of_events_keeps_everybodys_order(order: list[str]) -> None:
    with temporary_store() as url:
        asyncio.run(order_is_kept(url, order))


@pytest.mark.soak
@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(sorted(ROOMS)), max_size=500))
def test_any_long_mix_of_events_keeps_everybodys_order(order: list[str]) -> None:
    with temporary_store() as url:
        asyncio.run(order_is_kept(url, order))


async def test_people_do_not_wait_for_each_other(postgres_store_url: str) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(_: Answers) -> Replies:
        begun.set()
        assert go_on.wait(20)
        return (say("settings.changed"),)

    async with open_world(postgres_store_url, PAIRS) as world:
        router = rewired(world, slow)
        run = await opened(world, router, "ana")
        waiting = asyncio.create_task(router.handle(world.incoming("ana", Submitted(run, {"words": "x"}))))
        behind = asyncio.create_task(router.handle(world.incoming("ana", Command("help"))))
        assert await asyncio.to_thread(begun.wait, 20)
        try:
            for handle in ("bob", "lee", "mei"):
                answer = await router.handle(world.incoming(handle, Command("pause", "2 weeks")))
                assert "You are on a pause" in read(answer)
            assert not waiting.done()
            assert not behind.done()
        finally:
            go_on.set()
        assert read(await waiting) == "Saved."
        assert "/find" in read(await behind)


async def test_nothing_is_remembered_of_people_whose_events_are_done(store_url: str) -> None:
    async with open_world(store_url) as world:
        await asyncio.gather(*(world.types(f"guest{number % 7}", "/help") for number in range(50)))
        assert len(world.app.router._order) == 0


# --- A dialog of the test's own ---------------------------------------------------------------------------------


def rewired(world: World, finish: Callable[[Answers], Replies | Refused]) -> Router:
    """A router whose dialog `report` ends as the test says."""

    def ended(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
        del args
        box.put(
            turn.tx,
            turn.now,
            Letter("room.trouble", at("lee"), Message("settings.changed"), turn.origin.event),
        )
        return finish(answers)

    fields = (Text(key="words"),)
    dialog = Dialog("report", lambda *_: fields, ended, params=lambda *_: {"name": ""})
    app = world.app
    renderer = Renderer(app.world.words, app.settings.policy)
    engine = Engine({"report": dialog})
    return Router(app.database, app.world, engine, renderer, world.clock, app.outbox.wake.set)


async def opened(world: World, router: Router, handle: str) -> int:
    """Open the form `report`; give its run."""
    return run_of(await router.handle(world.incoming(handle, Command("report"))))


class Fault(Exception):
    """A fault of the program."""


async def test_a_handler_that_raises_is_answered_in_words_and_leaves_no_trace(store_url: str) -> None:
    fail = True

    def finish(_: Answers) -> Replies:
        if fail:
            raise Fault
        return (say("settings.changed"),)

    async with open_world(store_url) as world:
        router = rewired(world, finish)
        run = await opened(world, router, "ana")
        before = {table.name: await world.rows(table) for table in metadata.sorted_tables}
        event = world.incoming("ana", Submitted(run, {"words": "x"}), "e-raises")
        answer = await router.handle(event)
        assert TROUBLE in read(answer)
        assert not answer.saved
        assert before == {table.name: await world.rows(table) for table in metadata.sorted_tables}
        # The platform delivers it again, and now it counts.
        fail = False
        assert read(await router.handle(event)) == "Saved."
        assert "e-raises" in {row.id for row in await world.rows(seen_events)}


async def test_the_words_of_a_fault_are_in_the_language_that_the_reader_chose(store_url: str) -> None:
    def finish(_: Answers) -> Replies:
        raise Fault

    async with open_world(store_url, "ana mentee zh") as world:
        router = rewired(world, finish)
        run = await opened(world, router, "ana")
        sent = world.incoming("ana", Submitted(run, {"words": "x"}), locale="en-GB")
        assert "什么都没有改动" in read(await router.handle(sent))
        # Where not even that can be looked up, it is the language of their platform.
        await world.write(lambda tx: tx.execute(text("ALTER TABLE addresses RENAME TO lost")))
        assert TROUBLE in read(await router.handle(sent))


async def test_a_fault_of_one_does_not_touch_the_others_in_the_same_commit(store_url: str) -> None:
    def finish(answers: Answers) -> Replies:
        if answers["words"] == "bad":
            raise Fault
        return (say("settings.changed"),)

    handles = [f"p{number}" for number in range(40)]
    async with open_world(store_url, " · ".join(f"{handle} mentee" for handle in handles)) as world:
        router = rewired(world, finish)
        runs_ = {handle: await opened(world, router, handle) for handle in handles}
        events = [
            world.incoming(handle, Submitted(runs_[handle], {"words": "bad" if number % 5 == 0 else "good"}))
            for number, handle in enumerate(handles)
        ]
        answers = [read(answer) for answer in await asyncio.gather(*map(router.handle, events))]
        assert [TROUBLE in answer for answer in answers] == [number % 5 == 0 for number in range(40)]
        assert [row.address for row in await world.rows(runs)] == [
            h for n, h in enumerate(handles) if n % 5 == 0
        ]
        assert len(await world.messages("ready")) == 32


@pytest.mark.parametrize("lost", [1, TRIES - 1])
async def test_who_lost_a_race_is_tried_again_and_has_one_effect(store_url: str, lost: int) -> None:
    tries = 0

    def finish(_: Answers) -> Replies:
        nonlocal tries
        tries += 1
        if tries <= lost:
            raise Conflict
        return (say("settings.changed"),)

    async with open_world(store_url) as world:
        router = rewired(world, finish)
        run = await opened(world, router, "ana")
        answer = await router.handle(world.incoming("ana", Submitted(run, {"words": "x"})))
        assert read(answer) == "Saved."
        assert answer.saved
        assert tries == lost + 1
        assert len(await world.messages("ready")) == 1


async def test_who_never_wins_a_race_is_told_so(store_url: str) -> None:
    def finish(_: Answers) -> Replies:
        raise Conflict

    async with open_world(store_url) as world:
        router = rewired(world, finish)
        run = await opened(world, router, "ana")
        answer = await router.handle(world.incoming("ana", Submitted(run, {"words": "x"}), "e-lost"))
        assert TROUBLE in read(answer)
        assert await world.messages("ready") == []
        assert "e-lost" not in {row.id for row in await world.rows(seen_events)}


# --- The same event twice ---------------------------------------------------------------------------------------


async def test_an_event_that_comes_twice_has_one_effect_and_shows_what_is_pending(store_url: str) -> None:
    async with open_world(store_url) as world:
        first = await world.does("sam", Command("signup"), "e1")
        assert asked(first) == ["consent", "name", "role"]
        second = await world.does("sam", Submitted(run_of(first), {"consent": True}), "e2")
        again = await world.does("sam", Submitted(run_of(first), {"consent": True}), "e2")
        assert asked(second) == asked(again) == ["name", "role"]
        # An old event shows what is pending now, not what was then.
        assert asked(await world.does("sam", Command("signup"), "e1")) == ["name", "role"]
        assert len(await world.rows(runs)) == 1


async def test_an_event_that_comes_again_after_a_restart_is_answered_since_its_answer_may_be_lost(
    store_url: str,
) -> None:
    async with open_world(store_url, f"{STORY} · mei mentor UTC zh rust") as world:
        await match(world)
        await world.types("lee", "/talk")
        deeds: dict[str, tuple[str, Event]] = {
            "typed": ("lee", Command("pause", "2 weeks")),
            "pressed": ("ana", Pressed("talk")),
            "said": ("lee", Said("hello")),
            "opened": ("mei", Started("")),
        }
        quiet: dict[str, tuple[str, Event]] = {
            "edited": ("lee", Edited("hello")),
            "deleted": ("lee", Deleted()),
            "blocked": ("tom", Reachable(yes=False)),
        }
        for id_, (handle, event) in {**deeds, **quiet}.items():
            assert (await world.does(handle, event, id_)).saved
            # In the same process it has been answered.
            assert read(await world.does(handle, event, id_)) == ""
        async with twin(world) as other:
            again = {id_: read(await other.does(*what, id_)) for id_, what in {**deeds, **quiet}.items()}
            rows = len(await world.rows(outbox))
        assert {id_: words for id_, words in again.items() if words} == {
            "typed": ALREADY,
            "pressed": ALREADY,
            "said": ALREADY,
            "opened": "这件事我已经处理过了，只是回复可能没有送到。输入 /help 看看现在能做什么。",
        }
        assert rows == len(await world.rows(outbox))


async def test_this_process_forgets_the_oldest_that_it_has_answered(store_url: str) -> None:
    async with open_world(store_url) as world:
        await world.does("ana", Said("hello"), "first")
        for number in range(MOST):
            world.app.router._answered.add(world.incoming("lee", Said("hello"), str(number)))
        assert read(await world.does("ana", Said("hello"), "first")) == ALREADY


@pytest.mark.parametrize("times", [2, 5])
async def test_an_event_that_comes_several_times_at_once_has_one_effect(store_url: str, times: int) -> None:
    async with open_world(store_url) as world:
        await match(world)
        await world.types("ana", "/talk")
        event = world.incoming("ana", Said("hello"), "e-twice")
        answers = await asyncio.gather(*(world.app.router.handle(event) for _ in range(times)))
        assert sorted(read(answer) for answer in answers) == [*[""] * (times - 1), "Passed on to Lee Chan."]
        assert all(answer.saved for answer in answers)
        assert [row.message["params"]["text"] for row in await world.rows(outbox) if row.kind == "room"] == [
            "hello"
        ]


async def test_a_form_that_was_finished_twice_is_finished_once(store_url: str) -> None:
    finished = 0

    def finish(_: Answers) -> Replies:
        nonlocal finished
        finished += 1
        return (say("settings.changed"),)

    async with open_world(store_url) as world:
        router = rewired(world, finish)
        run = await opened(world, router, "ana")
        events = [world.incoming("ana", Submitted(run, {"words": "x"})) for _ in range(4)]
        answers = [read(answer) for answer in await asyncio.gather(*map(router.handle, events))]
        assert answers[0] == "Saved."
        assert set(answers[1:]) == {"That question is closed."}
        assert finished == 1


async def test_the_same_id_from_two_platforms_is_two_events(store_url: str) -> None:
    async with open_world(store_url) as world:
        await world.does("ana", Command("pause", "2 weeks"), "e1")
        await world.does("lee", Command("pause", "2 weeks"), "e2")
        seen = {(row.platform, row.id) for row in await world.rows(seen_events)}
        assert {("console", "e1"), ("console", "e2")} <= seen


# --- Floods -----------------------------------------------------------------------------------------------------


async def test_a_thousand_commands_are_answered_with_one_slow_down_and_harm_nobody(store_url: str) -> None:
    async with open_world(store_url) as world:
        flood = [world.does("ana", Command("help")) for _ in range(1000)]
        others = [world.does(handle, Command("help")) for handle in ("lee", "sam") for _ in range(10)]
        answers = await asyncio.gather(*flood, *others)
        texts = [read(answer) for answer in answers[:1000]]
        limit = world.app.settings.policy.flood_events
        assert all("/find" in text for text in texts[:limit])
        assert texts[limit] == "That was a lot at once. Please wait a moment."
        assert set(texts[limit + 1 :]) == {""}
        assert not any(answer.saved for answer in answers[limit:1000])
        assert all("/help" in read(answer) for answer in answers[1000:])


async def test_who_floods_is_told_so_in_the_language_they_chose(store_url: str) -> None:
    async with open_world(store_url, "ana mentee zh", messages__flood_events="5") as world:
        for _ in range(5):
            await world.types("ana", "/help")
        assert (
            read(await world.does("ana", Command("help"), locale="en-GB")) == "消息来得有点快，请稍等一下。"
        )


async def test_a_flood_of_room_messages_passes_on_what_was_answered_and_no_more(store_url: str) -> None:
    async with open_world(store_url, messages__flood_events="10") as world:
        await match(world)
        world.app.router._floods.recent.clear()
        await world.types("ana", "/talk")
        answers = await asyncio.gather(*(world.does("ana", Said(f"{number}")) for number in range(100)))
        saved = [number for number, answer in enumerate(answers) if answer.saved]
        assert saved == list(range(9))
        passed = [row.message["params"]["text"] for row in await world.rows(outbox) if row.kind == "room"]
        assert passed == [str(number) for number in saved]


# --- Who may ----------------------------------------------------------------------------------------------------

CAST = (
    'ana mentee UTC "Ana Ruiz" · lee mentor UTC python "Lee Chan" · bob mentee "Bob Hale" · mei mentor rust "Mei Lin"'
    ' · zed mentor sql "Zed Noor" · yin mentee "Yin Wu" · olga organiser · sam stranger'
)
ARGS = (
    "", "1", "2", "-1", "77", "9" * 25, "1.1", "9." + "9" * 30, "2.1772704000", "session.1", "python", "language",
    "' OR 1=1 --", "٣", "x" * 300,
)  # fmt: skip
IDS = ("1", "2", "9" * 25, "1.1", "9." + "9" * 30, "session." + "9" * 20, "٣")
NOT_SNOOZE = sorted({*COMMANDS, *BUTTONS, "back", "cancel", "nonsense"} - {"snooze"})


NOT_ORGANISERS = [
    name for name in NOT_SNOOZE if getattr({**COMMANDS, **BUTTONS}.get(name), "who", "") != "organiser"
]


async def story_of_others(world: World) -> None:
    """Ana and Lee are a pair with one session booked and one proposed; Bob has asked Mei; a message is dead."""
    await match(world)
    for time in ("Thu 10:00", "Fri 10:00"):
        await world.command("ana", "schedule", "")
        await world.say("ana", time)
        if time == "Thu 10:00":
            await world.press("lee", "Thu 5 Mar, 10:00")
    await world.command("bob", "find", "rust")
    await world.press("bob", "Ask the first available")
    await world.write(
        lambda tx: box.put(tx, world.clock(), Letter("room.trouble", at("nobody"), Message("x"), "dead"))
    )
    await world.write(
        lambda tx: tx.execute(outbox.update().where(outbox.c.once == "dead").values(state="dead"))
    )


def own(table: str, row: Any, me: int, handle: str) -> bool:
    """Whether a row is what anybody may change: themselves, their own pause, what they found or were shown."""
    match table:
        case "users":
            return bool(row.id == me)
        case "views":
            return bool(row.address == handle)
        case "showings" | "dismissals":
            return bool(row.user_id == me)
        case "waits":
            return (row.kind, row.subject) == ("pause.end", str(me))
        case _:
            return False


async def picture(world: World, handle: str, me: int) -> dict[str, set[str]]:
    """All that is stored, but for somebody's own, and the note that an event was seen."""
    return {
        table.name: {repr(row) for row in await world.rows(table) if not own(table.name, row, me, handle)}
        for table in metadata.sorted_tables
        if table not in (seen_events, accounts)
    }


async def nothing_of_others_changes(url: str, actor: str, actions: list[str], args: tuple[str, ...]) -> None:
    """Let somebody try every action on everybody else's things; nothing changes, and every answer is kind."""
    async with open_world(url, CAST, messages__flood_events=MANY, messages__flood_seconds="1") as world:
        await story_of_others(world)
        me = 0 if actor in ("sam", "olga") else await world.user(actor)
        before = await picture(world, actor, me)
        assert {name for name, rows in before.items() if rows} >= {
            "sessions",
            "offers",
            "rooms",
            "views",
            "outbox",
        }
        events: list[Event]
        for action in actions:
            events = [Pressed(action, arg) for arg in args]
            events += [Command(action, arg) for arg in ("", "1")]
            for event in events:
                answer = await world.does(actor, event)
                assert answer.saved, event
                assert answer.messages, event
                assert TROUBLE not in read(answer), event
                if action not in ("find", "about", "recommend"):
                    assert not any(name in read(answer) for name in ("Ana Ruiz", "Bob Hale", "jit.si")), event
            assert {row.address for row in await world.rows(runs)} <= {actor}
            await world.write(lambda tx: tx.execute(delete(runs)))
            await world.write(lambda tx: tx.execute(delete(views).where(views.c.address == actor)))
            after = await picture(world, actor, me)
            assert {
                name: rows ^ before[name] for name, rows in after.items() if rows != before[name]
            } == {}, action


@pytest.mark.parametrize("actor", ["sam", "yin", "zed"])
async def test_nobody_changes_or_sees_what_is_somebody_elses(sqlite_store_url: str, actor: str) -> None:
    await nothing_of_others_changes(sqlite_store_url, actor, NOT_SNOOZE, ARGS)


async def test_nobody_changes_or_sees_what_is_somebody_elses_on_postgresql(postgres_store_url: str) -> None:
    await nothing_of_others_changes(postgres_store_url, "zed", NOT_SNOOZE, IDS)


async def test_an_organiser_has_no_power_over_what_is_between_two(sqlite_store_url: str) -> None:
    await nothing_of_others_changes(sqlite_store_url, "olga", NOT_ORGANISERS, ARGS)


async def test_nobody_is_reminded_of_what_is_somebody_elses(sqlite_store_url: str) -> None:
    await nothing_of_others_changes(sqlite_store_url, "zed", ["snooze"], ARGS)


async def test_what_is_for_organisers_is_refused_to_everybody_else(store_url: str) -> None:
    actions = [name for name, row in {**COMMANDS, **BUTTONS}.items() if row.who == "organiser"]
    assert {"organiser", "assign", "requeue", "manage"} <= set(actions)
    async with open_world(store_url, CAST, messages__flood_events="1000") as world:
        await story_of_others(world)
        for actor in ("sam", "yin", "zed", "ana"):
            for action in actions:
                assert await world.pushes(actor, f"{action}:1") == "Only organisers can do that."
                assert await world.types(actor, f"/{action} 1") == "Only organisers can do that."


async def test_a_role_counts_when_the_button_is_pressed_not_when_it_was_shown(store_url: str) -> None:
    async with open_world(
        store_url, 'ana mentee "Ana" · olga organiser · lee mentor rust', requests__budget_hours="1"
    ) as world:
        await world.command("ana", "find", "python")
        await world.press("ana", "Keep looking for me")
        (button,) = (button["id"] for button in world.got("olga")[0].message["buttons"])
        await world.restart_with(organisers="console:someone")
        assert "Only organisers" in await world.pushes("olga", button)
        (request,) = await world.rows(requests)
        assert request.state == "open"


async def test_a_form_that_was_opened_with_a_role_ends_only_with_the_role(store_url: str) -> None:
    cast = 'ana mentee "Ana" · lee mentor python "Lee" · olga organiser'
    async with open_world(store_url, cast) as world:
        await world.command("ana", "find", "rust")
        await world.press("ana", "Keep looking for me")
        (button,) = (
            button["id"] for button in world.got("olga")[0].message["buttons"] if "assign" in button["id"]
        )
        form = await world.does("olga", Pressed(*button.split(":")))
        mentor = str(await world.user("lee"))
        await world.restart_with(organisers="console:someone")
        assert "Only organisers" in read(await world.answers("olga", run_of(form), mentor=mentor))
        assert {row.state for row in await world.rows(requests)} == {"open"}


async def test_a_stranger_is_welcomed_whatever_they_do(store_url: str) -> None:
    async with open_world(store_url) as world:
        acts: list[Event] = [
            Said("hello"),
            Command("find", "rust"),
            Pressed("accept", "1"),
            Started(),
            Command("requests"),
        ]
        for event in acts:
            assert "mentor bot" in read(await world.does("sam", event)), event
        assert await world.types("sam", "/organiser") == "Only organisers can do that."


async def test_a_code_that_is_wrong_or_used_says_so(store_url: str) -> None:
    async with open_world(store_url) as world:
        assert "That code is not valid any more" in read(await world.does("sam", Started("nosuchcode22")))
        assert "That code is not valid any more" in await world.types("sam", "/signup nosuchcode22")


async def test_only_reading_leaves_no_trace(store_url: str) -> None:
    async with open_world(store_url) as world:
        before = {table.name: await world.rows(table) for table in metadata.sorted_tables}
        for command in (name for name, row in COMMANDS.items() if row.reads and row.who != "organiser"):
            await world.types("ana", f"/{command}")
        assert before == {table.name: await world.rows(table) for table in metadata.sorted_tables}


async def test_new_words_of_consent_come_before_everything_else(store_url: str) -> None:
    async with open_world(store_url) as world:
        await world.restart_with(community__consent_version="2")
        for event in (Command("help"), Command("requests"), Pressed("find"), Said("hello")):
            assert asked(await world.does("ana", event)) == ["consent"], event
        assert "Thank you" in await world.types("ana", "yes")
        assert "/find" in await world.types("ana", "/help")


# --- Where words go ---------------------------------------------------------------------------------------------


async def test_words_go_to_the_replied_room_then_the_form_then_the_open_room_then_get_help(
    store_url: str,
) -> None:
    async with open_world(
        store_url, 'ana mentee "Ana" · lee mentor python "Lee" · mei mentor rust "Mei"'
    ) as world:
        await match(world, "ana", "lee", "python")
        await match(world, "ana", "mei", "rust")
        pairs = [
            button["id"]
            for shown in world.got("ana")
            for button in shown.message["buttons"]
            if "talk" in button["id"]
        ]

        async def went() -> list[str]:
            await world.settle()
            return [f"{who}: {shown.text}" for who in ("lee", "mei") for shown in world.got(who)]

        # Nothing is open: help.
        assert "not sure what to do" in await world.types("ana", "one")
        # A room is open.
        assert "now goes to Lee" in await world.pushes("ana", pairs[0])
        assert await world.types("ana", "two") == "Passed on to Lee."
        assert "lee: Ana: two\n[Report]" in await went()
        # A form comes before the room, and says so first.
        answer = await world.types("ana", "/report 99")
        assert answer.startswith("The question comes first; what you write goes to Lee again after it.")
        assert "What happened" in answer
        # A reply comes before the form: to the other room, and the form stays.
        await world.types("mei", "/talk")
        await world.types("mei", "from mei")
        await world.settle()
        ref = [shown for shown in world.screens.shown if shown.who == "ana" and "from mei" in shown.text]
        place = world.screens.shown.index(ref[0]) + 1
        answer = read(await world.does("ana", Said("three"), reply_to=Ref("console", "ana", str(place))))
        assert answer == "Passed on to Mei."
        assert "mei: Ana: three\n[Report]" in await went()
        # What was meant for the form reaches no partner; then the room has the words again, and says so.
        answer = await world.types("ana", "a secret about Lee")
        assert "Thank you for telling us" in answer
        assert answer.endswith("What you write now goes to Lee again.")
        assert not any("secret" in line for line in await went())
        assert await world.types("ana", "four") == "Passed on to Lee."
        # The room is left.
        assert await world.types("ana", "/leave") == "What you write here no longer goes to Lee."
        assert "not sure what to do" in await world.types("ana", "five")
        assert not any("five" in line for line in await went())


async def test_a_form_that_is_left_gives_the_room_its_words_back(store_url: str) -> None:
    async with open_world(store_url) as world:
        await match(world)
        await world.types("ana", "/talk")
        assert "The question comes first" in await world.types("ana", "/find")
        assert "The question comes first" not in await world.types("ana", "/settings")
        answer = await world.types("ana", "/cancel")
        assert answer.endswith("What you write now goes to Lee Chan again.")


async def test_a_reply_to_something_that_is_no_room_is_taken_as_words(store_url: str) -> None:
    async with open_world(store_url) as world:
        await match(world)
        offer = next(
            n for n, shown in enumerate(world.screens.shown, 1) if shown.who == "lee" and shown.kind == "push"
        )
        answer = read(await world.does("lee", Said("thanks"), reply_to=Ref("console", "lee", str(offer))))
        assert "not sure what to do" in answer


async def test_who_replies_in_a_room_that_is_not_theirs_reaches_nobody(store_url: str) -> None:
    async with open_world(store_url, STORY + " · zed mentor rust") as world:
        await match(world)
        await world.types("ana", "/talk")
        await world.types("ana", "for lee")
        await world.settle()
        place = next(n for n, shown in enumerate(world.screens.shown, 1) if "for lee" in shown.text)
        for ref in (Ref("console", "lee", str(place)), Ref("console", "zed", str(place))):
            assert "not sure what to do" in read(await world.does("zed", Said("hi"), reply_to=ref))


# --- What a platform tells --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "zone", ["Mars/Phobos", "", "../etc/passwd", "America", "x" * 500, "Europe/Madrid\x00"]
)
async def test_a_zone_that_does_not_exist_is_not_believed(store_url: str, zone: str) -> None:
    async with open_world(store_url) as world:
        answer = await world.does(
            "sam", Command("signup"), zone=zone, locale="tlh-Latn-QO-x-something-very-long-indeed"
        )
        assert asked(answer) == ["consent", "name", "role"]
        (account,) = [row for row in await world.rows(accounts) if row.id == "sam"]
        assert account.zone is None


TEXTS = (
    "a\x00b", "half \ud83d of it", "\u202eright to left", "\u200b", "", "x" * 40_000, "𝟙" * 300,
    "/", "/ ", "//", "/\x00",
)  # fmt: skip


async def test_whatever_is_written_is_answered(store_url: str) -> None:
    async with open_world(store_url, messages__flood_events=MANY) as world:
        await match(world)
        for text in TEXTS:
            for handle in ("sam", "ana"):
                assert TROUBLE not in await world.types(handle, text), text
                for command in ("find", "pause", "talk", "signup", "report", "rate"):
                    assert TROUBLE not in read(await world.does(handle, Command(command, text))), (
                        command,
                        text,
                    )
                    assert TROUBLE not in read(await world.does(handle, Said(text))), (command, text)
        await world.settle()
        assert await world.messages("dead") == []


async def test_who_shuts_the_bot_out_is_not_written_to_until_they_let_it_in(store_url: str) -> None:
    told = Told()
    async with open_world(store_url, adapters=[told]) as world:
        ana = await world.user("ana")
        assert read(await world.does("ana", Reachable(yes=False))) == ""
        await world.write(
            lambda tx: box.put(tx, world.clock(), Letter("room.trouble", ana, Message("pause.over"), "one"))
        )
        await world.app.outbox.drain(world.clock)
        assert told.pushed == []
        await world.does("ana", Reachable(yes=True))
        world.clock.now = max(row.due_at for row in await world.rows(outbox))
        await world.app.outbox.drain(world.clock)
        assert [to for to, _, _ in told.pushed] == ["ana"]


async def test_suggestions_come_in_the_readers_language(store_url: str) -> None:
    async with open_world(store_url, "ana mentee en · mei mentor zh") as world:
        found = {
            who: [
                option.label for option in await world.app.router.suggest(Search(at(who), "topics", "front"))
            ]
            for who in ("ana", "mei", "sam")
        }
        assert "Frontend development" in found["ana"]
        assert found["sam"] == found["ana"]
        assert found["mei"] != found["ana"]
        assert await world.app.router.suggest(Search(at("ana"), "nothing", "x")) == []
        assert len(await world.app.router.suggest(Search(at("ana"), "zones", ""))) == 25


async def test_a_refusal_of_a_platform_is_not_the_routers_trouble(store_url: str) -> None:
    told = Told(outcomes=[Declined("no")] * 20)
    async with open_world(store_url, adapters=[told]) as world:
        await world.types("ana", "/find python")
        assert TROUBLE not in await world.pushes("ana", "first:1")
        await world.app.outbox.drain(world.clock)
        (row,) = await world.rows(people.metadata.tables["requests"])
        assert row.state == "open"
