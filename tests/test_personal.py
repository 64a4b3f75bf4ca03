"""Every column that tells something about a person says what for, and for how long."""

import pytest
from sqlalchemy import Boolean, Column, ForeignKey, Integer, MetaData, Table, Text
from sqlalchemy.types import TypeEngine

from core.store.tables import metadata
from core.store.types import Code, Personal, Sealed, UtcDateTime, Words

# What people write, in whatever form it is kept.
WRITTEN = (Text, Sealed, Words)
# What a column about a person is called, though it holds a word of the code, a number or an opaque id.
NAMES = {
    "address",
    "birthday",
    "budget_hours",
    "country",
    "email",
    "free",
    "goal",
    "languages",
    "level",
    "link",
    "locale",
    "name",
    "phone",
    "quiet_from",
    "quiet_to",
    "stars",
    "words",
    "zone",
}


def unregistered(tables: MetaData) -> list[str]:
    """The columns that say something about a person and not what for."""
    return [
        f"{table.name}.{column.name}"
        for table in tables.tables.values()
        for column in table.columns
        if says_something(column) and not isinstance(column.info.get("personal"), Personal)
    ]


def says_something(column: Column[object]) -> bool:
    return (
        isinstance(column.type, WRITTEN)
        or column.name in NAMES
        or any(key.target_fullname == "users.id" for key in column.foreign_keys)
    )


def test_every_column_about_a_person_says_what_for_and_for_how_long() -> None:
    assert unregistered(metadata) == []


def test_what_is_registered_says_something() -> None:
    registered = [
        personal
        for table in metadata.tables.values()
        for column in table.columns
        if (personal := column.info.get("personal")) is not None
    ]
    assert registered
    assert [personal for personal in registered if not (personal.purpose and personal.retention)] == []


@pytest.mark.parametrize("kind", [Text(), Sealed(), Words()], ids=lambda kind: type(kind).__name__)
def test_a_new_column_of_text_is_noticed(kind: TypeEngine[object]) -> None:
    tables = MetaData()
    Table("pets", tables, Column("id", Integer, primary_key=True), Column("tale", kind))
    assert unregistered(tables) == ["pets.tale"]


def test_a_new_column_that_refers_to_a_user_is_noticed() -> None:
    tables = MetaData()
    Table("users", tables, Column("id", Integer, primary_key=True))
    Table("pets", tables, Column("owner", Integer, ForeignKey("users.id"), primary_key=True))
    assert unregistered(tables) == ["pets.owner"]


def test_a_new_column_named_like_something_about_a_person_is_noticed() -> None:
    tables = MetaData()
    Table("pets", tables, Column("country", Code(2)), Column("stars", Integer))
    assert unregistered(tables) == ["pets.country", "pets.stars"]


def test_codes_numbers_times_and_flags_need_not_say_and_who_says_is_believed() -> None:
    tables = MetaData()
    said = Personal("finding the pet", "until erased").info
    Table(
        "pets",
        tables,
        Column("state", Code(16)),
        Column("age", Integer),
        Column("tame", Boolean),
        Column("at", UtcDateTime),
        Column("name", Text, info=said),
    )
    assert unregistered(tables) == []
    Table("homes", tables, Column("name", Text, info={"personal": "yes"}))
    assert unregistered(tables) == ["homes.name"]
