"""Telegram's Bot API as bots and people see it: long polling and webhooks, strict, local, and rude on command.

```
async with TelegramServer(seed=1) as telegram:  # Bot(bot.token, telegram.base_url, telegram.base_file_url)
    bot = telegram.bot(7)                 # .token .id .username .commands .webhook .pending .updates; as many as wanted
    ana = bot.person(101, name="Ana Ruiz", language="es", username="ana")  # the same user before every bot
    update = await ana.start("token")     # Update: .id .body .given .confirmed .lost .query; deeds return at once
    await telegram.confirmed(update)      # the bot has it for good: an offset above it, or 2xx; without it: all it has
    # ana.say(text, reply_to=, entities=, chat=group) .command("find python") .edit(m, text) .send_photo(data, caption=)
    # .send_file(name, data, caption=, size=) .send_voice .send_video; ana.said[-1] is what they sent last, a Message
    update = await ana.press(message, "Accept")  # by data or words, version=0 for a former keyboard; inaccessible=True
    update.query.answered, update.query.text, update.query.alert  # ana.queries has them all; .send_data(m, data) forges
    await ana.block(); await ana.unblock(); ana.deactivate(); await ana.delete_chat(); await ana.open(m, "url button")
    group = await ana.create_group("Pair", lee, payload="t0k")  # new = await group.migrate(); await group.remove_bot()
    ana.messages, ana.received, ana.notified, ana.typing, ana.commands, ana.rooms, group.messages
    # Message: .id .text .entities .keyboard .buttons .labels .button(words) .silent .protected .preview .reply_to .file
    # .sender .versions (what it said before each edit) .edited .deleted .parse_mode .at; .text is as read, of files the
    # caption; .entities are the Bot API's, those of the markup and those Telegram finds by itself (url, mention, …)
    call = await telegram.called("sendMessage", 3)  # kit: called, answered, until, calls_of; call.body as sent
    telegram.fault("sendMessage", Refuse429(300), nth=3)  # kit: Refuse429 Status Reset Hang Reply; storm(method, rates)
    telegram.fault("getUpdates", CONFLICT)        # 409, as if another poller had come; a second real one does the same
    telegram.redeliver(update, times=2)   # given again although confirmed; telegram.copy(update): again, with a new id
    telegram.gap(1000); telegram.held = True; telegram.release(second, first)  # ids jump; another order
    telegram.age(update, 151)             # as if it had come so many seconds earlier: queries and updates run out
    telegram.public["https://mentor.example"] = "http://127.0.0.1:8080"  # where a webhook's address really is
    telegram.brought, await telegram.send(bot.webhook, body, headers={})  # what came of deliveries; forge one
    assert not telegram.violations, telegram.violations  # and telegram.fired: mention, user, preview
```
Another name for faults is `download`. Settings: `query_seconds` (150) and `update_seconds` (86,400) on the loop's time,
`strict_burst` (then 1/s a chat, 20/min a group, 30/s in all), `webhook_retry` (the pause after an immediate retry,
doubled up to 60 s), `conflicts` (False lets pollers share), `bot.privacy` (groups), `bot.allowed`, `bot.revoke()`.
"""

from tests.platforms.telegram_core import CONFLICT, Fired, Refusal
from tests.platforms.telegram_markup import Json, utf16
from tests.platforms.telegram_methods import Methods
from tests.platforms.telegram_people import ClientRefuses, Group, Person
from tests.platforms.telegram_world import Bot, Chat, File, Message, Query, Update, User, Webhook

__all__ = [
    "CONFLICT",
    "Account",
    "Bot",
    "Chat",
    "ClientRefuses",
    "File",
    "Fired",
    "Group",
    "Json",
    "Message",
    "Person",
    "Query",
    "Refusal",
    "TelegramServer",
    "Update",
    "User",
    "Webhook",
    "utf16",
]


class Account(Bot):
    """A bot with the people before it."""

    __slots__ = ("people", "server")

    def __init__(self, server: Methods, user: User, token: str) -> None:
        """Give a bot its account."""
        super().__init__(user, token)
        self.server = server
        self.people: dict[int, Person] = {}
        self.next_update = server.rng.randrange(10**8, 9 * 10**8)

    def person(self, user: int, name: str = "", *, language: str = "en", username: str = "") -> Person:
        """Find somebody before this bot, or let them come; they are the same user before every bot."""
        if user not in self.people:
            known = self.server.users.setdefault(user, User(user, name or f"P{user}", username, language))
            self.people[user] = Person(self.server, self, known)
        return self.people[user]

    def revoke(self) -> str:
        """Give it a new token, as BotFather does; the old one is worth nothing."""
        self.token = f"{self.id}:AA{self.server.letters(33)}"
        return self.token


class TelegramServer(Methods):
    """A local Telegram with as many bots as wanted."""

    def bot(self, bot: int, name: str = "Mentoring") -> Account:
        """Make a bot, or find it."""
        if bot not in self.bots:
            user = User(bot, name, f"mentor{bot}_bot", is_bot=True)
            self.bots[bot] = Account(self, user, f"{bot}:AA{self.letters(33)}")
        found = self.bots[bot]
        assert isinstance(found, Account), "they are all made here"
        return found

    def person(self, bot: int, user: int) -> Person:
        """Find somebody who has come."""
        return self.bot(bot).people[user]
