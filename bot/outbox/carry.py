"""Carrying a file from one platform to another: its bytes are read when it is delivered, and kept nowhere."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from bot.ports import Adapter, Attached
from bot.turn import Carried

log = logging.getLogger(__name__)

READ_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Lost:
    """The bytes cannot be had; `again` says whether trying later can help."""

    why: str
    again: bool = False


async def fetch(
    adapter: Adapter | None, carried: Carried, limit: int, seconds: float = READ_SECONDS
) -> Attached | Lost:
    """Read a file of at most `limit` bytes from the platform it was sent on, within so many seconds."""
    if adapter is None:
        return Lost("the platform of a file is not connected", again=True)
    file = carried.file
    data = bytearray()
    parts = adapter.open(file)
    try:
        async with asyncio.timeout(seconds):
            async for part in parts:
                data += part
                if len(data) > limit:
                    return Lost("a file is larger than it was said to be")
    except FileNotFoundError:
        return Lost("a file is gone")
    except TimeoutError:
        return Lost("a file could not be read in time", again=True)
    except Exception:  # whatever a platform's library raises must not stop the others
        log.exception("reading a file from %s failed", carried.platform)
        return Lost("a file could not be read; see the log", again=True)
    finally:
        if isinstance(parts, AsyncGenerator):
            await parts.aclose()
    if file.size and not data:
        return Lost("a file is gone")
    return Attached(file.name, file.mime, bytes(data), file.name)
