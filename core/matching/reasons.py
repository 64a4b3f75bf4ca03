"""Why a mentor is shown: what is true of the match and tells the mentee something, in message keys."""

from collections.abc import Collection, Mapping

from core.matching.features import MentorRow, Query, Reason, Wider
from core.matching.scoring import Wish
from core.policy import Policy

MOST = 4
TELLING_HOURS = 1.0
TELLING_RATINGS = 5
TELLING_STARS = 4.0
TELLING_OFFERS = 3
TELLING_ANSWERS = 0.75
TELLING_CAPACITY = 0.5


def known(row: MentorRow, topics: Collection[str], wider: Wider) -> dict[str, int]:
    """The mentor's own topics that answer the wanted ones, with their levels; exact ones first, as asked."""
    levels = dict(sorted(row.topics, key=lambda pair: pair[1]))
    exact = {topic: levels[topic] for topic in topics if topic in levels}
    missing = set(topics) - exact.keys()
    narrower = {topic: level for topic, level in row.topics if missing.intersection(wider(topic))}
    return exact | {topic: levels[topic] for topic in narrower if topic not in exact}


def shared_languages(row: MentorRow, query: Query, policy: Policy) -> list[str]:
    """The languages worth a mention: those asked for in words, or any beyond the community's own."""
    asked = [language for language in query.wanted_languages if language in row.languages]
    if asked:
        return asked
    shared = [language for language in query.languages if language in row.languages]
    common = policy.locale.split("-", maxsplit=1)[0]
    return [language for language in shared if language.split("-", maxsplit=1)[0] != common]


def reasons(
    row: MentorRow, wish: Wish, parts: Mapping[str, float], common: float | None
) -> tuple[Reason, ...]:
    """At most four reasons: topics, then by what each adds to the score.

    `common` is hours a week, None unknown. The hours left come last, since they are shown beside every mentor
    anyway. Stars are shown as ratings are everywhere: from five on, in half stars.
    """
    query = wish.query
    found: list[tuple[float, Reason]] = []

    def add(part: str, params: Mapping[str, object]) -> None:
        found.append((wish.weights[part] * parts[part], Reason(f"reason.{part}", params)))

    if common is not None and common >= TELLING_HOURS:
        add("hours", {"hours": int(common)})
    if shared := shared_languages(row, query, wish.policy):
        add("languages", {"languages": shared})
    if query.format is not None and query.format in row.formats:
        add("format", {"format": query.format})
    if row.stars_count >= TELLING_RATINGS and row.stars_sum / row.stars_count >= TELLING_STARS:
        stars = round(2 * row.stars_sum / row.stars_count) / 2
        add("rating", {"stars": stars, "count": row.stars_count})
    if row.offers_sent >= TELLING_OFFERS and row.offers_answered / row.offers_sent >= TELLING_ANSWERS:
        rate = row.offers_answered / row.offers_sent
        add("answers", {"rate": round(rate, 2), "answered": row.offers_answered, "sent": row.offers_sent})

    found.sort(key=lambda pair: -pair[0])
    ordered = [reason for _, reason in found]
    if levels := known(row, [topic for topic, _ in query.topics], wish.wider):
        level = next(iter(levels.values())) if len(levels) == 1 else None
        ordered.insert(0, Reason("reason.topics", {"topics": list(levels), "level": level}))
    if parts["capacity"] >= TELLING_CAPACITY:
        ordered.append(Reason("reason.capacity", {"hours": row.hours_left}))
    return tuple(ordered[:MOST])
