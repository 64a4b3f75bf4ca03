"""What every adapter does, in plain words; a platform's tests are this class with that platform's driver.

People act and look through `Driver` alone. What is pushed to them is put into the outbox, as the program does.
"""

import asyncio
import json
import unicodedata
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar, assert_never

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st
from sqlalchemy import Connection

from bot import config
from bot.outbox import box
from bot.outbox.box import Letter
from bot.richtext import Break, Command, Link, List, Pre, Quote, Rich, Styled, Text, When, parse
from bot.stage.community import names, seat
from bot.stage.driver import Driver, Shown
from bot.stage.script import parse as parse_script
from bot.turn import Action, Attachment, Item, Message
from core import users
from core.store.types import Json
from tests.contract.drivers import DRIVERS
from tests.contract.rehearsal import ANSWERS, FIELDS, FILE, FORMATTED, NATIVE, TYPED, opened

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
CAST = parse_script(
    [
        'cast ana mentee Europe/Madrid en "Ana Ruiz" · lee mentor UTC en python,sql "Lee Chan"',
        "cast mei mentor Asia/Shanghai zh rust 王梅 · olga organiser · sam stranger",
    ]
).cast
SETTINGS = {
    "encryption.mode": "off",
    "messages.daily_cap": "50",
    "messages.flood_events": "1000",
    "messages.flood_seconds": "1",
    # Pairs talk through the program on every platform alike.
    "mentorships.native_rooms": "off",
}


@dataclass
class Stage:
    """A program with its people, played through a driver."""

    driver: Driver
    letters: int = 0
    paired: bool = False

    async def came(self, act: Awaitable[None]) -> Sequence[Shown]:
        """Let something happen; give what everybody was shown for it."""
        before = len(self.driver.shown)
        await act
        return list(self.driver.shown[before:])

    async def put(self, who: str, message: Message, **more: Any) -> None:
        """Put a message for somebody into the outbox."""
        self.letters += 1

        def put(tx: Connection) -> None:
            account = users.account_at(tx, self.driver.at(who))
            to = self.driver.at(who) if account is None or account.user_id is None else account.user_id
            letter = Letter("introduction", to, message, f"rehearsal:{self.letters}", **more)
            box.put(tx, self.driver.clock.now, letter)

        await self.driver.app.database.write(put)

    async def push(self, who: str, message: Message, **more: Any) -> Sequence[Shown]:
        """Put a message into the outbox and have it delivered; give what everybody was shown for it."""
        await self.put(who, message, **more)
        return await self.came(self.driver.settle())

    async def begin(self, who: str, form: str) -> None:
        """Open a form."""
        button = Action(f"begin:{form}", "rehearsal.begin_button", "primary")
        await self.push(who, Message("rehearsal.begin", actions=(button,)))
        await self.driver.press(who, "Begin")

    def asked(self, who: str) -> dict[str, Mapping[str, Any]]:
        """Give the fields that the newest message asks for, by their keys; none where it asks for nothing."""
        form = self.driver.screen(who)[-1].message.get("form")
        return {field["key"]: field for field in form["fields"]} if form else {}

    async def answer(self, who: str, values: Mapping[str, Any], most: int = len(FIELDS)) -> None:
        """Answer all that is asked for, so many fields at a time, until nothing is asked any more."""
        for _ in FIELDS * 2:
            if not (asked := self.asked(who)):
                return
            await self.driver.fill(who, {key: values[key] for key in list(asked)[:most]})
        raise AssertionError(f"{who} is asked again and again: {list(self.asked(who))}")

    async def until(self, who: str, key: str) -> None:
        """Answer what is asked before a field."""
        for _ in FIELDS:
            if key == (first := next(iter(self.asked(who)))):
                return
            await self.driver.fill(who, {first: NATIVE[first]})
        raise AssertionError(f"{who} is not asked for {key}")

    def understood(self, who: str) -> dict[str, Json]:
        """Give the answers that the end of a form says were understood."""
        texts = [shown.text for shown in self.driver.screen(who) if shown.text.startswith("Understood: ")]
        answers: dict[str, Any] = json.loads(texts[-1].removeprefix("Understood: "))
        if file := answers.get("file"):
            # Where one program looks after several, the id of a file says of which it is.
            answers["file"] = {**file, "id": file["id"].rpartition("/")[2]}
        return answers

    async def pair(self) -> None:
        """Make a pair of Ana and Lee, and let Ana's words go to Lee."""
        if not self.paired:
            await self.driver.command("ana", "find", "python")
            await self.driver.press("ana", "Ask the first available")
            await self.driver.press("lee", "Accept")
            await self.driver.press("ana", "Talk")
            self.paired = True


