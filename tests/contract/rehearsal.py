"""The program of the contract suite: ours, with words, two forms, a button that opens them and a file of its own.

`everything` asks a field of every type, `known` the same with values that are known already. They are opened by
pressing a button of a message, which every platform has.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache, partial

from sqlalchemy import Connection

from bot.app import CLOCK_ADDRESS, HOOKS, App, locales, system_clock
from bot.commands import DIALOGS
from bot.config import Settings
from bot.dialogs.engine import Engine
from bot.dialogs.form import Answers, Args, Dialog
from bot.messages import Catalogue
from bot.outbox.claim import Parcel
from bot.outbox.deliver import Hooks, Outbox
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
from bot.router import Router, World
from bot.turn import Attachment, Replies, Start, Turn, say
from core import topics
from core.mentors import Mentors
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
        key="topics", search="topics", many=True, levels=5, free=True, most=3, when=When("role", ("helps", "both"))
    ),
    Choice(
        key="days", many=True, required=False, options=tuple(Option(day, day) for day in ("Fri", "Sat", "Sun"))
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
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "rehearsal.begin": "Shall we begin?",
        "rehearsal.begin.button": "Begin",
        "rehearsal.done": "{{ name }}: {{ answers }}",
        "rehearsal.news": "News of {{ number | plural('# day', '# days') }}.",
        "rehearsal.other_news": "Other news.",
        "rehearsal.yes": "Gladly",
        "rehearsal.no": "Never",
        "rehearsal.moment": "We meet on {{ at | when }}, {{ at | when('time') }}.",
        "rehearsal.list": "Three things:",
        "rehearsal.item": "Thing {{ number }}",
        "rehearsal.pick": "Pick",
        "rehearsal.labelled": "{{ label }}",
        "rehearsal.named": "{{ name | name }}: {{ text | user_text }}",
        "rehearsal.file": "Here is your file.",
        "rehearsal.formatted": (
            '<b>Bold</b>, <i>italic</i> and <code>a < b && c_d</code>, <a href="https://example.org/a_b?c=d&e=f">a '
            "link</a>.<ul><li>one</li><li>two</li></ul><pre lang=\"python\">if a_b < 1:\n    print('*x*')\n\n"
            "    return 'é'</pre><blockquote>somebody's words</blockquote>"
        ).replace("<  ", "").replace("a < b && c_d", "a &lt; b &amp;&amp; c_d").replace("a_b < 1", "a_b &lt; 1").replace("d&e", "d&amp;e"),
    },
    "zh": {
        "rehearsal.news": "{{ number }} 天的消息。",
        "rehearsal.yes": "好的",
        "rehearsal.moment": "见面时间：{{ at | when }}，{{ at | when('time') }}。",
    },
}
