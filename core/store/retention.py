"""What is kept no longer than its column says."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, update

from core.policy import Policy
from core.store.tables import dead_events, outbox, runs, seen_events, showings, tokens, views

EVERY = timedelta(days=1)


def tidy(tx: Connection, now: datetime, policy: Policy) -> None:
    """Delete old forms, event ids, views, showings and codes, and what was not handled; empty what failed long ago."""
    tx.execute(delete(runs).where(runs.c.touched_at < now - policy.keep_runs))
    tx.execute(delete(seen_events).where(seen_events.c.seen_at < now - policy.keep_events))
    tx.execute(delete(dead_events).where(dead_events.c.at < now - policy.keep_failed))
    tx.execute(delete(views).where(views.c.created_at < now - policy.keep_views))
    tx.execute(delete(showings).where(showings.c.shown_at < now - policy.keep_showings))
    tx.execute(delete(tokens).where(tokens.c.expires_at < now))
    tx.execute(
        update(outbox)
        .where(and_(outbox.c.state.in_(("dead", "unknown")), outbox.c.settled_at < now - policy.keep_failed))
        .values(message=None)
    )
