"""`recommend`: courses and mentors for the one who asks, each with its reasons; *why*, *not for me*, *show more*."""

from collections.abc import Sequence

from bot.dialogs import find
from bot.matching import search
from bot.ports import button_id
from bot.recommending import courses, mentors, reasons
from bot.recommending.courses import Found
from bot.turn import Action, Item, Message, Replies, Say, Turn, say
from core import showings, users
from core.courses import catalogue
from core.recommendations.showing import NEW, Place
from core.showings import LIST
from core.store.types import Json
from core.users import HELPS

WORDS_LIMIT = 200
TOPICS = 5
ALL = Action("courses", "course.button.all")
ASK = Action("find", "request.button.find")
AGAIN = Action("recommend", "recommend.button.again", "primary")


def recommend(turn: Turn, words: str) -> Replies:
    """Show what fits the one who asks, or what fits them of some topics."""
    if len(words) > WORDS_LIMIT:
        return (say("error.text.long", limit=WORDS_LIMIT, length=len(words)),)
    topics = turn.topics.scan(words).slugs[:TOPICS] if words else ()
    if words and not topics:
        return (say("find.no_topic", AGAIN, typed=words[:80]),)
    return shown(turn, topics)


def shown(turn: Turn, topics: Sequence[str]) -> Replies:
    """Show courses and mentors, and write down that they were shown."""
    found = courses.search(turn, turn.policy.shown_courses, topics)
    people = mentors.find(turn, turn.policy.shown_mentors, topics)
    replies: list[Say] = []
    if found.pages:
        view = courses.keep(turn, found.pages, topics)
        courses.log(turn, found.pages[0], LIST)
        replies.append(_courses(turn, found, found.pages, 0, view))
    if people:
        mentors.log(turn, people, LIST)
        items = mentors.items(turn, people, mentors.keep(turn, topics))
        named = list(topics) or [topic for topic, _ in mentors.wanted(turn)][:TOPICS]
        replies.append(Say((Message("recommend.mentors", {"topics": named}, (ASK,), items),)))
    return tuple(replies) or (say("recommend.nothing", ALL, ASK, topics=list(topics)),)


def _courses(
    turn: Turn,
    found: Found,
    pages: Sequence[Sequence[Place]],
    page: int,
    view: int,
    *more: Action,
    replace: bool = False,
    gone: str = "",
) -> Say:
    """Write a page of courses; `gone` is the title of the one that was just taken away."""
    told = found.reasons(turn, pages[page])
    items = tuple(courses.item(turn, course, each, view) for course, each in told)
    kinds = {kind for _, each in told for kind in reasons.kinds(each[: courses.SHOWN])}
    actions = [Action(button_id("why_these", view), "recommend.button.why")] if items else []
    if len(pages) > page + 1:
        actions.insert(0, Action(button_id("more_for_me", f"{view}.{page + 1}"), "recommend.button.more"))
    params: dict[str, Json] = {
        "count": len(items),
        "gone": gone,
        "further": page > 0,
        "wished": bool(kinds & reasons.WISHED),
        "taken": bool(kinds & reasons.TAKEN),
        "unmet": []
        if kinds & reasons.WISHED
        else sorted({*found.learner.wanted, *found.learner.goals})[:TOPICS],
    }
    return Say((Message("recommend.courses", params, (*actions, *more), items),), replace=replace)


def more(turn: Turn, arg: str) -> Replies:
    """Show a further page: `view.page`."""
    view, _, number = arg.partition(".")
    kept = courses.kept(turn, view)
    if kept is None or not number.isdecimal() or not 0 < int(number[:4]) < len(kept.pages):
        return (say("course.list.gone", AGAIN),)
    page = int(number[:4])
    found = courses.search(turn, turn.policy.shown_courses, kept.topics, new=False)
    there = [place for place in kept.pages[page] if place.item in found.advice]
    if not there:
        return (say("course.list.gone", AGAIN),)
    pages = [*kept.pages[:page], there, *kept.pages[page + 1 :]]
    courses.log(turn, there, LIST, page * turn.policy.shown_courses)
    return (_courses(turn, found, pages, page, courses.keep(turn, pages, kept.topics, page)),)


# --- Why --------------------------------------------------------------------------------------------------------


