"""Discord passes the contract; and what Discord has of its own: modals, updates in place, servers, threads, files."""

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest

from bot.adapters.discord.typed import text_of
from bot.turn import Action, Message
from tests.contract.rehearsal import ANSWERS, NATIVE
from tests.contract.suite import Contract, Stage, driven, only, visible
from tests.platforms.discord_driver import DiscordDriver
from tests.platforms.discord_server import COMMANDS, Form, Person
from tests.platforms.discord_server import Message as Posted
from tests.platforms.discord_world import TEXT_CHANNEL, Channel

REPLY, UPDATE, MODAL = 4, 7, 9
"""How an interaction is answered: by a message, in the place of the one acted on, by a modal."""
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
ROOMS = {"mentorships.native_rooms": "on"}
REQUESTS = "700000000000000001"
CLAIMS = {"requests.claim_channel": f"discord:#{REQUESTS}", "requests.claim_wait": "48h"}


class TestDiscord(Contract, platform="discord"):
    @pytest.fixture
    def url(self, sqlite_store_url: str) -> str:
        return sqlite_store_url

    def seen(self, text: str) -> str:
        # Emoji, dates and addresses have marks, which nobody sees; how they are read has tests of its own.
        return text_of({"content": text})

    async def test_a_stranger_is_greeted_by_name_and_in_their_language(self, stage: Stage) -> None:
        answer = only(await stage.came(stage.driver.say("sam", "hello")), "sam", "answer")
        assert answer.text.startswith("Hello Sam!")
        # Discord tells a language with what is used and pressed, and not with what is written.
        stage.driver.know("xin", name="新", locale="zh-CN")
        await stage.driver.command("xin", "help")
        answer = only(await stage.came(stage.driver.say("xin", "你好")), "xin", "answer")
        assert "新" in answer.text
        assert "[帮助]" in answer.text

    async def test_a_field_that_searches_offers_what_fits_while_one_types(self, stage: Stage) -> None:
        # Discord offers something while one types a command alone: in a form what was typed is understood, or asked.
        await stage.begin("ana", "everything")
        await stage.until("ana", "topics")
        assert await stage.driver.options("ana", "topics", "pyth") == ()
        await stage.driver.say("ana", "pythn 4, sql")
        assert "topics" not in stage.asked("ana")
        await stage.until("ana", "zone")
        await stage.driver.say("ana", "madrd")
        assert "Did you mean Europe/Madrid?" in stage.asked("ana")["zone"]["error"]
        await stage.answer("ana", NATIVE)
        assert stage.understood("ana") == {**ANSWERS, "topics": [["python", 4], ["sql", None]]}

    async def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(self, stage: Stage) -> None:
        await stage.begin("ana", "everything")
        before = list(stage.asked("ana"))
        # In a modal nobody can write too long a name, or choose what is not there: but a number can be none.
        given: dict[str, Any] = {**NATIVE, "age": "many", "hours": "41"}
        await stage.driver.fill("ana", {key: given[key] for key in before})
        asked = stage.asked("ana")
        assert {key: field["initial"] for key, field in asked.items()} == {key: given[key] for key in before}
        assert {key for key, field in asked.items() if field["error"]} == {"age", "hours"}
        await stage.driver.say("ana", "x" * 41)
        assert "41 characters, of 40 at the most" in stage.driver.screen("ana")[-1].text
        await stage.until("ana", "role")
        await stage.driver.say("ana", "boss")
        assert stage.asked("ana")["role"]["error"]
        await stage.answer("ana", NATIVE)
        assert stage.understood("ana") == ANSWERS


@pytest.fixture
def kind() -> type[DiscordDriver]:
    return DiscordDriver


def texts(messages: Sequence[Posted]) -> list[str]:
    """Give what messages say, as it is read."""
    return [message.words for message in messages]


def front(person: Person) -> Form:
    """Give the modal in front."""
    assert person.modal is not None
    return person.modal


# --- Modals -----------------------------------------------------------------------------------------------------


async def test_a_form_is_filled_in_five_fields_at_a_time_and_a_button_leads_on(
    stage: Stage, driver: DiscordDriver, ana: Person
) -> None:
    await stage.begin("ana", "everything")
    assert ana.acks[-1].kind == MODAL
    assert [*front(ana).fields] == ["name", "story", "age", "hours", "role"]
    first = {"name": "Ana Ruiz", "age": "41", "hours": "2.5", "role": "helps"}
    await driver.act("ana", lambda person: person.submit(first))
    assert ana.modal is None
    (_, lead) = ana.received
    assert lead.words.startswith("Some questions")
    assert lead.labels == ["Next", "Back", "Cancel"]
    await driver.act("ana", lambda person: person.press(lead, "Next"))
    assert [*front(ana).fields] == ["topics", "days", "zone", "languages", "agreed"]
    second = {
        "topics": "python 4, sql",
        "days": ["Fri"],
        "zone": "Madrid",
        "languages": "English",
        "agreed": "yes",
    }
    await driver.act("ana", lambda person: person.submit(second))
    # What leads on stands in one place.
    assert ana.received[1:] == [lead]
    assert ana.acks[-1].kind == UPDATE
    await driver.act("ana", lambda person: person.press(lead, "Next"))
    third = {"call": "no", "at": "Fri 18:00", "free": "Mon 18-21", "file": [("cv.pdf", b"x")]}
    await driver.act("ana", lambda person: person.submit(third))
    assert ana.received[1:] == [lead]
    assert lead.words.startswith("Understood: ")
    assert stage.understood("ana")["topics"] == [["python", 4], ["sql", None]]


