"""Run by Alembic: hands it the connection that `migrate` opened, which holds the transaction too."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import String
from sqlalchemy.types import TypeDecorator, TypeEngine

from core.store.tables import metadata
from core.store.types import Code


def written(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:  # noqa: ANN401
    """Write our own types as what they are stored as: a migration must outlive the class."""
    del autogen
    if kind != "type":
        return False
    stored: TypeEngine[Any] = item.impl_instance if isinstance(item, TypeDecorator) else item
    if isinstance(stored, Code):
        stored = String(stored.length)
    return False if stored is item else f"sa.{stored!r}"


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite changes a table by making it anew; the first migration changes none.
    render_as_batch=context.config.attributes.get("changes", True),
    render_item=written,
)
context.run_migrations()
