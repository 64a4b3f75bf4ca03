"""Files: passed on in a room, kept nowhere, read when they are delivered; an answer where a form asks for one."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.outbox import carry
from bot.outbox.deliver import FILES_AT_ONCE, PATIENCE
from bot.ports import Address, Command, Deleted, Edited, File, Later, Ref, Rendered, Said
from bot.richtext import plain
from bot.turn import Attachment, Carried, Message, message_from, message_json
from core import users
from core.store.tables import deliveries, outbox
from tests.world import MONDAY, Told, World, open_world, read

CAST = 'ana mentee UTC {0} "Ana Ruiz" · lee mentor UTC {0} python "Lee Chan" · mei mentor UTC {0} rust · sam stranger'
NOTES = File("F1", "notes.txt", "text/plain", 5)
LIMIT = 10_000_000
Read = list[bytes | Exception]


@dataclass(slots=True)
class Shelf(Told):
    """A platform from which files can be read: each try gives the next of what it was told, the last for ever."""

    shelf: dict[str, list[Read]] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    before: int = 0

    async def open(self, file: File) -> AsyncIterator[bytes]:  # type: ignore[override]
        """Read a file, as far as it goes."""
        self.opened.append(file.id)
        tries = self.shelf[file.id]
        try:
            for part in tries.pop(0) if len(tries) > 1 else tries[0]:
                await asyncio.sleep(0)
                if isinstance(part, Exception):
                    raise part
                yield part
        finally:
            self.closed.append(file.id)

    @property
    def news(self) -> list[tuple[str, str, Rendered]]:
        """What was sent since the pair was introduced."""
        return self.pushed[self.before :]

    def got(self, who: str) -> list[tuple[str, bytes | None]]:
        """What reached somebody: the first line, and the file with it."""
        return [
            (plain(message.body).partition("\n")[0], message.attached.data if message.attached else None)
            for to, _, message in self.news
            if to == who
        ]


@asynccontextmanager
async def paired(url: str, shelf: Shelf, locale: str = "en") -> AsyncIterator[World]:
    """Ana and Lee are a pair; Ana's room is open."""
    async with open_world(
        url,
        CAST.format(locale),
        adapters=[shelf],
        mentorships__native_rooms="off",
        messages__flood_events="200",
    ) as world:
        await world.types("ana", "/find python")
        await world.pushes("ana", "first:1")
        await world.settle()
        await world.pushes("lee", "accept:1")
        await world.types("ana", "/talk")
        await world.settle()
        shelf.before = len(shelf.pushed)
        yield world


async def sends(world: World, text: str, *files: File, **more: Any) -> str:
    """Let Ana send files with words; gives what she reads."""
    return read(await world.does("ana", Said(text), files=files, **more))


def holding(*parts: bytes | Exception) -> Shelf:
    """A platform that has the one file."""
    return Shelf(shelf={"F1": [list(parts)]})


# --- In a room --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "passed", "sent"),
    [
        ("en", "Passed on to Lee Chan.", "Ana Ruiz sends notes.txt"),
        ("zh", "已转给 Lee Chan。", "Ana Ruiz 发来 notes.txt"),
    ],
)
async def test_a_file_goes_to_the_partner_behind_the_words(
    store_url: str, locale: str, passed: str, sent: str
) -> None:
    shelf = holding(b"he", b"llo")
    async with paired(store_url, shelf, locale) as world:
        assert await sends(world, "Look:", NOTES) == passed
        await world.settle()
        assert [file for _, file in shelf.got("lee")] == [None, b"hello"]
        assert shelf.got("lee")[0][0].endswith("Look:")
        assert shelf.got("lee")[1][0] == sent
        attached = shelf.news[1][2].attached
        assert attached is not None
        assert (attached.name, attached.mime, attached.alt) == ("notes.txt", "text/plain", "notes.txt")
        assert [button.id for button in shelf.news[1][2].buttons] == [f"report:{await world.user('ana')}"]


