"""Mentors who are recommended: those who fit what somebody wants, shown to no more people than they have room for."""

from collections.abc import Sequence
from dataclasses import replace

from bot import views
from bot.matching import search
from bot.ports import button_id
from bot.turn import Action, Item, Turn
from core import levels, requests, showings, users
from core.courses import catalogue, enrolments, goals
from core.courses.enrolments import ACTIVE
from core.matching.features import Candidate
from core.showings import Showing
from core.users import Levels

FEW, MANY = 20, 200
"""Candidates that are looked at first, and where too few of those have room: then of all who are not full."""
VIEW = "mentors"
ANY = "0"
"""Stands for a list that was not kept."""


def wanted(turn: Turn, only: Sequence[str] = ()) -> Levels:
    """Give the topics in which somebody may want a mentor: what they want, their goals, what they are learning now."""
    known = levels.of(turn.tx, turn.me.id)
    if only:
        return tuple((topic, known.get(topic) or None) for topic in only)
    active = [each.course_id for each in enrolments.of_user(turn.tx, turn.me.id, (ACTIVE,))]
    taken = catalogue.many(turn.tx, active)
    topics = (
        *(topic for topic, _ in users.topics_of(turn.tx, turn.me.id, users.WANTS)),
        *(goal.topic for goal in goals.of(turn.tx, turn.me.id)),
        *(topic for one in active for topic in taken[one].topics),
    )
    return tuple((topic, known.get(topic) or None) for topic in dict.fromkeys(topics))


def find(turn: Turn, most: int, only: Sequence[str] = (), *, reads: bool = False) -> list[Candidate]:
    """Find mentors who fit and have room to be shown to one more.

    Who only `reads` gets those alone who were shown to them within a week: nobody else is shown by it.
    """
    topics = wanted(turn, only)
    if not topics or not turn.me.mentee:
        return []
    mine = showings.held_by(turn.tx, turn.me.id, turn.now) if reads else None
    if mine == []:
        return []
    query = search.query(turn, search.wish(turn, topics))
    _, dismissed = showings.dismissed(turn.tx, turn.me.id)
    gone = query.excluded | dismissed | requests.asked_by(turn.tx, turn.me.id)
    snapshot = turn.mentors.snapshot(turn.tx, turn.now)
    # Who saw one of them at this moment may have taken the last place: only when it is locked is it decided.
    if mine is None:
        ranked = snapshot.rank(replace(query, excluded=gone), FEW)
        likely = _with_room(turn, ranked, reads=True)
        if len(likely) >= most or len(ranked) < FEW:
            return _with_room(turn, likely[:most], reads=False)
    # The best are popular, and those who have room may come far behind: who has none is not even ranked.
    gone |= showings.full(turn.tx, turn.me.id, turn.policy, turn.now)
    ranked = snapshot.rank(replace(query, excluded=gone), MANY)
    likely = _with_room(turn, [one for one in ranked if mine is None or one.user_id in mine], reads=True)
    return likely[:most] if reads else _with_room(turn, likely[:most], reads=False)


def _with_room(turn: Turn, ranked: Sequence[Candidate], *, reads: bool) -> list[Candidate]:
    ids = [one.user_id for one in ranked]
    room = showings.room(turn.tx, turn.me.id, ids, turn.policy, turn.now, reads=reads)
    return [one for one in ranked if room.get(one.user_id, 0) > 0]


def keep(turn: Turn, topics: Sequence[str]) -> int:
    """Keep the topics that were asked for; returns the id that buttons carry."""
    return views.keep(turn, VIEW, {"topics": list(topics)})


def kept(turn: Turn, view: str) -> tuple[str, ...] | None:
    """Find the topics of a list; those of `ANY` list are what the one who acts wants."""
    body = views.find(turn, VIEW, view)
    if body is None:
        return () if view == ANY else None
    topics = body["topics"]
    return tuple(str(each) for each in topics) if isinstance(topics, list) else ()


def items(turn: Turn, found: Sequence[Candidate], view: int | None = None) -> tuple[Item, ...]:
    """Write each with the reasons and a button to ask; in a kept list, *not for me* beside it."""
    names = users.names(turn.tx, [one.user_id for one in found])
    return tuple(_item(one, names[one.user_id], view) for one in found)


def _item(one: Candidate, name: str, view: int | None) -> Item:
    which = f"{ANY if view is None else view}.{one.user_id}"
    actions = [Action(button_id("ask_shown", which), "find.button.this", about=name)]
    if view is not None:
        not_them = button_id("not_this_mentor", which)
        actions.append(Action(not_them, "recommend.button.not_for_me", about=name))
    return Item("find.mentor", {"name": name, "reasons": search.reasons(one)}, tuple(actions))


def log(turn: Turn, found: Sequence[Candidate], surface: str) -> None:
    """Write down who was shown; whom one was shown within a week holds a place already."""
    mine = set(showings.held_by(turn.tx, turn.me.id, turn.now))
    shown = [Showing(at, mentor_id=one.user_id) for at, one in enumerate(found) if one.user_id not in mine]
    showings.put(turn.tx, turn.me.id, shown, surface, turn.now)
