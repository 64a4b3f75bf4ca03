"""The drivers by platform: the contract suite and the scripted conversations are played on each of them."""

from collections.abc import Mapping

from bot.stage.driver import ConsoleDriver, Driver
from tests.contract.socket_driver import SocketDriver
from tests.contract.web_driver import WebDriver
from tests.platforms.discord_driver import DiscordDriver
from tests.platforms.slack_driver import SlackDriver
from tests.platforms.telegram_driver import TelegramDriver

DRIVERS: Mapping[str, type[Driver]] = {
    "console": ConsoleDriver,
    "socket": SocketDriver,
    "web": WebDriver,
    "slack": SlackDriver,
    "telegram": TelegramDriver,
    "discord": DiscordDriver,
}
