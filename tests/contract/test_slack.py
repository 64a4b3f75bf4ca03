"""Slack passes the contract; and what Slack has of its own: modals, Home, shortcuts, group conversations, files."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pytest

from tests.contract.rehearsal import ANSWERS, NATIVE
from tests.contract.suite import Contract, Stage, driven
from tests.platforms.kit import Hang, Reply
from tests.platforms.slack_driver import SlackDriver
from tests.platforms.slack_people import Person
from tests.platforms.slack_world import Posted, View

ROOMS = {"mentorships.native_rooms": "on"}


class TestSlack(Contract, platform="slack"):
    @pytest.fixture
    def url(self, sqlite_store_url: str) -> str:
        return sqlite_store_url


@pytest.fixture
def kind() -> type[SlackDriver]:
    return SlackDriver


def front(person: Person) -> View:
    """Give the modal in front; it is the only one."""
    (view,) = person.views
    return view


def answers(messages: Sequence[Posted]) -> list[str]:
    """Give what the program wrote, as it is read."""
    return [message.shown for message in messages if message.bot_id]


# --- Modals -----------------------------------------------------------------------------------------------------


async def test_the_pages_of_a_form_are_one_modal_that_goes_on_and_back(
    stage: Stage, driver: SlackDriver, ana: Person
) -> None:
    await stage.begin("ana", "everything")
    view = front(ana)
    assert view.fields[:2] == ["name", "story"]
    await driver.fill("ana", {key: NATIVE[key] for key in ("name", "story", "age")})
    assert front(ana) is view
    assert not {"name", "story", "age"} & set(view.fields)
    assert view.buttons == ["Back", "Cancel"]
    await driver.act("ana", lambda person: person.press(view, "Back"))
    assert front(ana) is view
    assert view.fields[0] == "age"
    await stage.answer("ana", NATIVE)
    assert ana.views == []
    assert stage.understood("ana") == ANSWERS
    assert answers(ana.messages)[-1].startswith("Understood: ")


async def test_a_form_is_given_up_in_the_modal_or_kept_by_closing_it(
    stage: Stage, driver: SlackDriver, ana: Person
) -> None:
    await stage.begin("ana", "everything")
    await driver.fill("ana", {"name": "Ana"})
    await ana.close()
    await driver.press("ana", "Begin")
    assert "name" not in front(ana).fields
    await driver.act("ana", lambda person: person.press(front(ana), "Cancel"))
    assert "Cancelled. Nothing of it was kept." in front(ana).shown
    assert front(ana).fields == []
    await ana.close()
    await driver.press("ana", "Begin")
    assert "name" in front(ana).fields


async def test_what_is_wrong_is_said_in_the_acknowledgement_at_its_field(
    stage: Stage, driver: SlackDriver, ana: Person
) -> None:
    await stage.begin("ana", "everything")
    view = front(ana)
    await driver.fill("ana", {"name": "Ana", "zone": "Atlantis"})
    assert view.errors.keys() == {"zone"}
    assert "Atlantis" in view.errors["zone"]
    assert view.versions == 1
    assert not driver.server.calls_of("views.update")


async def test_where_no_modal_can_be_opened_any_more_the_question_is_asked_in_the_chat(
    stage: Stage, driver: SlackDriver, ana: Person
) -> None:
    driver.server.fault("views.open", Reply({"ok": False, "error": "expired_trigger_id"}))
    await stage.begin("ana", "everything")
    assert ana.views == []
    question = ana.messages[-1]
    assert question.shown == "Your name?"
    assert question.buttons == ["Answer in a form"]
    await driver.say("ana", "Ana Ruiz")
    assert ana.messages[-1].buttons == ["Skip", "Answer in a form"]
    await stage.answer("ana", NATIVE)
    assert stage.understood("ana") == ANSWERS


async def test_an_option_of_a_question_in_the_chat_goes_on_there(
    stage: Stage, driver: SlackDriver, ana: Person
) -> None:
    await stage.begin("ana", "known")
    await driver.say("ana", "Ana Ruiz")
    assert ana.views == []
    await driver.press("ana", "Skip")
    assert ana.views == []
    assert ana.messages[-1].shown == "Your age?"
    assert ana.messages[-1].buttons == ["41", "Answer in a form"]
    await driver.press("ana", "41")
    assert ana.messages[-1].shown == "Your hours?"


async def test_a_modal_that_was_drawn_anew_meanwhile_is_not_drawn_over(
    stage: Stage, driver: SlackDriver, ana: Person
) -> None:
    await stage.begin("ana", "everything")
    await driver.fill("ana", {"name": "Ana"})
    await driver.fill("ana", {"story": "Once."})
    view, before = front(ana), len(ana.messages)
    slow = Hang()
    driver.server.fault("views.update", slow)
    assert (await ana.press(view, "Back")).ok
    await driver.server.called("views.update")
    # The first of two presses is shown late: what the second led to is in front, and stays there.
    assert (await ana.press(view, "Back")).ok
    await driver.server.until(lambda: view.fields[0] == "name")
    version = view.versions
    slow.until.set()
    await driver.settle()
    first, second = driver.server.calls_of("views.update")
    assert (first.answer["ok"], second.answer["ok"]) == (False, True)
    assert first.answer["error"] == "hash_conflict"
    assert (view.versions, len(ana.messages)) == (version, before)


# --- Home -------------------------------------------------------------------------------------------------------


async def test_home_shows_what_there_is_and_its_buttons_open_modals(
    stage: Stage, driver: SlackDriver, ana: Person
) -> None:
    await stage.pair()
    assert driver.server.calls_of("views.publish") == []  # who has not looked at Home has none made
    assert (await ana.open_home()).ok
    await driver.settle()
    home = ana.home
    assert home is not None
    assert "Lee Chan" in home.shown
    await driver.act("ana", lambda person: person.press(home, "Find a mentor"))
    assert front(ana).fields
    await ana.close()
    await driver.act("ana", lambda person: person.press(home, "Settings"))
    assert "Europe/Madrid" in front(ana).shown
    await driver.act("ana", lambda person: person.press(front(ana), "Pause"))
    assert len(ana.views) == 1


async def test_home_is_drawn_once_for_what_changes_together_and_not_for_what_does_not(
    driver: SlackDriver, ana: Person
) -> None:
    await ana.open_home()
    await driver.settle()
    assert len(driver.server.calls_of("views.publish")) == 1
    home = ana.home
    assert home is not None
    assert "Hello Ana Ruiz. Nothing is waiting for you." in home.shown
    await ana.command("/mentor", "find python")
    await ana.press(ana.ephemerals[-1], "Ask the first available")
    await ana.command("/mentor", "requests")
    await driver.settle()
    assert len(driver.server.calls_of("views.publish")) == 2
    assert "Python" in home.shown
    await driver.command("ana", "help")
    assert len(driver.server.calls_of("views.publish")) == 2


# --- Shortcuts, profiles, workspaces ----------------------------------------------------------------------------


async def test_a_mentor_is_found_from_the_menu_of_shortcuts(
    stage: Stage, driver: SlackDriver, ana: Person
) -> None:
    await driver.act("ana", lambda person: person.shortcut("find"))
    assert front(ana).fields[0] == "topics"
    assert "Python" in await driver.options("ana", "topics", "pyth")
    values = {"topics": ["python"], "goal": None, "format": None, "urgency": None}
    await driver.fill("ana", {key: values.get(key) for key in stage.asked("ana")})
    assert "Lee Chan knows Python" in answers(ana.messages)[-1]


async def test_a_message_of_somebody_is_reported_with_its_words_and_its_author(
    stage: Stage, driver: SlackDriver, ana: Person
) -> None:
    driver.server.team("T1").channel("C1", "UANA", "ULEE")
    lee, olga = driver.person("lee"), driver.person("olga")
    await lee.say("You are <b>stupid</b> @here", channel="C1")
    await driver.act("ana", lambda person: person.message_shortcut("report", lee.said[-1]))
    assert ana.messages == []
    (asked,) = stage.asked("ana")
    await driver.fill("ana", {asked: "This was in our channel."})
    (report,) = answers(olga.messages)
    assert report.startswith("Ana Ruiz reports")
    assert "This was in our channel." in report
    assert "by Lee Chan" in report
    assert "You are <b>stupid</b> @here" in report
    assert answers(lee.messages) == []


async def test_what_the_profile_says_is_suggested_at_the_sign_up(stage: Stage, driver: SlackDriver) -> None:
    driver.know("xin", name="新", zone="Asia/Shanghai", locale="zh-CN")
    await driver.command("xin", "signup")
    given: dict[str, Any] = {
        "consent": True,
        "name": None,
        "role": "mentee",
        "wants": ["rust"],
        "topics": ["rust"],
    }
    zones = []
    for _ in range(6):
        if not (asked := stage.asked("xin")):
            break
        if "name" in asked:
            assert asked["name"]["initial"] == "新"
            assert "称呼" in asked["name"]["label"]
        zones += [asked["zone"]["initial"]] if "zone" in asked else []
        await driver.fill("xin", {key: given.get(key) or field["initial"] for key, field in asked.items()})
    assert set(zones) == {"Asia/Shanghai"}
    assert "欢迎你，新" in driver.screen("xin")[-1].text
    await driver.command("xin", "settings")
    assert "Asia/Shanghai" in driver.screen("xin")[-1].text


# --- Pairs ------------------------------------------------------------------------------------------------------


async def accepted(driver: SlackDriver) -> None:
    """Let Lee accept what Ana asks for."""
    await driver.command("ana", "find", "python")
    await driver.press("ana", "Ask the first available")
    await driver.press("lee", "Accept")


async def test_a_pair_of_one_workspace_meets_in_a_conversation_of_its_own(sqlite_store_url: str) -> None:
    async with driven(SlackDriver, sqlite_store_url, ROOMS) as (_, driver):
        await accepted(driver)
        ana, lee = driver.person("ana"), driver.person("lee")
        (room,) = ana.rooms
        assert (room.kind, room.members) == ("mpim", ("UANA", "ULEE"))
        assert lee.rooms == [room]
        (words,) = room.messages
        assert "Lee Chan will help Ana Ruiz with Python" in words.shown
        assert not [text for text in answers(lee.messages) if "are a pair now" in text]
        await driver.act("lee", lambda person: person.press(words, "Plan a session"))
        assert lee.view or lee.ephemerals
        assert room.messages[0] is words


class TwoWorkspaces(SlackDriver):
    """Lee is in another workspace than everybody else."""

    elsewhere: ClassVar[Mapping[str, str]] = {"lee": "T2"}


async def test_a_pair_of_two_workspaces_talks_through_the_program(sqlite_store_url: str) -> None:
    async with driven(TwoWorkspaces, sqlite_store_url, ROOMS) as (stage, driver):
        await stage.pair()
        ana, lee = driver.person("ana"), driver.person("lee")
        assert ana.rooms == lee.rooms == []
        await driver.say("ana", "hello over there")
        assert answers(lee.messages)[-1] == "Ana Ruiz: hello over there"
        assert driver.server.teams["T2"].channels.keys().isdisjoint(driver.server.teams["T1"].channels)


async def test_a_file_in_a_room_reaches_the_partner_as_a_file(
    stage: Stage, driver: SlackDriver, ana: Person
) -> None:
    await stage.pair()
    data = "naïve = '练习'\n".encode()
    await driver.act("ana", lambda person: person.say("Look at this.", files=[("try.py", data)]))
    lee = driver.person("lee")
    (file,) = [file for message in lee.messages for file in message.files]
    assert (file.name, file.data) == ("try.py", data)
    texts = [shown.text for shown in driver.screen("lee")][-2:]
    assert texts[0] == "Ana Ruiz: Look at this.\n[Report]"
    assert "(try.py)" in texts[1]
    assert "Passed on" in answers(ana.messages)[-1]


async def test_what_is_changed_taken_back_and_replied_to_follows_to_the_partner(
    stage: Stage, driver: SlackDriver, ana: Person
) -> None:
    await stage.pair()
    lee = driver.person("lee")
    await driver.say("ana", "helo")
    (arrived,) = [message for message in lee.messages if message.shown == "Ana Ruiz: helo"]
    await driver.act("ana", lambda person: person.edit(person.said[-1], "hello"))
    assert arrived.shown == "Ana Ruiz (edited): hello"
    # Lee has no room open; what replies in the thread of a message goes to where it is from.
    await driver.act("lee", lambda person: person.say("hello to you", thread=arrived))
    assert answers(ana.messages)[-1] == "Lee Chan: hello to you"
    await driver.act("ana", lambda person: person.delete(person.said[-1]))
    assert arrived.shown == "Ana Ruiz took this message back."
