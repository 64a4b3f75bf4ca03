import asyncio
import logging
import time
from pathlib import Path
from random import Random

import pytest

from bot import config
from bot.keys import EmptyKeyFileError, keyring
from tests.kills import seed
from tests.kills.lines import Line, Receiver
from tests.kills.people import Ledger, Person
from tests.kills.process import PATIENCE, Service

log = logging.getLogger(__name__)

SECRET = "the landlord of the blue house collects antique barometers"
LONG = f"{SECRET}. " + "And some more of it. " * 150
"""Too long for one page of the database, so that parts of it lie in pages of their own."""
ANN, BEN = "ann", "ben"
KEPT_AFTER_DELIVERY = 60.0


async def test_what_a_room_carried_is_gone_from_the_disk_within_a_minute_of_delivery(folder: Path) -> None:
    """Whether the process that delivered it runs on or is killed; both at once, since both mostly wait."""
    for name in ("first", "second"):
        (folder / name).mkdir()
    await asyncio.gather(carry(folder / "first", killed=False), carry(folder / "second", killed=True))


async def carry(folder: Path, *, killed: bool) -> None:
    service, line = Service(folder), Line()
    await seed.pairs(service.url, None, [(ANN, BEN)])
    ann = Person(ANN, line, Ledger(), Random(0))
    async with (
        service,
        Receiver(folder / "log") as receiver,
        asyncio.timeout(KEPT_AFTER_DELIVERY + 2 * PATIENCE),
    ):
        await service.start()
        await service.listening()
        await line.connect(service.socket)
        await ann.surely(say="/talk")
        await ann.surely(say=SECRET)
        await ann.surely(say=LONG)
        # Nobody listens for Ben yet, and so it waits.
        assert traces(service)
        await receiver.connect(service.socket)
        await receiver.first(lambda push: push["message"]["text"].count("some more") > 100)
        while service.count("outbox WHERE kind = 'room' AND state != 'sent'"):
            await receiver.next(0.05)
        delivered = time.monotonic()
        if killed:
            await service.kill()
            assert traces(service)
            await service.start()
            await service.listening()
        while traces(service):
            assert time.monotonic() - delivered < KEPT_AFTER_DELIVERY
            await receiver.next(0.2)
        log.info("gone %.1f s after delivery, killed: %s", time.monotonic() - delivered, killed)
        await service.stop()
        await line.close()
    assert SECRET not in "".join(service.said)
    assert {push["to"] for push in receiver.logged() if SECRET in push["message"]["text"]} == {BEN}


def traces(service: Service) -> list[str]:
    """Name the files of the database in which the secret can be read."""
    return [path.name for path in sorted(service.home.iterdir()) if SECRET[:24].encode() in path.read_bytes()]


def test_a_key_file_without_a_key_is_refused_rather_than_storing_readably(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    settings = config.load(None, {"MENTORBOT_HOME": str(tmp_path)}, {}, tmp_path)
    made, told = keyring(settings)
    assert told is not None
    assert str(settings.key_file) in told
    assert settings.key_file.stat().st_mode & 0o077 == 0
    again, told = keyring(settings)
    assert told is None
    assert again.open(made.seal("a secret")) == "a secret"
    settings.key_file.write_text("\n")
    with pytest.raises(EmptyKeyFileError, match=r"encryption\.key holds no key"):
        keyring(settings)
    assert [path.name for path in settings.key_file.parent.iterdir()] == ["encryption.key"]
