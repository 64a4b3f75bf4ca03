"""The words themselves: every key in every locale, and no word anywhere else."""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine

from bot import render
from bot.adapters.discord import commands as discord
from bot.commands import COMMANDS, DIALOGS
from bot.dialogs import managing, profile, settings
from bot.fields import Choice, Confirm, Field
from bot.messages import Catalogue
from bot.outbox.kinds import KINDS, MUTABLE
from bot.ports import Rendered
from bot.reminders import waits
from bot.render import Renderer
from bot.richtext import Rich, plain
from bot.turn import Ask, Turn
from core import reading, requests, topics
from core.address import Address
from core.availability import Span, merge
from core.courses.shelf import Shelves
from core.mentors import Mentors
from core.policy import FORMATS, URGENCIES, Policy
from core.store.types import Json
from tests.pseudo import pseudo

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "locales"
FILES = sorted(FOLDER.glob("*/*.yaml"))
STEMS = sorted({file.stem for file in FILES})
TOPICS = topics.load()
WORDS = Catalogue.load(FOLDER, TOPICS.name)
KEYS = sorted({key for locale in WORDS.locales for key in WORDS.keys(locale)})
ZONE = "Asia/Shanghai"

AT = "2026-03-03T10:30:00+00:00"
ROLES: list[Json] = ["mentee", "mentor", "both"]
BOTH: list[Json] = [True, False]
SAMPLES: Mapping[str, list[Json]] = {
    "about": ["梅", None],
    "answer": ["三点"],
    "assumed": BOTH,
    "alt": ["三"],
    "answers": [["三", "四"], ["三"]],
    "at": [AT, None],
    "author": ["梅"],
    "bar": ["▰▱"],
    "begins": ["三"],
    "behind": [2],
    "body": ["三 **四**"],
    "code": ["23"],
    "community": ["社区"],
    "count": [1, 3],
    "course": ["三"],
    "cut": BOTH,
    "days": [1, 3, None],
    "difficulty": [2],
    "ends": [AT, None],
    "enrolled": [3, 1, 0],
    "exact": BOTH,
    "explanation": ["好 <&>"],
    "file": ["三"],
    "format": list(FORMATS),
    "further": BOTH,
    "gone": ["三", ""],
    "goal": ["学会 <&>", None],
    "high": [40],
    "hours": [5, 1, 0],
    "kind": ["三"],
    "known": [2, 0],
    "language": ["zh", None],
    "languages": [["en", "zh", "es"], ["zh"], []],
    "late": BOTH,
    "least": [2, 1],
    "less": BOTH,
    "lessons": [6, 1],
    "length": [2100],
    "level": [4, 1, None],
    "levels": [5],
    "limit": [2000, 1],
    "link": ["https://meet.jit.si/1?a=2&b=3"],
    "low": [0.5],
    "megabytes": [10],
    "mentee": ["梅"],
    "mentor": ["李"],
    "mentee_zone": ["Europe/Madrid"],
    "mentee_zone_assumed": BOTH,
    "mentor_zone": ["Asia/Shanghai"],
    "mentor_zone_assumed": BOTH,
    "mentors": [["李", "王", "张"], ["李"]],
    "meetings": [[AT], []],
    "mine": BOTH,
    "module": ["三"],
    "minutes": [45, 1],
    "more": [3, 1, 0],
    "most": [10],
    "name": ["梅"],
    "names": [["三", "四"], ["三"], []],
    "new": [10, 0],
    "near": [["一", "二", "三"], ["一", "二"], []],
    "next": ["03:00"],
    "number": [2],
    "options": [["一", "二", "三"]],
    "outcomes": [["三", "四"]],
    "organisers": BOTH,
    "page": [1, 2],
    "pages": [2, 1],
    "paired": BOTH,
    "partner": ["李"],
    "paused": [AT, None],
    "people": [3],
    "places": [3, 1, 0, None],
    "platform": ["三"],
    "question": ["几点？"],
    "quoted": ["好 <&>", None],
    "reasons": [
        [
            {"key": "reason.topics", "params": {"topics": ["sql"], "level": 5}},
            {"key": "reason.hours", "params": {"hours": 5}},
            {"key": "reason.answers", "params": {"rate": 1.0}},
        ],
        [],
    ],
    "reporter": ["梅"],
    "requires": [[["三", True], ["四", False]], []],
    "role": [*ROLES],
    "said": [["好 <&>"], []],
    "several": BOTH,
    "signed_up": BOTH,
    "since": [AT],
    "spans": [[[0, 4, 1080, 1200], [5, 5, 600, 720]]],
    "stars": [4.5],
    "starts": [AT, None],
    "state": ["dead", "unknown", "expired"],
    "step": ["first", "next", "claim", "organiser", "asking", "wanted"],
    "stuck": [{"course": "三", "lesson": "四", "question": "几点？", "attempts": ["一", "二"]}, None],
    "taken": [2, 1, 0],
    "text": ["好 <&>"],
    "time": ["02:30"],
    "times": [[AT, "2026-03-04T10:30:00+00:00", "2026-03-05T10:30:00+00:00"], [AT]],
    "title": ["三"],
    "topic": ["三"],
    "topics": [["career", "frontend", "sql"], ["sql"]],
    "troubles": [2, 1, 0],
    "typed": ["三"],
    "unmet": [["sql", "frontend"], []],
    "until": [AT, None],
    "urgency": list(URGENCIES),
    "value": ["21:00-08:00"],
    "wait": [86400.0, 5400.0],
    "wanted": [["sql", "frontend"], []],
    "waiting": [3, 1, 0],
    "was": [AT],
    "wished": BOTH,
    "way": ["short", "gentle"],
    "withdrawn": BOTH,
    "why": ["三"],
    "words": ["不好 <&>"],
    "zone": ["Europe/Madrid"],
    "zone_assumed": BOTH,
}
"""What a variable may hold, the usual value first; no Latin letters where a value is shown as it is."""
NEAR: list[Json] = [["一", "二", "三"], ["一"]]
ADVICE: list[Json] = [
    {"key": "recommend.reason.after", "params": {"people": 3, "title": "三"}},
    {"key": "recommend.reason.goal", "params": {"topic": "sql", "level": 3}},
]
LEVELS: Json = [["sql", 4], ["frontend", None]]
OWN: Mapping[str, Mapping[str, list[Json]]] = {
    "help.command": {"name": list(COMMANDS)},
    **{f"course.{part}": {"levels": [[2, 2], [1, 3], None]} for part in ("found", "nothing")},
    "course.button.drip": {"days": [1, 3]},
    "course.card": {"levels": [LEVELS], "stars": [4.5, None]},
    "course.finished": {"levels": [LEVELS]},
    "course.item": {"stars": [4.5, None], "state": ["active", "waiting", "done", None]},
    "course.lacking": {"names": [["三", "四"], ["三"]]},
    "course.left": {"waiting": BOTH},
    **{f"path.{part}": {"levels": [LEVELS]} for part in ("item", "box")},
    **{
        f"path.{part}": {"level": [3], "known": [2, 0]}
        for part in ("shown", "known", "next", "reached", "picture", "heading")
    },
    "path.known": {"level": [3], "known": [2], "most": [*BOTH]},
    "manage.course": {"language": ["zh"]},
    "manage.part.topics": {"value": [LEVELS]},
    **{f"manage.part.{part}": {"value": ["2026-03-02", None]} for part in ("starts", "ends")},
    **{f"manage.part.{part}": {"value": [3, None]} for part in ("level", "capacity", "drip")},
    "manage.part.requires": {"value": ["三", None]},
    "lesson.wrong": {"stuck": BOTH},
    "offer.stuck": {
        "stuck": [
            {"course": "三", "lesson": "四", "question": "几点？", "attempts": ["一", "二"]},
            {"course": "三", "lesson": None, "question": None, "attempts": []},
        ]
    },
    "approval.new": {"levels": [LEVELS], "answers": [[["几点？", "晚上"]], []]},
    "organiser.desk": {"mentors": [2, 1, 0], "late": [2, 1, 0], "dead": [2, 1, 0]},
    "signup.done": {"waiting": BOTH},
    "desk.home": {"count": [2, 0]},
    "error.language.unknown": {"near": [["en", "es"], []]},
    "error.topic.near": {"near": NEAR},
    "error.zone.several": {"near": NEAR},
    "find.near": {"near": NEAR},
    "help.welcome": {"name": ["梅", ""]},
    "help.link": {"name": ["梅", ""]},
    "mentorship.item": {"mentor": [*BOTH], "until": [AT]},
    "organiser.trouble": {"at": [AT]},
    "pause.begun": {"until": [AT]},
    "profile.levels": {"levels": [LEVELS]},
    "profile.show.budget": {"value": [4.5]},
    "profile.show.formats": {"value": [list(FORMATS), []]},
    "profile.show.free": {"value": [[[0, 0, 1080, 1200], [1, 4, 600, 720]], []]},
    "profile.show.goal": {"value": ["学会", None]},
    "profile.show.helps": {"value": [LEVELS, []]},
    "profile.show.languages": {"value": [["en", "zh"], []]},
    "profile.show.role": {"value": [*ROLES]},
    "profile.show.wants": {"value": [LEVELS, []]},
    "recommend.courses": {"count": [2, 0], "taken": [*BOTH]},
    "recommend.item": {"reasons": [ADVICE]},
    "recommend.item_why": {"reasons": [ADVICE]},
    "recommend.nothing": {"topics": [["career", "sql"], []]},
    **{f"recommend.reason.{kind}": {"level": [3]} for kind in ("goal", "topic", "further", "level")},
    "recommend.other_mentors": {"count": [2, 0]},
    "report.words.label": {"name": ["梅", ""]},
    "settings.show.messages": {"value": [list(MUTABLE), []]},
}
"""Where a variable of that name holds something else."""
MAY_BE_ABSENT = ("call_off.", "schedule.", "session.called_off", "session.item")
"""The messages about a session for which no time may be agreed yet."""


