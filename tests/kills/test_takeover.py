import asyncio
import json
from pathlib import Path
from random import Random

import psycopg

from tests.kills import seed
from tests.kills.lines import LIMIT, Line
from tests.kills.people import Ledger, Person
from tests.kills.process import PATIENCE, Service

TAKEOVER = 10.0


async def test_on_postgres_what_a_killed_process_was_sending_is_sent_by_another_when_its_lease_ends(
    folder: Path, postgres_url: str
) -> None:
    service, line = Service(folder, url=postgres_url), Line()
    await seed.pairs(service.url, None, [("ann", "ben")])
    ann = Person("ann", line, Ledger(), Random(1))
    async with service, asyncio.timeout(2 * PATIENCE):
        await service.start()
        await service.listening()
        await line.connect(service.socket)
        reader, writer = await listen(service)
        await ann.talk("ben", 1)
        lost = json.loads(await reader.readline())
        await service.kill()
        writer.close()
        await service.start()
        await service.listening()
        reader, writer = await listen(service)
        # Nobody can know that the first process is dead until its lease is over, which is now.
        url = postgres_url.replace("+psycopg", "")
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as database:
            done = await database.execute("UPDATE outbox SET lease_until = now() WHERE state = 'sending'")
            assert done.rowcount == 1
        async with asyncio.timeout(TAKEOVER):
            again = json.loads(await reader.readline())
        assert again["once"] == lost["once"]
        writer.write(json.dumps({"ack": again["push"]}).encode() + b"\n")
        await service.stop()
        writer.close()
        await line.ended()
        async with await psycopg.AsyncConnection.connect(url) as database:
            rows = await (await database.execute("SELECT state, doubts FROM outbox")).fetchall()
            assert rows == [("sent", 1)]


async def listen(service: Service) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Take pushes by hand, so that the test decides what is confirmed."""
    reader, writer = await asyncio.open_unix_connection(service.socket, limit=LIMIT)
    writer.write(b'{"hello": ["*"]}\n')
    return reader, writer
