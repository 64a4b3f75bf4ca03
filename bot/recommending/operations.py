"""What the command line does with recommendations: judge the models on a file."""

import json
from pathlib import Path

from bot.operations import say
from core.recommendations.evaluation import reading, report
from core.recommendations.evaluation.report import Protocol


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
    found = report.evaluate(table.interactions, protocol, rated=table.rated, seed=seed, say=say)
    if as_json:
        print(json.dumps({"data": str(path), "seed": seed, **found.plain()}))
    else:
        print("\n".join(report.shown(found)))
    return 0
