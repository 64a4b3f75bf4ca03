"""What the command line does with recommendations: judge the models, on a file or on what was taken here."""

import json
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot.config import Settings
from bot.keys import keyring
from bot.operations import say
from core.courses import evidence
from core.recommendations.evaluation import reading, report
from core.recommendations.evaluation.report import Protocol
from core.recommendations.interactions import Interactions
from core.store.database import open_readers


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


async def evaluate_own(settings: Settings, protocol: Protocol, seed: int, *, as_json: bool) -> int:
    """Judge all models on the courses that people took here; in folds, on the stars they gave."""
    keys, _ = keyring(settings, reads=True)
    readers = open_readers(settings.database.url, keys)
    rated = protocol == "folds"
    try:
        async with readers.connect() as connection:
            interactions = await connection.run_sync(evidence.rated if rated else evidence.taken)
    except DBAPIError as error:
        say(f"The database cannot be read: {error.orig}. `mentorbot migrate` makes a new one.")
        return 1
    finally:
        await readers.dispose()
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
