from pathlib import Path
from random import Random

import pytest

from tests.kills import seed
from tests.kills.lines import Line
from tests.kills.people import Ledger, Person
from tests.kills.process import LISTENS, Service


async def test_a_failure_tells_what_the_service_said_last_and_what_it_had_left_to_send(folder: Path) -> None:
    service = Service(folder)
    await seed.pairs(service.url, None, [("ann", "ben")])
    with pytest.raises(AssertionError, match="as it happens") as failed:
        await fail(service)
    (told,) = failed.value.__notes__
    assert LISTENS in told
    assert "'kind': 'room', 'state': 'ready'" in told


async def fail(service: Service) -> None:
    """Find something wrong while a line waits for Ben, whom nobody listens for."""
    line = Line()
    async with service:
        await service.start()
        await service.listening()
        await line.connect(service.socket)
        await Person("ann", line, Ledger(), Random(1)).talk("ben", 1)
        await line.close()
        raise AssertionError("as it happens")
