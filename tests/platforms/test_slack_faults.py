"""What goes wrong between the program and Slack: nothing is lost, and nothing comes twice but after a doubt."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from bot.ports import Gone, Later, Refused, Sent, Unknown
from tests.platforms.kit import Call, Fault, Refuse429, Reply, Reset, Status
from tests.platforms.program import rows
from tests.platforms.slack_program import Running, Watched, pairs, running
from tests.platforms.slack_server import SlackServer

POST = "chat.postMessage"
CROWD = [(f"UANN{number}", f"UBEN{number}") for number in range(8)]
EVERYBODY = [user for pair in CROWD for user in pair]
STORM = (
    (0.3, Refuse429(1)),
    (0.1, Status(503)),
    (0.1, Status(500, before=False)),
    (0.025, Reset()),
    (0.025, Reset(before=False)),
)
DOUBTFUL: Sequence[Fault] = (
    Status(500),
    Status(503, before=False),
    Reset(),
    Reset(before=False),
)


def posts(slack: SlackServer, text: str) -> list[Call]:
    """Give the tries to post something with these words."""
    return [call for call in slack.calls_of(POST) if text in call.body["text"]]


# --- While sending ------------------------------------------------------------------------------------------------


async def test_who_is_asked_to_wait_waits_and_nobody_waits_with_them(sqlite_store_url: str) -> None:
    async with SlackServer(seed=1) as slack:
        await pairs(slack, sqlite_store_url, *CROWD)
        slack.fault(POST, Refuse429(5))
        async with running(slack, sqlite_store_url) as bot:
            await bot.send(("UANN0", "the first"))
            await slack.until(lambda: bot.outcomes(Later))
            asked = slack.calls_of(POST)[0].at
            await bot.send(("UANN0", "the second"), *((user, "for all") for user in EVERYBODY[1:]))
            await slack.until(lambda: len(bot.outcomes(Sent)) == len(EVERYBODY) + 1)
            # What an answer has to say waits too.
        first, *ours = [call for call in slack.calls_of(POST) if call.body["channel"] == "UANN0"]
        others = [call for call in slack.calls_of(POST) if call.body["channel"] != "UANN0"]
        assert first.status == 429
        assert min(call.at for call in ours) >= asked + 5
        assert max(call.at for call in others) < min(call.at for call in ours)
        assert Counter(call.body["text"] for call in ours) == {"Olga: the first": 1, "Olga: the second": 1}
        assert not slack.violations


async def test_an_answer_waits_as_well_where_slack_has_asked_to(sqlite_store_url: str) -> None:
    async with SlackServer(seed=1) as slack:
        await pairs(slack, sqlite_store_url, *CROWD[:1])
        ann = slack.person("T1", "UANN0")
        slack.fault(POST, Refuse429(1))
        async with running(slack, sqlite_store_url) as bot:
            await bot.send(("UANN0", "a message"))
            await slack.until(lambda: bot.outcomes(Later))
            asked = slack.calls_of(POST)[0].at
            assert (await ann.say("hello")).ok
            await slack.until(lambda: len(ann.messages) == 3)
        mine = [call for call in slack.calls_of(POST)[1:] if call.body["channel"] != "UBEN0"]
        assert len(mine) == 2
        assert min(call.at for call in mine) >= asked + 1


@pytest.mark.parametrize("fault", DOUBTFUL, ids=repr)
async def test_what_may_have_arrived_is_sent_once_more(sqlite_store_url: str, fault: Fault) -> None:
    async with SlackServer(seed=1) as slack:
        await pairs(slack, sqlite_store_url, *CROWD)
        slack.fault(POST, fault, times=len(EVERYBODY))
        async with running(slack, sqlite_store_url) as bot:
            await bot.send(*((user, "a message") for user in EVERYBODY))
            await slack.until(lambda: len(bot.outcomes(Sent)) == len(EVERYBODY))
            assert len(bot.outcomes(Unknown)) == len(EVERYBODY)
        accepted = 1 if fault in {Status(500), Reset()} else 2
        for user in EVERYBODY:
            seen = [message.shown for message in slack.person("T1", user).messages]
            assert seen == ["Olga: a message"] * accepted
    assert rows(sqlite_store_url, "SELECT DISTINCT state, doubts FROM outbox") == [("sent", 1)]


async def test_a_message_in_doubt_twice_is_listed_and_not_sent_a_third_time(sqlite_store_url: str) -> None:
    async with SlackServer(seed=1) as slack:
        await pairs(slack, sqlite_store_url, *CROWD[:1])
        slack.fault(POST, Status(500, before=False), times=2)
        async with running(slack, sqlite_store_url) as bot:
            await bot.send(("UANN0", "a message"))
            await slack.until(lambda: len(bot.outcomes(Unknown)) == 2)
        assert len(slack.person("T1", "UANN0").messages) == 2
    assert rows(sqlite_store_url, "SELECT state, doubts FROM outbox") == [("unknown", 1)]


async def test_while_slack_refuses_connections_messages_wait_and_arrive_once(sqlite_store_url: str) -> None:
    async with SlackServer(seed=1) as slack:
        await pairs(slack, sqlite_store_url, *CROWD)
        async with running(slack, sqlite_store_url, Watched(slack, ping=0.2)) as bot:
            await slack.connected(2)
            await slack.refuse()
            await bot.send(*((user, "a message") for user in EVERYBODY))
            await slack.until(lambda: len(bot.outcomes(Refused)) >= len(EVERYBODY))
            assert not bot.outcomes(Unknown)
            await slack.accept()
            await slack.until(lambda: len(bot.outcomes(Sent)) == len(EVERYBODY))
            await slack.connected(2)
            ann = slack.person("T1", "UANN0")
            assert (await ann.say("hello")).ok
        for user in EVERYBODY:
            arrived = [m for m in slack.person("T1", user).messages if m.shown == "Olga: a message"]
            assert len(arrived) == 1
    query = "SELECT DISTINCT state, doubts FROM outbox WHERE once LIKE 'test:%'"
    assert rows(sqlite_store_url, query) == [("sent", 0)]


@pytest.mark.parametrize(
    ("people", "messages"),
    [pytest.param(500, 500, id="few"), pytest.param(1000, 10_000, id="many", marks=pytest.mark.soak)],
)
async def test_in_a_storm_nothing_is_lost_and_copies_follow_a_doubt(
    sqlite_store_url: str, people: int, messages: int
) -> None:
    crowd = [f"UONE{number}" for number in range(people)]
    async with SlackServer(seed=messages) as slack:
        await pairs(slack, sqlite_store_url, *zip(crowd[::2], crowd[1::2], strict=True))
        slack.echoes = False
        slack.storm(POST, STORM)
        async with running(slack, sqlite_store_url) as bot:
            lines = [(crowd[number % people], f"line {number}.") for number in range(messages)]
            await bot.send(*lines, in_order=True)
            await slack.until(lambda: ended(bot) == messages, 30 + messages / 10)
        calls = slack.calls_of(POST)
        arrived = Counter(message.shown for one in crowd for message in slack.person("T1", one).messages)
    until: dict[str, float] = {}
    for call in calls:
        assert call.at >= until.get(call.body["channel"], 0.0)
        if call.status == 429:
            until[call.body["channel"]] = call.at + 1
    doubts = Counter(call.body["text"] for call in calls if call.status in {0, 500, 503})
    states = dict(rows(sqlite_store_url, "SELECT once, state FROM outbox"))
    assert len(states) == messages
    for number in range(messages):
        text = f"Olga: line {number}."
        # Twice in doubt is listed; that it arrived once or twice or not at all is what nobody knows.
        assert states[f"test:{number + 1}"] == ("unknown" if doubts[text] == 2 else "sent")
        assert arrived[text] <= 1 + (doubts[text] > 0)
        assert arrived[text] >= 1 or doubts[text] == 2


def ended(bot: Running) -> int:
    """Count the messages that were sent or are listed."""
    doubts = Counter(once for _, once, delivery in bot.adapter.pushed if isinstance(delivery, Unknown))
    return len(bot.outcomes(Sent)) + sum(count == 2 for count in doubts.values())


async def test_who_has_left_is_not_written_to_again(sqlite_store_url: str) -> None:
    async with SlackServer(seed=1) as slack:
        await pairs(slack, sqlite_store_url, *CROWD[:2])
        slack.person("T1", "UANN0").profile.deleted = True
        slack.person("T1", "UBEN0").dm.archived = True
        async with running(slack, sqlite_store_url) as bot:
            await bot.send(*((user, "a message") for user in EVERYBODY[:4]))
            await slack.until(lambda: len(bot.adapter.pushed) == 4)
            assert sorted(str(delivery) for delivery in bot.outcomes(Gone)) == [
                "Gone(why='channel_not_found')",
                "Gone(why='is_archived')",
            ]
            await slack.person("T1", "UBEN1").change(deleted=True)
        assert len(slack.calls_of(POST)) == 4
    gone = rows(sqlite_store_url, "SELECT id FROM addresses WHERE NOT reachable ORDER BY id")
    assert gone == [("T1/UANN0",), ("T1/UBEN0",), ("T1/UBEN1",)]
    assert rows(sqlite_store_url, "SELECT state FROM outbox ORDER BY id") == [
        ("dead",),
        ("dead",),
        ("sent",),
        ("sent",),
    ]


# --- Tokens -------------------------------------------------------------------------------------------------------


async def test_a_workspace_that_removes_the_app_is_named_and_the_others_go_on(sqlite_store_url: str) -> None:
    async with SlackServer(seed=1) as slack:
        slack.team("T1")
        slack.team("T2")
        await pairs(slack, sqlite_store_url, ("T1/UANN", "T1/UBEN"), ("T2/UEVA", "T2/UDAN"))
        async with running(slack, sqlite_store_url) as bot:
            await bot.send(("T1/UANN", "before"))
            await slack.until(lambda: bot.outcomes(Sent))
            assert (await slack.team("T1").revoke()).ok
            assert "the workspace T1 has removed the app (tokens_revoked)" in await bot.said("T1")
            await bot.send(("T1/UANN", "after"), ("T2/UEVA", "after"))
            await slack.until(lambda: len(bot.outcomes(Sent)) == 2)
            await slack.until(lambda: bot.outcomes(Refused, "T1/UANN"))
            assert (await slack.person("T2", "UEVA").say("hello")).ok
            await slack.until(lambda: len(slack.person("T2", "UDAN").messages) == 1)
        assert [message.shown for message in slack.person("T1", "UANN").messages] == ["Olga: before"]
    trouble = "SELECT state, trouble FROM outbox WHERE once = 'test:2'"
    assert rows(sqlite_store_url, trouble) == [("ready", "this workspace is not configured")]


async def test_a_token_that_slack_stops_taking_is_told_in_words(sqlite_store_url: str) -> None:
    async with SlackServer(seed=1) as slack:
        slack.team("T1")
        slack.team("T2")
        await pairs(slack, sqlite_store_url, ("T1/UANN", "T1/UBEN"), ("T2/UEVA", "T2/UDAN"))
        async with running(slack, sqlite_store_url) as bot:
            # Slack's word that it was revoked never comes.
            slack.teams["T1"].state = "revoked"
            await bot.send(("T1/UANN", "a message"), ("T2/UEVA", "a message"))
            line = await bot.said("token_revoked")
            assert "T1" in line
            assert line.startswith("ERROR")
            await slack.until(lambda: bot.outcomes(Sent, "T2/UEVA"))
            assert not bot.outcomes(Gone)


async def test_a_token_that_is_not_good_at_the_start_stops_only_its_workspace(sqlite_store_url: str) -> None:
    async with SlackServer(seed=1) as slack:
        slack.team("T1")
        slack.team("T2")
        await pairs(slack, sqlite_store_url, ("T1/UANN", "T1/UBEN"), ("T2/UEVA", "T2/UDAN"))
        slack.teams["T1"].state = "inactive"
        async with running(slack, sqlite_store_url) as bot:
            assert "token number 1 of slack.bot_tokens (account_inactive)" in await bot.said("bot_tokens")
            await bot.send(("T2/UEVA", "a message"))
            await slack.until(lambda: bot.outcomes(Sent))


async def test_an_app_token_that_is_not_good_is_told_and_tried_until_it_is(sqlite_store_url: str) -> None:
    async with SlackServer(seed=1) as slack:
        await pairs(slack, sqlite_store_url, *CROWD[:1])
        adapter = Watched(slack, app_token="xapp-1-another")
        async with running(slack, sqlite_store_url, adapter) as bot:
            line = await bot.said("slack.app_token")
            assert "Slack opens no socket for slack.app_token (invalid_auth)" in line
            assert "connections:write" in line
            assert "It is tried again in 1 s." in line
            await bot.send(("UANN0", "a message"))
            await slack.until(lambda: bot.outcomes(Later))
            slack.app_token = "xapp-1-another"
            await asyncio.wait_for(adapter.listening.wait(), 10)
            await slack.connected(2)
            await slack.until(lambda: bot.outcomes(Sent))
            assert (await slack.person("T1", "UANN0").say("hello")).ok


async def test_without_any_workspace_the_adapter_says_so_and_begins_anew(sqlite_store_url: str) -> None:
    async with SlackServer(seed=1) as slack:
        await pairs(slack, sqlite_store_url, *CROWD[:1])
        async with running(slack, sqlite_store_url) as bot:
            assert (await slack.team("T1").revoke()).ok
            line = await bot.said("It is tried again")
            assert "no workspace" in line
            await bot.said("token number 1 of slack.bot_tokens (token_revoked)")
            slack.teams["T1"].state = "installed"
            await asyncio.wait_for(bot.adapter.listening.wait(), 10)
            await bot.send(("UANN0", "a message"))
            await slack.until(lambda: bot.outcomes(Sent))


# --- Connections --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_while_connections_are_refreshed_no_event_is_lost(sqlite_store_url: str, reason: str) -> None:
    async with SlackServer(seed=1) as slack:
        await pairs(slack, sqlite_store_url, *CROWD)
        slack.retries = (0.0, 0.0, 0.0)
        enough = asyncio.Event()
        said: list[str] = []

        async def talk(user: str) -> None:
            person = slack.person("T1", user)
            while not enough.is_set():
                said.append(f"{user}: {len(person.said)}")
                await person.say(str(len(person.said)), timeout=0.5)

        async def refresh() -> None:
            await slack.connected(2)
            old, count = slack.alive[0], len(said)
            await slack.disconnect(reason, old)
            await slack.until(lambda: old not in slack.connections)
            assert slack.alive
            await slack.until(lambda: len(said) > count + 20)

        async with running(slack, sqlite_store_url):
            talking = [asyncio.create_task(talk(ann)) for ann, _ in CROWD]
            for _ in range(4):
                await refresh()
            enough.set()
            await asyncio.gather(*talking)
            readers = [slack.person("T1", ben) for _, ben in CROWD]
            await slack.until(lambda: sum(len(reader.messages) for reader in readers) >= len(said))
            await slack.until(lambda: not slack.unacknowledged)
        arrived = Counter(message.shown for reader in readers for message in reader.messages)
    assert arrived == Counter(said)


async def test_a_switched_off_socket_mode_is_told_and_works_once_it_is_on(sqlite_store_url: str) -> None:
    async with SlackServer(seed=1) as slack:
        await pairs(slack, sqlite_store_url, *CROWD[:1])
        slack.retries = (0.0,)
        ann, ben = slack.person("T1", "UANN0"), slack.person("T1", "UBEN0")
        async with running(slack, sqlite_store_url, Watched(slack, ping=0.1)) as bot:
            await slack.connected(2)
            await slack.disconnect("link_disabled")
            await asyncio.gather(*(slack.drop(connection) for connection in slack.alive))
            await bot.said("no connection to Slack")
            slack.held = True
            await ann.say("hello")
            slack.link_disabled = False
            await slack.connected(2)
            await slack.redeliver()
            await slack.until(lambda: ben.messages)
    assert [message.shown for message in ben.messages] == ["UANN0: hello"]


async def test_duplicates_and_disorder_have_one_effect_each(sqlite_store_url: str) -> None:
    async with SlackServer(seed=1) as slack:
        await pairs(slack, sqlite_store_url, *CROWD)
        slack.held = True
        async with running(slack, sqlite_store_url):
            for number in range(3):
                for ann, _ in CROWD:
                    await slack.person("T1", ann).say(f"line {number}")
            every = slack.unacknowledged
            slack.rng.shuffle(every)
            acks = await slack.redeliver(*every, times=5)
            assert all(ack.ok for ack in acks)
            await slack.connected(2)
            again = await slack.redeliver(*every[::-1], reason="timeout", attempt=3)
            assert all(ack.ok for ack in again)
            used = {id(connection) for connection in slack.connections if connection.sent}
            assert len(used) == 2
            await slack.until(lambda: all(len(slack.person("T1", ben).messages) == 3 for _, ben in CROWD))
            answered = "Passed on"
            await slack.until(lambda: len(posts(slack, answered)) == 3 * len(CROWD))
        for ann, ben in CROWD:
            seen = sorted(message.shown for message in slack.person("T1", ben).messages)
            assert seen == [f"{ann}: line {number}" for number in range(3)]
        assert len(posts(slack, answered)) == 3 * len(CROWD)
    assert rows(sqlite_store_url, "SELECT count(*) FROM outbox") == [(3 * len(CROWD),)]


async def test_no_question_comes_again_because_an_answer_is_delivered_again(sqlite_store_url: str) -> None:
    async with SlackServer(seed=1) as slack:
        zoe = slack.team("T1").person("UZOE", name="Zoe")
        async with running(slack, sqlite_store_url):
            await zoe.command("/mentor", "signup")
            await slack.until(lambda: zoe.view is not None)
            await zoe.close()
            # The form goes on in the chat, question by question.
            for text in ("well", "yes", "Zoe", "mentee"):
                count = len(slack.calls_of(POST))
                ack = await zoe.say(text)
                await slack.called(POST, count + 1)
                again = await slack.redeliver(ack.event, times=3)
                assert all(one.ok for one in again)
        asked = [message.shown for message in zoe.messages if message.bot_id]
        assert len(asked) == len(set(asked)) == 4


async def test_a_dead_socket_that_looks_open_is_replaced(sqlite_store_url: str) -> None:
    async with SlackServer(seed=1) as slack:
        await pairs(slack, sqlite_store_url, *CROWD[:1])
        slack.retries = (0.0, 0.0, 0.0)
        ann, ben = slack.person("T1", "UANN0"), slack.person("T1", "UBEN0")
        async with running(slack, sqlite_store_url, Watched(slack, ping=0.1)):
            await slack.connected(2)
            dead = list(slack.connections)
            for connection in dead:
                slack.kill(connection)
            ack = await ann.say("hello", timeout=0.1)
            assert ack.why == "timeout"
            await slack.connected(2)
            assert not set(map(id, dead)) & set(map(id, slack.alive))
            async with asyncio.timeout(30):
                # On a busy machine a good socket can look dead as well: then Slack delivers once more.
                while slack.unacknowledged:
                    await slack.connected(2)
                    await slack.redeliver()
            await slack.until(lambda: ben.messages)
    assert [message.shown for message in ben.messages] == ["UANN0: hello"]


async def test_a_socket_whose_address_is_not_good_any_more_is_made_anew(sqlite_store_url: str) -> None:
    async with SlackServer(seed=1) as slack:
        await pairs(slack, sqlite_store_url, *CROWD[:1])
        ann, ben = slack.person("T1", "UANN0"), slack.person("T1", "UBEN0")
        async with running(slack, sqlite_store_url, Watched(slack, ping=0.1)):
            await slack.connected(2)
            stale = {"ok": True, "url": f"ws{slack.url.removeprefix('http')}/link/?ticket=used"}
            slack.fault("apps.connections.open", Reply(stale))
            await slack.disconnect("refresh_requested", slack.alive[0])
            await slack.until(lambda: len(slack.alive) == 1)
            assert (await ann.say("hello")).ok
            await slack.connected(2)
            await slack.until(lambda: ben.messages)
    assert [message.shown for message in ben.messages] == ["UANN0: hello"]
