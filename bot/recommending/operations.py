"""What the command line does with recommendations: judge the models, and what came of what was shown."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from bot.config import Settings
from bot.keys import keyring
from bot.operations import say
from core.courses import evidence
from core.courses import exposure as exposures
from core.courses.exposure import Exposure, Group
from core.recommendations.evaluation import reading, report
from core.recommendations.evaluation.report import Protocol
from core.recommendations.interactions import Interactions
from core.store.database import open_snapshot

T = TypeVar("T")


def read(path: Path) -> reading.Table | None:
    """The table of a file; None after saying what is wrong with it."""
    try:
        table = reading.read(reading.text(path).splitlines())
    except (OSError, EOFError) as error:
        say(f"{path}: {getattr(error, 'strerror', None) or error}")
        return None
    except UnicodeDecodeError:
        say(f"{path} is not text in UTF-8.")
        return None
    if isinstance(table, reading.Table):
        return table
    for sentence in reading.told(str(path), table):
        say(sentence)
    return None


def evaluate(path: Path, protocol: Protocol, seed: int, *, as_json: bool) -> int:
    """Judge all models on a file and print the figures."""
    table = read(path)
    if table is None:
        return 1
    if table.repeated:
        say(f"{path}: of {table.repeated} repeated lines the later ones count.")
    _judge(str(path), table.interactions, protocol, seed, rated=table.rated, as_json=as_json)
    return 0


def exposure(settings: Settings, now: datetime, days: int, *, as_json: bool) -> int:
    """Print what was recommended in so many days, and what came of it."""
    found = _looked_up(settings, lambda tx: exposures.report(tx, settings.policy, now, days))
    if found is None:
        return 1
    if as_json:
        print(json.dumps(found.plain()))
    elif not found.places:
        print(f"Nothing was recommended in the last {days} days.")
    else:
        print("\n".join(_lines(found)))
    return 0


def _lines(found: Exposure) -> Iterator[str]:
    """Write the figures as a table."""
    yield f"In the last {found.days} days: {found.places:,} places, people: {found.people:,}"
    yield ""
    yield f"{'':16}{'places':>9}{'share':>9}{'people':>9}  begun or asked within a week"
    for kind, group in found.groups.items():
        share = 100 * group.places / found.places
        yield f"{kind:16}{group.places:9,}{share:8.1f}%{group.people:9,}  {_followed(group)}"
    yield ""
    got, wanted = 100 * found.got, 100 * found.wanted
    yield f"Of first pages, new courses got {got:.1f}% of the places by chance; {wanted:g}% are wanted."
    for kind, group in found.last_place.items():
        yield f"In the place that was drawn for, {kind}: {group.places:,}, {_followed(group)}"


def _followed(group: Group) -> str:
    low, high = group.followed_interval
    return f"{100 * group.followed:.1f}% ({100 * low:.1f}–{100 * high:.1f})"


def _looked_up(settings: Settings, look: Callable[[Connection], T]) -> T | None:
    """Read from the database beside whoever writes it; None after saying why it cannot be read."""
    keys, _ = keyring(settings, reads=True)
    engine = open_snapshot(settings.database.url, keys)
    try:
        with engine.begin() as tx:
            return look(tx)
    except DBAPIError as error:
        say(f"The database cannot be read: {error.orig}. `mentorbot migrate` makes a new one.")
        return None
    finally:
        engine.dispose()


def evaluate_own(settings: Settings, protocol: Protocol, seed: int, *, as_json: bool) -> int:
    """Judge all models on the courses that people took here; in folds, on the stars they gave."""
    rated = protocol == "folds"
    interactions = _looked_up(settings, evidence.rated if rated else evidence.taken)
    if interactions is None:
        return 1
    if not len(interactions):
        say("Nobody has rated a course yet." if rated else "Nobody has taken a course yet.")
        return 1
    _judge(settings.policy.community, interactions, protocol, seed, rated=rated, as_json=as_json)
    return 0


def _judge(
    name: str, interactions: Interactions, protocol: Protocol, seed: int, *, rated: bool, as_json: bool
) -> None:
    found = report.evaluate(interactions, protocol, rated=rated, seed=seed, say=say)
    if as_json:
        print(json.dumps({"data": name, "seed": seed, **found.plain()}))
    else:
        print("\n".join(report.shown(found)))
