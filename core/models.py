"""Fitted models as bytes: kept in parts under a version, and switched from one version to the next in one statement.

They are in the database, where every process finds them and a backup has them; who reads sees one whole version.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from core.store.tables import model_parts, models
from core.store.upsert import insert_or_ignore

PART = 1 << 20
"""Bytes in a part: nobody's write waits long behind one."""


@dataclass(frozen=True, slots=True)
class Version:
    """The version of a model that counts, of so many parts; the first is 1."""

    version: int
    parts: int
    fitted_at: datetime


def current(tx: Connection, name: str) -> Version | None:
    """Find the version that counts."""
    columns = (models.c.version, models.c.parts, models.c.fitted_at)
    row = tx.execute(select(*columns).where(models.c.model == name)).first()
    return Version(*row) if row else None


def load(tx: Connection, name: str) -> tuple[Version, bytes] | None:
    """Read the version that counts, with the version; None before the first."""
    found = current(tx, name)
    if found is None:
        return None
    mine = (model_parts.c.model == name) & (model_parts.c.version == found.version)
    rows = tx.execute(select(model_parts.c.data).where(mine).order_by(model_parts.c.part))
    return found, b"".join(bytes(data) for data in rows.scalars())


def put(tx: Connection, name: str, version: int, part: int, data: bytes) -> None:
    """Keep a part of a version that does not count yet; what an interrupted try left under it is replaced."""
    key = (model_parts.c.model == name) & (model_parts.c.version == version) & (model_parts.c.part == part)
    tx.execute(delete(model_parts).where(key))
    tx.execute(model_parts.insert().values(model=name, version=version, part=part, data=data))


def publish(tx: Connection, name: str, version: int, parts: int, now: datetime) -> bool:
    """Let a version count whose parts are all there; false where another one does since, or a part is missing."""
    there = (model_parts.c.model == name) & (model_parts.c.version == version) & (model_parts.c.part < parts)
    if len(tx.execute(select(model_parts.c.part).where(there)).all()) != parts:
        return False
    values = {"model": name, "version": version, "parts": parts, "fitted_at": now}
    if version == 1:
        return insert_or_ignore(tx, models, values) == 1
    before = (models.c.model == name) & (models.c.version == version - 1)
    return tx.execute(update(models).where(before).values(**values)).rowcount == 1


def sweep(tx: Connection, name: str) -> None:
    """Delete the parts that count no longer, and what an interrupted try left."""
    found = current(tx, name)
    if found is not None:
        old = (model_parts.c.version != found.version) | (model_parts.c.part >= found.parts)
        tx.execute(delete(model_parts).where(model_parts.c.model == name, old))