async def test_files_without_words_each_come_in_their_order_and_words_after_them(store_url: str) -> None:
    shelf = Shelf(shelf={f"F{number}": [[b"%d" % number]] for number in range(4)})
    async with paired(store_url, shelf) as world:
        assert await sends(world, "", *(File(f"F{number}", f"{number}.txt", "", 1) for number in range(4)))
        await sends(world, "That was all.")
        await world.settle()
        assert [file for _, file in shelf.got("lee")] == [b"0", b"1", b"2", b"3", None]


async def test_a_file_sent_in_reply_goes_to_the_room_of_that_message(store_url: str) -> None:
    shelf = holding(b"hello")
    async with paired(store_url, shelf) as world:
        await sends(world, "first")
        await world.settle()
        row = (await world.rows(deliveries))[-1]
        first = Ref(row.platform, row.address, row.ref)
        answer = await world.does("lee", Said(""), files=(NOTES,), reply_to=first)
        assert read(answer) == "Passed on to Ana Ruiz."
        await world.settle()
        assert shelf.got("ana") == [("Lee Chan sends notes.txt", b"hello")]
        assert read(await world.does("lee", Said(" "), reply_to=first)) != "Passed on to Ana Ruiz."


async def test_what_is_kept_is_where_the_file_is_and_no_longer_than_until_it_is_delivered(
    store_url: str,
) -> None:
    shelf = holding(b"hello")
    async with paired(store_url, shelf) as world:
        await sends(world, "", NOTES)
        (row,) = await world.messages("ready")
        kept = {"platform": "console", "id": "F1", "name": "notes.txt", "mime": "text/plain", "size": 5}
        assert row.message["attachment"] == kept
        assert shelf.opened == []
        await world.settle()
        assert not any(row.message for row in await world.messages("sent"))


@pytest.mark.parametrize(
    "attachment",
    [None, Attachment("calendar", 7), Carried("slack", File("F1", "a b.pdf", "x/y", 3))],
    ids=str,
)
def test_a_message_with_a_file_is_stored_and_read_back(attachment: Attachment | Carried | None) -> None:
    message = Message("room.file", {"author": "a", "file": "b"}, attachment=attachment, locale="zh")
    assert message_from(message_json(message)) == message  # type: ignore[arg-type]


async def test_a_file_from_another_platform_is_read_there(store_url: str) -> None:
    shelf, slack = Shelf(), Shelf(name="slack", shelf={"F9": [[b"from slack"]]})
    async with open_world(
        store_url, CAST.format("en"), adapters=[shelf, slack], mentorships__native_rooms="off"
    ) as world:
        ana, where = await world.user("ana"), Address("slack", "T1/U1")

        def link(tx: Any) -> None:
            users.meet(tx, where, MONDAY, "", None, None, alone=True)
            users.claim(tx, where, ana)

        await world.write(link)
        await world.types("ana", "/find python")
        await world.pushes("ana", "first:1")
        await world.settle()
        await world.pushes("lee", "accept:1")
        talk = world.incoming("ana", Command("talk"))
        sent = world.incoming("ana", Said(""), files=(File("F9", "x", "", 4),))
        for incoming in (talk, sent):
            await world.app.router.handle(replace(incoming, who=where))
        await world.settle()
        assert (shelf.got("lee")[-1][1], shelf.opened) == (b"from slack", [])


# --- Too large, gone, slow --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "large", "passed"),
    [
        ("en", "“film.mov” is too large to pass on: 10 MB at the most.", "Passed on to Lee Chan."),
        ("zh", "“film.mov”太大了，没法转交，最多 10 MB。", "已转给 Lee Chan。"),
    ],
)
async def test_a_file_that_is_too_large_is_refused_at_once_and_the_rest_is_passed_on(
    store_url: str, locale: str, large: str, passed: str
) -> None:
    film = File("F2", "film.mov", "video/quicktime", LIMIT + 1)
    shelf = holding(b"hello")
    async with paired(store_url, shelf, locale) as world:
        assert await sends(world, "", film) == large
        assert await world.messages("ready") == []
        assert await sends(world, "Look", film, NOTES, replace(NOTES, size=LIMIT)) == f"{passed}\n{large}"
        await world.settle()
        assert shelf.opened == ["F1", "F1"]


