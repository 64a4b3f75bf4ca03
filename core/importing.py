"""Bringing people in: putting the drafts of a file into the tables.

Somebody imported is invited: known to the ranking, offered nothing until an address claims them. A `ref`, the
importer's own, tells people apart, so that the same file twice changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from core.drafts import Draft, Fault, Note, Sheet, read
from core.policy import Policy
from core.spreadsheet import UnreadableError
from core.store.tables import user_topics, users
from core.store.upsert import insert_or_ignore
from core.users import HELPS, keep_unknown_topic

__all__ = ["Draft", "Fault", "Note", "Outcome", "Sheet", "UnreadableError", "put", "read"]

INVITED = "invited"
CHUNK = 500

SAID: Mapping[str, str] = MappingProxyType(
    {
        "name": "name",
        "country": "country",
        "zone": "zone",
        "zone_assumed": "zone",
        "languages": "languages",
        "free": "free",
        "formats": "formats",
        "budget_hours": "hours",
    }
)
"""What an import decides of a user, and the column of the file that says it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a draft: added, changed, same, or left alone since the person has signed up."""

    line: int
    ref: str
    what: str


def put(tx: Connection, drafts: Sequence[Draft], policy: Policy, now: datetime) -> tuple[Outcome, ...]:
    """Add people, or bring those who have not signed up yet to what the drafts say; no two share a ref."""
    parts = (drafts[start : start + CHUNK] for start in range(0, len(drafts), CHUNK))
    return tuple(outcome for part in parts for outcome in _put(tx, part, policy, now))


def _put(tx: Connection, drafts: Sequence[Draft], policy: Policy, now: datetime) -> list[Outcome]:
    # Everybody is made to be there first and compared then, so that two imports at once meet in the same rows.
    refs = [draft.ref for draft in drafts]
    known = set(tx.execute(select(users.c.ref).where(users.c.ref.in_(refs))).scalars())
    if new := [_person(draft, policy, now) for draft in drafts if draft.ref not in known]:
        insert_or_ignore(tx, users, new)
    people, helps = _stored(tx, refs)
    outcomes: list[Outcome] = []
    changes: list[dict[str, Any]] = []
    taught: dict[int, Draft] = {}
    for draft in drafts:
        person = people[draft.ref]
        what = "same" if draft.ref in known else "added"
        if person["state"] != INVITED:
            what = "left"
        else:
            said = {key: value for key, value in _said(draft, policy).items() if SAID[key] in draft.columns}
            if differs := helps.get(person["id"], {}) != dict(draft.topics):
                taught[person["id"]] = draft
            if any(person[key] != value for key, value in said.items()) or (differs and what == "same"):
                kept = {key: person[key] for key in SAID}
                changes.append({"user": person["id"], **kept, **said, "changed_at": now})
                what = "changed" if what == "same" else what
        outcomes.append(Outcome(draft.line, draft.ref, what))
    if changes:
        tx.execute(update(users).where(users.c.id == bindparam("user")), changes)
    if taught:
        _teach(tx, taught, now)
    return outcomes


def _said(draft: Draft, policy: Policy) -> dict[str, Any]:
    """Give the columns of a user that a draft decides, with the community's defaults."""
    name = draft.name or draft.ref
    short = name if len(name) <= policy.name_limit else name[: policy.name_limit - 1].rstrip() + "…"
    return {
        "name": short,
        "country": draft.country,
        "zone": draft.zone or policy.zone,
        "zone_assumed": draft.zone is None,
        "languages": list(draft.languages),
        "free": [list(span) for span in draft.free],
        "formats": list(draft.formats),
        "budget_hours": float(policy.budget_hours) if draft.hours is None else draft.hours,
    }


def _person(draft: Draft, policy: Policy, now: datetime) -> dict[str, Any]:
    """Give the row of somebody new; what a draft does not say is as `users.create` has it, or empty."""
    return {
        "state": INVITED,
        "ref": draft.ref,
        "mentor": True,
        "mentee": False,
        "locale": policy.locale,
        "quiet_from": policy.quiet_from,
        "quiet_to": policy.quiet_to,
        "muted": [],
        "consent_version": 0,
        "stopped": False,
        "created_at": now,
        "changed_at": now,
        **_said(draft, policy),
    }


def _stored(
    tx: Connection, refs: Sequence[str]
) -> tuple[dict[str, dict[str, Any]], dict[int, dict[str, int | None]]]:
    """Read people by ref and their topics by id; their rows are ours until the commit, sign-ups wait."""
    columns = [users.c[key] for key in ("id", "ref", "state", *SAID)]
    rows = tx.execute(select(*columns).where(users.c.ref.in_(refs)).order_by(users.c.id).with_for_update())
    people = {row["ref"]: dict(row) for row in rows.mappings()}
    helps: dict[int, dict[str, int | None]] = {}
    ids = [person["id"] for person in people.values()]
    for user_id, topic, level in tx.execute(
        select(user_topics.c.user_id, user_topics.c.topic, user_topics.c.level).where(
            user_topics.c.user_id.in_(ids) & (user_topics.c.side == HELPS)
        )
    ):
        helps.setdefault(user_id, {})[topic] = level
    return people, helps


def _teach(tx: Connection, drafts: Mapping[int, Draft], now: datetime) -> None:
    """Replace the topics of people, by id; new ones are remembered for the organiser to merge."""
    tx.execute(
        delete(user_topics).where(user_topics.c.user_id.in_(list(drafts)) & (user_topics.c.side == HELPS))
    )
    rows = [
        {"user_id": user_id, "side": HELPS, "topic": topic, "level": level}
        for user_id, draft in drafts.items()
        for topic, level in draft.topics
    ]
    tx.execute(insert(user_topics), rows)
    for slug, typed in {pair[0]: pair[1] for draft in drafts.values() for pair in draft.unknown}.items():
        keep_unknown_topic(tx, slug, typed, now)
