"""Importing people: what a file may look like, what is told of its faults, and what becomes of the people."""

import asyncio
import csv
import io
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from core import mentors, users
from core.importing import Draft, Sheet, UnreadableError, put, read
from core.matching.features import Query
from core.mentors import Mentors
from core.policy import FORMATS, Policy
from core.store.database import Database, open_database
from core.store.tables import unknown_topics, user_topics
from core.store.tables import users as users_table
from core.store.types import Keyring
from core.topics import load
from core.users import HELPS, WANTS, User

PEOPLE = Path(__file__).parent / "data" / "people"
TOPICS = load()
POLICY = Policy(zone="America/Lima", locale="es", name_limit=20, topics_limit=3, budget_hours=6)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def sheet(text: str) -> Sheet:
    return read(text.encode(), TOPICS, POLICY)


def one(titles: str, line: str) -> Draft:
    """The draft of the only line of a file."""
    found = sheet(f"{titles}\n{line}\n")
    assert found.faults == ()
    (draft,) = found.drafts
    return draft


def fault(titles: str, line: str) -> tuple[str, str]:
    """The column and the words of the only fault of the only line of a file."""
    found = sheet(f"{titles}\n{line}\n")
    assert found.drafts == ()
    assert found.notes == ()
    (wrong,) = found.faults
    assert wrong.line == 2
    return wrong.column, wrong.why


def note(titles: str, line: str) -> str:
    (said,) = sheet(f"{titles}\n{line}\n").notes
    return said.text


def unreadable(data: bytes) -> str:
    with pytest.raises(UnreadableError) as raised:
        read(data, TOPICS, POLICY)
    return str(raised.value)


# Files as they come


def test_an_english_file_is_read_whole() -> None:
    found = read((PEOPLE / "english.csv").read_bytes(), TOPICS)
    assert found.faults == ()
    ana, react, tom = found.drafts
    assert ana == Draft(
        line=2,
        ref="p1",
        name="Ana Ruiz",
        topics=(("python", 4), ("sql", None)),
        country="ES",
        zone="Europe/Madrid",
        languages=("es", "en"),
        free=((0, 18 * 60, 20 * 60),),
        formats=("review", "call"),
        hours=3.0,
        unknown=(),
        columns=frozenset(found.columns.values()),
    )
    assert (react.name, react.country, react.zone) == (None, "DE", "Europe/Berlin")
    assert react.topics == (("react", None), ("typescript", None))
    assert react.languages == ("de", "en")
    assert tom.topics == (("react", None), ("beekeeping", None))
    assert tom.unknown == (("beekeeping", "beekeeping"),)
    assert (tom.zone, tom.hours) == (None, None)


def test_a_file_tells_which_columns_it_used_and_which_not() -> None:
    found = read((PEOPLE / "english.csv").read_bytes(), TOPICS)
    assert found.columns == {
        "ref": "ref",
        "name": "name",
        "topics": "topics",
        "country": "country",
        "time_zone": "zone",
        "languages": "languages",
        "free": "free",
        "formats": "formats",
        "hours": "hours",
    }
    assert found.ignored == ("shoe size",)


def test_a_chinese_file_with_semicolons_and_a_byte_order_mark_is_read_whole() -> None:
    found = read((PEOPLE / "chinese.csv").read_bytes(), TOPICS)
    assert found.faults == ()
    li, han = found.drafts
    assert (li.line, li.ref, li.name, li.country, li.zone) == (2, "甲1", "李雷", "CN", "Asia/Shanghai")
    assert [slug for slug, _ in li.topics] == ["python", "frontend", "kubernetes"]
    assert [day for day, _, _ in li.free] == [5, 6]
    assert (han.line, han.languages) == (4, ("zh", "en"))


