"""The program of the contract suite: ours, with words, two forms, a button that opens them and a file of its own.

`everything` asks a field of every type, `known` the same with values that are known already. They are opened by
pressing a button of a message, which every platform has.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import cache, partial

from bot.app import HOOKS, App, locales, system_clock, wire
from bot.commands import DIALOGS
from bot.config import Settings
from bot.dialogs.engine import Engine
from bot.dialogs.form import Answers, Args, Dialog
from bot.messages import Catalogue
from bot.outbox.claim import Parcel
from bot.outbox.deliver import Outbox
from bot.ports import (
    Adapter,
    Attached,
    Choice,
    Confirm,
    Day,
    Field,
    Moment,
    Number,
    Option,
    Text,
    Upload,
    Week,
    When,
)
from bot.render import Renderer
from bot.router import Router
from bot.turn import Attachment, Replies, Start, Turn, say
from core.store.database import open_database
from core.store.types import Json, Keyring
from core.topics import Topics

FIELDS: tuple[Field, ...] = (
    Text(key="name", limit=40),
    Text(key="story", required=False, lines=True, limit=4000),
    Number(key="age", low=1, high=120),
    Number(key="hours", low=0.5, high=40, whole=False),
    Choice(key="role", options=(Option("learns", "Learn"), Option("helps", "Help"), Option("both", "Both"))),
    Choice(
        key="topics",
        search="topics",
        many=True,
        levels=5,
        free=True,
        most=3,
        when=When("role", ("helps", "both")),
    ),
    Choice(
        key="days",
        many=True,
        required=False,
        options=tuple(Option(day, day) for day in ("Fri", "Sat", "Sun")),
    ),
    Text(key="why", when=When("days", ("Sat", "Sun"))),
    Choice(key="zone", search="zones"),
    Choice(key="languages", search="languages", many=True),
    Confirm(key="agreed", must=True),
    Confirm(key="call"),
    Day(key="since", earliest="2026-03-02", when=When("call", (True,))),
    Moment(key="at"),
    Week(key="free"),
    Upload(key="file", required=False, size=1_000_000),
)
"""Every type of field: required and not, one and several, with levels, searched for, free, and with conditions."""

NATIVE: Mapping[str, Json] = {
    "name": "Ana Ruiz",
    "story": "First line.\nSecond line.",
    "age": 41,
    "hours": 2.5,
    "role": "helps",
    "topics": [["python", 4], ["sql", None]],
    "days": ["Fri", "Sun"],
    "why": "I work in the week",
    "zone": "Europe/Madrid",
    "languages": ["en", "zh"],
    "agreed": True,
    "call": True,
    "since": "2026-03-03",
    "at": "2026-03-06T18:00:00+01:00",
    "free": [[0, 1080, 1260], [5, 600, 720]],
    "file": {"id": "F1", "name": "cv.pdf", "size": 1000},
}
"""What a platform's own widgets give for each field."""

TYPED: Mapping[str, str] = {
    "name": "Ana Ruiz",
    "story": "First line.\nSecond line.",
    "age": "41",
    "hours": "2.5",
    "role": "Help",
    "topics": "python 4, sql",
    "days": "Fri and Sun",
    "why": "I work in the week",
    "zone": "Madrid",
    "languages": "English, 中文",
    "agreed": "yes",
    "call": "yes",
    "since": "tomorrow",
    "at": "Fri 18:00",
    "free": "Mon 18-21, Sat 10-12",
    "file": "skip",
}
"""The same in words, as one types them on a Monday; but for the file, which nobody can type."""

ANSWERS: Mapping[str, Json] = {**NATIVE, "at": "2026-03-06T17:00:00+00:00"}
"""What is understood of either."""

FORMS: Mapping[str, Mapping[str, Json]] = {"everything": {}, "known": NATIVE}
"""The forms, with what is known already of each."""

