"""What a fit leaves, packed and taken out again, answers as before; what is none is refused."""

import io

import numpy as np
import pytest

from core.recommendations import blend
from core.recommendations.blend import Onward, Settings
from core.recommendations.decay import Decay
from core.recommendations.handover import Handover
from core.recommendations.packing import VERSION, OtherVersionError, packed, unpacked
from core.recommendations.trained import Trained, empty
from tests.recommendations.communities import two_camps

CURVE = Handover((0, 3), (0.1, 0.9), (0.2, 0.4))


def trained(users: int, settings: Settings) -> Trained:
    """A fit of two camps, whose items have the numbers 100 to 119."""
    model = blend.fit(two_camps(users), settings)
    return Trained(np.arange(100, 120), model, CURVE, np.linspace(-1, 1, 20).astype(np.float32))


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(onward=Onward(3, 0.5, 1.0, 0.2), onward_share=1.0, decay=Decay(2.0, None, 0.5), aside=1),
    ],
)
def test_a_model_comes_back_as_it_was(settings: Settings) -> None:
    before = trained(40, settings)
    after = unpacked(packed(before))
    for history in two_camps(40).histories():
        assert after.model.recommend(history) == before.model.recommend(history)
    assert after.handover == before.handover
    assert after.ids.tolist() == before.ids.tolist()
    assert after.standing.tolist() == before.standing.tolist()


def test_nothing_at_all_comes_back_as_well() -> None:
    after = unpacked(packed(empty()))
    assert after.model.items == len(after.ids) == len(after.standing) == 0


def test_other_bytes_are_refused() -> None:
    whole = packed(trained(10, Settings()))
    newer = io.BytesIO()
    np.savez(newer, version=np.array(VERSION + 1))
    numbers = io.BytesIO()
    np.save(numbers, np.arange(3))
    for raw in (b"", b"model", whole[: len(whole) // 2], newer.getvalue(), numbers.getvalue()):
        with pytest.raises(OtherVersionError):
            unpacked(raw)
