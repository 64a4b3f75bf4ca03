"""INSERT that leaves a row alone which is there already; SQLite and PostgreSQL spell it alike."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite

from core.store.prepared import Prepared

COUNTED = {"preserve_rowcount": True}


@cache
def _statement(dialect: str, table: Table) -> Insert:
    # Built once: the statement's cache key is the costly part of executing it.
    if dialect == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


@cache
def _prepared(table: Table, columns: tuple[str, ...]) -> Prepared:
    return Prepared(_statement("sqlite", table), columns)


def insert_or_ignore(
    tx: Connection, table: Table, values: Mapping[str, Any] | Sequence[Mapping[str, Any]]
) -> int:
    """Insert one row or several; returns how many were new (for several, -1 where the driver cannot tell)."""
    if isinstance(values, Mapping) and tx.dialect.name == "sqlite":
        return _prepared(table, tuple(values)).count(tx, values)
    if not isinstance(values, Mapping) and values and tx.dialect.name == "sqlite":
        return _prepared(table, tuple(values[0])).many(tx, values)
    # Psycopg forgets the count when its cursor is closed, which for an INSERT is before we could ask.
    return tx.execute(_statement(tx.dialect.name, table), values, execution_options=COUNTED).rowcount