async def test_what_is_wrong_is_named_and_what_was_entered_is_there_when_one_goes_on(
    stage: Stage, driver: DiscordDriver, ana: Person
) -> None:
    await stage.begin("ana", "everything")
    given = {"name": "Ana Ruiz", "story": "A long one.", "age": "many", "hours": "41", "role": "helps"}
    await driver.act("ana", lambda person: person.submit(given))
    lead = ana.received[-1]
    assert [line.split("?")[0] for line in lead.words.split("\n")] == [
        "Some questions",
        "- Your age",
        "- Your hours",
    ]
    assert lead.labels == ["Next", "Cancel"]
    await driver.act("ana", lambda person: person.press(lead, "Next"))
    modal = front(ana)
    assert modal.entered == {**given, "role": ["helps"]}
    wrong = {key: bool(each["description"]) for key, each in modal.fields.items()}
    assert [key for key in wrong if wrong[key]] == ["age", "hours"]
    # Whoever closes it finds it again, and sends it when it is right.
    ana.dismiss()
    await driver.act("ana", lambda person: person.press(lead, "Next"))
    await driver.act("ana", lambda person: person.submit({"age": "41", "hours": "2.5"}))
    await driver.act("ana", lambda person: person.press(lead, "Next"))
    assert [*front(ana).fields] == ["topics", "days", "zone", "languages", "agreed"]
    assert front(ana).entered["days"] == []


async def test_a_form_is_opened_from_a_question_and_what_was_answered_is_not_asked_again(
    stage: Stage, driver: DiscordDriver, ana: Person
) -> None:
    await stage.begin("ana", "everything")
    await driver.say("ana", "Ana Ruiz")
    question = ana.received[-1]
    assert question.labels == ["Skip", "Back", "Answer in a form"]
    await driver.act("ana", lambda person: person.press(question, "Answer in a form"))
    assert [*front(ana).fields] == ["story", "age", "hours", "role", "days"]
    await driver.fill("ana", {key: NATIVE[key] for key in front(ana).fields})
    assert ana.acks[-1].kind == MODAL  # the driver has gone on
    assert question.labels == ["Next", "Back", "Cancel"]
    await driver.act("ana", lambda person: person.press(question, "Cancel"))
    assert ana.received[-1].words == "Cancelled. Nothing of it was kept."


async def test_an_option_of_a_question_in_the_chat_goes_on_there_and_shows_what_was_chosen(
    stage: Stage, driver: DiscordDriver, ana: Person
) -> None:
    await stage.begin("ana", "everything")
    await stage.until("ana", "role")
    question = ana.received[-1]
    assert question.labels == ["Learn", "Help", "Both", "Back", "Answer in a form"]
    await driver.press("ana", "Learn")
    assert ana.modal is None
    assert question.words == "Your role?\n✓ Learn"
    assert question.labels == []
    question = ana.received[-1]
    assert question.words == "Your days?"
    (select,) = question.selects
    await driver.act("ana", lambda person: person.select(question, select["custom_id"], ["Fri", "Sun"]))
    assert question.words == "Your days?\n✓ Fri, Sun"
    assert question.selects == []
    assert ana.received[-1].words == "Your why?"


async def test_the_parts_of_a_week_are_chosen_in_a_select(
    stage: Stage, driver: DiscordDriver, ana: Person
) -> None:
    await stage.begin("ana", "everything")
    await stage.until("ana", "free")
    question = ana.received[-1]
    await driver.fill("ana", {"free": [[0, 1020, 1260], [5, 480, 720]]})
    assert question.words == "Your free?\n✓ Mo evening, Sa morning"
    await stage.answer("ana", NATIVE)
    assert stage.understood("ana")["free"] == [[0, 1020, 1260], [5, 480, 720]]


# --- In a server ------------------------------------------------------------------------------------------------


