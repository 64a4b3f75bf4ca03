"""How what somebody does on Discord comes before the bot, and is waited for."""

# ruff: noqa: ASYNC109  (the timeout is Discord's)

from dataclasses import dataclass

from tests.platforms.discord_account import Accounts
from tests.platforms.discord_gateway import Event
from tests.platforms.discord_posting import FILE_BYTES
from tests.platforms.discord_world import DM_CHANNEL, Channel, Form, Interaction, Json, Message, User


@dataclass(frozen=True, slots=True)
class Ack:
    """How the bot answered, or why it did not: timeout, nobody, held, abandoned; `kind` is the type of its answer."""

    ok: bool
    kind: int
    seconds: float
    why: str
    interaction: Interaction
    event: Event

    @property
    def message(self) -> Message | None:
        """The message that answers, or was changed or is thought about."""
        return self.interaction.original

    @property
    def modal(self) -> Form | None:
        """The modal that was opened."""
        return self.interaction.modal

    @property
    def choices(self) -> list[Json]:
        """What autocomplete offers."""
        return self.interaction.choices


class Acting(Accounts):
    """Brings interactions to the bot."""

    def __init__(self, seed: int = 0) -> None:
        """Prepare it; every chance in it comes from the seed."""
        super().__init__(seed)
        self._abandoned = 0
        self.people_seconds = 3.0
        """How long somebody waits for an answer, unless told otherwise."""

    def abandon(self) -> None:
        """Stop waiting for answers and forget sessions without a connection: the bot was killed."""
        self._abandoned += 1
        self.sessions = [session for session in self.sessions if session.ws is not None]
        self.changed()

    async def interact(
        self, user: User, kind: int, data: Json, place: Channel, message: Message | None = None,
        timeout: float | None = None,
    ) -> Ack:  # fmt: skip
        """Tell the bot what somebody did, and wait for its answer as long as people do."""
        self._forget()
        made = Interaction(self.snowflake(), self.letters(60), kind, user, place, self.now, data, message)
        self.interactions[made.token] = made
        event = Event("INTERACTION_CREATE", self._written(made), place.guild.id if place.guild else "")
        start, before = self.now, self._abandoned
        seconds = self.people_seconds if timeout is None else timeout
        place.opened = True
        await self.tell(event)
        why = ""
        if self.held:
            why = "held"
        elif not self.sessions:
            why = "nobody"
        else:
            try:
                await self.until(lambda: made.answer is not None or self._abandoned > before, seconds)
            except TimeoutError:
                why = "timeout"
            if made.answer is None:
                why = why or "abandoned"
        return Ack(not why, made.answer or 0, self.now - start, why, made, event)

    def _forget(self) -> None:
        """Forget the oldest interactions whose tokens have run out."""
        for token, each in list(self.interactions.items())[:2]:
            if self.now - each.at > self.token_seconds:
                del self.interactions[token]

    def _written(self, made: Interaction) -> Json:
        place, user = made.channel, made.user
        out: Json = {
            "id": made.id, "application_id": self.app_id, "type": made.kind, "data": made.data, "token": made.token,
            "version": 1, "channel_id": place.id, "channel": place.json(), "locale": user.locale, "entitlements": [],
            "attachment_size_limit": FILE_BYTES, "context": 1 if place.kind == DM_CHANNEL else 0,
        }  # fmt: skip
        if made.message is not None:
            out["message"] = made.message.json()
        if place.guild is None:
            owners = {"0": "0"}
            return {
                **out,
                "user": user.json(),
                "authorizing_integration_owners": owners,
                "app_permissions": "0",
            }
        guild = place.guild
        out["channel"]["permissions"] = guild.member(user)["permissions"]
        return {
            **out, "member": guild.member(user), "guild_id": guild.id, "guild_locale": guild.locale,
            "guild": {"id": guild.id, "locale": guild.locale, "features": []},
            "authorizing_integration_owners": {"0": guild.id}, "app_permissions": str(guild.granted),
        }  # fmt: skip
