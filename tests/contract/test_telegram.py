"""Telegram passes the contract; and what Telegram has of its own: keyboards, edits in place, calendars, files."""

import random
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.dialogs import links
from bot.dialogs.signup import INVITATION
from bot.outbox import box
from bot.outbox.box import Letter
from bot.turn import Action, Attachment, Message
from core import importing, mentorships, tokens, topics, users
from tests.contract.rehearsal import ANSWERS, NATIVE
from tests.contract.suite import Contract, Stage, driven, visible
from tests.platforms.kit import Reply
from tests.platforms.telegram_driver import BOT, TelegramDriver
from tests.platforms.telegram_people import Group, Person
from tests.platforms.telegram_world import Chat, Update
from tests.platforms.telegram_world import Message as Posted

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
REQUESTS = -4711
CLAIMS = {"requests.claim_channel": f"telegram:{BOT}/{REQUESTS}", "requests.claim_wait": "48h"}


class TestTelegram(Contract, platform="telegram"):
    @pytest.fixture
    def url(self, sqlite_store_url: str) -> str:
        return sqlite_store_url

    async def test_a_field_that_searches_offers_what_fits_while_one_types(self, stage: Stage) -> None:
        # Telegram offers nothing while one types: what was typed is understood, or asked about.
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


@pytest.fixture
def kind() -> type[TelegramDriver]:
    return TelegramDriver


def texts(messages: Sequence[Posted]) -> list[str]:
    """Give what messages say."""
    return [message.text for message in messages]


# --- Keyboards --------------------------------------------------------------------------------------------------


async def test_boxes_are_ticked_until_one_is_done(stage: Stage, driver: TelegramDriver, ana: Person) -> None:
    await stage.begin("ana", "everything")
    await stage.until("ana", "days")
    question = ana.received[-1]
    assert question.labels == ["Fri", "Sat", "Sun", "Done", "Back", "Skip"]
    for label in ("Fri", "Sat", "Sun", "✓ Sat"):
        await driver.act("ana", lambda person, label=label: person.press(question, label))  # type: ignore[misc]
    assert question.labels == ["✓ Fri", "Sat", "✓ Sun", "Done", "Back", "Skip"]
    assert ana.received[-1] is question
    await driver.act("ana", lambda person: person.press(question, "Done"))
    assert question.text == "Your days?\n\n✓ Fri, Sun"
    assert question.labels == []
    assert next(iter(stage.asked("ana"))) == "why"


async def test_two_boxes_that_are_ticked_at_once_are_both_ticked(
    stage: Stage, driver: TelegramDriver, ana: Person
) -> None:
    await stage.begin("ana", "everything")
    await stage.until("ana", "days")
    question = ana.received[-1]
    # Both presses tell of the keyboard without a tick, and so does the word that one is done.
    driver.server.held = True

    async def at_once(person: Person) -> Update:
        presses = [await person.press(question, label) for label in ("Fri", "Sun", "Done")]
        driver.server.release(*presses)
        return presses[-1]

    await driver.act("ana", at_once)
    assert question.text == "Your days?\n\n✓ Fri, Sun"
    await stage.answer("ana", NATIVE)
    assert stage.understood("ana")["days"] == ["Fri", "Sun"]


async def test_of_boxes_that_are_ticked_at_once_the_last_keyboard_is_shown(
    stage: Stage, driver: TelegramDriver, ana: Person
) -> None:
    await stage.begin("ana", "everything")
    await stage.until("ana", "days")
    question = ana.received[-1]
    driver.server.held = True

    async def at_once(person: Person) -> Update:
        presses = [await person.press(question, label) for label in ("Fri", "Sat", "Sun")]
        driver.server.release(*presses)
        return presses[-1]

    await driver.act("ana", at_once)
    assert question.labels[:3] == ["✓ Fri", "✓ Sat", "✓ Sun"]
    assert all(query.answered for query in ana.queries)
    assert len(driver.server.calls_of("editMessageReplyMarkup")) == 1


