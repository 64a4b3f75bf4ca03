"""discord.py's own dispatch: commands, modals and views of the library's, and what people answered in memory.

What is received is parsed into its objects, as it always is. What is sent goes as far as its session, which answers
on the spot.
"""

import asyncio
import json
from typing import Any, Self, cast

import discord
from discord import app_commands, ui

from benchmarks.peers.discord import BOT, Body, Payload, message_json, server_json, user_json
from benchmarks.peers.questions import QUESTIONS, Question, asked, welcome

Interaction = discord.Interaction["Peer"]

OPTIONS = {
    "consent": {"yes": "I agree", "no": "Not now"},
    "role": {"mentee": "I want a mentor", "mentor": "I want to help", "both": "Both"},
}
DAYS, PARTS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun"), {"morning": (8, 12), "evening": (18, 21)}
PAGES = (QUESTIONS[:5], QUESTIONS[5:])
TITLE = "Sign up"
LABEL_LIMIT = 45

mentor: app_commands.Group = app_commands.Group(name="mentor", description="Mentoring")


async def start(client: discord.Client) -> None:
    """Start a client without a network, as it is after a session has begun in a server."""
    await client._async_setup_hook()  # noqa: SLF001  with a network it is part of the login
    state = client._connection  # noqa: SLF001  what is received is put into it
    state.user = discord.ClientUser(state=state, data=cast("Any", user_json(BOT, bot=True)))
    state.application_id = int(BOT)
    state.parsers["GUILD_CREATE"](server_json())


class Offline:
    """Answers on the spot; nothing leaves the process. `sent` tells what was sent, by channel or token."""

    def __init__(self) -> None:
        """Expect nothing yet."""
        self.sent: dict[str, asyncio.Future[Payload]] = {}

    def request(self, method: str, url: str, *, data: Any, **more: object) -> "Answered":  # noqa: ANN401  as it comes
        """Take what the library has written."""
        del method, more
        told: Body = json.loads(data)
        self.sent.pop(url.rsplit("/", 2)[1]).set_result(told.get("data", told))
        return Answered(CALLBACK if "type" in told else POSTED)


class Answered:
    """An answer of Discord's."""

    status = 200
    headers = {"content-type": "application/json"}  # noqa: RUF012  it is only read

    def __init__(self, body: str) -> None:
        """Hold what it says."""
        self._body = body

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        pass

    async def text(self, encoding: str) -> str:
        """Give it."""
        del encoding
        return self._body


POSTED = json.dumps(message_json("1", user_json(BOT, bot=True), {"content": "ok"}))
CALLBACK = json.dumps({"interaction": {"id": "1", "type": 2}, "resource": {"type": 9}})


class Peer(discord.Client):
    """A client with one command and one conversation."""

    def __init__(self) -> None:
        """Remember nobody; keep neither messages nor members."""
        super().__init__(
            intents=discord.Intents(guilds=True, dm_messages=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
        )
        self.offline = Offline()
        self.answers: dict[int, Body] = {}
        self.views: dict[str, ui.View] = {}
        self.onward = Onward()
        app_commands.CommandTree(self).add_command(mentor)

    async def open(self) -> None:
        """Start it."""
        await start(self)
        self.http._HTTPClient__session = self.offline  # type: ignore[attr-defined]  # noqa: SLF001  it has no other way in
        self.http._global_over = asyncio.Event()  # noqa: SLF001  the same
        self.http._global_over.set()  # noqa: SLF001  the same
        self.views = {question.key: Choosing(question) for question in QUESTIONS if question.key in OPTIONS}
        self.views["free"] = Free()
        for view in (*self.views.values(), self.onward):
            self.add_view(view)

    async def take(self, frame: Body) -> Payload:
        """Take a frame; gives what is shown for it."""
        body = frame["d"]
        answered: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self.offline.sent[body["token"] if "token" in body else body["channel_id"]] = answered
        self._connection.parsers[frame["t"]](body)
        return await answered

    # --- In the conversation ------------------------------------------------------------------------------------

    async def on_message(self, message: discord.Message) -> None:
        """Begin, or take an answer that is typed."""
        if message.author.bot:
            return
        if message.content == "/signup":
            self.answers[message.author.id] = {}
        text, view = self.next(message.author.id, None if message.content == "/signup" else message.content)
        await (message.channel.send(text) if view is None else message.channel.send(text, view=view))

    def next(self, user: int, said: str | None) -> tuple[str, ui.View | None]:
        """Keep an answer; gives what is said then, and what can be pressed."""
        answers = self.answers[user]
        at = len(answers)
        if said is not None:
            value = QUESTIONS[at].read(said)
            if value is None:
                return asked(at, again=True), self.views.get(QUESTIONS[at].key)
            answers[QUESTIONS[at].key] = value
            at += 1
        if at == len(QUESTIONS):
            return welcome(self.answers.pop(user)), None
        return asked(at), self.views.get(QUESTIONS[at].key)


class Choosing(ui.View):
    """The answers to a question as buttons."""

    def __init__(self, question: Question) -> None:
        """Make a button of each."""
        super().__init__(timeout=None)
        for value, label in OPTIONS[question.key].items():
            self.add_item(Answer(label, value, f"{question.key}:{value}"))


class Answer(ui.Button[Choosing]):
    """A button that answers."""

    def __init__(self, label: str, value: str, custom_id: str) -> None:
        """Answer with this value."""
        super().__init__(label=label, custom_id=custom_id)
        self._value = value

    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]  # it is the client's own
        """Take the answer, and ask what is next."""
        text, view = interaction.client.next(interaction.user.id, self._value)
        await reply(interaction, text, view)