@asynccontextmanager
async def open_stage(
    kind: type[Driver], url: str, settings: Mapping[str, str] = MappingProxyType({})
) -> AsyncIterator[Stage]:
    """Start the program on a database with our tables, and seat the cast."""
    olga = kind.at("olga")
    given = {**SETTINGS, "database.url": url, "organisers": f"{olga.platform}:{olga.id}", **settings}
    chosen = config.load(None, {"MENTORBOT_HOME": "unused"}, given, Path.cwd())
    driver = kind(chosen, MONDAY, names(CAST), opened)
    await driver.open()
    try:
        await seat(driver.app, CAST, MONDAY, kind.at)
        yield Stage(driver)
    finally:
        await driver.close()


Kind = TypeVar("Kind", bound=Driver)


@asynccontextmanager
async def driven(
    kind: type[Kind], url: str, settings: Mapping[str, str]
) -> AsyncIterator[tuple[Stage, Kind]]:
    """Open a stage with these settings, and give its driver as what it is."""
    async with open_stage(kind, url, settings) as stage:
        assert isinstance(stage.driver, kind)
        yield stage, stage.driver


def only(came: Sequence[Shown], who: str, kind: str) -> Shown:
    """Give the one message that came; it is for this person, and nobody else was shown anything."""
    assert [(one.who, one.kind) for one in came] == [(who, kind)]
    return came[0]


# --- Invented texts ---------------------------------------------------------------------------------------------

HOSTILE = (
    "@everyone", "@here", "<!channel>", "<@U1>", "<#C1>", "<https://evil.example|bank>", "*b* _i_ ~s~ __u__ ||x||",
    "</b>", "<script>alert(1)</script>", "<a href='https://evil.example'>", "[bank](https://evil.example)",
    "[x](tg://user?id=1)", "[Accept]", "[Ask this mentor]", "{{ 7 * 7 }}", "{% include 'x' %}", "&lt;", "&#60;",
    "\\*", "# title", "> quote", "1. one", "- item", "```", "`", "```js\n", "https://example.org/a_b?c=<d>&e=*f*",
    "javascript:alert(1)", "\x1b[31m", "\x07", "\u202e", "\u200b", "\u200d", "\ufeff", "\x00", "\r\n", "\n\n", "\t",
    "\u2028", "\ud800", "👩‍👩‍👧", "é", "e\u0301", "שלום", "王梅", "/find", ":smile:", "<t:1:R>", "<:a:1>", "null",
)  # fmt: skip


def visible(text: str) -> str:
    """Give the characters that one sees; what stands for code is seen as code."""
    return "".join(mark for mark in text if mark != "`" and _seen(mark))


def _seen(mark: str) -> bool:
    fillers = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0" + "".join(map(chr, range(0x180B, 0x1810)))
    selects = 0xFE00 <= ord(mark) <= 0xFE0F or 0xE0000 <= ord(mark) <= 0xE0FFF
    hidden = unicodedata.category(mark) in {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"}
    return not (hidden or selects or mark in fillers)


parts = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=20), st.text("ab <>&*_~`[]()|!@#\n", max_size=12)
)
texts = (
    st.lists(parts, min_size=1, max_size=8)
    .map(" ".join)
    .filter(lambda text: visible(text) != "" and not text.lstrip().startswith("/"))
)
labels = parts.map(lambda text: text[:30]).filter(lambda text: visible(text) != "")

