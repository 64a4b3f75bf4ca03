"""What bad input gets: a clear sentence in the reader's language, and nothing lost."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.adapters.console import to_json
from bot.ports import Answer, Command, Deleted, Edited, Pressed, Ref, Said, Submitted
from core.store.tables import metadata, offers, outbox, runs, seen_events, sessions, user_topics, views
from core.store.tables import users as people
from tests.world import MONDAY, World, asked, match, open_world, read, run_of

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LOCALES = ("en", "zh")
CAST = 'ana both Europe/Madrid {0} python:4 "Ana Ruiz" · lee mentor Europe/Madrid {0} rust,sql "Lee Chan"'
COMMAND = re.compile("<cmd>(.*?)</cmd>")
IN_PLACE_OF_TAGS = re.compile(r"<[^<>]+>")


def sounds_like(world: World, key: str, locale: str) -> re.Pattern[str]:
    """A pattern of a message: its words up to the first condition, or those of it, and anything for a parameter."""
    template = COMMAND.sub(r"/\1", world.app.world.words.template(key, locale))
    template = IN_PLACE_OF_TAGS.sub(" ", template)
    template = next(part for part in re.split(r"\{%.*?%\}", template) if part.strip())
    pieces = [re.escape(" ".join(piece.split())) for piece in re.split(r"\{\{.*?\}\}", template)]
    return re.compile(r"\s*.+?\s*".join(pieces), re.DOTALL)


def says(world: World, text: str, key: str, locale: str) -> None:
    """Make sure that a text is this message in this language, and that both languages have it."""
    words = world.app.world.words
    assert key in words.keys("en") & words.keys("zh")
    line = " ".join(text.split())
    heard = [each for each in LOCALES if sounds_like(world, key, each).search(line)]
    assert heard == [locale], (key, text)


async def picture(world: World) -> dict[str, list[Any]]:
    """All that is kept, but for forms, lists of what was found, and which events were seen."""
    return {
        table.name: await world.rows(table)
        for table in metadata.sorted_tables
        if table not in (runs, views, seen_events)
    }


# --- In a form: said, kept, asked again -------------------------------------------------------------------------

FORMS: list[tuple[str, str, str, str]] = [
    ("/edit name", "x" * 81, "error.text.long", "Ana"),
    ("/edit name", " \n ", "error.required", "Ana"),
    ("/edit goal", "x" * 501, "error.text.long", "to learn"),
    ("/edit role", "boss", "error.choice", "3"),
    ("/edit helps", "python 9", "error.level", "python 4"),
    ("/edit helps", "rost", "error.topic.near", "rust"),
    ("/edit helps", ", ,", "error.required", "rust"),
    ("/edit wants", ",".join(f"topic{number}" for number in range(21)), "error.choice.many", "rust"),
    ("/edit languages", "Klingonish", "error.language.unknown", "es"),
    ("/edit languages", "Englsh", "error.language.unknown", "en"),
    ("/edit zone", "Atlantis", "error.zone.unknown", "Lisbon"),
    ("/edit zone", "Madird", "error.zone.unknown", "Madrid"),
    ("/edit zone", "Australia", "error.zone.several", "Sydney"),
    ("/edit free", "when the moon is full", "error.week.unreadable", "Mon 18-20"),
    ("/edit budget", "a lot", "error.number.unreadable", "4"),
    ("/edit budget", "1000", "error.number.range", "4"),
    ("/edit formats", "séance", "error.choice", "1"),
    ("/setting quiet", "whenever", "error.quiet", "21:00-08:00"),
    ("/setting quiet", "25:00-26:99", "error.quiet", "22-7"),
    ("/setting zone", "Atlantis", "error.zone.unknown", "Lisbon"),
    ("/pause", "when hell freezes over", "error.until.unreadable", "1 April"),
    ("/pause", "2026-02-01", "error.until.past", "1 April"),
    ("/report", "x" * 2001, "error.text.long", "somebody was rude"),
    ("/find", "rost", "error.topic.near", "rust"),
    ("/block 2", "perhaps", "error.yes.unreadable", "no"),
    ("/setting language", "Latin", "error.choice", "2"),
]


@pytest.mark.parametrize("locale", LOCALES)
async def test_a_field_says_what_is_wrong_keeps_everything_and_asks_again(
    sqlite_store_url: str, locale: str
) -> None:
    async with open_world(sqlite_store_url, CAST.format(locale), messages__flood_events="1000") as world:
        # Whoever is to be blocked by a number is somebody one has asked.
        await world.types("ana", "/find rust")
        await world.pushes("ana", "first:1")
        for opening, typed, key, right in FORMS:
            run = run_of(await world.does("ana", Command(*opening[1:].split(" ", 1))))
            before = await picture(world)
            answer = await world.does("ana", Said(typed))
            says(world, read(answer), key, locale)
            assert run_of(answer) == run, opening
            field = next(message.form.fields[0] for message in answer.messages if message.form)
            assert field.initial == typed or not typed.strip() or typed.strip(", ") == ""
            assert await picture(world) == before, opening
            answer = await world.does("ana", Said(right))
            assert not any(message.form and message.form.fields[0].error for message in answer.messages), (
                opening
            )
            while await world.rows(runs):
                await world.types("ana", "/cancel")


SIGNUP: list[tuple[str, str | None, str]] = [
    ("no", "error.confirm", "yes"),
    ("x" * 81, "error.text.long", "Sam"),
    ("boss", "error.choice", "both"),
    ("python 7", "error.level", "python 4, a-very-new-thing 2"),
    ("rost", "error.topic.near", "rust"),
    ("Klingonish", "error.language.unknown", "skip"),
    ("Atlantis", "error.zone.unknown", "Madrid"),
    ("when the moon is full", "error.week.unreadable", "skip"),
    ("x" * 501, "error.text.long", "skip"),
    ("a lot", "error.number.unreadable", "5"),
    ("by owl", "error.choice", "skip"),
]


@pytest.mark.parametrize("locale", LOCALES)
async def test_a_sign_up_with_a_mistake_in_every_answer_ends_with_all_the_answers(
    store_url: str, locale: str
) -> None:
    async with open_world(store_url, f"sam stranger {locale}") as world:
        await world.does("sam", Command("signup"))
        for wrong, key, right in SIGNUP:
            answer = await world.types("sam", wrong)
            if key:
                says(world, answer, key, locale)
            answer = await world.types("sam", right)
        says(world, answer, "signup.done", locale)
        (sam,) = [row for row in await world.rows(people) if row.name == "Sam"]
        assert (sam.mentor, sam.mentee, sam.zone, sam.budget_hours) == (True, True, "Europe/Madrid", 5)
        topics = {(row.side, row.topic, row.level) for row in await world.rows(user_topics)}
        assert {("helps", "python", 4), ("helps", "a-very-new-thing", 2), ("wants", "rust", None)} <= topics


async def test_a_page_with_one_mistake_is_not_taken_and_keeps_what_was_filled_in(store_url: str) -> None:
    async with open_world(store_url, "sam stranger") as world:
        run = run_of(await world.does("sam", Command("signup")))
        page = {"consent": True, "name": "x" * 81, "role": "mentee"}
        answer = await world.answers("sam", run, **page)
        assert asked(answer) == ["consent", "name", "role"]
        fields = {
            each.field.key: each
            for message in answer.messages
            if message.form
            for each in message.form.fields
        }
        assert {key: each.initial for key, each in fields.items()} == page
        assert [key for key, each in fields.items() if each.error] == ["name"]
        assert asked(await world.answers("sam", run, **{**page, "name": "Sam"}))[0] == "wants"


# --- Commands and buttons ---------------------------------------------------------------------------------------

COMMANDS: list[tuple[str, str]] = [
    ("/fnid", "help.did_you_mean"),
    ("/Requests!", "help.did_you_mean"),
    ("/xyzzy", "help.unknown"),
    ("/", "help.list"),
    ("/xyzzy 1", "help.unknown"),
    ("/find " + "rust " * 101, "error.text.long"),
    ("/find qwzzkrx", "find.no_topic"),
    ("/find rost", "find.near"),
    ("/pause until the cows come home", "error.until.unreadable"),
    ("/pause 1 March 2026", "error.until.past"),
    ("/pause 30 February", "error.until.unreadable"),
    ("/edit shoe size", "profile.unknown"),
    ("/setting volume", "settings.unknown"),
    ("/rate 99", "session.gone"),
    ("/rate", "rate.none"),
    ("/talk 99", "room.closed"),
    ("/talk", "room.none"),
    ("/leave", "room.not_open"),
    ("/schedule", "room.none"),
    ("/end 99", "mentorship.gone"),
    ("/accept 99", "offer.gone"),
    ("/withdraw 99", "request.closed"),
    ("/confirm 99.1", "session.gone"),
    ("/move 99", "session.gone"),
    ("/met 99", "session.gone"),
    ("/snooze nonsense", "error.stale"),
    ("/back", "form.none"),
    ("/cancel", "form.none"),
    ("/organiser", "error.forbidden"),
    ("/signup", "signup.already"),
]
OLD = [
    "accept:1",
    "decline:1",
    "more:1",
    "withdraw:1",
    "others:1",
    "confirm:1.1772704000",
    "more_mentors:1.3",
    "first:1",
]


@pytest.mark.parametrize("locale", LOCALES)
async def test_a_command_that_cannot_be_done_says_why(store_url: str, locale: str) -> None:
    async with open_world(store_url, CAST.format(locale), messages__flood_events="1000") as world:
        before = await picture(world)
        for typed, key in COMMANDS:
            says(world, await world.types("ana", typed), key, locale)
        assert await picture(world) == before


async def test_did_you_mean_is_a_button_that_does_it(store_url: str) -> None:
    async with open_world(store_url) as world:
        answer = await world.does("ana", Command("hlep"))
        assert read(answer) == "I do not know “hlep”. Did you mean /help?\n[/help]"
        (button,) = answer.messages[0].buttons
        assert "/find" in await world.pushes("ana", button.id)


@pytest.mark.parametrize("locale", LOCALES)
async def test_a_button_of_a_former_release_or_of_nowhere_says_that_it_is_stale(
    store_url: str, locale: str
) -> None:
    async with open_world(store_url, CAST.format(locale)) as world:
        before = await picture(world)
        for button in ("frobnicate:7", "accept", "", ":", "a:b:c", "accept:" + "9" * 30, "…:1"):
            text = await world.pushes("ana", button)
            assert text
            if not button.startswith("accept") or len(button) > 10:
                says(world, text, "error.stale", locale)
        assert await picture(world) == before


@pytest.mark.parametrize("locale", LOCALES)
async def test_a_button_of_last_month_answers_kindly_and_does_nothing(store_url: str, locale: str) -> None:
    async with open_world(store_url, CAST.format(locale)) as world:
        await world.types("ana", "/find rust")
        await world.pushes("ana", "first:1")
        await world.settle()
        await world.pushes("ana", "withdraw:1")
        await world.advance(31 * DAY)
        before = await picture(world)
        expected = {
            "accept:1": "offer.withdrawn",
            "decline:1": "offer.withdrawn",
            "more:1": "offer.withdrawn",
            "confirm:1.1772704000": "session.gone",
        }
        for button, key in expected.items():
            says(world, await world.pushes("lee", button), key, locale)
        for button in ("withdraw:1", "others:1"):
            says(world, await world.pushes("ana", button), "request.closed", locale)
        assert await picture(world) == before


@pytest.mark.parametrize("locale", LOCALES)
async def test_a_list_of_last_month_says_so_and_offers_a_new_search(store_url: str, locale: str) -> None:
    async with open_world(store_url, CAST.format(locale)) as world:
        await world.types("ana", "/find rust")
        await world.write(lambda tx: tx.execute(views.delete()))
        for button in ("first:1", "more_mentors:1.3", "ask:1.2"):
            answer = await world.does("ana", Pressed(*button.split(":")))
            says(world, read(answer), "find.gone", locale)
            assert [each.id for each in answer.messages[0].buttons] == ["find"]


@pytest.mark.parametrize("locale", LOCALES)
async def test_a_button_pressed_again_says_what_is_already_so(store_url: str, locale: str) -> None:
    async with open_world(store_url, CAST.format(locale)) as world:
        await world.types("ana", "/find rust")
        await world.pushes("ana", "first:1")
        says(world, await world.pushes("ana", "first:1"), "request.same", locale)
        await world.settle()
        says(world, await world.pushes("lee", "accept:1"), "offer.accepted", locale)
        before = await picture(world)
        for button in ("accept:1", "decline:1", "more:1"):
            says(world, await world.pushes("lee", button), "offer.again", locale)
        assert await picture(world) == before


@pytest.mark.parametrize("locale", LOCALES)
async def test_a_form_sent_twice_is_taken_once(store_url: str, locale: str) -> None:
    async with open_world(store_url, CAST.format(locale)) as world:
        run = run_of(await world.does("ana", Command("edit", "goal")))
        says(world, read(await world.answers("ana", run, goal="first")), "profile.changed", locale)
        before = await picture(world)
        says(world, read(await world.answers("ana", run, goal="second")), "form.gone", locale)
        assert await picture(world) == before
        # While another form is open, that one is shown.
        other = run_of(await world.does("ana", Command("edit", "name")))
        again = await world.answers("ana", run, goal="third")
        assert run_of(again) == other
        assert run != other


# --- Days and times ---------------------------------------------------------------------------------------------

SPRING = datetime(2026, 3, 27, 10, tzinfo=UTC)
TIMES: list[tuple[str, str]] = [
    ("2026-03-29 02:30", "error.time.missing"),
    ("2026-03-26 18:00", "error.moment.past"),
    ("Sunday", "error.moment.time"),
    ("when it suits you", "error.moment.unreadable"),
]


@pytest.mark.parametrize("locale", LOCALES)
async def test_a_time_that_cannot_be_met_at_is_asked_again(store_url: str, locale: str) -> None:
    async with open_world(store_url, CAST.format(locale), SPRING) as world:
        await world.types("ana", "/find rust")
        await world.pushes("ana", "first:1")
        await world.settle()
        await world.pushes("lee", "accept:1")
        form = await world.does("ana", Command("schedule"))
        await world.answers("ana", run_of(form), times=None)
        for typed, key in TIMES:
            answer = await world.does("ana", Said(typed))
            says(world, read(answer), key, locale)
            assert asked(answer) == ["other"]
        assert "03:00" in await world.types("ana", "29.3. 02:30")
        assert await world.rows(sessions) == []
        says(world, await world.types("ana", "2026-03-29 03:00"), "session.asked", locale)
        (session,) = await world.rows(sessions)
        assert session.times == ["2026-03-29T01:00:00+00:00"]


@pytest.mark.parametrize("locale", LOCALES)
async def test_a_time_that_has_passed_before_it_was_chosen_says_so(store_url: str, locale: str) -> None:
    async with open_world(store_url, CAST.format(locale)) as world:
        await world.types("ana", "/find rust")
        await world.pushes("ana", "first:1")
        await world.settle()
        await world.pushes("lee", "accept:1")
        await world.types("ana", "/schedule")
        await world.types("ana", "2026-03-03 18:00")
        await world.settle()
        stamp = int(datetime(2026, 3, 3, 17, tzinfo=UTC).timestamp())
        says(world, await world.pushes("ana", f"confirm:1.{stamp}"), "session.own", locale)
        world.clock.now = MONDAY + 2 * DAY
        says(world, await world.pushes("lee", f"confirm:1.{stamp}"), "session.past", locale)
        assert [row.state for row in await world.rows(sessions)] == ["proposed"]


# --- Words that would like to be more than words ----------------------------------------------------------------

HOSTILE = [
    "@everyone <!channel> <@U1>",
    "<b>bold</b> & <script>alert(1)</script>",
    "*_~`|>#[x](tg://user?id=1)",
    "<https://evil.example|bank>",
    "{{ 7 * 7 }} {% raw %} ${jndi:x}",
    "=cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_name_that_pings_everybody_is_shown_as_it_is_and_is_nothing_but_words(
    store_url: str, name: str
) -> None:
    async with open_world(store_url, "sam stranger · lee mentor rust") as world:
        run = run_of(await world.does("sam", Command("signup")))
        await world.answers("sam", run, consent=True, name=name, role="mentee")
        await world.answers("sam", run, wants="rust")
        told = await world.does("sam", Submitted(run, dict.fromkeys(("languages", "zone", "free", "goal"))))
        await world.types("sam", "/find rust")
        await world.pushes("sam", "first:1")
        await world.settle()
        seen = [
            *(to_json(message) for message in told.messages),
            *(dict(shown.message) for shown in world.got("lee")),
        ]
        shown = [message for message in seen if name in message["text"]]
        assert len(shown) == 2
        for message in shown:
            # Of tags there are only ours, and no link.
            assert set(re.findall(r"<(\w+)", message["markup"])) <= {"b", "br", "p", "i"}
            assert "<a " not in message["markup"]


@pytest.mark.parametrize("typed", ["a\u202eb\u200bc\x07", "two\nlines\r\nand more", "  much   space  "])
async def test_a_name_is_one_line_of_what_can_be_seen(store_url: str, typed: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await world.types("ana", "/edit name")
        await world.types("ana", typed)
        name = next(row.name for row in await world.rows(people) if row.name != "Lee Chan")
        assert name in ("abc", "two lines and more", "much space")
        assert name.isprintable()


@pytest.mark.parametrize(
    "topic", ["<b>rust</b>", "a & b <i>", "@everyone", "**bold**", "</b>[](tg://user?id=1)"]
)
async def test_a_topic_with_markup_in_it_is_a_topic_and_no_markup(store_url: str, topic: str) -> None:
    async with open_world(store_url, CAST.format("en")) as world:
        await world.types("ana", "/edit wants")
        answer = await world.types("ana", f'"{topic}"')
        assert answer.startswith("Saved.")
        (kept,) = {row.topic for row in await world.rows(user_topics) if row.side == "wants"}
        assert kept == kept.strip("-.")
        profile = await world.does("ana", Command("profile"))
        for message in profile.messages:
            assert not re.findall(r"<(?!/?(?:b|br)\b)\w+", str(to_json(message)["markup"]))


ROOM = [
    *HOSTILE,
    "```python\nprint('<b>')\n```",
    "see https://example.org/a?b=1&c=2",
    "\u202eabc",
    "  spaces   kept  ",
]


async def test_what_is_written_in_a_room_arrives_as_it_was_written(store_url: str) -> None:
    async with open_world(store_url) as world:
        await match(world)
        await world.types("ana", "/talk")
        for number, text in enumerate(ROOM):
            assert await world.types("ana", f"{number}: {text}") == "Passed on to Lee Chan."
        await world.settle()
        got = [str(shown.message["text"]) for shown in world.got("lee") if shown.text.startswith("Ana Ruiz:")]
        assert len(got) == len(ROOM)
        for number, (text, line) in enumerate(zip(ROOM, got, strict=True)):
            assert line.startswith(f"Ana Ruiz: {number}: ")
            wanted = (
                text.replace("\u202e", "").replace("```python\n", "").replace("\n```", "").replace("`", "")
            )
            assert " ".join(wanted.split()) in " ".join(line.replace("`", "").split())


@pytest.mark.parametrize("locale", LOCALES)
async def test_a_room_message_that_is_too_long_is_refused_and_the_room_stays_open(
    store_url: str, locale: str
) -> None:
    async with open_world(store_url, CAST.format(locale)) as world:
        await world.types("ana", "/find rust")
        await world.pushes("ana", "first:1")
        await world.settle()
        await world.pushes("lee", "accept:1")
        await world.types("ana", "/talk")
        before = len(await world.rows(outbox))
        for text in ("x" * 3501, "好" * 40_000):
            says(world, await world.types("ana", text), "error.text.long", locale)
        assert len(await world.rows(outbox)) == before
        says(world, await world.types("ana", "short"), "room.passed", locale)


@pytest.mark.parametrize("locale", LOCALES)
async def test_who_writes_into_a_room_that_has_been_closed_is_told_so(store_url: str, locale: str) -> None:
    async with open_world(store_url, CAST.format(locale)) as world:
        await world.types("ana", "/find rust")
        await world.pushes("ana", "first:1")
        await world.settle()
        await world.pushes("lee", "accept:1")
        await world.types("ana", "/talk")
        await world.types("lee", "/end")
        await world.types("lee", "1")
        says(world, await world.types("ana", "are you there?"), "room.closed", locale)
        assert not [row for row in await world.rows(outbox) if row.kind == "room"]


async def test_an_edit_or_a_deletion_of_what_was_never_passed_on_is_harmless(store_url: str) -> None:
    async with open_world(store_url) as world:
        await match(world)
        before = await picture(world)
        for event in (Edited("new"), Deleted()):
            for who in ("ana", "sam"):
                answer = await world.does(who, event, message=Ref("console", who, "99"))
                assert answer == Answer()
        after = await picture(world)
        assert {**after, "addresses": []} == {**before, "addresses": []}


# --- Ratings and limits -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", LOCALES)
async def test_stars_that_do_not_exist_are_asked_again_and_a_rating_counts_once(
    store_url: str, locale: str
) -> None:
    async with open_world(store_url, CAST.format(locale)) as world:
        await world.types("ana", "/find rust")
        await world.pushes("ana", "first:1")
        await world.settle()
        await world.pushes("lee", "accept:1")
        await world.types("ana", "/schedule")
        await world.types("ana", "2026-03-03 18:00")
        await world.settle()
        await world.pushes("lee", f"confirm:1.{int(datetime(2026, 3, 3, 17, tzinfo=UTC).timestamp())}")
        says(world, await world.pushes("ana", "met:1"), "session.gone", locale)
        await world.advance(2 * DAY)
        await world.pushes("ana", "met:1")
        for typed in ("6", "0", "five hundred", "-1"):
            says(world, await world.types("ana", typed), "error.choice", locale)
        await world.types("ana", "5")
        says(world, await world.types("ana", "x" * 2001), "error.text.long", locale)
        says(world, await world.types("ana", "skip"), "rate.done", locale)
        says(world, await world.types("ana", "/rate 1"), "rate.already", locale)
        assert len(await world.rows(metadata.tables["ratings"])) == 1


@pytest.mark.parametrize("locale", LOCALES)
async def test_a_fourth_request_is_refused_with_the_reason(store_url: str, locale: str) -> None:
    cast = f"ana mentee {locale} · lee mentor {locale} python,rust,sql,go hours=40"
    async with open_world(store_url, cast) as world:
        for number, topic in enumerate(("python", "rust", "sql", "go"), 1):
            await world.types("ana", f"/find {topic}")
            answer = await world.pushes("ana", f"first:{number}")
        says(world, answer, "request.full", locale)
        assert len(await world.rows(offers)) == 3
