"""Browsing courses: free words, filters, pages of five; and a course's card."""

import re
from collections.abc import Mapping
from typing import Any

from bot import views
from bot.ports import button_id
from bot.turn import Action, Item, Message, Replies, Say, Start, Turn, say
from core import reading, users
from core.courses import catalogue, enrolments, learners, reviews
from core.courses.catalogue import OPEN, Course
from core.courses.enrolments import ACTIVE, DONE, LEFT, WAITING, Enrolment
from core.courses.search import FIT, Wish, search
from core.store.types import Json

WORDS_LIMIT = 300
SAID = 3
"""How many learners' words a card shows."""
LEVEL_WORDS: tuple[tuple[re.Pattern[str], tuple[int, int]], ...] = (
    (re.compile(r"\b(?:for )?beginners?\b|\bfrom scratch\b|入门|初级|零基础|新手", re.IGNORECASE), (1, 2)),
    (re.compile(r"\bintermediate\b|中级|进阶", re.IGNORECASE), (3, 3)),
    (re.compile(r"\badvanced\b|\bexperts?\b|高级|资深", re.IGNORECASE), (4, 5)),
)
LEVEL = re.compile(r"\b(?:at )?level ?([1-5])\b|难度 ?([1-5])|([1-5]) ?级", re.IGNORECASE)


def courses(turn: Turn, words: str) -> Replies:
    """List what fits free words; without any, what fits the reader."""
    if len(words) > WORDS_LIMIT:
        return (say("error.text.long", limit=WORDS_LIMIT, length=len(words)),)
    return found(turn, wish_of(words))


def wish_of(words: str) -> Wish:
    """Read a level and a language out of free words: "git for beginners, in Chinese"."""
    hints = reading.in_words(words)
    rest, levels = hints.rest, None
    numbered = LEVEL.search(rest)
    if numbered:
        level = int(next(filter(None, numbered.groups())))
        rest, levels = LEVEL.sub(" ", rest, count=1), (level, level)
    else:
        for pattern, meant in LEVEL_WORDS:
            if pattern.search(rest):
                rest, levels = pattern.sub(" ", rest), meant
                break
    language = hints.languages[0] if hints.languages else None
    return Wish(" ".join(rest.split()).strip(" ,，"), levels=levels, language=language)


def wish_json(wish: Wish) -> dict[str, Json]:
    """Write a wish as a view keeps it."""
    return {
        "words": wish.words,
        "topic": wish.topic,
        "levels": list(wish.levels) if wish.levels else None,
        "language": wish.language,
        "sort": wish.sort,
    }


def wish_from(data: Json) -> Wish:
    """Read what `wish_json` wrote."""
    kept: Mapping[str, Any] = data if isinstance(data, dict) else {}
    levels = kept.get("levels")
    return Wish(
        kept.get("words") or "",
        kept.get("topic"),
        (levels[0], levels[1]) if levels else None,
        kept.get("language"),
        kept.get("sort") or FIT,
    )


def found(turn: Turn, wish: Wish) -> Replies:
    """Search, keep what was found, show the first page."""
    result = search(turn.tx, wish, learners.of(turn.tx, turn.me, turn.locale), turn.topics, turn.policy)
    body: dict[str, Json] = {"wish": wish_json(wish), "ids": list(result.ids), "exact": result.exact}
    view = views.keep(turn, "courses", body)
    if not result.ids:
        actions = [Action(button_id("filter", view), "course.button.filter")]
        if wish != Wish():
            actions.append(Action("courses", "course.button.all", "primary"))
        return (say("course.nothing", *actions, **_said(wish)),)
    return (_page(turn, view, body, 0),)


def _said(wish: Wish) -> dict[str, Json]:
    return wish_json(wish)


def more(turn: Turn, arg: str) -> Replies:
    """Show the next page."""
    view, _, start = arg.partition(".")
    body = views.find(turn, "courses", view)
    if body is None or not start.isdecimal():
        return (say("course.list.gone", Action("courses", "course.button.all", "primary")),)
    return (_page(turn, int(view), body, int(start[:4])),)