LOST: dict[str, tuple[Read, int]] = {
    "gone": ([FileNotFoundError()], 1),
    "gone half-way": ([b"he", FileNotFoundError()], 1),
    "empty": ([], 1),
    "larger than it said": ([b"x" * 6_000_000] * 2, 1),
    "faulty for ever": ([ConnectionError("no")], PATIENCE),
}
"""What is read of a file, and how often it is tried."""


@pytest.mark.parametrize(("once", "tries"), LOST.values(), ids=LOST)
@pytest.mark.parametrize(
    ("locale", "told"),
    [
        ("en", "I could not pass “notes.txt” on to Lee Chan. Please send it again."),
        ("zh", "“notes.txt”没能转交给 Lee Chan，请再发一次。"),
    ],
)
async def test_a_file_that_cannot_be_had_is_told_to_its_author_and_holds_nothing_up(
    sqlite_store_url: str, once: Read, tries: int, locale: str, told: str
) -> None:
    shelf = Shelf(shelf={"F1": [once]})
    async with paired(sqlite_store_url, shelf, locale) as world:
        await sends(world, "before", NOTES)
        await sends(world, "after")
        await world.advance(timedelta(minutes=3))
        assert [re.split(": |：", words)[1] for words, _ in shelf.got("lee")] == ["before", "after"]
        assert shelf.got("ana") == [(told, None)]
        assert len(shelf.opened) == tries
        assert shelf.closed == shelf.opened


async def test_a_fault_that_passes_is_tried_again_and_the_order_is_kept(store_url: str) -> None:
    shelf = Shelf(shelf={"F1": [[ConnectionError()], [b"he", ConnectionError()], [b"hello"]]})
    async with paired(store_url, shelf) as world:
        await sends(world, "", NOTES)
        await sends(world, "after")
        await world.advance(timedelta(minutes=3))
        assert [file for _, file in shelf.got("lee")] == [b"hello", None]
        assert shelf.got("ana") == []


async def test_a_file_that_never_ends_is_given_up(sqlite_store_url: str) -> None:
    @dataclass(slots=True)
    class Endless(Shelf):
        async def open(self, file: File) -> AsyncIterator[bytes]:  # type: ignore[override]
            self.opened.append(file.id)
            while True:
                yield b"x" * 1_000_000

    shelf = Endless()
    async with paired(sqlite_store_url, shelf) as world:
        await sends(world, "", NOTES)
        await world.settle()
        assert shelf.opened == ["F1"]
        assert "could not pass" in shelf.got("ana")[0][0]


async def test_a_file_that_takes_too_long_is_tried_again_later() -> None:
    class Slow(Shelf):
        async def open(self, file: File) -> AsyncIterator[bytes]:  # type: ignore[override]
            self.opened.append(file.id)
            await asyncio.Event().wait()
            yield b""

    lost = await carry.fetch(Slow(), Carried("console", NOTES), LIMIT, seconds=0.01)
    assert isinstance(lost, carry.Lost)
    assert lost.again


async def test_only_so_many_files_are_held_at_once_and_all_arrive(sqlite_store_url: str) -> None:
    count = 3 * FILES_AT_ONCE
    at_once, most = 0, 0

    @dataclass(slots=True)
    class Counting(Shelf):
        async def open(self, file: File) -> AsyncIterator[bytes]:  # type: ignore[override]
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0.001)
            at_once -= 1
            yield file.id.encode()

    shelf = Counting()
    cast = " · ".join(
        f'm{number} mentee UTC en "Mia {number}" · t{number} mentor UTC en python hours=10'
        for number in range(count)
    )
    async with open_world(sqlite_store_url, cast, adapters=[shelf], mentorships__native_rooms="off") as world:
        for number in range(count):
            await world.types(f"m{number}", "/find python")
            await world.pushes(f"m{number}", f"first:{number + 1}")
        await world.settle()
        offers = [(to, once.partition(":")[2]) for to, once, _ in shelf.pushed if once.startswith("offer:")]
        for mentor, offer in offers:
            await world.pushes(mentor, f"accept:{offer}")
        await world.settle()
        for number in range(count):
            await world.types(f"m{number}", "/talk")
            await world.does(f"m{number}", Said(""), files=(File(f"F{number}", "x", "", 1),))
        await world.advance(timedelta(minutes=1))
        files = [message.attached.data for _, _, message in shelf.pushed if message.attached]
        assert sorted(files) == sorted(f"F{number}".encode() for number in range(count))
        assert 1 < most <= FILES_AT_ONCE


