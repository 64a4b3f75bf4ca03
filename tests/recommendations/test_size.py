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


def fitted(users: int, items: int, lines: int) -> dict[str, float]:
    command = [sys.executable, "-c", FIT, str(users), str(items), str(lines)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, float] = json.loads(done.stdout)
    return found


@pytest.mark.soak
def test_a_million_interactions_are_fitted_in_seconds_and_answered_in_less_than_a_millisecond() -> None:
    found = fitted(100_000, 3_400, 1_450_000)
    assert found["lines"] > 1_200_000
    assert found["fit_s"] < 5
    assert found["peak_mb"] < 600
    assert found["answer_ms"] < 1


@pytest.mark.soak
def test_a_million_people_fit_into_two_gigabytes() -> None:
    found = fitted(1_000_000, 5_000, 22_000_000)
    assert found["lines"] > 20_000_000
    assert found["peak_mb"] < 2048
    assert found["answer_ms"] < 1