FORMATTED = """
    <b>Bold</b>, <i>italic</i> and <code>a &lt; b &amp;&amp; c_d</code>,
    <a href="https://example.org/a_b?c=d&amp;e=f">a link</a>.
    <ul><li>one</li><li>two</li></ul>
    <pre lang="python">if a_b &lt; 1:\n    print('*x*', é)\n\n    return 2**3</pre>
    <blockquote>somebody's words</blockquote>
"""
FILE = Attached(
    "session-1.ics", "text/calendar", "BEGIN:VCALENDAR\r\nSUMMARY:Üben 练习\r\nEND:VCALENDAR\r\n".encode()
)

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "rehearsal.begin": "Shall we begin?",
        "rehearsal.begin_button": "Begin",
        "rehearsal.done": "Understood: {{ answers }}",
        "rehearsal.news": "News {{ number }}.",
        "rehearsal.other_news": "Other news.",
        "rehearsal.yes": "Gladly",
        "rehearsal.no": "Never",
        "rehearsal.moment": "We meet on {{ at | when }}.",
        "rehearsal.list": "Three things:",
        "rehearsal.item": "Thing {{ number }}",
        "rehearsal.pick": "Pick",
        "rehearsal.plain": "{{ text }}",
        "rehearsal.named": "{{ name | name }}: {{ text | user_text }}",
        "rehearsal.file": "Here is your file.",
        "rehearsal.formatted": FORMATTED,
        **{f"{form}.title": "Some questions" for form in FORMS},
        **{f"{form}.{field.key}.label": f"Your {field.key}?" for form in FORMS for field in FIELDS},
    },
    "zh": {
        "rehearsal.news": "第 {{ number }} 条消息。",
        "rehearsal.yes": "好的",
        "rehearsal.moment": "见面时间：{{ at | when }}。",
    },
}


def _fields(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del turn, args, answers
    return FIELDS


def _finish(turn: Turn, args: Args, answers: Answers) -> Replies:
    """Say what was understood, as JSON."""
    del turn, args
    return (say("rehearsal.done", answers=json.dumps(dict(answers), ensure_ascii=False)),)


def _initial(known: Args, turn: Turn, args: Args) -> Args:
    del turn, args
    return known


DIALOGS_TOO: Mapping[str, Dialog] = {
    **DIALOGS,
    **{
        name: Dialog(name, _fields, _finish, initial=partial(_initial, known))
        for name, known in FORMS.items()
    },
}


class Rehearsal(Router):
    """Our router, with a button that opens a form by its name: `begin:everything`."""

    def _pressed(self, turn: Turn, action: str, arg: str) -> Replies:
        return (Start(arg),) if action == "begin" and arg in FORMS else super()._pressed(turn, action, arg)


def _file(turn: Turn, wanted: Attachment, parcel: Parcel) -> Attached:
    del turn, wanted, parcel
    return FILE


@cache
def _words(known: Topics) -> Catalogue:
    ours = Catalogue.load(locales(), known.name)
    texts = {tag: {key: ours.template(key, tag) for key in ours.keys(tag)} for tag in ours.locales}
    return Catalogue({tag: {**texts[tag], **WORDS.get(tag, {})} for tag in texts}, known.name)


@asynccontextmanager
async def opened(
    settings: Settings,
    adapters: Sequence[Adapter],
    clock: Callable[[], datetime],
    command: str,
    say: Callable[[str], None],
) -> AsyncIterator[App]:
    """Open the program on a database that has our tables."""
    del say
    database = open_database(settings.database.url, Keyring(()), command)
    ours = wire(settings, database, adapters, clock)
    policy, words = settings.policy, _words(ours.world.topics)
    world, renderer = replace(ours.world, words=words), Renderer(words, policy)
    hooks = replace(HOOKS, attach={**HOOKS.attach, "rehearsal": _file})
    outbox = Outbox(
        database, ours.adapters, policy, hooks, ours.turn, renderer.message, command, system_clock
    )
    router = Rehearsal(database, world, Engine(DIALOGS_TOO), renderer, clock, outbox.wake.set)
    now = clock()
    try:
        await database.read(lambda tx: world.mentors.refresh(tx, now))
        yield replace(ours, world=world, router=router, outbox=outbox)
    finally:
        await database.close()