async def test_when_the_partners_platform_asks_to_wait_the_file_is_read_again_then(store_url: str) -> None:
    shelf = holding(b"hello")
    async with paired(store_url, shelf) as world:
        shelf.outcomes.append(Later(60))
        await sends(world, "", NOTES)
        await world.advance(timedelta(minutes=2))
        assert [file for _, file in shelf.got("lee")] == [b"hello", b"hello"]
        assert shelf.opened == ["F1", "F1"]


# --- Changed afterwards -----------------------------------------------------------------------------------------


async def test_an_edit_changes_the_words_and_a_deletion_takes_the_files_away_too(store_url: str) -> None:
    shelf = holding(b"hello")
    async with paired(store_url, shelf) as world:
        mine = Ref("console", "ana", "m1")
        await sends(world, "Loook:", NOTES, NOTES, message=mine)
        await world.settle()
        await world.does("ana", Edited("Look:"), message=mine)
        await world.settle()
        assert [plain(message.body) for _, _, message in shelf.edited] == ["Ana Ruiz (edited): Look:"]
        await world.does("ana", Deleted(), message=mine)
        await world.settle()
        assert [plain(message.body) for _, _, message in shelf.edited[1:]] == [
            "Ana Ruiz took this message back."
        ] * 3
        assert len({ref for _, ref, _ in shelf.edited[1:]}) == 3


# --- What a file is called --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("called", "shown"),
    [
        ("", "file"),
        ("a\nb\u202etxt.exe", "a btxt.exe"),
        ("<b>@everyone</b>.txt", "<b>@everyone</b>.txt"),
        ("长" * 500 + ".pdf", "长" * 115 + "….pdf"),
        ("x" * 500, "x" * 119 + "…"),
    ],
)
async def test_a_name_is_one_line_of_what_can_be_seen(store_url: str, called: str, shown: str) -> None:
    shelf = holding(b"hello")
    async with paired(store_url, shelf) as world:
        await sends(world, "", replace(NOTES, name=called, size=-3))
        await world.settle()
        attached = shelf.news[-1][2].attached
        assert attached is not None
        assert attached.name == shown
        assert shelf.got("lee")[-1][0] == f"Ana Ruiz sends {shown}"


# --- Elsewhere --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "alone", "with_partner"),
    [
        ("en", "Files are for the person you work with", "press Talk first"),
        ("zh", "文件是发给搭档的", "先按“对话”"),
    ],
)
async def test_a_file_that_belongs_nowhere_is_answered_with_what_files_are_for(
    store_url: str, locale: str, alone: str, with_partner: str
) -> None:
    shelf = holding(b"hello")
    async with paired(store_url, shelf, locale) as world:
        before = len(await world.rows(outbox))
        await world.types("ana", "/leave")
        for text in ("", "python please"):
            assert with_partner in await sends(world, text, NOTES)
            assert alone in read(await world.does("mei", Said(text), files=(NOTES,)))
        assert len(await world.rows(outbox)) == before
        assert shelf.opened == []
        greeted = read(await world.does("sam", Said(""), files=(NOTES,)))
        assert "mentor bot" in greeted


@pytest.mark.parametrize(
    ("locale", "unused"), [("en", "I need no file here, so I have not kept it."), ("zh", "这里不需要文件")]
)
async def test_a_form_that_asks_for_none_says_so_and_takes_the_words(
    store_url: str, locale: str, unused: str
) -> None:
    shelf = holding(b"hello")
    async with paired(store_url, shelf, locale) as world:
        question = read(await world.does("ana", Command("report"))).split("\n")[-2:]
        said = await sends(world, "", NOTES)
        assert unused in said
        assert question[0] in said
        said = await sends(world, "He was rude.", NOTES)
        assert unused in said
        assert {"en": "Thank you for telling us", "zh": "谢谢你告诉我们"}[locale] in said
        # The partner never gets what was meant for a form.
        await world.settle()
        assert shelf.got("lee") == []
