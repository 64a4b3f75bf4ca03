"""What may fit next, in a line or two where somebody is anyway: when a course is finished, and at home."""

from collections.abc import Collection

from bot.recommending import courses, mentors, reasons
from bot.turn import Action, Item, Message, Replies, Say, Turn
from core.recommendations.showing import Place
from core.showings import AFTER

COURSES, MENTORS = 2, 1
MORE = Action("recommend", "recommend.button.again")


def show(turn: Turn, told: Collection[int]) -> Replies:
    """Show what comes next after a course, besides the courses that were told of; what is shown is written down.

    Nobody asked for it: so only what goes on from what they did or want is worth a word.
    """
    found = courses.search(turn, COURSES, besides=told, new=False)
    page = found.reasons(turn, found.pages[0] if found.pages else ())
    own = [(course, why) for course, why in page if reasons.kinds(why) & (reasons.WISHED | reasons.TAKEN)]
    people = mentors.find(turn, MENTORS)
    items = (*(courses.item(turn, course, why) for course, why in own), *mentors.items(turn, people))
    if not items:
        return ()
    courses.log(turn, [Place(course.id) for course, _ in own], AFTER)
    mentors.log(turn, people, AFTER)
    return (Say((Message("recommend.next", {}, (MORE,), items),)),)


def at_home(turn: Turn) -> tuple[Item, ...]:
    """Give what fits somebody on the page that platforms open by themselves.

    Nobody may have looked: so it is not written down, nothing is drawn by chance, and of mentors only those stand
    there who were shown to them before.
    """
    found = courses.search(turn, COURSES, new=False)
    page = found.pages[0] if found.pages else ()
    people = mentors.find(turn, MENTORS, reads=True)
    return (*courses.items(turn, found, page), *mentors.items(turn, people))
