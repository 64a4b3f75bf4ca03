"""Behind a message: how its mentors were ranked, and why somebody got it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, and_, select

from bot.app import App
from bot.matching import fitting, search
from bot.outbox.kinds import KINDS
from bot.ports import Address, Ref, Rendered
from core import requests, users
from core.matching.features import Candidate, Query
from core.matching.scoring import normalised
from core.store.tables import deliveries, outbox, views

SHOWN = 8
AT_ONCE = timedelta(minutes=1)


def match(tx: Connection, app: App, who: Address, message: Rendered) -> Mapping[str, Any] | None:
    """Rank again what a message is about: who was found, the parts of each score, what each part weighs."""
    asked = _query(tx, app, who, message)
    if asked is None:
        return None
    query, marked = asked
    now = app.clock()
    policy, words = app.settings.policy, app.world.words
    ranked = app.world.mentors.snapshot(tx, now).rank(query, SHOWN)
    people = users.many(tx, [one.user_id for one in ranked])
    account = users.account_at(tx, who)
    reader = users.get(tx, account.user_id) if account is not None and account.user_id is not None else None
    locale, zone = (reader.locale, reader.zone) if reader else (policy.locale, policy.zone)

    def told(one: Candidate) -> Sequence[str]:
        return [words.text(reason.key, reason.params, locale, zone) for reason in one.reasons]

    return {
        "topics": [app.world.topics.name(topic, locale) for topic, _ in query.topics],
        "weights": normalised(policy.weights),
        "mentors": [
            {
                "name": people[one.user_id].name,
                "marked": one.user_id == marked,
                "score": one.score,
                "parts": dict(one.parts),
                "reasons": told(one),
            }
            for one in ranked
        ],
    }


def _query(tx: Connection, app: App, who: Address, message: Rendered) -> tuple[Query, int | None] | None:
    """Find the wish behind the buttons of a message, and the mentor whom it was shown to."""
    for action, arg in _buttons(message):
        first = arg.partition(".")[0]
        if action in ("ask", "first", "more_mentors") and first.isdecimal():
            return _of_view(tx, app, who, int(first))
        if action in ("accept", "decline", "more") and arg.isdecimal():
            offer = requests.offer(tx, int(arg))
            return None if offer is None else (_of_request(tx, app, offer.request_id), offer.mentor_id)
        if action in ("withdraw", "others") and arg.isdecimal():
            return _of_request(tx, app, int(arg)), None
    return None


def _buttons(message: Rendered) -> Iterator[tuple[str, str]]:
    for button in (*(one for item in message.items for one in item.buttons), *message.buttons):
        action, _, arg = button.id.partition(":")
        yield action, arg


def _of_view(tx: Connection, app: App, who: Address, view: int) -> tuple[Query, int | None] | None:
    mine = and_(views.c.id == view, views.c.platform == who.platform, views.c.address == who.id)
    body = tx.execute(select(views.c.body).where(mine)).scalar()
    account = users.account_at(tx, who)
    if body is None or account is None or account.user_id is None:
        return None
    user = users.known(tx, account.user_id)
    turn = app.world.turn(tx, app.clock(), "peek", who, user)
    return search.query(turn, body["wish"]), None


def _of_request(tx: Connection, app: App, request_id: int) -> Query:
    request = requests.get(tx, request_id)
    assert request is not None
    mentee = users.known(tx, request.mentee_id)
    apart = frozenset({mentee.id}) | users.kept_apart(tx, mentee.id)
    return fitting.query(app.turn(tx, app.clock(), "peek"), request, mentee, apart)


def why(tx: Connection, ref: Ref) -> Mapping[str, Any] | None:
    """Say of what kind a delivered message is, when it was put and sent, and by which rules; None where it is none."""
    row = tx.execute(
        select(outbox.c.kind, outbox.c.created_at, outbox.c.due_at, deliveries.c.sent_at)
        .join(deliveries, deliveries.c.outbox_id == outbox.c.id)
        .where(
            and_(
                deliveries.c.platform == ref.platform,
                deliveries.c.address == ref.chat,
                deliveries.c.ref == ref.id,
            )
        )
        .order_by(outbox.c.id)
    ).first()
    if row is None:
        return None
    kind, put, due, sent = row
    rules = asdict(KINDS[kind])
    return {
        "kind": kind,
        "put": put.isoformat(),
        "due": due.isoformat(),
        "sent": sent.isoformat(),
        "waited": sent - put > AT_ONCE,
        "rules": {key: rules[key] for key in ("quiet", "capped", "counts", "bundles", "mutable", "private")},
    }
