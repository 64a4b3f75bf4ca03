"""What the checks of Discord's limits are made of."""

from collections.abc import Mapping
from typing import Any

Body = Mapping[str, Any]


class Refused(AssertionError):
    """What Discord would answer with an error."""


def need(held: bool, what: str) -> None:
    """Refuse for this reason, unless it holds."""
    if not held:
        raise Refused(what)


def only(each: Body, allowed: set[str], where: str) -> None:
    """Refuse fields that are not known there."""
    extra = sorted(set(each) - allowed)
    need(not extra, f"unknown fields {extra} in {where}")


def sized(each: Body, key: str, least: int, most: int, *, optional: bool = False) -> None:
    """Refuse a text that is missing or not of this length, in characters."""
    value = each.get(key)
    if value is None and optional:
        return
    need(
        isinstance(value, str) and least <= len(value) <= most, f"{key} of {least} to {most}: {value!r}"[:300]
    )