def test_every_faulty_line_is_named_and_the_others_are_kept() -> None:
    found = read((PEOPLE / "faulty.csv").read_bytes(), TOPICS)
    assert [(wrong.line, wrong.ref, wrong.column) for wrong in found.faults] == [
        (2, "f1", "zone"),
        (3, "f2", "topics"),
        (3, "f2", "languages"),
        (4, "", "ref"),
        (5, "f4", "free"),
        (6, "f5", "formats"),
        (7, "f6", "hours"),
        (8, "f1", "ref"),
        (9, "f8", "row"),
        (10, "", "row"),
    ]
    assert [draft.ref for draft in found.drafts] == ["f10", "f11"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_delimiters_and_line_ends_are_found_out(delimiter: str, end: str, mark: str) -> None:
    lines = (("Ref", "Topics", "Time Zone"), ("p1", '"go;sql"', "Europe/Rome"))
    found = sheet(mark + end.join(delimiter.join(line) for line in lines))
    (draft,) = found.drafts
    assert (draft.ref, draft.zone) == ("p1", "Europe/Rome")
    assert dict(draft.topics) == {"go": None, "sql": None}


@pytest.mark.parametrize(
    ("title", "column"),
    [
        ("REF", "ref"),
        ("Id", "ref"),
        ("编号", "ref"),
        ("Full name", "name"),
        ("姓名", "name"),
        ("Skills", "topics"),
        ("话题", "topics"),
        ("国家", "country"),
        ("TimeZone", "zone"),
        ("time-zone", "zone"),
        (" zone ", "zone"),
        ("时区", "zone"),
        ("语言", "languages"),
        ("Ｌａｎｇｕａｇｅｓ", "languages"),
        ("availability", "free"),
        ("hours per month", "hours"),
        ("Formats", "formats"),
    ],
)
def test_titles_are_known_in_their_spellings(title: str, column: str) -> None:
    rest = {"ref": "ref", "topics": "topics"}
    rest.pop(column, None)
    assert column in sheet(",".join([title, *rest])).columns.values()


def test_of_two_fitting_titles_the_better_one_is_used() -> None:
    found = sheet("id,skills,ref,topics,ref\n7,java,p1,go,p9\n")
    assert found.columns == {"ref": "ref", "topics": "topics"}
    assert found.ignored == ("id", "skills", "ref")
    assert [(draft.ref, draft.topics) for draft in found.drafts] == [("p1", (("go", None),))]


def test_lines_are_counted_as_an_editor_does() -> None:
    found = sheet('\n\nref,topics,name\n\np1,"go\nsql",Ana\n,,\np2,,Lee\n')
    assert [(draft.ref, draft.line) for draft in found.drafts] == [("p1", 5)]
    assert [(wrong.ref, wrong.line) for wrong in found.faults] == [("p2", 8)]


def test_a_line_may_stop_early() -> None:
    draft = one("ref,topics,country,languages", "p1,go")
    assert (draft.country, draft.languages) == (None, ())


def test_a_quote_that_is_never_closed_costs_one_line() -> None:
    lines = [f"p{number},go," for number in range(200)]
    lines[7] = 'p7,"go,'
    found = sheet("\n".join(["ref,topics,country", *lines]))
    assert [(wrong.line, wrong.column) for wrong in found.faults] == [(9, "row")]
    assert len(found.drafts) == 199


def test_a_comma_without_quotes_shifts_no_cells() -> None:
    column, why = fault("ref,topics,country", "p1,go, sql,ES")
    assert column == "row"
    assert "4 cells under 3 titles" in why
    assert "quotes" in why


def test_a_file_with_titles_alone_holds_nobody() -> None:
    assert sheet("ref,topics\n").drafts == ()


# Files that are none


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n \n", "empty"),
        ("编号,话题\n甲,前端\n".encode("gb18030"), "UTF-8"),
        ("ref,topics\n1,go\n".encode("utf-16"), "CSV UTF-8"),
        (b"ref,topics\n1,go\n2,\xff\n", "line 3"),
        (b"Ana,python,Spain\n", "does not name the columns"),
        (b'"ref,topics\n', "does not name the columns"),
        (b"name,topics\nAna,go\n", "no column has the title ref"),
        (b"ref,name\n1,Ana\n", "no column has the title topics"),
        (b"ref,topics\n" + b"1,go\n" * 100_000, "100,000 lines"),
        (b"x" * 20_000_001, "20 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_such_file_is_refused_in_words(data: bytes, words: str) -> None:
    told = unreadable(data)
    assert words in told
    assert told.endswith(".")


def test_a_refusal_shows_no_control_characters_of_the_file() -> None:
    assert "\x1b" not in unreadable(b"\x1b[31mname\n")


# Cells


@pytest.mark.parametrize(
    "cell", ["go;sql", '"go,sql"', '"go, sql"', "go、sql", "go|sql", "go；sql", '"go\nsql"', ";go;;sql;"]
)
def test_topics_are_parted_by_many_signs(cell: str) -> None:
    assert one("ref,topics", f"p1,{cell}").topics == (("go", None), ("sql", None))


@pytest.mark.parametrize("cell", ["React", "reactjs", "react.js", "REACT JS"])
def test_one_topic_has_many_spellings(cell: str) -> None:
    assert one("ref,topics", f"p1,{cell}").topics == (("react", None),)


@pytest.mark.parametrize(
    "cell", ["python 4", "python:4", "Python (4)", "python：4", "python=4", "python;python 4"]
)
def test_a_topic_may_have_a_level(cell: str) -> None:
    assert one("ref,topics", f"p1,{cell}").topics == (("python", 4),)


def test_a_mistyped_topic_is_mended_and_noted() -> None:
    assert one("ref,topics", "p1,kuberntes").topics == (("kubernetes", None),)
    assert note("ref,topics", "p1,kuberntes") == '"kuberntes" is read as Kubernetes'


def test_an_unknown_topic_is_kept_and_noted() -> None:
    draft = one("ref,topics", "p1,Bee Keeping: 2;go")
    assert draft.topics == (("bee-keeping", 2), ("go", None))
    assert draft.unknown == (("bee-keeping", "Bee Keeping"),)
    assert '"Bee Keeping" is new' in note("ref,topics", "p1,Bee Keeping: 2;go")


@pytest.mark.parametrize("cell", ["", " ", "-", ";;", "\u200b", "?"])
def test_without_a_topic_there_is_nothing_to_match_by(cell: str) -> None:
    column, why = fault("ref,topics,name", f"p1,{cell},Ana")
    assert column == "topics"
    assert "name one topic" in why


def test_too_many_topics_are_a_fault_that_tells_the_limit() -> None:
    column, why = fault("ref,topics", "p1,go;sql;rust;java")
    assert (column, "4 topics are too many" in why, "keep the 3" in why) == ("topics", True, True)
    assert len(one("ref,topics", "p1,go;sql;rust;golang").topics) == 3


@pytest.mark.parametrize(
    ("ref", "words"), [("", "empty"), ("\u200b\u202e", "empty"), ("x" * 81, "longer than 80")]
)
def test_a_ref_must_be_there_and_short(ref: str, words: str) -> None:
    column, why = fault("ref,topics", f"{ref},go")
    assert column == "ref"
    assert words in why


def test_the_later_of_two_lines_with_one_ref_is_at_fault() -> None:
    found = sheet("ref,topics\np1,go\np2,sql\n p1\u200b ,rust\n")
    assert [(draft.ref, draft.line) for draft in found.drafts] == [("p1", 2), ("p2", 3)]
    (wrong,) = found.faults
    assert (wrong.line, wrong.ref, wrong.column) == (4, "p1", "ref")
    assert "line 2" in wrong.why


@pytest.mark.parametrize(
    ("typed", "code"),
    [("es", "ES"), ("DE", "DE"), ("Germany", "DE"), ("德国", "DE"), ("uk", "GB"), ("EU", "EU"), ("", None)],
)
def test_countries_are_codes_or_names(typed: str, code: str | None) -> None:
    assert one("ref,topics,country", f"p1,go,{typed}").country == code


def test_an_unknown_country_is_left_out_and_noted() -> None:
    assert one("ref,topics,country", "p1,go,Atlantis").country is None
    assert '"Atlantis"' in note("ref,topics,country", "p1,go,Atlantis")


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Europe/Madrid", "Europe/Madrid"),
        ("Madrid", "Europe/Madrid"),
        ("UTC+2", "Etc/GMT-2"),
        ("北京", "Asia/Shanghai"),
    ],
)
def test_zones_are_read_as_people_write_them(typed: str, zone: str) -> None:
    assert one("ref,topics,zone", f"p1,go,{typed}").zone == zone


