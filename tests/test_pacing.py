"""The pace of sending: in simulated time, so that hours pass at once."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.pacing import FREE, KEPT, PROMISED, SHARE, SOON_ENOUGH, Course, Pacing, Rate
from bot.adapters.slack.calls import course as of_slack
from tests.simulated import live

Clock = Callable[[], float]
CRUMB = 1e-3
CHAT, WHOLE = Rate(1, 1, 3), Rate(5, 1, 10)
SORTS = ("answer", "urgent", "announcement")
rates = st.builds(Rate, st.integers(1, 60), st.sampled_from([1.0, 10.0, 60.0]), st.integers(1, 20))


def course(_: str) -> Course:
    return Course(CHAT, "bot", WHOLE)


async def announce(pacing: Pacing, name: str) -> None:
    """As the outbox does: asked to come later, it does."""
    await tried(pacing, name)


async def tried(pacing: Pacing, name: str, *, urgent: bool = False) -> int:
    """Come again until it is one's turn; gives how often."""
    for tries in count():
        if not (wait := pacing.wait(name, urgent=urgent)):
            return tries
        await asyncio.sleep(wait)
    raise AssertionError


def most_within(moments: Sequence[float], seconds: float) -> int:
    """The most that were sent in any stretch of time so long."""
    return max((sum(begin <= at < begin + seconds - CRUMB for at in moments) for begin in moments), default=0)


def keeps(moments: Sequence[float], rate: Rate) -> bool:
    """Whether no stretch of time holds more than the burst and what the rate gives meanwhile."""
    ordered = sorted(moments)
    return all(
        place - first + 1 <= rate.burst + (at - begin) / rate.interval + CRUMB
        for first, begin in enumerate(ordered)
        for place, at in enumerate(ordered[first:], first)
    )


@given(
    rates,
    rates,
    st.lists(
        st.tuples(st.floats(0, 30), st.sampled_from("abc"), st.sampled_from(SORTS)), min_size=1, max_size=40
    ),
)
def test_neither_a_chats_rate_nor_the_bots_is_ever_passed(
    chat: Rate, whole: Rate, wanted: list[tuple[float, str, str]]
) -> None:
    async def story(clock: Clock) -> list[tuple[float, str, str]]:
        pacing = Pacing(lambda _: Course(chat, "bot", whole), clock)
        sent = list[tuple[float, str, str]]()

        async def send(at: float, name: str, sort: str) -> None:
            await asyncio.sleep(at)
            if sort == "answer":
                assert await pacing.ready(name, 1e6)
            else:
                await tried(pacing, name, urgent=sort == "urgent")
            sent.append((clock(), name, sort))

        await asyncio.gather(*(send(*each) for each in wanted))
        return sent

    sent = live(story)
    assert len(sent) == len(wanted)
    assert keeps([at for at, _, _ in sent], whole)
    assert keeps([at for at, _, sort in sent if sort == "announcement"], whole.share(SHARE))
    for name in "abc":
        assert keeps([at for at, to, _ in sent if to == name], chat)


@given(st.lists(st.tuples(st.floats(0, 5), st.sampled_from("ab")), min_size=2, max_size=30), st.floats(0, 20))
def test_a_chats_answers_leave_in_the_order_in_which_they_came(
    wanted: list[tuple[float, str]], blocked_for: float
) -> None:
    async def story(clock: Clock) -> list[tuple[str, int]]:
        pacing = Pacing(course, clock)
        sent = list[tuple[str, int]]()

        async def send(number: int, at: float, name: str) -> None:
            await asyncio.sleep(at)
            assert await pacing.ready(name, 1e6)
            sent.append((name, number))

        async def block() -> None:
            await asyncio.sleep(2)
            pacing.blocked("a", blocked_for)

        by_time = sorted(wanted)
        sends = (send(number, at, name) for number, (at, name) in enumerate(by_time))
        await asyncio.gather(block(), *sends)
        return sent

    sent = live(story)
    moments = [at for at, _ in sorted(wanted)]
    for name in "ab":
        numbers = [number for to, number in sent if to == name]
        assert all(one < other or moments[one] == moments[other] for one, other in pairwise(numbers))


def test_a_burst_leaves_at_once_and_the_rest_by_the_second() -> None:
    async def story(clock: Clock) -> list[float]:
        pacing = Pacing(course, clock)
        moments = list[float]()
        for _ in range(6):
            assert await pacing.ready("a")
            moments.append(clock())
        return moments

    assert live(story) == pytest.approx([0, 0, 0, 1, 2, 3], abs=CRUMB)