def _page(turn: Turn, view: int, body: Mapping[str, Json], start: int) -> Say:
    ids: Any = body["ids"]
    size = turn.policy.shown_courses
    shown = catalogue.many(turn.tx, ids[start : start + size])
    mine = {
        each.course_id: each.state
        for each in enrolments.of_user(turn.tx, turn.me.id, (ACTIVE, WAITING, DONE))
    }
    items = tuple(
        Item(
            "course.item",
            {**brief(turn, shown[one]), "state": mine.get(one)},
            (
                Action(
                    button_id("course", one), "course.button.see", about=shown[one].text(turn.locale).title
                ),
            ),
        )
        for one in ids[start : start + size]
        if one in shown
    )
    actions = [Action(button_id("filter", view), "course.button.filter")]
    if start + size < len(ids):
        actions.insert(
            0, Action(button_id("more_courses", f"{view}.{start + size}"), "course.button.more", "primary")
        )
    key = "course.found" if start == 0 else "course.further"
    params = {**_said(wish_from(body["wish"])), "count": len(ids), "exact": bool(body["exact"])}
    return Say((Message(key, params, tuple(actions), items),))


def brief(turn: Turn, course: Course) -> dict[str, Json]:
    """Give what every line about a course says."""
    return {
        "title": course.text(turn.locale).title,
        "difficulty": course.difficulty,
        "minutes": course.minutes,
        "stars": course.shown_stars,
        "topics": list(course.topics),
    }


def filters(turn: Turn, arg: str) -> Replies:
    """Change what a list shows, and in which order."""
    kept = views.find(turn, "courses", arg)
    wish = kept["wish"] if kept else wish_json(Wish())
    return (Start("filter", {"wish": wish}),)


# --- A course's card --------------------------------------------------------------------------------------------


def card(turn: Turn, arg: str) -> Replies:
    """Show all that one wants to know before one begins."""
    course = catalogue.get(turn.tx, int(arg)) if arg.isdecimal() else None
    mine = enrolments.find(turn.tx, course.id, turn.me.id) if course else None
    theirs = mine is not None and mine.state != LEFT
    if course is None or (course.state != OPEN and not theirs and not turn.is_organiser):
        return (say("course.gone", Action("courses", "course.button.all", "primary")),)
    return (Say((Message("course.card", about(turn, course, mine), tuple(handles(turn, course, mine))),)),)


def about(turn: Turn, course: Course, mine: Enrolment | None) -> dict[str, Json]:
    """Give what a card says."""
    text = course.text(turn.locale)
    needed = catalogue.by_slug(turn.tx, course.requires)
    done = enrolments.done_slugs(turn.tx, turn.me.id)
    places = None
    if course.capacity is not None:
        places = max(0, course.capacity - enrolments.taken(turn.tx, course.id))
    mentor = users.get(turn.tx, course.mentor_id) if course.mentor_id else None
    return {
        **brief(turn, course),
        "about": text.about,
        "outcomes": list(text.outcomes),
        "levels": [[topic, level] for topic, level in course.topics.items()],
        "lessons": course.lessons,
        "languages": list(course.texts),
        "requires": [
            [needed[slug].text(turn.locale).title, slug in done] for slug in course.requires if slug in needed
        ],
        "starts": course.starts_at.isoformat() if course.starts_at else None,
        "ends": course.ends_at.isoformat() if course.ends_at else None,
        "meetings": [at.isoformat() for at in course.meetings if at > turn.now],
        "mentor": mentor.name if mentor else None,
        "places": places,
        "enrolled": course.enrolled,
        "said": list(reviews.said(turn.tx, course.id, SAID)),
        "state": mine.state if mine else None,
        "withdrawn": course.state != OPEN,
    }


def handles(turn: Turn, course: Course, mine: Enrolment | None) -> list[Action]:
    """Give what can be done with a course now."""
    state = mine.state if mine else LEFT
    assert mine is not None or state == LEFT
    if state == ACTIVE and mine:
        return [
            Action(button_id("lesson", mine.id), "course.button.go_on", "primary"),
            Action(button_id("notes", mine.id), "lesson.button.notes"),
            Action(button_id("leave_course", mine.id), "course.button.leave"),
        ]
    if state == WAITING and mine:
        return [Action(button_id("leave_course", mine.id), "course.button.leave")]
    if state == DONE and mine:
        rate = Action(button_id("rate_course", course.id), "course.button.rate", "primary")
        rated = reviews.rated(turn.tx, course.id, turn.me.id)
        return [
            *([] if rated else [rate]),
            Action(button_id("certificate", mine.id), "certificate.button.get"),
            Action(button_id("notes", mine.id), "lesson.button.notes"),
        ]
    if course.state != OPEN:
        return []
    if course.capacity is not None and enrolments.taken(turn.tx, course.id) >= course.capacity:
        return [Action(button_id("enrol", course.id), "course.button.queue", "primary")]
    days = course.drip_days or turn.policy.drip_days
    return [
        Action(button_id("enrol", course.id), "course.button.begin", "primary"),
        Action(button_id("drip", course.id), "course.button.drip", params={"days": days}),
    ]