def of_file(stem: str) -> list[str]:
    """The keys of a file."""
    return [key for key in KEYS if key == stem or key.startswith(f"{stem}.")]


def samples(key: str) -> Iterator[dict[str, Json]]:
    """Parameters for a message: the usual ones, then each other value of each variable."""
    names = sorted({name for locale in WORDS.locales for name in WORDS.variables(key, locale)})
    values = {name: OWN.get(key, {}).get(name) or SAMPLES[name] for name in names}
    if "at" in values and not key.startswith(MAY_BE_ABSENT):
        values["at"] = [AT]
    usual = {name: value[0] for name, value in values.items()}
    yield usual
    for name, others in values.items():
        for other in others[1:]:
            yield {**usual, name: other}


MENUS = {f"adapter.{word}" for word in (discord.WORDS_NAME, discord.ASK_NAME, discord.REPORT_NAME)}
DESCRIPTIONS = {f"adapter.{word}" for word in (discord.ABOUT_COMMAND, discord.ABOUT_WORDS)}
"""What Discord lists, and cuts where it is too long."""


def limit(key: str) -> int | None:
    """The most characters that the tightest platform shows of a text of this kind."""
    if key in MENUS or key.startswith("adapter.command_"):
        return discord.NAME_LIMIT
    if key in DESCRIPTIONS or key.startswith("help.about."):
        return discord.ABOUT_LIMIT
    if key == "adapter.continue":
        return 40
    if key.endswith(".title"):
        return 24
    if ".button" in key or key.startswith("form.") or key.endswith((".yes", ".no")):
        return 40
    if ".option." in key or re.fullmatch(r"signup\.level\.\d", key):
        return 75
    return None