def test_an_empty_zone_is_noted_and_a_file_without_zones_is_not() -> None:
    assert note("ref,topics,zone", "p1,go,") == "no time zone, so the community's is assumed"
    assert sheet("ref,topics\np1,go\n").notes == ()


@pytest.mark.parametrize(
    ("column", "typed", "words"),
    [
        ("zone", "Atlantis", "Europe/Berlin"),
        ("zone", "Europe/Madird", "did you mean Europe/Madrid"),
        ("zone", "United States", "can be several zones: write one, such as America/New_York"),
        ("languages", "en;qqqq", '"qqqq"'),
        ("languages", "x" * 1500, "en; Spanish"),
        ("free", "when I like", "weekends"),
        ("formats", "call;dance", "question; call; ongoing"),
        ("formats", "x" * 300, "question; call; ongoing"),
        ("hours", "many", "0.5 to 40"),
        ("hours", "0", "0.5 to 40"),
        ("hours", "41", "0.5 to 40"),
    ],
)
def test_what_cannot_be_read_is_a_fault_with_its_remedy(column: str, typed: str, words: str) -> None:
    found, why = fault(f"ref,topics,{column}", f"p1,go,{typed}")
    assert found == column
    assert words in why


def test_all_the_faults_of_a_line_are_told_at_once() -> None:
    found = sheet("ref,topics,zone,hours\n,,Atlantis,many\n")
    assert [wrong.column for wrong in found.faults] == ["ref", "topics", "zone", "hours"]