def test_announcements_leave_a_fifth_and_an_answer_hardly_waits_behind_them() -> None:
    """Announcements to three hundred people, wanted at once, while each second a conversation goes on."""

    async def story(clock: Clock) -> tuple[list[float], list[float]]:
        pacing = Pacing(course, clock)
        pushed, waited = list[float](), list[float]()

        async def member(number: int) -> None:
            await announce(pacing, f"member {number}")
            pushed.append(clock())

        async def converse() -> None:
            for number in range(60):
                asked = clock()
                assert await pacing.ready(f"person {number}")
                waited.append(clock() - asked)
                await asyncio.sleep(1)

        await asyncio.gather(converse(), *map(member, range(300)))
        return pushed, waited

    pushed, waited = live(story)
    assert max(waited) <= WHOLE.interval
    # A second more or less at the ends of the stretch.
    assert most_within(pushed, 60) <= 60 * SHARE * WHOLE.count + SHARE * WHOLE.burst + 1
    assert max(pushed) < 300 / (SHARE * PROMISED * WHOLE.count) + 1


def test_a_thousand_that_are_told_to_come_again_come_once_and_in_their_order() -> None:
    async def story(clock: Clock) -> tuple[list[int], list[int], float]:
        pacing = Pacing(course, clock)
        order, tries = list[int](), list[int]()

        async def member(number: int) -> None:
            tries.append(await tried(pacing, f"member {number}"))
            order.append(number)

        await asyncio.gather(*map(member, range(1000)))
        return order, tries, clock()

    order, tries, seconds = live(story)
    assert order == list(range(1000))
    assert max(tries) == 1
    assert seconds <= 1000 / (SHARE * PROMISED * WHOLE.count) + 1


def test_who_misses_a_turn_takes_the_next_and_not_the_last() -> None:
    async def story(clock: Clock) -> float:
        pacing = Pacing(course, clock)
        members = [asyncio.create_task(announce(pacing, f"member {number}")) for number in range(300)]
        await asyncio.sleep(0)
        promised = pacing.wait("late")
        assert promised > 60
        # Asked before its turn, it is told the same.
        assert pacing.wait("late") == pytest.approx(promised)
        await asyncio.sleep(promised + 1)
        more = [asyncio.create_task(announce(pacing, f"another {number}")) for number in range(300)]
        await asyncio.sleep(0)
        again = await tried(pacing, "late")
        waited = clock() - promised - 1
        assert again <= 2
        await asyncio.gather(*members, *more)
        return waited

    assert live(story) <= 2 * WHOLE.share(SHARE).interval


def test_a_turn_that_comes_soon_is_waited_for_and_others_are_told() -> None:
    async def story(clock: Clock) -> tuple[list[float], list[float]]:
        pacing = Pacing(course, clock)
        told = await asyncio.gather(*(pacing.turn(f"member {number}") for number in range(20)))
        return [each for each in told if each], [clock()]

    told, (now,) = live(story)
    assert now == pytest.approx(SOON_ENOUGH, abs=WHOLE.share(SHARE).interval)
    assert min(told) > SOON_ENOUGH
    # The whole burst at once, and what the rate gives in the time that is waited.
    assert len(told) == 20 - WHOLE.share(SHARE).burst - int(SOON_ENOUGH * SHARE * PROMISED * WHOLE.count)


def test_who_only_asks_how_far_it_is_takes_no_turn() -> None:
    async def story(clock: Clock) -> list[float]:
        pacing = Pacing(course, clock)
        near = [pacing.ahead("a") for _ in range(100)]
        for number in range(50):
            pacing.wait(f"member {number}")
        far = pacing.ahead("late")
        assert far == pytest.approx(pacing.wait("late"))
        assert far > SOON_ENOUGH
        await asyncio.sleep(far)
        return [*near, pacing.ahead("late"), pacing.wait("late")]

    assert live(story) == [0.0] * 102


def test_what_is_urgent_goes_before_what_many_are_told_and_after_answers() -> None:
    async def story(clock: Clock) -> tuple[list[float], list[float]]:
        pacing = Pacing(course, clock)
        urgent, answers = list[float](), list[float]()

        async def converse() -> None:
            for number in range(60):
                asked = clock()
                answer = asyncio.create_task(pacing.ready(f"person {number}"))
                await asyncio.sleep(0)
                await tried(pacing, f"partner {number}", urgent=True)
                urgent.append(clock() - asked)
                assert await answer
                answers.append(clock() - asked)
                await asyncio.sleep(3)

        members = (announce(pacing, f"member {number}") for number in range(300))
        await asyncio.gather(converse(), *members)
        return urgent, answers

    urgent, answers = live(story)
    assert max(urgent) <= 3 * WHOLE.interval
    assert max(answers) <= 3 * WHOLE.interval