# --- Every key in every locale ----------------------------------------------------------------------------------


def dotted(node: yaml.Node | None, key: str) -> Iterator[str]:
    """Every key of a file as often as it stands there."""
    if isinstance(node, yaml.MappingNode):
        for part, inner in node.value:
            yield from dotted(inner, f"{key}.{part.value}")
    else:
        yield key


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_no_key_stands_twice_in_a_file(file: Path) -> None:
    found = list(dotted(yaml.compose(file.read_text(encoding="utf-8")), file.stem))
    assert len(found) == len(set(found)), sorted(key for key in found if found.count(key) > 1)


def test_all_locales_have_the_same_keys() -> None:
    for locale in WORDS.locales:
        assert WORDS.keys(locale) ^ set(KEYS) == set(), locale


@pytest.mark.parametrize("locale", WORDS.locales)
@pytest.mark.parametrize("stem", STEMS)
def test_a_message_can_be_shown(stem: str, locale: str) -> None:
    for key in of_file(stem):
        assert WORDS.variables(key, locale) == WORDS.variables(key, "en"), key
        most = limit(key) or sys.maxsize
        for params in samples(key):
            text = WORDS.text(key, params, locale, ZONE)
            assert len(text) <= most, (key, text)
            assert "  " not in text, (key, text)
        assert WORDS.text(key, next(samples(key)), locale, ZONE) or key == "introduction.zone", key


