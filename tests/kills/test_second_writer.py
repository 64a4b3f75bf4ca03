import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from core.store.types import new_key
from tests.kills import seed
from tests.kills.process import PATIENCE, Service

SHEET = "ref,topics,country\nm-1,sql;python,ES\n"


async def test_a_second_writer_is_refused_in_words_and_readers_work_beside_the_first(folder: Path) -> None:
    service = Service(folder, key=(key := new_key()))
    await seed.pairs(service.url, key, [("ann", "ben")])
    (folder / "people.csv").write_text(SHEET, encoding="utf-8")
    writers = (("run",), ("import", "people", "people.csv"), ("invite", "m-1"), ("migrate",))
    async with service, asyncio.timeout(2 * PATIENCE):
        await service.start()
        await service.listening()
        refusals = await asyncio.gather(*(service.command(*writer) for writer in writers))
        for writer, refused in zip(writers, refusals, strict=True):
            assert (refused.code, refused.out) == (1, ""), (writer, refused)
            holder = f"This database is in use by mentorbot run (process {service.pid})."
            assert refused.err.startswith(holder), (writer, refused)
        found = await service.command("find", "sql", "--json")
        assert (found.code, len(json.loads(found.out))) == (0, 1), found
        shown = await service.command("config", "show")
        assert (shown.code, shown.err) == (0, "")
        saved = await service.command("backup", "copy.db")
        assert saved.code == 0, saved
        await service.stop()
    with closing(sqlite3.connect(folder / "copy.db")) as copy:
        assert copy.execute("SELECT name FROM users ORDER BY name").fetchall() == [("ann",), ("ben",)]