def test_a_cell_without_end_is_a_fault() -> None:
    column, why = fault("ref,topics,name", f"p1,go,{'x' * 2001}")
    assert (column, "2,000 characters" in why) == ("row", True)


@pytest.mark.parametrize(
    ("cell", "meant"),
    [*((key, key) for key in FORMATS), ("模拟面试", "interview"), ("Code Review", "review")],
)
def test_formats_have_names(cell: str, meant: str) -> None:
    assert one("ref,topics,formats", f"p1,go,{cell}").formats == (meant,)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Ana\x00\x07 \x1b[31mRuiz", "Ana [31mRuiz"),
        ("\u202eziuR\u2066 anA\u200b", "ziuR anA"),
        ('"Ana\n  Ruiz"', "Ana Ruiz"),
        ("<@U1> @everyone", "<@U1> @everyone"),
        ("\u200b\u3164", None),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("=1+1", "=1+1"),
    ],
)
def test_names_are_one_line_of_visible_characters(typed: str, name: str | None) -> None:
    assert one("ref,topics,name", f"p1,go,{typed}").name == name


# Whatever the bytes


def check(found: Sheet) -> None:
    """What holds of every file that can be read."""
    kept, refused = [draft.line for draft in found.drafts], {wrong.line for wrong in found.faults}
    assert not set(kept) & refused
    assert sorted(set(kept)) == kept
    assert len({draft.ref for draft in found.drafts}) == len(kept)
    assert {said.line for said in found.notes} <= set(kept)
    assert len({said.line for said in found.notes}) == len(found.notes)
    for draft in found.drafts:
        assert 0 < len(draft.ref) <= 80
        assert 0 < len(draft.topics) <= POLICY.topics_limit
        assert all(0 < len(slug) <= 80 for slug, _ in draft.topics)
        assert {slug for slug, _ in draft.unknown} <= {slug for slug, _ in draft.topics}
    told = [wrong.why for wrong in found.faults] + [said.text for said in found.notes]
    assert all(text.isprintable() for text in told)


@given(st.binary(max_size=300), st.sampled_from([b"", b"ref,topics\n", "编号;话题;zone;free\n".encode()]))
def test_no_bytes_raise_anything_else(data: bytes, start: bytes) -> None:
    try:
        found = read(start + data, TOPICS, POLICY)
    except UnreadableError as error:
        told = str(error)
    else:
        check(found)
        return
    assert told.isprintable()