LATIN = Catalogue.load(FOLDER)
CHINESE = r"[一-鿿，。：；！？、（）“”]"


@pytest.mark.parametrize("stem", STEMS)
def test_no_space_stands_between_chinese_words(stem: str) -> None:
    """YAML makes a space of a line's end; beside a parameter it stands, since names are often Latin."""
    for key in of_file(stem):
        for params in samples(key):
            text = LATIN.text(key, {name: latin(value) for name, value in params.items()}, "zh", ZONE)
            assert not re.search(rf"{CHINESE} +{CHINESE}", text), (key, text)


def latin(value: Json) -> Json:
    """The value with Latin letters for Chinese ones."""
    if isinstance(value, str):
        return re.sub(CHINESE, "x", value)
    if isinstance(value, list):
        return [latin(each) for each in value]
    return value


@pytest.mark.parametrize("locale", WORDS.locales)
def test_each_command_has_a_name_of_its_own_that_discord_takes(locale: str) -> None:
    """Lower case, in one word, and no two alike: Discord refuses all of them otherwise."""
    named = {key.removeprefix("adapter.command_") for key in KEYS if key.startswith("adapter.command_")}
    assert named == set(COMMANDS)
    names = [WORDS.text(f"adapter.command_{name}", {}, locale, ZONE) for name in COMMANDS]
    names += [WORDS.text(f"adapter.{discord.WORDS_NAME}", {}, locale, ZONE)]
    assert [name for name in names if not re.fullmatch(r"[-_'\w]+", name) or name != name.lower()] == []
    assert len(set(names[:-1])) == len(COMMANDS)


def test_an_adapter_says_no_word_that_is_not_there_and_leaves_none_unsaid() -> None:
    own = {key.removeprefix("adapter.") for key in of_file("adapter")}
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "bot" / "adapters").rglob("*.py"))
    said = set(re.findall(r"\bwords\[\"(\w+)\"\]", source)) - set(render.CONTROLS)
    assert said <= own
    listed = {*discord.TEXTS, *(f"command_{name}" for name in COMMANDS)}
    assert listed <= own
    assert [word for word in sorted(own - listed) if f'"{word}"' not in source] == []


# --- No key without a use, no use without a key -----------------------------------------------------------------

ADDRESS = Address("console", "organiser")
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANSWERS: Mapping[str, Mapping[str, Json]] = {"signup": {"role": "both", "helps": [["三", None]]}}
ARGS: Mapping[str, list[dict[str, Json]]] = {
    "profile": [{"field": key} for key in (*profile.EVERYBODY, *profile.MENTEES, *profile.MENTORS)],
    "settings": [{"field": key} for key in settings.KEYS],
    "assign": [{"mentors": [["1", "李"]]}],
    "check": [{"enrolment": 0, "lesson": 0, "version": 0}],
    "course_part": [{"part": part} for part in managing.PARTS],
    "lesson_part": [{"part": part} for part in managing.LESSON_PARTS],
    "schedule": [{"times": [AT]}],
}