async def test_who_acts_in_a_server_is_answered_alone(driver: DiscordDriver, ana: Person) -> None:
    await driver.act("ana", lambda person: person.slash("find", {"words": "python"}))
    assert ana.here.messages == ana.received == []
    (found,) = ana.ephemerals
    assert "Lee Chan knows Python" in found.words
    await driver.act("ana", lambda person: person.press(found, "Ask the first available"))
    assert len(ana.ephemerals) == 2
    asked = ana.ephemerals[-1]
    await driver.act("ana", lambda person: person.press(asked, "Withdraw"))
    assert ana.ephemerals == [found, asked]
    assert asked.words.startswith("Your request about Python is withdrawn.")
    assert ana.acks[-1].kind == UPDATE
    await driver.act("ana", lambda person: person.slash("find"))
    assert next(iter(front(ana).fields)) == "topics"
    assert ana.here.messages == ana.received == []


async def test_topics_are_offered_while_one_types_a_command(driver: DiscordDriver, ana: Person) -> None:
    offered = await ana.autocomplete("find", "words", "sql and pyth")
    assert offered[0] == {"name": "sql and pyth", "value": "sql and pyth"}
    assert {"name": "sql and Python", "value": "sql and Python"} in offered
    found = await driver.person("mei").autocomplete(
        "find", "words", "frontend", where=driver.person("mei").dm
    )
    assert "前端开发" in [each["value"] for each in found]


async def test_a_mentor_is_asked_from_the_menu_of_people(
    stage: Stage, driver: DiscordDriver, ana: Person, lee: Person
) -> None:
    await driver.act("ana", lambda person: person.user_menu("Ask to mentor me", lee))
    assert "Lee Chan alone" in front(ana).words
    await driver.fill("ana", {**dict.fromkeys(stage.asked("ana")), "topics": ["python"]})
    (offer,) = lee.received
    assert offer.words.startswith("Ana Ruiz would like help with Python")
    assert ana.ephemerals


async def test_a_message_of_somebody_is_reported_with_its_words_and_its_author(
    stage: Stage, driver: DiscordDriver, lee: Person
) -> None:
    rude = await lee.say("You are **stupid** @here", where=lee.here)
    await driver.act("ana", lambda person: person.message_menu("Report", rude))
    (asked,) = stage.asked("ana")
    await driver.fill("ana", {asked: "This was in our channel."})
    (report,) = driver.person("olga").received
    assert report.words.startswith("Ana Ruiz reports")
    assert "This was in our channel." in report.words
    assert "by Lee Chan" in report.words
    assert visible("You are **stupid** @here") in visible(report.words)
    assert lee.received == []


# --- Presses ----------------------------------------------------------------------------------------------------


async def test_an_answer_takes_the_place_of_the_message(
    driver: DiscordDriver, ana: Person, lee: Person
) -> None:
    await driver.command("ana", "find", "python")
    await driver.press("ana", "Ask the first available")
    (asked,), (offer,) = ana.received[-1:], lee.received
    await driver.press("ana", "Withdraw")
    assert ana.acks[-1].kind == UPDATE
    assert ana.received[-1] is asked
    assert asked.words.startswith("Your request about Python is withdrawn.")
    assert lee.received == [offer]
    assert "has withdrawn the request" in offer.words
    # On a screen that is behind, the button is still there.
    await driver.act("lee", lambda person: person.press(offer, "Accept", version=0))
    assert "has withdrawn the request" in offer.words


class Hasty(DiscordDriver):
    """The bot says something without the answer at once."""

    patience: ClassVar[float] = 0.0


async def test_who_waits_is_given_a_button_and_then_the_answer(sqlite_store_url: str) -> None:
    async with driven(Hasty, sqlite_store_url, {}) as (_, driver):
        ana = driver.person("ana")
        driver.discord.gate.clear()
        ack = await ana.slash("find", {"words": "python"})
        assert ack.kind == REPLY
        (held,) = ana.ephemerals
        assert held.labels == ["Continue"]
        assert "Lee" not in held.words
        # Whoever presses before there is an answer goes on waiting for it.
        await ana.press(held, "Continue")
        assert ana.ephemerals == [held]
        driver.discord.gate.set()
        await driver.settle()
        assert ana.ephemerals == [held]
        assert "Lee Chan knows Python" in held.words
        assert held.labels == ["Ask this mentor", "Ask the first available"]
        assert ana.received == []


# --- What people write ------------------------------------------------------------------------------------------


async def test_what_is_changed_taken_back_and_replied_to_follows_to_the_partner(
    stage: Stage, driver: DiscordDriver, ana: Person, lee: Person
) -> None:
    await stage.pair()
    await driver.say("ana", "helo")
    (arrived,) = [message for message in lee.received if message.words == "Ana Ruiz: helo"]
    await driver.act("ana", lambda person: person.edit(person.said[-1], "hello"))
    assert arrived.words == "Ana Ruiz (edited): hello"
    # Lee has no room open; what answers a message of a room goes there.
    await driver.act("lee", lambda person: person.say("hello to you", reply_to=arrived))
    assert ana.received[-1].words == "Lee Chan: hello to you"
    await driver.act("ana", lambda person: person.delete(person.said[-1]))
    assert arrived.words == "Ana Ruiz took this message back."


