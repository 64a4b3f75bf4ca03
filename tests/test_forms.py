"""Forms: the answers are the state, whatever is answered in whatever order, by whichever process."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, select
from sqlalchemy import Engine as SqlEngine

from bot.app import locales
from bot.dialogs.engine import Conflict, Engine
from bot.dialogs.form import Answers, Args, Dialog, Refused, pending
from bot.dialogs.values import read
from bot.messages import Catalogue
from bot.ports import Choice, Confirm, Day, Field, File, Moment, Number, Option, Text, Upload, Week, When
from bot.turn import Ask, Replies, Say, Start, Turn, say
from bot.world import World
from core import topics
from core.address import Address
from core.courses.shelf import Shelves
from core.mentors import Mentors
from core.policy import Policy
from core.reading import Problem
from core.store.tables import metadata, runs
from core.store.types import Json, Keyring

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
ANA, LEE = Address("test", "ana"), Address("test", "lee")

FIELDS: tuple[Field, ...] = (
    Text(key="name", limit=20),
    Choice(key="role", options=(Option("mentee", "Learn"), Option("mentor", "Help"), Option("both", "Both"))),
    Choice(
        key="helps",
        search="topics",
        many=True,
        levels=5,
        free=True,
        most=3,
        when=When("role", ("mentor", "both")),
    ),
    Number(key="hours", low=0.5, high=40, whole=False, required=False, when=When("role", ("mentor", "both"))),
    Choice(
        key="days",
        many=True,
        required=False,
        options=tuple(Option(day, day) for day in ("fri", "sat", "sun")),
    ),
    Text(key="why", required=False, lines=True, when=When("days", ("sat", "sun"))),
    Choice(key="zone", search="zones", required=False),
    Choice(key="languages", search="languages", many=True, required=False),
    Confirm(key="agreed", must=True),
    Confirm(key="call"),
    Day(key="since", earliest="2026-03-02", when=When("call", (True,))),
    Moment(key="at", when=When("since", ("2026-03-06",))),
    Week(key="free"),
    Upload(key="file", required=False, size=1000, when=When("role", ("mentee",))),
)
"""Every type of field, and conditions on a word, on what a list holds, on yes, and on a field that has one itself."""

GOOD: Mapping[str, tuple[Json, ...]] = {
    "name": ("Ana", " 梅 ", "x" * 20),
    "role": ("mentee", "Help", "3"),
    "helps": ("python 4, sql", [["rust", 2]], "前端和 k8s"),
    "hours": ("2.5", 4, "three", None),
    "days": ("fri", ["sat", "sun"], "Sun and Fri", None),
    "why": ("I work in the week", None),
    "zone": ("Madrid", "UTC+2", None),
    "languages": ("English, 中文", ["es"], None),
    "agreed": (True, "yes", "好"),
    "call": (True, False, "no"),
    "since": ("2026-03-06", "tomorrow"),
    "at": ("Fri 18:00", "2026-03-05T10:00+01:00"),
    "free": ("weekday evenings", ["0:evening"], [[5, 600, 720]], "周六上午"),
    "file": ({"id": "F1", "name": "cv.pdf", "size": 10}, None),
}
BAD: Mapping[str, tuple[Json, ...]] = {
    "name": ("", None, "x" * 21),
    "role": ("boss", "9", []),
    "helps": ("python 9", ", ,", "a1, b2, c3, d4"),
    "hours": ("many", "0.1", 41),
    "days": ("mon",),
    "zone": ("Atlantis",),
    "languages": ("Klingonish",),
    "agreed": (False, "no", "perhaps"),
    "call": ("perhaps", None),
    "since": ("1 March 2026", "someday"),
    "at": ("yesterday 18:00", "Fri", "now and then"),
    "free": ("never ever", [[9, 0, 10]], ["7:noon"]),
    "file": ({"name": "no id"}, "words", {"id": "F", "size": 1001}),
}


@cache
def world() -> World:
    """What every turn is made of."""
    known = topics.load()
    words = Catalogue.load(locales(), known.name)
    return World(Policy(), Mentors(Policy(), known.wider), Shelves(known.wider), known, words, frozenset())


@pytest.fixture(scope="module", autouse=True)
def memory() -> Iterator[SqlEngine]:
    """A database in memory; each test leaves it empty."""
    engine = create_engine("sqlite://")
    engine.dialect.keyring = Keyring(())  # type: ignore[attr-defined]
    metadata.create_all(engine)
    MEMORY[:] = [
        engine
    ]  # another worker may have stolen this module's first tests, and this is its second time
    yield engine
    engine.dispose()


MEMORY: list[SqlEngine] = []


@dataclass
class Desk:
    """Somebody who fills in forms, the engine that asks, and what was finished."""

    tx: Connection
    dialogs: dict[str, Dialog]
    who: Address = ANA
    locale: str = "en"
    minutes: int = 0

    def turn(self, who: Address | None = None) -> Turn:
        """Make the turn of the next event, a minute later."""
        self.minutes += 1
        now = MONDAY + timedelta(minutes=self.minutes)
        return replace(world().turn(self.tx, now, f"e{self.minutes}", who or self.who), locale=self.locale)

    @property
    def engine(self) -> Engine:
        """An engine that has just been started: it can remember nothing."""
        return Engine(self.dialogs)

    def start(self, name: str, args: Args | None = None) -> Replies:
        """Begin a dialog."""
        return self.engine.start(self.turn(), name, args or {})

    def submit(self, run: int, values: Mapping[str, Json]) -> Replies:
        """Send a page."""
        return self.engine.submit(self.turn(), run, values)

    def types(self, text: str, *files: File) -> Replies:
        """Write a line to the form in front, or send files."""
        turn = self.turn()
        turn = replace(turn, origin=replace(turn.origin, files=files))
        run = self.engine.newest(turn)
        assert run is not None
        return self.engine.said(turn, run, text)

    def stored(self) -> list[Any]:
        """Give the runs as they are kept."""
        return list(self.tx.execute(select(runs).order_by(runs.c.id)).all())

    def kept(self) -> dict[str, Json]:
        """Give the answers of the only run."""
        return dict(self.stored()[0].answers)


@contextmanager
def desk(*dialogs: Dialog) -> Iterator[Desk]:
    """Open an empty database."""
    with MEMORY[0].connect() as tx, tx.begin() as all_of_it:
        yield Desk(tx, {dialog.name: dialog for dialog in dialogs})
        all_of_it.rollback()


def dialog(
    name: str,
    fields: tuple[Field, ...],
    finish: Callable[[Answers], Replies | Refused] | None = None,
    **more: Any,
) -> Dialog:
    """A dialog of plain fields."""

    def finished(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
        del turn, args
        return finish(answers) if finish else (say(f"{name}.finished"),)

    return Dialog(name, lambda *_: fields, finished, **more)


@dataclass
class Finished:
    """Remembers what was finished."""

    answers: list[dict[str, Json]] = field(default_factory=list)

    def __call__(self, answers: Answers) -> Replies:
        """Take the answers."""
        self.answers.append(dict(answers))
        return (say("all.finished"),)


def ask(replies: Replies) -> Ask:
    """Give the only question among replies."""
    (found,) = [reply for reply in replies if isinstance(reply, Ask)]
    return found


def taken(replies: Replies) -> Replies:
    """Make sure that nothing was wrong with a page."""
    assert [reply.errors for reply in replies if isinstance(reply, Ask) and reply.errors] == []
    return replies


def keys(asked: Ask) -> list[str]:
    return [each.key for each in asked.fields]


def said(replies: Replies) -> list[str]:
    """Give the keys of what is said."""
    return [message.key for reply in replies if isinstance(reply, Say) for message in reply.messages]


def one_page_at_a_time(values: Mapping[str, Json]) -> dict[str, Json]:
    """Answer all that is asked, until the form ends; what it ended with."""
    done = Finished()
    with desk(dialog("all", FIELDS, done)) as at:
        replies = at.start("all")
        while not done.answers:
            asked = ask(replies)
            replies = taken(at.submit(asked.run, {key: values[key] for key in keys(asked)}))
    (answers,) = done.answers
    return answers


# --- Any order, any subset --------------------------------------------------------------------------------------

choices = st.fixed_dictionaries({key: st.sampled_from(values) for key, values in GOOD.items()})


@settings(max_examples=60, deadline=None)
@given(values=choices, data=st.data())
def test_any_subsets_in_any_order_end_with_the_same_answers_and_one_finish(
    values: dict[str, Json], data: st.DataObject
) -> None:
    wanted = one_page_at_a_time(values)
    done = Finished()
    steps = 0
    with desk(dialog("all", FIELDS, done)) as at:
        asked = ask(at.start("all"))
        while not done.answers:
            steps += 1
            # An engine that has just been started each time: a killed process remembers nothing.
            step = data.draw(st.sampled_from(["page", "page", "page", "bad", "early", "back", "again"]))
            if step == "back" and steps < 40:
                asked = ask(at.engine.back(at.turn()))
                continue
            if step == "again":
                asked = ask(at.start("all"))
                continue
            if step == "early":
                # Fields that are not asked yet, or are answered, or do not exist.
                others = {key: values.get(key, "x") for key in (*GOOD, "unknown") if key not in keys(asked)}
                before = at.stored()
                asked = ask(at.submit(asked.run, others))
                assert at.stored() == before
                continue
            page = data.draw(st.lists(st.sampled_from(keys(asked)), min_size=1, unique=True))
            if step == "bad" and any(key in BAD for key in page):
                before = at.stored()
                wrong = {
                    key: data.draw(st.sampled_from(BAD[key])) if key in BAD else values[key] for key in page
                }
                again = ask(at.submit(asked.run, wrong))
                assert set(again.errors) == set(page) & set(BAD)
                assert keys(again) == keys(asked)
                assert {key: again.initial[key] for key in page} == wrong
                assert at.stored() == before
                continue
            replies = taken(at.submit(asked.run, {key: values[key] for key in page}))
            if not done.answers:
                asked = ask(replies)
        assert done.answers == [wanted]
        assert at.stored() == []
        assert said(at.submit(asked.run, values)) == ["form.gone"]
    assert len(done.answers) == 1


@settings(max_examples=30, deadline=None)
@given(values=choices)
def test_typed_one_line_at_a_time_it_is_the_same_form(values: dict[str, Json]) -> None:
    wanted = one_page_at_a_time(values)
    done = Finished()
    with desk(dialog("all", FIELDS, done)) as at:
        replies = at.start("all")
        while not done.answers:
            asked = ask(replies)
            front = asked.fields[0]
            value = values[front.key]
            replies = taken(
                at.types(value) if isinstance(value, str) else at.submit(asked.run, {front.key: value})
            )
    assert done.answers == [wanted]


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*GOOD, "unknown"]),
        st.one_of(st.none(), st.text(), st.integers(), st.lists(st.text())),
    )
)
def test_what_may_be_asked_follows_from_the_answers_alone(answers: dict[str, Json]) -> None:
    asked = pending(FIELDS, answers)
    assert asked == pending(FIELDS, dict(reversed(answers.items())))
    assert not {each.key for each in asked} & answers.keys()
    for each in asked:
        if each.when is not None:
            value = answers[each.when.key]
            held = value if isinstance(value, list) else [value]
            assert set(held) & set(each.when.values)


def test_a_page_that_came_twice_counts_once() -> None:
    done = Finished()
    with desk(dialog("two", (Text(key="a"), Text(key="b")), done)) as at:
        run = ask(at.start("two")).run
        first = ask(at.submit(run, {"a": "one"}))
        again = ask(at.submit(run, {"a": "two"}))
        assert keys(first) == keys(again) == ["b"]
        assert at.kept() == {"a": "one"}
        assert said(at.submit(run, {"b": "three"})) == ["all.finished"]
        assert said(at.submit(run, {"b": "four"})) == ["form.gone"]
    assert done.answers == [{"a": "one", "b": "three"}]


def test_a_page_belongs_to_the_one_who_was_asked() -> None:
    with desk(dialog("two", (Text(key="a"), Text(key="b")))) as at:
        run = ask(at.start("two")).run
        assert said(at.engine.submit(at.turn(LEE), run, {"a": "mine"})) == ["form.gone"]
        assert at.kept() == {}
        for number in (0, -1, 2**63, 10**30):
            assert said(at.submit(number, {"a": "x"})) == ["form.gone"]


# --- Back, cancel, and forms behind each other ------------------------------------------------------------------


def test_back_drops_the_last_answer_and_no_other() -> None:
    with desk(dialog("three", (Text(key="a"), Text(key="b"), Text(key="c"), Text(key="d")))) as at:
        run = ask(at.start("three")).run
        at.submit(run, {"c": "3"})
        at.submit(run, {"a": "1"})
        asked = ask(at.engine.back(at.turn()))
        assert at.kept() == {"c": "3"}
        assert keys(asked) == ["a", "b", "d"]
        assert asked.can_go_back
        asked = ask(at.engine.back(at.turn()))
        assert not asked.can_go_back
        asked = ask(at.engine.back(at.turn()))
        assert keys(asked) == ["a", "b", "c", "d"]
        assert [row.id for row in at.stored()] == [run]


def test_back_and_cancel_say_so_where_nothing_is_open() -> None:
    with desk() as at:
        assert said(at.engine.back(at.turn())) == ["form.none"]
        assert said(at.engine.cancel(at.turn())) == ["form.none"]
        assert at.engine.resume(at.turn()) == ()


def test_one_run_for_each_person_and_dialog_the_newest_in_front() -> None:
    first, second = dialog("first", (Text(key="a"), Text(key="b"))), dialog("second", (Text(key="c"),))
    with desk(first, second) as at:
        run = ask(at.start("first")).run
        at.submit(run, {"a": "kept"})
        assert ask(at.start("second")).dialog == "second"
        assert ask(at.start("first")).run == run
        front = at.engine.newest(at.turn())
        assert front is not None
        assert (front.dialog, dict(front.answers)) == ("first", {"a": "kept"})
        at.start("second")
        assert len(at.stored()) == 2
        at.who = LEE
        assert ask(at.start("first")).run != run
        assert len(at.stored()) == 3


def test_cancel_shows_the_form_behind() -> None:
    first, second = dialog("first", (Text(key="a"),)), dialog("second", (Text(key="b"),))
    with desk(first, second) as at:
        at.start("first")
        at.start("second")
        replies = at.engine.cancel(at.turn())
        assert said(replies) == ["form.cancelled"]
        assert ask(replies).dialog == "first"
        assert [row.dialog for row in at.stored()] == ["first"]
        replies = at.engine.cancel(at.turn())
        assert said(replies) == ["form.cancelled"]
        assert len(replies) == 1
        assert at.stored() == []


def test_what_is_finished_gives_way_to_the_form_behind() -> None:
    first, second = dialog("first", (Text(key="a"),)), dialog("second", (Text(key="b"),))
    with desk(first, second) as at:
        at.start("first")
        at.start("second")
        replies = at.types("done")
        assert said(replies) == ["second.finished"]
        assert ask(replies).dialog == "first"


def test_an_answer_to_a_form_that_lies_behind_brings_it_to_the_front() -> None:
    first, second = dialog("first", (Text(key="a"), Text(key="b"))), dialog("second", (Text(key="c"),))
    with desk(first, second) as at:
        run = ask(at.start("first")).run
        at.start("second")
        at.submit(run, {"a": "x"})
        assert ask(at.engine.resume(at.turn())).dialog == "first"


def test_other_arguments_begin_a_form_anew() -> None:
    with desk(dialog("decline", (Text(key="a"), Text(key="b")))) as at:
        run = ask(at.start("decline", {"offer": 7})).run
        at.submit(run, {"a": "x"})
        assert ask(at.start("decline", {"offer": 7})).run == run
        assert keys(ask(at.start("decline", {"offer": 8}))) == ["a", "b"]
        assert [row.args for row in at.stored()] == [{"offer": 8}]


def test_a_dialog_may_open_another_when_it_ends() -> None:
    first = dialog("first", (Text(key="a"),), lambda _: (say("first.finished"), Start("second", {"n": 1})))
    with desk(first, dialog("second", (Text(key="b"),))) as at:
        at.start("first")
        replies = at.types("x")
        assert said(replies) == ["first.finished"]
        assert ask(replies).dialog == "second"
        assert [row.dialog for row in at.stored()] == ["second"]


def test_a_dialog_that_does_not_let_one_begin_leaves_nothing() -> None:
    closed = dialog("closed", (Text(key="a"),), begin=lambda *_: Refused("form.gone"))
    with desk(closed) as at:
        assert said(at.start("closed")) == ["form.gone"]
        assert at.stored() == []


# --- Rules that say no ------------------------------------------------------------------------------------------


def test_a_rule_that_names_a_field_asks_that_one_again_and_keeps_the_rest() -> None:
    refused = [Refused("assign.full", {"mentor": "Lee"}, "who"), (say("all.finished"),)]
    with desk(dialog("assign", (Text(key="who"), Text(key="why")), lambda _: refused.pop(0))) as at:  # type: ignore[arg-type, return-value]
        run = ask(at.start("assign")).run
        asked = ask(at.submit(run, {"who": "Lee", "why": "fits"}))
        assert keys(asked) == ["who"]
        assert asked.errors["who"] == Problem("assign.full", {"mentor": "Lee"})
        assert asked.initial["who"] == "Lee"
        assert at.kept() == {"why": "fits"}
        assert said(at.types("Tom")) == ["all.finished"]


def test_a_rule_without_a_field_ends_the_form_with_its_words() -> None:
    gone = dialog("gone", (Text(key="a"),), lambda _: Refused("offer.gone"))
    with desk(gone, dialog("behind", (Text(key="b"),))) as at:
        at.start("behind")
        at.start("gone")
        replies = at.types("x")
        assert said(replies) == ["offer.gone"]
        assert ask(replies).dialog == "behind"


def test_what_is_known_is_filled_in_and_can_be_sent_back_as_it_is() -> None:
    known = {
        "free": [[0, 1080, 1260]],
        "helps": [["python", 4]],
        "hours": 2.5,
        "languages": ["es"],
        "name": "Ana",
    }
    fields = tuple(each for each in FIELDS if each.key in known)
    open_fields = tuple(replace(each, when=None) for each in fields)
    done = Finished()
    with desk(dialog("profile", open_fields, done, initial=lambda *_: known)) as at:
        asked = ask(at.start("profile"))
        assert asked.initial == known
        at.submit(asked.run, {key: asked.initial[key] for key in keys(asked)})
    assert done.answers == [known]


# --- Kills, releases, races -------------------------------------------------------------------------------------


def test_a_release_that_adds_a_question_asks_it() -> None:
    done = Finished()
    old = (Text(key="a"), Text(key="b"))
    with desk(dialog("form", old, done)) as at:
        run = ask(at.start("form")).run
        at.submit(run, {"a": "1"})
        at.dialogs = {"form": dialog("form", (Text(key="new"), *old), done)}
        asked = ask(at.submit(run, {"b": "2"}))
        assert keys(asked) == ["new"]
        at.submit(run, {"new": "3"})
    assert done.answers == [{"a": "1", "b": "2", "new": "3"}]


def test_a_release_that_drops_the_question_in_front_goes_on_without_it() -> None:
    done = Finished()
    with desk(dialog("form", (Text(key="a"), Text(key="b")), done)) as at:
        at.submit(ask(at.start("form")).run, {"a": "1"})
        at.dialogs = {"form": dialog("form", (Text(key="a"),), done)}
        assert said(at.engine.resume(at.turn())) == ["all.finished"]
    assert done.answers == [{"a": "1"}]


@pytest.mark.parametrize("act", ["submit", "types", "resume"])
def test_a_release_that_drops_a_dialog_says_so_and_shows_the_one_behind(act: str) -> None:
    behind = dialog("behind", (Text(key="b"),))
    with desk(behind, dialog("old", (Text(key="a"),))) as at:
        at.start("behind")
        run = ask(at.start("old")).run
        at.dialogs = {"behind": behind}
        acts: dict[str, Callable[[], Replies]] = {
            "submit": lambda: at.submit(run, {"a": "x"}),
            "types": lambda: at.types("x"),
            "resume": lambda: at.engine.resume(at.turn()),
        }
        replies = acts[act]()
        assert said(replies) == ["form.gone"]
        assert ask(replies).dialog == "behind"
        assert [row.dialog for row in at.stored()] == ["behind"]


def test_who_lost_the_race_changes_nothing_and_is_told_to_try_again() -> None:
    with desk(dialog("form", (Text(key="a"), Text(key="b")))) as at:
        at.start("form")
        stale = at.engine.newest(at.turn())
        assert stale is not None
        at.types("first")
        before = at.stored()
        with pytest.raises(Conflict):
            at.engine.said(at.turn(), stale, "second")
        assert at.stored() == before
        assert at.kept() == {"a": "first"}


def test_answers_keep_their_order_through_the_database() -> None:
    with desk(dialog("form", tuple(Text(key=key) for key in "zyxa"))) as at:
        run = ask(at.start("form")).run
        for key in "xza":
            at.submit(run, {key: key})
        assert [key for key, _ in at.stored()[0].answers] == ["x", "z", "a"]


# --- Words in the place of a value ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "word"), [("en", "Skip"), ("en", " skip "), ("zh", "跳过"), ("zh", "skip")]
)
def test_an_optional_question_is_skipped_by_its_word_in_either_language(locale: str, word: str) -> None:
    with desk(dialog("form", (Text(key="a", required=False), Text(key="b")))) as at:
        at.locale = locale
        at.start("form")
        assert keys(ask(at.types(word))) == ["b"]
        assert at.kept() == {"a": None}


def test_a_question_that_must_be_answered_takes_the_word_as_an_answer() -> None:
    with desk(dialog("form", (Text(key="a"), Text(key="b")))) as at:
        at.start("form")
        at.types("skip")
        assert at.kept() == {"a": "skip"}


def test_nothing_typed_is_no_answer_to_a_question_that_must_be_answered() -> None:
    with desk(dialog("form", (Text(key="a"),))) as at:
        at.start("form")
        assert ask(at.types("  \n ")).errors["a"].key == "error.required"


# --- What fields read -------------------------------------------------------------------------------------------

OPTIONS = (Option("week", "This week"), Option("month", "This month"), Option("any", "Whenever"))
VALUES: list[tuple[Field, Json, Json]] = [
    (Text(key="t"), "  hello ", "hello"),
    (Text(key="t"), "two\nlines", "two lines"),
    (Text(key="t", lines=True), "two\n lines ", "two\n lines"),
    (Text(key="t"), "a\x00b\ud800c\u202ed", "abcd"),
    (Text(key="t"), 42, "42"),
    (Text(key="t", required=False), "   ", None),
    (Number(key="n", low=1, high=9), "3", 3),
    (Number(key="n", low=1, high=9), "三", 3),
    (Number(key="n", low=1, high=9), 4, 4),
    (Number(key="n", low=0, high=9, whole=False), "2,5", 2.5),
    (Number(key="n", low=0, high=9, whole=False), 2.5, 2.5),
    (Choice(key="c", options=OPTIONS), "week", "week"),
    (Choice(key="c", options=OPTIONS), "this MONTH", "month"),
    (Choice(key="c", options=OPTIONS), "when", "any"),
    (Choice(key="c", options=OPTIONS), "2", "month"),
    (Choice(key="c", options=OPTIONS, many=True), "week, 3", ["week", "any"]),
    (Choice(key="c", options=OPTIONS, many=True), ["week", "week"], ["week"]),
    (Choice(key="c", options=OPTIONS, many=True, required=False), [], None),
    (Choice(key="c", options=OPTIONS, many=True, required=False), ", ", None),
    (Choice(key="c", search="topics", many=True, levels=5, free=True), "js 3, go", [["javascript", 3], ["go", None]]),
    (Choice(key="c", search="topics", many=True, levels=5, free=True), [["js", 3]], [["javascript", 3]]),
    (Choice(key="c", search="topics", many=True, free=True), "k8s and 前端", ["kubernetes", "frontend"]),
    (Choice(key="c", search="topics", many=True, levels=5, free=True), '"pearl"', [["pearl", None]]),
    (Choice(key="c", search="topics", many=True, levels=5, free=True), "knitting 2", [["knitting", 2]]),
    (Choice(key="c", search="topics", many=True, levels=5, free=True), "zxqv9", [["zxqv9", None]]),
    (Choice(key="c", search="zones"), "上海", "Asia/Shanghai"),
    (Choice(key="c", search="zones"), "Europe/Madrid", "Europe/Madrid"),
    (Choice(key="c", search="languages", many=True), "Spanish, 中文", ["es", "zh"]),
    (Confirm(key="ok"), "yes", True),
    (Confirm(key="ok"), "否", False),
    (Confirm(key="ok", must=True), True, True),
    (Day(key="d"), "tomorrow", "2026-03-03"),
    (Day(key="d"), "2026-04-01", "2026-04-01"),
    (Moment(key="m"), "Fri 6pm", "2026-03-06T18:00:00+00:00"),
    (Moment(key="m"), "2026-03-06 18:00", "2026-03-06T18:00:00+00:00"),
    (Moment(key="m"), "2026-03-06T18:00:00+02:00", "2026-03-06T16:00:00+00:00"),
    (Week(key="w"), "Mon 18-20", [[0, 1080, 1200]]),
    (Week(key="w"), ["6:morning", "6:afternoon"], [[6, 480, 1020]]),
    (Week(key="w"), [[1, 60, 90], [0, 0, 10]], [[0, 0, 10], [1, 60, 90]]),
    (Week(key="w", required=False), None, None),
    (Upload(key="u"), {"id": "F1", "name": "a.pdf", "size": 9}, {"id": "F1", "name": "a.pdf", "size": 9}),
    (Upload(key="u"), {"id": "F1"}, {"id": "F1", "name": "", "size": 0}),
]  # fmt: skip
PROBLEMS: list[tuple[Field, Json, str]] = [
    (Text(key="t"), None, "error.required"),
    (Text(key="t"), "\u200b \x00", "error.required"),
    (Text(key="t", limit=3), "long", "error.text.long"),
    (Text(key="t", least=3), "no", "error.text.short"),
    (Number(key="n", low=1, high=9), "ten", "error.number.range"),
    (Number(key="n", low=1, high=9), "2.5", "error.number.whole"),
    (Number(key="n", low=1, high=9), "nan", "error.number.unreadable"),
    (Choice(key="c", options=OPTIONS), "never", "error.choice"),
    (Choice(key="c", options=OPTIONS), "0", "error.choice"),
    (Choice(key="c", options=OPTIONS), "9" * 5000, "error.choice"),
    (Choice(key="c", options=OPTIONS), "this", "error.choice"),
    (Choice(key="c", options=OPTIONS, many=True), " , ", "error.required"),
    (Choice(key="c", options=OPTIONS, many=True, most=1), ["week", "any"], "error.choice.many"),
    (Choice(key="c", search="topics", many=True, levels=5, free=True), "python 9", "error.level"),
    (Choice(key="c", search="topics", many=True, levels=5, free=True), [["python", 0]], "error.level"),
    (Choice(key="c", search="topics", many=True, free=True), "rost", "error.topic.near"),
    (Choice(key="c", search="topics", many=True), "qwzzkrx", "error.topic.unknown"),
    (Choice(key="c", search="zones"), "Atlantis", "error.zone.unknown"),
    (Choice(key="c", search="zones"), "Australia", "error.zone.several"),
    (Choice(key="c", search="languages", many=True), "Klingonish", "error.language.unknown"),
    (Confirm(key="ok"), "perhaps", "error.yes.unreadable"),
    (Confirm(key="ok", must=True), "no", "error.confirm"),
    (Day(key="d"), "someday", "error.until.unreadable"),
    (Day(key="d"), "2026-03-01", "error.until.past"),
    (Day(key="d", earliest="2026-03-09"), "2026-03-08", "error.day.past"),
    (Moment(key="m"), "Friday", "error.moment.time"),
    (Moment(key="m"), "sometime", "error.moment.unreadable"),
    (Moment(key="m"), "2026-03-01 18:00", "error.moment.past"),
    (Moment(key="m"), "2026-03-01T18:00:00+00:00", "error.moment.past"),
    (Week(key="w"), "never ever", "error.week.unreadable"),
    (Week(key="w"), ["8:noon"], "error.week.unreadable"),
    (Week(key="w"), [[0, 10]], "error.week.unreadable"),
    (Week(key="w"), [[0, "a", {}]], "error.week.unreadable"),
    (Upload(key="u"), "words", "error.upload"),
    (Upload(key="u", size=1_000_000), {"id": "F", "size": 1_000_001}, "error.upload.large"),
]  # fmt: skip


def short(value: object) -> str:
    """Name a case: a field by its type, everything else by its beginning."""
    return type(value).__name__ if isinstance(value, Field) else repr(value)[:30]


@pytest.mark.parametrize(("asked", "raw", "value"), VALUES, ids=short)
def test_a_field_reads_what_was_typed_and_what_was_picked(asked: Field, raw: Json, value: Json) -> None:
    with desk() as at:
        assert read(asked, raw, at.turn(), "all") == value


@pytest.mark.parametrize(("asked", "raw", "key"), PROBLEMS, ids=short)
def test_a_field_says_what_is_wrong_in_both_languages(asked: Field, raw: Json, key: str) -> None:
    with desk() as at:
        problem = read(asked, raw, at.turn(), "all")
        assert isinstance(problem, Problem)
        assert problem.key == key
        words = world().words
        texts = [words.text(problem.key, problem.params, locale, "UTC") for locale in ("en", "zh")]
        assert {problem.key} <= words.keys("en") & words.keys("zh")
        assert texts[0] != texts[1]
        assert all(len(text) > 5 for text in texts)


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([*FIELDS, Choice(key="c", search="zones"), Choice(key="c", options=OPTIONS)]), anything
)
def test_whatever_comes_in_is_a_value_or_a_problem_that_can_be_said(asked: Field, raw: Json) -> None:
    with desk() as at:
        value = read(asked, raw, at.turn(), "all")
        if isinstance(value, Problem):
            world().words.text(value.key, value.params, "en", "UTC")
        elif value is not None:
            # What was accepted is accepted again: a form that is prefilled with it can be sent back.
            assert not isinstance(read(asked, value, at.turn(), "all"), Problem)
            Keyring(()).seal(repr(value))
        else:
            assert not asked.required


# --- Files ------------------------------------------------------------------------------------------------------

CV = File("F1", "cv.pdf", "application/pdf", 900)


def test_a_file_is_the_answer_where_a_file_is_asked_for() -> None:
    done = Finished()
    with desk(dialog("job", (Upload(key="cv", size=1000), Text(key="why")), done)) as at:
        at.start("job")
        asked = ask(at.types("here it is", CV, replace(CV, id="F2")))
        assert keys(asked) == ["why"]
        at.types("I like it")
    assert done.answers == [{"cv": {"id": "F1", "name": "cv.pdf", "size": 900}, "why": "I like it"}]


def test_a_file_that_is_too_large_is_asked_for_again_and_words_are_no_file() -> None:
    with desk(dialog("job", (Upload(key="cv", size=1000), Text(key="why")))) as at:
        at.start("job")
        assert ask(at.types("", replace(CV, size=1001))).errors["cv"].key == "error.upload.large"
        assert ask(at.types("see above")).errors["cv"].key == "error.upload"
        assert at.kept() == {}


def test_a_file_that_nobody_asked_for_is_said_to_be_none_and_the_words_beside_it_are_taken() -> None:
    done = Finished()
    with desk(dialog("job", (Text(key="why"), Upload(key="cv", required=False)), done)) as at:
        at.start("job")
        replies = at.types(" ", CV)
        assert (said(replies), keys(ask(replies))[0]) == (["help.no_file"], "why")
        replies = at.types("I like it", CV)
        assert (said(replies), keys(ask(replies))) == (["help.no_file"], ["cv"])
        at.types("skip")
    assert done.answers == [{"why": "I like it", "cv": None}]