@pytest.fixture(scope="module")
def tx(sqlite_template: Path) -> Iterator[Connection]:
    """A transaction on an empty SQLite database."""
    engine = create_engine(f"sqlite:///{sqlite_template}")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def turn_with(words: Catalogue, tx: Connection) -> Turn:
    """A turn of an organiser who is not signed up, and reads Chinese."""
    policy = Policy(community="社区")
    return Turn(
        tx=tx,
        who=ADDRESS,
        user=None,
        now=NOW,
        rng=Random(1),
        policy=policy,
        mentors=Mentors(policy, TOPICS.wider),
        shelves=Shelves(TOPICS.wider),
        topics=TOPICS,
        words=words,
        organisers=frozenset({ADDRESS}),
        locale="zh",
        zone=ZONE,
    )


def forms(turn: Turn) -> Iterator[tuple[str, tuple[Field, ...]]]:
    """Every dialog with every field it can ask."""
    for name, dialog in DIALOGS.items():
        for args in ARGS.get(name, [{}]):
            yield name, dialog.fields(turn, args, ANSWERS.get(name, {}))


def asked(turn: Turn) -> tuple[set[str], set[str]]:
    """The keys that the forms need, and those that they show where there are any."""
    needed, possible = set[str](), set[str]()
    for name, fields in forms(turn):
        needed.add(f"{name}.title")
        possible.add(f"{name}.intro")
        for field in fields:
            key = f"{name}.{field.key}"
            if field.question is None:
                needed.add(f"{key}.label")
                possible.add(f"{key}.hint")
            if isinstance(field, Confirm):
                possible |= {f"{key}.yes", f"{key}.no"}
            if isinstance(field, Choice):
                needed |= {f"{key}.option.{option.value}" for option in field.options if option.label is None}
    return needed, possible


DERIVED = {
    *(f"help.{part}.{name}" for part in ("usage", "about") for name in COMMANDS),
    *(f"settings.show.{key}" for key in settings.KEYS),
    *(f"profile.show.{key}" for key in (*profile.EVERYBODY, *profile.MENTEES, *profile.MENTORS)),
    *(f"signup.level.{level}" for level in range(1, 6)),
    *(f"form.{word}" for word in render.CONTROLS),
    *(
        f"reason.{part}"
        for part in ("topics", "hours", "languages", "format", "rating", "answers", "capacity")
    ),
    *(
        f"request.moved.{step}"
        for step in (requests.FIRST, requests.NEXT, requests.CLAIM, requests.ORGANISER, "nobody", "channel")
    ),
    *(f"offer.format.{each}" for each in FORMATS),
    *(f"offer.urgency.{each}" for each in URGENCIES),
    *(f"reason.formats.{each}" for each in FORMATS),
    *(f"manage.part.{part}" for part in managing.PARTS),
    # Asked only where the settings have an invite code.
    "signup.invite.label",
    "signup.invite.hint",
}
"""The keys that the code puts together from a table."""
LOOKS_LIKE_KEY = re.compile(rf"(?:{'|'.join(STEMS)})(?:\.[a-z0-9_]+)+")
INCLUDED = re.compile(r"""\bt\(\s*['"]([\w.]+)['"](\s*~)?""")


def written() -> tuple[set[str], set[str]]:
    """The keys that stand in the code, and patterns of those that it puts together."""
    whole, patterns = set[str](), set[str]()
    for path in (path for folder in ("bot", "core") for path in (ROOT / folder).rglob("*.py")):
        if path.name == "config_keys.py":  # keys of the settings, which look the same
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                # The file of a course is called like a message.
                if LOOKS_LIKE_KEY.fullmatch(node.value) and not node.value.endswith(".yaml"):
                    whole.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [each.value if isinstance(each, ast.Constant) else None for each in node.values]
                if str(parts[0]).partition(".")[0] in STEMS and "." in str(parts[0]):
                    patterns.add(
                        "".join(r"[\w.]+" if part is None else re.escape(str(part)) for part in parts)
                    )
    return whole, patterns


def included() -> tuple[set[str], set[str]]:
    """The keys that templates include, and the beginnings of those that they put together."""
    found = [
        match for locale in WORDS.locales for key in WORDS.keys(locale)
        for match in INCLUDED.finditer(WORDS.template(key, locale))
    ]  # fmt: skip
    return {match[1] for match in found if not match[2]}, {match[1] for match in found if match[2]}


