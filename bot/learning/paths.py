"""A learning path in chat: from what somebody knows to a goal, as a list, and as a picture on request."""

import re
from collections.abc import Mapping, Sequence

from bot import views
from bot.learning import browse
from bot.outbox import box
from bot.outbox.box import Letter
from bot.outbox.claim import Parcel
from bot.outbox.deliver import Making
from bot.ports import Attached, button_id
from bot.turn import Action, Attachment, Item, Message, Replies, Say, Turn, say
from core.courses import catalogue, goals
from core.courses.goals import Goal
from core.courses.paths import GENTLE, SHORT, WAYS, Plan, edges, highest, plan
from core.store.types import Json

LEVEL = re.compile(r"^(.*?\S)[\s:：]*(?:level|到|难度)?[\s:：]*([1-5])\s*级?$", re.IGNORECASE)
WORDS_LIMIT = 200


def show(turn: Turn, words: str) -> Replies:
    """Plan a way to a topic, `react` or `react 3`; it is kept as a goal until it is reached or given up."""
    if len(words) > WORDS_LIMIT:
        return (say("error.text.long", limit=WORDS_LIMIT, length=len(words)),)
    split = LEVEL.match(words.strip())
    typed, level = (split[1], int(split[2])) if split else (words.strip(), None)
    topic = turn.topics.resolve(typed).slug or next(iter(turn.topics.scan(typed).slugs), None)
    # What the catalogue of topics lacks may still be taught here.
    topic = topic or turn.topics.unknown(typed)
    return planned(turn, topic, level, SHORT, typed)


def planned(turn: Turn, topic: str, level: int | None, way: str, typed: str = "") -> Replies:
    """Show a plan, and keep the goal."""
    shelf = goals.shelf(turn.tx)
    found = plan(shelf, goals.knows(turn.tx, turn.me.id), topic, level, way)
    name = typed if topic not in turn.topics.rows and typed else turn.topics.name(topic, turn.locale)
    if found is None:
        ask = Action("find", "find.button.ask", "primary")
        return (say("path.nobody", ask, Action("courses", "course.button.all"), name=name[:80]),)
    if not found.courses:
        goals.drop(turn.tx, turn.me.id, topic)
        more = Action("courses", "course.button.all", "primary")
        return (
            say(
                "path.known",
                more,
                topic=topic,
                level=found.level,
                known=found.known,
                most=found.level == highest(shelf.values(), topic),
            ),
        )
    goals.put(turn.tx, turn.me.id, Goal(topic, found.level, way), turn.now)
    return (_shown(turn, found, level, way),)


def _shown(turn: Turn, found: Plan, wished: int | None, way: str) -> Say:
    known = catalogue.by_slug(turn.tx, found.courses)
    view = views.keep(turn, "path", {"topic": found.topic, "level": found.level, "way": way})
    items = tuple(
        Item(
            "path.item",
            {**browse.brief(turn, known[slug]), "number": number, "levels": _levels(known[slug].topics)},
            (
                Action(
                    button_id("course", known[slug].id),
                    "course.button.see",
                    "primary" if number == 1 else "plain",
                    about=known[slug].text(turn.locale).title,
                ),
            ),
        )
        for number, slug in enumerate(found.courses, 1)
    )
    other = GENTLE if way == SHORT else SHORT
    actions = (
        Action(button_id("path", f"{view}.{other}"), f"path.button.{other}"),
        Action(button_id("path_picture", view), "path.button.picture"),
        Action(button_id("path_drop", view), "path.button.drop"),
    )
    params: dict[str, Json] = {
        "topic": found.topic,
        "level": found.level,
        "known": found.known,
        "count": len(items),
        "minutes": found.minutes,
        "way": way,
        "less": wished is not None and wished > found.level,
    }
    return Say((Message("path.shown", params, actions, items),))


def _levels(topics: Mapping[str, int]) -> Json:
    return [[topic, level] for topic, level in topics.items()]