async def test_a_day_and_a_time_are_chosen_from_a_calendar(
    stage: Stage, driver: TelegramDriver, ana: Person
) -> None:
    await stage.begin("ana", "everything")
    await stage.until("ana", "since")
    question = ana.received[-1]
    assert question.labels[:10] == ["·", "2026-03", "›", "Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
    assert question.labels[10:17] == ["2", "3", "4", "5", "6", "7", "8"]
    await driver.fill("ana", {"since": "2026-05-17"})
    assert question.text == "Your since?\n\n✓ 2026-05-17"
    question = ana.received[-1]
    assert question.labels == ["Pick a day", "Back"]
    pressed = len(ana.queries)
    # Ana picks what is 23:05 where she is.
    await driver.fill("ana", {"at": "2026-04-01T21:05:00+00:00"})
    assert question.text == "Your at?\n\n✓ 2026-04-01 23:05"
    carried = [query.data.partition(":")[2] for query in ana.queries[pressed:]]
    assert carried[1:] == [
        "at:2026-04", "at:2026-04-01", "at:2026-04-01 23:00", "at:2026-04-01 23:05",
    ]  # fmt: skip
    assert all(query.answered for query in ana.queries)
    await stage.answer("ana", NATIVE)
    understood = stage.understood("ana")
    assert (understood["since"], understood["at"]) == ("2026-05-17", "2026-04-01T21:05:00+00:00")


async def test_the_parts_of_a_week_are_ticked_day_by_day(
    stage: Stage, driver: TelegramDriver, ana: Person
) -> None:
    await stage.begin("ana", "everything")
    await stage.until("ana", "free")
    question = ana.received[-1]
    assert question.labels[:4] == ["Mo", "morning", "afternoon", "evening"]
    (saturday,) = [each["callback_data"] for each in question.buttons if each["text"] == "Sa"]
    await driver.act("ana", lambda person: person.press(question, saturday))
    assert question.labels[20:24] == ["Sa", "✓ morning", "✓ afternoon", "✓ evening"]
    await driver.fill("ana", {"free": [[0, 1020, 1260], [5, 480, 720]]})
    assert question.text == "Your free?\n\n✓ Mo evening, Sa morning"
    await stage.answer("ana", NATIVE)
    assert stage.understood("ana")["free"] == [[0, 1020, 1260], [5, 480, 720]]


async def test_skip_and_back_are_buttons(stage: Stage, driver: TelegramDriver, ana: Person) -> None:
    await stage.begin("ana", "everything")
    assert ana.received[-1].labels == []
    await driver.say("ana", "Ana Ruiz")
    question = ana.received[-1]
    assert question.labels == ["Back", "Skip"]
    await driver.act("ana", lambda person: person.press(question, "Skip"))
    assert texts(ana.received)[-2:] == ["Your story?\n\n✓ Skip", "Your age?"]
    await driver.press("ana", "Back")
    assert ana.received[-1].text == "Your story?"
    await driver.press("ana", "Back")
    await stage.answer("ana", NATIVE)
    assert stage.understood("ana") == ANSWERS


# --- Presses ----------------------------------------------------------------------------------------------------


async def test_a_press_is_answered_at_once_and_who_waits_sees_somebody_typing(
    driver: TelegramDriver, ana: Person
) -> None:
    await driver.say("ana", "I want to learn python")
    before = list(ana.messages)
    driver.telegram.gate.clear()
    update = await ana.press(before[-1], "Look for Python")
    assert update.query is not None
    await driver.server.called("sendChatAction")
    assert (update.query.answered, update.query.text, update.query.alert) == (True, "", False)
    await driver.server.until(lambda: ana.typing)
    assert ana.messages == before
    assert not update.confirmed
    driver.telegram.gate.set()
    await driver.settle()
    assert "Lee Chan knows Python" in ana.received[-1].text
    assert driver.server.calls_of("answerCallbackQuery")[-1].body.keys() == {"callback_query_id"}
    assert len(driver.server.calls_of("sendChatAction")) == 1


async def test_a_press_that_is_too_old_to_be_answered_does_what_it_says(
    driver: TelegramDriver, ana: Person
) -> None:
    await driver.say("ana", "I want to learn python")
    old = {
        "ok": False,
        "error_code": 400,
        "description": "Bad Request: query is too old and response timeout",
    }
    driver.server.fault("answerCallbackQuery", Reply(old, status=400))
    await driver.press("ana", "Look for Python")
    assert "Lee Chan knows Python" in ana.received[-1].text


async def test_an_answer_takes_the_place_of_the_message_and_may_stand_there_already(
    driver: TelegramDriver, ana: Person, lee: Person
) -> None:
    await driver.command("ana", "find", "python")
    await driver.press("ana", "Ask the first available")
    (asked,), (offer,) = ana.received[-1:], lee.received
    await driver.press("ana", "Withdraw")
    assert ana.received[-1] is asked
    assert asked.text.startswith("Your request about Python is withdrawn.")
    assert lee.received == [offer]
    assert "has withdrawn the request" in offer.text
    # On a screen that is behind, the button is still there; what it would say stands there.
    await driver.act("lee", lambda person: person.press(offer, "Accept", version=0))
    assert lee.received == [offer]
    assert len(offer.versions) == 1
    assert "not modified" in driver.server.calls_of("editMessageText")[-1].text
    assert driver.screen("lee")[-1].text == offer.text


# --- What people write ------------------------------------------------------------------------------------------


async def test_a_reply_and_a_change_follow_to_the_partner(
    stage: Stage, driver: TelegramDriver, ana: Person, lee: Person
) -> None:
    await stage.pair()
    await driver.say("ana", "helo")
    (arrived,) = [message for message in lee.received if message.text == "Ana Ruiz: helo"]
    await driver.act("ana", lambda person: person.edit(person.said[-1], "hello"))
    assert arrived.text == "Ana Ruiz (edited): hello"
    # Lee has no room open; what answers a message of a room goes there.
    await driver.act("lee", lambda person: person.say("hello to you", reply_to=arrived))
    assert ana.received[-1].text == "Lee Chan: hello to you"


async def test_files_and_pictures_in_a_room_reach_the_partner(
    stage: Stage, driver: TelegramDriver, lee: Person
) -> None:
    await stage.pair()
    data = "naïve = '练习'\n".encode()
    await driver.act("ana", lambda person: person.send_file("try.py", data, caption="Look at this."))
    assert [(message.file.name, message.file.data) for message in lee.received if message.file] == [
        ("try.py", data)
    ]
    told = [shown.text for shown in driver.screen("lee")][-2:]
    assert told[0] == "Ana Ruiz: Look at this.\n[Report]"
    assert "(try.py)" in told[1]
    await driver.act("ana", lambda person: person.send_photo(PNG))
    picture = lee.received[-1].file
    assert picture is not None
    assert (picture.kind, picture.data) == ("photo", PNG)


@pytest.mark.parametrize("hours", [47, 49])
async def test_words_take_the_place_of_a_file_or_stand_below_one_that_is_too_old_to_go(
    stage: Stage, driver: TelegramDriver, lee: Person, hours: int
) -> None:
    file = Message("rehearsal.file", attachment=Attachment("rehearsal", 1))
    await stage.push("lee", file, subject="file")
    (sent,) = lee.received
    assert sent.file is not None
    sent.at -= hours * 3600
    row = await driver.app.database.read(lambda tx: box.delivered(tx, "file", "introduction"))
    await stage.push("lee", Message("rehearsal.other_news"), edits=row)
    (stands,) = lee.received
    assert stands.text == "Other news."
    assert (stands is sent) == (stands.file is not None) == (hours > 48)


async def test_what_is_deleted_meanwhile_is_changed_no_more_and_is_no_trouble(
    stage: Stage, driver: TelegramDriver, lee: Person
) -> None:
    await stage.push("lee", Message("rehearsal.news", {"number": 1}), subject="news")
    await lee.delete_chat()
    row = await driver.app.database.read(lambda tx: box.delivered(tx, "news", "introduction"))
    await stage.push("lee", Message("rehearsal.other_news"), edits=row)
    assert lee.received == []
    assert await driver.app.database.read(box.troubles) == []


async def test_a_file_that_telegram_does_not_give_is_refused_at_once_and_one_it_does_not_take_is_listed(
    sqlite_store_url: str,
) -> None:
    async with driven(TelegramDriver, sqlite_store_url, {"sizes.file_limit": "50000000"}) as (stage, driver):
        ana, lee = driver.person("ana"), driver.person("lee")
        await stage.pair()
        await driver.act("ana", lambda person: person.send_file("film.mov", b"", size=21_000_000))
        assert ana.received[-1].text == "“film.mov” is too large to pass on: 20 MB at the most."
        assert not [message for message in lee.received if message.file]
        too_large = {"ok": False, "error_code": 413, "description": "Request Entity Too Large"}
        driver.server.fault("sendDocument", Reply(too_large, status=413))
        await stage.push("lee", Message("rehearsal.file", attachment=Attachment("rehearsal", 1)))
        assert len(driver.server.calls_of("sendDocument")) == 1
        troubles = await driver.app.database.read(box.troubles)
        assert [row.state for row in troubles] == ["dead"]


async def test_a_long_message_comes_in_parts_and_whole(stage: Stage, lee: Person) -> None:
    text = " ".join(f"word{number}" for number in range(1000))
    came = await stage.push(
        "lee", Message("rehearsal.plain", {"text": text}, (Action("help", "rehearsal.yes"),))
    )
    assert [len(message.labels) for message in lee.received] == [0, 1]
    assert all(len(message.text) <= 4096 for message in lee.received)
    assert visible("".join(texts(lee.received))) == visible(text)
    assert [one.kind for one in came] == ["push", "push"]


async def test_markup_that_telegram_does_not_read_goes_as_it_is(
    stage: Stage, driver: TelegramDriver, ana: Person
) -> None:
    unreadable = {"ok": False, "error_code": 400, "description": "Bad Request: can't parse entities: x"}
    for what in ("answer", "push"):
        driver.server.fault("sendMessage", Reply(unreadable, status=400))
        if what == "answer":
            await driver.command("ana", "help")
        else:
            await stage.push("ana", Message("rehearsal.formatted"))
        assert ana.received[-1].parse_mode == ""
        assert not [each for each in ana.received[-1].entities if each["type"] in ("bold", "pre")]
    assert "if a_b < 1:\n" in ana.received[-1].text


# --- Who is there -----------------------------------------------------------------------------------------------


async def test_who_blocks_the_bot_is_left_alone_until_they_let_it_in(
    stage: Stage, driver: TelegramDriver, lee: Person
) -> None:
    async def reachable() -> bool:
        account = await driver.app.database.read(lambda tx: users.account_at(tx, driver.at("lee")))
        assert account is not None
        return account.reachable

    await driver.act("lee", lambda person: person.block())
    assert not await reachable()
    await stage.push("lee", Message("rehearsal.news", {"number": 1}))
    assert lee.received == []
    assert driver.server.calls_of("sendMessage") == []
    await driver.act("lee", lambda person: person.unblock())
    assert await reachable()
    await driver.advance(timedelta(hours=1))
    assert texts(lee.received) == ["News 1."]


async def test_who_has_given_up_their_account_is_found_gone(
    stage: Stage, driver: TelegramDriver, lee: Person
) -> None:
    lee.deactivate()
    await stage.push("lee", Message("rehearsal.news", {"number": 1}))
    account = await driver.app.database.read(lambda tx: users.account_at(tx, driver.at("lee")))
    assert account is not None
    assert not account.reachable


async def test_a_link_with_an_invitation_opens_the_sign_up(stage: Stage, driver: TelegramDriver) -> None:
    sheet = b"ref,topics,time_zone,languages\nm1,react;typescript,Europe/Madrid,es;en\n"

    def bring(tx: Connection) -> str:
        now, policy = driver.clock.now, driver.app.settings.policy
        importing.put(tx, importing.read(sheet, topics.load()).drafts, policy, now)
        person = users.by_ref(tx, "m1")
        assert person is not None
        return tokens.issue(tx, INVITATION, person.id, now + timedelta(days=30), random.Random(1))

    code = await driver.app.database.write(bring)
    driver.know("rosa", name="Rosa Vidal", locale="en")
    await driver.act("rosa", lambda person: person.start(code))
    assert "consent" in stage.asked("rosa")
    await driver.fill("rosa", {"consent": True})
    assert stage.asked("rosa")["name"]["initial"] == "Rosa Vidal"


async def test_a_link_into_a_room_opens_it_once_for_its_member(
    stage: Stage, driver: TelegramDriver, ana: Person, lee: Person
) -> None:
    await stage.pair()

    def issue(tx: Connection) -> str:
        account, pair = users.account_at(tx, driver.at("lee")), mentorships.get(tx, 1)
        assert account is not None
        assert account.user_id is not None
        assert pair is not None
        return links.room_code(tx, pair, account.user_id, driver.clock.now, random.Random(1))

    code = await driver.app.database.write(issue)
    for who in ("ana", "lee", "lee"):
        await driver.act(who, lambda person: person.start(code))
    refused = "That link was used already, or is too old."
    assert ana.received[-2].text == refused
    assert [message.text == refused for message in lee.received[-3:]] == [False, True, False]
    assert "goes to Ana Ruiz" in lee.received[-3].text
    await driver.say("lee", "hello")
    assert ana.received[-1].text == "Lee Chan: hello"


async def test_commands_are_listed_in_everybodys_language_and_organisers_have_more(
    driver: TelegramDriver, ana: Person
) -> None:
    mei, olga = driver.person("mei"), driver.person("olga")
    assert "find" in ana.commands
    assert ana.commands.keys() == mei.commands.keys() < olga.commands.keys()
    assert ana.commands["find"] != mei.commands["find"]
    assert "organiser" in olga.commands.keys() - ana.commands.keys()


# --- How it is sent ---------------------------------------------------------------------------------------------


async def test_introductions_cannot_be_passed_on_and_reminders_make_no_sound(
    stage: Stage, driver: TelegramDriver, ana: Person
) -> None:
    await stage.pair()
    (introduced,) = [message for message in ana.received if "Good news" in message.text]
    assert introduced.protected
    assert introduced in ana.notified
    assert not ana.received[0].protected

    def put(tx: Connection) -> None:
        account = users.account_at(tx, driver.at("ana"))
        assert account is not None
        assert account.user_id is not None
        news = Message("rehearsal.news", {"number": 1})
        box.put(tx, driver.clock.now, Letter("offer.reminder", account.user_id, news, "quiet:1"))

    await driver.app.database.write(put)
    await driver.settle()
    assert ana.received[-1].text == "News 1."
    assert ana.received[-1] not in ana.notified


# --- The channel for requests -----------------------------------------------------------------------------------


def gather(driver: TelegramDriver) -> Group:
    """Make the group of all mentors."""
    members = [driver.person(who).user for who in ("lee", "mei", "sam")]
    driver.bot.chats[REQUESTS] = chat = Chat(REQUESTS, "group", "Requests", members, open=True)
    return Group(driver.server, driver.bot, chat)


async def ask_in_vain(driver: TelegramDriver) -> None:
    """Let Ana ask for what Lee alone knows, and Lee decline: now the group is asked."""
    await driver.command("ana", "find", "python")
    await driver.press("ana", "Ask the first available")
    await driver.press("lee", "Decline")
    await driver.say("lee", "1")


async def test_who_presses_in_the_group_is_answered_alone(sqlite_store_url: str) -> None:
    async with driven(TelegramDriver, sqlite_store_url, CLAIMS) as (_, driver):
        group, mei, sam = gather(driver), driver.person("mei"), driver.person("sam")
        await ask_in_vain(driver)
        (asked,) = group.messages
        assert asked.labels == ["I can help"]
        # Sam has never opened the bot, which may not write to him; Mei has.
        sam.chat.open = False
        for person in (sam, mei):
            await driver.act(person.user.name, lambda _, person=person: person.press(asked, "I can help"))  # type: ignore[misc]
        assert group.messages == [asked]
        assert "Ana" not in asked.text
        assert asked.labels == []
        ((alert,), (silent,)) = sam.queries, mei.queries
        assert (alert.answered, alert.alert, bool(alert.text)) == (True, True, True)
        assert (silent.answered, silent.alert, silent.text) == (True, False, "")
        assert any("Ana Ruiz" in text for text in texts(mei.received))


@pytest.mark.parametrize("told", [True, False])
async def test_a_group_that_has_another_id_now_is_written_to_there(
    sqlite_store_url: str, *, told: bool
) -> None:
    async with driven(TelegramDriver, sqlite_store_url, CLAIMS) as (_, driver):
        group = await gather(driver).migrate()
        await driver.settle()
        if not told:
            await driver.restart()  # it hears of it from what Telegram refuses
        await ask_in_vain(driver)
        (asked,) = [message for message in group.messages if message.text]
        assert asked.labels == ["I can help"]
        await driver.act("mei", lambda person: person.press(asked, "I can help"))
        assert asked.labels == []
        # What was refused once is remembered for as long as it runs.
        vain = [call for call in driver.server.calls if call.body.get("chat_id") == REQUESTS]
        assert len(vain) == (0 if told else 1)
        assert any("Ana Ruiz" in text for text in texts(driver.person("mei").received))