def test_every_key_that_is_used_exists(tx: Connection) -> None:
    needed, _ = asked(turn_with(WORDS, tx))
    names = KINDS.keys() | waits.KINDS.keys()
    whole, _ = written()
    parts, _ = included()
    assert (needed | DERIVED | parts | (whole - names)) - set(KEYS) == set()


def test_every_key_is_used(tx: Connection) -> None:
    needed, possible = asked(turn_with(WORDS, tx))
    whole, patterns = written()
    parts, beginnings = included()
    used = needed | possible | DERIVED | parts | whole
    rest = [key for key in KEYS if key not in used and not key.startswith(tuple(beginnings))]
    assert [key for key in rest if not any(re.fullmatch(pattern, key) for pattern in patterns)] == []


# --- No words but these -----------------------------------------------------------------------------------------

PLURAL = re.compile(r"plural\([^)]*\)")


def double_quoted(forms: re.Match[str]) -> str:
    """The forms of a plural as the pseudo-locale finds them."""
    return forms[0].replace("'", '"')


# Read as Chinese, so that dates, numbers and names of languages have no Latin letters either.
PSEUDO = {key: pseudo(PLURAL.sub(double_quoted, WORDS.template(key, "en"))) for key in KEYS}
NOBODYS = Catalogue({"en": PSEUDO, "zh": PSEUDO}, lambda _slug, _locale: "三")
AS_IT_IS = re.compile(r"⟦[^⟦⟧]*⟧|https://\S+|Europe/Madrid|Asia/Shanghai|\bUTC\b")


def stray(text: str) -> str:
    """What is left of a text without the catalogue's words: nothing with letters, if no word is hidden elsewhere."""
    left = AS_IT_IS.sub("", text)
    return left if re.search("[A-Za-zÀ-ž]", left) else ""


def shown(message: Rendered) -> Iterator[str]:
    """Every text of a message."""
    yield plain(message.body)
    yield from (button.label for button in message.buttons)
    for item in message.items:
        yield plain(item.body)
        yield from (button.label for button in item.buttons)
    if message.form is not None:
        yield message.form.title
        yield from message.form.words.values()
        for each in message.form.fields:
            rich: list[Rich] = [each.label, each.hint, each.error]
            yield from map(plain, rich)
            yield from (option.label for option in each.options)


@pytest.mark.parametrize("stem", STEMS)
def test_a_message_has_no_words_but_the_catalogues(stem: str) -> None:
    for key in of_file(stem):
        for params in samples(key):
            assert not stray(NOBODYS.text(key, params, "zh", ZONE)), key


def test_a_form_has_no_words_but_the_catalogues(tx: Connection) -> None:
    turn = turn_with(NOBODYS, tx)
    params = {
        "partner": "李",
        "mentee": "梅",
        "mentor": "李",
        "name": "梅",
        "at": AT,
        "topics": ["sql"],
        "title": "三",
    }
    for name, fields in forms(turn):
        for text in shown(Renderer(NOBODYS, turn.policy).form(Ask(1, name, fields, params), "zh", ZONE)):
            assert not stray(text), (name, text)


@pytest.mark.parametrize(
    "command", sorted(name for name, row in COMMANDS.items() if row.who in ("anybody", "organiser"))
)
def test_an_answer_has_no_words_but_the_catalogues(command: str, tx: Connection) -> None:
    turn = turn_with(NOBODYS, tx)
    answer = Renderer(NOBODYS, turn.policy).answer(COMMANDS[command].run(turn, ""), "zh", ZONE)
    assert answer.messages
    for message in answer.messages:
        for text in shown(message):
            assert not stray(text), text


@pytest.mark.parametrize("locale", WORDS.locales)
@given(
    spans=st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 1440), st.integers(0, 1440)), min_size=1, max_size=8
    )
)
def test_free_hours_are_read_as_they_are_written(locale: str, spans: list[Span]) -> None:
    week = merge(spans)
    written = WORDS.text(
        "profile.week", {"spans": [[day, day, *hours] for day, *hours in week]}, locale, "UTC"
    )
    if week:
        assert reading.week(written) == week, written