IN_ONE_PROGRAM = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors, HealthCheck.too_slow]
"""All texts meet one running program, which is what is wanted."""
SOME = tries(max_examples=50, deadline=None, suppress_health_check=IN_ONE_PROGRAM)
MANY = tries(max_examples=1000, deadline=None, suppress_health_check=IN_ONE_PROGRAM)


def said(rich: Rich) -> Iterator[str]:
    """Give the characters of rich text that somebody wrote; fails for markup that nobody's words may become."""
    for node in rich:
        match node:
            case Text(text):
                yield text
            case Pre(text, lang):
                yield lang + text
            case Break():
                yield "\n"
            case Styled("code", (Text(text),)):
                yield text
            case Link(href, (Text(text),)):
                assert href == text
                assert href.startswith(("http://", "https://"))
                yield text
            case Styled() | Link() | List() | Quote() | When() | Command():
                raise AssertionError(node)
            case _:
                assert_never(node)


class Contract:
    """Every behaviour; a subclass names its platform. Where it runs on one database only, it gives a `url`."""

    platform: ClassVar[str]
    remembers: ClassVar[bool] = False
    """Whether a platform knows after a restart what was shown."""

    def __init_subclass__(cls, *, platform: str) -> None:
        """Take the name of a driver."""
        cls.platform = platform

    @pytest.fixture
    def url(self, store_url: str) -> str:
        return store_url

    @pytest.fixture
    async def stage(self, url: str) -> AsyncIterator[Stage]:
        async with open_stage(DRIVERS[self.platform], url) as stage:
            yield stage

    # --- Commands, words, buttons -------------------------------------------------------------------------------

    async def test_a_command_is_answered_to_the_one_who_acted(self, stage: Stage) -> None:
        answer = only(await stage.came(stage.driver.command("ana", "help")), "ana", "answer")
        assert "/find" in answer.text
        assert answer in stage.driver.screen("ana")
        assert [stage.driver.screen(who) for who in ("lee", "mei", "olga", "sam")] == [[], [], [], []]

    async def test_an_unknown_command_is_answered_with_what_may_have_been_meant(self, stage: Stage) -> None:
        answer = only(await stage.came(stage.driver.command("ana", "fnd", "python")), "ana", "answer")
        assert answer.text == "I do not know “fnd”. Did you mean /find?\n[/find]"
        await stage.driver.press("ana", "/find")
        assert stage.asked("ana")
        answer = only(await stage.came(stage.driver.command("lee", "qqxz")), "lee", "answer")
        assert answer.text == "I do not know “qqxz”.\n[Help]"

    async def test_words_that_belong_to_nothing_are_answered_with_what_can_be_done(
        self, stage: Stage
    ) -> None:
        answer = only(await stage.came(stage.driver.say("ana", "hello there")), "ana", "answer")
        assert [button["label"] for button in answer.message["buttons"]] == ["Find a mentor", "Help"]
        answer = only(await stage.came(stage.driver.say("ana", "I want to learn python")), "ana", "answer")
        assert answer.message["buttons"][0]["label"] == "Look for Python"

    async def test_a_button_is_pressed_by_what_it_says(self, stage: Stage) -> None:
        await stage.driver.say("ana", "I want to learn python")
        answer = only(await stage.came(stage.driver.press("ana", "Look for Python")), "ana", "answer")
        assert "Lee Chan knows Python" in answer.text
        with pytest.raises(LookupError):
            await stage.driver.press("ana", "Look for Ruby")
        with pytest.raises(LookupError):
            await stage.driver.press("lee", "Look for Python")

    @pytest.mark.parametrize(
        "id_", ["accept:999999", "confirm:1", "unheard_of", "unheard_of:7", "more_mentors:x"]
    )
    async def test_a_stale_button_is_answered_kindly(self, stage: Stage, id_: str) -> None:
        await stage.push("lee", Message("rehearsal.begin", actions=(Action(id_, "rehearsal.yes"),)))
        answer = only(await stage.came(stage.driver.press("lee", "Gladly")), "lee", "answer")
        assert answer.text
        assert "wrong on my side" not in answer.text

    async def test_a_stranger_is_greeted_by_name_and_in_their_language(self, stage: Stage) -> None:
        answer = only(await stage.came(stage.driver.say("sam", "hello")), "sam", "answer")
        assert answer.text.startswith("Hello Sam!")
        stage.driver.know("xin", name="新", locale="zh-CN")
        answer = only(await stage.came(stage.driver.say("xin", "你好")), "xin", "answer")
        assert "新" in answer.text
        assert "[帮助]" in answer.text

    async def test_people_who_act_at_once_get_their_own_answers(self, stage: Stage) -> None:
        acts = [
            stage.driver.command(who, word, "") for who in ("ana", "lee") for word in ("help", "settings")
        ]
        came = await stage.came(asyncio.wait_for(_all(acts), 20))
        assert sorted((one.who, one.text.split()[0]) for one in came) == [
            ("ana", "What"),
            ("ana", "Your"),
            ("lee", "What"),
            ("lee", "Your"),
        ]

    # --- Forms --------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("most", [1, 3, len(FIELDS)])
    async def test_a_form_is_answered_a_field_some_fields_or_a_page_at_a_time(
        self, stage: Stage, most: int
    ) -> None:
        await stage.begin("ana", "everything")
        asked = list(stage.asked("ana"))
        # All that can be asked now, or as much of it as the platform has room for.
        assert asked
        assert asked == [field.key for field in FIELDS if field.when is None][: len(asked)]
        await stage.answer("ana", NATIVE, most)
        understood = stage.understood("ana")
        # Where several are asked on a page, who sends it with an optional one left empty has skipped that.
        skipped = {key for key, value in understood.items() if value is None}
        assert skipped <= {field.key for field in FIELDS if not field.required and most < len(FIELDS)}
        assert understood == {**ANSWERS, **dict.fromkeys(skipped)}

    async def test_every_field_can_be_answered_in_words(self, stage: Stage) -> None:
        await stage.begin("ana", "everything")
        while asked := stage.asked("ana"):
            await stage.driver.say("ana", TYPED[next(iter(asked))])
        assert stage.understood("ana") == {**ANSWERS, "file": None}

    async def test_what_is_chosen_and_what_is_skipped_can_be_pressed(self, stage: Stage) -> None:
        await stage.begin("ana", "everything")
        await stage.until("ana", "story")
        await stage.driver.press("ana", "Skip")
        await stage.until("ana", "role")
        await stage.driver.press("ana", "Learn")
        assert "topics" not in stage.asked("ana")
        await stage.until("ana", "agreed")
        await stage.driver.press("ana", "Yes")
        await stage.driver.press("ana", "No")
        assert "since" not in stage.asked("ana")
        await stage.answer("ana", NATIVE)
        skipped = {**ANSWERS, "story": None, "role": "learns", "call": False}
        assert stage.understood("ana") == {
            key: skipped[key] for key in skipped if key not in ("topics", "since")
        }

    async def test_whatever_need_not_be_answered_can_be_left_out(self, stage: Stage) -> None:
        await stage.begin("ana", "everything")
        await stage.answer("ana", {**NATIVE, "story": None, "days": None, "file": None})
        answers = stage.understood("ana")
        assert [answers[key] for key in ("story", "days", "file")] == [None, None, None]
        assert "why" not in answers

    async def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(self, stage: Stage) -> None:
        wrong: dict[str, Json] = {
            "name": "x" * 41,
            "age": "many",
            "hours": 41,
            "role": "boss",
            "days": ["Mon"],
            "zone": "Atlantis",
            "languages": ["Klingonish"],
            "at": "2026-03-01T18:00:00+01:00",
            "free": "never ever",
            "file": {"id": "F1", "name": "film.mp4", "size": 10_000_000},
        }
        await stage.begin("ana", "everything")
        before = list(stage.asked("ana"))
        wrong = {key: wrong[key] for key in wrong if key in before}
        await stage.driver.fill("ana", {**wrong, "story": "A good one."})
        asked = stage.asked("ana")
        assert list(asked) == before
        assert {key for key, field in asked.items() if field["error"]} == set(wrong)
        # A question in a chat holds nothing that was typed: it stands right above it, and the others wait.
        if len(before) > 1:
            assert {key: asked[key]["initial"] for key in wrong} == wrong
            assert asked["story"]["initial"] == "A good one."
        assert "41 characters, of 40 at the most" in stage.driver.screen("ana")[-1].text
        await stage.answer("ana", NATIVE)
        assert stage.understood("ana") == ANSWERS

    async def test_what_is_typed_wrong_is_asked_again(self, stage: Stage) -> None:
        await stage.begin("ana", "everything")
        await stage.until("ana", "age")
        await stage.driver.say("ana", "as old as the hills")
        assert stage.asked("ana")["age"]["error"]
        assert stage.driver.screen("ana")[-1].text.startswith(stage.asked("ana")["age"]["error"])
        # A question in a chat holds nothing that was typed: it stands right above it.
        assert stage.asked("ana")["age"]["initial"] in ("as old as the hills", None)
        await stage.driver.say("ana", "41")
        assert "age" not in stage.asked("ana")
        # A box that is ticked or not, and a choice of two, can be wrong in words only.
        for key, typed in (("agreed", "no"), ("call", "perhaps")):
            await stage.until("ana", key)
            await stage.driver.say("ana", typed)
            assert stage.asked("ana")[key]["error"]

    async def test_what_is_known_already_is_there_and_can_be_kept(self, stage: Stage) -> None:
        await stage.begin("ana", "known")
        paged = len(stage.asked("ana")) > 1
        kept: dict[str, Json] = {}
        while asked := stage.asked("ana"):
            page = {key: field["initial"] for key, field in asked.items()}
            kept |= page
            # A question in a chat shows what fits on a button; the rest is given anew.
            anew = {key for key, value in page.items() if value is None and key != "file" and not paged}
            await stage.driver.fill("ana", page | {key: NATIVE[key] for key in anew})
        # A file that was given once is on no platform given again by a form.
        unshown = {key for key, value in kept.items() if value is None and key != "file"}
        assert not unshown & ({"name", "age", "hours", "days", "zone", "free"} if not paged else set(kept))
        assert kept.keys() == NATIVE.keys()
        assert stage.understood("ana") == {**ANSWERS, "file": kept["file"]}

    async def test_back_asks_the_last_question_again(self, stage: Stage) -> None:
        await stage.begin("ana", "everything")
        await stage.driver.fill("ana", {"name": "Ana"})
        await stage.driver.fill("ana", {"story": "Short."})
        await stage.driver.command("ana", "back")
        assert next(iter(stage.asked("ana"))) == "story"
        await stage.driver.command("ana", "back")
        assert next(iter(stage.asked("ana"))) == "name"
        await stage.answer("ana", NATIVE)
        assert stage.understood("ana") == ANSWERS

    async def test_cancel_leaves_nothing_of_a_form(self, stage: Stage) -> None:
        await stage.begin("ana", "everything")
        await stage.driver.fill("ana", {"name": "Ana"})
        await stage.driver.command("ana", "cancel")
        assert stage.driver.screen("ana")[-1].text == "Cancelled. Nothing of it was kept."
        await stage.driver.say("ana", "hello there")
        assert not stage.asked("ana")
        await stage.begin("ana", "everything")
        assert "name" in stage.asked("ana")

    async def test_a_field_that_searches_offers_what_fits_while_one_types(self, stage: Stage) -> None:
        await stage.begin("ana", "everything")
        await stage.until("ana", "topics")
        assert "Python" in await stage.driver.options("ana", "topics", "pyth")
        assert "Europe/Madrid" in await stage.driver.options("ana", "zone", "madr")
        assert "Chinese" in await stage.driver.options("ana", "languages", "chin")
        await stage.begin("mei", "everything")
        await stage.until("mei", "topics")
        assert "前端开发" in await stage.driver.options("mei", "topics", "frontend")

    # --- What comes unprompted ----------------------------------------------------------------------------------

    async def test_a_push_reaches_the_person_it_is_for_and_nobody_else(self, stage: Stage) -> None:
        for number, who in enumerate(("ana", "lee", "mei", "sam"), 1):
            push = only(await stage.push(who, Message("rehearsal.news", {"number": number})), who, "push")
            assert push.text == ("第 3 条消息。" if who == "mei" else f"News {number}.")

    async def test_an_edit_replaces_a_message_and_takes_its_buttons_away(self, stage: Stage) -> None:
        for who in ("ana", "lee"):
            news = Message("rehearsal.news", {"number": 1}, (Action("begin:known", "rehearsal.yes"),))
            await stage.push(who, news, subject=f"news:{who}")
        await stage.driver.restart()
        row = await stage.driver.app.database.read(lambda tx: box.delivered(tx, "news:ana", "introduction"))
        other = Message("rehearsal.other_news", actions=(Action("begin:known", "rehearsal.no"),))
        assert only(await stage.push("ana", other, edits=row), "ana", "edited").text == "Other news.\n[Never]"
        with pytest.raises(LookupError):
            await stage.driver.press("ana", "Gladly")
        await stage.driver.press("ana", "Never")
        assert stage.asked("ana")
        await stage.driver.press("lee", "Gladly")
        assert stage.asked("lee")

    async def test_the_rows_of_a_list_have_buttons_of_their_own(self, stage: Stage) -> None:
        forms = ("unheard_of", "begin:known", "unheard_of")
        rows = tuple(
            Item("rehearsal.item", {"number": number}, (Action(id_, "rehearsal.pick"),))
            for number, id_ in enumerate(forms, 1)
        )
        ends = Action("unheard_of", "rehearsal.no")
        (push,) = await stage.push("ana", Message("rehearsal.list", items=rows, actions=(ends,)))
        assert [row["text"] for row in push.message["items"]] == ["Thing 1", "Thing 2", "Thing 3"]
        assert push.text == "Three things:\n• Thing 1 [Pick]\n• Thing 2 [Pick]\n• Thing 3 [Pick]\n[Never]"
        await stage.driver.press("ana", "Pick #3")
        assert not stage.asked("ana")
        await stage.driver.press("ana", "Pick #2")
        assert stage.asked("ana")["name"]["initial"] == "Ana Ruiz"

    async def test_a_file_arrives_with_its_name_and_its_bytes(self, stage: Stage) -> None:
        message = Message("rehearsal.file", attachment=Attachment("rehearsal", 1))
        push = only(await stage.push("ana", message), "ana", "push")
        file = push.message["file"]
        assert (file["name"], file["mime"]) == (FILE.name, FILE.mime)
        assert b64decode(file["base64"]) == FILE.data
        assert push.text == "Here is your file.\n(session-1.ics)"

    async def test_everybody_reads_in_their_own_language_and_zone(self, stage: Stage) -> None:
        at = Message(
            "rehearsal.moment", {"at": "2026-03-02T17:30:00+00:00"}, (Action("help", "rehearsal.yes"),)
        )
        wanted = {
            "ana": "We meet on Mon 2 Mar, 18:30.\n[Gladly]",
            "lee": "We meet on Mon 2 Mar, 17:30.\n[Gladly]",
            "mei": "见面时间：3月3日周二 01:30。\n[好的]",
        }
        assert {who: only(await stage.push(who, at), who, "push").text for who in wanted} == wanted
        await stage.driver.command("mei", "fnd")
        assert stage.driver.screen("mei")[-1].text.startswith("我不认识")

    async def test_bold_code_links_lists_and_quotes_arrive_as_they_are(self, stage: Stage) -> None:
        push = only(await stage.push("ana", Message("rehearsal.formatted")), "ana", "push")
        # Not every platform has a place for the name of a language.
        wanted = [parse(text) for text in (FORMATTED, FORMATTED.replace(' lang="python"', ""))]
        assert parse(push.message["markup"]) in wanted
        assert "if a_b < 1:" in push.text
        assert push.message["buttons"] == []

    # --- What people write --------------------------------------------------------------------------------------

    def seen(self, text: str) -> str:
        """Give what people see of what somebody wrote, where a platform has marks of its own for something."""
        return text

    async def shows(self, stage: Stage, text: str, name: str, label: str) -> None:
        """Write something to a partner; then be called, and choose from, what is as bad."""
        await stage.pair()
        came = await stage.came(stage.driver.say("ana", text))
        assert [(one.who, one.kind) for one in came if one.who != "ana"] == [("lee", "push")]
        (push,) = [one for one in came if one.who == "lee"]
        author, *rest = parse(push.message["markup"])
        assert author == Styled("b", (Text("Ana Ruiz"),))
        assert visible("".join(said(tuple(rest)))) == visible(": " + self.seen(text))
        assert [button["label"] for button in push.message["buttons"]] == ["Report"]
        assert push.message["items"] == []

        # Half a character never gets as far as the outbox.
        text, name, label = (each.encode(errors="ignore").decode() for each in (text, name, label))
        button = Action("begin:known", "rehearsal.plain", params={"text": label})
        row = Item("rehearsal.plain", {"text": text[:200]}, (button,))
        words = Message("rehearsal.named", {"name": name, "text": text}, (button,), (row,))
        push = only(await stage.push("lee", words), "lee", "push")
        shown = visible("".join(said(parse(push.message["markup"]))))
        assert shown == visible(f"{name}: {text}")
        (first,), (item,) = push.message["buttons"], push.message["items"]
        assert visible(item["text"]) == visible(text[:200])
        assert [visible(one["label"]) for one in (first, *item["buttons"])] == [visible(label)] * 2

    @SOME
    @given(text=texts, name=labels, label=labels)
    async def test_whatever_is_written_is_shown_and_is_never_more_than_words(
        self, stage: Stage, text: str, name: str, label: str
    ) -> None:
        await self.shows(stage, text, name, label)

    @pytest.mark.soak
    @MANY
    @given(text=texts, name=labels, label=labels)
    async def test_a_thousand_texts_are_shown_and_are_never_more_than_words(
        self, stage: Stage, text: str, name: str, label: str
    ) -> None:
        await self.shows(stage, text, name, label)

    @SOME
    @given(name=labels)
    async def test_whatever_a_platform_calls_somebody_is_a_name_and_no_more(
        self, stage: Stage, name: str
    ) -> None:
        stage.driver.know("sam", name=name)
        await stage.driver.say("sam", "hello")
        answer = only(await stage.came(stage.driver.say("sam", "hello")), "sam", "answer")
        assert visible("".join(said(parse(answer.message["markup"])))).startswith(visible(f"Hello {name}!"))
        assert [button["id"] for button in answer.message["buttons"]] == ["signup", "help"]

    async def test_the_longest_message_that_is_taken_arrives_whole(self, stage: Stage) -> None:
        await stage.pair()
        text = " ".join(f"word{number}" for number in range(1000))[:3500]
        came = await stage.came(stage.driver.say("ana", text))
        arrived = "".join(one.text for one in came if (one.who, one.kind) == ("lee", "push"))
        assert visible(text) in visible(arrived)

    async def test_a_message_that_is_too_long_is_refused_in_words_and_loses_nothing(
        self, stage: Stage
    ) -> None:
        await stage.pair()
        text = "far too long " * 770
        answer = only(await stage.came(stage.driver.say("ana", text)), "ana", "answer")
        assert "10,0" in answer.text
        assert "of 3,500 at the most" in answer.text
        came = await stage.came(stage.driver.say("ana", "still here"))
        assert [one.text for one in came if one.who == "lee"] == ["Ana Ruiz: still here\n[Report]"]

        await stage.begin("ana", "everything")
        await stage.until("ana", "story")
        only(await stage.came(stage.driver.say("ana", text)), "ana", "answer")
        assert "of 4,000 at the most" in stage.asked("ana")["story"]["error"]
        assert stage.asked("ana")["story"]["initial"] in (text, None)
        await stage.driver.say("ana", "short")
        await stage.answer("ana", NATIVE)
        assert stage.understood("ana") == {**ANSWERS, "story": "short"}
        assert only(await stage.came(stage.driver.say("mei", text)), "mei", "answer").text

    # --- Again, in order, and after a restart -------------------------------------------------------------------

    async def test_an_event_that_comes_again_has_no_second_effect(self, stage: Stage) -> None:
        await stage.pair()
        await stage.driver.say("ana", "only once")
        assert not [one for one in await stage.came(stage.driver.again("ana")) if one.who != "ana"]
        await stage.driver.restart()
        # Nobody knows any more whether the answer was shown, but where what was shown is kept.
        came = await stage.came(stage.driver.again("ana"))
        assert [(one.who, one.kind) for one in came] == ([] if self.remembers else [("ana", "answer")])
        assert all(one.text.startswith("I have dealt with that already") for one in came)
        assert [one.text for one in stage.driver.screen("lee")].count("Ana Ruiz: only once\n[Report]") == 1

        await stage.begin("lee", "everything")
        await stage.driver.say("lee", "Lee Chan")
        assert next(iter(stage.asked("lee"))) == "story"
        # The same is asked again, or nothing is said where it is known that the answer was shown.
        came = await stage.came(stage.driver.again("lee"))
        assert [(one.who, one.kind) for one in came] in ([("lee", "answer")], [])
        assert next(iter(stage.asked("lee"))) == "story"
        await stage.answer("lee", NATIVE)
        assert stage.understood("lee")["name"] == "Lee Chan"
        assert not await stage.came(stage.driver.again("lee"))

    async def test_what_one_person_writes_keeps_its_order(self, stage: Stage) -> None:
        await stage.pair()
        words = [f"word {number}" for number in range(10)]
        came = await stage.came(asyncio.wait_for(_all([stage.driver.say("ana", word) for word in words]), 20))
        arrived = [one.text.split("\n")[0] for one in came if one.who == "lee"]
        assert arrived == [f"Ana Ruiz: {word}" for word in words]

    async def test_a_restart_in_the_middle_forgets_nothing(self, stage: Stage) -> None:
        await stage.pair()
        await stage.begin("ana", "everything")
        await stage.driver.fill("ana", {"name": "Ana Ruiz", "age": 41})
        await stage.driver.restart()
        await stage.driver.say("ana", str(NATIVE["story"]))
        assert not {"name", "age", "story"} & stage.asked("ana").keys()
        await stage.driver.restart()
        await stage.answer("ana", NATIVE)
        assert stage.understood("ana") == ANSWERS
        await stage.driver.restart()
        came = await stage.came(stage.driver.say("ana", "and our room is open"))
        assert "Ana Ruiz: and our room is open\n[Report]" in [one.text for one in came if one.who == "lee"]
        await stage.driver.press("lee", "Talk")
        came = await stage.came(stage.driver.say("lee", "so is mine"))
        assert "Lee Chan: so is mine\n[Report]" in [one.text for one in came if one.who == "ana"]

    async def test_what_was_not_sent_when_it_stopped_is_sent_when_it_starts(self, stage: Stage) -> None:
        await stage.put("mei", Message("rehearsal.news", {"number": 7}))
        await stage.driver.restart()
        await stage.driver.advance(timedelta(minutes=1))
        assert [one.text for one in stage.driver.screen("mei")] == ["第 7 条消息。"]
        assert not stage.driver.screen("ana")


async def _all(acts: Sequence[Awaitable[None]]) -> None:
    """Let several things happen at once; each begins in its turn."""
    await asyncio.gather(*acts)
