"""A platform that fails: told in words, tried again, and no harm to others. In simulated time."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from random import Random

import pytest

from bot.ports import (
    Address,
    Answer,
    Command,
    Delivery,
    File,
    HttpRequest,
    HttpResponse,
    HttpStream,
    Incoming,
    Misconfigured,
    Outage,
    Place,
    Program,
    Ref,
    Rendered,
    Route,
    Search,
    Sent,
    ShownOption,
)
from bot.supervisor import LEAST, MOST, STEADY, UNAVAILABLE, WELL, Health, Supervisor
from tests.simulated import live

Clock = Callable[[], float]
EVENT = Incoming("e1", Address("fickle", "ana"), Command("help"))


async def answer(incoming: Incoming) -> Answer:
    del incoming
    return Answer()


async def suggest(search: Search) -> Sequence[ShownOption]:
    del search
    return ()


PROGRAM = Program(answer, suggest, lambda _: {})


class Fickle:
    """A platform that does at each run what it is told: wait so long, then raise, end, or go on for ever."""

    name = "fickle"
    leases: Sequence[str] = ()

    def __init__(self, *acts: tuple[float, BaseException | str]) -> None:
        """The last act is repeated."""
        self.acts = acts
        self.runs = list[float]()
        self.stopped = list[float]()
        self.routes: Sequence[Route] = (Route("POST", "/fickle", self.serve),)

    async def run(self, program: Program) -> None:
        clock = asyncio.get_running_loop().time
        seconds, end = self.acts[min(len(self.runs), len(self.acts) - 1)]
        self.runs.append(clock())
        await asyncio.sleep(seconds)
        if end == "hears":
            await program.handle(EVENT)
        if end in {"hears", "stays"}:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(2)  # what it had begun
                self.stopped.append(clock())
        if isinstance(end, BaseException):
            raise end

    async def serve(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, request.body)

    def ahead(self, to: Address | Place, *, urgent: bool) -> float:
        del to, urgent
        return 0.0

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        del to, message
        return Sent(once)

    async def edit(self, ref: Ref, message: Rendered) -> Delivery:
        del message
        return Sent(ref.id)

    async def gather(self, people: Sequence[Address], title: str) -> Place | None:
        del people, title
        return None

    async def open(self, file: File) -> AsyncIterator[bytes]:
        yield file.id.encode()


class Connecting(Fickle):
    """One that knows when it is connected."""

    def __init__(self, *acts: tuple[float, BaseException | str]) -> None:
        super().__init__(*acts)
        self.listening = asyncio.Event()

    async def run(self, program: Program) -> None:
        asyncio.get_running_loop().call_later(30, self.listening.set)
        await super().run(program)


def lived(adapter: Fickle, *looks: float, seed: int = 1) -> list[Health]:
    """Run it, look at its health at these moments, and stop it; no task may be left over."""

    async def story(clock: Clock) -> list[Health]:
        supervisor = Supervisor(adapter, Random(seed), clock)
        assert supervisor.health.state == "stopped"
        task = asyncio.create_task(supervisor.run(PROGRAM))
        seen = list[Health]()
        for at in looks:
            await asyncio.sleep(at - clock())
            seen.append(supervisor.health)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return [*seen, supervisor.health]

    return live(story)


def test_waits_double_from_a_second_to_five_minutes_and_are_spread() -> None:
    runs = list[list[float]]()
    for seed in (1, 2):
        adapter = Fickle((0, ConnectionError("no")))
        lived(adapter, 3000, seed=seed)
        runs.append(adapter.runs)
        waits = [after - before for before, after in zip(adapter.runs, adapter.runs[1:], strict=False)]
        assert len(waits) > 12
        for number, wait in enumerate(waits):
            whole = min(MOST, LEAST * 2**number)
            assert max(LEAST, whole / 2) <= wait <= whole
        assert waits[-1] > MOST / 2
    assert runs[0] != runs[1]


def test_after_a_minute_that_went_well_waits_begin_anew() -> None:
    failing = [(0.0, ConnectionError("no"))] * 8
    adapter = Fickle(*failing, (WELL, ConnectionError("no")), (0, "stays"))
    lived(adapter, 3000)
    assert len(adapter.runs) == 10
    assert adapter.runs[9] - adapter.runs[8] == WELL + LEAST
    short = Fickle(*failing, (WELL - 1, ConnectionError("no")), (0, "stays"))
    lived(short, 3000)
    assert short.runs[9] - short.runs[8] > WELL + 60


@pytest.mark.parametrize("kind", [Misconfigured, Outage])
def test_what_the_host_must_mend_and_what_is_away_are_told_in_their_words_without_a_trace(
    kind: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    adapter = Fickle((0, kind("The bot token is not valid; copy it anew")))
    (health, stopped) = lived(adapter, 0.5)
    assert (health.state, health.why) == ("waiting", "The bot token is not valid; copy it anew")
    (record,) = caplog.records
    assert record.getMessage() == (
        "fickle: The bot token is not valid; copy it anew. It is tried again in 1 s."
    )
    assert record.exc_info is None
    assert (stopped.state, stopped.why) == ("stopped", "")


def test_a_fault_is_traced_once_and_its_words_stay_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    adapter = Fickle((0, ValueError("what Ana wrote")), (0, ValueError("what Ana wrote")), (0, OSError("x")))
    health = lived(adapter, 0.5, 3.5)[0]
    assert health.why == "ValueError"
    assert [bool(record.exc_info) for record in caplog.records] == [True, False, True]
    assert not any("Ana" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("end", ["ends", asyncio.CancelledError()])
def test_ending_without_being_asked_is_a_failure(
    end: BaseException | str, caplog: pytest.LogCaptureFixture
) -> None:
    adapter = Fickle((0, end), (0, "stays"))
    health, later, _ = lived(adapter, 0.5, 100)
    assert (health.state, health.why) == ("waiting", "it ended by itself")
    assert (later.state, later.why) == ("running", "")
    assert "ended by itself" in caplog.text


def test_it_is_starting_until_it_has_stayed_or_heard_something() -> None:
    quiet = lived(Fickle((0, "stays")), STEADY - 1, STEADY + 1)
    assert [(health.state, health.event_age) for health in quiet[:2]] == [
        ("starting", None),
        ("running", None),
    ]
    heard = lived(Fickle((1, "hears")), 0.5, 1.5, 61)
    assert [(health.state, health.event_age) for health in heard[:3]] == [
        ("starting", None),
        ("running", 0.5),
        ("running", 60),
    ]
    connecting = lived(Connecting((60, ConnectionError("no")), (0, "stays")), 29, 31, 60.5, 62, 92)
    assert [health.state for health in connecting] == [
        *("starting", "running", "waiting", "starting", "running"),
        "stopped",
    ]


def test_a_stop_waits_until_the_adapter_has_stopped() -> None:
    adapter = Fickle((0, "stays"))
    lived(adapter, 10)
    assert adapter.stopped == [12]


def test_a_stop_while_it_waits_to_try_again_is_at_once() -> None:
    async def story(clock: Clock) -> float:
        task = asyncio.create_task(Supervisor(Fickle((0, OSError("no"))), Random(1), clock).run(PROGRAM))
        await asyncio.sleep(400)
        task.cancel()
        await asyncio.wait({task})
        return clock()

    assert live(story) == 400


def test_one_platform_that_fails_leaves_the_other_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)

    async def story(clock: Clock) -> list[Health]:
        steady, failing = Fickle((0, "hears")), Fickle((0, RuntimeError("no")))
        supervisors = [Supervisor(each, Random(1), clock) for each in (steady, failing)]
        tasks = [asyncio.create_task(each.run(PROGRAM)) for each in supervisors]
        await asyncio.sleep(1000)
        seen = [each.health for each in supervisors]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert len(steady.runs) == 1
        return seen

    steady, failing = live(story)
    assert (steady.state, steady.event_age) == ("running", 1000)
    assert (failing.state, failing.why) == ("waiting", "RuntimeError")


def test_routes_ask_to_be_called_again_while_the_platform_is_away() -> None:
    async def story(clock: Clock) -> list[HttpResponse | HttpStream]:
        adapter = Fickle((5, ConnectionError("no")), (0, "stays"))
        supervisor = Supervisor(adapter, Random(1), clock)
        (route,) = supervisor.routes
        assert (route.method, route.path) == ("POST", "/fickle")
        request = HttpRequest({}, {}, b"hello")
        said = [await route.serve(request)]
        task = asyncio.create_task(supervisor.run(PROGRAM))
        for seconds in (1, 4.5, 2):
            await asyncio.sleep(seconds)
            said.append(await route.serve(request))
        task.cancel()
        await asyncio.wait({task})
        return [*said, await route.serve(request)]

    here = HttpResponse(200, b"hello")
    assert live(story) == [UNAVAILABLE, here, UNAVAILABLE, here, UNAVAILABLE]
