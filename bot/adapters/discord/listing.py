"""Telling Discord the commands: only when they have changed, since it counts how often it is told."""

import logging

from bot.adapters.discord.calls import Call, Calls, Failed
from bot.adapters.discord.commands import definitions, digest
from bot.adapters.discord.payload import bodies_of
from bot.ports import Program

log = logging.getLogger(__name__)

PATH = "/applications/{application}/commands"


async def publish(calls: Calls, program: Program) -> None:
    """Register the commands for all servers and for the conversation with the bot, where others are there now."""
    wanted = definitions(program.commands, program.languages, program.words)
    place = {"application": calls.id}
    there = await calls.ask(Call("GET", PATH, place, query={"with_localizations": "true"}))
    if not isinstance(there, Failed) and digest(bodies_of(there)) == digest(wanted):
        return
    told = await calls.ask(Call("PUT", PATH, place, wanted))
    if isinstance(told, Failed):
        log.warning("the commands are not listed on Discord: %s", told.error)
    else:
        log.info("the commands are listed on Discord")
