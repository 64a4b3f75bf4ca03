"""What courses teach, for recommendations: levels by topic, broader topics included, and topics as numbers."""

from collections.abc import Callable, Mapping, Sequence

Wider = Callable[[str], tuple[str, ...]]
"""The broader topics of a topic: `wider("react")` may be `("frontend",)`."""


def levels(topics: Mapping[str, int], wider: Wider) -> dict[str, int]:
    """Give a course's topics with the levels it leads to; a broader one has the highest level of those within it."""
    found = dict(topics)
    for topic, level in topics.items():
        for broad in wider(topic):
            if broad not in topics:
                found[broad] = max(found.get(broad, 0), level)
    return found


def numbered(courses: Sequence[Mapping[str, int]]) -> tuple[list[dict[int, int]], dict[str, int]]:
    """Put numbers in the place of topics: the courses' levels by number, and the number of each topic."""
    numbers = {
        topic: number for number, topic in enumerate(sorted({each for one in courses for each in one}))
    }
    return [{numbers[topic]: level for topic, level in one.items()} for one in courses], numbers