def test_who_asked_to_wait_is_left_alone_and_others_go_on() -> None:
    async def story(clock: Clock) -> tuple[list[float], float, float]:
        pacing = Pacing(course, clock)
        pacing.blocked("a", 30)
        waits = pacing.wait("a")

        async def answers() -> list[float]:
            moments = list[float]()
            for _ in range(3):
                assert await pacing.ready("a")
                moments.append(clock())
            return moments

        async def elsewhere() -> float:
            assert await pacing.ready("b")
            return clock()

        moments, other = await asyncio.gather(answers(), elsewhere())
        return moments, other, waits

    moments, other, waits = live(story)
    assert waits == 30
    assert other == 0
    # No burst on somebody who has just asked to wait.
    assert moments == pytest.approx([30, 31, 32], abs=CRUMB)


def test_when_all_are_asked_to_wait_all_do() -> None:
    async def story(clock: Clock) -> list[float]:
        pacing = Pacing(course, clock)
        assert pacing.wait("a") == 0
        pacing.blocked("bot", 10)

        async def one(name: str) -> float:
            assert await pacing.ready(name)
            return clock()

        return await asyncio.gather(*map(one, "abc"))

    assert live(story) == pytest.approx([10, 10.2, 10.4], abs=CRUMB)


def test_whoever_would_wait_too_long_is_told_so_at_once() -> None:
    async def story(clock: Clock) -> list[tuple[bool, float]]:
        pacing = Pacing(course, clock)

        async def one() -> tuple[bool, float]:
            return await pacing.ready("a", 5), clock()

        waiting = [asyncio.create_task(one()) for _ in range(20)]
        await asyncio.sleep(3)
        pacing.blocked("a", 60)
        told = [await task for task in waiting]
        # A line that has been given up holds up nobody.
        await asyncio.sleep(60)
        assert pacing.wait("a") == 0
        return told

    told = live(story)
    assert [ready for ready, _ in told] == sorted((ready for ready, _ in told), reverse=True)
    assert 3 <= sum(ready for ready, _ in told) <= 6
    assert max(at for _, at in told) <= 5


def test_whoever_gives_up_waiting_leaves_the_line() -> None:
    async def story(clock: Clock) -> float:
        pacing = Pacing(course, clock)
        waiting = [asyncio.create_task(pacing.ready("a")) for _ in range(10)]
        await asyncio.sleep(0)
        for task in waiting[3:]:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return pacing.wait("a")

    assert live(story) == pytest.approx(1)


def test_an_announcement_does_not_overtake_answers_that_wait() -> None:
    async def story(clock: Clock) -> tuple[float, float]:
        pacing = Pacing(lambda chat: Course(CHAT if chat == "a" else FREE, "bot", WHOLE), clock)
        waiting = [asyncio.create_task(pacing.ready("a")) for _ in range(6)]
        waiting += [asyncio.create_task(pacing.ready(str(number))) for number in range(15)]
        await asyncio.sleep(0.1)
        asked = pacing.wait("a"), pacing.wait("somebody else")
        await asyncio.gather(*waiting)
        return asked

    there, elsewhere = live(story)
    assert there >= 3 * CHAT.interval
    assert elsewhere >= 5 * WHOLE.interval


def test_chats_that_are_over_are_forgotten() -> None:
    async def story(clock: Clock) -> int:
        pacing = Pacing(lambda _: Course(CHAT, "bot", FREE), clock)
        for number in range(20 * KEPT):
            pacing.wait(str(number))
            await asyncio.sleep(0.5)
        return len(pacing._chats)

    assert live(story) <= KEPT


def test_slack_counts_messages_by_channel_and_calls_by_method() -> None:
    async def story(clock: Clock) -> tuple[list[float], list[bool]]:
        pacing = Pacing(of_slack, clock)
        to_one = [pacing.wait("T1/C1") for _ in range(4)]
        return to_one, [
            pacing.wait(name) == 0 for name in ("T1/C2", "T2/C1", "T1:views.open", "T1:users.info")
        ]

    to_one, others = live(story)
    assert to_one[:3] == [0, 0, 0]
    assert 0 < to_one[3] <= 1
    assert others == [True] * 4
