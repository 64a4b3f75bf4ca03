"""Events that could not be handled in any try: that there was one, from where and when, and nothing of what it said."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from core.address import Address
from core.store.tables import dead_events
from core.store.upsert import insert_or_ignore

ID_LIMIT = 200


def put(tx: Connection, who: Address, event: str, now: datetime) -> None:
    """Remember one; a second time changes nothing."""
    row = {"platform": who.platform, "id": event[:ID_LIMIT], "address": who.id, "at": now}
    insert_or_ignore(tx, dead_events, row)


def count(tx: Connection, since: datetime) -> int:
    """Count those after a moment."""
    return tx.execute(select(func.count()).where(dead_events.c.at >= since)).scalar_one()
