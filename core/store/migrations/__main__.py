"""Writes the next migration: what leads from the last one to the tables as they are now.

It is a draft: read it, add what happens to the rows, format it with ruff, and never edit it after a release.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import Script
from sqlalchemy import NullPool, create_engine

from core.store.migrate import HISTORY, revisions


def write(name: str, history: Path = HISTORY) -> None:
    """Write `versions/NNNN_<name>.py`; the database it compares with is a temporary one."""
    config = Config()
    config.set_main_option("script_location", str(history).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/now.db", poolclass=NullPool)
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            config.attributes["changes"] = bool(revisions(history))
            if revisions(history):
                command.upgrade(config, "head")
            number = f"{len(revisions(history)) + 1:04}"
            script = command.revision(config, name, autogenerate=True, rev_id=number)
    if not isinstance(script, Script):
        raise TypeError(script)
    path = Path(script.path)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "# ###" not in line), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].isidentifier():
        sys.exit("usage: python -m core.store.migrations name_of_the_change")
    write(sys.argv[1])