CELL = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["go", "python 3;sql", "en", "Berlin", "mon 18-20", "call", "2", '"', ",", "\n", "\u202e"]
    ),
)


@given(st.lists(st.lists(CELL, min_size=9, max_size=9), max_size=5))
def test_every_line_with_anything_in_it_is_a_draft_or_a_fault(rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["ref", "topics", "name", "country", "zone", "languages", "free", "formats", "hours"])
    writer.writerows(rows)
    found = sheet(text.getvalue())
    check(found)
    lines = {draft.line for draft in found.drafts} | {wrong.line for wrong in found.faults}
    seen = [row for row in rows if any(sign.isalnum() for cell in row for sign in cell)]
    assert len(seen) <= len(lines) <= len(rows)


# Putting people in


@pytest.fixture
async def database(store_url: str) -> AsyncIterator[Database]:
    opened = open_database(store_url, Keyring(()), "tests")
    yield opened
    await opened.close()


async def bring(database: Database, text: str, now: datetime = NOW) -> dict[str, str]:
    """Import a text that has no faults; what became of each ref."""
    found = sheet(text)
    assert found.faults == ()
    outcomes = await database.write(lambda tx: put(tx, found.drafts, POLICY, now))
    assert [(each.line, each.ref) for each in outcomes] == [(draft.line, draft.ref) for draft in found.drafts]
    return {each.ref: each.what for each in outcomes}


async def person(database: Database, ref: str) -> tuple[User, dict[str, int | None]]:
    """An imported person, and what they help with."""

    def look(tx: Connection) -> tuple[User, dict[str, int | None]]:
        found = users.by_ref(tx, ref)
        assert found is not None
        return found, dict(users.topics_of(tx, found.id, HELPS))

    return await database.read(look)


FULL = """ref,name,topics,country,time_zone,languages,free,formats,hours
p1,Ana Ruiz,python 4;sql,ES,Europe/Madrid,es;en,mon 18-20,review;call,3
p2,,go,,,,,,
"""


async def test_people_are_invited_with_what_the_file_says(database: Database) -> None:
    assert await bring(database, FULL) == {"p1": "added", "p2": "added"}
    ana, topics = await person(database, "p1")
    assert topics == {"python": 4, "sql": None}
    assert (ana.state, ana.mentor, ana.mentee, ana.name) == ("invited", True, False, "Ana Ruiz")
    assert (ana.country, ana.zone, ana.zone_assumed) == ("ES", "Europe/Madrid", False)
    assert (ana.languages, ana.free) == (("es", "en"), ((0, 1080, 1200),))
    assert (ana.formats, ana.budget_hours) == (("review", "call"), 3.0)
    assert (ana.created_at, ana.changed_at, ana.consent_version) == (NOW, NOW, 0)
    assert await database.read(lambda tx: users.accounts(tx, ana.id)) == []


async def test_what_the_file_does_not_say_is_the_communitys(database: Database) -> None:
    await bring(database, FULL)
    nameless, topics = await person(database, "p2")
    assert topics == {"go": None}
    assert (nameless.name, nameless.country) == ("p2", None)
    assert (nameless.zone, nameless.zone_assumed) == ("America/Lima", True)
    assert (nameless.locale, nameless.languages, nameless.budget_hours) == ("es", (), 6.0)


async def test_an_imported_person_is_like_one_that_was_created(database: Database) -> None:
    await bring(database, FULL)
    imported, _ = await person(database, "p2")
    fields = {"state": "invited", "name": "p2", "ref": "p3", "mentor": True}
    made_id = await database.write(lambda tx: users.create(tx, NOW, POLICY, **fields))
    made = await database.read(lambda tx: users.known(tx, made_id))
    same = [key for key in User.__slots__ if key not in ("id", "ref")]
    assert [getattr(imported, key) for key in same] == [getattr(made, key) for key in same]