def _kept(turn: Turn, arg: str) -> Goal | None:
    view, _, way = arg.partition(".")
    body = views.find(turn, "path", view)
    if body is None:
        return None
    return Goal(str(body["topic"]), int(str(body["level"])), way if way in WAYS else str(body["way"]))


def go(turn: Turn, arg: str) -> Replies:
    """Plan the same goal by the other way: `view.gentle`."""
    goal = _kept(turn, arg)
    return planned(turn, goal.topic, goal.level, goal.way) if goal else _gone()


def drop(turn: Turn, arg: str) -> Replies:
    """Give a goal up."""
    goal = _kept(turn, arg)
    if goal is None:
        return _gone()
    goals.drop(turn.tx, turn.me.id, goal.topic)
    return (say("path.dropped", Action("courses", "course.button.all"), topic=goal.topic),)


def _gone() -> Replies:
    return (say("course.list.gone", Action("courses", "course.button.all", "primary")),)


def picture(turn: Turn, arg: str) -> Replies:
    """Send the path as a picture."""
    goal = _kept(turn, arg)
    if goal is None:
        return _gone()
    params: dict[str, Json] = {"topic": goal.topic, "level": goal.level, "way": goal.way}
    message = Message("path.picture", params, attachment=Attachment("path", turn.me.id))
    once = f"path:{turn.me.id}:{turn.origin.event}"
    box.put(turn.tx, turn.now, Letter("picture", turn.me.id, message, once, f"path:{turn.me.id}"))
    return (say("path.coming"),)


def drawn(turn: Turn, wanted: Attachment, parcel: Parcel) -> Making | None:
    """Draw a path as it is now."""
    from core.courses.drawing import Box, path  # noqa: PLC0415  fonts and drawing take long to load

    params = parcel.messages[0].params
    topic, level = str(params["topic"]), int(str(params["level"]))
    shelf = goals.shelf(turn.tx)
    found = plan(shelf, goals.knows(turn.tx, wanted.id), topic, level, str(params["way"]))
    if found is None:
        return None
    known = catalogue.by_slug(turn.tx, found.courses)

    def words(key: str, **given: Json) -> str:
        return turn.words.text(key, given, parcel.locale, parcel.zone)

    boxes = [
        Box(
            known[slug].text(parcel.locale).title,
            words(
                "path.box",
                minutes=known[slug].minutes,
                difficulty=known[slug].difficulty,
                levels=_levels(known[slug].topics),
            ),
        )
        for slug in found.courses
    ]
    heading = words("path.heading", topic=topic, level=found.level)
    arrows = edges(shelf, found.courses)
    return lambda: Attached(f"path-{topic}.png", "image/png", path(heading, boxes, arrows), heading)


def onward(turn: Turn) -> tuple[Replies, frozenset[int]]:
    """Say what comes next on somebody's paths after a course, and which goals they have reached; gives the courses."""
    shelf, knows = goals.shelf(turn.tx), goals.knows(turn.tx, turn.me.id)
    said: list[Say] = []
    courses: set[int] = set()
    for goal in goals.of(turn.tx, turn.me.id):
        found = plan(shelf, knows, goal.topic, goal.level, goal.way)
        if found is None:
            continue
        if not found.courses:
            goals.drop(turn.tx, turn.me.id, goal.topic)
            said.append(say("path.reached", topic=goal.topic, level=found.level))
            continue
        course = catalogue.by_slug(turn.tx, found.courses[:1])[found.courses[0]]
        courses.add(course.id)
        see = Action(button_id("course", course.id), "course.button.see", "primary")
        params: dict[str, Json] = {
            **browse.brief(turn, course),
            "topic": goal.topic,
            "level": goal.level,
            "count": len(found.courses),
        }
        said.append(say("path.next", see, **params))
    return tuple(said), frozenset(courses)


def newest(turn: Turn) -> Replies:
    """Show the path to the newest goal; nothing where there is none."""
    mine: Sequence[Goal] = goals.of(turn.tx, turn.me.id)
    return planned(turn, mine[0].topic, mine[0].level, mine[0].way) if mine else ()