class Free(ui.View):
    """Parts of a week."""

    def __init__(self) -> None:
        """Wait for ever."""
        super().__init__(timeout=None)

    @ui.select(
        custom_id="free",
        options=[discord.SelectOption(label=f"{day} {part}", value=f"{number}:{part}")
                 for number, day in enumerate(DAYS) for part in PARTS],
        max_values=14,
    )  # fmt: skip
    async def choose(self, interaction: Interaction, select: ui.Select["Free"]) -> None:
        """Take the answer, and ask what is next."""
        days = " ".join(DAYS[int(value[0])] for value in select.values)
        first, last = PARTS[select.values[0].partition(":")[2]]
        text, view = interaction.client.next(interaction.user.id, f"{days} {first}-{last}")
        await reply(interaction, text, view)


async def reply(interaction: Interaction, text: str, view: ui.View | None) -> None:
    """Answer with a message."""
    if view is None:
        await interaction.response.send_message(text)
    else:
        await interaction.response.send_message(text, view=view)


# --- In modals --------------------------------------------------------------------------------------------------


@mentor.command(name="signup", description=TITLE)
async def begin(interaction: Interaction) -> None:
    """Open the first page."""
    interaction.client.answers[interaction.user.id] = {}
    await interaction.response.send_modal(Page(0))


class Onward(ui.View):
    """What leads to the second page."""

    def __init__(self) -> None:
        """Wait for ever."""
        super().__init__(timeout=None)

    @ui.button(label="Next", style=discord.ButtonStyle.primary, custom_id="next")
    async def go_on(self, interaction: Interaction, button: ui.Button["Onward"]) -> None:
        """Open it."""
        del button
        await interaction.response.send_modal(Page(1))


class Page(ui.Modal):
    """A page of questions."""

    def __init__(self, number: int) -> None:
        """Ask them."""
        super().__init__(title=TITLE)
        self._number = number
        self._fields = {question: field(question) for question in PAGES[number]}
        for question, component in self._fields.items():
            self.add_item(ui.Label(text=question.label[:LABEL_LIMIT], component=component))

    async def on_submit(self, interaction: Interaction) -> None:  # type: ignore[override]  # it is the client's own
        """Take the answers, and go on."""
        peer = interaction.client
        answers = peer.answers[interaction.user.id]
        for question, component in self._fields.items():
            value = question.read(str(component.value))
            if value is None:
                await interaction.response.send_message(f"{question.label} ?", ephemeral=True)
                return
            answers[question.key] = value
        if self._number + 1 < len(PAGES):
            await interaction.response.send_message(TITLE, view=peer.onward, ephemeral=True)
        else:
            done = peer.answers.pop(interaction.user.id)
            await interaction.response.send_message(welcome(done), ephemeral=True)


def field(question: Question) -> ui.TextInput[Page] | ui.RadioGroup[Page]:
    """Make what a question is answered with."""
    if question.key not in OPTIONS:
        return ui.TextInput(custom_id=question.key)
    options = [
        discord.RadioGroupOption(label=label, value=value) for value, label in OPTIONS[question.key].items()
    ]
    return ui.RadioGroup(custom_id=question.key, options=options)