async def test_long_names_are_cut(database: Database) -> None:
    await bring(database, f"ref,topics,name\np1,go,{'Ana ' * 10}\n{'r' * 80},go,\n")
    assert (await person(database, "p1"))[0].name == "Ana Ana Ana Ana Ana…"
    assert (await person(database, "r" * 80))[0].name == "r" * 19 + "…"


async def test_the_same_file_twice_changes_nothing(database: Database) -> None:
    await bring(database, FULL)
    before = [await person(database, ref) for ref in ("p1", "p2")]
    assert await bring(database, FULL, LATER) == {"p1": "same", "p2": "same"}
    assert [await person(database, ref) for ref in ("p1", "p2")] == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Ana Ruiz", "Ana R."),
        ("python 4", "python 5"),
        ("python 4;sql", "sql"),
        ("python 4;sql", "python 4;sql;rust"),
        (",ES,", ",PT,"),
        ("Europe/Madrid", ""),
        ("es;en", "en;es"),
        ("mon 18-20", "tue 18-20"),
        ("review;call", ""),
        (",3", ",4"),
    ],
)
async def test_whoever_differs_is_changed_alone(sqlite_store_url: str, old: str, new: str) -> None:
    database = open_database(sqlite_store_url, Keyring(()), "tests")
    try:
        await bring(database, FULL)
        assert await bring(database, FULL.replace(old, new), LATER) == {"p1": "changed", "p2": "same"}
        ana, topics = await person(database, "p1")
        assert (ana.created_at, ana.changed_at) == (NOW, LATER)
        assert (await person(database, "p2"))[0].changed_at == NOW
        await bring(database, FULL, LATER)
        again, former = await person(database, "p1")
        assert (again, former) != (ana, topics)
        assert former == {"python": 4, "sql": None}
        assert (again.name, again.zone_assumed, again.budget_hours) == ("Ana Ruiz", False, 3.0)
    finally:
        await database.close()


async def test_changes_reach_both_databases(database: Database) -> None:
    await bring(database, FULL)
    changed = FULL.replace("Ana Ruiz", "Ana R.").replace("python 4;sql", "rust").replace("Europe/Madrid", "")
    assert await bring(database, changed, LATER) == {"p1": "changed", "p2": "same"}
    ana, topics = await person(database, "p1")
    assert topics == {"rust": None}
    assert (ana.name, ana.zone, ana.zone_assumed, ana.changed_at) == ("Ana R.", "America/Lima", True, LATER)


async def test_a_file_leaves_alone_what_it_has_no_column_for(database: Database) -> None:
    await bring(database, FULL)
    before, _ = await person(database, "p1")
    assert await bring(database, "ref,topics\np1,sql;python 4\n", LATER) == {"p1": "same"}
    assert await bring(database, "ref,topics,hours\np1,rust,8\n", LATER) == {"p1": "changed"}
    after, topics = await person(database, "p1")
    assert topics == {"rust": None}
    differing = [key for key in User.__slots__ if getattr(before, key) != getattr(after, key)]
    assert differing == ["budget_hours", "changed_at"]


@pytest.mark.parametrize("state", ["active", "waiting"])
async def test_who_has_signed_up_is_left_alone(database: Database, state: str) -> None:
    await bring(database, FULL)
    ana, topics = await person(database, "p1")
    await database.write(lambda tx: users.change(tx, ana.id, LATER, state=state, name="Ana herself"))
    signed_up = await person(database, "p1")
    outcomes = await bring(database, FULL.replace("python 4", "rust"), LATER + timedelta(hours=1))
    assert outcomes == {"p1": "left", "p2": "same"}
    assert await person(database, "p1") == signed_up
    assert signed_up[1] == topics


async def test_what_somebody_wants_help_with_stays(database: Database) -> None:
    await bring(database, FULL)
    ana, _ = await person(database, "p1")
    await database.write(lambda tx: users.set_topics(tx, ana.id, WANTS, (("rust", 2),)))
    await bring(database, FULL.replace("python 4;sql", "sql"), LATER)
    assert await database.read(lambda tx: users.topics_of(tx, ana.id, WANTS)) == (("rust", 2),)


