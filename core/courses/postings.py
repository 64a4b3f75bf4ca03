"""What a course can be found by: its terms, each with a weight, the same on every database."""

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, delete, insert

from core.courses import bodies
from core.courses.drafts import CourseDraft
from core.courses.terms import terms
from core.store.tables import course_terms
from core.topics import Topics

TITLE, NAME, ABOUT, HEADING, BODY = 8, 6, 3, 2, 1
OFTEN = 4
"""So often a term counts in a body; a text is not more about something by saying it again and again."""
MOST = 60
DIRECT, WIDER = 10, 4


def topic(slug: str) -> str:
    """Write a topic as a term, which no word is; a course of a narrower topic has it too."""
    return f"topic:{slug}"


def language(code: str) -> str:
    """Write a language as a term."""
    return f"lang:{code}"


def postings(draft: CourseDraft, topics: Topics) -> Mapping[str, int]:
    """Give the terms of a course with their weights."""
    found: Counter[str] = Counter()

    def add(texts: Iterable[str], weight: int, most: int = MOST) -> None:
        counted = Counter(term for text in texts for term in terms(text, single=weight >= ABOUT))
        for term, count in counted.items():
            found[term] += weight * min(count, most)

    for text in draft.texts.values():
        add([text.title], TITLE)
        add([text.about, *text.outcomes], ABOUT)
        add(text.modules, HEADING)
    lessons = [text for lesson in draft.lessons for text in lesson.texts.values()]
    add([text.title for text in lessons], HEADING)
    add([bodies.words(text.body) for text in lessons], BODY, OFTEN)
    for slug in draft.topics:
        row = topics.rows.get(slug)
        add([slug, *row.names.values(), *row.aliases] if row else [slug], NAME, 1)
    for slug in draft.topics:
        for wide in topics.wider(slug):
            found[topic(wide)] = max(found[topic(wide)], WIDER)
    for slug in draft.topics:
        found[topic(slug)] = DIRECT
    for code in draft.texts:
        found[language(code)] = found[language(code.partition("-")[0])] = 1
    return {term[:96]: min(weight, MOST) for term, weight in found.items()}


def put(tx: Connection, course_id: int, draft: CourseDraft, topics: Topics) -> None:
    """Bring the index to what a course says now."""
    tx.execute(delete(course_terms).where(course_terms.c.course_id == course_id))
    rows = [
        {"term": term, "course_id": course_id, "weight": weight}
        for term, weight in postings(draft, topics).items()
    ]
    tx.execute(insert(course_terms), rows)