async def test_files_and_pictures_in_a_room_reach_the_partner(
    stage: Stage, driver: DiscordDriver, ana: Person, lee: Person
) -> None:
    await stage.pair()
    data = "naïve = '练习'\n".encode()
    await driver.act("ana", lambda person: person.say("Look at this.", files=[("try.py", data)]))
    assert [(file.name, file.data) for message in lee.received for file in message.files] == [
        ("try.py", data)
    ]
    told = [shown.text for shown in driver.screen("lee")][-2:]
    assert told[0] == "Ana Ruiz: Look at this.\n[Report]"
    assert "(try.py)" in told[1]
    assert "Passed on" in ana.received[-1].words
    await driver.act("ana", lambda person: person.say(files=[("p.png", PNG)]))
    picture = lee.received[-1]
    assert [(file.mime, file.data) for file in picture.files] == [("image/png", PNG)]
    assert any("items" in each for each in picture.components)


async def test_a_long_message_comes_in_parts_and_whole(stage: Stage, lee: Person) -> None:
    text = " ".join(f"word{number}" for number in range(1000))
    came = await stage.push(
        "lee", Message("rehearsal.plain", {"text": text}, (Action("help", "rehearsal.yes"),))
    )
    assert [len(message.labels) for message in lee.received] == [0, 1]
    assert all(len(message.text) <= 4000 for message in lee.received)
    assert visible("".join(texts(lee.received))) == visible(text)
    assert [one.kind for one in came] == ["push", "push"]


# --- Where people are -------------------------------------------------------------------------------------------


async def test_who_takes_no_messages_is_told_when_they_next_do_something(
    stage: Stage, driver: DiscordDriver, lee: Person
) -> None:
    lee.close_dms()
    await stage.push("lee", Message("rehearsal.news", {"number": 1}))
    await stage.push("lee", Message("rehearsal.news", {"number": 2}))
    assert lee.messages == lee.ephemerals == []
    await driver.act("lee", lambda person: person.slash("help"))
    assert lee.messages == []
    told = texts(lee.ephemerals)
    assert told[0].startswith("What you can do here")
    assert told[1].startswith("I could not send you these in private")
    assert told[2:] == ["News 1.", "News 2."]
    lee.open_dms()
    await driver.say("lee", "hello")
    await stage.push("lee", Message("rehearsal.news", {"number": 3}))
    assert lee.received[-1].words == "News 3."


async def test_a_pair_of_one_server_meets_in_a_thread_of_its_own(sqlite_store_url: str) -> None:
    async with driven(DiscordDriver, sqlite_store_url, ROOMS) as (_, driver):
        await driver.command("ana", "find", "python")
        await driver.press("ana", "Ask the first available")
        await driver.press("lee", "Accept")
        ana, lee, mei = (driver.person(who) for who in ("ana", "lee", "mei"))
        (thread,) = ana.threads
        assert lee.threads == [thread]
        assert mei.threads == []
        assert not thread.invitable
        readers, words = thread.messages
        assert readers.words.startswith("Only you two can read this thread")
        assert "Lee Chan will help Ana Ruiz with Python" in words.words
        assert not [text for text in texts(lee.received) if "are a pair now" in text]
        await driver.act("lee", lambda person: person.press(words, "Plan a session"))
        assert lee.modal is not None or lee.ephemerals
        assert thread.messages == [readers, words]


async def test_who_presses_in_the_channel_for_requests_is_answered_alone(sqlite_store_url: str) -> None:
    async with driven(DiscordDriver, sqlite_store_url, CLAIMS) as (_, driver):
        place = driver.guild.place
        channel = Channel(REQUESTS, TEXT_CHANNEL, "requests", place)
        driver.server.channels[REQUESTS] = place.channels[REQUESTS] = channel
        await driver.command("ana", "find", "python")
        await driver.press("ana", "Ask the first available")
        await driver.press("lee", "Decline")
        await driver.say("lee", "1")
        (asked,) = channel.messages
        assert asked.labels == ["I can help"]
        sam, mei = driver.person("sam"), driver.person("mei")
        for who in ("sam", "mei"):
            await driver.act(who, lambda person: person.press(asked, "I can help"))
        assert channel.messages == [asked]
        assert "Ana" not in asked.words
        assert asked.labels == []
        assert len(sam.ephemerals) == 1
        assert any("Ana Ruiz" in text for text in texts([*mei.ephemerals, *mei.received]))


async def test_commands_are_told_to_discord_once(driver: DiscordDriver) -> None:
    await driver.restart()
    assert len(driver.server.calls_of(COMMANDS)) == 1