def why(turn: Turn, arg: str) -> Replies:
    """Say all that speaks for each course of a page, and what was looked at."""
    kept = courses.kept(turn, arg)
    if kept is None:
        return (say("course.list.gone", AGAIN),)
    found = courses.search(turn, turn.policy.shown_courses, kept.topics, new=False)
    places = kept.pages[kept.page]
    items = tuple(
        Item("recommend.item_why", {"title": course.text(turn.locale).title, "reasons": told})
        for course, told in found.reasons(turn, places)
    )
    params: dict[str, Json] = {
        "taken": len(found.learner.history),
        "wanted": sorted({*found.learner.wanted, *found.learner.goals})[:TOPICS],
        "least": turn.policy.least_people,
        "new": round(100 * turn.policy.new_share) if any(place.why == NEW for place in places) else 0,
    }
    return (Say((Message("recommend.why", params, (AGAIN,), items),)),)


# --- Not for me -------------------------------------------------------------------------------------------------


def not_for_me(turn: Turn, arg: str) -> Replies:
    """Recommend a course no more, and show the next best in its place: `view.course`."""
    view, _, course = arg.partition(".")
    kept = courses.kept(turn, view)
    known = catalogue.get(turn.tx, int(course)) if course.isdecimal() else None
    if kept is None or known is None or not any(place.item == known.id for place in kept.pages[kept.page]):
        return (say("course.list.gone", AGAIN),)
    showings.dismiss(turn.tx, turn.me.id, turn.now, course_id=known.id)
    size = turn.policy.shown_courses
    found = courses.search(turn, size, kept.topics, new=False)
    left = courses.without(found, kept, known.id, size)
    before = {place.item for place in kept.pages[kept.page]}
    fresh = [place for place in left.pages[left.page] if place.item not in before]
    courses.log(turn, fresh, LIST, left.page * size + len(left.pages[left.page]) - len(fresh))
    back = Action(button_id("for_me", f"course.{known.id}"), "recommend.button.back")
    title = known.text(turn.locale).title
    after = courses.keep(turn, left.pages, left.topics, left.page)
    return (_courses(turn, found, left.pages, left.page, after, back, replace=True, gone=title),)


def not_this_mentor(turn: Turn, arg: str) -> Replies:
    """Recommend a mentor no more, and show others: `view.mentor`."""
    topics, one = _shown_mentor(turn, arg)
    if topics is None:
        return (say("course.list.gone", AGAIN),)
    showings.dismiss(turn.tx, turn.me.id, turn.now, mentor_id=one)
    people = mentors.find(turn, turn.policy.shown_mentors, topics)
    mentors.log(turn, people, LIST)
    items = mentors.items(turn, people, mentors.keep(turn, topics))
    back = Action(button_id("for_me", f"mentor.{one}"), "recommend.button.back")
    params: dict[str, Json] = {"name": users.known(turn.tx, one).name, "count": len(people)}
    return (Say((Message("recommend.other_mentors", params, (ASK, back), items),), replace=True),)


def _shown_mentor(turn: Turn, arg: str) -> tuple[tuple[str, ...] | None, int]:
    """Find the topics of a list and the mentor in it; None unless they were shown to the one who acts within a week."""
    view, _, number = arg.partition(".")
    one = int(number) if number.isdecimal() else 0
    seen = one in showings.held_by(turn.tx, turn.me.id, turn.now)
    return mentors.kept(turn, view) if seen else None, one


def for_me(turn: Turn, arg: str) -> Replies:
    """Take *not for me* back: `course.12` or `mentor.7`."""
    kind, _, number = arg.partition(".")
    one = int(number) if number.isdecimal() else 0
    gone = showings.dismissed(turn.tx, turn.me.id)
    if kind == "course" and one in gone[0]:
        showings.allow(turn.tx, turn.me.id, course_id=one)
        return (say("recommend.back", AGAIN, name=catalogue.known(turn.tx, one).text(turn.locale).title),)
    if kind == "mentor" and one in gone[1]:
        showings.allow(turn.tx, turn.me.id, mentor_id=one)
        return (say("recommend.back", AGAIN, name=users.known(turn.tx, one).name),)
    return (say("course.list.gone", AGAIN),)


# --- Asking -----------------------------------------------------------------------------------------------------


def ask(turn: Turn, arg: str) -> Replies:
    """Ask a mentor who was recommended within a week for what they can help with of what is wanted: `view.mentor`."""
    topics, one = _shown_mentor(turn, arg)
    wanted = mentors.wanted(turn, topics) if topics is not None else ()
    if not wanted:
        return (say("course.list.gone", AGAIN),)
    helps = {topic for topic, _ in users.topics_of(turn.tx, one, HELPS)}
    helps |= {broad for topic in helps for broad in turn.topics.wider(topic)}
    asked = tuple(each for each in wanted if each[0] in helps) or wanted
    return find.ask_one(turn, search.wish(turn, asked), one, AGAIN)