async def test_unknown_topics_are_kept_for_the_organiser(database: Database) -> None:
    await bring(database, "ref,topics\np1,Bee Keeping;go\np2,bee keeping\np3,🐝 bees\n")
    kept = await database.read(
        lambda tx: [
            tuple(row) for row in tx.execute(select(unknown_topics.c.slug, unknown_topics.c.first_seen))
        ]
    )
    assert sorted(kept) == [("bee-keeping", NOW), ("bees", NOW)]
    assert (await person(database, "p2"))[1] == {"bee-keeping": None}


async def test_the_ranking_sees_who_comes_and_who_changes(database: Database) -> None:
    seen = Mentors(POLICY, TOPICS.wider, invited=True)

    async def ranked(slug: str) -> set[int]:
        await database.read(lambda tx: seen.refresh(tx, LATER))
        query = Query(
            topics=((slug, None),),
            zone="UTC",
            free=(),
            languages=(),
            wanted_languages=(),
            week=NOW.date(),
        )
        found = await database.read(lambda tx: seen.snapshot(tx, LATER).rank(query, 5))
        return {candidate.user_id for candidate in found}

    assert await ranked("cobol") == set()
    await bring(database, FULL)
    assert await ranked("cobol") == set()
    await bring(database, FULL.replace("python 4;sql", "cobol"), LATER)
    assert await ranked("cobol") == {(await person(database, "p1"))[0].id}


async def test_nobody_invited_is_offered_anything(database: Database) -> None:
    await bring(database, FULL)
    rows = await database.read(lambda tx: mentors.rows(tx, POLICY, NOW))
    assert [row.available for row in rows] == [False, False]


async def test_a_thousand_people_and_odd_texts_arrive_whole(database: Database) -> None:
    lines = [
        f"r{number},n\x00ame{number} 李\U0001f41d,python;own topic {'abcdefg'[number % 7]},en"
        for number in range(1_200)
    ]
    text = "\n".join(["ref,name,topics,languages", *lines])
    assert Counter((await bring(database, text)).values()) == {"added": 1_200}
    assert Counter((await bring(database, text, LATER)).values()) == {"same": 1_200}
    last, topics = await person(database, "r1199")
    assert (last.name, topics) == ("name1199 李🐝", {"python": None, "own-topic-c": None})
    counts = await database.read(
        lambda tx: [
            tx.scalar(select(func.count()).select_from(table)) for table in (users_table, user_topics)
        ]
    )
    assert counts == [1_200, 2_400]


async def test_two_imports_at_once_make_everybody_once(database: Database) -> None:
    drafts = sheet("ref,topics\n" + "".join(f"p{number},go;sql\n" for number in range(700))).drafts
    await asyncio.gather(
        database.write(lambda tx: put(tx, drafts, POLICY, NOW)),
        database.write(lambda tx: put(tx, drafts[::-1], POLICY, NOW)),
    )
    counts = await database.read(
        lambda tx: [
            tx.scalar(select(func.count()).select_from(table)) for table in (users_table, user_topics)
        ]
    )
    assert counts == [700, 1_400]


async def test_nobody_is_put_where_there_is_no_draft(database: Database) -> None:
    assert await database.write(lambda tx: put(tx, (), POLICY, NOW)) == ()


async def test_ten_thousand_people_take_seconds(sqlite_store_url: str) -> None:
    lines = (
        f"p{number},python {number % 5 + 1};react;sql,ES,Europe/Madrid,en;es" for number in range(10_000)
    )
    data = "\n".join(["ref,topics,country,time_zone,languages", *lines]).encode()
    database = open_database(sqlite_store_url, Keyring(()), "tests")
    try:
        started = time.process_time()
        drafts = read(data, TOPICS).drafts
        outcomes = await database.write(lambda tx: put(tx, drafts, POLICY, NOW))
        took = time.process_time() - started
    finally:
        await database.close()
    assert Counter(each.what for each in outcomes) == {"added": 10_000}
    # About one second; the bound is what even a busy machine keeps.
    assert took < 6
