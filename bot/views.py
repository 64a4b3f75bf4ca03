"""Lists that somebody pages through: what was found stays with whoever looked for it, for some days."""

from collections.abc import Mapping

from sqlalchemy import and_, insert, select

from bot.turn import Turn
from core.store.tables import views
from core.store.types import Json


def keep(turn: Turn, kind: str, body: Mapping[str, Json]) -> int:
    """Keep what was found; returns the id that buttons carry."""
    view: int = turn.tx.execute(
        insert(views)
        .values(
            platform=turn.who.platform,
            address=turn.who.id,
            kind=kind,
            body=dict(body),
            created_at=turn.now,
        )
        .returning(views.c.id)
    ).scalar_one()
    return view


def find(turn: Turn, kind: str, view: str) -> Mapping[str, Json] | None:
    """Find what a search found; only the one who searched can."""
    if not view.isdecimal():
        return None
    body = turn.tx.execute(
        select(views.c.body).where(
            and_(
                views.c.id == int(view),
                views.c.platform == turn.who.platform,
                views.c.address == turn.who.id,
                views.c.kind == kind,
            )
        )
    ).scalar()
    return body if isinstance(body, dict) else None
