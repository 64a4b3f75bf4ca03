"""A large community within the memory it may take, and the times promised, each in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

FIT = """
import json, resource, sys, time
import numpy as np
from core.recommendations import blend
from core.recommendations.blend import Onward, Settings
from core.recommendations.decay import Decay
from core.recommendations.interactions import Interactions

users, items, lines = map(int, sys.argv[1:])
rng = np.random.default_rng(1)
user = np.minimum(rng.exponential(1.0, lines) * users / 6, users - 1).astype(np.int32)
item = (items * rng.random(lines) ** 3).astype(np.int32)
community = Interactions.of(user, item, users=users, items=items)
del user, item
began = time.perf_counter()
model = blend.fit(community, Settings(onward=Onward(10, 0.5, 1.0, 0.3), onward_share=1.0, decay=Decay(steps=2.0)))
fit_s = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
asked = [community.history(number) for number in range(0, users, users // 500)]
began = time.perf_counter()
told = [model.recommend(history, 10) for history in asked]
answer_ms = (time.perf_counter() - began) / len(asked) * 1000
assert all(len(each) == 10 for each in told)
print(json.dumps({"lines": len(community), "fit_s": fit_s, "peak_mb": peak, "answer_ms": answer_ms}))
"""


NIGHT = """
import json, resource, sys, time
import numpy as np
from core.recommendations.evidence import Evidence
from core.recommendations.interactions import Interactions
from core.recommendations.training import train

users, items, lines = map(int, sys.argv[1:])
rng = np.random.default_rng(1)
counts = np.minimum(1 + rng.exponential(lines / users, users).astype(np.int64), items // 20)
start = np.concatenate(([0], np.cumsum(counts)))
# Each takes every so many'th course from some course on: nobody has one twice, and nothing is sorted.
first, step = rng.integers(0, items, users), rng.integers(1, 20, users)
item = np.repeat(first, counts)
item += (np.arange(len(item)) - np.repeat(start[:-1], counts)) * np.repeat(step, counts)
item = (item % items).astype(np.int32)
day = np.sort(rng.random(len(item)) * 400)
value = rng.integers(1, 6, len(item)).astype(np.float32)
evidence = Evidence(
    ids=np.arange(items), taken=Interactions(items, start, item, value, day), ended=day + 1,
    dropped=np.zeros(items, np.int64), dropped_sum=np.zeros(items),
    topics=[{each % 100: 1 + each % 5} for each in range(items)], named=100,
    wishes=lambda user: {user % 100: 2},
)
began = time.perf_counter()
trained = train(evidence, 3.5, 5)
seconds = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
assert trained.handover.ndcg
print(json.dumps({"lines": len(item), "seconds": seconds, "peak_mb": peak}))
"""


def measured(script: str, users: int, items: int, lines: int) -> dict[str, float]:
    command = [sys.executable, "-c", script, str(users), str(items), str(lines)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, float] = json.loads(done.stdout)
    return found


@pytest.mark.soak
def test_a_million_interactions_are_fitted_in_seconds_and_answered_in_less_than_a_millisecond() -> None:
    found = measured(FIT, 100_000, 3_400, 1_450_000)
    assert found["lines"] > 1_200_000
    assert found["fit_s"] < 5
    assert found["peak_mb"] < 600
    assert found["answer_ms"] < 1


@pytest.mark.soak
def test_a_million_people_fit_into_two_gigabytes() -> None:
    found = measured(FIT, 1_000_000, 5_000, 22_000_000)
    assert found["lines"] > 20_000_000
    assert found["peak_mb"] < 2048
    assert found["answer_ms"] < 1


@pytest.mark.soak
def test_a_night_of_a_million_people_fits_into_two_gigabytes() -> None:
    found = measured(NIGHT, 1_000_000, 5_000, 20_000_000)
    assert found["lines"] > 20_000_000
    assert found["peak_mb"] < 2048
