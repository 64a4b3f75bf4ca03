"""The filters of a list of courses, as a form: words, topic, level, language, order."""

from collections.abc import Mapping
from dataclasses import replace

from bot.dialogs.form import Answers, Args, Dialog, Refused
from bot.fields import Choice, Field, Option, Text
from bot.learning import browse
from bot.turn import Replies, Turn
from core.courses.search import SORTS
from core.store.types import Json

LEVELS = tuple(Option(str(level)) for level in range(1, 6))


def fields(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    """Ask for everything a list can be narrowed down by; nothing of it is needed."""
    del turn, args, answers
    return (
        Text(key="words", required=False, limit=browse.WORDS_LIMIT),
        Choice(key="topic", required=False, search="topics"),
        Choice(key="level", required=False, options=LEVELS),
        Choice(key="language", required=False, search="languages"),
        Choice(key="sort", required=False, options=tuple(map(Option, SORTS))),
    )


def initial(turn: Turn, args: Args) -> Mapping[str, Json]:
    """Prefill what the list was narrowed down by."""
    wish = browse.wish_from(args.get("wish"))
    one = str(wish.levels[0]) if wish.levels and wish.levels[0] == wish.levels[1] else None
    topic = turn.topics.name(wish.topic, turn.locale) if wish.topic else None
    return {
        "words": wish.words or None,
        "topic": topic,
        "level": one,
        "language": wish.language,
        "sort": wish.sort,
    }


def finish(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    """Show the list again."""
    level, topic, language = answers.get("level"), answers.get("topic"), answers.get("language")
    wish = browse.wish_of(str(answers.get("words") or ""))
    return browse.found(
        turn,
        replace(
            wish,
            topic=str(topic) if topic else None,
            levels=(int(str(level)), int(str(level))) if level else wish.levels,
            language=str(language) if language else wish.language,
            sort=str(answers.get("sort") or browse.wish_from(args.get("wish")).sort),
        ),
    )


FILTER = Dialog("filter", fields, finish, initial=initial)
