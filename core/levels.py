"""What somebody knows of each topic, from 1 to 5: as they said, and as they learnt here."""

from sqlalchemy import Connection, select, update

from core.store.tables import user_topics
from core.store.types import Json
from core.store.upsert import insert_or_ignore
from core.users import KNOWS, WANTS, Levels


def levels_of(answer: Json) -> Levels:
    """Read topics with levels as answers and wishes carry them: a list of [topic, level or None]."""
    if not isinstance(answer, list):
        return ()
    return tuple((str(each[0]), each[1]) for each in answer if isinstance(each, list))


def of(tx: Connection, user_id: int) -> dict[str, int]:
    """Give the level that somebody has in each topic, from whatever side; 0 where they did not say."""
    rows = tx.execute(
        select(user_topics.c.topic, user_topics.c.level).where(user_topics.c.user_id == user_id)
    )
    found: dict[str, int] = {}
    for topic, level in rows:
        found[topic] = max(found.get(topic, 0), level or 0)
    return found


def reach(tx: Connection, user_id: int, topic: str, level: int) -> None:
    """Say that somebody has learnt a topic up to a level; nobody falls back."""
    key = {"user_id": user_id, "side": KNOWS, "topic": topic}
    insert_or_ignore(tx, user_topics, {**key, "level": level})
    tx.execute(
        update(user_topics)
        .where(
            user_topics.c.user_id == user_id,
            user_topics.c.topic == topic,
            user_topics.c.side.in_((KNOWS, WANTS)),
            (user_topics.c.level < level) | user_topics.c.level.is_(None),
        )
        .values(level=level)
    )
